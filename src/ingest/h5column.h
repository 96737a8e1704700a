/* h5column: a column of an event table as values and as texts: what its dataset and its attributes say it is, and how
 * its values are written. For h5table.c.
 */
#ifndef RFMPI_INGEST_H5COLUMN_H
#define RFMPI_INGEST_H5COLUMN_H

#include "exact.h"
#include "rfmpi/hdf5.h"
#include "typed.h"

/* The distinct texts of a column, made fields once. */
typedef struct rfm_h5_dictionary {
    rfm_h5_column column; /* open as long as the fields are used */
    char *cells;
    rfm_field *fields; /* [n] */
    size_t n;
} rfm_h5_dictionary;

typedef struct rfm_h5_texts {
    rfm_h5_table *table; /* borrowed */
    const char *path;    /* of the file; borrowed */
    char *name;          /* of the dataset */
    rfm_h5_column column;
    rfm_exact exact; /* of integers */
    bool has_null, has_dictionary, has_time_format;
    rfm_time_format time_format;
    int64_t null;
    rfm_h5_dictionary dictionary;

    char *block; /* rows first .. first + n - 1, as the dataset has them */
    int64_t first;
    size_t n, capacity;
    size_t n_given;   /* rows, last */
    int64_t *values;  /* of these: integers, and bits of doubles, as the dataset has them, */
    int64_t *typed;   /* and as what they mean; */
    int16_t *present; /* which are there */
    char *bytes;      /* the texts of all that has none in the block */
} rfm_h5_texts;

/* Open /events/LINK and what belongs to it. */
rfm_status rfm_h5_texts_open(rfm_h5_texts *texts, rfm_h5_table *table, const char *path, const char *link,
                             rfm_error *err);
void rfm_h5_texts_close(rfm_h5_texts *texts); /* accepts what failed to open */

/* How many rows can be had at a time. */
size_t rfm_h5_texts_block_rows(const rfm_h5_texts *texts);

/* Read the block of n rows, of which fields are then given. */
rfm_status rfm_h5_texts_load(rfm_h5_texts *texts, int64_t first, size_t n, rfm_error *err);

/* The cells of n rows of the block, at most RFM_COLUMNAR_ROWS; valid until the next call. fields: for texts. */
rfm_status rfm_h5_texts_give(rfm_h5_texts *texts, int64_t first, size_t n, rfm_field *fields, rfm_typed *cells,
                             rfm_error *err);

/* The texts of cells that were given as values. */
void rfm_h5_texts_write(rfm_h5_texts *texts, rfm_field *fields);

/* The fields of n strings, of a column of such. */
void rfm_h5_strings_give(const rfm_h5_column *column, const char *cells, size_t n, rfm_field *fields);

#endif
