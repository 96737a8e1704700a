/* Labels of given rows equal the definition's on thousands of random cases, whatever the filter in front of it; inertia
 * of given labels. */
#include "samples.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the sample, points between rows, exact duplicates and far-off ones. */
static double *make_centroids(const test_sample *sample, const rfm_grid *grid, int k, uint64_t *state)
{
    size_t d = (size_t)sample->d;
    double *centroids = calloc((size_t)k * d, sizeof *centroids);
    assert_non_null(centroids);
    for (size_t c = 0; c < (size_t)k; c++) {
        const double *one = sample->rows + draw_below(state, sample->n) * d;
        const double *two = sample->rows + draw_below(state, sample->n) * d;
        bool middle = draw_below(state, 2) == 1, far = draw_below(state, 200) == 0;
        for (size_t j = 0; j < d; j++) {
            double index = (double)rfm_grid_index(grid, (int)j, one[j]);
            if (middle)
                index = (index + (double)rfm_grid_index(grid, (int)j, two[j])) / 2;
            centroids[c * d + j] = index * grid->step[j] * (far ? 1e9 : 1);
        }
        if (c > 0 && draw_below(state, 10) == 0)
            memcpy(centroids + c * d, centroids + (c - 1) * d, d * sizeof *centroids);
    }
    return centroids;
}

static void expect_labels_of_the_definition(const rfm_grid *grid, const test_sample *sample, int k,
                                            const double *centroids)
{
    rfm_error err = {0};
    int32_t *labels = calloc(sample->n, sizeof *labels);
    double *distances = calloc(sample->n, sizeof *distances);
    assert_int_equal(rfm_kmeans_label(&(rfm_centroids){grid, k, centroids}, &(rfm_rows){sample->n, sample->rows, NULL},
                                      labels, distances, &err),
                     RFM_OK);
    for (size_t i = 0; i < sample->n; i++) {
        const double *row = sample->rows + i * (size_t)sample->d;
        assert_int_equal(labels[i], oracle_label(grid, k, centroids, row));
        double expected = oracle_distance(grid, row, centroids + (size_t)labels[i] * (size_t)sample->d);
        assert_true(distances[i] == expected);
    }
    free(labels);
    free(distances);
}

static void try_case(uint64_t seed)
{
    uint64_t state = seed;
    rfm_error err = {0};
    rfm_grid grid;
    size_t n = 1 + draw_below(&state, seed % 50 == 0 ? 3000 : 60);
    int d = 1 + (int)draw_below(&state, seed % 40 == 0 ? 70 : 9),
        k = 1 + (int)draw_below(&state, seed % 30 == 0 ? 150 : 12);
    test_sample sample = sample_make((test_kind)(seed % KINDS), seed, n, d);
    omp_set_num_threads(1 + (int)draw_below(&state, 3));
    rfm_grid_fit(comm, n, d, sample.rows, NULL, &grid, &err);
    assert_string_equal(err.message, "");
    double *centroids = make_centroids(&sample, &grid, k, &state);
    expect_labels_of_the_definition(&grid, &sample, k, centroids);
    if (seed % 3 == 0) { /* now some rows outside the range of the fit */
        for (size_t i = 0; i < n; i += 1 + draw_below(&state, 5))
            sample.rows[i * (size_t)d] = (draw_unit(&state) - 0.5) * (seed % 2 == 0 ? 1e3 : 1e30);
        expect_labels_of_the_definition(&grid, &sample, k, centroids);
    }
    free(centroids);
    rfm_grid_free(&grid);
    sample_free(&sample);
}

static void labels_equal_the_definition_on_thousands_of_cases(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 6000; seed++)
        try_case(seed);
}

/* Every row lies in the middle between two centroids, so that nothing but the definition can decide. */
static void ties_go_to_the_lowest_index(void **state)
{
    (void)state;
    enum { N = 4000 };
    rfm_error err = {0};
    rfm_grid grid;
    double *rows = calloc(N * 3, sizeof *rows), centroids[] = {1, 0, 0, -1, 0, 0, 1, 0, 0, 9, 9, 9};
    int32_t *labels = calloc(N, sizeof *labels);
    for (size_t i = 0; i < N; i++) {
        rows[i * 3 + 1] = (double)(i % 63) / 64 - 0.5;
        rows[i * 3 + 2] = (double)(i % 17) / 16 - 0.5;
    }
    rows[0] = -2; /* so that the grid reaches beyond the centroids, evenly */
    rows[3] = 2;
    assert_int_equal(rfm_grid_fit(comm, N, 3, rows, NULL, &grid, &err), RFM_OK);
    assert_true(grid.offset[0] == 0);
    assert_int_equal(
        rfm_kmeans_label(&(rfm_centroids){&grid, 4, centroids}, &(rfm_rows){N, rows, NULL}, labels, NULL, &err),
        RFM_OK);
    assert_int_equal(labels[0], 1);
    for (size_t i = 1; i < N; i++)
        assert_int_equal(labels[i], 0);
    free(rows);
    free(labels);
    rfm_grid_free(&grid);
}

