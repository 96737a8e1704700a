/* state.h5 gives back what was written, to any layout whose aggregates it has. */
#include "session.h"

#include "reference.h"

enum { EVENTS = 1300, CUSTOMERS = 100 };

static const char *path(void)
{
    return in_folder("state.h5");
}

/* This rank's part of the state of all events. */
static void make_state(const rfm_layout *layout, rfm_id_kind kind, size_t n, rfm_state *state)
{
    rfm_error err = {0};
    const sample_plan plan = {kind, 77, CUSTOMERS, false};
    sample_event *events = malloc((n + 1) * sizeof *events);
    size_t n_met = 0;
    assert_non_null(events);
    for (size_t i = 0; i < n; i++)
        if (i % (size_t)rfm_comm_size(comm) == (size_t)rfm_comm_rank(comm))
            events[n_met++] = sample_make(&plan, i);
    sample_state(layout, kind, events, n_met, state);
    assert_int_equal(rfm_state_exchange(comm, state, 0, &err), RFM_OK);
    free(events);
}

static char *make_inputs(void)
{
    enum { LINES = 3000 };
    char *text = malloc(LINES * 64), *end = text;
    assert_non_null(text);
    for (int i = 0; i < LINES; i++)
        end += sprintf(end, "%d 0123456789abcdef events/part-%05d.csv.gz\n", i, i);
    return text;
}

static rfm_layout make_layout(const rfm_aggregate *aggregates, int n)
{
    rfm_error err = {0};
    rfm_layout layout;
    assert_int_equal(rfm_layout_init(&layout, aggregates, n, &err), RFM_OK);
    return layout;
}

static void write_state(const rfm_state *state, const rfm_keys *keys)
{
    rfm_error err = {0};
    char settings[] = "timezone UTC\ndecimals 4\n", *inputs = make_inputs();
    rfm_provenance provenance = {.settings = settings, .inputs = inputs, .as_of_us = INT64_MAX};
    assert_int_equal(rfm_state_write(comm, path(), 0, state, keys, &provenance, &err), RFM_OK);
    free(inputs);
}

static void check_provenance(const rfm_provenance *provenance)
{
    char *inputs = make_inputs();
    assert_true(strlen(inputs) > 65536);
    assert_string_equal(provenance->inputs, inputs);
    assert_string_equal(provenance->settings, "timezone UTC\ndecimals 4\n");
    assert_true(provenance->as_of_us == INT64_MAX);
    free(inputs);
}

static void check_round_trip(rfm_id_kind kind, size_t n)
{
    rfm_error err = {0};
    int n_aggregates;
    const rfm_aggregate *aggregates = sample_aggregates(&n_aggregates);
    rfm_layout layout = make_layout(aggregates, n_aggregates);
    rfm_state written, read;
    rfm_keys keys;
    rfm_provenance provenance;
    make_state(&layout, kind, n, &written);
    write_state(&written, NULL);
    assert_int_equal(rfm_state_read(comm, path(), &layout, &read, &keys, &provenance, &err), RFM_OK);
    reference_equal(&written, &read);
    check_provenance(&provenance);
    assert_int_equal(keys.n, 0);
    rfm_state_free(&written);
    rfm_state_free(&read);
    rfm_keys_free(&keys);
    rfm_provenance_free(&provenance);
    rfm_layout_free(&layout);
}

static void what_was_written_is_read(void **unused)
{
    (void)unused;
    check_round_trip(RFM_ID_TEXT, EVENTS);
    check_round_trip(RFM_ID_INTEGER, EVENTS);
}

static void a_state_of_few_or_no_customers_is_read(void **unused)
{
    (void)unused;
    check_round_trip(RFM_ID_TEXT, 0);
    check_round_trip(RFM_ID_INTEGER, 0);
    check_round_trip(RFM_ID_TEXT, 1);
    check_round_trip(RFM_ID_INTEGER, 2);
}

/* Each subset equals what folding with that layout alone gives: days on which nothing of it happened are gone too. */
static void a_layout_finds_its_aggregates_among_others(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    int n;
    const rfm_aggregate *all = sample_aggregates(&n);
    rfm_layout whole = make_layout(all, n);
    rfm_state written, read, expected;
    make_state(&whole, RFM_ID_TEXT, EVENTS, &written);
    write_state(&written, NULL);
    for (int step = 2; step < 9; step++) {
        rfm_aggregate some[32];
        int n_some = 0;
        for (int i = n - 1; i >= 0; i -= step) /* in another order */
            some[n_some++] = all[i];
        rfm_layout layout = make_layout(some, n_some);
        make_state(&layout, RFM_ID_TEXT, EVENTS, &expected);
        assert_int_equal(rfm_state_read(comm, path(), &layout, &read, NULL, NULL, &err), RFM_OK);
        reference_equal(&expected, &read);
        rfm_state_free(&expected);
        rfm_state_free(&read);
        rfm_layout_free(&layout);
    }
    rfm_state_free(&written);
    rfm_layout_free(&whole);
}

