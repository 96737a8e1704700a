/* draw: a stream of test data that owes nothing to the program's own: splitmix64 (Steele, Lea, Flood, 2014). */
#ifndef RFM_TEST_DRAW_H
#define RFM_TEST_DRAW_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline double draw_unit(uint64_t *state)
{
    return (double)(draw(state) >> 11) * 0x1p-53;
}

static inline size_t draw_below(uint64_t *state, size_t limit)
{
    return (size_t)(draw(state) % limit);
}

#endif
