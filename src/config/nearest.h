/* nearest: the known word that is most like an unknown one. Private to config. */
#ifndef RFMPI_CONFIG_NEAREST_H
#define RFMPI_CONFIG_NEAREST_H

#include <stddef.h>

/* Start with {.word = ...}, show it every candidate, read `best` (the first of the nearest; NULL
 * without candidates). */
typedef struct rfm_nearness {
    const char *word, *best;
    size_t distance;
} rfm_nearness;

void rfm_nearness_try(rfm_nearness *nearness, const char *candidate);

#endif
