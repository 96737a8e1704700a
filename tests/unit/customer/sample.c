/* sample: see sample.h. */
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "draw.h"

static void make_id(const sample_plan *plan, uint64_t customer, sample_event *event)
{
    /* Short ones, ones as long as a row has room for, longer ones that differ at the end only. */
    static const int lengths[] = {1, 7, 14, 15, 16, 17, 40};
    uint64_t spread = customer;
    event->id_number = (int64_t)(draw(&spread) >> 1) - INT64_MAX / 2;
    int length = lengths[customer % 7];
    int digits = length < 6 ? 6 : length;
    event->id_length = (uint8_t)snprintf(event->id_text, sizeof event->id_text, "%0*d", digits, (int)customer);
    event->id_hash = plan->kind == RFM_ID_INTEGER ? rfm_hash64_integer(event->id_number)
                                                  : rfm_hash64(event->id_text, event->id_length);
    if (plan->colliding)
        event->id_hash &= UINT64_C(0xc000000100000000);
}

static int64_t make_number(uint64_t *seed)
{
    uint64_t bits = draw(seed);
    switch (bits % 8) {
    case 0:
        return INT64_MAX;
    case 1:
        return INT64_MIN;
    case 2:
        return 0;
    default:
        return (int64_t)(draw(seed) % 2000001) - 1000000;
    }
}

sample_event sample_make(const sample_plan *plan, uint64_t i)
{
    uint64_t seed = plan->seed * UINT64_C(0x100000001b3) + i;
    sample_event event = {0};
    draw(&seed);
    make_id(plan, draw(&seed) % plan->n_customers, &event);
    event.day = (int32_t)(draw(&seed) % 60) - 20; /* before 1970 too */
    event.time_us = event.day * RFM_DAY_US + (int64_t)(draw(&seed) % RFM_DAY_US);
    event.where = draw(&seed) % (1 << SAMPLE_PREDICATES);
    event.has_number = (uint32_t)(draw(&seed) % (1 << SAMPLE_NUMBERS));
    event.has_hash = (uint32_t)(draw(&seed) % (1 << SAMPLE_HASHES));
    for (int k = 0; k < SAMPLE_NUMBERS; k++)
        event.numbers[k] = make_number(&seed);
    event.hashes[0] = rfm_hash64_integer((int64_t)(draw(&seed) % 20));
    event.hashes[1] = rfm_hash64_integer((int64_t)(draw(&seed) % 2000));
    event.key = rfm_hash128_of(&i, sizeof i);
    event.row = rfm_hash128_of(&event.key, sizeof event.key);
    return event;
}

const rfm_aggregate *sample_aggregates(int *n)
{
    static const rfm_aggregate aggregates[] = {
        {RFM_COUNT, 0, 0, false, false, "count where 0"},
        {RFM_COUNT, 0, 1, true, false, "count where 1 daily"},
        {RFM_COUNT_VALUE, 0, 0, false, false, "values of 0 where 0"},
        {RFM_COUNT_VALUE, 1, 2, true, false, "values of 1 where 2 daily"},
        {RFM_TOTAL, 0, 1, false, false, "total of 0 where 1"},
        {RFM_TOTAL, 1, 0, true, false, "total of 1 where 0 daily"},
        {RFM_DISTINCT, 0, 0, false, false, "distinct 0 where 0"},
        {RFM_LEAST, 0, 2, false, false, "least of 0 where 2"},
        {RFM_LEAST, 1, 2, true, false, "least of 1 where 2 daily"},
        {RFM_GREATEST, 1, 1, false, false, "greatest of 1 where 1"},
        {RFM_GREATEST, 0, 0, true, false, "greatest of 0 where 0 daily"},
        {RFM_DISTINCT, 1, 1, true, false, "distinct 1 where 1 daily"},
        {RFM_FIRST, 0, 1, false, false, "first where 1"},
        {RFM_LAST, 0, 2, false, false, "last where 2"},
        {RFM_DISTINCT, RFM_SOURCE_DAY, 0, false, false, "days where 0"},
        {RFM_DISTINCT, RFM_SOURCE_WEEK, 2, false, false, "weeks where 2"},
        {RFM_DISTINCT, 1, 0, false, false, "distinct 1 where 0"},
    };
    *n = sizeof aggregates / sizeof *aggregates;
    return aggregates;
}

