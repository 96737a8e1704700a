/* session: one communicator for all tests of a program, and a result all ranks share. */
#ifndef RFM_TEST_CUSTOMER_SESSION_H
#define RFM_TEST_CUSTOMER_SESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfmpi/comm.h"

static rfm_comm *comm;

static inline int run_session(int argc, char **argv, const struct CMUnitTest *tests, size_t n)
{
    rfm_error err = {0};
    if (rfm_comm_open(&argc, &argv, &comm, &err) != RFM_OK) {
        fprintf(stderr, "%s\n", err.message);
        rfm_comm_close(comm);
        return 1;
    }
    int64_t failed = _cmocka_run_group_tests("customer", tests, n, NULL, NULL);
    rfm_comm_reduce_i64(comm, RFM_MAX, &failed, 1);
    rfm_comm_close(comm);
    return failed != 0;
}

#endif
