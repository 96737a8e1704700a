/* Measures of quality as slower, plainer computations have them, and the same bits however rows are spread. */
#include "samples.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Positions of all rows, which the pairs below would work out again and again: [n * d], in steps of the grid. */
static double *make_positions(const test_trial *trial, const test_sample *sample)
{
    size_t d = (size_t)sample->d;
    double *positions = malloc(sample->n * d * sizeof *positions);
    assert_non_null(positions);
    for (size_t i = 0; i < sample->n * d; i++)
        positions[i] = (double)rfm_grid_index(&trial->grid, (int)(i % d), sample->rows[i]);
    return positions;
}

static double square(const rfm_grid *grid, int d, const double *a, const double *b)
{
    double sum = 0;
    for (int j = 0; j < d; j++)
        sum += (a[j] - b[j]) * grid->step[j] * ((a[j] - b[j]) * grid->step[j]);
    return sum;
}

/* From all pairs of rows, as it is written in Rousseeuw's paper. */
static double silhouette_of_pairs(const test_trial *trial, const test_sample *sample, bool squared)
{
    int k = trial->clustering.k, d = sample->d;
    double total = 0, *positions = make_positions(trial, sample);
    for (size_t i = 0; i < sample->n; i++) {
        double sums[64] = {0}, other = HUGE_VAL, own;
        size_t counts[64] = {0};
        for (size_t o = 0; o < sample->n; o++) {
            double distance = square(&trial->grid, d, positions + i * (size_t)d, positions + o * (size_t)d);
            sums[trial->labels[o]] += squared ? distance : sqrt(distance);
            counts[trial->labels[o]]++;
        }
        int mine = trial->labels[i];
        if (counts[mine] < 2)
            continue;
        own = sums[mine] / (double)(counts[mine] - 1);
        for (int c = 0; c < k; c++)
            if (c != mine && counts[c] > 0)
                other = fmin(other, sums[c] / (double)counts[c]);
        total += fmax(own, other) > 0 ? (other - own) / fmax(own, other) : 0;
    }
    free(positions);
    return total / (double)sample->n;
}

static rfm_quality measure(const test_trial *trial, uint64_t seed)
{
    rfm_error err = {0};
    rfm_quality quality;
    assert_int_equal(rfm_kmeans_quality(comm, &trial->matrix, &trial->clustering, seed, &quality, &err), RFM_OK);
    return quality;
}

static void fit(const test_sample *sample, int way, int k, test_trial *trial)
{
    rfm_kmeans_options options = rfm_kmeans_defaults();
    options.k = k;
    trial_run(sample, way, &options, trial);
}

static void silhouettes_are_those_of_all_pairs(void **state)
{
    (void)state;
    static const test_kind kinds[] = {KIND_EVEN,      KIND_CLUSTERED, KIND_LATTICE,
                                      KIND_DUPLICATE, KIND_OFFSET,    KIND_SKEWED};
    for (uint64_t seed = 0; seed < some(60); seed++) {
        uint64_t random = seed;
        test_sample sample = sample_make(kinds[seed % 6], seed, 3 + draw_below(&random, 300), 1 + (int)(seed % 4));
        test_trial trial;
        fit(&sample, (int)(seed % WAYS), 2 + (int)draw_below(&random, 8), &trial);
        if (trial.clustering.k > 1) {
            rfm_quality quality = measure(&trial, seed);
            assert_true(fabs(quality.silhouette - silhouette_of_pairs(&trial, &sample, false)) < 1e-12);
            assert_true(fabs(quality.squared_silhouette - silhouette_of_pairs(&trial, &sample, true)) < 1e-9);
            assert_int_equal(quality.silhouette_rows, sample.n);
            assert_true(quality.silhouette_error == 0);
            rfm_quality_free(&quality);
        }
        trial_free(&trial);
        sample_free(&sample);
    }
}

