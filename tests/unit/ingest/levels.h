/* levels: the same tests with every vector instruction set that this machine has. cmocka.h comes before it. */
#ifndef RFMPI_TEST_INGEST_LEVELS_H
#define RFMPI_TEST_INGEST_LEVELS_H

#include <stdlib.h>

#include "marks.h"

/* As cmocka_run_group_tests. What reads RFMPI_VECTOR is what is tested, so the tests need not know of it. */
#define run_at_every_level(tests, setup, teardown)                                                                     \
    run_group_at_every_level(tests, sizeof(tests) / sizeof *(tests), setup, teardown)

static inline int run_group_at_every_level(const struct CMUnitTest *tests, size_t n_tests, CMFixtureFunction setup,
                                           CMFixtureFunction teardown)
{
    rfm_marks_level levels[RFM_MARKS_MAX_LEVELS];
    const size_t n = rfm_marks_levels(levels);
    int n_failed = 0;
    for (size_t i = 0; i < n; i++) {
        if (!levels[i].level.is_there)
            continue;
        setenv("RFMPI_VECTOR", levels[i].level.name, 1);
        n_failed += _cmocka_run_group_tests(levels[i].level.name, tests, n_tests, setup, teardown);
    }
    unsetenv("RFMPI_VECTOR");
    return n_failed;
}

#endif
