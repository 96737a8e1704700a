/* features.h5, and any other HDF5 file with a matrix: customers x features on disk. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "frame.h"

enum { VERSION = 1, MAX_COLUMNS = 65536 };

/* ---- write ------------------------------------------------------------------------------------------------------ */

static rfm_status write_as_of(rfm_h5 *file, const rfm_as_of *as_of, rfm_error *err)
{
    char text[RFM_NUMBER_BYTES];
    rfm_time_format_utc(as_of->us, text);
    if (rfm_h5_put_text(file, "/", "as_of", text, err) != RFM_OK ||
        rfm_h5_put_integer(file, "/", "as_of_us", as_of->us, err) != RFM_OK ||
        rfm_h5_put_integer(file, "/", "as_of_day", as_of->day, err) != RFM_OK)
        return err->status;
    return rfm_h5_put_integer(file, "/", "span_us", as_of->span_us, err);
}

/* Local: the definitions as one text; "" for a bare matrix. */
static char *print_definitions(const rfm_features *features, rfm_error *err)
{
    rfm_text text = {0};
    char *copy = NULL;
    if (!features || rfm_features_print(features, &text, err) == RFM_OK)
        copy = rfm_copy_string(text.bytes ? text.bytes : "", err);
    rfm_text_free(&text);
    return copy;
}

static rfm_status write_content(rfm_comm *comm, rfm_h5 *file, const rfm_frame *frame, const rfm_features *features,
                                rfm_error *err)
{
    const rfm_h5_shape shape = {.type = RFM_H5_F64, .columns = frame->d, .matrix = true};
    const size_t d = (size_t)frame->d;
    char *definitions = print_definitions(features, err);
    if (rfm_comm_agree(comm, err) == RFM_OK &&
        (!frame->has_ids || rfm_ids_write(comm, file, "/customers/id", &frame->ids, err) == RFM_OK) &&
        rfm_h5_write(file, "/features/values", &shape, frame->n, frame->values, err) == RFM_OK &&
        rfm_h5_write_names(file, "/features/names", (const char *const *)frame->names, d, err) == RFM_OK &&
        rfm_h5_write_names(file, "/features/units", (const char *const *)frame->units, d, err) == RFM_OK)
        rfm_h5_write_names(file, "/features/definitions", (const char *const *)&definitions, 1, err);
    free(definitions);
    return err->status;
}

rfm_status rfm_frame_write(rfm_comm *comm, const char *path, int64_t stripe_bytes, const rfm_frame *frame,
                           const rfm_features *features, const rfm_as_of *as_of, rfm_error *err)
{
    rfm_h5 *file = NULL;
    if (rfm_h5_create_striped(comm, path, stripe_bytes, &file, err) == RFM_OK &&
        rfm_h5_put_text(file, "/", "format", "rfmpi features", err) == RFM_OK &&
        rfm_h5_put_integer(file, "/", "version", VERSION, err) == RFM_OK && write_as_of(file, as_of, err) == RFM_OK)
        write_content(comm, file, frame, features, err);
    rfm_h5_close(file, err);
    return err->status;
}

/* ---- read ------------------------------------------------------------------------------------------------------- */

typedef struct matrix_file {
    rfm_comm *comm;
    rfm_h5 *h5;
    const char *path;
} matrix_file;

static rfm_status check_values(const matrix_file *file, rfm_h5_shape *shape, rfm_error *err)
{
    bool found = false;
    if (rfm_h5_shape_of(file->h5, "/features/values", shape, &found, err) != RFM_OK)
        return err->status;
    if (!found)
        return rfm_fail(err, RFM_DATA, "%s: no dataset /features/values (n x d numbers)", file->path);
    if (shape->type == RFM_H5_BYTES || shape->rows < 1 || shape->columns < 1 || shape->columns > MAX_COLUMNS)
        return rfm_fail(err, RFM_DATA, "%s: /features/values must be numbers, n x d with n from 1 and d from 1 to %d",
                        file->path, (int)MAX_COLUMNS);
    return RFM_OK;
}

