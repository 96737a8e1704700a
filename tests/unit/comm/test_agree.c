/* The agreement, with every rank failing in turn, and failures injected at every rank. */
#include "session.h"

#include "ranks.h"

static void all_is_well_when_no_rank_failed(void **state)
{
    (void)state;
    rfm_error err = {0};
    assert_int_equal(rfm_comm_agree(comm, &err), RFM_OK);
    assert_int_equal(err.status, RFM_OK);
    assert_int_equal(err.n_failed, 0);
}

static void the_error_of_the_failed_rank_reaches_all(void **state)
{
    (void)state;
    for (int failing = 0; failing < comm->size; failing++) {
        rfm_error err = {0};
        char expected[64];
        snprintf(expected, sizeof expected, "file %d is gone", failing);
        if (comm->rank == failing)
            rfm_fail(&err, RFM_IO, "file %d is gone", failing);
        assert_int_equal(rfm_comm_agree(comm, &err), RFM_IO);
        assert_int_equal(err.status, RFM_IO);
        assert_string_equal(err.message, expected);
        assert_int_equal(err.rank, failing);
        assert_int_equal(err.n_failed, 1);
    }
}

static void the_lowest_of_several_failed_ranks_speaks(void **state)
{
    (void)state;
    for (int first = 0; first < comm->size; first++) {
        rfm_error err = {0};
        if (comm->rank >= first)
            rfm_fail(&err, comm->rank == first ? RFM_DATA : RFM_NO_MEMORY, "rank %d", comm->rank);
        assert_int_equal(rfm_comm_agree(comm, &err), RFM_DATA);
        assert_int_equal(err.rank, first);
        assert_int_equal(err.n_failed, comm->size - first);
    }
}

static void a_failure_comes_before_requests_to_stop(void **state)
{
    (void)state;
    for (int failing = 0; failing < comm->size; failing++) {
        rfm_error err = {0};
        rfm_fail(&err, comm->rank == failing ? RFM_IO : RFM_STOPPED, "rank %d", comm->rank);
        assert_int_equal(rfm_comm_agree(comm, &err), RFM_IO);
        assert_int_equal(err.rank, failing);
        assert_int_equal(err.n_failed, comm->size);
    }
    rfm_error err = {0};
    if (comm->rank > 0 || comm->size == 1)
        rfm_fail(&err, RFM_STOPPED, "rank %d", comm->rank);
    assert_int_equal(rfm_comm_agree(comm, &err), RFM_STOPPED);
    assert_int_equal(err.rank, comm->size > 1);
}

static void an_agreed_error_keeps_its_rank_when_agreed_again(void **state)
{
    (void)state;
    rfm_error err = {0};
    int failing = comm->size - 1;
    if (comm->rank == failing)
        rfm_fail(&err, RFM_DENIED, "no");
    rfm_comm_agree(comm, &err);
    assert_int_equal(rfm_comm_agree(comm, &err), RFM_DENIED);
    assert_int_equal(err.rank, failing);
    assert_int_equal(err.n_failed, 1);
}

static void ranks_of_another_build_are_named(void **state)
{
    (void)state;
    rfm_error err = {0};
    assert_int_equal(rfm_comm_greet(comm, "1.2 (a)", &err), RFM_OK);
    for (int other = 1; other < comm->size; other++) {
        char expected[64];
        snprintf(expected, sizeof expected, "rank %d is rfmpi 1.3 (b), but rank 0 is rfmpi 1.2 (a)", other);
        assert_int_equal(rfm_comm_greet(comm, comm->rank >= other ? "1.3 (b)" : "1.2 (a)", &err), RFM_USAGE);
        assert_failed(&err, RFM_USAGE, expected);
    }
}

static void a_fault_strikes_at_its_stage_rank_and_number_only(void **state)
{
    (void)state;
    for (int failing = 0; failing < comm->size; failing++) {
        rfm_error err = {0};
        comm->fault = (rfm_fault){.stage = "ingest", .rank = failing, .n = 2};
        comm->n_agreed = 0;
        rfm_comm_stage(comm, "train");
        assert_int_equal(rfm_comm_agree(comm, &err), RFM_OK);
        rfm_comm_stage(comm, "ingest");
        assert_int_equal(rfm_comm_agree(comm, &err), RFM_OK);
        assert_int_equal(rfm_comm_agree(comm, &err), RFM_INTERNAL);
        assert_int_equal(err.rank, failing);
        assert_int_equal(err.n_failed, 1);
        assert_non_null(strstr(err.message, "RFMPI_FAULT=ingest:"));
        memset(&err, 0, sizeof err);
        assert_int_equal(rfm_comm_agree(comm, &err), RFM_OK);
    }
    comm->fault.n = 0;
}

static void a_fault_inside_an_exchange_frees_and_fails_everywhere(void **state)
{
    (void)state;
    for (int failing = 0; failing < comm->size; failing++) {
        rfm_error err = {0};
        comm->fault = (rfm_fault){.stage = "merge", .rank = failing, .n = 1};
        comm->n_agreed = 0;
        rfm_comm_stage(comm, "merge");
        size_t counts[16] = {0}, theirs[16];
        void *received = &err;
        assert_int_equal(rfm_comm_exchange(comm, 8, NULL, counts, &received, theirs, &err), RFM_INTERNAL);
        assert_null(received);
        assert_int_equal(err.rank, failing);
    }
    comm->fault.n = 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well_when_no_rank_failed),
        cmocka_unit_test(the_error_of_the_failed_rank_reaches_all),
        cmocka_unit_test(the_lowest_of_several_failed_ranks_speaks),
        cmocka_unit_test(a_failure_comes_before_requests_to_stop),
        cmocka_unit_test(an_agreed_error_keeps_its_rank_when_agreed_again),
        cmocka_unit_test(ranks_of_another_build_are_named),
        cmocka_unit_test(a_fault_strikes_at_its_stage_rank_and_number_only),
        cmocka_unit_test(a_fault_inside_an_exchange_frees_and_fails_everywhere),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
