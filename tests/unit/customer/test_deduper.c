/* One event of each key comes through, the one the contract names, on the owner of the key. */
#include "session.h"

#include "spread.h"

enum { MOST_EVENTS = 1500, LEAST_BUDGET = 10000 };

typedef struct collected {
    sample_event *events;
    size_t n;
    rfm_id_kind kind;
} collected;

/* A sink that copies what it is given. */
static rfm_status collect(void *context, const rfm_events *events, rfm_error *err)
{
    (void)err;
    collected *to = context;
    assert_in_range(events->n, 1, RFM_BATCH_EVENTS);
    assert_true((events->id_text != NULL) == (to->kind == RFM_ID_TEXT));
    for (size_t i = 0; i < events->n; i++) {
        sample_event *event = &to->events[to->n++];
        memset(event, 0, sizeof *event);
        if (to->kind == RFM_ID_TEXT)
            memcpy(event->id_text, events->id_text[i], event->id_length = events->id_length[i]);
        else
            event->id_number = events->id_number[i];
        event->id_hash = events->id_hash[i];
        event->time_us = events->time_us[i];
        event->day = events->day[i];
        event->where = events->where[i];
        event->has_number = events->has_number[i];
        event->has_hash = events->has_hash[i];
        for (int k = 0; k < SAMPLE_NUMBERS; k++)
            event->numbers[k] = events->numbers[k][i];
        for (int k = 0; k < SAMPLE_HASHES; k++)
            event->hashes[k] = events->hashes[k][i];
        event->key = events->key[i];
        event->row = events->row[i];
    }
    return RFM_OK;
}

static rfm_status add(void *deduper, const rfm_events *events, rfm_error *err)
{
    return rfm_deduper_add(deduper, events, err);
}

/* Many events of one key; of these, some with the same time; of these, some with the same row. */
static sample_event make_event(const sample_plan *plan, size_t i)
{
    sample_event event = sample_make(plan, i);
    uint64_t seed = i, key = draw(&seed) % 900;
    event.key = rfm_hash128_of(&key, sizeof key);
    event.time_us = (int64_t)(draw(&seed) % 3) - 1;
    uint64_t row = draw(&seed) % 3;
    event.row = rfm_hash128_of(&row, sizeof row);
    /* What is not used of an event is not kept of it either. */
    if (plan->kind == RFM_ID_TEXT)
        event.id_number = 0;
    else
        memset(event.id_text, 0, sizeof event.id_text);
    if (plan->kind == RFM_ID_INTEGER)
        event.id_length = 0;
    for (int k = 0; k < SAMPLE_NUMBERS; k++)
        if (!(event.has_number >> k & 1))
            event.numbers[k] = 0;
    for (int k = 0; k < SAMPLE_HASHES; k++)
        if (!(event.has_hash >> k & 1))
            event.hashes[k] = 0;
    return event;
}

static int compare_hashes(rfm_hash128 a, rfm_hash128 b)
{
    rfm_u128 x = (rfm_u128)a.high << 64 | a.low, y = (rfm_u128)b.high << 64 | b.low;
    return (x > y) - (x < y);
}

static bool comes_first(const sample_event *a, const sample_event *b)
{
    return a->time_us != b->time_us ? a->time_us < b->time_us : compare_hashes(a->row, b->row) < 0;
}

/* Every third key was seen before. */
static bool is_in_base(rfm_hash128 key)
{
    for (uint64_t k = 0; k < 900; k += 3)
        if (compare_hashes(rfm_hash128_of(&k, sizeof k), key) == 0)
            return true;
    return false;
}

static int compare_base(const void *a, const void *b)
{
    return compare_hashes(*(const rfm_hash128 *)a, *(const rfm_hash128 *)b);
}

static bool is_mine(rfm_hash128 key)
{
    return rfm_owner(key.high, rfm_comm_size(comm)) == rfm_comm_rank(comm);
}