rfm_status sample_layout(rfm_layout *layout, bool counted, rfm_error *err)
{
    rfm_aggregate aggregates[32];
    int n;
    const rfm_aggregate *given = sample_aggregates(&n);
    for (int i = 0; i < n; i++) {
        aggregates[i] = given[i];
        aggregates[i].counted = counted && given[i].kind == RFM_DISTINCT && !given[i].daily;
    }
    return rfm_layout_init(layout, aggregates, n, err);
}

static rfm_status give_batch(const sample_event *events, size_t n, rfm_id_kind kind, rfm_event_sink sink, void *context,
                             rfm_error *err)
{
    uint64_t id_hash[RFM_BATCH_EVENTS], where[RFM_BATCH_EVENTS];
    int64_t id_number[RFM_BATCH_EVENTS], time_us[RFM_BATCH_EVENTS];
    const char *id_text[RFM_BATCH_EVENTS];
    uint8_t id_length[RFM_BATCH_EVENTS];
    int32_t day[RFM_BATCH_EVENTS];
    uint32_t has_number[RFM_BATCH_EVENTS], has_hash[RFM_BATCH_EVENTS];
    int64_t numbers[SAMPLE_NUMBERS][RFM_BATCH_EVENTS];
    uint64_t hashes[SAMPLE_HASHES][RFM_BATCH_EVENTS];
    rfm_hash128 key[RFM_BATCH_EVENTS], row[RFM_BATCH_EVENTS];
    const int64_t *number_columns[SAMPLE_NUMBERS] = {numbers[0], numbers[1]};
    const uint64_t *hash_columns[SAMPLE_HASHES] = {hashes[0], hashes[1]};
    for (size_t i = 0; i < n; i++) {
        const sample_event *event = &events[i];
        id_hash[i] = event->id_hash;
        id_number[i] = event->id_number;
        id_text[i] = event->id_text;
        id_length[i] = event->id_length;
        time_us[i] = event->time_us;
        day[i] = event->day;
        where[i] = event->where;
        has_number[i] = event->has_number;
        has_hash[i] = event->has_hash;
        for (int k = 0; k < SAMPLE_NUMBERS; k++)
            numbers[k][i] = event->numbers[k];
        for (int k = 0; k < SAMPLE_HASHES; k++)
            hashes[k][i] = event->hashes[k];
        key[i] = event->key;
        row[i] = event->row;
    }
    bool text = kind == RFM_ID_TEXT;
    rfm_events batch = {.n = n,
                        .id_hash = id_hash,
                        .id_number = text ? NULL : id_number,
                        .id_text = text ? id_text : NULL,
                        .id_length = text ? id_length : NULL,
                        .time_us = time_us,
                        .day = day,
                        .where = where,
                        .has_number = has_number,
                        .has_hash = has_hash,
                        .numbers = number_columns,
                        .hashes = hash_columns,
                        .key = key,
                        .row = row};
    return sink(context, &batch, err);
}

rfm_status sample_give(const sample_event *events, size_t n, rfm_id_kind kind, size_t batch, rfm_event_sink sink,
                       void *context, rfm_error *err)
{
    for (size_t first = 0; first < n; first += batch) {
        size_t m = n - first < batch ? n - first : batch;
        if (give_batch(events + first, m, kind, sink, context, err))
            return err->status;
    }
    return RFM_OK;
}

rfm_status sample_fold(void *table, const rfm_events *events, rfm_error *err)
{
    return rfm_table_fold(table, events, err);
}

void sample_state(const rfm_layout *layout, rfm_id_kind kind, const sample_event *events, size_t n, rfm_state *state)
{
    rfm_error err = {0};
    rfm_table *table;
    assert_int_equal(rfm_table_open(layout, kind, 1, &table, &err), RFM_OK);
    assert_int_equal(sample_give(events, n, kind, RFM_BATCH_EVENTS, sample_fold, table, &err), RFM_OK);
    assert_int_equal(rfm_table_freeze(table, state, &err), RFM_OK);
    rfm_table_close(table);
    for (size_t i = 0; i < n; i++) {
        rfm_extent one = {1, events[i].time_us, events[i].time_us, i % 3 == 0, i % 5 == 0};
        rfm_extent_merge(&state->extent, &one);
    }
}
