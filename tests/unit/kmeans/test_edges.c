/* The ends of k-means: empty clusters, too few distinct rows, one row, no rows, and options that cannot be meant. */
#include "samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static rfm_kmeans_options ask(int k, rfm_seeding seeding)
{
    rfm_kmeans_options options = rfm_kmeans_defaults();
    options.k = k;
    options.seeding = seeding;
    options.tolerance = 0;
    return options;
}

static void expect_clusters(const test_sample *sample, const rfm_kmeans_options *options, int k)
{
    for (int way = 0; way < WAYS; way++) {
        test_trial trial;
        trial_run(sample, way, options, &trial);
        assert_int_equal(trial.clustering.k, k);
        assert_true(trial.clustering.converged);
        for (int c = 0; c < trial.clustering.k; c++)
            assert_true(trial.clustering.sizes[c] > 0);
        trial_free(&trial);
    }
}

static void fewer_distinct_rows_than_k_give_fewer_clusters(void **state)
{
    (void)state;
    double rows[] = {1, 5, 1, 1, 9, 5, 1, 9, 9, 5};
    test_sample sample = {10, 1, rows};
    for (int seeding = 0; seeding < 3; seeding++) {
        rfm_kmeans_options options = ask(7, (rfm_seeding)seeding);
        expect_clusters(&sample, &options, 3);
    }
}

static void given_centroids_beyond_the_distinct_rows_are_dropped(void **state)
{
    (void)state;
    double rows[] = {1, 5, 1, 1, 9, 5, 1, 9, 9, 5}, given[] = {5, 5, 5, 1, 100, -100, 1e300};
    test_sample sample = {10, 1, rows};
    rfm_kmeans_options options = ask(7, RFM_SEEDING_GIVEN);
    options.given = given;
    expect_clusters(&sample, &options, 3);
}

static void equal_rows_make_one_cluster(void **state)
{
    (void)state;
    double rows[] = {4, 4, 4, 4, 4, 4, 4, 4}, given[] = {1, 2, 3, 4, 5, 6};
    test_sample sample = {4, 2, rows};
    for (int seeding = 0; seeding < 4; seeding++) {
        rfm_kmeans_options options = ask(3, (rfm_seeding)seeding);
        options.given = given;
        expect_clusters(&sample, &options, 1);
    }
}

static void one_row_is_a_cluster_of_its_own(void **state)
{
    (void)state;
    double row[] = {3.25, -1};
    test_sample sample = {1, 2, row};
    for (int seeding = 0; seeding < 3; seeding++) {
        rfm_kmeans_options options = ask(8, (rfm_seeding)seeding);
        test_trial trial;
        expect_clusters(&sample, &options, 1);
        trial_run(&sample, 0, &options, &trial);
        assert_true(trial.clustering.inertia == 0);
        assert_true(trial.grid.offset[0] + trial.clustering.centroids[0] == 3.25);
        trial_free(&trial);
    }
}

static void as_many_clusters_as_rows_leave_no_inertia(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_EVEN, 5, 23, 2);
    for (int seeding = 0; seeding < 3; seeding++) {
        rfm_kmeans_options options = ask(23, (rfm_seeding)seeding);
        test_trial trial;
        expect_clusters(&sample, &options, 23);
        trial_run(&sample, 1, &options, &trial);
        assert_true(trial.clustering.inertia == 0);
        trial_free(&trial);
    }
    sample_free(&sample);
}

/* Both far centroids lose all rows at once: the two farthest rows of different value are theirs then. */
static void empty_clusters_take_the_farthest_distinct_rows(void **state)
{
    (void)state;
    double rows[] = {0, 1, 2, 50, 50, -40, 1, 0}, given[] = {1, 1000, 2000};
    test_sample sample = {8, 1, rows};
    rfm_kmeans_options options = ask(3, RFM_SEEDING_GIVEN);
    options.given = given;
    for (int way = 0; way < WAYS; way++) {
        test_trial trial;
        trial_run(&sample, way, &options, &trial);
        assert_int_equal(trial.clustering.k, 3);
        assert_int_equal(trial.labels[3], trial.labels[4]);
        assert_int_equal(trial.clustering.sizes[trial.labels[3]], 2);
        assert_int_equal(trial.clustering.sizes[trial.labels[5]], 1);
        assert_int_equal(trial.labels[0], trial.labels[2]);
        trial_free(&trial);
    }
}