static rfm_keys make_base(void)
{
    rfm_keys base = {.keys = malloc(300 * sizeof *base.keys)};
    assert_non_null(base.keys);
    for (uint64_t k = 0; k < 900; k += 3) {
        rfm_hash128 key = rfm_hash128_of(&k, sizeof k);
        if (is_mine(key))
            base.keys[base.n++] = key;
    }
    qsort(base.keys, base.n, sizeof *base.keys, compare_base);
    return base;
}

/* By brute force: of the events of this rank's keys, those no other of their key comes before. */
static void check_survivors(const sample_event *all, size_t n, bool with_base, const collected *got)
{
    size_t expected = 0;
    for (size_t i = 0; i < n; i++) {
        bool first = is_mine(all[i].key) && !(with_base && is_in_base(all[i].key));
        for (size_t j = 0; first && j < n; j++)
            if (compare_hashes(all[i].key, all[j].key) == 0)
                first = !comes_first(&all[j], &all[i]) && !(j < i && !comes_first(&all[i], &all[j]));
        expected += first;
        bool found = !first;
        for (size_t j = 0; !found && j < got->n; j++)
            found = compare_hashes(all[i].key, got->events[j].key) == 0 && all[i].time_us == got->events[j].time_us &&
                    compare_hashes(all[i].row, got->events[j].row) == 0;
        assert_true(found);
    }
    assert_int_equal(got->n, expected);
    for (size_t i = 0; i < got->n; i++) { /* and each is one of the events, whole */
        bool found = false;
        for (size_t j = 0; !found && j < n; j++)
            found = memcmp(&got->events[i], &all[j], sizeof all[j]) == 0;
        assert_true(found);
    }
}

static void check_keys(const rfm_keys *keys, const sample_event *all, size_t n, const rfm_keys *base)
{
    for (size_t i = 1; i < keys->n; i++)
        assert_true(compare_hashes(keys->keys[i - 1], keys->keys[i]) < 0);
    for (size_t i = 0; i < n; i++)
        if (is_mine(all[i].key))
            assert_non_null(bsearch(&all[i].key, keys->keys, keys->n, sizeof *keys->keys, compare_base));
    for (size_t i = 0; base && i < base->n; i++)
        assert_non_null(bsearch(&base->keys[i], keys->keys, keys->n, sizeof *keys->keys, compare_base));
}

static const rfm_input INPUT = {.n_numbers = SAMPLE_NUMBERS, .n_hashes = SAMPLE_HASHES, .dedupe = RFM_DEDUPE_ROW};

static size_t memory_bytes; /* the budget of the dedupers to come */

static uint64_t check_resolve(const sample_plan *plan, size_t n, spread how, const rfm_keys *base)
{
    rfm_error err = {0};
    rfm_input input = INPUT;
    rfm_deduper *deduper;
    rfm_survivors left;
    sample_event *all = malloc((n + 1) * sizeof *all);
    collected got = {.events = malloc((n + 1) * sizeof *got.events), .kind = plan->kind};
    int64_t totals[3];
    assert_non_null(all);
    assert_non_null(got.events);
    input.id_kind = plan->kind;
    assert_int_equal(rfm_deduper_open(&input, rfm_comm_size(comm), &deduper, &err), RFM_OK);
    rfm_deduper_limit(deduper, memory_bytes, ".");
    for (size_t i = 0; i < n; i++) {
        all[i] = make_event(plan, i);
        if (rank_that_meets(comm, how, i) == rfm_comm_rank(comm))
            sample_give(&all[i], 1, plan->kind, 1, add, deduper, &err);
    }
    assert_int_equal(rfm_deduper_resolve(comm, deduper, base, collect, &got, &left, &err), RFM_OK);
    check_survivors(all, n, base != NULL, &got);
    check_keys(&left.keys, all, n, base);
    assert_int_equal(left.extent.n_events, got.n);
    for (size_t i = 0; i < got.n; i++)
        assert_true(got.events[i].time_us >= left.extent.earliest_us && got.events[i].time_us <= left.extent.newest_us);
    totals[0] = left.n_duplicates;
    totals[1] = (int64_t)got.n;
    totals[2] = rfm_deduper_spilled_bytes(deduper);
    rfm_comm_reduce_i64(comm, RFM_SUM, totals, 3);
    assert_int_equal(totals[0] + totals[1], n);
    assert_true(memory_bytes > 0 || totals[2] == 0);
    assert_true(memory_bytes != LEAST_BUDGET || totals[2] > 0);
    uint64_t hash = rfm_hash64(got.events, got.n * sizeof *got.events);
    rfm_deduper_close(deduper);
    rfm_keys_free(&left.keys);
    free(all);
    free(got.events);
    return hash;
}

