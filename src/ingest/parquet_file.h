/* parquet_file: what a Parquet file says of itself, and the values of one column of one row group at a time. The door
 * to carquet, the library that decodes pages; knows no slots and no texts.
 *
 * Nothing in a file is trusted: the numbers of rows, the places of the chunks and the lengths of values are checked
 * before they are used, carquet checks what lies in the pages, and what it may allocate at once is limited.
 */
#ifndef RFMPI_INGEST_PARQUET_FILE_H
#define RFMPI_INGEST_PARQUET_FILE_H

#include <stdio.h>

#include "parquet_values.h"

/* A column at the top of the schema. */
typedef struct rfm_parquet_column {
    const char *name;    /* the file's */
    const char *refusal; /* why it cannot be read; NULL: it can */
    rfm_parquet_type type;
    bool optional; /* may be NULL */
    int32_t leaf;  /* the file's number of it */
} rfm_parquet_column;

typedef struct rfm_parquet_file {
    const char *path; /* borrowed */
    FILE *stream;
    int64_t size_bytes;
    struct carquet_reader *reader;
    rfm_parquet_column *columns;
    size_t n_columns;
    int64_t *first_rows; /* [n_groups + 1] */
    int32_t n_groups;
} rfm_parquet_file;

/* The values of one column in one row group. */
typedef struct rfm_parquet_chunk {
    const rfm_parquet_file *file;
    const rfm_parquet_column *column;
    int32_t group;
    struct carquet_column_reader *reader; /* NULL: closed */
} rfm_parquet_chunk;

/* file is to be closed whatever comes of it; zero-initialised is closed. */
rfm_status rfm_parquet_file_open(rfm_parquet_file *file, const char *path, rfm_error *err);
void rfm_parquet_file_close(rfm_parquet_file *file);

/* Be ready to read from `row` of the group on. */
rfm_status rfm_parquet_chunk_open(rfm_parquet_chunk *chunk, const rfm_parquet_file *file,
                                  const rfm_parquet_column *column, int32_t group, int64_t row, rfm_error *err);
void rfm_parquet_chunk_close(rfm_parquet_chunk *chunk);

/* The next n rows. values has room for n, and gets those that are not NULL, one behind the other; levels, where the
 * column is optional, 1 for each row that has a value and 0 for each that has none. The bytes of texts stay where they
 * are until the chunk is closed. */
rfm_status rfm_parquet_chunk_read(rfm_parquet_chunk *chunk, size_t n, void *values, int16_t *levels, rfm_error *err);

/* Something is wrong with the chunk: "PATH: row group 3, column 'price': words". */
rfm_status rfm_parquet_chunk_fail(const rfm_parquet_chunk *chunk, rfm_status status, const char *words, rfm_error *err);

#endif
