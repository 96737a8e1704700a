/* typed: the cells of one column of a file of columns, as values where they say all there is to say, and what is read
 * from values without making texts of them.
 *
 * Every format means the same events, so what is read from a value is what its text would have given. Whatever these
 * functions are not made for, and all that may have to be refused, they leave to the text: each reads up to the first
 * such cell, and says how many it read.
 */
#ifndef RFMPI_INGEST_TYPED_H
#define RFMPI_INGEST_TYPED_H

#include "scanner.h"
#include "times.h"

typedef enum rfm_typed_kind {
    RFM_TYPED_TEXT,    /* no values, only texts */
    RFM_TYPED_DECIMAL, /* value / 10^scale, written with all the digits of the scale; of scale 0 an integer */
    RFM_TYPED_DOUBLE,  /* its bits; written as the shortest decimal that gives it back */
    RFM_TYPED_DATE,    /* days since 1970; written as ISO 8601 has it, as are the times */
    RFM_TYPED_LOCAL,   /* microseconds since 1970 on some clock on a wall; without a zone */
    RFM_TYPED_UTC      /* microseconds since 1970; with a zone */
} rfm_typed_kind;

enum { RFM_TYPED_MAX_SCALE = 18 };

/* The cells of some rows; all borrowed. */
typedef struct rfm_typed {
    rfm_typed_kind kind;
    int scale;              /* 0 to RFM_TYPED_MAX_SCALE */
    bool comma;             /* the texts of decimals have it in the place of the point */
    rfm_time_format turned; /* of dates and times that are not written in ISO 8601: in which format; else 0 */
    const int64_t *values;  /* anything where there is none */
    const int16_t *present; /* 0: NULL; without this list all are there */
    const rfm_field *texts; /* of values: NULL until they are asked for */
} rfm_typed;

/* The cells from one on. */
static inline rfm_typed rfm_typed_from(const rfm_typed *typed, size_t first)
{
    rfm_typed rest = *typed;
    rest.values = typed->values ? typed->values + first : NULL;
    rest.present = typed->present ? typed->present + first : NULL;
    rest.texts = typed->texts ? typed->texts + first : NULL;
    return rest;
}

static inline bool rfm_typed_is_present(const rfm_typed *typed, size_t i)
{
    return !typed->present || typed->present[i] != 0;
}

/* Are they numbers? Then the first n can be read, times 10^decimals; a NULL is 0 and not present. */
bool rfm_typed_has_numbers(const rfm_typed *typed);
size_t rfm_typed_numbers(const rfm_typed *typed, size_t n, int decimals, int64_t *values, uint32_t *present);

/* Are they times, where texts are read as times->format says? Then the first n can be read; a NULL is none. */
bool rfm_typed_has_times(const rfm_typed *typed, const rfm_times *times);
size_t rfm_typed_times(const rfm_typed *typed, size_t n, rfm_times *times, int64_t *us, uint8_t *dates_only);

/* The hashes of values that came before. Zero-initialised: none. */
typedef struct rfm_known_hash {
    int64_t value;
    uint64_t hash; /* 0: nothing is known here */
} rfm_known_hash;

enum { RFM_KNOWN_HASH_BITS = 10, RFM_KNOWN_HASHES = 1 << RFM_KNOWN_HASH_BITS }; /* of a column */

/* Are they such that a text is quickly made of one? Then here are the hashes of the texts of some; 0 for a NULL. */
bool rfm_typed_has_hashes(const rfm_typed *typed);
void rfm_typed_hash(const rfm_typed *typed, const uint8_t *rows, size_t n, rfm_known_hash *known, uint64_t *hashes);

#endif