static void the_same_event_of_each_key_stays_however_they_are_spread(void **unused)
{
    (void)unused;
    for (rfm_id_kind kind = RFM_ID_TEXT; kind <= RFM_ID_INTEGER; kind++) {
        const sample_plan plan = {kind, 1, 50, false};
        uint64_t hash = check_resolve(&plan, MOST_EVENTS, EVENLY, NULL);
        assert_true(check_resolve(&plan, MOST_EVENTS, ALL_ON_LAST, NULL) == hash);
        assert_true(check_resolve(&plan, MOST_EVENTS, UNEVENLY, NULL) == hash);
    }
}

static void keys_seen_before_let_nothing_through(void **unused)
{
    (void)unused;
    rfm_keys base = make_base();
    for (rfm_id_kind kind = RFM_ID_TEXT; kind <= RFM_ID_INTEGER; kind++)
        check_resolve(&(sample_plan){kind, 1, 50, false}, 1000, EVENLY, &base);
    rfm_keys_free(&base);
}

static void events_that_pass_the_budget_are_settled_alike(void **unused)
{
    (void)unused;
    rfm_keys base = make_base();
    for (rfm_id_kind kind = RFM_ID_TEXT; kind <= RFM_ID_INTEGER; kind++) {
        const sample_plan plan = {kind, 1, 50, false};
        uint64_t hash = check_resolve(&plan, MOST_EVENTS, EVENLY, &base);
        for (memory_bytes = LEAST_BUDGET; memory_bytes < 200000; memory_bytes *= 4)
            assert_true(check_resolve(&plan, MOST_EVENTS, UNEVENLY, &base) == hash);
        memory_bytes = 0;
    }
    rfm_keys_free(&base);
}

static void no_events_leave_the_keys_as_they_were(void **unused)
{
    (void)unused;
    rfm_keys base = make_base();
    check_resolve(&(sample_plan){RFM_ID_TEXT, 1, 50, false}, 0, EVENLY, &base);
    check_resolve(&(sample_plan){RFM_ID_TEXT, 1, 50, false}, 0, EVENLY, NULL);
    rfm_keys_free(&base);
}

static rfm_status refuse(void *context, const rfm_events *events, rfm_error *err)
{
    (void)context, (void)events;
    return rfm_fail(err, RFM_IO, "no room");
}

static void a_sink_that_fails_fails_on_all_ranks(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    rfm_deduper *deduper;
    rfm_survivors left;
    sample_event event = make_event(&(sample_plan){RFM_ID_TEXT, 1, 50, false}, 0);
    assert_int_equal(rfm_deduper_open(&INPUT, rfm_comm_size(comm), &deduper, &err), RFM_OK);
    sample_give(&event, 1, RFM_ID_TEXT, 1, add, deduper, &err);
    assert_int_equal(rfm_deduper_resolve(comm, deduper, NULL, refuse, NULL, &left, &err), RFM_IO);
    assert_null(left.keys.keys);
    rfm_deduper_close(deduper);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_event_of_each_key_stays_however_they_are_spread),
        cmocka_unit_test(keys_seen_before_let_nothing_through),
        cmocka_unit_test(events_that_pass_the_budget_are_settled_alike),
        cmocka_unit_test(no_events_leave_the_keys_as_they_were),
        cmocka_unit_test(a_sink_that_fails_fails_on_all_ranks),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
