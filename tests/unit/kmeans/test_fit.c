/* A whole fit: the same bits however rows are spread over ranks and threads, labels of the definition, inertia and
 * trace as longer computations have them, and the loop as a plain one does it. */
#include "samples.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check_labels(const test_trial *trial, const test_sample *sample)
{
    const rfm_clustering *result = &trial->clustering;
    size_t d = (size_t)sample->d;
    int64_t *sizes = calloc((size_t)result->k, sizeof *sizes);
    for (size_t i = 0; i < sample->n; i++) {
        int32_t expected = oracle_label(&trial->grid, result->k, result->centroids, sample->rows + i * d);
        assert_int_equal(trial->labels[i], expected);
        sizes[expected]++;
    }
    assert_memory_equal(sizes, result->sizes, (size_t)result->k * sizeof *sizes);
    free(sizes);
}

/* What the fit says of its rows is what others are told of the same rows. */
static void check_against_given_rows(const test_trial *trial, const test_sample *sample)
{
    const rfm_clustering *result = &trial->clustering;
    rfm_error err = {0};
    double inertia;
    int64_t *sizes = calloc((size_t)result->k, sizeof *sizes);
    int32_t *labels = calloc(sample->n, sizeof *labels);
    assert_int_equal(rfm_kmeans_label(&(rfm_centroids){&trial->grid, result->k, result->centroids},
                                      &(rfm_rows){sample->n, sample->rows, NULL}, labels, NULL, &err),
                     RFM_OK);
    assert_memory_equal(labels, trial->labels, sample->n * sizeof *labels);
    rfm_kmeans_inertia(comm, &(rfm_centroids){&trial->grid, result->k, result->centroids},
                       &(rfm_rows){trial->to - trial->from, sample->rows + trial->from * (size_t)sample->d, NULL},
                       labels + trial->from, &inertia, &(rfm_sizes){sizes, NULL}, &err);
    assert_int_equal(err.status, RFM_OK);
    assert_true(inertia == result->inertia);
    assert_memory_equal(sizes, result->sizes, (size_t)result->k * sizeof *sizes);
    free(sizes);
    free(labels);
}

static void check_inertia(const test_trial *trial, const test_sample *sample)
{
    const rfm_clustering *result = &trial->clustering;
    size_t d = (size_t)sample->d;
    long double sum = 0;
    for (size_t i = 0; i < sample->n; i++)
        for (size_t j = 0; j < d; j++) {
            int64_t index = rfm_grid_index(&trial->grid, (int)j, sample->rows[i * d + j]);
            long double difference =
                (long double)index * trial->grid.step[j] - result->centroids[(size_t)trial->labels[i] * d + j];
            sum += difference * difference;
        }
    assert_true(fabsl(result->inertia - sum) <= 1e-12L * sum + 1e-300L);
    for (int t = 1; t < result->iterations; t++)
        assert_true(result->trace[t] <= result->trace[t - 1] * (1 + 1e-12));
    assert_true(result->inertia <= result->trace[result->iterations - 1] * (1 + 1e-12));
}

static void check_order(const test_trial *trial, int column)
{
    const rfm_clustering *result = &trial->clustering;
    for (int c = 1; c < result->k; c++) {
        const double *centroid = result->centroids + (size_t)c * (size_t)result->d;
        if (column >= 0)
            assert_true(centroid[column] <= (centroid - result->d)[column]);
        else if (result->converged)
            assert_true(result->sizes[c] <= result->sizes[c - 1]);
    }
}

static rfm_kmeans_options draw_options(uint64_t seed, int d)
{
    rfm_kmeans_options options = rfm_kmeans_defaults();
    uint64_t state = seed;
    options.k = 1 + (int)draw_below(&state, 9);
    options.seed = seed;
    options.restarts = 1 + (int)draw_below(&state, 2);
    options.seeding = (rfm_seeding)draw_below(&state, 3);
    options.max_iterations = 1 + (int)draw_below(&state, 40);
    options.tolerance = draw_below(&state, 2) == 0 ? 0 : 1e-4;
    options.algorithm = (rfm_algorithm)draw_below(&state, RFM_ALGORITHM_DEFINITION + 1);
    options.order_column = (int)draw_below(&state, (size_t)d + 1) - 1;
    options.rounds = (int)draw_below(&state, 7);
    return options;
}