static void a_missing_aggregate_is_named(void **unused)
{
    (void)unused;
    static const rfm_aggregate one = {RFM_COUNT, 0, 0, false, false, "count where 0"};
    static const rfm_aggregate two[] = {{RFM_COUNT, 0, 0, false, false, "count where 0"},
                                        {RFM_LAST, 0, 0, false, false, "last purchase"}};
    rfm_error err = {0};
    rfm_layout less = make_layout(&one, 1), more = make_layout(two, 2);
    rfm_state written, read;
    make_state(&less, RFM_ID_TEXT, EVENTS, &written);
    write_state(&written, NULL);
    assert_int_equal(rfm_state_read(comm, path(), &more, &read, NULL, NULL, &err), RFM_USAGE);
    assert_non_null(strstr(err.message, "'last purchase'"));
    assert_non_null(strstr(err.message, path()));
    assert_null(read.ids.hash);
    rfm_state_free(&written);
    rfm_layout_free(&less);
    rfm_layout_free(&more);
}

static void without_a_layout_extent_and_provenance_are_read(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    rfm_layout layout = make_layout(NULL, 0);
    rfm_state written, read;
    rfm_provenance provenance;
    make_state(&layout, RFM_ID_INTEGER, EVENTS, &written);
    write_state(&written, NULL);
    assert_int_equal(rfm_state_read(comm, path(), NULL, &read, NULL, &provenance, &err), RFM_OK);
    assert_memory_equal(&read.extent, &written.extent, sizeof read.extent);
    assert_int_equal(read.extent.n_events, EVENTS);
    assert_int_equal(read.ids.n, 0);
    check_provenance(&provenance);
    rfm_provenance_free(&provenance);
    rfm_state_free(&written);
    rfm_state_free(&read);
    rfm_layout_free(&layout);
}

static int compare_keys(const void *a, const void *b)
{
    const rfm_hash128 *x = a, *y = b;
    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    return (x->low > y->low) - (x->low < y->low);
}

static void keys_come_back_to_their_owners(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    rfm_layout layout = make_layout(NULL, 0);
    rfm_state written, read;
    rfm_keys keys = {.keys = malloc(1000 * sizeof *keys.keys)}, back;
    assert_non_null(keys.keys);
    for (uint64_t k = 0; k < 1000; k++) {
        rfm_hash128 key = rfm_hash128_of(&k, sizeof k);
        key.high &= UINT64_C(0xf800000000000000); /* many share the high half */
        if (rfm_owner(key.high, rfm_comm_size(comm)) == rfm_comm_rank(comm))
            keys.keys[keys.n++] = key;
    }
    qsort(keys.keys, keys.n, sizeof *keys.keys, compare_keys);
    make_state(&layout, RFM_ID_INTEGER, 10, &written);
    write_state(&written, &keys);
    assert_int_equal(rfm_state_read(comm, path(), &layout, &read, &back, NULL, &err), RFM_OK);
    assert_int_equal(back.n, keys.n);
    if (keys.n > 0)
        assert_memory_equal(back.keys, keys.keys, keys.n * sizeof *keys.keys);
    rfm_state_free(&written);
    rfm_state_free(&read);
    rfm_keys_free(&keys);
    rfm_keys_free(&back);
    rfm_layout_free(&layout);
}

/* Yesterday's file and today's events, merged, are the state of all events. */
static void folding_onto_a_file_equals_folding_all(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    int n;
    const rfm_aggregate *aggregates = sample_aggregates(&n);
    rfm_layout layout = make_layout(aggregates, n);
    const sample_plan plan = {RFM_ID_TEXT, 77, CUSTOMERS, false};
    rfm_state base, today, merged, whole;
    sample_event events[500];
    size_t n_met = 0;
    make_state(&layout, RFM_ID_TEXT, EVENTS - 500, &today);
    write_state(&today, NULL);
    rfm_state_free(&today);
    assert_int_equal(rfm_state_read(comm, path(), &layout, &base, NULL, NULL, &err), RFM_OK);
    for (size_t i = EVENTS - 500; i < EVENTS; i++)
        if (i / 7 % (size_t)rfm_comm_size(comm) == (size_t)rfm_comm_rank(comm))
            events[n_met++] = sample_make(&plan, i);
    sample_state(&layout, RFM_ID_TEXT, events, n_met, &today);
    assert_int_equal(rfm_state_exchange(comm, &today, 0, &err), RFM_OK);
    assert_int_equal(rfm_state_merge(&base, &today, &merged, &err), RFM_OK);
    make_state(&layout, RFM_ID_TEXT, EVENTS, &whole);
    assert_int_equal(merged.extent.n_events, EVENTS);
    assert_true(merged.extent.newest_us == whole.extent.newest_us);
    merged.extent = whole.extent; /* its other counts are the sample's own invention */
    reference_equal(&merged, &whole);
    rfm_state_free(&base);
    rfm_state_free(&today);
    rfm_state_free(&merged);
    rfm_state_free(&whole);
    rfm_layout_free(&layout);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_state_of_few_or_no_customers_is_read),
        cmocka_unit_test(a_layout_finds_its_aggregates_among_others),
        cmocka_unit_test(a_missing_aggregate_is_named),
        cmocka_unit_test(without_a_layout_extent_and_provenance_are_read),
        cmocka_unit_test(keys_come_back_to_their_owners),
        cmocka_unit_test(folding_onto_a_file_equals_folding_all),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
