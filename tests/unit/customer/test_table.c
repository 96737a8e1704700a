/* The table folds, freezes and merges as a slow reference does. */
#include "reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static rfm_layout layout;

static int open_layout(void **state)
{
    (void)state;
    rfm_error err = {0};
    int n;
    const rfm_aggregate *aggregates = sample_aggregates(&n);
    return rfm_layout_init(&layout, aggregates, n, &err) != RFM_OK;
}

static int close_layout(void **state)
{
    (void)state;
    rfm_layout_free(&layout);
    return 0;
}

static sample_event *make_events(const sample_plan *plan, size_t n)
{
    sample_event *events = malloc((n + 1) * sizeof *events);
    assert_non_null(events);
    for (size_t i = 0; i < n; i++)
        events[i] = sample_make(plan, i);
    return events;
}

static void check_fold(const sample_plan *plan, size_t n)
{
    rfm_state state;
    sample_event *events = make_events(plan, n);
    sample_state(&layout, plan->kind, events, n, &state);
    reference_check(&state, plan->kind, events, n);
    rfm_state_free(&state);
    free(events);
}

static void integers_fold_as_the_reference_says(void **unused)
{
    (void)unused;
    for (uint64_t seed = 0; seed < 20; seed++)
        check_fold(&(sample_plan){RFM_ID_INTEGER, seed, 1 + seed * seed, false}, 700);
}

static void texts_fold_as_the_reference_says(void **unused)
{
    (void)unused;
    for (uint64_t seed = 0; seed < 20; seed++)
        check_fold(&(sample_plan){RFM_ID_TEXT, seed, 1 + seed * seed, false}, 700);
}

static void ids_that_share_a_hash_stay_apart_and_in_order(void **unused)
{
    (void)unused;
    check_fold(&(sample_plan){RFM_ID_TEXT, 3, 300, true}, 2000);
    check_fold(&(sample_plan){RFM_ID_INTEGER, 4, 300, true}, 2000);
}

static void a_customer_with_many_events_is_folded_whole(void **unused)
{
    (void)unused;
    check_fold(&(sample_plan){RFM_ID_TEXT, 5, 2, false}, 4000);
}

static void a_table_without_events_freezes_to_an_empty_state(void **unused)
{
    (void)unused;
    check_fold(&(sample_plan){RFM_ID_TEXT, 1, 1, false}, 0);
    check_fold(&(sample_plan){RFM_ID_INTEGER, 1, 1, false}, 0);
}

/* Lists settle when they pass 2^20 entries: one value often and far apart, so that settling has
 * work. */
static void a_list_is_bounded_by_its_distinct_pairs(void **unused)
{
    (void)unused;
    static const rfm_aggregate one = {RFM_DISTINCT, 0, 0, true, false, "distinct"};
    enum { EVENTS = 1024, ROUNDS = 2500, CUSTOMERS = 40000 };
    rfm_error err = {0};
    rfm_layout distinct;
    rfm_table *table;
    sample_event *events = calloc(EVENTS, sizeof *events);
    assert_non_null(events);
    assert_int_equal(rfm_layout_init(&distinct, &one, 1, &err), RFM_OK);
    assert_int_equal(rfm_table_open(&distinct, RFM_ID_INTEGER, 1, &table, &err), RFM_OK);
    for (int64_t round = 0; round < ROUNDS; round++) {
        for (int64_t i = 0; i < EVENTS; i++) {
            int64_t number = (round * EVENTS + i) % CUSTOMERS;
            events[i] = (sample_event){.id_number = number,
                                       .id_hash = rfm_hash64_integer(number),
                                       .where = 1,
                                       .has_hash = 1,
                                       .hashes = {(uint64_t)(round % 2)},
                                       .day = (int32_t)round};
        }
        assert_int_equal(sample_give(events, EVENTS, RFM_ID_INTEGER, EVENTS, sample_fold, table, &err), RFM_OK);
    }
    rfm_state state;
    assert_int_equal(rfm_table_freeze(table, &state, &err), RFM_OK);
    assert_int_equal(state.ids.n, CUSTOMERS);
    assert_int_equal(state.lists[0].start[CUSTOMERS], 2 * CUSTOMERS);
    for (size_t c = 0; c < CUSTOMERS; c++) { /* the last round that met this customer and value */
        const rfm_list *list = &state.lists[0];
        for (size_t e = list->start[c]; e < list->start[c + 1]; e++) {
            int64_t last = 0;
            for (int64_t at = state.ids.number[c]; at < (int64_t)ROUNDS * EVENTS; at += CUSTOMERS)
                if ((uint64_t)(at / EVENTS % 2) == list->key[e])
                    last = at / EVENTS;
            assert_true(list->payload[e] == last);
        }
    }
    rfm_state_free(&state);
    rfm_table_close(table);
    rfm_layout_free(&distinct);
    free(events);
}

