/* held: from columns of a batch to records, and back. */
#include "held.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t SIGN = UINT64_C(1) << 63;

/* ---- in --------------------------------------------------------------------------------------------------------- */

static void put_event(const rfm_held_shape *shape, const rfm_events *events, size_t i, uint64_t *to)
{
    bool text = shape->kind == RFM_ID_TEXT;
    to[RFM_HELD_KEY_HIGH] = events->key[i].high;
    to[RFM_HELD_KEY_LOW] = events->key[i].low;
    to[RFM_HELD_TIME] = (uint64_t)events->time_us[i] ^ SIGN;
    to[RFM_HELD_ROW_HIGH] = events->row[i].high;
    to[RFM_HELD_ROW_LOW] = events->row[i].low;
    to[RFM_HELD_ID_HASH] = events->id_hash[i];
    to[RFM_HELD_ID] = text ? events->id_length[i] : (uint64_t)events->id_number[i];
    to[RFM_HELD_WHERE] = events->where[i];
    to[RFM_HELD_HAS] = events->has_number[i] | (uint64_t)events->has_hash[i] << 32;
    to[RFM_HELD_DAY] = (uint64_t)(int64_t)events->day[i];
    uint64_t *numbers = to + RFM_HELD_FIXED, *hashes = numbers + shape->n_numbers;
    /* What is NULL has no value: let it not decide between two events. */
    for (size_t k = 0; k < shape->n_numbers; k++)
        numbers[k] = events->has_number[i] >> k & 1 ? (uint64_t)events->numbers[k][i] : 0;
    for (size_t k = 0; k < shape->n_hashes; k++)
        hashes[k] = events->has_hash[i] >> k & 1 ? events->hashes[k][i] : 0;
}

rfm_status rfm_held_reserve(rfm_held *held, size_t n_more, size_t n_more_bytes, rfm_error *err)
{
    size_t row = held->shape.width * sizeof *held->words;
    if (rfm_reserve(&held->words, &held->words_capacity, held->n + n_more, row, err))
        return err->status;
    return rfm_reserve(&held->bytes, &held->bytes_capacity, held->n_bytes + n_more_bytes, 1, err);
}

rfm_status rfm_held_add(rfm_held *held, const rfm_events *events, size_t i, rfm_error *err)
{
    size_t length = held->shape.kind == RFM_ID_TEXT ? events->id_length[i] : 0;
    if (rfm_held_reserve(held, 1, length, err))
        return err->status;
    put_event(&held->shape, events, i, held->words + held->n++ * held->shape.width);
    if (length > 0)
        memcpy(held->bytes + held->n_bytes, events->id_text[i], length);
    held->n_bytes += length;
    return RFM_OK;
}

rfm_status rfm_held_move(rfm_held *held, const uint64_t *record, const char *id, rfm_error *err)
{
    const size_t width = held->shape.width, length = held->shape.kind == RFM_ID_TEXT ? record[RFM_HELD_ID] : 0;
    if (rfm_held_reserve(held, 1, length, err))
        return err->status;
    memcpy(held->words + held->n++ * width, record, width * sizeof *record);
    if (length > 0)
        memcpy(held->bytes + held->n_bytes, id, length);
    held->n_bytes += length;
    return RFM_OK;
}

rfm_status rfm_held_locate(rfm_held *held, rfm_error *err)
{
    size_t at = 0;
    held->offset = rfm_alloc(held->n, sizeof *held->offset, err);
    for (size_t i = 0; held->offset && i < held->n; i++) {
        held->offset[i] = at;
        at += rfm_held_id_bytes(held, i);
    }
    return err->status;
}

void rfm_held_free(rfm_held *held)
{
    free(held->words);
    free(held->bytes);
    free(held->offset);
    rfm_held_shape shape = held->shape;
    *held = (rfm_held){.shape = shape};
}

/* ---- out -------------------------------------------------------------------------------------------------------- */