/* Any given centroids on any kind of rows: it ends, and every cluster holds rows. */
static void every_input_ends(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < some(144); seed++) {
        uint64_t random = seed;
        size_t n = 1 + draw_below(&random, 30);
        int k = 1 + (int)draw_below(&random, 40);
        test_sample sample = sample_make((test_kind)(seed % KINDS), seed, n, 2);
        double given[80];
        uint64_t expected = 0;
        for (int i = 0; i < 2 * k; i++)
            given[i] = draw_below(&random, 2) == 0
                           ? sample.rows[draw_below(&random, 2 * n)]
                           : (draw_unit(&random) - 0.5) * ldexp(1, (int)draw_below(&random, 100));
        rfm_kmeans_options options = ask(k, RFM_SEEDING_GIVEN);
        options.given = given;
        for (int way = 0; way < WAYS; way++) {
            test_trial trial;
            trial_run(&sample, way, &options, &trial);
            assert_in_range(trial.clustering.k, 1, k < (int)n ? k : (int)n);
            uint64_t hash = trial_hash(&trial, n);
            expected = way == 0 ? hash : expected;
            assert_int_equal(hash, expected);
            trial_free(&trial);
        }
        sample_free(&sample);
    }
}

static void expect_refusal(rfm_kmeans_options options, size_t n, rfm_status status)
{
    double rows[] = {1, 2, 3, 4};
    rfm_grid grid;
    rfm_matrix matrix;
    rfm_clustering clustering;
    rfm_error err = {0};
    assert_int_equal(rfm_grid_fit(comm, n, 2, rows, NULL, &grid, &err), RFM_OK);
    assert_int_equal(rfm_matrix_init(comm, &grid, n, rows, NULL, &matrix, &err), RFM_OK);
    assert_int_equal(rfm_kmeans_fit(comm, &matrix, &options, &clustering, &err), status);
    assert_true(strlen(err.message) > 10);
    assert_null(clustering.labels);
    rfm_matrix_free(&matrix);
    rfm_grid_free(&grid);
}

static void options_that_cannot_be_meant_are_refused(void **state)
{
    (void)state;
    const double given[] = {1, INFINITY};
    rfm_kmeans_options options = ask(0, RFM_SEEDING_RANDOM);
    expect_refusal(options, 2, RFM_USAGE);
    options = ask(1, RFM_SEEDING_GIVEN);
    expect_refusal(options, 2, RFM_USAGE);
    options.given = given;
    expect_refusal(options, 2, RFM_DATA);
    options = ask(1, RFM_SEEDING_PARALLEL);
    options.restarts = 0;
    expect_refusal(options, 2, RFM_USAGE);
    options = ask(1, RFM_SEEDING_PARALLEL);
    options.max_iterations = 0;
    expect_refusal(options, 2, RFM_USAGE);
    options = ask(1, RFM_SEEDING_PARALLEL);
    options.tolerance = NAN;
    expect_refusal(options, 2, RFM_USAGE);
    options = ask(1, RFM_SEEDING_PARALLEL);
    options.oversampling = 0;
    expect_refusal(options, 2, RFM_USAGE);
    options = ask(1, RFM_SEEDING_PARALLEL);
    options.order_column = 2;
    expect_refusal(options, 2, RFM_USAGE);
    expect_refusal(ask(1, RFM_SEEDING_PARALLEL), 0, RFM_DATA);
}

/* scikit-learn's rule: the loop ends at the first iteration whose squared shift is at most tolerance times the mean
 * variance. */
