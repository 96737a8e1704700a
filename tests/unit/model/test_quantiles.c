/* Quantiles over all ranks equal those of one sorted array, bit for bit. */
#include "expect.h"

#include <math.h>

enum { N_PROBABILITIES = 9 };

static const double PROBABILITIES[N_PROBABILITIES] = {0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.99, 0.999, 1};

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Hyndman and Fan's type 7, of everything at once. */
static double expected(double *values, size_t n, double probability)
{
    qsort(values, n, sizeof *values, compare);
    const double at = (double)(n - 1) * probability;
    const size_t low = (size_t)floor(at);
    const size_t high = low + 1 < n ? low + 1 : low;
    return values[low] + (values[high] - values[low]) * (at - (double)low);
}

typedef double (*maker)(uint64_t *seed);

static double even(uint64_t *seed)
{
    return draw_unit(seed) - 0.5;
}

static double of_all_magnitudes(uint64_t *seed)
{
    const double x = ldexp(draw_unit(seed) - 0.5, (int)(draw(seed) % 2000) - 1000);
    return x;
}

static double few_values(uint64_t *seed)
{
    return (double)(draw(seed) % 4) - 1;
}

static double nearly_equal(uint64_t *seed)
{
    return 1 + (double)(draw(seed) % 5) * 0x1p-52;
}

static double mostly_zero(uint64_t *seed)
{
    return draw(seed) % 50 ? 0.0 : draw_unit(seed) * 1e6;
}

/* More than the whole numbers that are counted one by one. */
static double counts(uint64_t *seed)
{
    return (double)(draw(seed) % 3000);
}

static double halves(uint64_t *seed)
{
    return (double)(draw(seed) % 40) / 2;
}

/* One value that is no whole number, and others about it. */
static double mostly_one_fraction(uint64_t *seed)
{
    return draw(seed) % 4 ? 29.99 : (double)(draw(seed) % 60) + (draw(seed) % 2 ? 0.99 : 0);
}

/* All of them begin with the same bits. */
static double seconds_since_1970(uint64_t *seed)
{
    return 1.7e9 + (double)(draw(seed) % 10000000);
}

static double infinite_at_times(uint64_t *seed)
{
    const uint64_t kind = draw(seed) % 200;
    return kind == 0 ? INFINITY : kind == 1 ? -INFINITY : draw_unit(seed) * 2000 - 100;
}

static const maker SHAPES[] = {even,   of_all_magnitudes,  few_values,         nearly_equal, mostly_zero, counts,
                               halves, seconds_since_1970, mostly_one_fraction};

static void check(maker make, size_t n, size_t stride)
{
    uint64_t seed = n * 31 + stride;
    double *all = malloc(n * sizeof *all), *mine = calloc(n * stride + 1, sizeof *mine);
    size_t from, to;
    share_rows(n, &from, &to);
    for (size_t i = 0; i < n; i++)
        all[i] = make(&seed);
    for (size_t i = from; i < to; i++)
        mine[(i - from) * stride] = all[i];
    double quantiles[N_PROBABILITIES];
    rfm_error err = {0};
    rfm_quantiles(comm, &(rfm_column){to - from, stride, mine, NULL}, N_PROBABILITIES, PROBABILITIES, quantiles, &err);
    assert_fine(&err);
    for (int q = 0; q < N_PROBABILITIES; q++) {
        const double wanted = expected(all, n, PROBABILITIES[q]) + 0.0;
        assert_memory_equal(&quantiles[q], &wanted, sizeof wanted);
    }
    free(all);
    free(mine);
}

static void quantiles_equal_those_of_a_sorted_array(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 7, 100, 5001};
    for (size_t s = 0; s < sizeof SHAPES / sizeof *SHAPES; s++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (size_t stride = 1; stride <= 3; stride += 2)
                check(SHAPES[s], sizes[i], stride);
}

/* ---- columns side by side --------------------------------------------------------------------------------------- */

enum { SIDE_ROWS = 4001, SIDE_COLUMNS = 12, SIDE_STRIDE = 13 };

static const maker SIDES[SIDE_COLUMNS] = {
    seconds_since_1970, even,         counts,      halves, infinite_at_times,  few_values,
    of_all_magnitudes,  nearly_equal, mostly_zero, counts, seconds_since_1970, mostly_one_fraction};

/* Of the values that are numbers. */
static size_t take_column(const double *matrix, int column, double *values)
{
    size_t n = 0;
    for (size_t i = 0; i < SIDE_ROWS; i++)
        if (!isnan(matrix[i * SIDE_STRIDE + (size_t)column]))
            values[n++] = matrix[i * SIDE_STRIDE + (size_t)column];
    return n;
}

