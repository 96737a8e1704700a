/* sample: pseudo-random arguments for the tests of base, the same every time. */
#ifndef RFMPI_TEST_SAMPLE_H
#define RFMPI_TEST_SAMPLE_H

#include <stdint.h>
#include <string.h>

#include "draw.h"

static inline double sample_as_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* In [low, high). */
static inline double sample_between(uint64_t *state, double low, double high)
{
    return low + (high - low) * draw_unit(state);
}

#endif
