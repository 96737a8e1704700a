/* Rows with weights: whole weights are repeated rows, no weight is no row, only ratios matter, and none of it depends
 * on ranks, threads or sharding. */
#include "samples.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static const test_kind KINDS_TRIED[] = {KIND_EVEN,   KIND_CLUSTERED, KIND_LATTICE,  KIND_OFFSET, KIND_TINY,
                                        KIND_SKEWED, KIND_CONSTANT,  KIND_DENORMAL, KIND_MIXED};
enum { N_KINDS_TRIED = sizeof KINDS_TRIED / sizeof *KINDS_TRIED };

static rfm_kmeans_options ask(int k, rfm_seeding seeding)
{
    rfm_kmeans_options options = rfm_kmeans_defaults();
    options.k = k;
    options.seeding = seeding;
    options.tolerance = 0;
    return options;
}

/* Weights of all kinds: whole ones, any, and of very different size; some are 0. */
static double draw_weight(uint64_t kind, uint64_t *state)
{
    if (draw_below(state, 5) == 0)
        return 0;
    if (kind % 3 == 0)
        return 1 + (double)draw_below(state, 4);
    const double u = draw_unit(state);
    return kind % 3 == 1 ? u : ldexp(1 + u, -(int)draw_below(state, 20));
}

/* One number of each kind at least, so that not all are 0. */
static double *draw_weights(uint64_t seed, size_t n)
{
    uint64_t state = seed * 13 + 5;
    double *weights = calloc(n, sizeof *weights);
    for (size_t i = 0; i < n; i++)
        weights[i] = draw_weight(seed, &state);
    weights[0] = 1;
    return weights;
}

/* Every row as often as it weighs; *from: of which row each is a copy. */
static test_sample repeat_rows(const test_sample *sample, const double *weights, size_t **from)
{
    size_t n = 0, at = 0, d = (size_t)sample->d;
    for (size_t i = 0; i < sample->n; i++)
        n += (size_t)weights[i];
    test_sample repeated = {n, sample->d, calloc(n * d, sizeof(double))};
    *from = calloc(n, sizeof **from);
    for (size_t i = 0; i < sample->n; i++)
        for (int times = 0; times < (int)weights[i]; times++) {
            memcpy(repeated.rows + at * d, sample->rows + i * d, d * sizeof(double));
            (*from)[at++] = i;
        }
    return repeated;
}

static void expect_same_fit(const test_trial *weighted, const test_trial *repeated, const size_t *from, size_t n)
{
    const rfm_clustering *a = &weighted->clustering, *b = &repeated->clustering;
    assert_int_equal(a->k, b->k);
    assert_int_equal(a->iterations, b->iterations);
    assert_memory_equal(a->centroids, b->centroids, (size_t)a->k * (size_t)a->d * sizeof(double));
    assert_memory_equal(a->trace, b->trace, (size_t)a->iterations * sizeof(double));
    assert_true(a->inertia == b->inertia);
    for (int c = 0; c < a->k; c++)
        assert_true(a->weights[c] == (double)b->sizes[c]);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(weighted->labels[from[i]], repeated->labels[i]);
}

static void expect_as_repeated(const test_sample *sample, const double *weights, uint64_t seed,
                               const rfm_kmeans_options *options)
{
    size_t *from;
    test_sample repeated = repeat_rows(sample, weights, &from);
    test_trial one, other;
    trial_weigh(sample, weights, (int)(seed % WAYS), options, &one);
    trial_run(&repeated, (int)(seed / 2 % WAYS), options, &other);
    expect_same_fit(&one, &other, from, repeated.n);
    trial_free(&one);
    trial_free(&other);
    sample_free(&repeated);
    free(from);
}

/* k of the first rows of different values; *k is less where there are fewer. */
static void choose_given(const test_sample *sample, int *k, double *given)
{
    const size_t d = (size_t)sample->d;
    int found = 0;
    for (size_t i = 0; i < sample->n && found < *k; i++) {
        int same = 0;
        while (same < found && memcmp(given + (size_t)same * d, sample->rows + i * d, d * sizeof *given) != 0)
            same++;
        if (same == found)
            memcpy(given + (size_t)found++ * d, sample->rows + i * d, d * sizeof *given);
    }
    *k = found;
}

static rfm_kmeans_options draw_options(uint64_t seed)
{
    uint64_t state = seed * 5 + 3;
    rfm_kmeans_options options = ask(1 + (int)draw_below(&state, 6), RFM_SEEDING_GIVEN);
    options.tolerance = seed % 2 ? 1e-4 : 0;
    options.max_iterations = 1 + (int)draw_below(&state, 50);
    return options;
}

