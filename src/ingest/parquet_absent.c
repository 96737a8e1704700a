/* parquet_absent: what stands for parquet.c in a build without the library that decodes Parquet. */
#include "parquet.h"

static rfm_status open_none(rfm_columnar *columnar, rfm_error *err)
{
    return rfm_fail(
        err, RFM_USAGE,
        "%s: this rfmpi was built without Parquet: run jobs/install.sh build, where PyPI can be reached, and "
        "build it again",
        columnar->path);
}

/* Nothing that failed to open is read. */
static rfm_status begin_none(rfm_columnar *columnar, int64_t row, rfm_error *err)
{
    (void)row;
    return open_none(columnar, err);
}

static rfm_status next_none(rfm_columnar *columnar, int64_t max_rows, rfm_error *err)
{
    (void)max_rows;
    return open_none(columnar, err);
}

static void write_none(rfm_columnar *columnar, size_t slot)
{
    (void)columnar;
    (void)slot;
}

static void close_none(rfm_columnar *columnar)
{
    (void)columnar;
}

const rfm_columnar_kind rfm_parquet = {"Parquet", open_none, begin_none, next_none, write_none, close_none};

const char *rfm_parquet_library(void)
{
    return NULL;
}