static void the_tolerance_ends_the_loop_early(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_EVEN, 8, 3000, 3);
    test_trial strict, loose;
    rfm_kmeans_options options = ask(10, RFM_SEEDING_RANDOM);
    options.restarts = 1;
    trial_run(&sample, 1, &options, &strict);
    options.tolerance = 1e-2;
    trial_run(&sample, 1, &options, &loose);
    assert_true(strict.clustering.converged && loose.clustering.converged);
    assert_in_range(loose.clustering.iterations, 2, strict.clustering.iterations - 1);
    for (int t = 0; t < loose.clustering.iterations; t++)
        assert_true(loose.clustering.trace[t] == strict.clustering.trace[t]);
    trial_free(&strict);
    trial_free(&loose);
    sample_free(&sample);
}

/* The labels of the first iteration are those of the given centroids; the limit counts whole iterations. */
static void the_limit_counts_iterations(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_EVEN, 9, 3000, 3);
    rfm_kmeans_options options = ask(10, RFM_SEEDING_RANDOM);
    for (int limit = 1; limit < 4; limit++) {
        test_trial trial;
        options.max_iterations = limit;
        trial_run(&sample, 1, &options, &trial);
        assert_int_equal(trial.clustering.iterations, limit);
        assert_false(trial.clustering.converged);
        assert_int_equal(trial.clustering.iterations_total, limit * options.restarts);
        trial_free(&trial);
    }
    sample_free(&sample);
}

/* Rows with the same keys in another order are the same rows: the choice is of keys, not of places. */
static void seedings_follow_the_keys(void **state)
{
    (void)state;
    enum { N = 500 };
    test_sample sample = sample_make(KIND_EVEN, 21, N, 2);
    double reversed[N * 2];
    uint64_t keys[2][N];
    for (size_t i = 0; i < N; i++) {
        memcpy(reversed + 2 * (N - 1 - i), sample.rows + 2 * i, 2 * sizeof *reversed);
        keys[0][i] = keys[1][N - 1 - i] = rfm_hash64_integer((int64_t)i * 17);
    }
    bool mine = rfm_comm_rank(comm) == 0;
    for (int seeding = 0; seeding < 3; seeding++) {
        rfm_kmeans_options options = ask(9, (rfm_seeding)seeding);
        rfm_clustering results[2];
        for (int turn = 0; turn < 2; turn++) {
            rfm_grid grid;
            rfm_matrix matrix;
            rfm_error err = {0};
            const double *rows = turn == 0 ? sample.rows : reversed;
            rfm_grid_fit(comm, mine ? N : 0, 2, rows, NULL, &grid, &err);
            rfm_matrix_init(comm, &grid, mine ? N : 0, rows, keys[turn], &matrix, &err);
            assert_int_equal(rfm_kmeans_fit(comm, &matrix, &options, &results[turn], &err), RFM_OK);
            rfm_matrix_free(&matrix);
            rfm_grid_free(&grid);
        }
        assert_memory_equal(results[0].centroids, results[1].centroids, 9 * 2 * sizeof(double));
        assert_true(results[0].inertia == results[1].inertia);
        rfm_clustering_free(&results[0]);
        rfm_clustering_free(&results[1]);
    }
    sample_free(&sample);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fewer_distinct_rows_than_k_give_fewer_clusters),
        cmocka_unit_test(given_centroids_beyond_the_distinct_rows_are_dropped),
        cmocka_unit_test(equal_rows_make_one_cluster),
        cmocka_unit_test(one_row_is_a_cluster_of_its_own),
        cmocka_unit_test(as_many_clusters_as_rows_leave_no_inertia),
        cmocka_unit_test(empty_clusters_take_the_farthest_distinct_rows),
        cmocka_unit_test(every_input_ends),
        cmocka_unit_test(options_that_cannot_be_meant_are_refused),
        cmocka_unit_test(the_tolerance_ends_the_loop_early),
        cmocka_unit_test(the_limit_counts_iterations),
        cmocka_unit_test(seedings_follow_the_keys),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
