/* table: a table of every type, in any share of its rows, to write and to compare. */
#ifndef RFM_TEST_HDF5_TABLE_H
#define RFM_TEST_HDF5_TABLE_H

#include "session.h"

#include "file.h"

/* ---- shares of rows -------------------------------------------------------------------------- */

typedef enum share { EVEN, ALL_ON_LAST, EVERY_OTHER_EMPTY, ONE_EACH_THEN_REST, N_SHARES } share;

static inline size_t rows_of(share kind, int rank, int size, size_t rows)
{
    size_t ranks = (size_t)size, at = (size_t)rank, holders = (ranks + 1) / 2;
    switch (kind) {
    case EVEN:
        return rows / ranks + (at < rows % ranks);
    case ALL_ON_LAST:
        return rank == size - 1 ? rows : 0;
    case EVERY_OTHER_EMPTY:
        return rank % 2 ? 0 : rows / holders + (at / 2 < rows % holders);
    case ONE_EACH_THEN_REST:
        return rank == size - 1 ? rows - (ranks - 1) : 1;
    default:
        return 0;
    }
}

typedef struct table {
    size_t n;
    int64_t first;
    int64_t *ids;
    uint64_t *counts;
    double *values;
    float *singles;
    int32_t *small;
    char *texts; /* 9 bytes each */
} table;

static inline table make_table(size_t n)
{
    rfm_error err = {0};
    table t = {.n = n, .first = rfm_comm_before_i64(comm, (int64_t)n)};
    t.ids = rfm_alloc(n, 8, &err);
    t.counts = rfm_alloc(n, 8, &err);
    t.values = rfm_alloc(n * 3, 8, &err);
    t.singles = rfm_alloc(n, 4, &err);
    t.small = rfm_alloc(n * 2, 4, &err);
    t.texts = rfm_alloc(n, 9, &err);
    for (size_t i = 0; i < n; i++) {
        int64_t at = t.first + (int64_t)i;
        char text[16];
        t.ids[i] = at * 7 - 3;
        t.counts[i] = UINT64_MAX - (uint64_t)at;
        for (int j = 0; j < 3; j++)
            t.values[3 * i + (size_t)j] = (double)at * 10.5 + j;
        t.singles[i] = (float)at / 4;
        t.small[2 * i] = (int32_t)(at % 100 - 50);
        t.small[2 * i + 1] = -t.small[2 * i];
        snprintf(text, sizeof text, "c%08d", (int)at);
        memcpy(t.texts + 9 * i, text, (size_t)(3 + at % 7));
    }
    return t;
}

static inline void free_table(table *t)
{
    free(t->ids);
    free(t->counts);
    free(t->values);
    free(t->singles);
    free(t->small);
    free(t->texts);
}

static const rfm_h5_shape SHAPE_IDS = {.type = RFM_H5_I64, .columns = 1};
static const rfm_h5_shape SHAPE_COUNTS = {.type = RFM_H5_U64, .columns = 1};
static const rfm_h5_shape SHAPE_VALUES = {.type = RFM_H5_F64, .columns = 3};
static const rfm_h5_shape SHAPE_SINGLES = {.type = RFM_H5_F32, .columns = 1, .matrix = true};
static const rfm_h5_shape SHAPE_SMALL = {.type = RFM_H5_I32, .columns = 2};
static const rfm_h5_shape SHAPE_TEXTS = {.type = RFM_H5_BYTES, .columns = 9};
static const rfm_h5_shape SHAPE_NONE = {.type = RFM_H5_F64, .columns = 4};

static inline rfm_status write_attributes(rfm_h5 *file, int64_t rows, rfm_error *err)
{
    rfm_status failed = RFM_OK;
    char *text = rfm_alloc(300001, 1, err);
    memset(text, 'x', 300000);
    if (rfm_h5_put_text(file, "/features", "unit", "weeks", err) ||
        rfm_h5_put_text(file, "/features", "unit", "days", err) || rfm_h5_put_integer(file, "/", "rows", rows, err) ||
        rfm_h5_put_number(file, "/features/values", "pi", 3.14159265358979323846, err) ||
        rfm_h5_put_text(file, "/", "long", text, err) || rfm_h5_put_text(file, "/", "empty", "", err))
        failed = err->status;
    free(text);
    return failed;
}

