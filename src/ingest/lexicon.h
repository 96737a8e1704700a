/* lexicon: the distinct texts of a column, numbered in the order they came. Bounded: where there are too many, or too
 * long ones, it is given up.
 */
#ifndef RFMPI_INGEST_LEXICON_H
#define RFMPI_INGEST_LEXICON_H

#include "rfmpi/base.h"

/* Empty with nothing but the limits set. */
typedef struct rfm_lexicon {
    size_t most_texts, most_bytes; /* of the texts, all as long as the longest; most_texts below 2^31 */
    size_t n, longest;
    bool full; /* given up: empty from then on */

    char *bytes;      /* the texts end to end */
    uint32_t *ends;   /* [n] */
    uint32_t *slots;  /* [n_slots], a power of two: 1 + the number of a text; 0: none */
    uint32_t *hashes; /* [n] */
    size_t n_slots, bytes_capacity, ends_capacity, hashes_capacity;
} rfm_lexicon;

enum { RFM_LEXICON_NONE = -1 };

/* Adds a text that is new, unless the lexicon is full or becomes it. */
rfm_status rfm_lexicon_add(rfm_lexicon *lexicon, const char *text, size_t length, rfm_error *err);

/* The number of a text, or RFM_LEXICON_NONE. */
int64_t rfm_lexicon_find(const rfm_lexicon *lexicon, const char *text, size_t length);

const char *rfm_lexicon_text(const rfm_lexicon *lexicon, size_t number, size_t *length);
void rfm_lexicon_free(rfm_lexicon *lexicon);

#endif