static void sets_that_are_only_counted_have_as_many_values(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    rfm_layout kept = layout;
    assert_int_equal(sample_layout(&layout, true, &err), RFM_OK);
    check_fold(&(sample_plan){RFM_ID_INTEGER, 1, 40, false}, 2000);
    check_fold(&(sample_plan){RFM_ID_TEXT, 2, 300, true}, 2000);
    check_fold(&(sample_plan){RFM_ID_TEXT, 5, 2, false}, 4000);
    check_fold(&(sample_plan){RFM_ID_TEXT, 1, 1, false}, 0);
    rfm_layout_free(&layout);
    layout = kept;
}

/* Where one word of the row has no room for all of them, or for any. */
static void days_however_far_apart_are_all_there(void **unused)
{
    (void)unused;
    static const rfm_aggregate days = {RFM_DISTINCT, RFM_SOURCE_DAY, 0, false, false, "days"};
    static const int32_t day[] = {0,      39,    40,      -1,       -40,        100000,    100007,    100046,
                                  100047, 99999, 99992,   1 << 22,  -(1 << 22), INT32_MAX, INT32_MIN, 0,
                                  18200,  18170, 4194303, -4194303, 18200,      18170};
    enum { N = sizeof day / sizeof *day, DIFFERENT = N - 3 };
    rfm_error err = {0};
    rfm_layout of_days;
    rfm_state state;
    sample_event events[N] = {{0}};
    for (size_t i = 0; i < N; i++)
        events[i] = (sample_event){.where = 1, .day = day[i]};
    assert_int_equal(rfm_layout_init(&of_days, &days, 1, &err), RFM_OK);
    sample_state(&of_days, RFM_ID_INTEGER, events, N, &state);
    reference_check(&state, RFM_ID_INTEGER, events, N);
    assert_int_equal(state.lists[0].start[1], DIFFERENT);
    rfm_state_free(&state);
    rfm_layout_free(&of_days);
}

static void a_frozen_table_starts_again_from_nothing(void **unused)
{
    (void)unused;
    const sample_plan plan = {RFM_ID_TEXT, 9, 50, false};
    rfm_error err = {0};
    rfm_table *table;
    rfm_state state;
    sample_event *events = make_events(&plan, 900);
    assert_int_equal(rfm_table_open(&layout, plan.kind, 3, &table, &err), RFM_OK);
    for (size_t part = 0; part < 3; part++) {
        sample_give(events + 300 * part, 300, plan.kind, 7, sample_fold, table, &err);
        assert_int_equal(rfm_table_freeze(table, &state, &err), RFM_OK);
        reference_check(&state, plan.kind, events + 300 * part, 300);
        rfm_state_free(&state);
    }
    rfm_table_close(table);
    free(events);
}

static void check_merge(const sample_plan *plan, size_t n, size_t cut)
{
    rfm_error err = {0};
    rfm_state a, b, merged, whole;
    sample_event *events = make_events(plan, n);
    sample_state(&layout, plan->kind, events, cut, &a);
    sample_state(&layout, plan->kind, events + cut, n - cut, &b);
    /* sample_state counts from its own first event; let it be that of all events here */
    sample_state(&layout, plan->kind, events, n, &whole);
    assert_int_equal(rfm_state_merge(&a, &b, &merged, &err), RFM_OK);
    reference_check(&merged, plan->kind, events, n);
    assert_int_equal(merged.extent.n_events, n);
    assert_true(n == 0 || merged.extent.earliest_us == whole.extent.earliest_us);
    assert_true(n == 0 || merged.extent.newest_us == whole.extent.newest_us);
    whole.extent = merged.extent;
    reference_equal(&merged, &whole);
    rfm_state_free(&merged);
    assert_int_equal(rfm_state_merge(&b, &a, &merged, &err), RFM_OK);
    reference_equal(&merged, &whole);
    rfm_state_free(&a);
    rfm_state_free(&b);
    rfm_state_free(&merged);
    rfm_state_free(&whole);
    free(events);
}

