/* random: cheap random numbers inside one session, whose first state is counter based
 * (rfm_random_bits).
 *
 * Integers only, so that the same numbers come out everywhere. splitmix64: Steele, Lea, Flood,
 * OOPSLA 2014.
 */
#ifndef RFM_GENERATE_RANDOM_H
#define RFM_GENERATE_RANDOM_H

#include "rfmpi/base.h"

static inline uint64_t rfm_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t rfm_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return rfm_mix(*state);
}

/* 0 .. n-1 */
static inline uint64_t rfm_below(uint64_t *state, uint64_t n)
{
    return (uint64_t)(((rfm_u128)rfm_next(state) * n) >> 64);
}

#endif
