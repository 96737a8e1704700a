/* rounds: how many files of rounds a start makes, and what a rank has of one that several share. Private to src/store
 * and its tests. */
#ifndef RFM_STORE_ROUNDS_H
#define RFM_STORE_ROUNDS_H

#include <stdint.h>

/* The most files of one start: of more ranks, neighbours share one (limits.c). */
extern const int rfm_rounds_most_files;

/* Of a shared file, a rank's; most of it is a hole (limits.c). */
extern const int64_t rfm_rounds_region_bytes;

#endif
