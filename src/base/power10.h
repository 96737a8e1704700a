/* power10: the table of power10.c, for number.c and its test alone. */
#ifndef RFMPI_BASE_POWER10_H
#define RFMPI_BASE_POWER10_H

#include <stdint.h>

enum { RFM_POWER10_MIN = -292, RFM_POWER10_MAX = 324 };

typedef struct rfm_power10 {
    uint64_t high, low;
} rfm_power10;

extern const rfm_power10 rfm_power10_table[RFM_POWER10_MAX - RFM_POWER10_MIN + 1];

#endif
