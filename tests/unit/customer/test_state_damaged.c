/* A state file with anything wrong in it is an error that names it, never a crash and never a wrong state. */
#include "session.h"

#include <unistd.h>

#include "rfmpi/customer.h"

enum { CUSTOMERS = 4, ENTRIES = 6, DAYS = 5, KEYS = 3 };

static const char PATH[] = "customer-state-damaged.h5";

/* A small valid file, laid out in numbers; each test spoils one of them. */
typedef struct draft {
    int64_t version, n_events, n_after_as_of, earliest_us, newest_us;
    const char *format, *skipped;
    rfm_id_kind kind;
    int64_t ids[CUSTOMERS];
    char texts[CUSTOMERS][4];
    int64_t n_kinds; /* fewer than there are names */
    int32_t kinds[3], lists[3], places[3];
    int64_t n_word_rows, n_word_columns;
    int64_t words[CUSTOMERS];
    int64_t counts[CUSTOMERS], day_counts[CUSTOMERS];
    uint64_t values[ENTRIES], days[DAYS];
    int64_t day_payload[DAYS];
    uint64_t keys[KEYS][2];
} draft;

static const rfm_aggregate AGGREGATES[] = {{RFM_COUNT, 0, 0, false, false, "count"},
                                           {RFM_COUNT, 0, 0, true, false, "daily"},
                                           {RFM_DISTINCT, 0, 0, false, false, "distinct"}};

static int compare_by_hash(const void *a, const void *b)
{
    uint64_t x = rfm_hash64_integer(*(const int64_t *)a), y = rfm_hash64_integer(*(const int64_t *)b);
    return (x > y) - (x < y);
}

static draft make_draft(void)
{
    draft d = {.version = 1,
               .n_events = 9,
               .newest_us = 5,
               .format = "rfmpi customer state",
               .skipped = "",
               .kind = RFM_ID_INTEGER,
               .ids = {11, 12, 13, 14},
               .n_kinds = 3,
               .kinds = {RFM_COUNT, RFM_COUNT, RFM_DISTINCT},
               .lists = {-1, 0, 1},
               .places = {0, 0, 0},
               .n_word_rows = CUSTOMERS,
               .n_word_columns = 1,
               .words = {1, 2, 3, 3},
               .counts = {3, 0, 1, 2},
               .day_counts = {1, 2, 1, 1},
               .values = {5, 6, UINT64_MAX, 1, 7, 8},
               .days = {100, 100, 101, 7, 9},
               .day_payload = {1, 1, 1, 3, 3},
               .keys = {{1, 9}, {1, 10}, {2, 0}}};
    qsort(d.ids, CUSTOMERS, sizeof *d.ids, compare_by_hash);
    return d;
}

static void put(rfm_h5 *h5, const draft *d, const char *name, rfm_h5_shape shape, int64_t rows, const void *data)
{
    rfm_error err = {0};
    if (strcmp(d->skipped, name) != 0)
        assert_int_equal(rfm_h5_write(h5, name, &shape, (size_t)rows, data, &err), RFM_OK);
}

static void put_number(rfm_h5 *h5, const char *name, int64_t value)
{
    rfm_error err = {0};
    assert_int_equal(rfm_h5_put_integer(h5, "/", name, value, &err), RFM_OK);
}

static void put_attributes(rfm_h5 *h5, const draft *d)
{
    rfm_error err = {0};
    assert_int_equal(rfm_h5_put_text(h5, "/", "format", d->format, &err), RFM_OK);
    put_number(h5, "version", d->version);
    put_number(h5, "n_events", d->n_events);
    put_number(h5, "earliest_us", d->earliest_us);
    put_number(h5, "newest_us", d->newest_us);
    put_number(h5, "n_with_time_of_day", 0);
    put_number(h5, "n_after_as_of", d->n_after_as_of);
    put_number(h5, "as_of_us", 0);
}

