/* The bell: whoever rings, all ranks hear it, none of its messages is left over; and stops at agreements. */
#include "session.h"

#include <time.h>

#include "ranks.h"

static bool says(void *context)
{
    return *(bool *)context;
}

static bool meet(bool wants)
{
    return rfm_comm_meet(comm, says, &wants);
}

static void rest(void)
{
    const struct timespec moment = {.tv_nsec = 100000};
    nanosleep(&moment, NULL);
}

static void a_bell_that_nobody_rings_is_silent(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_false(rfm_comm_bell(comm, false));
        assert_false(meet(false));
    }
}

/* Nobody meets before all have heard. */
static void all_hear_whoever_rings_while_they_work(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        for (int ringing = 0; ringing < comm->size; ringing++) {
            int n = 0;
            while (!rfm_comm_bell(comm, comm->rank == ringing) && n++ < 100000)
                rest();
            assert_true(n < 100000);
            assert_true(meet(false));
            assert_false(rfm_comm_bell(comm, false));
            assert_false(meet(false));
        }
}

/* Those that wait already, some that ring last of all, and any number at once. */
static void any_number_of_ranks_may_ring_at_any_time(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        const uint64_t draw = rfm_hash64_integer(i);
        const bool mine = draw >> comm->rank & 1;
        if (draw >> (8 + comm->rank) & 1)
            rest();
        rfm_comm_bell(comm, mine);
        assert_int_equal(meet(false), (draw & ((UINT64_C(1) << comm->size) - 1)) != 0);
    }
}

/* A rank that only waits rings when it is asked; the others are late, so it is asked. */
static void who_waits_may_ring(void **state)
{
    (void)state;
    for (int ringing = 0; comm->size > 1 && ringing < comm->size; ringing++) {
        bool heard = comm->rank == ringing;
        for (int n = 0; !heard && n < 100000; n++) {
            heard = rfm_comm_bell(comm, false);
            rest();
        }
        assert_true(heard);
        assert_true(meet(comm->rank == ringing));
    }
}

static const char *reason_of(void *context)
{
    return context;
}

static void a_request_to_stop_is_a_failure_of_the_next_agreement(void **state)
{
    (void)state;
    char reason[] = "a test";
    rfm_comm_stage(comm, "waiting");
    for (int asked = 0; asked < comm->size; asked++) {
        rfm_error err = {0};
        rfm_comm_stop_when(comm, reason_of, comm->rank == asked ? reason : NULL);
        assert_int_equal(rfm_comm_agree(comm, &err), RFM_STOPPED);
        assert_string_equal(err.message, "stopped on request (a test) in stage waiting: run it again to go on");
        /* What failed is what is told. */
        err = (rfm_error){0};
        if (comm->rank == asked)
            rfm_fail(&err, RFM_IO, "full");
        assert_int_equal(rfm_comm_agree(comm, &err), RFM_IO);
        rfm_comm_stop_when(comm, NULL, NULL);
        err = (rfm_error){0};
        assert_int_equal(rfm_comm_agree(comm, &err), RFM_OK);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bell_that_nobody_rings_is_silent),
        cmocka_unit_test(all_hear_whoever_rings_while_they_work),
        cmocka_unit_test(any_number_of_ranks_may_ring_at_any_time),
        cmocka_unit_test(who_waits_may_ring),
        cmocka_unit_test(a_request_to_stop_is_a_failure_of_the_next_agreement),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