static void try_ways(uint64_t seed, test_kind kind)
{
    uint64_t state = seed * 7, expected = 0;
    size_t n = 1 + draw_below(&state, seed % 7 == 0 ? 4000 : 150);
    int d = 1 + (int)draw_below(&state, 6);
    test_sample sample = sample_make(kind, seed, n, d);
    rfm_kmeans_options options = draw_options(seed, d);
    for (int way = 0; way < WAYS; way++) {
        test_trial trial;
        omp_set_num_threads(1 + (int)((seed + (uint64_t)way) % 3) / (rfm_comm_size(comm) > 1 ? 2 : 1));
        trial_run(&sample, way, &options, &trial);
        uint64_t hash = trial_hash(&trial, n);
        if (way == 0) {
            expected = hash;
            check_labels(&trial, &sample);
            check_inertia(&trial, &sample);
            check_order(&trial, options.order_column);
        }
        check_against_given_rows(&trial, &sample);
        assert_int_equal(hash, expected);
        trial_free(&trial);
    }
    sample_free(&sample);
}

static void fits_do_not_depend_on_ranks_threads_or_sharding(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < some(96); seed++)
        try_ways(seed, (test_kind)(seed % KINDS));
}

/* One number for every number of ranks and threads, every compiler and every level of optimisation. It changes only
 * when a seeding or the search does, or the order of the arithmetic. */
static void expect_known(rfm_search search, const uint64_t known[3])
{
    test_sample sample = sample_make(KIND_CLUSTERED, 42, 5000, 7);
    for (int seeding = 0; seeding < 3; seeding++) {
        rfm_kmeans_options options = rfm_kmeans_defaults();
        test_trial trial;
        options.k = 12;
        options.restarts = search == RFM_SEARCH_NONE ? 4 : 1;
        options.seeding = (rfm_seeding)seeding;
        options.search = search;
        trial_run(&sample, 1, &options, &trial);
        assert_int_equal(trial_hash(&trial, sample.n), known[seeding]);
        trial_free(&trial);
    }
    sample_free(&sample);
}

static void a_known_fit_gives_the_known_result(void **state)
{
    (void)state;
    static const uint64_t restarts[] = {UINT64_C(0x2f2650f65325b160), UINT64_C(0x3ac8b7a59dbca6a8),
                                        UINT64_C(0xeeda29577198e8b8)};
    static const uint64_t search[] = {UINT64_C(0x70fc7be8f1057e73), UINT64_C(0x8f02b684fc6ff5a6),
                                      UINT64_C(0x27557ae489bd4a50)};
    expect_known(RFM_SEARCH_NONE, restarts);
    expect_known(RFM_SEARCH_SPLIT_MERGE, search);
}

/* What is tried changes with each turn of all kinds of rows, so that every kind meets all of it. */
static uint64_t hash_of_fit(const test_sample *sample, rfm_algorithm algorithm, int k, uint64_t seed)
{
    const uint64_t turn = seed / KINDS;
    static const char *const names[] = {"bounds", "fused", "gemm", "bounds", "definition"};
    rfm_kmeans_options options = rfm_kmeans_defaults();
    test_trial trial;
    options.algorithm = algorithm;
    options.k = k;
    options.seed = seed;
    options.restarts = 1;
    options.tolerance = 0;
    options.search = turn % 8 == 0 ? RFM_SEARCH_SPLIT_MERGE : RFM_SEARCH_NONE;
    options.seeding = turn % 3 == 0 ? RFM_SEEDING_RANDOM : RFM_SEEDING_PARALLEL;
    trial_run(sample, (int)((seed + turn) % WAYS), &options, &trial);
    if (k > 1)
        assert_string_equal(trial.clustering.algorithm, names[algorithm]);
    uint64_t hash = trial_hash(&trial, sample->n);
    trial_free(&trial);
    return hash;
}

/* Few centroids and many, columns of one tile and of several, kinds that leave the filter much to decide. */
static void try_algorithms(uint64_t seed)
{
    uint64_t state = seed;
    size_t n = 1 + draw_below(&state, seed % 11 == 0 ? 6000 : 900);
    int d = 1 + (int)draw_below(&state, seed % 5 == 0 ? 40 : 9);
    int k = 1 + (int)draw_below(&state, seed / KINDS % 2 == 0 ? 120 : 12);
    test_sample sample = sample_make((test_kind)(seed % KINDS), seed, n, d);
    omp_set_num_threads(1 + (int)draw_below(&state, 3));
    uint64_t expected = hash_of_fit(&sample, RFM_ALGORITHM_DEFINITION, k, seed);
    for (int algorithm = RFM_ALGORITHM_FUSED; algorithm < (int)RFM_ALGORITHM_DEFINITION; algorithm++)
        assert_int_equal(hash_of_fit(&sample, (rfm_algorithm)algorithm, k, seed), expected);
    sample_free(&sample);
}

