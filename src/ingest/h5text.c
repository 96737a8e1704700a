/* h5text: a column's values as fields, a batch at a time. Knows what the values are, and nothing of where they are
 * from.
 */
#include <string.h>

#include "cells.h"
#include "columnar.h"
#include "h5column.h"

static const rfm_field empty = {.bytes = ""};

static rfm_status fail_row(const rfm_h5_texts *t, int64_t row, const char *what, rfm_error *err)
{
    return rfm_fail(err, RFM_DATA, "%s: dataset %s: row %lld: %s", t->path, t->name, (long long)row + 1, what);
}

/* ---- strings ---------------------------------------------------------------------------------------------------- */

static rfm_field trim(const char *bytes, size_t width)
{
    while (width > 0 && bytes[width - 1] == '\0')
        width--;
    return (rfm_field){.bytes = bytes, .length = (uint32_t)width};
}

void rfm_h5_strings_give(const rfm_h5_column *column, const char *cells, size_t n, rfm_field *fields)
{
    const size_t width = column->width_bytes;
    if (column->cell == RFM_H5_CELL_BYTES) {
        for (size_t i = 0; i < n; i++)
            fields[i] = trim(cells + i * width, width);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const char *string;
        memcpy(&string, cells + i * sizeof string, sizeof string);
        fields[i] = string ? (rfm_field){.bytes = string, .length = (uint32_t)strlen(string)} : empty;
    }
}

/* ---- integers --------------------------------------------------------------------------------------------------- */

/* As 64 bits; those of a uint64 as they are. */
static void widen(rfm_h5_cell cell, const void *rows, size_t n, int64_t *values)
{
    switch (cell) {
    case RFM_H5_CELL_I8:
        for (size_t i = 0; i < n; i++) /* a byte, not a character: the sign by hand */
            values[i] = (((const uint8_t *)rows)[i] ^ 0x80) - 0x80;
        return;
    case RFM_H5_CELL_U8:
        for (size_t i = 0; i < n; i++)
            values[i] = ((const uint8_t *)rows)[i];
        return;
    case RFM_H5_CELL_I16:
        for (size_t i = 0; i < n; i++)
            values[i] = ((const int16_t *)rows)[i];
        return;
    case RFM_H5_CELL_U16:
        for (size_t i = 0; i < n; i++)
            values[i] = ((const uint16_t *)rows)[i];
        return;
    case RFM_H5_CELL_I32:
        for (size_t i = 0; i < n; i++)
            values[i] = ((const int32_t *)rows)[i];
        return;
    case RFM_H5_CELL_U32:
        for (size_t i = 0; i < n; i++)
            values[i] = ((const uint32_t *)rows)[i];
        return;
    default:
        memcpy(values, rows, n * sizeof *values);
    }
}

static bool is_null(const rfm_h5_texts *t, int64_t value)
{
    return t->has_null && value == t->null;
}

static rfm_status give_indices(const rfm_h5_texts *t, int64_t first, size_t n, rfm_field *fields, rfm_error *err)
{
    const rfm_h5_dictionary *d = &t->dictionary;
    for (size_t i = 0; i < n; i++) {
        const int64_t index = t->values[i];
        if (is_null(t, index))
            fields[i] = empty;
        else if ((uint64_t)index < d->n)
            fields[i] = d->fields[index];
        else
            return fail_row(t, first + (int64_t)i, "an index beyond the dictionary", err);
    }
    return RFM_OK;
}

/* Beyond 63 bits: no integer that was written by us, and no time. */
static char *put_large(const rfm_h5_texts *t, uint64_t value, char *at)
{
    if (t->exact.kind == RFM_EXACT_TIME)
        return NULL;
    return t->exact.scale == 0 ? rfm_cell_unsigned(at, value) : rfm_cell_decimal(at, value, t->exact.scale);
}

/* Times of a log come in order, many of them more than once: what equals the one before shares its text. */
static rfm_status give_values(rfm_h5_texts *t, int64_t first, size_t n, rfm_field *fields, rfm_error *err)
{
    const bool is_large = t->column.cell == RFM_H5_CELL_U64;
    char *at = t->bytes;
    for (size_t i = 0; i < n; i++) {
        const int64_t value = t->values[i];
        if (i > 0 && value == t->values[i - 1]) {
            fields[i] = fields[i - 1];
            continue;
        }
        if (is_null(t, value)) {
            fields[i] = empty;
            continue;
        }
        char *end = is_large && value < 0 ? put_large(t, (uint64_t)value, at) : rfm_exact_write(&t->exact, value, at);
        if (!end)
            return fail_row(t, first + (int64_t)i, "a time that its pattern cannot say, or of no year from 1 to 9999",
                            err);
        fields[i] = (rfm_field){.bytes = at, .length = (uint32_t)(end - at)};
        at = end;
    }
    return RFM_OK;
}

/* ---- floats and booleans ---------------------------------------------------------------------------------------- */

static void give_floats(const rfm_h5_texts *t, const char *rows, size_t n, rfm_field *fields)
{
    char *at = t->bytes;
    for (size_t i = 0; i < n; i++) {
        char *end;
        if (t->column.cell == RFM_H5_CELL_F32)
            end = rfm_cell_single(at, ((const float *)(const void *)rows)[i]);
        else
            end = rfm_cell_double(at, ((const double *)(const void *)rows)[i]);
        fields[i] = (rfm_field){.bytes = at, .length = (uint32_t)(end - at)};
        at = end;
    }
}

static rfm_status give_booleans(const rfm_h5_texts *t, const char *rows, int64_t first, size_t n, rfm_field *fields,
                                rfm_error *err)
{
    static const rfm_field texts[] = {{.bytes = "false", .length = 5}, {.bytes = "true", .length = 4}};
    for (size_t i = 0; i < n; i++) {
        const unsigned char value = (unsigned char)rows[i];
        if (value > 1)
            return fail_row(t, first + (int64_t)i, "neither true nor false", err);
        fields[i] = texts[value];
    }
    return RFM_OK;
}

rfm_status rfm_h5_texts_give(rfm_h5_texts *t, int64_t first, size_t n, rfm_field *fields, rfm_error *err)
{
    rfm_assert(first >= t->first && n <= RFM_COLUMNAR_ROWS && first + (int64_t)n <= t->first + (int64_t)t->n);
    const char *rows = t->block + (size_t)(first - t->first) * t->column.width_bytes;
    switch (t->column.cell) {
    case RFM_H5_CELL_BYTES:
    case RFM_H5_CELL_TEXT:
        rfm_h5_strings_give(&t->column, rows, n, fields);
        return RFM_OK;
    case RFM_H5_CELL_F32:
    case RFM_H5_CELL_F64:
        give_floats(t, rows, n, fields);
        return RFM_OK;
    case RFM_H5_CELL_BOOLEAN:
        return give_booleans(t, rows, first, n, fields, err);
    default:
        widen(t->column.cell, rows, n, t->values);
        return t->has_dictionary ? give_indices(t, first, n, fields, err) : give_values(t, first, n, fields, err);
    }
}
