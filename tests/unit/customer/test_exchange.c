/* Whatever rank met which event and in however many rounds it travels: owners hold what the
 * reference says. */
#include "session.h"

#include "reference.h"
#include "spread.h"

enum { MOST_EVENTS = 3000 };

typedef struct sorted_events {
    sample_event *met, *owned; /* by this rank */
    size_t n_met, n_owned;
    rfm_extent extent; /* of all */
} sorted_events;

static sorted_events make_events(const sample_plan *plan, size_t n, spread how)
{
    sorted_events sorted = {0};
    sorted.met = malloc((n + 1) * sizeof *sorted.met);
    sorted.owned = malloc((n + 1) * sizeof *sorted.owned);
    assert_non_null(sorted.met);
    assert_non_null(sorted.owned);
    for (size_t i = 0; i < n; i++) {
        sample_event event = sample_make(plan, i);
        if (rank_that_meets(comm, how, i) == rfm_comm_rank(comm))
            sorted.met[sorted.n_met++] = event;
        if (rfm_owner(event.id_hash, rfm_comm_size(comm)) == rfm_comm_rank(comm))
            sorted.owned[sorted.n_owned++] = event;
        rfm_extent one = {1, event.time_us, event.time_us, 0, 0};
        rfm_extent_merge(&sorted.extent, &one);
    }
    return sorted;
}

static void check_exchange(const sample_plan *plan, size_t n, spread how, size_t round_bytes)
{
    rfm_error err = {0};
    rfm_layout layout;
    rfm_state state;
    sorted_events events = make_events(plan, n, how);
    assert_int_equal(sample_layout(&layout, false, &err), RFM_OK);
    sample_state(&layout, plan->kind, events.met, events.n_met, &state);
    assert_int_equal(rfm_state_exchange(comm, &state, round_bytes, &err), RFM_OK);
    reference_check(&state, plan->kind, events.owned, events.n_owned);
    assert_int_equal(state.extent.n_events, n);
    assert_true(state.extent.earliest_us == events.extent.earliest_us);
    assert_true(state.extent.newest_us == events.extent.newest_us);
    rfm_state_free(&state);
    rfm_layout_free(&layout);
    free(events.met);
    free(events.owned);
}

static void settle_once(const sample_plan *plan, size_t n, spread how, size_t round_bytes, size_t memory_bytes,
                        bool counted)
{
    rfm_error err = {0};
    rfm_layout layout;
    rfm_table *table;
    rfm_state state = {0};
    sorted_events events = make_events(plan, n, how);
    assert_int_equal(sample_layout(&layout, counted && !rfm_customers_regroup(rfm_comm_size(comm)), &err), RFM_OK);
    assert_int_equal(rfm_table_open(&layout, plan->kind, rfm_comm_size(comm), &table, &err), RFM_OK);
    rfm_table_limit(table, memory_bytes, ".");
    for (int again = 0; again < 2; again++) { /* the table is empty at the end, and starts from nothing */
        sample_give(events.met, events.n_met, plan->kind, 100, sample_fold, table, &err);
        assert_true(memory_bytes > 0 || rfm_table_spilled_bytes(table) == 0);
        assert_true(memory_bytes != 1 || events.n_met == 0 || rfm_table_spilled_bytes(table) > 0);
        state.extent = (rfm_extent){.n_events = (int64_t)events.n_met};
        assert_int_equal(rfm_table_settle(comm, table, round_bytes, &state, &err), RFM_OK);
        reference_check(&state, plan->kind, events.owned, events.n_owned);
        assert_int_equal(state.extent.n_events, n);
        rfm_state_free(&state);
    }
    rfm_table_close(table);
    rfm_layout_free(&layout);
    free(events.met);
    free(events.owned);
}

static void check_settle(const sample_plan *plan, size_t n, spread how, size_t round_bytes, size_t memory_bytes)
{
    settle_once(plan, n, how, round_bytes, memory_bytes, false);
    settle_once(plan, n, how, round_bytes, memory_bytes, true);
}

static void tables_settle_to_the_same_owners(void **unused)
{
    (void)unused;
    for (spread how = EVENLY; how <= UNEVENLY; how++) {
        check_settle(&(sample_plan){RFM_ID_TEXT, 8, 300, false}, MOST_EVENTS, how, 0, 0);
        check_settle(&(sample_plan){RFM_ID_INTEGER, 9, 300, false}, MOST_EVENTS, how, 100000, 0);
    }
    check_settle(&(sample_plan){RFM_ID_TEXT, 5, 200, true}, 1000, EVENLY, 1, 0);
    check_settle(&(sample_plan){RFM_ID_INTEGER, 7, 1, false}, 0, EVENLY, 0, 0);
}