/* Of kinds that leave no cluster empty on the way: such a one is filled by a whole row, not by a part of its weight. */
static void whole_weights_mean_repeated_rows(void **state)
{
    static const test_kind kinds[] = {KIND_EVEN, KIND_LATTICE, KIND_TINY, KIND_CONSTANT, KIND_DENORMAL, KIND_MIXED};
    (void)state;
    for (uint64_t seed = 0; seed < some(300); seed++) {
        uint64_t drawn = seed;
        test_sample sample = sample_make(kinds[seed % 6], seed, 40 + draw_below(&drawn, 400), 1 + (int)(seed % 4));
        double *weights = calloc(sample.n, sizeof *weights), given[6 * 4];
        for (size_t i = 0; i < sample.n; i++)
            weights[i] = 1 + (double)draw_below(&drawn, 4);
        rfm_kmeans_options options = draw_options(seed);
        options.given = given;
        choose_given(&sample, &options.k, given);
        expect_as_repeated(&sample, weights, seed, &options);
        sample_free(&sample);
        free(weights);
    }
}

/* They lie where others do: the range of the grid is that of all rows. Any row may be given, so that clusters are empty
 * and dropped too. */
static void rows_of_weight_0_are_as_if_absent(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < some(300); seed++) {
        uint64_t drawn = seed;
        test_sample sample =
            sample_make(KINDS_TRIED[seed % N_KINDS_TRIED], seed, 40 + draw_below(&drawn, 400), 1 + (int)(seed % 4));
        const size_t d = (size_t)sample.d, size = d * sizeof(double);
        double *weights = calloc(sample.n, sizeof *weights), given[6 * 4];
        for (size_t i = 0; i < sample.n; i++) {
            weights[i] = i == 0 || draw_below(&drawn, 3) > 0;
            if (weights[i] == 0)
                memcpy(sample.rows + i * d, sample.rows + draw_below(&drawn, i) * d, size);
        }
        rfm_kmeans_options options = draw_options(seed);
        for (size_t c = 0; c < (size_t)options.k; c++)
            memcpy(given + c * d, sample.rows + draw_below(&drawn, sample.n) * d, size);
        options.given = given;
        expect_as_repeated(&sample, weights, seed, &options);
        sample_free(&sample);
        free(weights);
    }
}

/* What does not change with the unit of the weights. */
static void expect_same_clusters(const test_trial *a, const test_trial *b, size_t n)
{
    assert_int_equal(a->clustering.k, b->clustering.k);
    assert_memory_equal(a->labels, b->labels, n * sizeof *a->labels);
    assert_memory_equal(a->clustering.sizes, b->clustering.sizes, (size_t)a->clustering.k * sizeof(int64_t));
    assert_memory_equal(a->clustering.centroids, b->clustering.centroids,
                        (size_t)a->clustering.k * (size_t)a->clustering.d * sizeof(double));
}

static void only_ratios_matter(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < some(120); seed++) {
        test_sample sample = sample_make(KINDS_TRIED[seed % N_KINDS_TRIED], seed, 300, 3);
        double *weights = draw_weights(seed, sample.n), scaled[300];
        rfm_kmeans_options options = ask(5, (rfm_seeding)(seed % 3));
        const int exponent = (int)(seed * 7 % 400) - 200;
        test_trial one, other;
        for (size_t i = 0; i < sample.n; i++)
            scaled[i] = ldexp(weights[i], exponent);
        trial_weigh(&sample, weights, 1, &options, &one);
        trial_weigh(&sample, scaled, 1, &options, &other);
        expect_same_clusters(&one, &other, sample.n);
        if (one.clustering.inertia > 1e-200) /* below, it has no room for all of its bits */
            assert_true(ldexp(one.clustering.inertia, exponent) == other.clustering.inertia);
        trial_free(&one);
        trial_free(&other);
        sample_free(&sample);
        free(weights);
    }
}

static void equal_weights_are_none(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_CLUSTERED, 3, 500, 4);
    double weights[500];
    for (size_t i = 0; i < sample.n; i++)
        weights[i] = 3;
    for (int seeding = 0; seeding < 3; seeding++) {
        const rfm_kmeans_options options = ask(6, (rfm_seeding)seeding);
        test_trial one, other;
        trial_run(&sample, 1, &options, &one);
        trial_weigh(&sample, weights, 1, &options, &other);
        expect_same_clusters(&one, &other, sample.n);
        assert_true(other.clustering.inertia == 3 * one.clustering.inertia);
        assert_true(other.clustering.weights[0] == 3 * (double)one.clustering.sizes[0]);
        trial_free(&one);
        trial_free(&other);
    }
    sample_free(&sample);
}

