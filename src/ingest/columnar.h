/* columnar: files that hold columns instead of text, read so that every format means the same events.
 *
 * A kind of such files is five functions. For each value there is the text that stands for it: an integer in decimal, a
 * decimal with all the digits of its scale, a float as the shortest decimal that gives it back (NaN is NULL), a boolean
 * as true or false, NULL as an empty text. Times become what rfm_time_parse reads without loss. Where typed.h has a
 * kind for what a column holds, the values are given themselves, and their texts only when somebody asks.
 */
#ifndef RFMPI_INGEST_COLUMNAR_H
#define RFMPI_INGEST_COLUMNAR_H

#include "typed.h"

enum { RFM_COLUMNAR_ROWS = 4096 }; /* at most, of one call of next */

typedef struct rfm_columnar rfm_columnar;

/* Of texts, as the job says; of values, as values are written here. */
typedef enum rfm_columnar_numbers { RFM_NUMBERS_AS_TOLD, RFM_NUMBERS_POINT, RFM_NUMBERS_COMMA } rfm_columnar_numbers;

typedef struct rfm_columnar_kind {
    const char *name; /* "Parquet", for messages */
    /* Reads what the file says of itself: names, n_rows, cuts. Checks it: nothing in a file is trusted. */
    rfm_status (*open)(rfm_columnar *columnar, rfm_error *err);
    /* The fields are chosen: be ready to read rows from `row` on (a cut, where there are cuts). May be called again. */
    rfm_status (*begin)(rfm_columnar *columnar, int64_t row, rfm_error *err);
    /* The next rows, at most max_rows and RFM_COLUMNAR_ROWS; columnar->n of them, at least one before the file's end.
     */
    rfm_status (*next)(rfm_columnar *columnar, int64_t max_rows, rfm_error *err);
    /* Set the texts of a slot that has values: cells[slot].texts. */
    void (*write)(rfm_columnar *columnar, size_t slot);
    void (*close)(rfm_columnar *columnar); /* accepts what failed to open */
} rfm_columnar_kind;

struct rfm_columnar {
    const rfm_columnar_kind *kind;
    const char *path; /* borrowed */
    void *own;        /* the kind's */

    /* Of the file; set by open, freed by close. */
    char **names; /* [n_fields] */
    size_t n_fields;
    int64_t n_rows;
    int64_t *cuts; /* [n_cuts]: rows at which a shard may begin, ascending, first 0; NULL: any */
    size_t n_cuts;

    /* What is wanted; set by the caller before begin, borrowed. */
    const size_t *fields; /* [n_slots]: of each slot, the column of the file */
    size_t n_slots;
    int time_slot; /* the slot that holds the event's time */

    /* Set by begin: how the time slot's texts are to be read; where has_time_format is false, as the job says. */
    bool has_time_format;
    rfm_time_format time_format;

    /* [n_slots], set by begin, freed by close: how the numbers in each slot's texts are written. */
    rfm_columnar_numbers *numbers;

    /* Set by next; valid until the next call. */
    size_t n;
    rfm_typed *cells; /* [n_slots], of n rows */
};

/* The texts of a slot, [n]. */
static inline const rfm_field *rfm_columnar_texts(rfm_columnar *columnar, size_t slot)
{
    if (!columnar->cells[slot].texts)
        columnar->kind->write(columnar, slot);
    return columnar->cells[slot].texts;
}

#endif
