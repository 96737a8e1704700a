/* heading: what every shard of a file has to know of the file's first row. */
#ifndef RFMPI_INGEST_HEADING_H
#define RFMPI_INGEST_HEADING_H

#include "columns.h"

typedef struct rfm_head {
    size_t n_fields;  /* of every row; 0: the file has none */
    int64_t names_at; /* where the row of names begins; -1: there is none */
} rfm_head;

/* Read the file's first row and bind the columns to it. */
rfm_status rfm_head_read(const rfm_reading *reading, rfm_columns *columns, rfm_head *head, rfm_error *err);

/* The bytes of a byte order mark at the front of a file's first window. */
size_t rfm_head_mark_bytes(const char *bytes, size_t n);

#endif