/* A small cluster beside a large one: none is missed, and the estimate is within a few standard errors. */
static void a_sample_stands_for_all_rows(void **state)
{
    (void)state;
    enum { N = 14000, SMALL = 40 };
    test_sample sample = sample_make(KIND_CLUSTERED, 3, N, 2);
    for (size_t i = 0; i < SMALL; i++) /* far from all others */
        sample.rows[2 * i] += 1000;
    test_trial trial;
    fit(&sample, 1, 5, &trial);
    rfm_quality quality = measure(&trial, 1), again = measure(&trial, 2);
    double exact = silhouette_of_pairs(&trial, &sample, false);
    assert_true(quality.silhouette_rows > 9000 && quality.silhouette_rows < N);
    assert_true(quality.silhouette_error > 0 && quality.silhouette_error < 0.01);
    assert_true(fabs(quality.silhouette - exact) < 5 * quality.silhouette_error);
    assert_true(fabs(again.silhouette - exact) < 5 * again.silhouette_error);
    for (int c = 0; c < quality.k; c++)
        assert_true(quality.silhouettes[c] > 0);
    rfm_quality_free(&quality);
    rfm_quality_free(&again);
    trial_free(&trial);
    sample_free(&sample);
}

/* The same at every way of spreading the rows, and so at any number of ranks and threads. */
static void quality_does_not_depend_on_the_sharding(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_CLUSTERED, 8, 12000, 3);
    rfm_quality first = {0};
    for (int way = 0; way < WAYS; way++) {
        omp_set_num_threads(1 + way % 3);
        test_trial trial;
        fit(&sample, way, 6, &trial);
        rfm_quality quality = measure(&trial, 1);
        if (way == 0) {
            first = quality;
        } else {
            assert_memory_equal(quality.silhouettes, first.silhouettes, 6 * sizeof(double));
            assert_true(quality.silhouette == first.silhouette && quality.silhouette_error == first.silhouette_error);
            assert_true(quality.squared_silhouette == first.squared_silhouette);
            assert_true(quality.davies_bouldin == first.davies_bouldin);
            assert_true(quality.calinski_harabasz == first.calinski_harabasz);
            rfm_quality_free(&quality);
        }
        trial_free(&trial);
    }
    rfm_quality_free(&first);
    sample_free(&sample);
}

static double agreement(const int32_t *a, int k, const int32_t *b, int m, size_t n)
{
    rfm_error err = {0};
    double index = -2;
    size_t from, to;
    sample_share(n, 1, &from, &to);
    assert_int_equal(rfm_kmeans_agreement(comm, to - from, &(rfm_labelling){k, a + from}, &(rfm_labelling){m, b + from},
                                          &index, &err),
                     RFM_OK);
    return index;
}

/* By hand: of 6 rows, a has {0,1,2}{3,4,5}, b {0,1}{2,3}{4,5}: together in both 2 pairs, in a 6, in b 3, of 15:
 * (2 - 1.2) / (4.5 - 1.2). */
static void agreement_is_the_adjusted_rand_index(void **state)
{
    (void)state;
    static const int32_t a[] = {0, 0, 0, 1, 1, 1}, b[] = {0, 0, 1, 1, 2, 2}, renamed[] = {1, 1, 1, 0, 0, 0};
    static const int32_t one[] = {0, 0, 0, 0, 0, 0};
    assert_true(fabs(agreement(a, 2, b, 3, 6) - 0.8 / 3.3) < 1e-15);
    assert_true(agreement(a, 2, renamed, 2, 6) == 1);
    assert_true(agreement(a, 2, one, 1, 6) == 0);
    assert_true(agreement(one, 1, one, 1, 6) == 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silhouettes_are_those_of_all_pairs),
        cmocka_unit_test(a_sample_stands_for_all_rows),
        cmocka_unit_test(quality_does_not_depend_on_the_sharding),
        cmocka_unit_test(agreement_is_the_adjusted_rand_index),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
