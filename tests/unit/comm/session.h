/* session: one communicator for all tests of a program, and a result all ranks share. */
#ifndef RFM_TEST_COMM_SESSION_H
#define RFM_TEST_COMM_SESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ranks.h"

static rfm_comm *comm;

/* Sizes are asked for on purpose that no machine has: let the sanitizer's allocator say NULL as
 * malloc does. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static inline int run_session(int argc, char **argv, const struct CMUnitTest *tests, size_t n)
{
    rfm_error err = {0};
    if (rfm_comm_open(&argc, &argv, &comm, &err) != RFM_OK) {
        fprintf(stderr, "%s\n", err.message);
        rfm_comm_close(comm);
        return 1;
    }
    int64_t failed = _cmocka_run_group_tests("comm", tests, n, NULL, NULL);
    rfm_comm_reduce_i64(comm, RFM_MAX, &failed, 1);
    rfm_comm_close(comm);
    return failed != 0;
}

#endif