static void a_row_that_is_not_finite_is_refused(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_grid grid;
    double rows[] = {1, 2, 3, 4}, centroids[] = {0, 0};
    int32_t labels[2];
    assert_int_equal(rfm_grid_fit(comm, 2, 2, rows, NULL, &grid, &err), RFM_OK);
    rows[3] = NAN;
    assert_int_equal(
        rfm_kmeans_label(&(rfm_centroids){&grid, 1, centroids}, &(rfm_rows){2, rows, NULL}, labels, NULL, &err),
        RFM_DATA);
    assert_non_null(strstr(err.message, "row 1"));
    rfm_grid_free(&grid);
}

static long double exact_inertia(const rfm_grid *grid, const test_sample *sample, const double *centroids,
                                 const int32_t *labels)
{
    long double sum = 0;
    size_t d = (size_t)sample->d;
    for (size_t i = 0; i < sample->n; i++)
        for (size_t j = 0; j < d; j++) {
            int64_t index = rfm_grid_index(grid, (int)j, sample->rows[i * d + j]);
            long double difference = (long double)index * grid->step[j] - centroids[(size_t)labels[i] * d + j];
            sum += difference * difference;
        }
    return sum;
}

/* Labels that are not the nearest, centroids that are not means, rows outside the range: the hard case for integer
 * sums. */
static void inertia_equals_a_longer_computation(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 400; seed++) {
        uint64_t random = seed;
        test_kind kind = (test_kind)(seed % KINDS);
        size_t n = 1 + draw_below(&random, 200);
        int k = 1 + (int)draw_below(&random, 7);
        test_sample sample = sample_make(kind, seed, n, 4);
        rfm_error err = {0};
        rfm_grid grid;
        rfm_grid_fit(comm, n, 4, sample.rows, NULL, &grid, &err);
        double *centroids = make_centroids(&sample, &grid, k, &random), inertia;
        int32_t *labels = calloc(n, sizeof *labels);
        int64_t sizes[8], total = 0;
        for (size_t i = 0; i < n; i++)
            labels[i] = (int32_t)draw_below(&random, (size_t)k);
        for (size_t i = 0; seed % 4 == 0 && i < n; i += 9)
            sample.rows[i * 4 + 1] *= kind == KIND_HUGE ? 3 : 1e5;
        assert_int_equal(rfm_kmeans_inertia(comm, &(rfm_centroids){&grid, k, centroids},
                                            &(rfm_rows){n, sample.rows, NULL}, labels, &inertia,
                                            &(rfm_sizes){sizes, NULL}, &err),
                         RFM_OK);
        long double exact = exact_inertia(&grid, &sample, centroids, labels);
        if (kind != KIND_TINY && kind != KIND_DENORMAL) /* these underflow in double */
            assert_true(fabsl(inertia - exact) <= 1e-12L * exact);
        for (int c = 0; c < k; c++)
            total += sizes[c];
        assert_int_equal(total, n);
        free(labels);
        free(centroids);
        rfm_grid_free(&grid);
        sample_free(&sample);
    }
}

static void a_label_beyond_k_is_refused(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_grid grid;
    double rows[] = {1, 2}, centroid = 0, inertia;
    int32_t labels[] = {0, 1};
    assert_int_equal(rfm_grid_fit(comm, 2, 1, rows, NULL, &grid, &err), RFM_OK);
    assert_int_equal(rfm_kmeans_inertia(comm, &(rfm_centroids){&grid, 1, &centroid}, &(rfm_rows){2, rows, NULL}, labels,
                                        &inertia, NULL, &err),
                     RFM_INTERNAL);
    rfm_grid_free(&grid);
}

static void the_blas_library_is_named(void **state)
{
    (void)state;
    char name[200];
    assert_true(rfm_blas_library(name, sizeof name) > 0);
    assert_non_null(strstr(name, "OpenBLAS"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_equal_the_definition_on_thousands_of_cases),
        cmocka_unit_test(ties_go_to_the_lowest_index),
        cmocka_unit_test(a_row_that_is_not_finite_is_refused),
        cmocka_unit_test(inertia_equals_a_longer_computation),
        cmocka_unit_test(a_label_beyond_k_is_refused),
        cmocka_unit_test(the_blas_library_is_named),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