static rfm_status read_values(const matrix_file *file, const rfm_h5_shape *shape, rfm_frame *frame, rfm_error *err)
{
    frame->n_global = shape->rows;
    frame->d = (int)shape->columns;
    size_t n = 0;
    rfm_h5_share(file->comm, shape->rows, &frame->first, &n);
    frame->values = rfm_alloc(n, (size_t)frame->d * sizeof *frame->values, err);
    if (rfm_comm_agree(file->comm, err) != RFM_OK)
        return err->status;
    frame->n = n;
    return rfm_h5_read(file->h5, "/features/values", RFM_H5_F64, frame->first, n, frame->values, err);
}

/* Optional. */
static rfm_status read_weights(const matrix_file *file, rfm_frame *frame, rfm_error *err)
{
    rfm_h5_shape shape;
    bool found = false;
    if (rfm_h5_shape_of(file->h5, "/features/weights", &shape, &found, err) != RFM_OK || !found)
        return err->status;
    if (shape.type == RFM_H5_BYTES || shape.columns != 1)
        return rfm_fail(err, RFM_DATA, "%s: /features/weights must be numbers, one for each row", file->path);
    if (shape.rows != frame->n_global)
        return rfm_fail(err, RFM_DATA, "%s: /features/weights has %" PRId64 " rows, /features/values %" PRId64,
                        file->path, shape.rows, frame->n_global);
    double *values = rfm_alloc(frame->n, sizeof *values, err);
    if (rfm_comm_agree(file->comm, err) == RFM_OK &&
        rfm_h5_read(file->h5, "/features/weights", RFM_H5_F64, frame->first, frame->n, values, err) == RFM_OK &&
        rfm_weights_init(file->comm, frame->n, values, &frame->weights, err) != RFM_OK)
        rfm_error_context(err, "%s: /features/weights", file->path);
    free(values);
    return err->status;
}

/* "x1", "x2", ... where the file has no names; "" without a prefix. */
static rfm_status make_names(size_t d, const char *prefix, char ***names, rfm_error *err)
{
    char name[32] = "";
    *names = rfm_alloc(d, sizeof **names, err);
    for (size_t j = 0; *names && j < d && err->status == RFM_OK; j++) {
        if (prefix)
            snprintf(name, sizeof name, "%s%zu", prefix, j + 1);
        (*names)[j] = rfm_copy_string(name, err);
    }
    return err->status;
}

/* Optional lists of d names. */
static rfm_status read_names(const matrix_file *file, const char *name, const char *prefix, size_t d, char ***names,
                             rfm_error *err)
{
    rfm_h5_shape shape;
    bool found = false;
    size_t n = 0;
    if (rfm_h5_shape_of(file->h5, name, &shape, &found, err) != RFM_OK)
        return err->status;
    if (!found) {
        make_names(d, prefix, names, err);
        return rfm_comm_agree(file->comm, err);
    }
    if (rfm_h5_read_names(file->h5, name, names, &n, err) != RFM_OK)
        return err->status;
    if (n == d)
        return RFM_OK;
    rfm_names_free(*names, n);
    *names = NULL;
    return rfm_fail(err, RFM_DATA, "%s: %s has %zu entries, /features/values %zu columns", file->path, name, n, d);
}

/* Of a bare matrix: the numbers of the rows. */
static rfm_status number_rows(const matrix_file *file, rfm_frame *frame, rfm_error *err)
{
    frame->ids = (rfm_ids){.kind = RFM_ID_INTEGER, .n = frame->n};
    frame->ids.hash = rfm_alloc(frame->n, sizeof *frame->ids.hash, err);
    frame->ids.number = rfm_alloc(frame->n, sizeof *frame->ids.number, err);
    for (size_t i = 0; err->status == RFM_OK && i < frame->n; i++) {
        frame->ids.number[i] = frame->first + (int64_t)i;
        frame->ids.hash[i] = rfm_hash64_integer(frame->ids.number[i]);
    }
    return rfm_comm_agree(file->comm, err);
}

