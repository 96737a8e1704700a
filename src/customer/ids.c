/* ids: customer ids in memory, their order, and some of many. */
#include "ids.h"

#include <stdlib.h>
#include <string.h>

int rfm_id_compare_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t common = a_length < b_length ? a_length : b_length;
    int order = common > 0 ? memcmp(a, b, common) : 0;
    if (order != 0)
        return order;
    return (a_length > b_length) - (a_length < b_length);
}

int rfm_ids_compare(const rfm_ids *a, size_t i, const rfm_ids *b, size_t j)
{
    if (a->hash[i] != b->hash[j])
        return a->hash[i] < b->hash[j] ? -1 : 1;
    if (a->kind == RFM_ID_INTEGER)
        return (a->number[i] > b->number[j]) - (a->number[i] < b->number[j]);
    return rfm_id_compare_text(a->bytes + a->offset[i], a->offset[i + 1] - a->offset[i], b->bytes + b->offset[j],
                               b->offset[j + 1] - b->offset[j]);
}

void rfm_ids_free(rfm_ids *ids)
{
    free(ids->hash);
    free(ids->number);
    free(ids->offset);
    free(ids->bytes);
    memset(ids, 0, sizeof *ids);
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
