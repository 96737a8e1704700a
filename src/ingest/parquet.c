/* parquet: row groups as cuts, columns as slots; block by block, each slot's values become fields. Knows how the file
 * is walked, and neither the library that decodes it nor what a value looks like.
 *
 *   slot      chunk -> values, levels -> typed values; texts, fields
 */
#include "parquet.h"

#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "parquet_file.h"

enum {
    BLOCK_ROWS = 1024, /* given at a time: the values, texts and fields of all slots stay in the cache */
    /* What was read of a chunk of texts stays in memory until it is closed; it is opened anew after this much. */
    CHUNK_TEXT_BYTES = 16 << 20
};

typedef struct slot {
    const rfm_parquet_column *column;
    size_t first; /* the first slot of this column: itself, or the one whose fields it shares */
    rfm_parquet_chunk chunk;
    size_t text_bytes; /* read since the chunk was opened */
    void *values;      /* of the rows at hand, without those that are NULL */
    int16_t *levels;   /* NULL: none of them is NULL */
    size_t n, n_present;
    int64_t *typed;
    char *text;
    rfm_field *fields;
} slot;

typedef struct parquet {
    rfm_parquet_file file;
    slot *slots;
    size_t n_slots;
    int32_t group; /* the row's */
    int64_t row;   /* the next to read */
} parquet;

/* ---- open ------------------------------------------------------------------------------------------------------- */

static rfm_status tell_names(rfm_columnar *columnar, const rfm_parquet_file *file, rfm_error *err)
{
    columnar->names = rfm_alloc(file->n_columns, sizeof *columnar->names, err);
    if (!columnar->names)
        return err->status;
    for (size_t i = 0; i < file->n_columns; i++) {
        columnar->names[i] = rfm_copy_string(file->columns[i].name, err);
        if (!columnar->names[i])
            return err->status;
        columnar->n_fields++;
    }
    return RFM_OK;
}

/* Where a row group begins; row 0 also where there are none. */
static rfm_status tell_cuts(rfm_columnar *columnar, const rfm_parquet_file *file, rfm_error *err)
{
    columnar->cuts = rfm_alloc((size_t)file->n_groups + 1, sizeof *columnar->cuts, err);
    if (!columnar->cuts)
        return err->status;
    columnar->n_rows = file->first_rows[file->n_groups];
    columnar->n_cuts = 1;
    for (int32_t i = 1; i < file->n_groups; i++) {
        const int64_t cut = file->first_rows[i];
        if (cut > columnar->cuts[columnar->n_cuts - 1] && cut < columnar->n_rows)
            columnar->cuts[columnar->n_cuts++] = cut;
    }
    return RFM_OK;
}

static rfm_status open_parquet(rfm_columnar *columnar, rfm_error *err)
{
    parquet *p = columnar->own = rfm_alloc(1, sizeof *p, err);
    if (!p || rfm_parquet_file_open(&p->file, columnar->path, err) != RFM_OK ||
        tell_names(columnar, &p->file, err) != RFM_OK)
        return err->status;
    return tell_cuts(columnar, &p->file, err);
}

/* ---- begin ------------------------------------------------------------------------------------------------------ */

static void close_slots(rfm_columnar *columnar)
{
    parquet *p = columnar->own;
    for (size_t i = 0; i < p->n_slots; i++) {
        slot *s = &p->slots[i];
        rfm_parquet_chunk_close(&s->chunk);
        free(s->values);
        free(s->levels);
        free(s->typed);
        free(s->text);
        free(s->fields);
    }
    free(p->slots);
    free(columnar->cells);
    free(columnar->numbers);
    p->slots = NULL;
    p->n_slots = 0;
    columnar->cells = NULL;
    columnar->numbers = NULL;
}

static rfm_status open_slot(rfm_columnar *columnar, size_t i, rfm_error *err)
{
    parquet *p = columnar->own;
    slot *s = &p->slots[i];
    const rfm_parquet_column *column = s->column = &p->file.columns[columnar->fields[i]];
    if (column->refusal)
        return rfm_fail(err, RFM_DATA, "%s: column '%s' cannot be read: %s", columnar->path, column->name,
                        column->refusal);
    while (p->slots[s->first].column != column)
        s->first++;
    if (s->first < i)
        return RFM_OK;
    s->values = rfm_alloc(BLOCK_ROWS, column->type.value_bytes, err);
    s->levels = column->optional ? rfm_alloc(BLOCK_ROWS, sizeof *s->levels, err) : NULL;
    s->typed = rfm_alloc(BLOCK_ROWS, sizeof *s->typed, err);
    s->text = rfm_alloc(BLOCK_ROWS, RFM_CELL_BYTES, err);
    s->fields = rfm_alloc(BLOCK_ROWS, sizeof *s->fields, err);
    return err->status;
}

static rfm_status open_slots(rfm_columnar *columnar, rfm_error *err)
{
    parquet *p = columnar->own;
    const size_t n = columnar->n_slots;
    p->slots = rfm_alloc(n, sizeof *p->slots, err);
    columnar->cells = rfm_alloc(n, sizeof *columnar->cells, err);
    columnar->numbers = rfm_alloc(n, sizeof *columnar->numbers, err);
    for (size_t i = 0; i < n && err->status == RFM_OK; i++) {
        p->n_slots = i + 1;
        open_slot(columnar, i, err);
    }
    return err->status;
}

static rfm_columnar_numbers numbers_of(rfm_parquet_form form)
{
    return form == RFM_PARQUET_TEXT || form == RFM_PARQUET_FIXED ? RFM_NUMBERS_AS_TOLD : RFM_NUMBERS_POINT;
}

