/* batch: the memory of up to RFM_BATCH_EVENTS events. Knows no rows. */
#include "batch.h"

#include <stdlib.h>

enum { N = RFM_BATCH_EVENTS };

/* n columns of N elements in one piece, as a list of columns. */
static void *open_columns(size_t n, size_t element_size, rfm_error *err)
{
    char **columns = rfm_alloc(n + 1, sizeof *columns, err);
    char *cells = rfm_alloc(n * N, element_size, err);
    if (!columns || !cells) {
        free(columns);
        free(cells);
        return NULL;
    }
    columns[0] = cells;
    for (size_t i = 1; i < n; i++)
        columns[i] = columns[i - 1] + N * element_size;
    return columns;
}

static void close_columns(void *columns)
{
    if (columns)
        free(*(void **)columns);
    free(columns);
}

static void open_ids(rfm_event_batch *batch, rfm_id_kind kind, rfm_error *err)
{
    batch->id_hash = rfm_alloc(N, sizeof *batch->id_hash, err);
    if (kind == RFM_ID_INTEGER) {
        batch->id_number = rfm_alloc(N, sizeof *batch->id_number, err);
        return;
    }
    batch->id_text = rfm_alloc(N, sizeof *batch->id_text, err);
    batch->id_length = rfm_alloc(N, sizeof *batch->id_length, err);
    batch->id_bytes = rfm_alloc(N, RFM_ID_MAX_BYTES, err);
    for (size_t i = 0; batch->id_text && batch->id_bytes && i < N; i++)
        batch->id_text[i] = batch->id_bytes + i * RFM_ID_MAX_BYTES;
}

rfm_status rfm_event_batch_open(rfm_event_batch *batch, const rfm_input *input, rfm_event_sink sink, void *context,
                                rfm_error *err)
{
    *batch =
        (rfm_event_batch){.n_numbers = input->n_numbers, .n_hashes = input->n_hashes, .sink = sink, .context = context};
    open_ids(batch, input->id_kind, err);
    batch->time_us = rfm_alloc(N, sizeof *batch->time_us, err);
    batch->day = rfm_alloc(N, sizeof *batch->day, err);
    batch->where = rfm_alloc(N, sizeof *batch->where, err);
    batch->has_number = rfm_alloc(N, sizeof *batch->has_number, err);
    batch->has_hash = rfm_alloc(N, sizeof *batch->has_hash, err);
    batch->numbers = open_columns(input->n_numbers, sizeof **batch->numbers, err);
    batch->hashes = open_columns(input->n_hashes, sizeof **batch->hashes, err);
    if (input->dedupe != RFM_DEDUPE_NONE) {
        batch->key = rfm_alloc(N, sizeof *batch->key, err);
        batch->row = rfm_alloc(N, sizeof *batch->row, err);
    }
    return err->status;
}

void rfm_event_batch_close(rfm_event_batch *batch)
{
    free(batch->id_hash);
    free(batch->id_number);
    free(batch->id_text);
    free(batch->id_length);
    free(batch->id_bytes);
    free(batch->time_us);
    free(batch->day);
    free(batch->where);
    free(batch->has_number);
    free(batch->has_hash);
    close_columns(batch->numbers);
    close_columns(batch->hashes);
    free(batch->key);
    free(batch->row);
    *batch = (rfm_event_batch){0};
}

rfm_status rfm_event_batch_flush(rfm_event_batch *batch, rfm_error *err)
{
    const rfm_events events = {.n = batch->n,
                               .id_hash = batch->id_hash,
                               .id_number = batch->id_number,
                               .id_text = batch->id_text,
                               .id_length = batch->id_length,
                               .time_us = batch->time_us,
                               .day = batch->day,
                               .where = batch->where,
                               .has_number = batch->has_number,
                               .has_hash = batch->has_hash,
                               .numbers = (const int64_t *const *)batch->numbers,
                               .hashes = (const uint64_t *const *)batch->hashes,
                               .key = batch->key,
                               .row = batch->row};
    if (batch->n == 0)
        return RFM_OK;
    batch->n = 0;
    return batch->sink(batch->context, &events, err);
}