/* Iterations with rows enough for every one of many centroids. */
static uint64_t hash_of_many(const test_sample *sample, rfm_algorithm algorithm, uint64_t seed)
{
    rfm_kmeans_options options = rfm_kmeans_defaults();
    test_trial trial;
    options.algorithm = algorithm;
    options.k = 300 + (int)(seed * 37 % 100);
    options.seed = seed;
    options.tolerance = 0;
    options.max_iterations = 12;
    options.search = RFM_SEARCH_NONE;
    options.seeding = RFM_SEEDING_RANDOM;
    trial_run(sample, (int)(seed % WAYS), &options, &trial);
    uint64_t hash = trial_hash(&trial, sample->n);
    trial_free(&trial);
    return hash;
}

static void try_many(uint64_t seed, size_t n)
{
    test_sample sample = sample_make((test_kind)(seed % KINDS), seed, n, 1 + (int)(seed % 9));
    omp_set_num_threads(rfm_comm_size(comm) > 1 ? 1 : 1 + (int)(seed % 3));
    assert_int_equal(hash_of_many(&sample, RFM_ALGORITHM_AUTO, seed),
                     hash_of_many(&sample, RFM_ALGORITHM_DEFINITION, seed));
    sample_free(&sample);
}

/* Rows enough for every centroid, and fewer rows than centroids. */
static void many_centroids_give_the_same_bits(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < KINDS; seed += KINDS / few(KINDS)) {
        try_many(seed, runs_slowly() ? 600 : 3000);
        try_many(seed + KINDS, 200);
    }
}

/* Whether the debugging log of a fit by bounds says so. */
static bool log_says(const test_sample *sample, int k, const char *words)
{
    char log[1 << 16];
    FILE *file = tmpfile();
    const int kept = dup(STDERR_FILENO);
    rfm_kmeans_options options = rfm_kmeans_defaults();
    test_trial trial;
    assert_non_null(file);
    options.k = k;
    options.tolerance = 0;
    options.max_iterations = 12;
    options.search = RFM_SEARCH_NONE;
    dup2(fileno(file), STDERR_FILENO);
    rfm_log_open(RFM_LOG_DEBUG, true);
    trial_run(sample, 1, &options, &trial);
    rfm_log_open(RFM_LOG_ERROR, true);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    log[fread(log, 1, sizeof log - 1, file)] = 0;
    fclose(file);
    trial_free(&trial);
    return strstr(log, words) != NULL;
}

/* Among evenly spread rows of many columns everything is as far as anything else. */
static void bounds_rest_where_they_do_not_pay(void **state)
{
    (void)state;
    test_sample even = sample_make(KIND_EVEN, 1, 3000, 60), clustered = sample_make(KIND_CLUSTERED, 1, 3000, 6);
    assert_true(log_says(&even, 300, "rest until"));
    assert_false(log_says(&clustered, 5, "rest until"));
    assert_true(log_says(&clustered, 5, "auto: bounds in front of fused"));
    assert_true(log_says(&clustered, 1, "auto: definition"));
    sample_free(&even);
    sample_free(&clustered);
}

static void every_algorithm_gives_the_same_bits(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < some(72); seed++)
        try_algorithms(seed);
}

static void every_vector_instruction_set_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const names[] = {"portable", "avx2", "avx512"};
    for (size_t v = 0; v < 3; v++) {
        if (choose_vectors(names[v]))
            for (uint64_t seed = 0; seed < few(10); seed++) {
                try_algorithms(3 * seed + v);
                if (seed < KINDS / 3 && rfm_comm_size(comm) == 1) /* each kind at one level */
                    try_many(3 * seed + v, 350);
            }
        else
            print_message("no %s on this machine: not tried\n", names[v]);
    }
    unsetenv("RFMPI_VECTOR");
}

static void vectors_that_are_not_there_are_refused(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_EVEN, 1, 50, 3);
    rfm_kmeans_options options = rfm_kmeans_defaults();
    rfm_error err = {0};
    rfm_grid grid;
    rfm_matrix matrix;
    rfm_clustering clustering;
    size_t from, to;
    sample_share(sample.n, 1, &from, &to);
    rfm_grid_fit(comm, to - from, 3, sample.rows + from * 3, NULL, &grid, &err);
    rfm_matrix_init(comm, &grid, to - from, sample.rows + from * 3, NULL, &matrix, &err);
    assert_int_equal(err.status, RFM_OK);
    setenv("RFMPI_VECTOR", "avx3", 1);
    assert_int_equal(rfm_kmeans_fit(comm, &matrix, &options, &clustering, &err), RFM_USAGE);
    assert_non_null(strstr(err.message, "avx3"));
    unsetenv("RFMPI_VECTOR");
    rfm_matrix_free(&matrix);
    rfm_grid_free(&grid);
    sample_free(&sample);
}

