/* parquet_writer: carquet's writer of a file behind a stream of ours, so that what goes to the disk goes the way all
 * files of a run go, and fails with the system's own words. Every value is there: no column has NULLs.
 *
 *   cells -> columns of a row group -> carquet: pages, zstd -> stream -> pwrite
 */
#include "parquet_writer.h"

#include <carquet/carquet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The values of the rows at hand. */
typedef struct column {
    size_t value_bytes;
    char *values;   /* of a text: carquet_byte_array_t with its length alone, until the group is written */
    rfm_text bytes; /* texts, end to end */
} column;

struct rfm_parquet_writer {
    const char *path;
    int fd;
    int64_t offset;
    rfm_error failed; /* of a write to the disk */
    FILE *stream;
    carquet_allocator_t before; /* how carquet took memory before this */
    carquet_schema_t *schema;
    carquet_writer_t *file;
    column *columns;
    size_t n_columns, n_rows, group_rows;
};

bool rfm_parts_may_be_parquet(void)
{
    return true;
}

/* ---- the disk --------------------------------------------------------------------------------------------------- */

/* As fopencookie(3) wants it: 0 is a failure. */
static ssize_t take_bytes(void *cookie, const char *bytes, size_t n)
{
    rfm_parquet_writer *w = cookie;
    if (rfm_folder_put(w->fd, w->path, bytes, n, w->offset, &w->failed) != RFM_OK)
        return 0;
    w->offset += (int64_t)n;
    return (ssize_t)n;
}