static void tables_that_pass_their_budget_settle_to_the_same_owners(void **unused)
{
    (void)unused;
    static const size_t budgets[] = {1, 20000, 200000};
    for (size_t i = 0; i < sizeof budgets / sizeof *budgets; i++) {
        check_settle(&(sample_plan){RFM_ID_TEXT, 8, 300, false}, MOST_EVENTS, UNEVENLY, 0, budgets[i]);
        check_settle(&(sample_plan){RFM_ID_INTEGER, 9, 300, false}, MOST_EVENTS, EVENLY, 10000, budgets[i]);
    }
    check_settle(&(sample_plan){RFM_ID_TEXT, 5, 200, true}, 1000, EVENLY, 0, 1);
    check_settle(&(sample_plan){RFM_ID_INTEGER, 6, 200, true}, 1000, EVENLY, 1, 1);
    check_settle(&(sample_plan){RFM_ID_TEXT, 7, 1, false}, 10, ALL_ON_LAST, 0, 1);
}

static void any_spread_of_events_gives_the_same_owners(void **unused)
{
    (void)unused;
    for (spread how = EVENLY; how <= UNEVENLY; how++) {
        check_exchange(&(sample_plan){RFM_ID_TEXT, 1, 300, false}, MOST_EVENTS, how, 0);
        check_exchange(&(sample_plan){RFM_ID_INTEGER, 2, 300, false}, MOST_EVENTS, how, 0);
    }
}

static void any_size_of_rounds_gives_the_same_owners(void **unused)
{
    (void)unused;
    static const size_t sizes[] = {1, 1000, 20000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_exchange(&(sample_plan){RFM_ID_TEXT, 3, 30, false}, 600, UNEVENLY, sizes[i]);
        check_exchange(&(sample_plan){RFM_ID_INTEGER, 4, 30, false}, 600, EVENLY, sizes[i]);
    }
}

static void ids_that_share_a_hash_meet_in_order(void **unused)
{
    (void)unused;
    check_exchange(&(sample_plan){RFM_ID_TEXT, 5, 200, true}, 1000, EVENLY, 0);
    check_exchange(&(sample_plan){RFM_ID_INTEGER, 6, 200, true}, 1000, UNEVENLY, 5000);
}

static void ranks_without_events_take_part(void **unused)
{
    (void)unused;
    check_exchange(&(sample_plan){RFM_ID_TEXT, 7, 1, false}, 10, ALL_ON_LAST, 0);
    check_exchange(&(sample_plan){RFM_ID_TEXT, 7, 1, false}, 0, EVENLY, 0);
    check_exchange(&(sample_plan){RFM_ID_INTEGER, 7, 1, false}, 0, EVENLY, 1);
}

static void owners_hold_even_ranges_of_the_hash(void **unused)
{
    (void)unused;
    if (!rfm_customers_regroup(3)) {
        assert_int_equal(rfm_owner(0, 3), 0);
        assert_int_equal(rfm_owner(UINT64_C(0x5555555555555555), 3), 0);
        assert_int_equal(rfm_owner(UINT64_C(0x5555555555555556), 3), 1);
        assert_int_equal(rfm_owner(UINT64_MAX, 3), 2);
    }
    assert_int_equal(rfm_owner(UINT64_MAX, 1), 0);
    assert_int_equal(rfm_owner(UINT64_MAX, 100000), 99999);
}

/* Ranges follow each other as the ranks do, and are even but for what groups differ by one member. */
static void owners_of_very_many_ranks_are_in_order(void **unused)
{
    (void)unused;
    static const int n_ranks[] = {256, 257, 1000, 65521, 131072};
    enum { PROBES = 1 << 20 };
    for (size_t i = 0; i < sizeof n_ranks / sizeof *n_ranks; i++) {
        const int n = n_ranks[i];
        int last = 0;
        for (uint64_t probe = 0; probe < PROBES; probe++) {
            const int owner = rfm_owner(probe << 44, n);
            const double even = (double)probe / PROBES * n;
            assert_true(owner >= last && owner < n);
            assert_true(owner <= even + 1 + n * 0.07 && owner >= even - 1 - n * 0.07);
            last = owner;
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_settle_to_the_same_owners),
        cmocka_unit_test(tables_that_pass_their_budget_settle_to_the_same_owners),
        cmocka_unit_test(any_spread_of_events_gives_the_same_owners),
        cmocka_unit_test(any_size_of_rounds_gives_the_same_owners),
        cmocka_unit_test(ids_that_share_a_hash_meet_in_order),
        cmocka_unit_test(ranks_without_events_take_part),
        cmocka_unit_test(owners_hold_even_ranges_of_the_hash),
        cmocka_unit_test(owners_of_very_many_ranks_are_in_order),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