static void write_draft(const draft *d)
{
    const rfm_h5_shape i32 = {RFM_H5_I32, 0, 1, false}, i64 = {RFM_H5_I64, 0, 1, false},
                       u64 = {RFM_H5_U64, 0, 1, false};
    const rfm_h5_shape text = {RFM_H5_BYTES, 0, 4, false}, pair = {RFM_H5_U64, 0, 2, true};
    const rfm_h5_shape column = {RFM_H5_I64, 0, 1, true}, words = {RFM_H5_I64, 0, d->n_word_columns, true};
    const char *names[] = {"count", "daily", "distinct"};
    rfm_error err = {0};
    rfm_h5 *h5;
    assert_int_equal(rfm_h5_create(comm, PATH, &h5, &err), RFM_OK);
    put_attributes(h5, d);
    if (d->kind == RFM_ID_TEXT)
        put(h5, d, "/customers/id", text, CUSTOMERS, d->texts);
    else
        put(h5, d, "/customers/id", i64, CUSTOMERS, d->ids);
    if (strcmp(d->skipped, "/aggregates/names") != 0)
        assert_int_equal(rfm_h5_write_names(h5, "/aggregates/names", names, 3, &err), RFM_OK);
    put(h5, d, "/aggregates/kind", i32, d->n_kinds, d->kinds);
    put(h5, d, "/aggregates/list", i32, 3, d->lists);
    put(h5, d, "/aggregates/word", i32, 3, d->places);
    put(h5, d, "/aggregates/words", words, d->n_word_rows, d->words);
    put(h5, d, "/lists/0/count", i64, CUSTOMERS, d->day_counts);
    put(h5, d, "/lists/0/key", u64, DAYS, d->days);
    put(h5, d, "/lists/0/payload", column, DAYS, d->day_payload);
    put(h5, d, "/lists/1/count", i64, CUSTOMERS, d->counts);
    put(h5, d, "/lists/1/key", u64, ENTRIES, d->values);
    put(h5, d, "/dedupe/keys", pair, KEYS, d->keys);
    put(h5, d, "/provenance/settings", text, 1, "abc");
    put(h5, d, "/provenance/inputs", text, 1, "abc");
    assert_int_equal(rfm_h5_close(h5, &err), RFM_OK);
}

static rfm_error read_draft(const draft *d, rfm_state *state)
{
    rfm_error err = {0}, own = {0};
    static rfm_layout layout; /* the state's, until the next draft is read */
    rfm_keys keys;
    rfm_provenance provenance;
    write_draft(d);
    rfm_layout_free(&layout);
    assert_int_equal(rfm_layout_init(&layout, AGGREGATES, 3, &own), RFM_OK);
    if (rfm_state_read(comm, PATH, &layout, state, &keys, &provenance, &err)) {
        assert_null(state->ids.hash);
        assert_null(keys.keys);
        assert_null(provenance.settings);
    } else {
        assert_int_equal(keys.n, KEYS);
    }
    rfm_keys_free(&keys);
    rfm_provenance_free(&provenance);
    unlink(PATH);
    return err;
}

static void expect_damaged(const draft *d, const char *about)
{
    rfm_state state;
    rfm_error err = read_draft(d, &state);
    assert_int_equal(err.status, RFM_DATA);
    assert_non_null(strstr(err.message, PATH));
    if (!strstr(err.message, about))
        fail_msg("'%s' does not speak of '%s'", err.message, about);
}

static void the_draft_itself_is_read(void **unused)
{
    (void)unused;
    draft d = make_draft();
    rfm_state state;
    rfm_error err = read_draft(&d, &state);
    assert_string_equal(err.message, "");
    assert_int_equal(state.ids.n, CUSTOMERS);
    assert_int_equal(state.words[1], 2);
    assert_int_equal(state.lists[1].start[CUSTOMERS], ENTRIES);
    assert_int_equal(state.lists[0].payload[4], 3);
    rfm_state_free(&state);
}

static void another_format_or_a_newer_version_is_refused(void **unused)
{
    (void)unused;
    draft d = make_draft();
    d.format = "a matrix";
    expect_damaged(&d, "a matrix");
    d = make_draft();
    d.version = 2;
    expect_damaged(&d, "newer");
    d.version = 0;
    expect_damaged(&d, "version");
}

static void a_missing_part_is_named(void **unused)
{
    (void)unused;
    static const char *const parts[] = {"/customers/id",    "/aggregates/names", "/aggregates/kind",
                                        "/aggregates/list", "/aggregates/word",  "/aggregates/words",
                                        "/lists/0/count",   "/lists/0/key",      "/lists/0/payload",
                                        "/lists/1/count",   "/lists/1/key",      "/provenance/inputs"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        draft d = make_draft();
        d.skipped = parts[i];
        expect_damaged(&d, parts[i]);
    }
}

static void customers_out_of_order_or_twice_are_refused(void **unused)
{
    (void)unused;
    draft d = make_draft();
    int64_t first = d.ids[0];
    d.ids[0] = d.ids[3];
    expect_damaged(&d, "/customers/id");
    d.ids[0] = first;
    d.ids[2] = d.ids[1];
    expect_damaged(&d, "/customers/id");
}

