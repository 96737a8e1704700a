/* walk: the rows of a file from end to end, of text and of columns. Line ends in quotes are the field's, wherever they
 * stand.
 */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "heading.h"
#include "reader.h"

/* ---- text ------------------------------------------------------------------------------------------------------- */

typedef struct text_walk {
    const rfm_file *file;
    const rfm_walker *walker;
    rfm_left_out *left_out;
    rfm_head head;
    rfm_reader reader;
    rfm_scanner scanner;
    int64_t line;
} text_walk;

static rfm_status refill(text_walk *w, rfm_error *err)
{
    if (rfm_reader_fill(&w->reader, w->scanner.at, err) != RFM_OK)
        return err->status;
    return rfm_scanner_window(&w->scanner, w->reader.bytes, w->reader.n, rfm_reader_at_end(&w->reader), err);
}

static rfm_status read_head(text_walk *w, const rfm_input *input, rfm_error *err)
{
    rfm_file file = *w->file;
    const rfm_files files = {.files = &file, .n = 1};
    const rfm_shard shard = {0};
    const rfm_reading reading = {.input = input,
                                 .files = &files,
                                 .shard = &shard,
                                 .block_bytes = RFM_BLOCK_BYTES,
                                 .row_bytes = RFM_ROW_LIMIT_BYTES};
    rfm_columns none = {0};
    return rfm_head_read(&reading, &none, &w->head, err);
}

static rfm_status open_text(text_walk *w, const rfm_input *input, rfm_error *err)
{
    rfm_scanner_open(&w->scanner, rfm_format_dialect(input, w->file), true, RFM_ROW_LIMIT_BYTES);
    if (read_head(w, input, err) != RFM_OK || rfm_scanner_expect(&w->scanner, w->head.n_fields, err) != RFM_OK ||
        rfm_reader_open(&w->reader, w->file, 0, RFM_BLOCK_BYTES, input->fault_file, err) != RFM_OK ||
        refill(w, err) != RFM_OK)
        return err->status;
    w->scanner.lead = rfm_head_mark_bytes(w->reader.bytes, w->reader.n);
    w->line = 1;
    return RFM_OK;
}

/* The window is ours, and the row was scanned: its fields may be rewritten in place. */
static void decode(text_walk *w)
{
    const rfm_dialect dialect = w->scanner.dialect;
    for (size_t i = 0; i < w->head.n_fields; i++) {
        rfm_field *field = &w->scanner.fields[i];
        char *text = w->reader.bytes + (field->bytes - w->reader.bytes);
        if (dialect.null && field->length == strlen(dialect.null) && memcmp(text, dialect.null, field->length) == 0)
            field->length = 0;
        else if (field->doubled || field->escaped)
            field->length = (uint32_t)rfm_field_decode(*field, dialect, text);
        field->doubled = field->escaped = false;
    }
}

static rfm_status give_names(const text_walk *w, const rfm_field *names, rfm_error *err)
{
    const size_t n = w->head.n_fields;
    rfm_walk_column *columns = rfm_alloc(n, sizeof *columns, err);
    for (size_t i = 0; columns && i < n; i++)
        columns[i] = (rfm_walk_column){.name = names[i]};
    if (columns)
        w->walker->head(w->walker->context, columns, n, err);
    free(columns);
    return err->status;
}

/* Columns without names have numbers. */
static rfm_status give_numbers(const text_walk *w, rfm_error *err)
{
    enum { NUMBER_BYTES = 24 };
    const size_t n = w->head.n_fields;
    char *text = rfm_alloc(n, NUMBER_BYTES, err);
    rfm_field *names = rfm_alloc(n, sizeof *names, err);
    for (size_t i = 0; text && names && i < n; i++) {
        char *at = text + i * NUMBER_BYTES;
        names[i] = (rfm_field){.bytes = at, .length = (uint32_t)snprintf(at, NUMBER_BYTES, "%zu", i + 1)};
    }
    if (text && names)
        give_names(w, names, err);
    free(text);
    free(names);
    return err->status;
}

static rfm_status leave_out(const text_walk *w, const char *why, rfm_error *err)
{
    rfm_left_out *left_out = w->left_out;
    if (left_out->n++ == 0)
        rfm_text_addf(&left_out->first, "%s: line %lld: %s", w->file->path, (long long)w->line, why);
    return rfm_text_check(&left_out->first, err);
}

static rfm_status take_row(text_walk *w, rfm_row_kind kind, const rfm_row *row, bool is_names, rfm_error *err)
{
    char why[80];
    if (kind == RFM_ROW_FAULT)
        return leave_out(w, row->why, err);
    if (row->n_fields != w->head.n_fields) {
        snprintf(why, sizeof why, "%zu fields, not %zu", row->n_fields, w->head.n_fields);
        return leave_out(w, why, err);
    }
    decode(w);
    return is_names ? give_names(w, w->scanner.fields, err)
                    : w->walker->row(w->walker->context, w->scanner.fields, w->head.n_fields, err);
}