/* A plain Lloyd over all rows. Returns the iterations done, or 0 when a cluster became empty. */
static int run_plain(const test_trial *trial, const test_sample *sample, int k, int iterations, double *centroids)
{
    size_t d = (size_t)sample->d;
    int32_t *labels = malloc(sample->n * sizeof *labels);
    int64_t *sums = malloc((size_t)k * (d + 1) * sizeof *sums);
    int done = 0, changed = 1;
    memset(labels, 0xff, sample->n * sizeof *labels);
    for (; done < iterations && changed > 0; done++) {
        changed = 0;
        memset(sums, 0, (size_t)k * (d + 1) * sizeof *sums);
        for (size_t i = 0; i < sample->n; i++) {
            int32_t label = oracle_label(&trial->grid, k, centroids, sample->rows + i * d);
            changed += label != labels[i];
            labels[i] = label;
            sums[(size_t)label * (d + 1) + d]++;
            for (size_t j = 0; j < d; j++)
                sums[(size_t)label * (d + 1) + j] += rfm_grid_index(&trial->grid, (int)j, sample->rows[i * d + j]);
        }
        for (size_t c = 0; c < (size_t)k && done >= 0; c++)
            for (size_t j = 0; j < d && done >= 0; j++) {
                double size = (double)sums[c * (d + 1) + d];
                centroids[c * d + j] = (double)sums[c * (d + 1) + j] / size * trial->grid.step[j];
                done = size > 0 ? done : -2;
            }
    }
    free(labels);
    free(sums);
    return done > 0 ? done : 0;
}

static int compare_with_plain(uint64_t seed)
{
    uint64_t state = seed;
    size_t n = 50 + draw_below(&state, 300);
    int d = 1 + (int)draw_below(&state, 5), k = 2 + (int)draw_below(&state, 6);
    test_sample sample = sample_make((test_kind)(seed % KINDS), seed, n, d);
    double *given = calloc((size_t)k * (size_t)d, sizeof *given),
           *centroids = calloc((size_t)k * (size_t)d, sizeof *given);
    for (size_t c = 0; c < (size_t)k; c++)
        memcpy(given + c * (size_t)d, sample.rows + draw_below(&state, n) * (size_t)d, (size_t)d * sizeof *given);
    rfm_kmeans_options options = rfm_kmeans_defaults();
    options.k = k;
    options.seeding = RFM_SEEDING_GIVEN;
    options.given = given;
    options.tolerance = 0;
    options.max_iterations = 20;
    options.order_column = 0;
    test_trial trial;
    trial_run(&sample, 1, &options, &trial);
    for (size_t i = 0; i < (size_t)k * (size_t)d; i++)
        centroids[i] = given[i] - trial.grid.offset[i % (size_t)d];
    int done = run_plain(&trial, &sample, k, 20, centroids);
    if (done > 0) {
        assert_int_equal(trial.clustering.iterations, done);
        for (size_t i = 0; i < n; i++) {
            int32_t label = oracle_label(&trial.grid, k, centroids, sample.rows + i * (size_t)d);
            assert_memory_equal(trial.clustering.centroids + (size_t)trial.labels[i] * (size_t)d,
                                centroids + (size_t)label * (size_t)d, (size_t)d * sizeof *centroids);
        }
    }
    trial_free(&trial);
    sample_free(&sample);
    free(given);
    free(centroids);
    return done > 0;
}

static void the_loop_does_what_a_plain_one_does(void **state)
{
    (void)state;
    int compared = 0;
    for (uint64_t seed = 0; seed < some(160); seed++)
        compared += compare_with_plain(seed);
    assert_true(compared > (int)some(160) / 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_do_not_depend_on_ranks_threads_or_sharding),
        cmocka_unit_test(a_known_fit_gives_the_known_result),
        cmocka_unit_test(every_algorithm_gives_the_same_bits),
        cmocka_unit_test(many_centroids_give_the_same_bits),
        cmocka_unit_test(bounds_rest_where_they_do_not_pay),
        cmocka_unit_test(every_vector_instruction_set_gives_the_same_bits),
        cmocka_unit_test(vectors_that_are_not_there_are_refused),
        cmocka_unit_test(the_loop_does_what_a_plain_one_does),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