static void a_text_id_with_bytes_behind_its_end_is_refused(void **unused)
{
    (void)unused;
    draft d = make_draft();
    d.kind = RFM_ID_TEXT;
    for (int i = 0; i < CUSTOMERS; i++)
        memcpy(d.texts[i], "a\0b", 4);
    expect_damaged(&d, "NUL");
}

static void counts_that_do_not_add_up_are_refused(void **unused)
{
    (void)unused;
    static const int64_t wrong[] = {-1, 0, 1000, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        draft d = make_draft();
        d.counts[0] = wrong[i];
        expect_damaged(&d, "/lists/1/count");
        d = make_draft();
        d.day_counts[3] = wrong[i];
        expect_damaged(&d, "/lists/0/count");
    }
    draft d = make_draft();
    d.counts[0] = INT64_MAX;
    d.counts[1] = INT64_MAX;
    d.counts[3] = 5;
    expect_damaged(&d, "/lists/1/count");
}

static void keys_out_of_order_are_refused(void **unused)
{
    (void)unused;
    draft d = make_draft();
    d.values[1] = d.values[0];
    expect_damaged(&d, "keys of a list");
    d = make_draft();
    d.days[2] = 1;
    expect_damaged(&d, "keys of a list");
    d = make_draft();
    d.keys[1][1] = d.keys[0][1];
    expect_damaged(&d, "/dedupe/keys");
}

static void impossible_values_are_refused(void **unused)
{
    (void)unused;
    draft d = make_draft();
    d.words[2] = -1;
    expect_damaged(&d, "'count'");
    d = make_draft();
    d.day_payload[0] = -5;
    expect_damaged(&d, "'daily'");
    d = make_draft();
    d.days[4] = UINT64_C(1) << 40;
    expect_damaged(&d, "day");
    d = make_draft();
    d.n_events = -1;
    expect_damaged(&d, "events");
    d = make_draft();
    d.n_after_as_of = -1;
    expect_damaged(&d, "events");
    d = make_draft();
    d.earliest_us = 6;
    expect_damaged(&d, "events");
}

static void places_that_do_not_exist_are_refused(void **unused)
{
    (void)unused;
    static const int32_t wrong[] = {-1, 1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (int a = 0; a < 2; a++) {
            draft d = make_draft();
            d.places[a] = wrong[i];
            expect_damaged(&d, "");
        }
    for (size_t i = 1; i < sizeof wrong / sizeof *wrong; i++) {
        draft d = make_draft();
        d.lists[1] = d.lists[2] = wrong[i];
        expect_damaged(&d, "");
    }
    draft d = make_draft();
    d.kinds[0] = RFM_LAST;
    expect_damaged(&d, "'count'");
}

static void arrays_of_another_shape_are_refused(void **unused)
{
    (void)unused;
    draft d = make_draft();
    d.n_word_rows = CUSTOMERS - 1;
    expect_damaged(&d, "/aggregates/words");
    d = make_draft();
    d.n_word_rows = CUSTOMERS / 2;
    d.n_word_columns = 2;
    expect_damaged(&d, "/aggregates/words");
    d = make_draft();
    d.n_kinds = 2;
    expect_damaged(&d, "/aggregates/kind");
}

static void a_file_cut_short_is_refused(void **unused)
{
    (void)unused;
    draft d = make_draft();
    rfm_error own = {0};
    rfm_layout layout;
    assert_int_equal(rfm_layout_init(&layout, AGGREGATES, 3, &own), RFM_OK);
    for (off_t size = 0; size < 4096; size += 512) {
        rfm_error err = {0};
        rfm_state state;
        write_draft(&d);
        assert_int_equal(truncate(PATH, size), 0);
        assert_int_equal(rfm_state_read(comm, PATH, &layout, &state, NULL, NULL, &err), RFM_DATA);
        unlink(PATH);
    }
    rfm_layout_free(&layout);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_draft_itself_is_read),
        cmocka_unit_test(another_format_or_a_newer_version_is_refused),
        cmocka_unit_test(a_missing_part_is_named),
        cmocka_unit_test(customers_out_of_order_or_twice_are_refused),
        cmocka_unit_test(a_text_id_with_bytes_behind_its_end_is_refused),
        cmocka_unit_test(counts_that_do_not_add_up_are_refused),
        cmocka_unit_test(keys_out_of_order_are_refused),
        cmocka_unit_test(impossible_values_are_refused),
        cmocka_unit_test(places_that_do_not_exist_are_refused),
        cmocka_unit_test(arrays_of_another_shape_are_refused),
        cmocka_unit_test(a_file_cut_short_is_refused),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
