/* A malformed RFMPI_FAULT that only the last rank has: open fails on all ranks with one error, and
 * close ends them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "ranks.h"

static int n_ranks = 1, last;
static rfm_comm *comm;
static rfm_error err;

static void open_fails_on_every_rank(void **state)
{
    (void)state;
    assert_int_equal(err.status, RFM_USAGE);
    assert_int_equal(err.rank, last);
    assert_int_equal(err.n_failed, 1);
    assert_non_null(comm);
    assert_int_equal(rfm_comm_size(comm), n_ranks);
}

int main(int argc, char **argv)
{
    const char *size = getenv("OMPI_COMM_WORLD_SIZE"), *rank = getenv("OMPI_COMM_WORLD_RANK");
    if (size != NULL && rank != NULL)
        n_ranks = atoi(size);
    last = n_ranks - 1;
    if (n_ranks == 1 || atoi(rank) == last)
        setenv("RFMPI_FAULT", "ingest", 1);
    rfm_comm_open(&argc, &argv, &comm, &err);
    const struct CMUnitTest tests[] = {cmocka_unit_test(open_fails_on_every_rank)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rfm_comm_close(comm);
    return failed != 0;
}
