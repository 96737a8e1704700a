/* Customers x features in memory. Knows nothing of how the numbers came about. */
#include "frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rfm_names_free(char **names, size_t n)
{
    for (size_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
}

void rfm_frame_free(rfm_frame *frame)
{
    rfm_ids_free(&frame->ids);
    free(frame->values);
    rfm_weights_free(&frame->weights);
    rfm_names_free(frame->names, (size_t)frame->d);
    rfm_names_free(frame->units, (size_t)frame->d);
    *frame = (rfm_frame){0};
}

void rfm_frame_place(rfm_comm *comm, rfm_frame *frame)
{
    frame->n_global = (int64_t)frame->n;
    frame->first = rfm_comm_before_i64(comm, frame->n_global);
    rfm_comm_reduce_i64(comm, RFM_SUM, &frame->n_global, 1);
}

static rfm_status pick_texts(const rfm_ids *ids, const size_t *picked, size_t n, rfm_ids *out, rfm_error *err)
{
    size_t length = 0;
    for (size_t i = 0; i < n; i++)
        length += ids->offset[picked[i] + 1] - ids->offset[picked[i]];
    out->offset = rfm_alloc(n + 1, sizeof *out->offset, err);
    out->bytes = rfm_alloc(length, 1, err);
    for (size_t i = 0; i < n && err->status == RFM_OK; i++) {
        const size_t begin = ids->offset[picked[i]], bytes = ids->offset[picked[i] + 1] - begin;
        memcpy(out->bytes + out->offset[i], ids->bytes + begin, bytes);
        out->offset[i + 1] = out->offset[i] + bytes;
    }
    return err->status;
}

rfm_status rfm_ids_pick(const rfm_ids *ids, const size_t *picked, size_t n, rfm_ids *out, rfm_error *err)
{
    *out = (rfm_ids){.kind = ids->kind, .n = n};
    out->hash = rfm_alloc(n, sizeof *out->hash, err);
    for (size_t i = 0; out->hash && i < n; i++)
        out->hash[i] = ids->hash[picked[i]];
    if (ids->kind == RFM_ID_TEXT) {
        pick_texts(ids, picked, n, out, err);
    } else {
        out->number = rfm_alloc(n, sizeof *out->number, err);
        for (size_t i = 0; out->number && i < n; i++)
            out->number[i] = ids->number[picked[i]];
    }
    if (err->status != RFM_OK)
        rfm_ids_free(out);
    return err->status;
}

uint64_t rfm_frame_key(const rfm_frame *frame, size_t row)
{
    return frame->has_ids ? frame->ids.hash[row] : rfm_hash64_integer(frame->first + (int64_t)row);
}

void rfm_frame_describe(const rfm_frame *frame, size_t row, char *text, size_t size)
{
    const rfm_ids *ids = &frame->ids;
    if (!frame->has_ids)
        snprintf(text, size, "row %" PRId64 " (from 0)", frame->first + (int64_t)row);
    else if (ids->kind == RFM_ID_INTEGER)
        snprintf(text, size, "customer %" PRId64, ids->number[row]);
    else
        snprintf(text, size, "customer '%.*s'", (int)(ids->offset[row + 1] - ids->offset[row]),
                 ids->bytes + ids->offset[row]);
}
