/* parquet_writer_absent: what stands for parquet_writer.c in a build without the library that writes Parquet. */
#include "parquet_writer.h"

bool rfm_parts_may_be_parquet(void)
{
    return false;
}

rfm_status rfm_parquet_writer_open(const char *path, const rfm_part_column *columns, size_t n, const bool *is_bytes,
                                   rfm_parquet_writer **writer, rfm_error *err)
{
    (void)columns;
    (void)n;
    (void)is_bytes;
    *writer = NULL;
    return rfm_fail(err, RFM_USAGE, "%s: this rfmpi was built without Parquet", path);
}

/* Nothing that failed to open gets rows. */
rfm_status rfm_parquet_writer_add(rfm_parquet_writer *writer, const rfm_cell *cells, rfm_error *err)
{
    (void)writer;
    (void)cells;
    return err->status;
}

rfm_status rfm_parquet_writer_close(rfm_parquet_writer *writer, rfm_error *err)
{
    (void)writer;
    return err->status;
}
