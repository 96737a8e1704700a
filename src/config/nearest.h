/* nearest: the known word that is most like an unknown one. Private to config. */
#ifndef RFMPI_CONFIG_NEAREST_H
#define RFMPI_CONFIG_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

/* Start with {.word = ..., .distance = SIZE_MAX} and show it every candidate. */
typedef struct rfm_nearness {
    const char *word;
    size_t distance; /* of the nearest so far */
} rfm_nearness;

/* Whether the candidate is nearer than all before it. */
bool rfm_nearness_try(rfm_nearness *nearness, const char *candidate);

#endif