/* The columns of a batch: what the pointers of rfm_events point to. */
struct columns {
    uint64_t id_hash[RFM_BATCH_EVENTS], where[RFM_BATCH_EVENTS];
    int64_t id_number[RFM_BATCH_EVENTS], time_us[RFM_BATCH_EVENTS];
    const char *id_text[RFM_BATCH_EVENTS];
    uint8_t id_length[RFM_BATCH_EVENTS];
    int32_t day[RFM_BATCH_EVENTS];
    uint32_t has_number[RFM_BATCH_EVENTS], has_hash[RFM_BATCH_EVENTS];
    rfm_hash128 key[RFM_BATCH_EVENTS], row[RFM_BATCH_EVENTS];
    int64_t numbers[RFM_MAX_NUMBERS][RFM_BATCH_EVENTS];
    uint64_t hashes[RFM_MAX_HASHES][RFM_BATCH_EVENTS];
    const int64_t *number_columns[RFM_MAX_NUMBERS];
    const uint64_t *hash_columns[RFM_MAX_HASHES];
};

static void get_event(const rfm_held *held, size_t record, struct columns *to, size_t i)
{
    const uint64_t *from = rfm_held_record(held, record);
    const uint64_t *numbers = from + RFM_HELD_FIXED, *hashes = numbers + held->shape.n_numbers;
    to->key[i] = (rfm_hash128){.low = from[RFM_HELD_KEY_LOW], .high = from[RFM_HELD_KEY_HIGH]};
    to->row[i] = (rfm_hash128){.low = from[RFM_HELD_ROW_LOW], .high = from[RFM_HELD_ROW_HIGH]};
    to->time_us[i] = (int64_t)(from[RFM_HELD_TIME] ^ SIGN);
    to->id_hash[i] = from[RFM_HELD_ID_HASH];
    to->id_number[i] = (int64_t)from[RFM_HELD_ID];
    to->id_length[i] = (uint8_t)from[RFM_HELD_ID];
    to->id_text[i] = held->bytes + held->offset[record];
    to->where[i] = from[RFM_HELD_WHERE];
    to->has_number[i] = (uint32_t)from[RFM_HELD_HAS];
    to->has_hash[i] = (uint32_t)(from[RFM_HELD_HAS] >> 32);
    to->day[i] = (int32_t)(int64_t)from[RFM_HELD_DAY];
    for (size_t k = 0; k < held->shape.n_numbers; k++)
        to->numbers[k][i] = (int64_t)numbers[k];
    for (size_t k = 0; k < held->shape.n_hashes; k++)
        to->hashes[k][i] = hashes[k];
}

static rfm_events describe(struct columns *columns, rfm_id_kind kind)
{
    bool text = kind == RFM_ID_TEXT;
    for (int k = 0; k < RFM_MAX_NUMBERS; k++)
        columns->number_columns[k] = columns->numbers[k];
    for (int k = 0; k < RFM_MAX_HASHES; k++)
        columns->hash_columns[k] = columns->hashes[k];
    return (rfm_events){.id_hash = columns->id_hash,
                        .id_number = text ? NULL : columns->id_number,
                        .id_text = text ? columns->id_text : NULL,
                        .id_length = text ? columns->id_length : NULL,
                        .time_us = columns->time_us,
                        .day = columns->day,
                        .where = columns->where,
                        .has_number = columns->has_number,
                        .has_hash = columns->has_hash,
                        .numbers = columns->number_columns,
                        .hashes = columns->hash_columns,
                        .key = columns->key,
                        .row = columns->row};
}

rfm_status rfm_held_give(const rfm_held *held, const size_t *records, size_t n, rfm_event_sink sink, void *context,
                         rfm_extent *extent, rfm_error *err)
{
    struct columns *columns = rfm_alloc(1, sizeof *columns, err);
    if (!columns)
        return err->status;
    rfm_events events = describe(columns, held->shape.kind);
    for (size_t first = 0; first < n && !err->status; first += events.n) {
        events.n = n - first < RFM_BATCH_EVENTS ? n - first : RFM_BATCH_EVENTS;
        for (size_t i = 0; i < events.n; i++) {
            get_event(held, records[first + i], columns, i);
            int64_t time_us = columns->time_us[i];
            rfm_extent one = {.n_events = 1, .earliest_us = time_us, .newest_us = time_us};
            rfm_extent_merge(extent, &one);
        }
        sink(context, &events, err);
    }
    free(columns);
    return err->status;
}
