/* What a table or a deduper shelves comes back to any other, for any number of owners, and what is damaged does not. */
#include "reference.h"

#include "session.h"

#include <fcntl.h>

enum { N_EVENTS = 4000, N_SHELVES = 3 };

static rfm_layout layout;

static int open_all(void **state)
{
    rfm_error err = {0};
    int n;
    const rfm_aggregate *aggregates = sample_aggregates(&n);
    return rfm_layout_init(&layout, aggregates, n, &err) != RFM_OK || set_up_folder(state) != 0;
}

static int close_all(void **state)
{
    rfm_layout_free(&layout);
    return tear_down_folder(state);
}

static rfm_scratch open_shelf(void)
{
    static char path[600];
    snprintf(path, sizeof path, "%s", in_folder("shelf"));
    return (rfm_scratch){.path = path, .what = "a test", .file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600)};
}

static sample_event *make_events(const sample_plan *plan)
{
    sample_event *events = malloc(N_EVENTS * sizeof *events);
    assert_non_null(events);
    for (size_t i = 0; i < N_EVENTS; i++)
        events[i] = sample_make(plan, i);
    return events;
}

/* What was foreseen before the table was emptied. */
static void shelve(rfm_table *table, rfm_scratch *shelf, rfm_text *index, rfm_error *err)
{
    size_t index_bytes;
    const size_t n_bytes = rfm_table_unshelved_bytes(table, &index_bytes);
    const int64_t before = shelf->n_bytes;
    rfm_table_shelve(table, shelf, index, err);
    assert_in_range(shelf->n_bytes - before, 1, n_bytes);
    assert_int_equal(index->length, index_bytes);
}

/* A third of the events each; the last stays in memory. */
static rfm_table *fold_and_shelve(rfm_id_kind kind, const sample_event *events, int n_owners, size_t memory,
                                  rfm_scratch *shelf, rfm_text *index)
{
    rfm_error err = {0};
    rfm_table *table;
    rfm_table_open(&layout, kind, n_owners, &table, &err);
    rfm_table_limit(table, memory, in_folder("."));
    for (size_t s = 0; s < N_SHELVES; s++) {
        const size_t first = N_EVENTS * s / N_SHELVES, end = N_EVENTS * (s + 1) / N_SHELVES;
        sample_give(events + first, end - first, kind, 100, sample_fold, table, &err);
        if (s + 1 < N_SHELVES)
            shelve(table, shelf, &index[s], &err);
    }
    assert_fine(&err);
    return table;
}

static void check_table(rfm_id_kind kind, int n_owners, int n_later, size_t memory)
{
    rfm_error err = {0};
    rfm_text index[N_SHELVES] = {0};
    rfm_scratch shelf = open_shelf();
    rfm_state all = {0}, again = {0};
    rfm_table *later;
    const sample_plan plan = {kind, 7, 900, false};
    sample_event *events = make_events(&plan);
    rfm_table *table = fold_and_shelve(kind, events, n_owners, memory, &shelf, index);
    rfm_table_freeze(table, &all, &err);
    assert_fine(&err);
    reference_check(&all, kind, events, N_EVENTS);
    rfm_table_open(&layout, kind, n_later, &later, &err);
    for (size_t s = 0; s + 1 < N_SHELVES; s++)
        rfm_table_unshelve(later, &shelf, index[s].bytes, index[s].length, &err);
    const size_t rest = N_EVENTS * (N_SHELVES - 1) / N_SHELVES;
    sample_give(events + rest, N_EVENTS - rest, kind, 100, sample_fold, later, &err);
    rfm_table_freeze(later, &again, &err);
    assert_fine(&err);
    reference_check(&again, kind, events, N_EVENTS);
    rfm_state_free(&all);
    rfm_state_free(&again);
    rfm_table_close(table);
    rfm_table_close(later);
    for (size_t s = 0; s < N_SHELVES; s++)
        rfm_text_free(&index[s]);
    close(shelf.file);
    free(events);
}

