/* session: one communicator and one folder for all tests of a program, and a result all ranks
 * share. */
#ifndef RFM_TEST_HDF5_SESSION_H
#define RFM_TEST_HDF5_SESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

static rfm_comm *comm;
static char folder[512];

/* A file in the folder all ranks share. The two last asked for stay valid. */
static inline const char *in_folder(const char *name)
{
    static char paths[2][700];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

static inline void make_folder(void)
{
    if (rfm_comm_rank(comm) == 0) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/rfmpi-hdf5-XXXXXX", base && base[0] ? base : "/tmp");
        if (!mkdtemp(folder))
            folder[0] = '\0';
    }
    rfm_comm_bcast(comm, 0, folder, sizeof folder);
}

static inline void remove_folder(void)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    rfm_comm_barrier(comm);
    if (rfm_comm_rank(comm) == 0 && folder[0] && system(command) != 0)
        fprintf(stderr, "%s is left behind\n", folder);
}

static inline int run_session(int argc, char **argv, const struct CMUnitTest *tests, size_t n)
{
    rfm_error err = {0};
    if (rfm_comm_open(&argc, &argv, &comm, &err) != RFM_OK) {
        fprintf(stderr, "%s\n", err.message);
        rfm_comm_close(comm);
        return 1;
    }
    make_folder();
    int64_t failed = folder[0] ? _cmocka_run_group_tests("hdf5", tests, n, NULL, NULL) : 1;
    rfm_comm_reduce_i64(comm, RFM_MAX, &failed, 1);
    remove_folder();
    rfm_comm_close(comm);
    return failed != 0;
}

static inline void assert_fine(const rfm_error *err)
{
    if (err->status)
        print_error("%s\n", err->message);
    assert_int_equal(err->status, RFM_OK);
}

/* A failure with this status and these words in its message. */
#define assert_failed(err, status, words) fail_unless_failed(err, status, words, __FILE__, __LINE__)
static inline void fail_unless_failed(rfm_error *err, rfm_status status, const char *words, const char *file, int line)
{
    bool as_said = err->status == status && strstr(err->message, words);
    if (!as_said)
        print_error("status %d, not %d, or no \"%s\" in: %s\n", err->status, status, words, err->message);
    _assert_true(as_said, "failed as said", file, line);
    *err = (rfm_error){0};
}

#endif
