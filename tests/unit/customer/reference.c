/* reference: for each customer, walk over all events once for each aggregate, each day and each
 * value. */
#include "reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_VALUES = 4096 };

typedef struct extract {
    const sample_event *events; /* of one customer */
    size_t n;
    bool one_day;
    int32_t day;
} extract;

static bool counts(const extract *scope, const sample_event *event, const rfm_aggregate *a)
{
    bool needs_number =
        a->kind == RFM_COUNT_VALUE || a->kind == RFM_TOTAL || a->kind == RFM_LEAST || a->kind == RFM_GREATEST;
    if (!((event->where >> a->predicate) & 1) || (scope->one_day && event->day != scope->day))
        return false;
    if (needs_number)
        return (event->has_number >> a->source) & 1;
    return a->kind != RFM_DISTINCT || a->source < 0 || ((event->has_hash >> a->source) & 1);
}

static bool is_minimum(rfm_aggregate_kind kind)
{
    return kind == RFM_LEAST || kind == RFM_FIRST;
}

/* The value of a scalar aggregate as a 128-bit number. */
static rfm_i128 evaluate(const extract *scope, const rfm_aggregate *a)
{
    rfm_i128 sum = 0;
    int64_t extreme = is_minimum(a->kind) ? INT64_MAX : INT64_MIN;
    for (size_t i = 0; i < scope->n; i++) {
        const sample_event *event = &scope->events[i];
        if (!counts(scope, event, a))
            continue;
        bool time = a->kind == RFM_FIRST || a->kind == RFM_LAST;
        int64_t value = time ? event->time_us : event->numbers[a->source];
        sum += a->kind == RFM_TOTAL ? value : 1;
        if (is_minimum(a->kind) ? value < extreme : value > extreme)
            extreme = value;
    }
    bool summed = a->kind == RFM_COUNT || a->kind == RFM_COUNT_VALUE || a->kind == RFM_TOTAL;
    return summed ? sum : extreme;
}

static void check_scalar(const extract *scope, const rfm_aggregate *a, const int64_t *words)
{
    rfm_i128 expected = evaluate(scope, a);
    assert_true((int64_t)expected == words[0]);
    if (a->kind == RFM_TOTAL)
        assert_true((int64_t)(expected >> 64) == words[1]);
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static size_t unique(uint64_t *keys, size_t n)
{
    size_t kept = 0;
    qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || keys[i] != keys[i - 1])
            keys[kept++] = keys[i];
    return kept;
}

static uint64_t key_of(const sample_event *event, const rfm_aggregate *a)
{
    if (a->source >= 0)
        return event->hashes[a->source];
    int64_t week = ((int64_t)event->day + 3 + 7 * 100000) / 7 - 100000; /* 1970-01-01 was a Thursday */
    return (uint64_t)(a->source == RFM_SOURCE_DAY ? event->day : week);
}

static void check_distinct(const extract *scope, const rfm_aggregate *a, const rfm_list *list, size_t c)
{
    uint64_t keys[MAX_VALUES];
    size_t n = 0;
    for (size_t i = 0; i < scope->n; i++)
        if (counts(scope, &scope->events[i], a))
            keys[n++] = key_of(&scope->events[i], a);
    n = unique(keys, n);
    assert_int_equal(list->start[c + 1] - list->start[c], n);
    assert_int_equal(list->key == NULL, a->counted);
    for (size_t k = 0; k < n && !a->counted; k++) {
        assert_true(list->key[list->start[c] + k] == keys[k]);
        int64_t latest = INT64_MIN;
        for (size_t i = 0; i < scope->n; i++) {
            const sample_event *event = &scope->events[i];
            if (counts(scope, event, a) && key_of(event, a) == keys[k] && event->day > latest)
                latest = event->day;
        }
        if (a->daily)
            assert_true(list->payload[list->start[c] + k] == latest);
    }
}

/* Each entry of list 0 is right, and each day with something in it has an entry. */
static void check_days(const extract *all, const rfm_state *state, size_t c)
{
    const rfm_layout *layout = state->layout;
    const rfm_list *list = &state->lists[0];
    size_t n_words = (size_t)layout->payloads[0].n_words, at = list->start[c];
    extract scope = *all;
    scope.one_day = true;
    int32_t days[] = {0, -20}, ends[] = {40, 0}; /* as unsigned keys: 0 .. 39, then -20 .. -1 */
    for (int part = 0; part < 2; part++)
        for (scope.day = days[part]; scope.day < ends[part]; scope.day++) {
            bool there = at < list->start[c + 1] && list->key[at] == (uint64_t)(int64_t)scope.day;
            const int64_t *words = there ? list->payload + at * n_words : layout->payloads[0].empty;
            for (int i = 0; i < layout->n_aggregates; i++)
                if (layout->places[i].list == 0)
                    check_scalar(&scope, &layout->aggregates[i], words + layout->places[i].word);
            at += there;
        }
    assert_int_equal(at, list->start[c + 1]);
}

