/* h5text: a column's values as cells, a batch at a time. Knows what the values are, and nothing of where they are from.
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
    return t->exact.scale == 0 ? rfm_cell_unsigned(at, value) : rfm_exact_number(&t->exact, value, at);
}

/* How many values have a text: all of them, or those before the first time that its pattern cannot say. Times of a log
 * come in order, many of them more than once: what equals the one before shares its text. */
static size_t write_values(rfm_h5_texts *t, size_t n, rfm_field *fields)
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
            return i;
        fields[i] = (rfm_field){.bytes = at, .length = (uint32_t)(end - at)};
        at = end;
    }
    return n;
}

/* ---- integers as they are --------------------------------------------------------------------------------------- */

static bool find_nulls(rfm_h5_texts *t, size_t n)
{
    bool found = false;
    for (size_t i = 0; t->has_null && i < n; i++) {
        t->present[i] = t->values[i] != t->null;
        found |= !t->present[i];
    }
    return found;
}

/* Times that the pattern can say; false: not all of them are. */
static bool read_times(rfm_h5_texts *t, size_t n, bool has_nulls)
{
    const rfm_pattern *pattern = &t->exact.pattern;
    for (size_t i = 0; i < n; i++) {
        int64_t us = 0;
        if (!(has_nulls && !t->present[i]) &&
            (__builtin_mul_overflow(t->values[i], t->exact.unit_us, &us) || !rfm_pattern_says(pattern, us)))
            return false;
        t->typed[i] = pattern->has_clock ? us : us / RFM_DAY_US;
    }
    return true;
}

static rfm_typed_kind kind_of_times(const rfm_pattern *pattern)
{
    if (!pattern->has_clock)
        return RFM_TYPED_DATE;
    return pattern->clock_length < pattern->length ? RFM_TYPED_UTC : RFM_TYPED_LOCAL;
}

static rfm_time_format turned_format(const rfm_pattern *pattern)
{
    return pattern->format == RFM_TIME_ISO ? RFM_TIME_AUTO : pattern->format;
}

/* False where texts have to be made, which say what is wrong, or hold what 64 bits do not. */
static bool give_typed(rfm_h5_texts *t, size_t n, rfm_typed *cells)
{
    const bool has_nulls = find_nulls(t, n), is_time = t->exact.kind == RFM_EXACT_TIME;
    if (t->column.cell == RFM_H5_CELL_U64) {
        for (size_t i = 0; i < n; i++)
            if (t->values[i] < 0)
                return false;
    }
    if (is_time && !read_times(t, n, has_nulls))
        return false;
    *cells = (rfm_typed){.kind = is_time ? kind_of_times(&t->exact.pattern) : RFM_TYPED_DECIMAL,
                         .scale = t->exact.scale,
                         .comma = t->exact.comma,
                         .turned = is_time ? turned_format(&t->exact.pattern) : RFM_TIME_AUTO,
                         .values = is_time ? t->typed : t->values,
                         .present = has_nulls ? t->present : NULL};
    return true;
}

static rfm_status give_values(rfm_h5_texts *t, int64_t first, size_t n, rfm_field *fields, rfm_typed *cells,
                              rfm_error *err)
{
    if (give_typed(t, n, cells))
        return RFM_OK;
    const size_t n_written = write_values(t, n, fields);
    if (n_written == n)
        return RFM_OK;
    return fail_row(t, first + (int64_t)n_written, "a time that its pattern cannot say, or of no year from 1 to 9999",
                    err);
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

rfm_status rfm_h5_texts_give(rfm_h5_texts *t, int64_t first, size_t n, rfm_field *fields, rfm_typed *cells,
                             rfm_error *err)
{
    rfm_assert(first >= t->first && n <= RFM_COLUMNAR_ROWS && first + (int64_t)n <= t->first + (int64_t)t->n);
    const char *rows = t->block + (size_t)(first - t->first) * t->column.width_bytes;
    *cells = (rfm_typed){.kind = RFM_TYPED_TEXT, .texts = fields};
    t->n_given = n;
    switch (t->column.cell) {
    case RFM_H5_CELL_BYTES:
    case RFM_H5_CELL_TEXT:
        rfm_h5_strings_give(&t->column, rows, n, fields);
        return RFM_OK;
    case RFM_H5_CELL_F32:
        give_floats(t, rows, n, fields);
        return RFM_OK;
    case RFM_H5_CELL_F64:
        memcpy(t->values, rows, n * sizeof *t->values);
        *cells = (rfm_typed){.kind = RFM_TYPED_DOUBLE, .values = t->values};
        return RFM_OK;
    case RFM_H5_CELL_BOOLEAN:
        return give_booleans(t, rows, first, n, fields, err);
    default:
        widen(t->column.cell, rows, n, t->values);
        return t->has_dictionary ? give_indices(t, first, n, fields, err)
                                 : give_values(t, first, n, fields, cells, err);
    }
}

void rfm_h5_texts_write(rfm_h5_texts *t, rfm_field *fields)
{
    if (t->column.cell == RFM_H5_CELL_F64) {
        give_floats(t, (const char *)t->values, t->n_given, fields);
        return;
    }
    const size_t n_written = write_values(t, t->n_given, fields);
    rfm_assert(n_written == t->n_given);
}