static inline rfm_status write_table(rfm_h5 *file, const table *t, rfm_error *err)
{
    static const char *const names[] = {"recency_days", "frequency", "mon\xc3\xa9taire"};
    bool first = rfm_comm_rank(comm) == 0;
    if (rfm_h5_write(file, "/customers/id", &SHAPE_IDS, t->n, t->ids, err) ||
        rfm_h5_write(file, "/features/values", &SHAPE_VALUES, t->n, t->values, err) ||
        rfm_h5_write(file, "/singles", &SHAPE_SINGLES, t->n, t->singles, err) ||
        rfm_h5_write(file, "/unsigned", &SHAPE_COUNTS, t->n, t->counts, err) ||
        rfm_h5_write(file, "/small", &SHAPE_SMALL, t->n, t->small, err) ||
        rfm_h5_write(file, "/texts", &SHAPE_TEXTS, t->n, t->texts, err) ||
        rfm_h5_write(file, "/none", &SHAPE_NONE, 0, NULL, err) ||
        rfm_h5_write_names(file, "/features/names", first ? names : NULL, first ? 3 : 0, err))
        return err->status;
    int64_t rows = (int64_t)t->n;
    rfm_comm_reduce_i64(comm, RFM_SUM, &rows, 1);
    return write_attributes(file, rows, err);
}

static inline void write_file(const char *path, share kind, size_t rows, int64_t transfer_bytes)
{
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    table t = make_table(rows_of(kind, rfm_comm_rank(comm), rfm_comm_size(comm), rows));
    rfm_h5_create(comm, path, &file, &err);
    assert_fine(&err);
    file->transfer_bytes = transfer_bytes;
    write_table(file, &t, &err);
    rfm_h5_close(file, &err);
    assert_fine(&err);
    free_table(&t);
}

static inline void read_into(rfm_h5 *file, const char *name, rfm_h5_type type, const table *t, void *rows)
{
    rfm_error err = {0};
    rfm_h5_read(file, name, type, t->first, t->n, rows, &err);
    assert_fine(&err);
}

static inline void assert_table(const char *path, share kind, size_t rows, int64_t transfer_bytes)
{
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    size_t n = rows_of(kind, rfm_comm_rank(comm), rfm_comm_size(comm), rows);
    table expected = make_table(n), got = make_table(n);
    rfm_h5_open(comm, path, &file, &err);
    assert_fine(&err);
    file->transfer_bytes = transfer_bytes;
    memset(got.ids, 0, n * 8), memset(got.counts, 0, n * 8), memset(got.values, 0, n * 24);
    memset(got.singles, 0, n * 4), memset(got.small, 0, n * 8), memset(got.texts, 1, n * 9);
    read_into(file, "/customers/id", RFM_H5_I64, &got, got.ids);
    read_into(file, "/unsigned", RFM_H5_U64, &got, got.counts);
    read_into(file, "/features/values", RFM_H5_F64, &got, got.values);
    read_into(file, "/singles", RFM_H5_F32, &got, got.singles);
    read_into(file, "/small", RFM_H5_I32, &got, got.small);
    read_into(file, "/texts", RFM_H5_BYTES, &got, got.texts);
    rfm_h5_close(file, &err);
    assert_fine(&err);
    assert_memory_equal(got.ids, expected.ids, n * 8);
    assert_memory_equal(got.counts, expected.counts, n * 8);
    assert_memory_equal(got.values, expected.values, n * 24);
    assert_memory_equal(got.singles, expected.singles, n * 4);
    assert_memory_equal(got.small, expected.small, n * 8);
    assert_memory_equal(got.texts, expected.texts, n * 9);
    free_table(&expected);
    free_table(&got);
}

#endif
