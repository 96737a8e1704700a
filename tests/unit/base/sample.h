/* sample: pseudo-random arguments for the tests of base, the same every time (splitmix64). */
#ifndef RFMPI_TEST_SAMPLE_H
#define RFMPI_TEST_SAMPLE_H

#include <stdint.h>
#include <string.h>

static inline uint64_t sample_bits(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static inline double sample_as_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* In [low, high). */
static inline double sample_between(uint64_t *state, double low, double high)
{
    return low + (high - low) * ((double)(sample_bits(state) >> 11) * 0x1p-53);
}

#endif
