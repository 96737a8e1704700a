/* session: one communicator and one folder for all tests of a program, and a result all ranks share. */
#ifndef RFM_TEST_STORE_SESSION_H
#define RFM_TEST_STORE_SESSION_H

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

#include "run.h"

static rfm_comm *comm;
static char folder[512];

/* A file in the folder all ranks share. The four last asked for stay valid. */
static inline const char *in_folder(const char *name)
{
    static char paths[4][700];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

static inline bool is_first(void)
{
    return rfm_comm_rank(comm) == 0;
}

/* What rank 0 sees, on all ranks, and no rank goes on before it was looked at. */
static inline bool is_there(const char *path)
{
    struct stat status;
    int64_t there = 0;
    rfm_comm_barrier(comm);
    if (is_first())
        there = lstat(path, &status) == 0;
    rfm_comm_bcast(comm, 0, &there, sizeof there);
    return there;
}

static inline void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* The whole file, NUL terminated; "" when there is none. Caller frees. */
static inline char *read_text(const char *path, size_t *length)
{
    FILE *file = fopen(path, "r");
    rfm_text text = {0};
    char block[4096];
    rfm_text_adds(&text, "");
    for (size_t n; file && (n = fread(block, 1, sizeof block, file)) > 0;)
        rfm_text_add(&text, block, n);
    if (file)
        fclose(file);
    if (length)
        *length = text.length;
    return text.bytes ? text.bytes : calloc(1, 1);
}

static inline void make_folder(void)
{
    if (is_first()) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/rfmpi-store-XXXXXX", base && base[0] ? base : "/tmp");
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
    if (is_first() && folder[0] && system(command) != 0)
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
    int64_t failed = folder[0] ? _cmocka_run_group_tests("store", tests, n, NULL, NULL) : 1;
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
