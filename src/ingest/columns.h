/* columns: the distinct columns an input needs (slots 0, 1, ...), and where the file at hand has them. */
#ifndef RFMPI_INGEST_COLUMNS_H
#define RFMPI_INGEST_COLUMNS_H

#include "scanner.h"

typedef struct rfm_columns {
    const char **names; /* [n]; borrowed */
    size_t *fields;     /* [n]; of each slot, the field of a row */
    size_t n, names_capacity, fields_capacity;
} rfm_columns;

/* The slot of a column, added when it is new; -1 when memory is out. */
int rfm_columns_slot(rfm_columns *columns, const char *name, rfm_error *err);
void rfm_columns_free(rfm_columns *columns);

/* A file's first row, or its list of names. */
typedef struct rfm_heading {
    const char *path;
    int64_t line;            /* 0: the file has no lines */
    const rfm_field *fields; /* the names; decoded in place */
    size_t n_fields;
    bool named; /* false: columns are numbers from 1 */
} rfm_heading;

/* Find every slot's field; a column that is not there, or twice, is an error that names it. */
rfm_status rfm_columns_bind(rfm_columns *columns, const rfm_heading *heading, rfm_error *err);

#endif
