/* h5column: what a column is, by its type and its attributes; and its blocks. */
#include "h5column.h"

#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "columnar.h"
#include "h5format.h"

enum { BLOCK_ROWS = 16384, BLOCK_BYTES = 1 << 22, LONG_TEXT_ROWS = 1024, DICTIONARY_BYTES = 1 << 30 };

static rfm_status fail(const rfm_h5_texts *t, const char *what, rfm_error *err)
{
    return rfm_fail(err, RFM_DATA, "%s: dataset %s: %s", t->path, t->name, what);
}

static bool is_integer(const rfm_h5_texts *t)
{
    return t->column.cell <= RFM_H5_CELL_U64;
}

/* ---- attributes ------------------------------------------------------------------------------------------------- */

static rfm_status get_text(const rfm_h5_texts *t, const char *name, char **text, rfm_error *err)
{
    if (rfm_h5_table_text(t->table, t->name, name, text, err) == RFM_OK && !*text)
        rfm_fail(err, RFM_DATA, "%s: dataset %s has no attribute %s, which its meaning asks for", t->path, t->name,
                 name);
    return err->status;
}

static rfm_status read_mark(rfm_h5_texts *t, rfm_error *err)
{
    char *mark = NULL;
    if (rfm_h5_table_text(t->table, t->name, RFM_EVENTS_MARK, &mark, err) == RFM_OK && mark) {
        t->exact.comma = t->exact.scale > 0 && strcmp(mark, "comma") == 0;
        if (strcmp(mark, "comma") != 0 && strcmp(mark, "point") != 0)
            fail(t, "its decimal_mark is neither point nor comma", err);
    }
    free(mark);
    return err->status;
}

static rfm_status read_scale(rfm_h5_texts *t, rfm_error *err)
{
    int64_t scale = -1;
    bool found = false;
    if (rfm_h5_table_integer(t->table, t->name, RFM_EVENTS_SCALE, &scale, &found, err) == RFM_OK &&
        (!found || scale < 0 || scale > RFM_EXACT_MAX_SCALE))
        fail(t, "a decimal needs an attribute scale from 0 to 18", err);
    t->exact.scale = (int)scale;
    return err->status == RFM_OK ? read_mark(t, err) : err->status;
}

/* Without a pattern of its own a time is written as ISO 8601 has it, and read so; with the day or the month first, in
 * that order. */
static rfm_status read_pattern(rfm_h5_texts *t, const char *otherwise, rfm_error *err)
{
    char *pattern = NULL;
    if (rfm_h5_table_text(t->table, t->name, RFM_EVENTS_PATTERN, &pattern, err) != RFM_OK)
        return err->status;
    if (!rfm_pattern_parse(pattern ? pattern : otherwise, &t->exact.pattern))
        fail(t, "its pattern is none, such as \"YYYY-MM-DD hh:mm:ss UTC\"", err);
    else if (!t->has_time_format && (!pattern || t->exact.pattern.format != RFM_TIME_ISO))
        t->time_format = t->exact.pattern.format;
    t->has_time_format |= !pattern || t->exact.pattern.format != RFM_TIME_ISO;
    free(pattern);
    return err->status;
}

