/* philox: the block function behind random.c, for it and its test alone. */
#ifndef RFMPI_BASE_PHILOX_H
#define RFMPI_BASE_PHILOX_H

#include <stdint.h>

typedef struct rfm_philox_block {
    uint32_t words[4];
} rfm_philox_block;

/* Philox4x32-10 of Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC
 * 2011). */
rfm_philox_block rfm_philox(uint64_t key, rfm_philox_block counter);

#endif
