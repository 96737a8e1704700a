/* shard: the loop over the rows of one shard: read, scan, evaluate, count. Knows no more of each
 * than its header says.
 */

#include <stdio.h>

#include "heading.h"
#include "reader.h"
#include "values.h"

typedef struct work {
    const rfm_reading *reading;
    rfm_head head;
    rfm_reader reader;
    rfm_scanner scanner;
    rfm_values values;
    rfm_event_batch batch;
    int64_t n_lines; /* line ends of the shard's bytes so far */
} work;

static rfm_status refill(work *w, rfm_error *err)
{
    if (rfm_reader_fill(&w->reader, w->scanner.at, err) != RFM_OK)
        return err->status;
    return rfm_scanner_window(&w->scanner, w->reader.bytes, w->reader.n, rfm_reader_at_end(&w->reader), err);
}

/* A shard in mid-file looks for the first line end at or after begin - 1. */
static rfm_status open_work(work *w, rfm_error *err)
{
    const rfm_reading *r = w->reading;
    const rfm_file *file = &r->files->files[r->shard->file];
    const int64_t from = r->shard->begin > 0 ? r->shard->begin - 1 : 0;
    if (rfm_values_open(&w->values, r->input, err) != RFM_OK ||
        rfm_event_batch_open(&w->batch, r->input, r->sink, r->context, err) != RFM_OK ||
        rfm_head_read(r, &w->values.columns, &w->head, err) != RFM_OK)
        return err->status;
    rfm_scanner_open(&w->scanner, r->input->delimiter, file->whole, r->row_bytes);
    if (rfm_scanner_expect(&w->scanner, w->head.n_fields, err) != RFM_OK ||
        rfm_reader_open(&w->reader, file, from, r->block_bytes, r->input->fault_file, err) != RFM_OK ||
        refill(w, err) != RFM_OK)
        return err->status;
    w->scanner.skipping = r->shard->begin > 0;
    if (r->shard->begin == 0)
        w->scanner.lead = rfm_head_mark_bytes(w->reader.bytes, w->reader.n);
    return RFM_OK;
}

static void close_work(work *w)
{
    rfm_reader_close(&w->reader);
    rfm_scanner_close(&w->scanner);
    rfm_event_batch_close(&w->batch);
    rfm_values_close(&w->values);
}

static int64_t position(const work *w)
{
    return w->reader.offset + (int64_t)w->scanner.at;
}

/* Only line ends among the shard's own bytes count; others count them too. */
static void count_lines(work *w, const rfm_row *row)
{
    const rfm_shard *shard = w->reading->shard;
    const int64_t line_end = position(w) - 1;
    w->n_lines += row->n_inner_lines;
    if (row->has_line_end)
        w->n_lines += line_end >= shard->begin && line_end < shard->end;
}

static rfm_status add_reject(work *w, const rfm_row *row, const rfm_refusal *refusal, rfm_error *err)
{
    const rfm_reading *r = w->reading;
    const rfm_reject place = {.file = r->shard->file, .line = w->n_lines + 1, .shard = r->index};
    const rfm_field text = {.bytes = w->scanner.bytes + row->begin, .length = (uint32_t)(row->end - row->begin)};
    return rfm_rejects_add(r->rejects, place, refusal, text, err);
}

static rfm_status refuse_fields(work *w, const rfm_row *row, rfm_error *err)
{
    char why[80] = "";
    if (rfm_rejects_keeps(w->reading->rejects, RFM_REASON_FIELDS))
        snprintf(why, sizeof why, "%zu fields, not %zu", row->n_fields, w->head.n_fields);
    return add_reject(w, row, &(rfm_refusal){.reason = RFM_REASON_FIELDS, .before = why}, err);
}

static rfm_status flush(work *w, rfm_error *err)
{
    if (rfm_event_batch_flush(&w->batch, err) != RFM_OK)
        rfm_error_context(err, "%s", w->reader.file->path);
    return err->status;
}

static rfm_status count_event(work *w, rfm_error *err)
{
    rfm_tally *tally = w->reading->tally;
    const int64_t us = w->batch.time_us[w->batch.n - 1];
    if (tally->n_events == 0 || us < tally->earliest_us)
        tally->earliest_us = us;
    if (tally->n_events == 0 || us > tally->newest_us)
        tally->newest_us = us;
    tally->n_events++;
    tally->n_with_time_of_day += !w->values.timestamp.date_only;
    return w->batch.n == RFM_BATCH_EVENTS ? flush(w, err) : RFM_OK;
}

static rfm_status take_fields(work *w, const rfm_row *row, rfm_error *err)
{
    rfm_refusal refusal;
    if (row->n_fields != w->head.n_fields)
        return refuse_fields(w, row, err);
    switch (rfm_values_take(&w->values, w->scanner.fields, &w->batch, &refusal, err)) {
    case RFM_VERDICT_EVENT:
        return count_event(w, err);
    case RFM_VERDICT_FILTERED:
        w->reading->tally->n_filtered++;
        return RFM_OK;
    case RFM_VERDICT_AFTER_AS_OF:
        w->reading->tally->n_after_as_of++;
        return RFM_OK;
    case RFM_VERDICT_REFUSED:
        return add_reject(w, row, &refusal, err);
    case RFM_VERDICT_FAILED:
        break;
    }
    return err->status;
}

static rfm_status take_row(work *w, rfm_row_kind kind, const rfm_row *row, rfm_error *err)
{
    w->reading->tally->n_rows++;
    if (kind == RFM_ROW_FIELDS)
        return take_fields(w, row, err);
    return add_reject(w, row, &(rfm_refusal){.reason = row->reason, .before = row->why}, err);
}

static rfm_status read_rows(work *w, rfm_error *err)
{
    rfm_row row;
    int64_t row_at;
    while ((row_at = position(w)) < w->reading->shard->end) {
        const rfm_row_kind kind = rfm_scanner_next(&w->scanner, &row);
        rfm_status status = RFM_OK;
        if (kind == RFM_ROW_MORE) {
            status = refill(w, err);
        } else if (kind == RFM_ROW_QUOTED_LINE_END) {
            w->reading->result->quoted_line_ends = true;
            return RFM_OK;
        } else {
            if (kind != RFM_ROW_NONE && row_at != w->head.names_at)
                status = take_row(w, kind, &row, err);
            count_lines(w, &row);
        }
        if (status != RFM_OK)
            return status;
    }
    return flush(w, err);
}

rfm_status rfm_shard_read(const rfm_reading *reading, rfm_error *err)
{
    const rfm_shard *shard = reading->shard;
    rfm_reading sized = *reading;
    work w = {.reading = &sized};
    rfm_assert(shard->begin <= shard->end && shard->end <= reading->files->files[shard->file].size_bytes);
    sized.block_bytes = reading->block_bytes ? reading->block_bytes : RFM_BLOCK_BYTES;
    sized.row_bytes = reading->row_bytes ? reading->row_bytes : RFM_ROW_LIMIT_BYTES;
    *reading->result = (rfm_shard_result){0};
    if (open_work(&w, err) == RFM_OK && read_rows(&w, err) == RFM_OK && rfm_reader_check(&w.reader, err) == RFM_OK) {
        reading->tally->n_bytes += shard->end - shard->begin;
        reading->result->n_lines = w.n_lines;
    }
    close_work(&w);
    return err->status;
}