static rfm_status read_time(rfm_h5_texts *t, rfm_error *err)
{
    static const struct {
        const char *unit;
        int64_t us;
        const char *pattern;
    } units[] = {{"s", 1000000, "YYYY-MM-DDThh:mm:ssZ"},
                 {"ms", 1000, "YYYY-MM-DDThh:mm:ss.fffZ"},
                 {"us", 1, "YYYY-MM-DDThh:mm:ss.ffffffZ"}};
    char *unit = NULL;
    if (get_text(t, RFM_EVENTS_UNIT, &unit, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < sizeof units / sizeof units[0] && t->exact.unit_us == 0; i++) {
        if (strcmp(unit, units[i].unit) != 0)
            continue;
        t->exact.unit_us = units[i].us;
        read_pattern(t, units[i].pattern, err);
    }
    if (t->exact.unit_us == 0)
        fail(t, "the unit of a time is s, ms or us", err);
    free(unit);
    return err->status;
}

/* ---- dictionaries ----------------------------------------------------------------------------------------------- */

static rfm_status load_dictionary(rfm_h5_dictionary *d, rfm_error *err)
{
    d->n = (size_t)d->column.rows;
    d->cells = rfm_alloc(d->n, d->column.width_bytes, err);
    d->fields = rfm_alloc(d->n, sizeof *d->fields, err);
    if (err->status == RFM_OK && rfm_h5_column_read(&d->column, 0, d->n, d->cells, err) == RFM_OK)
        rfm_h5_strings_give(&d->column, d->cells, d->n, d->fields);
    return err->status;
}

static rfm_status read_dictionary(rfm_h5_texts *t, rfm_error *err)
{
    rfm_h5_dictionary *d = &t->dictionary;
    char *name = NULL;
    t->has_dictionary = true;
    if (get_text(t, RFM_EVENTS_DICTIONARY, &name, err) == RFM_OK &&
        rfm_h5_column_open(t->table, name, &d->column, err) == RFM_OK) {
        if (d->column.cell != RFM_H5_CELL_BYTES && d->column.cell != RFM_H5_CELL_TEXT)
            rfm_fail(err, RFM_DATA, "%s: dataset %s: a dictionary holds strings", t->path, name);
        else if (d->column.rows > DICTIONARY_BYTES / (int64_t)(d->column.width_bytes + sizeof *d->fields))
            rfm_fail(err, RFM_DATA, "%s: dataset %s: a dictionary of more than 2^30 bytes", t->path, name);
        else
            load_dictionary(d, err);
    }
    free(name);
    return err->status;
}

/* ---- meaning ---------------------------------------------------------------------------------------------------- */

static rfm_status take_meaning(rfm_h5_texts *t, const char *meaning, rfm_error *err)
{
    const bool text = strcmp(meaning, RFM_MEANS_TEXT) == 0;
    if (text ? t->column.cell != RFM_H5_CELL_BYTES && t->column.cell != RFM_H5_CELL_TEXT : !is_integer(t))
        return fail(t, text ? "a text is a string" : "what has this meaning is an integer", err);
    if (text || strcmp(meaning, RFM_MEANS_INTEGER) == 0)
        return RFM_OK;
    if (strcmp(meaning, RFM_MEANS_DECIMAL) == 0)
        return read_scale(t, err);
    if (strcmp(meaning, RFM_MEANS_DICTIONARY) == 0)
        return read_dictionary(t, err);
    t->exact.kind = RFM_EXACT_TIME;
    if (strcmp(meaning, RFM_MEANS_TIME) == 0)
        return read_time(t, err);
    t->exact.unit_us = RFM_DAY_US;
    if (strcmp(meaning, RFM_MEANS_DATE) == 0)
        return read_pattern(t, "YYYY-MM-DD", err);
    return fail(t, "an unknown meaning; it was written by a later version", err);
}

static rfm_status read_time_format(rfm_h5_texts *t, rfm_error *err)
{
    char *name = NULL;
    t->time_format = RFM_TIME_ISO;
    if (rfm_h5_table_text(t->table, t->name, RFM_EVENTS_TIME_FORMAT, &name, err) == RFM_OK && name) {
        t->has_time_format = true;
        if (!rfm_time_format_parse(name, &t->time_format))
            fail(t, "its time_format is none that input.time_format can be", err);
    }
    free(name);
    return err->status;
}

static rfm_status read_meaning(rfm_h5_texts *t, rfm_error *err)
{
    char *meaning = NULL;
    t->exact.kind = RFM_EXACT_NUMBER;
    if (read_time_format(t, err) != RFM_OK)
        return err->status;
    if (is_integer(t) &&
        rfm_h5_table_integer(t->table, t->name, RFM_EVENTS_NULL, &t->null, &t->has_null, err) != RFM_OK)
        return err->status;
    if (rfm_h5_table_text(t->table, t->name, RFM_EVENTS_MEANING, &meaning, err) == RFM_OK && meaning)
        take_meaning(t, meaning, err);
    free(meaning);
    return err->status;
}

/* ---- open, close, blocks ---------------------------------------------------------------------------------------- */

rfm_status rfm_h5_texts_open(rfm_h5_texts *t, rfm_h5_table *table, const char *path, const char *link, rfm_error *err)
{
    rfm_text name = {0};
    *t = (rfm_h5_texts){.table = table, .path = path};
    rfm_text_addf(&name, "%s/%s", RFM_EVENTS, link);
    t->name = name.bytes;
    if (rfm_text_check(&name, err) != RFM_OK || rfm_h5_column_open(table, t->name, &t->column, err) != RFM_OK)
        return err->status;
    if (t->column.cell == RFM_H5_CELL_OTHER)
        return fail(t, "holds neither integers nor floats of up to 64 bits, nor texts", err);
    t->values = rfm_alloc(RFM_COLUMNAR_ROWS, sizeof *t->values, err);
    t->typed = rfm_alloc(RFM_COLUMNAR_ROWS, sizeof *t->typed, err);
    t->present = rfm_alloc(RFM_COLUMNAR_ROWS, sizeof *t->present, err);
    t->bytes = rfm_alloc(RFM_COLUMNAR_ROWS, RFM_CELL_BYTES, err);
    return err->status == RFM_OK ? read_meaning(t, err) : err->status;
}

void rfm_h5_texts_close(rfm_h5_texts *t)
{
    rfm_h5_column_close(&t->column);
    rfm_h5_column_close(&t->dictionary.column);
    free(t->dictionary.cells);
    free(t->dictionary.fields);
    free(t->name);
    free(t->block);
    free(t->values);
    free(t->typed);
    free(t->present);
    free(t->bytes);
    *t = (rfm_h5_texts){0};
}

size_t rfm_h5_texts_block_rows(const rfm_h5_texts *t)
{
    const size_t rows = t->column.cell == RFM_H5_CELL_TEXT ? LONG_TEXT_ROWS : BLOCK_BYTES / t->column.width_bytes;
    return rows < BLOCK_ROWS ? rows : BLOCK_ROWS;
}

rfm_status rfm_h5_texts_load(rfm_h5_texts *t, int64_t first, size_t n, rfm_error *err)
{
    if (rfm_reserve(&t->block, &t->capacity, n * t->column.width_bytes, 1, err) != RFM_OK)
        return err->status;
    t->first = first;
    t->n = n;
    return rfm_h5_column_read(&t->column, first, n, t->block, err);
}