static void merging_two_states_equals_folding_all_events(void **unused)
{
    (void)unused;
    static const size_t cuts[] = {0, 1, 300, 999, 1000};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        check_merge(&(sample_plan){RFM_ID_TEXT, i, 60, false}, 1000, cuts[i]);
        check_merge(&(sample_plan){RFM_ID_INTEGER, i, 60, true}, 1000, cuts[i]);
    }
    check_merge(&(sample_plan){RFM_ID_TEXT, 1, 1, false}, 0, 0);
}

static void sums_that_cancel_leave_no_entry_behind(void **unused)
{
    (void)unused;
    static const rfm_aggregate total = {RFM_TOTAL, 0, 0, true, false, "total daily"};
    rfm_error err = {0};
    rfm_layout daily;
    rfm_state a, b, merged;
    sample_event plus = {.where = 1, .has_number = 1, .numbers = {INT64_MAX}}, minus = plus;
    minus.numbers[0] = -INT64_MAX;
    assert_int_equal(rfm_layout_init(&daily, &total, 1, &err), RFM_OK);
    sample_state(&daily, RFM_ID_INTEGER, &plus, 1, &a);
    sample_state(&daily, RFM_ID_INTEGER, &minus, 1, &b);
    assert_int_equal(a.lists[0].start[1], 1);
    assert_int_equal(rfm_state_merge(&a, &b, &merged, &err), RFM_OK);
    assert_int_equal(merged.ids.n, 1);
    assert_int_equal(merged.lists[0].start[1], 0);
    rfm_state_free(&a);
    rfm_state_free(&b);
    rfm_state_free(&merged);
    rfm_layout_free(&daily);
}

static void states_of_other_ids_or_layouts_do_not_merge(void **unused)
{
    (void)unused;
    static const rfm_aggregate one = {RFM_COUNT, 0, 0, false, false, "count"};
    rfm_error err = {0};
    rfm_layout other;
    rfm_state a, b, c, merged;
    assert_int_equal(rfm_layout_init(&other, &one, 1, &err), RFM_OK);
    sample_state(&layout, RFM_ID_INTEGER, NULL, 0, &a);
    sample_state(&layout, RFM_ID_TEXT, NULL, 0, &b);
    sample_state(&other, RFM_ID_TEXT, NULL, 0, &c);
    assert_int_equal(rfm_state_merge(&a, &b, &merged, &err), RFM_USAGE);
    assert_non_null(strstr(err.message, "input.id"));
    err = (rfm_error){0};
    assert_int_equal(rfm_state_merge(&b, &c, &merged, &err), RFM_INTERNAL);
    assert_null(merged.lists);
    rfm_state_free(&a);
    rfm_state_free(&b);
    rfm_state_free(&c);
    rfm_layout_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_fold_as_the_reference_says),
        cmocka_unit_test(texts_fold_as_the_reference_says),
        cmocka_unit_test(ids_that_share_a_hash_stay_apart_and_in_order),
        cmocka_unit_test(a_customer_with_many_events_is_folded_whole),
        cmocka_unit_test(a_table_without_events_freezes_to_an_empty_state),
        cmocka_unit_test(a_list_is_bounded_by_its_distinct_pairs),
        cmocka_unit_test(sets_that_are_only_counted_have_as_many_values),
        cmocka_unit_test(days_however_far_apart_are_all_there),
        cmocka_unit_test(a_frozen_table_starts_again_from_nothing),
        cmocka_unit_test(merging_two_states_equals_folding_all_events),
        cmocka_unit_test(sums_that_cancel_leave_no_entry_behind),
        cmocka_unit_test(states_of_other_ids_or_layouts_do_not_merge),
    };
    return cmocka_run_group_tests_name("table", tests, open_layout, close_layout);
}
