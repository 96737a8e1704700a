/* The grid and the matrix: what rfmpi/kmeans.h promises of them. */
#include "samples.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void every_value_is_within_half_a_step_of_its_index(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        test_sample sample = sample_make((test_kind)kind, 3, 300, 5);
        rfm_grid grid;
        rfm_error err = {0};
        size_t from, to;
        sample_share(sample.n, 3, &from, &to);
        rfm_grid_fit(comm, to - from, 5, sample.rows + from * 5, NULL, &grid, &err);
        assert_string_equal(err.message, "");
        for (size_t i = 0; i < sample.n * 5; i++) {
            int j = (int)(i % 5);
            int64_t index = rfm_grid_index(&grid, j, sample.rows[i]);
            long double exact = (long double)grid.offset[j] + (long double)index * grid.step[j];
            assert_true(index >= grid.low[j] && index <= grid.high[j]);
            assert_true(fabsl(exact - sample.rows[i]) <= 0.5000001L * grid.step[j]);
        }
        rfm_grid_free(&grid);
        sample_free(&sample);
    }
}

static void steps_are_the_smallest_powers_of_two_that_fit(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_MIXED, 9, 1000, 6);
    rfm_grid grid;
    rfm_error err = {0};
    size_t from, to;
    sample_share(sample.n, 1, &from, &to);
    rfm_grid_fit(comm, to - from, 6, sample.rows + from * 6, NULL, &grid, &err);
    assert_string_equal(err.message, "");
    for (int j = 0; j < 6; j++) {
        int exponent;
        assert_true(frexp(grid.step[j], &exponent) == 0.5);
        assert_true(grid.offset[j] / grid.step[j] == rint(grid.offset[j] / grid.step[j]));
        int64_t most = grid.high[j] > -grid.low[j] ? grid.high[j] : -grid.low[j];
        assert_in_range(most, (INT64_C(1) << 29) - 1, INT64_C(1) << 30);
    }
    rfm_grid_free(&grid);
    sample_free(&sample);
}

static void a_constant_column_keeps_its_value_exactly(void **state)
{
    (void)state;
    double values[] = {0.1, -1e300, 0, 5e-324, 1e-290, 12345.678};
    rfm_grid grid, copy;
    rfm_error err = {0};
    rfm_grid_fit(comm, 1, 6, values, NULL, &grid, &err);
    assert_string_equal(err.message, "");
    for (int j = 0; j < 6; j++) {
        if (j != 3)
            assert_true(grid.offset[j] == values[j]);
        assert_int_equal(rfm_grid_index(&grid, j, values[j]), 0);
    }
    assert_int_equal(rfm_grid_copy(&grid, &copy, &err), RFM_OK);
    assert_memory_equal(copy.offset, grid.offset, 6 * sizeof(double));
    assert_memory_equal(copy.high, grid.high, 6 * sizeof(int64_t));
    rfm_grid_free(&copy);
    rfm_grid_free(&grid);
}

static void an_index_saturates(void **state)
{
    (void)state;
    double values[] = {1, 2};
    rfm_grid grid;
    rfm_error err = {0};
    rfm_grid_fit(comm, 2, 1, values, NULL, &grid, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(rfm_grid_index(&grid, 0, 1e300), INT64_C(1) << 52);
    assert_int_equal(rfm_grid_index(&grid, 0, -1e300), -(INT64_C(1) << 52));
    assert_int_equal(rfm_grid_index(&grid, 0, DBL_MAX), INT64_C(1) << 52);
    rfm_grid_free(&grid);
}

static void expect_refusal(double first, double second, const char *part)
{
    static const char *const names[] = {"monetary", "recency_days"};
    bool last = rfm_comm_rank(comm) == rfm_comm_size(comm) - 1;
    double rows[] = {1, last ? first : 2, 1, last ? second : 2};
    rfm_grid grid;
    rfm_error err = {0};
    assert_int_equal(rfm_grid_fit(comm, 2, 2, rows, names, &grid, &err), RFM_DATA);
    assert_non_null(strstr(err.message, "recency_days"));
    assert_non_null(strstr(err.message, part));
    assert_null(grid.step);
}

static void what_is_not_finite_or_too_wide_is_named_on_every_rank(void **state)
{
    (void)state;
    expect_refusal(1, NAN, "not a finite number");
    expect_refusal(INFINITY, 2, "not a finite number");
    expect_refusal(-1e308, 1e308, "too far apart");
    expect_refusal(-1e200, 1e200, "too far apart");
}

static void a_matrix_knows_its_place_and_refuses_rows_off_its_grid(void **state)
{
    (void)state;
    double rows[] = {1, 2, 3, 4, 5, 6}, far = 700;
    rfm_grid grid;
    rfm_matrix matrix;
    rfm_error err = {0};
    int rank = rfm_comm_rank(comm), size = rfm_comm_size(comm);
    rfm_grid_fit(comm, 3, 2, rows, NULL, &grid, &err);
    assert_int_equal(rfm_matrix_init(comm, &grid, 3, rows, NULL, &matrix, &err), RFM_OK);
    assert_int_equal(matrix.n_global, 3 * size);
    assert_int_equal(matrix.first, 3 * rank);
    assert_int_equal(matrix.key[1], rfm_hash64_integer(3 * rank + 1));
    for (int i = 0; i < 6; i++)
        assert_int_equal(matrix.index[i], rfm_grid_index(&grid, i % 2, rows[i]));
    rfm_matrix_free(&matrix);
    if (rank == size - 1)
        rows[4] = far;
    assert_int_equal(rfm_matrix_init(comm, &grid, 3, rows, NULL, &matrix, &err), RFM_DATA);
    assert_null(matrix.index);
    rfm_grid_free(&grid);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_within_half_a_step_of_its_index),
        cmocka_unit_test(steps_are_the_smallest_powers_of_two_that_fit),
        cmocka_unit_test(a_constant_column_keeps_its_value_exactly),
        cmocka_unit_test(an_index_saturates),
        cmocka_unit_test(what_is_not_finite_or_too_wide_is_named_on_every_rank),
        cmocka_unit_test(a_matrix_knows_its_place_and_refuses_rows_off_its_grid),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
