/* More than 2^31 words of rows, and more than 2^31 pairs of a row and a centroid, in one rank. */
#include "samples.h"

#include <math.h>

static rfm_kmeans_options from_given(int k, const double *given)
{
    rfm_kmeans_options options = rfm_kmeans_defaults();
    options.k = k;
    options.seeding = RFM_SEEDING_GIVEN;
    options.given = given;
    options.order_column = 0;
    options.max_iterations = 3;
    return options;
}

/* Rows of zeros take no memory: the system has one page of them. What differs lies at the start, about word 2^31, and
 * at the end. */
static void rows_beyond_2_31_words_get_their_labels(void **state)
{
    (void)state;
    enum { COLUMNS = 1000, N = 2200000, MARKED = 50 };
    rfm_error err = {0};
    rfm_grid grid = {.d = COLUMNS};
    rfm_clustering fit;
    const size_t starts[] = {0, ((size_t)1 << 31) / COLUMNS - MARKED / 2, N - MARKED};
    double *numbers = calloc(5 * COLUMNS, sizeof *numbers), *given = numbers + 2 * COLUMNS;
    grid.offset = numbers;
    grid.step = numbers + COLUMNS;
    grid.low = calloc(COLUMNS, sizeof *grid.low);
    grid.high = calloc(COLUMNS, sizeof *grid.high);
    rfm_matrix matrix = {.n = N, .d = COLUMNS, .n_global = N, .grid = &grid, .weights.total = N};
    matrix.index = calloc((size_t)N * COLUMNS, sizeof *matrix.index);
    matrix.key = calloc(N, sizeof *matrix.key);
    assert_non_null(matrix.index);
    for (size_t j = 0; j < COLUMNS; j++) {
        grid.step[j] = 1;
        grid.high[j] = 8;
    }
    for (size_t s = 0; s < 3; s++)
        for (size_t i = 0; i < MARKED; i++)
            matrix.index[(starts[s] + i) * COLUMNS + (s == 2 ? COLUMNS - 1 : 0)] = s == 2 ? 5 : 8;
    given[0] = 7; /* the first cluster by column 0; then come zeros, and what differs in the last column */
    given[2 * COLUMNS + COLUMNS - 1] = 4;
    const rfm_kmeans_options options = from_given(3, given);
    rfm_kmeans_fit(comm, &matrix, &options, &fit, &err);
    assert_fine(&err);
    assert_int_equal(fit.sizes[0], 2 * MARKED);
    assert_int_equal(fit.sizes[1] + fit.sizes[2], N - 2 * MARKED);
    for (size_t i = 0; i < N; i++) {
        const int32_t *row = matrix.index + i * COLUMNS;
        const double *centroid = fit.centroids + (size_t)fit.labels[i] * COLUMNS;
        if (centroid[0] != row[0] || centroid[COLUMNS - 1] != row[COLUMNS - 1])
            fail_msg("row %zu has the wrong label", i);
    }
    assert_true(fit.inertia == 0);
    rfm_clustering_free(&fit);
    rfm_matrix_free(&matrix);
    free(grid.low);
    free(grid.high);
    free(numbers);
}

/* Row i lies at point i * 7919 mod K of a lattice, or a little beside it. */
static void place_row(size_t i, int k, int across, double *row)
{
    const int point = (int)(i * 7919 % (size_t)k);
    row[0] = point % across + (double)(i % 9) / 64 - 1.0 / 16;
    row[1] = point / across;
}

static void labels_beyond_2_31_pairs_are_those_of_the_nearest(void **state)
{
    (void)state;
    enum { K = 1000, ACROSS = 40, N = 3000000 };
    static double given[2 * K];
    test_trial trial;
    test_sample sample = {N, 2, malloc(2 * N * sizeof(double))};
    assert_non_null(sample.rows);
    for (size_t i = 0; i < N; i++)
        place_row(i, K, ACROSS, sample.rows + 2 * i);
    for (int c = 0; c < K; c++) {
        given[2 * c] = c % ACROSS;
        given[2 * c + 1] = c / ACROSS;
    }
    for (int algorithm = RFM_ALGORITHM_FUSED; algorithm <= (int)RFM_ALGORITHM_BOUNDS; algorithm++) {
        rfm_kmeans_options options = from_given(K, given);
        options.algorithm = (rfm_algorithm)algorithm;
        trial_run(&sample, 1, &options, &trial);
        for (size_t i = 0; i < N; i++) {
            const double *centroid = trial.clustering.centroids + 2 * (size_t)trial.labels[i];
            const int point = (int)(i * 7919 % K);
            if (rint(trial.grid.offset[0] + centroid[0]) != point % ACROSS ||
                rint(trial.grid.offset[1] + centroid[1]) != point / ACROSS)
                fail_msg("row %zu has the wrong label", i);
        }
        trial_free(&trial);
    }
    sample_free(&sample);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_beyond_2_31_words_get_their_labels),
        cmocka_unit_test(labels_beyond_2_31_pairs_are_those_of_the_nearest),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
