/* oracle_rows: the slow parser's records. */
#ifndef RFMPI_TEST_INGEST_ORACLE_ROWS_H
#define RFMPI_TEST_INGEST_ORACLE_ROWS_H

#include "rfmpi/ingest.h"

enum { MAX_FIELDS = 512 };

typedef struct field {
    char *text;
    size_t length;
} field;

typedef struct record {
    size_t start, begin, end, next; /* with a byte order mark, begin = start + 3 */
    int64_t n_lines;                /* line ends passed */
    size_t n_fields;
    field fields[MAX_FIELDS];
    rfm_reason reason;
    const char *why; /* NULL: a good record */
    bool blank;
} record;

typedef struct document {
    const rfm_input *input;
    const char *text;
    size_t n, limit;
} document;

/* The record that starts at a position. */
record read_record(const document *d, size_t at);
void free_record(record *r);

#endif