/* ---- the definition, again -------------------------------------------------------------------------------------- */

static void check_against_definition(const test_trial *trial, const test_sample *sample, const double *weights)
{
    const rfm_clustering *result = &trial->clustering;
    const size_t d = (size_t)sample->d;
    long double inertia = 0, all = 0, rounding = 0;
    double most = 0;
    for (size_t i = 0; i < sample->n; i++)
        most = fmax(most, weights[i]);
    for (size_t i = 0; i < sample->n; i++) {
        const double *row = sample->rows + i * d;
        assert_int_equal(trial->labels[i], oracle_label(&trial->grid, result->k, result->centroids, row));
        const double *centroid = result->centroids + (size_t)trial->labels[i] * d;
        const double square = oracle_distance(&trial->grid, row, centroid);
        inertia += (long double)weights[i] * square;
        rounding += (long double)most * 0x1p-24L * square;
        all += weights[i];
    }
    assert_true(fabsl(result->inertia - inertia) <= rounding + 1e-12L * inertia + 1e-300L);
    long double sum = 0;
    for (int c = 0; c < result->k; c++) {
        assert_true(result->weights[c] > 0);
        sum += result->weights[c];
    }
    assert_true(fabsl(sum - all) <= (long double)sample->n * most * 0x1p-24L);
}

static void try_ways(uint64_t seed)
{
    uint64_t state = seed * 11, expected = 0;
    const size_t n = 1 + draw_below(&state, seed % 8 == 0 ? 4000 : 200);
    test_sample sample = sample_make(KINDS_TRIED[seed % N_KINDS_TRIED], seed, n, 1 + (int)draw_below(&state, 5));
    double *weights = draw_weights(seed, n);
    rfm_kmeans_options options = ask(1 + (int)draw_below(&state, 8), (rfm_seeding)(seed % 3));
    options.algorithm = (rfm_algorithm)draw_below(&state, 4);
    for (int way = 0; way < WAYS; way++) {
        test_trial trial;
        omp_set_num_threads(1 + (int)((seed + (uint64_t)way) % 3) / (rfm_comm_size(comm) > 1 ? 2 : 1));
        trial_weigh(&sample, weights, way, &options, &trial);
        const uint64_t hash = trial_hash(&trial, n);
        if (way == 0) {
            expected = hash;
            check_against_definition(&trial, &sample, weights);
        }
        assert_int_equal(hash, expected);
        trial_free(&trial);
    }
    sample_free(&sample);
    free(weights);
}

static void fits_do_not_depend_on_ranks_threads_or_sharding(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < some(150); seed++)
        try_ways(seed);
}

/* For every number of ranks. */
static void a_known_fit(void **state)
{
    (void)state;
    static const uint64_t known[] = {UINT64_C(0x77c49bba79fbda58), UINT64_C(0x8c7fb2e7ed15fde),
                                     UINT64_C(0x692a780b736ad450)};
    test_sample sample = sample_make(KIND_CLUSTERED, 42, 3000, 5);
    double *weights = draw_weights(1, sample.n);
    for (int seeding = 0; seeding < 3; seeding++) {
        const rfm_kmeans_options options = ask(9, (rfm_seeding)seeding);
        test_trial trial;
        trial_weigh(&sample, weights, 1, &options, &trial);
        assert_int_equal(trial_hash(&trial, sample.n), known[seeding]);
        trial_free(&trial);
    }
    sample_free(&sample);
    free(weights);
}

/* ---- ends ------------------------------------------------------------------------------------------------------- */

/* Far away, and many: any seeding would want them, and so would an empty cluster. */
static void rows_of_weight_0_are_never_centroids(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        test_sample sample = sample_make(KIND_CLUSTERED, seed, 200, 2);
        double weights[200], given[5 * 2] = {0, 0, 1, 1, 1000, 1000, 1000, 1000, -1000, 1000};
        for (size_t i = 0; i < sample.n; i++) {
            weights[i] = i % 2 ? 1 + (double)(i % 3) : 0;
            if (i % 2 == 0)
                sample.rows[2 * i] = 1e3 + (double)i;
        }
        for (int seeding = 0; seeding < 4; seeding++) {
            rfm_kmeans_options options = ask(5, (rfm_seeding)seeding);
            test_trial trial;
            options.seed = seed;
            options.given = given;
            trial_weigh(&sample, weights, 1, &options, &trial);
            for (int c = 0; c < trial.clustering.k; c++) {
                assert_true(trial.grid.offset[0] + trial.clustering.centroids[2 * c] < 100);
                assert_true(trial.clustering.weights[c] > 0);
            }
            trial_free(&trial);
        }
        sample_free(&sample);
    }
}

