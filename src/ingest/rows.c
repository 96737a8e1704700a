/* rows: see rows.h. Knows no more of reading, scanning and evaluating than their headers say. */
#include "rows.h"

#include "format.h"

#include <stdio.h>

rfm_status rfm_rows_open(rfm_rows *rows, const rfm_reading *reading, rfm_error *err)
{
    const rfm_file *file = &reading->files->files[reading->shard->file];
    *rows = (rfm_rows){0};
    rfm_scanner_open(&rows->scanner, rfm_format_dialect(reading->input, file),
                     file->whole || rfm_format_traits_of(file->format)->codec, reading->row_bytes);
    if (rfm_intake_open(&rows->intake, reading, err) == RFM_OK &&
        rfm_head_read(reading, &rows->intake.values.columns, &rows->head, err) == RFM_OK)
        rfm_scanner_expect(&rows->scanner, rows->head.n_fields, err);
    return err->status;
}

void rfm_rows_close(rfm_rows *rows)
{
    rfm_reader_close(&rows->reader);
    rfm_scanner_close(&rows->scanner);
    rfm_intake_close(&rows->intake);
}

static int64_t position(const rfm_rows *rows)
{
    return rows->reader.offset + (int64_t)rows->scanner.at;
}

static rfm_status show_window(rfm_rows *rows, rfm_error *err)
{
    return rfm_scanner_window(&rows->scanner, rows->reader.bytes, rows->reader.n, rfm_reader_at_end(&rows->reader),
                              err);
}

rfm_status rfm_rows_note(rfm_rows *rows, int64_t end, rfm_error *err)
{
    const rfm_reading *r = rows->intake.reading;
    const rfm_portion portion = {.file = (int64_t)r->shard->file,
                                 .begin = rows->noted,
                                 .end = end,
                                 .n_lines = rows->n_lines - rows->n_lines_noted,
                                 .whole = r->files->files[r->shard->file].whole};
    rows->noted = rows->intake.begin = end;
    rows->n_lines_noted = rows->n_lines;
    return r->portions ? rfm_portions_add(r->portions, portion, err) : err->status;
}

/* Where a row begins, and the bytes of a row that was refused are behind us. */
static rfm_status pause_when_due(rfm_rows *rows, rfm_error *err)
{
    const rfm_pause *pause = rows->intake.reading->pause;
    if (!pause || rows->scanner.skipping || position(rows) <= rows->noted || !pause->is_due(pause->context))
        return RFM_OK;
    if (rfm_intake_flush(&rows->intake, err) == RFM_OK && rfm_rows_note(rows, position(rows), err) == RFM_OK)
        pause->take(pause->context, err);
    return err->status;
}

static rfm_status refill(rfm_rows *rows, rfm_error *err)
{
    if (pause_when_due(rows, err) != RFM_OK)
        return err->status;
    if (rfm_reader_fill(&rows->reader, rows->scanner.at, err) != RFM_OK)
        return err->status;
    const rfm_stream *stream = &rows->reader.stream;
    rfm_intake_watched(&rows->intake, stream->codec ? stream->at : stream->at - rows->begin);
    return show_window(rows, err);
}

/* Only line ends among the wanted bytes count; others count the rest. */
static void count_lines(rfm_rows *rows, const rfm_row *row)
{
    const int64_t line_end = position(rows) - 1;
    rows->n_lines += row->n_inner_lines;
    if (row->has_line_end)
        rows->n_lines += line_end >= rows->begin && line_end < rows->end;
}

static rfm_status refuse(rfm_rows *rows, const rfm_row *row, const rfm_refusal *refusal, rfm_error *err)
{
    const rfm_field text = {.bytes = rows->scanner.bytes + row->begin, .length = (uint32_t)(row->end - row->begin)};
    return rfm_intake_refuse(&rows->intake, refusal, rows->n_lines - rows->n_lines_noted + 1, text, err);
}

static rfm_status refuse_fields(rfm_rows *rows, const rfm_row *row, rfm_error *err)
{
    char why[80] = "";
    if (rfm_rejects_keeps(rows->intake.reading->rejects, RFM_REASON_FIELDS))
        snprintf(why, sizeof why, "%zu fields, not %zu", row->n_fields, rows->head.n_fields);
    return refuse(rows, row, &(rfm_refusal){.reason = RFM_REASON_FIELDS, .before = why}, err);
}

static rfm_status take_row(rfm_rows *rows, rfm_row_kind kind, const rfm_row *row, rfm_error *err)
{
    rfm_refusal refusal = {.reason = row->reason, .before = row->why};
    if (kind == RFM_ROW_FIELDS && row->n_fields == rows->head.n_fields) {
        if (rfm_intake_take(&rows->intake, rows->scanner.fields, &refusal, err) || err->status != RFM_OK)
            return err->status;
        return refuse(rows, row, &refusal, err);
    }
    rows->intake.reading->tally->n_rows++;
    return kind == RFM_ROW_FIELDS ? refuse_fields(rows, row, err) : refuse(rows, row, &refusal, err);
}

/* Plain rows are taken many at a time, up to one about which there is something to say. False: none was, take one. */
static bool take_plain(rfm_rows *rows, rfm_error *err)
{
    const size_t most = rfm_values_stretch(&rows->intake.values, &rows->intake.batch);
    if (position(rows) <= rows->head.names_at)
        return false;
    const rfm_plain plain = rfm_plain_find(&rows->scanner, most, (size_t)(rows->end - rows->reader.offset));
    const size_t n = plain.n > 0 ? rfm_intake_take_plain(&rows->intake, &plain, err) : 0;
    rfm_plain_pass(&plain, n, &rows->scanner);
    rows->n_lines += (int64_t)n - (n > 0 && position(rows) > rows->end);
    return n > 0;
}

static bool is_done(const rfm_rows *rows)
{
    return position(rows) >= rows->end || (rows->scanner.at == rows->scanner.n && rfm_reader_at_end(&rows->reader));
}

static rfm_status next_row(rfm_rows *rows, rfm_error *err)
{
    rfm_row row;
    const int64_t row_at = position(rows);
    const rfm_row_kind kind = rfm_scanner_next(&rows->scanner, &row);
    if (kind == RFM_ROW_MORE)
        return refill(rows, err);
    if (kind == RFM_ROW_QUOTED_LINE_END) {
        rows->quoted_line_ends = true;
        return RFM_OK;
    }
    if (kind != RFM_ROW_NONE && row_at != rows->head.names_at && take_row(rows, kind, &row, err) != RFM_OK)
        return err->status;
    count_lines(rows, &row);
    return RFM_OK;
}

rfm_status rfm_rows_read(rfm_rows *rows, int64_t begin, int64_t end, rfm_error *err)
{
    rows->begin = rows->noted = rows->intake.begin = begin;
    rows->end = end;
    rows->n_lines = rows->n_lines_noted = 0;
    if (show_window(rows, err) != RFM_OK)
        return err->status;
    rows->scanner.skipping = rows->reader.offset < begin;
    rows->scanner.lead = begin == 0 ? rfm_head_mark_bytes(rows->reader.bytes, rows->reader.n) : 0;
    while (!rows->quoted_line_ends && !is_done(rows) && err->status == RFM_OK)
        if (!take_plain(rows, err))
            next_row(rows, err);
    return err->status;
}
