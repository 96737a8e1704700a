/* parquet_writer: rows into one Parquet file, a row group at a time. Private to store. Local. */
#ifndef RFM_STORE_PARQUET_WRITER_H
#define RFM_STORE_PARQUET_WRITER_H

#include "rfmpi/store.h"

typedef struct rfm_parquet_writer rfm_parquet_writer;

/* A row group has 2^17 rows, or as many fewer as keep it within 64 MiB. */
enum { RFM_GROUP_ROWS = 1 << 17, RFM_GROUP_LEAST_ROWS = 128, RFM_GROUP_BYTES = 64 << 20 };

/* Makes the file anew, mode 0600. is_bytes: [n], texts that are no UTF-8 and so no strings. Columns and path are
 * borrowed. RFM_USAGE in a build without Parquet. One at a time in a process, and none while Parquet is read. */
rfm_status rfm_parquet_writer_open(const char *path, const rfm_part_column *columns, size_t n, const bool *is_bytes,
                                   rfm_parquet_writer **writer, rfm_error *err);

/* One row behind the others; its texts are copied. */
rfm_status rfm_parquet_writer_add(rfm_parquet_writer *writer, const rfm_cell *cells, rfm_error *err);

/* What is left, and the end; safe on the disk then. After a failure (err) the file is of no use. NULL is fine. */
rfm_status rfm_parquet_writer_close(rfm_parquet_writer *writer, rfm_error *err);

#endif