static void a_table_comes_back_for_any_number_of_owners(void **state)
{
    (void)state;
    static const int owners[] = {1, 2, 3, 7, 100};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            for (int kind = 0; kind < 2; kind++)
                check_table(kind == 0 ? RFM_ID_TEXT : RFM_ID_INTEGER, owners[i], owners[j], (i + j) % 3 ? 0 : 100000);
}

/* Days that lie in one word of a row are an entry each of what is written. */
static void no_more_is_written_than_was_foreseen(void **state)
{
    (void)state;
    enum { N_DAYS = 30, N_CUSTOMERS = 5000, N = N_DAYS * N_CUSTOMERS };
    rfm_error err = {0};
    rfm_layout days;
    rfm_table *table;
    rfm_text index = {0};
    rfm_scratch shelf = open_shelf();
    const rfm_aggregate distinct[] = {{.name = "days", .kind = RFM_DISTINCT, .source = RFM_SOURCE_DAY}};
    const sample_plan plan = {RFM_ID_INTEGER, 7, N_CUSTOMERS, false};
    sample_event *events = malloc(N * sizeof *events);
    assert_non_null(events);
    for (size_t i = 0; i < N; i++) {
        events[i] = sample_make(&plan, 0);
        events[i].id_number = (int64_t)(i % N_CUSTOMERS);
        events[i].id_hash = rfm_hash64_integer(events[i].id_number);
        events[i].where = 1;
        events[i].day = 18000 + (int32_t)(i / N_CUSTOMERS);
    }
    rfm_layout_init(&days, distinct, 1, &err);
    rfm_table_open(&days, RFM_ID_INTEGER, 3, &table, &err);
    sample_give(events, N, RFM_ID_INTEGER, 100, sample_fold, table, &err);
    assert_fine(&err);
    shelve(table, &shelf, &index, &err);
    assert_in_range(shelf.n_bytes, N * sizeof(uint64_t), 2 * N * sizeof(uint64_t));
    assert_fine(&err);
    rfm_table_close(table);
    rfm_layout_free(&days);
    rfm_text_free(&index);
    close(shelf.file);
    free(events);
}

static void what_is_damaged_does_not_come_back(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_text index[N_SHELVES] = {0};
    rfm_scratch shelf = open_shelf();
    const sample_plan plan = {RFM_ID_TEXT, 7, 900, false};
    sample_event *events = make_events(&plan);
    rfm_table *table = fold_and_shelve(RFM_ID_TEXT, events, 2, 0, &shelf, index), *later;
    rfm_table_open(&layout, RFM_ID_TEXT, 2, &later, &err);
    for (size_t cut = 0; cut < index[0].length; cut += 1 + cut / 4) {
        assert_int_not_equal(rfm_table_unshelve(later, &shelf, index[0].bytes, cut, &err), RFM_OK);
        err = (rfm_error){0};
    }
    char byte;
    assert_int_equal(pread(shelf.file, &byte, 1, 1000), 1);
    byte ^= 4;
    assert_int_equal(pwrite(shelf.file, &byte, 1, 1000), 1);
    assert_int_not_equal(rfm_table_unshelve(later, &shelf, index[0].bytes, index[0].length, &err), RFM_OK);
    err = (rfm_error){0};
    shelf.n_bytes = 100;
    rfm_table_unshelve(later, &shelf, index[1].bytes, index[1].length, &err);
    assert_failed(&err, RFM_DATA, "ends before");
    rfm_state none = {0};
    rfm_table_freeze(later, &none, &err);
    assert_fine(&err);
    assert_int_equal(none.ids.n, 0);
    rfm_state_free(&none);
    rfm_table_close(table);
    rfm_table_close(later);
    for (size_t s = 0; s < N_SHELVES; s++)
        rfm_text_free(&index[s]);
    close(shelf.file);
    free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_comes_back_for_any_number_of_owners),
        cmocka_unit_test(no_more_is_written_than_was_foreseen),
        cmocka_unit_test(what_is_damaged_does_not_come_back),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
