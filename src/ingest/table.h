/* table: shards of files of columns. */
#ifndef RFMPI_INGEST_TABLE_H
#define RFMPI_INGEST_TABLE_H

#include "rfmpi/ingest.h"

/* As rfm_shard_read, of rows. A row's line is its number in the file, from 1. */
rfm_status rfm_table_shard_read(const rfm_reading *reading, rfm_error *err);

/* What a plan has to know of a file of columns: n_rows and cuts. */
rfm_status rfm_table_look_into(rfm_file *file, rfm_error *err);

#endif
