/* files: what the tests of store write and look at. */
#ifndef RFM_TEST_STORE_FILES_H
#define RFM_TEST_STORE_FILES_H

#include "session.h"

#include "run.h"

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

#endif
