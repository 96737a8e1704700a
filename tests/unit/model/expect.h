/* expect: ways to say what is given and expected, for the tests of model. */
#ifndef RFM_TEST_MODEL_EXPECT_H
#define RFM_TEST_MODEL_EXPECT_H

#include "draw.h"
#include "session.h"

#include "rfmpi/model.h"

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

/* This rank's part of n rows that every rank could make: uneven, and empty on the last rank of three or more. */
static inline void share_rows(size_t n, size_t *from, size_t *to)
{
    const size_t size = (size_t)rfm_comm_size(comm), rank = (size_t)rfm_comm_rank(comm);
    const size_t parts = size > 2 ? size - 1 : size;
    *from = rank >= parts ? n : n * rank * rank / (parts * parts);
    *to = rank >= parts ? n : n * (rank + 1) * (rank + 1) / (parts * parts);
}

#endif