static rfm_status check_ids(const matrix_file *file, const rfm_h5_shape *shape, const rfm_frame *frame, rfm_error *err)
{
    const bool text = shape->type == RFM_H5_BYTES,
               number = (shape->type == RFM_H5_I64 || shape->type == RFM_H5_I32) && shape->columns == 1;
    if (shape->rows != frame->n_global)
        return rfm_fail(err, RFM_DATA, "%s: /customers/id has %" PRId64 " rows, /features/values %" PRId64, file->path,
                        shape->rows, frame->n_global);
    if (!number && !(text && shape->columns >= 1 && shape->columns <= RFM_ID_MAX_BYTES))
        return rfm_fail(err, RFM_DATA,
                        "%s: /customers/id must be integers of 64 bits, or bytes of fixed length up to %d", file->path,
                        (int)RFM_ID_MAX_BYTES);
    return RFM_OK;
}

static rfm_status read_ids(const matrix_file *file, rfm_frame *frame, rfm_error *err)
{
    rfm_h5_shape shape = {0};
    if (rfm_h5_shape_of(file->h5, "/customers/id", &shape, &frame->has_ids, err) != RFM_OK ||
        (frame->has_ids && check_ids(file, &shape, frame, err) != RFM_OK))
        return err->status;
    if (!frame->has_ids)
        return number_rows(file, frame, err);
    const rfm_ids_place place = {.path = file->path,
                                 .name = "/customers/id",
                                 .kind = shape.type == RFM_H5_BYTES ? RFM_ID_TEXT : RFM_ID_INTEGER,
                                 .width = shape.columns,
                                 .first = frame->first,
                                 .count = frame->n};
    return rfm_ids_read(file->comm, file->h5, &place, &frame->ids, err);
}

static rfm_status read_as_of(const matrix_file *file, rfm_as_of *as_of, rfm_error *err)
{
    bool found = false;
    int64_t day = 0;
    *as_of = (rfm_as_of){0};
    if (rfm_h5_has(file->h5, "/", "as_of_us", &found, err) != RFM_OK || !found)
        return err->status;
    if (rfm_h5_get_integer(file->h5, "/", "as_of_us", &as_of->us, err) != RFM_OK ||
        rfm_h5_get_integer(file->h5, "/", "as_of_day", &day, err) != RFM_OK ||
        rfm_h5_get_integer(file->h5, "/", "span_us", &as_of->span_us, err) != RFM_OK)
        return err->status;
    if (day < INT32_MIN || day > INT32_MAX)
        return rfm_fail(err, RFM_DATA, "%s: as_of_day %" PRId64 " is no day", file->path, day);
    as_of->day = (int32_t)day;
    return RFM_OK;
}

static rfm_status read_definitions(const matrix_file *file, char **definitions, rfm_error *err)
{
    char **texts = NULL;
    if (read_names(file, "/features/definitions", NULL, 1, &texts, err) == RFM_OK && texts) {
        *definitions = texts[0];
        texts[0] = NULL;
    }
    rfm_names_free(texts, 1);
    return err->status;
}

rfm_status rfm_frame_read(rfm_comm *comm, const char *path, rfm_frame *frame, rfm_as_of *as_of, char **definitions,
                          rfm_error *err)
{
    matrix_file file = {.comm = comm, .path = path};
    rfm_h5_shape shape = {0};
    *frame = (rfm_frame){0};
    if (definitions)
        *definitions = NULL;
    if (rfm_h5_open(comm, path, &file.h5, err) != RFM_OK)
        return err->status;
    if (check_values(&file, &shape, err) == RFM_OK && read_values(&file, &shape, frame, err) == RFM_OK &&
        read_weights(&file, frame, err) == RFM_OK &&
        read_names(&file, "/features/names", "x", (size_t)frame->d, &frame->names, err) == RFM_OK &&
        read_names(&file, "/features/units", NULL, (size_t)frame->d, &frame->units, err) == RFM_OK &&
        read_ids(&file, frame, err) == RFM_OK && (!as_of || read_as_of(&file, as_of, err) == RFM_OK) && definitions)
        read_definitions(&file, definitions, err);
    rfm_h5_close(file.h5, err);
    if (err->status != RFM_OK)
        rfm_frame_free(frame);
    return err->status;
}