static rfm_status open_stream(rfm_parquet_writer *w, rfm_error *err)
{
    w->fd = open(w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (w->fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot create", w->path);
    w->stream = fopencookie(w, "w", (cookie_io_functions_t){.write = take_bytes});
    return w->stream ? RFM_OK : rfm_fail(err, RFM_NO_MEMORY, "%s: no memory to write it", w->path);
}

static rfm_status close_stream(rfm_parquet_writer *w, rfm_error *err)
{
    const bool flushed = !w->stream || fclose(w->stream) == 0;
    int number = w->fd >= 0 && err->status == RFM_OK && flushed && fsync(w->fd) != 0 ? errno : 0;
    if (w->fd >= 0 && close(w->fd) != 0 && number == 0)
        number = errno;
    if (w->failed.status != RFM_OK)
        return rfm_fail(err, w->failed.status, "%s", w->failed.message);
    if (number != 0 || !flushed)
        return rfm_fail_errno(err, number != 0 ? number : EIO, "%s: cannot write", w->path);
    return err->status;
}

/* ---- carquet ---------------------------------------------------------------------------------------------------- */

static rfm_status check(const rfm_parquet_writer *w, carquet_status_t status, rfm_error *err)
{
    if (status == CARQUET_OK)
        return RFM_OK;
    if (w->failed.status != RFM_OK)
        return rfm_fail(err, w->failed.status, "%s", w->failed.message);
    return rfm_fail(err, status == CARQUET_ERROR_OUT_OF_MEMORY ? RFM_NO_MEMORY : RFM_INTERNAL,
                    "%s: cannot be written as Parquet: %s", w->path, carquet_status_string(status));
}

static carquet_physical_type_t physical_type(rfm_column_type type)
{
    switch (type) {
    case RFM_COLUMN_SMALL:
        return CARQUET_PHYSICAL_INT32;
    case RFM_COLUMN_INTEGER:
        return CARQUET_PHYSICAL_INT64;
    case RFM_COLUMN_NUMBER:
        return CARQUET_PHYSICAL_DOUBLE;
    default:
        return CARQUET_PHYSICAL_BYTE_ARRAY;
    }
}

static size_t value_bytes(carquet_physical_type_t type)
{
    return type == CARQUET_PHYSICAL_INT32        ? sizeof(int32_t)
           : type == CARQUET_PHYSICAL_BYTE_ARRAY ? sizeof(carquet_byte_array_t)
                                                 : sizeof(int64_t);
}

static rfm_status add_column(rfm_parquet_writer *w, size_t j, const rfm_part_column *of, bool is_bytes, rfm_error *err)
{
    static const carquet_logical_type_t string = {.id = CARQUET_LOGICAL_STRING};
    const carquet_physical_type_t type = physical_type(of->type);
    const bool is_string = type == CARQUET_PHYSICAL_BYTE_ARRAY && !is_bytes;
    column *c = &w->columns[j];
    *c = (column){.value_bytes = value_bytes(type)};
    c->values = rfm_alloc(w->group_rows, c->value_bytes, err);
    if (!c->values)
        return err->status;
    return check(w,
                 carquet_schema_add_column(w->schema, of->name, type, is_string ? &string : NULL,
                                           CARQUET_REPETITION_REQUIRED, 0, 0),
                 err);
}

/* No threads of carquet's: ranks are what runs at once. Row groups end where we say. */
static rfm_status open_file(rfm_parquet_writer *w, rfm_error *err)
{
    carquet_writer_options_t options;
    carquet_error_t error = CARQUET_ERROR_INIT;
    rfm_assert(w->stream && w->schema);
    carquet_writer_options_init(&options);
    options.compression = CARQUET_COMPRESSION_ZSTD;
    options.compression_level = 1;
    options.row_group_size = INT64_MAX;
    options.created_by = "rfmpi";
    options.async_io = false;
    w->file = carquet_writer_create_file(w->stream, w->schema, &options, &error);
    return w->file ? RFM_OK : check(w, error.code, err);
}

static rfm_status open_schema(rfm_parquet_writer *w, const rfm_part_column *columns, size_t n, const bool *is_bytes,
                              rfm_error *err)
{
    carquet_error_t error = CARQUET_ERROR_INIT;
    w->columns = rfm_alloc(n, sizeof *w->columns, err);
    w->schema = w->columns ? carquet_schema_create(&error) : NULL;
    if (!w->schema)
        return w->columns ? check(w, error.code, err) : err->status;
    for (; w->n_columns < n && err->status == RFM_OK; w->n_columns++)
        add_column(w, w->n_columns, &columns[w->n_columns], is_bytes[w->n_columns], err);
    return err->status;
}

static size_t choose_group_rows(size_t n_columns)
{
    size_t rows = RFM_GROUP_ROWS;
    while (rows > RFM_GROUP_LEAST_ROWS && n_columns > RFM_GROUP_BYTES / sizeof(int64_t) / rows)
        rows /= 2;
    return rows;
}

rfm_status rfm_parquet_writer_open(const char *path, const rfm_part_column *columns, size_t n, const bool *is_bytes,
                                   rfm_parquet_writer **writer, rfm_error *err)
{
    rfm_parquet_writer *w = *writer = rfm_alloc(1, sizeof *w, err);
    if (!w)
        return err->status;
    *w = (rfm_parquet_writer){.path = path, .fd = -1, .group_rows = choose_group_rows(n)};
    w->before = *carquet_get_allocator();
    carquet_set_allocator(NULL);
    if (open_stream(w, err) == RFM_OK && open_schema(w, columns, n, is_bytes, err) == RFM_OK)
        open_file(w, err);
    if (err->status != RFM_OK) {
        rfm_parquet_writer_close(w, err);
        *writer = NULL;
    }
    return err->status;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* Texts have stopped moving: the lengths become places. */
static void place_texts(column *c, size_t n)
{
    carquet_byte_array_t *texts = (carquet_byte_array_t *)(void *)c->values;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        texts[i].data = (uint8_t *)c->bytes.bytes + at;
        at += (size_t)texts[i].length;
    }
}

static rfm_status write_group(rfm_parquet_writer *w, rfm_error *err)
{
    for (size_t j = 0; j < w->n_columns && err->status == RFM_OK; j++) {
        column *c = &w->columns[j];
        if (c->value_bytes == sizeof(carquet_byte_array_t))
            place_texts(c, w->n_rows);
        check(w, carquet_writer_write_batch(w->file, (int32_t)j, c->values, (int64_t)w->n_rows, NULL, NULL), err);
        c->bytes.length = 0;
    }
    w->n_rows = 0;
    return err->status == RFM_OK ? check(w, carquet_writer_new_row_group(w->file), err) : err->status;
}

static void put_cell(column *c, size_t row, const rfm_cell *cell)
{
    char *at = c->values + row * c->value_bytes;
    if (c->value_bytes == sizeof(carquet_byte_array_t)) {
        const carquet_byte_array_t text = {.length = (int32_t)cell->text.length};
        memcpy(at, &text, sizeof text);
        rfm_text_add(&c->bytes, cell->text.bytes, cell->text.length);
    } else if (c->value_bytes == sizeof(int32_t)) {
        const int32_t value = (int32_t)cell->integer;
        memcpy(at, &value, sizeof value);
    } else {
        memcpy(at, cell, sizeof(int64_t)); /* integer or number */
    }
}

rfm_status rfm_parquet_writer_add(rfm_parquet_writer *w, const rfm_cell *cells, rfm_error *err)
{
    for (size_t j = 0; j < w->n_columns; j++) {
        put_cell(&w->columns[j], w->n_rows, &cells[j]);
        if (rfm_text_check(&w->columns[j].bytes, err) != RFM_OK)
            return err->status;
    }
    return ++w->n_rows == w->group_rows ? write_group(w, err) : RFM_OK;
}

rfm_status rfm_parquet_writer_close(rfm_parquet_writer *w, rfm_error *err)
{
    if (!w)
        return err->status;
    if (err->status == RFM_OK && w->n_rows > 0)
        write_group(w, err);
    if (w->file && err->status == RFM_OK)
        check(w, carquet_writer_close(w->file), err);
    else
        carquet_writer_abort(w->file);
    carquet_schema_free(w->schema);
    close_stream(w, err);
    for (size_t j = 0; j < w->n_columns; j++) {
        free(w->columns[j].values);
        rfm_text_free(&w->columns[j].bytes);
    }
    free(w->columns);
    carquet_set_allocator(&w->before);
    free(w);
    return err->status;
}