static rfm_status walk_rows(text_walk *w, rfm_error *err)
{
    rfm_row row;
    while (w->scanner.at < w->scanner.n || !rfm_reader_at_end(&w->reader)) {
        const int64_t at = w->reader.offset + (int64_t)w->scanner.at;
        const rfm_row_kind kind = rfm_scanner_next(&w->scanner, &row);
        if (kind == RFM_ROW_MORE) {
            if (refill(w, err) != RFM_OK)
                return err->status;
            continue;
        }
        if (kind != RFM_ROW_NONE && take_row(w, kind, &row, at == w->head.names_at, err) != RFM_OK)
            return err->status;
        w->line += row.n_inner_lines + row.has_line_end;
    }
    return rfm_reader_check(&w->reader, err);
}

static rfm_status walk_text(const rfm_input *input, text_walk *w, rfm_error *err)
{
    if (open_text(w, input, err) == RFM_OK && (w->head.names_at >= 0 || give_numbers(w, err) == RFM_OK))
        walk_rows(w, err);
    rfm_reader_close(&w->reader);
    rfm_scanner_close(&w->scanner);
    return err->status;
}

/* ---- columns ---------------------------------------------------------------------------------------------------- */

/* Each column is asked by itself how its texts are read as times and numbers. */
static rfm_status describe(rfm_columnar *c, const size_t *all, rfm_walk_column *columns, rfm_error *err)
{
    c->n_slots = 1;
    c->time_slot = 0;
    for (size_t i = 0; i < c->n_fields; i++) {
        c->fields = all + i;
        if (c->kind->begin(c, 0, err) != RFM_OK)
            return err->status;
        columns[i] = (rfm_walk_column){.name = {.bytes = c->names[i], .length = (uint32_t)strlen(c->names[i])},
                                       .has_time_format = c->has_time_format,
                                       .time_format = c->time_format,
                                       .numbers = c->numbers[0]};
    }
    return RFM_OK;
}

static rfm_status give_head(rfm_columnar *c, const size_t *all, const rfm_walker *walker, rfm_error *err)
{
    rfm_walk_column *columns = rfm_alloc(c->n_fields, sizeof *columns, err);
    if (columns && describe(c, all, columns, err) == RFM_OK)
        walker->head(walker->context, columns, c->n_fields, err);
    free(columns);
    return err->status;
}

static rfm_status give_rows(rfm_columnar *c, const rfm_walker *walker, rfm_field *fields, rfm_error *err)
{
    for (size_t row = 0; row < c->n; row++) {
        for (size_t i = 0; i < c->n_slots; i++)
            fields[i] = rfm_columnar_texts(c, i)[row];
        if (walker->row(walker->context, fields, c->n_slots, err) != RFM_OK)
            return err->status;
    }
    return RFM_OK;
}

static rfm_status read_rows(rfm_columnar *c, const size_t *all, const rfm_walker *walker, rfm_error *err)
{
    rfm_field *fields = rfm_alloc(c->n_fields, sizeof *fields, err);
    c->fields = all;
    c->n_slots = c->n_fields;
    if (fields && c->n_fields > 0 && c->kind->begin(c, 0, err) == RFM_OK)
        for (int64_t at = 0; at < c->n_rows && err->status == RFM_OK; at += (int64_t)c->n)
            if (c->kind->next(c, c->n_rows - at, err) == RFM_OK)
                give_rows(c, walker, fields, err);
    free(fields);
    return err->status;
}

static rfm_status walk_columns(const rfm_file *file, const rfm_walker *walker, rfm_error *err)
{
    rfm_columnar c = {.kind = rfm_format_traits_of(file->format)->columnar, .path = file->path};
    c.kind->open(&c, err);
    size_t *all = rfm_alloc(c.n_fields, sizeof *all, err);
    for (size_t i = 0; all && i < c.n_fields; i++)
        all[i] = i;
    if (err->status == RFM_OK && give_head(&c, all, walker, err) == RFM_OK)
        read_rows(&c, all, walker, err);
    c.kind->close(&c);
    free(all);
    return err->status;
}

rfm_status rfm_file_walk(const rfm_input *input, const rfm_file *file, const rfm_walker *walker, rfm_left_out *left_out,
                         rfm_error *err)
{
    if (rfm_format_traits_of(file->format)->columnar)
        return walk_columns(file, walker, err);
    return walk_text(input,
                     &(text_walk){.file = file, .walker = walker, .left_out = left_out, .reader = {.lent = true}}, err);
}