static void expect_survey(const rfm_column_survey *survey, const double *values, size_t n)
{
    rfm_spread spread = {INFINITY, -INFINITY, (int64_t)n};
    bool whole = true;
    for (size_t i = 0; i < n; i++) {
        spread.least = fmin(spread.least, values[i]);
        spread.greatest = fmax(spread.greatest, values[i]);
        whole &= fabs(values[i]) < 0x1p31 && values[i] == floor(values[i]);
    }
    assert_true(survey->spread.least == spread.least && survey->spread.greatest == spread.greatest);
    assert_true(survey->spread.total == spread.total && survey->n == (int64_t)n && survey->whole == whole);
}

static void columns_side_by_side_have_the_quantiles_of_each(void **state)
{
    (void)state;
    static double matrix[SIDE_ROWS * SIDE_STRIDE], values[SIDE_ROWS];
    int columns[SIDE_COLUMNS];
    uint64_t seed = 7;
    size_t from, to;
    for (int c = 0; c < SIDE_COLUMNS; c++)
        columns[c] = (c * 5 + 2) % SIDE_STRIDE;
    for (size_t i = 0; i < SIDE_ROWS; i++)
        for (int c = 0; c < SIDE_COLUMNS; c++)
            matrix[i * SIDE_STRIDE + (size_t)columns[c]] = draw(&seed) % 20 ? SIDES[c](&seed) : c % 3 ? 0 : NAN;
    double quantiles[SIDE_COLUMNS * N_PROBABILITIES];
    rfm_column_survey surveys[SIDE_COLUMNS];
    rfm_error err = {0};
    share_rows(SIDE_ROWS, &from, &to);
    const rfm_columns all = {to - from, SIDE_STRIDE, matrix + from * SIDE_STRIDE, NULL, SIDE_COLUMNS, columns};
    rfm_columns_quantiles(comm, &all, N_PROBABILITIES, PROBABILITIES, quantiles, surveys, &err);
    assert_fine(&err);
    for (int c = 0; c < SIDE_COLUMNS; c++) {
        const size_t n = take_column(matrix, columns[c], values);
        expect_survey(&surveys[c], values, n);
        for (int q = 0; q < N_PROBABILITIES; q++) {
            const double wanted = expected(values, n, PROBABILITIES[q]) + 0.0, got = quantiles[c * N_PROBABILITIES + q];
            assert_true(got == wanted || (isnan(got) && isnan(wanted)));
        }
    }
}

static void surveys_need_no_quantiles(void **state)
{
    (void)state;
    static const double matrix[] = {1, 0.5, NAN, 3, -2, NAN};
    const bool first = rfm_comm_rank(comm) == 0;
    rfm_column_survey surveys[3];
    rfm_error err = {0};
    rfm_columns_quantiles(comm, &(rfm_columns){first ? 2 : 0, 3, matrix, NULL, 3, NULL}, 0, NULL, NULL, surveys, &err);
    assert_fine(&err);
    assert_true(surveys[0].whole && surveys[0].n == 2 && surveys[0].spread.greatest == 3);
    assert_true(!surveys[1].whole && surveys[1].spread.least == -2 && surveys[1].spread.greatest == 0.5);
    assert_true(surveys[2].n == 0 && surveys[2].spread.total == 0 && surveys[2].spread.least == INFINITY);
}

/* ---- known ones ------------------------------------------------------------------------------------------------- */

static void known_quartiles(void **state)
{
    (void)state;
    static const double values[] = {4, 1, 3, 2};
    static const double probabilities[] = {0.25, 0.5, 0.75};
    double quartiles[3];
    rfm_error err = {0};
    const bool first = rfm_comm_rank(comm) == 0;
    rfm_quantiles(comm, &(rfm_column){first ? 4 : 0, 1, values, NULL}, 3, probabilities, quartiles, &err);
    assert_fine(&err);
    assert_true(quartiles[0] == 1.75 && quartiles[1] == 2.5 && quartiles[2] == 3.25);
}

static void minus_zero_is_zero(void **state)
{
    (void)state;
    const double values[] = {-0.0};
    const double half = 0.5, zero = 0;
    double median;
    rfm_error err = {0};
    rfm_quantiles(comm, &(rfm_column){1, 1, values, NULL}, 1, &half, &median, &err);
    assert_fine(&err);
    assert_memory_equal(&median, &zero, sizeof zero);
}

