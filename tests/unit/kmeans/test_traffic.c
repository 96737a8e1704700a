/* What an iteration says to the other ranks, counted: two fits that differ by some iterations alone. */
#include "samples.h"

enum { FEW = 4, MORE = 7, COLUMNS = 5, CLUSTERS = 9 };

/* Of sums: d + 1 for each cluster, 2 d + 1 with weights; how many rows changed their label, and what ranks wish. */
static int64_t words_an_iteration(int k, int d, bool weighted)
{
    return (int64_t)k * (weighted ? 2 * d + 1 : d + 1) + 2;
}

/* weights may be NULL. */
static rfm_traffic count_traffic(const test_sample *sample, const double *weights, rfm_algorithm algorithm,
                                 int iterations)
{
    rfm_kmeans_options options = rfm_kmeans_defaults();
    test_trial trial;
    options.k = CLUSTERS;
    options.algorithm = algorithm;
    options.seeding = RFM_SEEDING_GIVEN;
    options.given = sample->rows;
    options.tolerance = 0;
    options.max_iterations = iterations;
    const rfm_traffic before = rfm_comm_traffic(comm);
    if (weights)
        trial_weigh(sample, weights, 1, &options, &trial);
    else
        trial_run(sample, 1, &options, &trial);
    const rfm_traffic after = rfm_comm_traffic(comm);
    assert_int_equal(trial.clustering.iterations, iterations);
    assert_int_equal(trial.clustering.k, CLUSTERS);
    assert_false(trial.clustering.converged);
    trial_free(&trial);
    return (rfm_traffic){.n_messages = after.n_messages - before.n_messages,
                         .message_bytes = after.message_bytes - before.message_bytes,
                         .n_collectives = after.n_collectives - before.n_collectives,
                         .collective_bytes = after.collective_bytes - before.collective_bytes};
}

static void expect_one_reduction_an_iteration(const test_sample *sample, const double *weights, rfm_algorithm algorithm)
{
    const rfm_traffic few = count_traffic(sample, weights, algorithm, FEW);
    const rfm_traffic many = count_traffic(sample, weights, algorithm, FEW + MORE);
    const int64_t bytes = words_an_iteration(CLUSTERS, COLUMNS, weights != NULL) * (int64_t)sizeof(int64_t);
    assert_int_equal(many.n_collectives - few.n_collectives, MORE);
    assert_int_equal(many.collective_bytes - few.collective_bytes, MORE * bytes);
    assert_int_equal(many.n_messages, few.n_messages);
    assert_int_equal(many.message_bytes, few.message_bytes);
}

static void an_iteration_is_one_reduction_of_its_sums(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_EVEN, 11, 6000, COLUMNS);
    for (int algorithm = 0; algorithm <= (int)RFM_ALGORITHM_DEFINITION; algorithm++)
        expect_one_reduction_an_iteration(&sample, NULL, (rfm_algorithm)algorithm);
    sample_free(&sample);
}

static void with_weights_it_is_one_too(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_EVEN, 11, 6000, COLUMNS);
    double *weights = calloc(sample.n, sizeof *weights);
    uint64_t drawn = 3;
    for (size_t i = 0; i < sample.n; i++)
        weights[i] = 1 + draw_unit(&drawn);
    expect_one_reduction_an_iteration(&sample, weights, RFM_ALGORITHM_AUTO);
    sample_free(&sample);
    free(weights);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_iteration_is_one_reduction_of_its_sums),
                                       cmocka_unit_test(with_weights_it_is_one_too)};
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