static void check_customer(const rfm_state *state, size_t c, const extract *scope)
{
    const rfm_layout *layout = state->layout;
    const int64_t *words = state->words + c * (size_t)layout->words.n_words;
    bool daily = false;
    for (int i = 0; i < layout->n_aggregates; i++) {
        const rfm_aggregate *a = &layout->aggregates[i];
        const rfm_place *place = &layout->places[i];
        if (a->kind == RFM_DISTINCT)
            check_distinct(scope, a, &state->lists[place->list], c);
        else if (place->list < 0)
            check_scalar(scope, a, words + place->word);
        else
            daily = true;
    }
    if (daily)
        check_days(scope, state, c);
}

/* By (hash, id), written down once more. */
static int compare_integer_events(const void *a, const void *b)
{
    const sample_event *x = a, *y = b;
    if (x->id_hash != y->id_hash)
        return x->id_hash < y->id_hash ? -1 : 1;
    return (x->id_number > y->id_number) - (x->id_number < y->id_number);
}

static int compare_text_events(const void *a, const void *b)
{
    const sample_event *x = a, *y = b;
    if (x->id_hash != y->id_hash)
        return x->id_hash < y->id_hash ? -1 : 1;
    return strcmp(x->id_text, y->id_text);
}

static void check_id(const rfm_ids *ids, size_t c, const sample_event *event)
{
    assert_true(ids->hash[c] == event->id_hash);
    if (ids->kind == RFM_ID_INTEGER) {
        assert_true(ids->number[c] == event->id_number);
        return;
    }
    assert_int_equal(ids->offset[c + 1] - ids->offset[c], event->id_length);
    assert_memory_equal(ids->bytes + ids->offset[c], event->id_text, event->id_length);
}

void reference_check(const rfm_state *state, rfm_id_kind kind, const sample_event *events, size_t n)
{
    int (*compare)(const void *, const void *) = kind == RFM_ID_INTEGER ? compare_integer_events : compare_text_events;
    sample_event *sorted = malloc((n + 1) * sizeof *sorted);
    size_t c = 0;
    assert_non_null(sorted);
    if (n > 0)
        memcpy(sorted, events, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    for (size_t first = 0, end; first < n; first = end, c++) {
        for (end = first + 1; end < n && compare(&sorted[first], &sorted[end]) == 0;)
            end++;
        assert_true(c < state->ids.n);
        check_id(&state->ids, c, &sorted[first]);
        extract scope = {.events = sorted + first, .n = end - first};
        check_customer(state, c, &scope);
    }
    assert_int_equal(state->ids.n, c);
    free(sorted);
}

static void equal_arrays(const void *a, const void *b, size_t n, size_t size)
{
    if (n > 0)
        assert_memory_equal(a, b, n * size);
}

void reference_equal(const rfm_state *a, const rfm_state *b)
{
    size_t n = a->ids.n;
    assert_int_equal(n, b->ids.n);
    assert_int_equal(a->ids.kind, b->ids.kind);
    equal_arrays(a->ids.hash, b->ids.hash, n, sizeof *a->ids.hash);
    if (a->ids.kind == RFM_ID_INTEGER) {
        equal_arrays(a->ids.number, b->ids.number, n, sizeof *a->ids.number);
    } else {
        equal_arrays(a->ids.offset, b->ids.offset, n + 1, sizeof *a->ids.offset);
        equal_arrays(a->ids.bytes, b->ids.bytes, a->ids.offset[n], 1);
    }
    equal_arrays(a->words, b->words, n, (size_t)a->layout->words.n_words * sizeof *a->words);
    for (int l = 0; l < a->layout->n_lists; l++) {
        const rfm_list *x = &a->lists[l], *y = &b->lists[l];
        size_t row = (size_t)a->layout->payloads[l].n_words * sizeof *x->payload;
        equal_arrays(x->start, y->start, n + 1, sizeof *x->start);
        equal_arrays(x->key, y->key, x->start[n], sizeof *x->key);
        if (row > 0)
            equal_arrays(x->payload, y->payload, x->start[n], row);
    }
    assert_memory_equal(&a->extent, &b->extent, sizeof a->extent);
}