static void nothing_has_no_quantiles(void **state)
{
    (void)state;
    const double half = 0.5;
    double median = 7;
    rfm_error err = {0};
    rfm_quantiles(comm, &(rfm_column){0, 1, NULL, NULL}, 1, &half, &median, &err);
    assert_fine(&err);
    assert_true(median == 0);
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

enum { MOST_WEIGHED = 800 };

typedef struct weighed {
    double value;
    int64_t weight;
} weighed;

static int compare_weighed(const void *a, const void *b)
{
    const weighed *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* The mean of the sorted values over a window of one mean weight, added up value by value. */
static double expected_by_weight(weighed *rows, size_t n, double probability)
{
    long double total = 0, passed = 0, sum = 0;
    size_t counted = 0;
    qsort(rows, n, sizeof *rows, compare_weighed);
    for (size_t i = 0; i < n; i++) {
        total += rows[i].weight;
        counted += rows[i].weight > 0;
    }
    const long double width = total / counted, from = (total - width) * probability, to = from + width;
    for (size_t i = 0; i < n; i++) {
        const long double begin = fmaxl(passed, from), end = fminl(passed + rows[i].weight, to);
        sum += end > begin ? (end - begin) * rows[i].value : 0;
        passed += rows[i].weight;
    }
    return (double)(sum / width);
}

static void quantiles_by_weight_are_means_of_windows(void **state)
{
    (void)state;
    static double mine[MOST_WEIGHED];
    static int64_t weights[MOST_WEIGHED], tripled[MOST_WEIGHED];
    static weighed all[MOST_WEIGHED];
    for (uint64_t trial = 1; trial <= 60; trial++) {
        uint64_t seed = trial;
        const size_t n = 1 + draw(&seed) % MOST_WEIGHED;
        const size_t shape = trial % (sizeof SHAPES / sizeof *SHAPES);
        const maker make = SHAPES[shape == 1 ? 0 : shape];
        size_t from, to;
        for (size_t i = 0; i < n; i++)
            all[i] = (weighed){make(&seed), i == 0 ? 1 : (int64_t)(draw(&seed) % (trial % 2 ? 5 : 1 << 24))};
        share_rows(n, &from, &to);
        for (size_t i = from; i < to; i++) {
            mine[i - from] = all[i].value;
            weights[i - from] = all[i].weight;
            tripled[i - from] = 3 * all[i].weight;
        }
        double quantiles[N_PROBABILITIES], again[N_PROBABILITIES];
        rfm_error err = {0};
        rfm_quantiles(comm, &(rfm_column){to - from, 1, mine, weights}, N_PROBABILITIES, PROBABILITIES, quantiles,
                      &err);
        rfm_quantiles(comm, &(rfm_column){to - from, 1, mine, tripled}, N_PROBABILITIES, PROBABILITIES, again, &err);
        assert_fine(&err);
        for (int q = 0; q < N_PROBABILITIES; q++) {
            const double wanted = expected_by_weight(all, n, PROBABILITIES[q]);
            const double range = all[n - 1].value - all[0].value;
            assert_true(fabs(quantiles[q] - wanted) <= 1e-9 * range);
            assert_true(fabs(quantiles[q] - again[q]) <= 1e-9 * range);
        }
    }
}

static void what_is_no_value_does_not_count(void **state)
{
    (void)state;
    static const double values[] = {NAN, 4, 1, NAN, 3, 2, 100}, probabilities[] = {0.25, 0.5, 1};
    static const int64_t weights[] = {7, 2, 2, 1, 2, 2, 0};
    double quartiles[3];
    rfm_error err = {0};
    const bool first = rfm_comm_rank(comm) == 0;
    rfm_quantiles(comm, &(rfm_column){first ? 6 : 0, 1, values, NULL}, 3, probabilities, quartiles, &err);
    assert_true(quartiles[0] == 1.75 && quartiles[1] == 2.5 && quartiles[2] == 4);
    rfm_quantiles(comm, &(rfm_column){first ? 7 : 0, 1, values, weights}, 3, probabilities, quartiles, &err);
    assert_fine(&err);
    assert_true(quartiles[0] == 1.75 && quartiles[1] == 2.5 && quartiles[2] == 4);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_equal_those_of_a_sorted_array),
        cmocka_unit_test(columns_side_by_side_have_the_quantiles_of_each),
        cmocka_unit_test(surveys_need_no_quantiles),
        cmocka_unit_test(known_quartiles),
        cmocka_unit_test(minus_zero_is_zero),
        cmocka_unit_test(quantiles_by_weight_are_means_of_windows),
        cmocka_unit_test(what_is_no_value_does_not_count),
        cmocka_unit_test(nothing_has_no_quantiles),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
