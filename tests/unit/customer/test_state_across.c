/* A state written by p ranks, read by q ranks: the program leaves its own, and reads all that it finds.
 *
 * The first argument is "write" or "read". What is read must be what the reference says, whoever wrote it.
 */
#include "session.h"

#include "reference.h"

enum { EVENTS = 2000, CUSTOMERS = 200, MOST_RANKS = 4 };

static const sample_plan PLAN = {RFM_ID_TEXT, 5, CUSTOMERS, false};

static void name_file(int n_ranks, char path[64])
{
    snprintf(path, 64, "customer-state-by-%d.h5", n_ranks);
}

static rfm_layout make_layout(void)
{
    rfm_error err = {0};
    rfm_layout layout;
    int n;
    const rfm_aggregate *aggregates = sample_aggregates(&n);
    assert_int_equal(rfm_layout_init(&layout, aggregates, n, &err), RFM_OK);
    return layout;
}

static void write_for_the_others(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    char path[64], settings[] = "", inputs[] = "";
    const rfm_provenance provenance = {settings, inputs, 0};
    rfm_layout layout = make_layout();
    rfm_state state;
    sample_event *events = malloc(EVENTS * sizeof *events);
    size_t n = 0;
    assert_non_null(events);
    for (size_t i = 0; i < EVENTS; i++)
        if (i % (size_t)rfm_comm_size(comm) == (size_t)rfm_comm_rank(comm))
            events[n++] = sample_make(&PLAN, i);
    sample_state(&layout, PLAN.kind, events, n, &state);
    assert_int_equal(rfm_state_exchange(comm, &state, 0, &err), RFM_OK);
    name_file(rfm_comm_size(comm), path);
    assert_int_equal(rfm_state_write(comm, path, 0, &state, NULL, &provenance, &err), RFM_OK);
    rfm_state_free(&state);
    rfm_layout_free(&layout);
    free(events);
}

static void read_what_any_number_of_ranks_wrote(void **unused)
{
    (void)unused;
    rfm_layout layout = make_layout();
    sample_event *owned = malloc(EVENTS * sizeof *owned);
    size_t n = 0;
    assert_non_null(owned);
    for (size_t i = 0; i < EVENTS; i++) {
        sample_event event = sample_make(&PLAN, i);
        if (rfm_owner(event.id_hash, rfm_comm_size(comm)) == rfm_comm_rank(comm))
            owned[n++] = event;
    }
    for (int p = 1; p <= MOST_RANKS; p++) {
        rfm_error err = {0};
        rfm_state state;
        char path[64];
        name_file(p, path);
        assert_int_equal(rfm_state_read(comm, path, &layout, &state, NULL, NULL, &err), RFM_OK);
        reference_check(&state, PLAN.kind, owned, n);
        assert_int_equal(state.extent.n_events, EVENTS);
        rfm_state_free(&state);
    }
    rfm_layout_free(&layout);
    free(owned);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest writing[] = {cmocka_unit_test(write_for_the_others)};
    const struct CMUnitTest reading[] = {cmocka_unit_test(read_what_any_number_of_ranks_wrote)};
    bool reads = argc > 1 && strcmp(argv[1], "read") == 0;
    return run_session(argc, argv, reads ? reading : writing, 1);
}
