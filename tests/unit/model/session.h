/* session: the ranks, a folder they share, and ways to say what is expected, for the tests of model. */
#ifndef RFM_TEST_MODEL_SESSION_H
#define RFM_TEST_MODEL_SESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rfmpi/model.h"

static rfm_comm *comm;
static char folder[512];

static inline void make_folder(void)
{
    if (rfm_comm_rank(comm) == 0) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/rfmpi-model-XXXXXX", base && base[0] ? base : "/tmp");
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

/* Open the ranks, run the tests, close; 1 when a test failed on any rank. */
static inline int run_session(int argc, char **argv, const struct CMUnitTest *tests, size_t n)
{
    rfm_error err = {0};
    if (rfm_comm_open(&argc, &argv, &comm, &err) != RFM_OK) {
        fprintf(stderr, "%s\n", err.message);
        rfm_comm_close(comm);
        return 1;
    }
    make_folder();
    int64_t failed = folder[0] ? _cmocka_run_group_tests("model", tests, n, NULL, NULL) : 1;
    rfm_comm_reduce_i64(comm, RFM_MAX, &failed, 1);
    remove_folder();
    rfm_comm_close(comm);
    return failed != 0;
}

/* A path in the shared folder; the one last asked for stays valid. */
static inline const char *in_folder(const char *name)
{
    static char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static inline void assert_fine(const rfm_error *err)
{
    if (err->status)
        print_error("%s\n", err->message);
    assert_int_equal(err->status, RFM_OK);
}

static inline void assert_failed(rfm_error *err, rfm_status status, const char *words)
{
    if (err->status != status || !strstr(err->message, words))
        fail_msg("status %d, not %d, or no \"%s\" in: %s", err->status, status, words, err->message);
    *err = (rfm_error){0};
}

static inline rfm_node parse_node(const char *text)
{
    rfm_node node;
    rfm_error err = {0};
    rfm_node_parse(text, strlen(text), "job.yml", &node, &err);
    assert_fine(&err);
    return node;
}

static inline void assert_same_as_of(const rfm_as_of *a, const rfm_as_of *b)
{
    assert_true(a->us == b->us && a->day == b->day && a->span_us == b->span_us);
}

/* A stream of test data of the test's own: splitmix64. */
static inline uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline double draw_unit(uint64_t *state)
{
    return (double)(draw(state) >> 11) * 0x1p-53;
}

/* This rank's part of n rows that every rank could make: uneven, and empty on the last rank of three or more. */
static inline void share_rows(size_t n, size_t *from, size_t *to)
{
    const size_t size = (size_t)rfm_comm_size(comm), rank = (size_t)rfm_comm_rank(comm);
    const size_t parts = size > 2 ? size - 1 : size;
    *from = rank >= parts ? n : n * rank * rank / (parts * parts);
    *to = rank >= parts ? n : n * (rank + 1) * (rank + 1) / (parts * parts);
}

#endif
