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

static const maker SHAPES[] = {even, of_all_magnitudes, few_values, nearly_equal, mostly_zero};

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
    rfm_quantiles(comm, &(rfm_column){to - from, stride, mine}, N_PROBABILITIES, PROBABILITIES, quantiles, &err);
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

static void known_quartiles(void **state)
{
    (void)state;
    static const double values[] = {4, 1, 3, 2};
    static const double probabilities[] = {0.25, 0.5, 0.75};
    double quartiles[3];
    rfm_error err = {0};
    const bool first = rfm_comm_rank(comm) == 0;
    rfm_quantiles(comm, &(rfm_column){first ? 4 : 0, 1, values}, 3, probabilities, quartiles, &err);
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
    rfm_quantiles(comm, &(rfm_column){1, 1, values}, 1, &half, &median, &err);
    assert_fine(&err);
    assert_memory_equal(&median, &zero, sizeof zero);
}

static void nothing_has_no_quantiles(void **state)
{
    (void)state;
    const double half = 0.5;
    double median = 7;
    rfm_error err = {0};
    rfm_quantiles(comm, &(rfm_column){0, 1, NULL}, 1, &half, &median, &err);
    assert_fine(&err);
    assert_true(median == 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_equal_those_of_a_sorted_array),
        cmocka_unit_test(known_quartiles),
        cmocka_unit_test(minus_zero_is_zero),
        cmocka_unit_test(nothing_has_no_quantiles),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