static void clusters_without_weight_are_dropped(void **state)
{
    (void)state;
    double rows[] = {1, 5, 1, 70, 80, 5, 1}, weights[] = {1, 2, 3, 0, 0, 1, 0.5}, given[] = {75, 5, 1, 80};
    test_sample sample = {7, 1, rows};
    for (int seeding = 0; seeding < 4; seeding++) {
        rfm_kmeans_options options = ask(4, (rfm_seeding)seeding);
        options.given = given;
        test_trial trial;
        trial_weigh(&sample, weights, 3, &options, &trial);
        assert_int_equal(trial.clustering.k, 2);
        assert_true(trial.clustering.converged && trial.clustering.inertia == 0);
        assert_int_equal(trial.labels[3], trial.labels[1]);
        assert_int_equal(trial.clustering.sizes[trial.labels[3]], 4);
        trial_free(&trial);
    }
}

static void expect_refused(double weight, size_t n, const char *words)
{
    const double weights[] = {weight, 0, 0};
    rfm_weights made;
    rfm_error err = {0};
    rfm_weights_init(comm, rfm_comm_rank(comm) == rfm_comm_size(comm) - 1 ? n : 0, weights, &made, &err);
    assert_failed(&err, RFM_DATA, words);
}

static void what_is_no_weight_is_refused(void **state)
{
    (void)state;
    expect_refused(-1, 3, "row 0 (from 0): a weight must be a finite number, 0 or more, not -1");
    expect_refused(NAN, 3, "not nan");
    expect_refused(HUGE_VAL, 3, "not inf");
    expect_refused(1.5e308, 3, "no finite sum");
    expect_refused(0, 3, "all weights are 0");
    expect_refused(0, 0, "all weights are 0");
}

static void weights_beyond_double_precision_are_refused(void **state)
{
    (void)state;
    const double weights[] = {1e300, 2e300, 3e300, 1e-300};
    test_sample sample = sample_make(KIND_HUGE, 1, 4, 1);
    const rfm_kmeans_options options = ask(2, RFM_SEEDING_PLUSPLUS);
    test_trial trial;
    rfm_error err = {0};
    trial_make(&sample, 1, &trial);
    rfm_weights_init(comm, trial.matrix.n, weights + trial.from, &trial.weights, &err);
    assert_fine(&err);
    rfm_matrix_weigh(&trial.matrix, &trial.weights);
    trial_fit(&sample, &options, &trial, &err);
    assert_failed(&err, RFM_DATA, "squared distances beyond double precision");
    trial_free(&trial);
    sample_free(&sample);
}

static void weights_have_24_bits(void **state)
{
    (void)state;
    const double weights[] = {0x1p-30, 0.75, 1e-9, 0x1p-24, 5e-324}, tiny[] = {5e-324, 1.5e-323, 0};
    rfm_weights made;
    rfm_error err = {0};
    const bool first = rfm_comm_rank(comm) == 0;
    rfm_weights_init(comm, first ? 5 : 0, weights, &made, &err);
    assert_fine(&err);
    assert_true(made.n == 2 && made.unit == 0x1p-24 && made.total == (3 << 22) + 1);
    rfm_weights_free(&made);
    rfm_weights_init(comm, first ? 3 : 0, tiny, &made, &err);
    assert_fine(&err);
    assert_true(made.n == 2 && made.unit == 5e-324 && made.total == 4);
    rfm_weights_free(&made);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_weights_mean_repeated_rows),
        cmocka_unit_test(rows_of_weight_0_are_as_if_absent),
        cmocka_unit_test(only_ratios_matter),
        cmocka_unit_test(equal_weights_are_none),
        cmocka_unit_test(fits_do_not_depend_on_ranks_threads_or_sharding),
        cmocka_unit_test(a_known_fit),
        cmocka_unit_test(rows_of_weight_0_are_never_centroids),
        cmocka_unit_test(clusters_without_weight_are_dropped),
        cmocka_unit_test(what_is_no_weight_is_refused),
        cmocka_unit_test(weights_beyond_double_precision_are_refused),
        cmocka_unit_test(weights_have_24_bits),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
