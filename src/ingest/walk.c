/* walk: the rows of a text file from end to end. Line ends in quotes are the field's, wherever they stand. */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>

#include "heading.h"
#include "reader.h"

typedef struct walk {
    const rfm_file *file;
    const rfm_walker *walker;
    rfm_left_out *left_out;
    rfm_head head;
    rfm_reader reader;
    rfm_scanner scanner;
    int64_t line;
} walk;

static rfm_status refill(walk *w, rfm_error *err)
{
    if (rfm_reader_fill(&w->reader, w->scanner.at, err) != RFM_OK)
        return err->status;
    return rfm_scanner_window(&w->scanner, w->reader.bytes, w->reader.n, rfm_reader_at_end(&w->reader), err);
}

static rfm_status open_walk(walk *w, const rfm_input *input, rfm_error *err)
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
    rfm_scanner_open(&w->scanner, input->delimiter, true, RFM_ROW_LIMIT_BYTES);
    if (rfm_head_read(&reading, &none, &w->head, err) != RFM_OK ||
        rfm_scanner_expect(&w->scanner, w->head.n_fields, err) != RFM_OK ||
        rfm_reader_open(&w->reader, w->file, 0, RFM_BLOCK_BYTES, input->fault_file, err) != RFM_OK ||
        refill(w, err) != RFM_OK)
        return err->status;
    w->scanner.lead = rfm_head_mark_bytes(w->reader.bytes, w->reader.n);
    w->line = 1;
    return RFM_OK;
}

/* The window is ours, and the row was scanned: its fields may be rewritten in place. */
static void undouble(walk *w)
{
    for (size_t i = 0; i < w->head.n_fields; i++) {
        rfm_field *field = &w->scanner.fields[i];
        if (!field->doubled)
            continue;
        field->length = (uint32_t)rfm_field_undouble(*field, w->reader.bytes + (field->bytes - w->reader.bytes));
        field->doubled = false;
    }
}

/* Columns without names have numbers. */
static rfm_status give_numbers(const walk *w, rfm_error *err)
{
    enum { NUMBER_BYTES = 24 };
    const size_t n = w->head.n_fields;
    char *text = rfm_alloc(n, NUMBER_BYTES, err);
    rfm_field *names = rfm_alloc(n, sizeof *names, err);
    for (size_t i = 0; text && names && i < n; i++) {
        char *at = text + i * NUMBER_BYTES;
        names[i] = (rfm_field){.bytes = at, .length = (uint32_t)snprintf(at, NUMBER_BYTES, "%zu", i + 1)};
    }
    if (err->status == RFM_OK)
        w->walker->names(w->walker->context, names, n, err);
    free(text);
    free(names);
    return err->status;
}

static rfm_status leave_out(walk *w, const char *why, rfm_error *err)
{
    rfm_left_out *left_out = w->left_out;
    if (left_out->n++ == 0)
        rfm_text_addf(&left_out->first, "%s: line %lld: %s", w->file->path, (long long)w->line, why);
    return rfm_text_check(&left_out->first, err);
}

static rfm_status take_row(walk *w, rfm_row_kind kind, const rfm_row *row, bool is_names, rfm_error *err)
{
    char why[80];
    if (kind == RFM_ROW_FAULT)
        return leave_out(w, row->why, err);
    if (row->n_fields != w->head.n_fields) {
        snprintf(why, sizeof why, "%zu fields, not %zu", row->n_fields, w->head.n_fields);
        return leave_out(w, why, err);
    }
    undouble(w);
    return (is_names ? w->walker->names : w->walker->row)(w->walker->context, w->scanner.fields, w->head.n_fields, err);
}

static rfm_status walk_rows(walk *w, rfm_error *err)
{
    rfm_row row;
    for (int64_t at; (at = w->reader.offset + (int64_t)w->scanner.at) < w->file->size_bytes;) {
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

rfm_status rfm_file_walk(const rfm_input *input, const rfm_file *file, const rfm_walker *walker, rfm_left_out *left_out,
                         rfm_error *err)
{
    walk w = {.file = file, .walker = walker, .left_out = left_out, .reader = {.fd = -1}};
    if (open_walk(&w, input, err) == RFM_OK && (w.head.names_at >= 0 || give_numbers(&w, err) == RFM_OK))
        walk_rows(&w, err);
    rfm_reader_close(&w.reader);
    rfm_scanner_close(&w.scanner);
    return err->status;
}