static rfm_status begin_parquet(rfm_columnar *columnar, int64_t row, rfm_error *err)
{
    parquet *p = columnar->own;
    close_slots(columnar);
    if (open_slots(columnar, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < columnar->n_slots; i++)
        columnar->numbers[i] = numbers_of(p->slots[i].column->type.form);
    columnar->has_time_format =
        rfm_parquet_time_format(&p->slots[columnar->time_slot].column->type, &columnar->time_format);
    columnar->n = 0;
    p->row = row;
    p->group = 0;
    while (p->group < p->file.n_groups && p->file.first_rows[p->group + 1] <= row)
        p->group++;
    return RFM_OK;
}

/* ---- next ------------------------------------------------------------------------------------------------------- */

static void leave_group(parquet *p)
{
    for (size_t i = 0; i < p->n_slots; i++)
        rfm_parquet_chunk_close(&p->slots[i].chunk);
    while (p->group < p->file.n_groups && p->file.first_rows[p->group + 1] <= p->row)
        p->group++;
}

static rfm_status open_chunk(const parquet *p, slot *s, rfm_error *err)
{
    rfm_parquet_chunk_close(&s->chunk);
    s->text_bytes = 0;
    return rfm_parquet_chunk_open(&s->chunk, &p->file, s->column, p->group, p->row - p->file.first_rows[p->group], err);
}

static size_t count_present(const slot *s, size_t n)
{
    size_t n_present = 0;
    for (size_t i = 0; s->levels && i < n; i++)
        n_present += s->levels[i] != 0;
    return s->levels ? n_present : n;
}

/* False: a value has a length that it cannot have. */
static bool write_fields(slot *s)
{
    if (!rfm_parquet_fields(&s->column->type, s->values, s->n_present, s->text, s->fields))
        return false;
    if (s->n_present < s->n)
        rfm_parquet_spread(s->levels, s->n, s->fields);
    return true;
}

/* The rows at hand as they are, where that can be. */
static bool read_values(slot *s, rfm_typed *cells)
{
    *cells = rfm_parquet_kind(&s->column->type);
    if (cells->kind == RFM_TYPED_TEXT || !rfm_parquet_read(&s->column->type, s->values, s->n_present, s->typed))
        return false;
    cells->values = s->typed;
    if (s->n_present < s->n) {
        rfm_parquet_spread_values(s->levels, s->n, s->typed);
        cells->present = s->levels;
    }
    return true;
}

static rfm_status read_slot(const parquet *p, slot *s, size_t n, rfm_typed *cells, rfm_error *err)
{
    if ((!s->chunk.reader || s->text_bytes > CHUNK_TEXT_BYTES) && open_chunk(p, s, err) != RFM_OK)
        return err->status;
    if (rfm_parquet_chunk_read(&s->chunk, n, s->values, s->levels, err) != RFM_OK)
        return err->status;
    s->n = n;
    s->n_present = count_present(s, n);
    if (read_values(s, cells))
        return RFM_OK;
    if (!write_fields(s))
        return rfm_parquet_chunk_fail(&s->chunk, RFM_DATA, "a value has a length that it cannot have", err);
    if (s->column->type.form == RFM_PARQUET_TEXT)
        for (size_t i = 0; i < n; i++)
            s->text_bytes += s->fields[i].length;
    *cells = (rfm_typed){.kind = RFM_TYPED_TEXT, .texts = s->fields};
    return RFM_OK;
}

static rfm_status next_parquet(rfm_columnar *columnar, int64_t max_rows, rfm_error *err)
{
    parquet *p = columnar->own;
    columnar->n = 0;
    if (p->row >= columnar->n_rows || max_rows < 1)
        return RFM_OK;
    if (p->row >= p->file.first_rows[p->group + 1])
        leave_group(p);
    const int64_t left = p->file.first_rows[p->group + 1] - p->row;
    int64_t n = max_rows < BLOCK_ROWS ? max_rows : BLOCK_ROWS;
    n = n < left ? n : left;
    for (size_t i = 0; i < p->n_slots; i++) {
        if (p->slots[i].first < i)
            columnar->cells[i] = columnar->cells[p->slots[i].first];
        else if (read_slot(p, &p->slots[i], (size_t)n, &columnar->cells[i], err) != RFM_OK)
            return err->status;
    }
    columnar->n = (size_t)n;
    p->row += n;
    return RFM_OK;
}

/* What has values has texts: only those of variable length may have one that they cannot have. */
static void write_parquet(rfm_columnar *columnar, size_t i)
{
    const parquet *p = columnar->own;
    slot *s = &p->slots[p->slots[i].first];
    const bool written = write_fields(s);
    rfm_assert(written);
    columnar->cells[i].texts = s->fields;
}

static void close_parquet(rfm_columnar *columnar)
{
    parquet *p = columnar->own;
    if (p) {
        close_slots(columnar);
        rfm_parquet_file_close(&p->file);
    }
    for (size_t i = 0; columnar->names && i < columnar->n_fields; i++)
        free(columnar->names[i]);
    free(columnar->names);
    free(columnar->cuts);
    free(p);
    columnar->own = NULL;
    columnar->names = NULL;
    columnar->cuts = NULL;
    columnar->n_fields = columnar->n_cuts = 0;
}

const rfm_columnar_kind rfm_parquet = {"Parquet",    open_parquet,  begin_parquet,
                                       next_parquet, write_parquet, close_parquet};
