/* Scaling against an independent computation in long double; the same bits at any number of ranks; the way back. */
#include "expect.h"

#include <float.h>
#include <math.h>

enum { N = 3000, D = 6 };

/* Columns: money with a long tail, counts, far from zero, tiny, constant, mostly one value. */
static void fill(double *rows)
{
    uint64_t seed = 11;
    for (size_t i = 0; i < N; i++) {
        const double u = draw_unit(&seed);
        rows[i * D] = floor(1e4 * u * u * u * u * u * 100) / 100 - (i % 97 == 0 ? 50 : 0);
        rows[i * D + 1] = (double)(draw(&seed) % 30);
        rows[i * D + 2] = 1e9 + draw_unit(&seed);
        rows[i * D + 3] = draw_unit(&seed) * 1e-200;
        rows[i * D + 4] = 0.1;
        rows[i * D + 5] = i % 10 ? 3 : draw_unit(&seed);
    }
}

static rfm_frame frame_of(const double *rows, size_t n, int d)
{
    rfm_frame frame = {.d = d, .n_global = (int64_t)n};
    rfm_error err = {0};
    size_t from, to;
    share_rows(n, &from, &to);
    frame.n = to - from;
    frame.first = (int64_t)from;
    frame.values = rfm_alloc(frame.n, (size_t)d * sizeof(double), &err);
    memcpy(frame.values, rows + from * (size_t)d, frame.n * (size_t)d * sizeof(double));
    frame.names = rfm_alloc((size_t)d, sizeof *frame.names, &err);
    frame.units = rfm_alloc((size_t)d, sizeof *frame.units, &err);
    for (int j = 0; j < d; j++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", j);
        frame.names[j] = rfm_copy_string(name, &err);
        frame.units[j] = rfm_copy_string("", &err);
    }
    assert_fine(&err);
    return frame;
}

static rfm_features *features_of(const char *const *transforms, int d)
{
    rfm_text text = {0};
    rfm_features *features;
    rfm_error err = {0};
    const rfm_roles roles = {.decimals = 4};
    for (int j = 0; j < d; j++)
        rfm_text_addf(&text, "%s{name: c%d, span: day, transform: %s}", j ? ", " : "[", j, transforms[j]);
    rfm_text_adds(&text, "]");
    rfm_node node = parse_node(text.bytes);
    rfm_features_parse(&node, NULL, &roles, &features, &err);
    assert_fine(&err);
    rfm_node_free(&node);
    rfm_text_free(&text);
    return features;
}

static long double mean_of(const long double *x)
{
    long double sum = 0;
    for (size_t i = 0; i < N; i++)
        sum += x[i];
    return sum / N;
}

static long double deviation_of(const long double *x)
{
    const long double mean = mean_of(x);
    long double sum = 0;
    for (size_t i = 0; i < N; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sqrtl(sum / N);
}

static int compare(const void *a, const void *b)
{
    const long double x = *(const long double *)a, y = *(const long double *)b;
    return (x > y) - (x < y);
}

static long double quantile_of(const long double *x, long double p)
{
    static long double sorted[N];
    memcpy(sorted, x, sizeof sorted);
    qsort(sorted, N, sizeof *sorted, compare);
    const long double at = (N - 1) * p;
    const size_t low = (size_t)at;
    return low + 1 < N ? sorted[low] + (sorted[low + 1] - sorted[low]) * (at - (long double)low) : sorted[low];
}

static void column_of(const double *rows, int j, long double *x)
{
    for (size_t i = 0; i < N; i++)
        x[i] = rows[i * D + (size_t)j];
}

static void expect_close(double got, long double wanted, long double tolerance)
{
    if (fabsl((long double)got - wanted) > tolerance * fabsl(wanted))
        fail_msg("%.17g is not %.20Lg", got, wanted);
}

/* Valgrind computes with 64 bits what the processor does with 80. */
static bool has_long_double(void)
{
    volatile long double one = 1;
    return one + LDBL_EPSILON > one;
}

static void learnt_numbers_equal_those_in_long_double(void **state)
{
    (void)state;
    if (!has_long_double()) {
        print_message("long double is no more than double here\n");
        skip();
    }
    static double rows[N * D];
    static long double x[N];
    fill(rows);
    for (int kind = RFM_SCALE_STANDARD; kind <= RFM_SCALE_MINMAX; kind++) {
        rfm_frame frame = frame_of(rows, N, D);
        rfm_scaling scaling;
        double *scaled;
        rfm_error err = {0};
        rfm_scaling_fit(comm, &frame, NULL, (rfm_scale)kind, &scaling, &scaled, &err);
        assert_fine(&err);
        for (int j = 0; j < D; j++) {
            column_of(rows, j, x);
            const long double iqr = quantile_of(x, 0.75L) - quantile_of(x, 0.25L), deviation = deviation_of(x),
                              least = quantile_of(x, 0), most = quantile_of(x, 1);
            const long double center[] = {mean_of(x), quantile_of(x, 0.5L), least};
            const long double scale[] = {deviation, iqr > 0 ? iqr : deviation, most - least};
            expect_close(scaling.columns[j].center, center[kind], 4e-16L);
            expect_close(scaling.columns[j].scale, j == 4 ? 1 : scale[kind], j == 2 ? 2e-7L : 1e-15L);
        }
        rfm_scaling_free(&scaling);
        free(scaled);
        rfm_frame_free(&frame);
    }
}

static void scaled_columns_have_mean_0_and_deviation_1(void **state)
{
    (void)state;
    static double rows[N * D];
    fill(rows);
    rfm_frame frame = frame_of(rows, N, D);
    rfm_scaling scaling;
    double *scaled;
    rfm_error err = {0};
    rfm_scaling_fit(comm, &frame, NULL, RFM_SCALE_STANDARD, &scaling, &scaled, &err);
    assert_fine(&err);
    for (int j = 0; j < D; j++) {
        /* In units of 2^-40: integer sums need no order. */
        int64_t sums[2] = {0, 0};
        for (size_t i = 0; i < frame.n; i++) {
            const double s = scaled[i * D + (size_t)j];
            sums[0] += (int64_t)ldexp(s, 40);
            sums[1] += (int64_t)ldexp(s * s, 40);
        }
        rfm_comm_reduce_i64(comm, RFM_SUM, sums, 2);
        assert_true(fabs(ldexp((double)sums[0], -40) / N) < 1e-6);
        assert_true(fabs(ldexp((double)sums[1], -40) / N - (j == 4 ? 0 : 1)) < 1e-6);
    }
    rfm_scaling_free(&scaling);
    free(scaled);
    rfm_frame_free(&frame);
}

static const char *const CHAIN[D] = {"[log1p, {clip: [0.01, 0.99]}]",
                                     "sqrt",
                                     "{clip: [0, 0.5]}",
                                     "[]",
                                     "[log1p, sqrt]",
                                     "[{clip: [0.1, 0.9]}, log1p, {clip: [0.2, 1]}, sqrt]"};

/* Hash of everything a fit with transforms learns and of all scaled rows, by row. */
static uint64_t hash_fit(rfm_scale kind)
{
    static double rows[N * D];
    fill(rows);
    rfm_frame frame = frame_of(rows, N, D);
    rfm_features *features = features_of(CHAIN, D);
    rfm_scaling scaling;
    double *scaled;
    rfm_error err = {0};
    rfm_scaling_fit(comm, &frame, features, kind, &scaling, &scaled, &err);
    assert_fine(&err);
    double learnt[D * 10] = {0};
    for (int j = 0; j < D; j++) {
        learnt[j * 10] = scaling.columns[j].center;
        learnt[j * 10 + 1] = scaling.columns[j].scale;
        for (int s = 0; s < scaling.columns[j].n_steps; s++) {
            learnt[j * 10 + 2 + 2 * s] = scaling.columns[j].steps[s].low;
            learnt[j * 10 + 3 + 2 * s] = scaling.columns[j].steps[s].high;
        }
    }
    rfm_i128 sum = 0;
    for (size_t i = 0; i < frame.n; i++)
        sum += (rfm_i128)(rfm_hash64(scaled + i * D, D * sizeof *scaled) ^ (uint64_t)(frame.first + (int64_t)i));
    rfm_comm_sum_i128(comm, &sum, 1);
    double *again = malloc(frame.n * D * sizeof *again + 1);
    rfm_scaling_apply(&scaling, frame.n, frame.values, again);
    assert_memory_equal(again, scaled, frame.n * D * sizeof *again);
    free(again);
    rfm_scaling_free(&scaling);
    rfm_features_close(features);
    rfm_frame_free(&frame);
    free(scaled);
    return rfm_hash64(learnt, sizeof learnt) ^ (uint64_t)sum;
}

/* Recorded once; no number of ranks, compiler or machine may change them. */
static void the_same_bits_at_any_number_of_ranks(void **state)
{
    (void)state;
    static const uint64_t recorded[] = {0x5a833c63429ed6b4, 0x08b31583c5ece834, 0x94da7d3d4f9b38f2, 0x826d2dd5ea81cfb1};
    for (int kind = RFM_SCALE_STANDARD; kind <= RFM_SCALE_NONE; kind++) {
        const uint64_t hash = hash_fit((rfm_scale)kind);
        if (hash != recorded[kind])
            fail_msg("scale %d: %016llx", kind, (unsigned long long)hash);
    }
}

static void the_way_back_gives_the_values(void **state)
{
    (void)state;
    static double rows[N * D];
    fill(rows);
    static const char *const chain[D] = {"log1p", "sqrt", "[]", "log1p", "[]", "[sqrt, log1p]"};
    rfm_frame frame = frame_of(rows, N, D);
    rfm_features *features = features_of(chain, D);
    rfm_scaling scaling;
    double *scaled;
    rfm_error err = {0};
    rfm_scaling_fit(comm, &frame, features, RFM_SCALE_MINMAX, &scaling, &scaled, &err);
    assert_fine(&err);
    for (size_t i = 0; i < frame.n; i++)
        for (int j = 0; j < D; j++) {
            const double back = rfm_scaling_invert(&scaling, j, scaled[i * D + (size_t)j]),
                         value = frame.values[i * D + (size_t)j];
            assert_true(fabs(back - value) <= 1e-13 * fabs(value) + (j == 3 ? 1e-215 : 1e-12));
        }
    rfm_scaling_free(&scaling);
    rfm_features_close(features);
    rfm_frame_free(&frame);
    free(scaled);
}

static void transforms_are_odd_and_clips_cut(void **state)
{
    (void)state;
    struct rfm_scaling_column column = {.steps = {{.kind = RFM_TRANSFORM_LOG1P}, {.kind = RFM_TRANSFORM_CLIP, -1, 2}},
                                        .n_steps = 2,
                                        .center = 0,
                                        .scale = 1};
    const rfm_scaling scaling = {.d = 1, .columns = &column};
    const double values[] = {1, -1, 1e9, -1e9, 0};
    double scaled[5];
    rfm_scaling_apply(&scaling, 5, values, scaled);
    assert_true(scaled[0] == rfm_log1p(1) && scaled[1] == -scaled[0] && scaled[2] == 2 && scaled[3] == -1 &&
                scaled[4] == 0);
}

static void values_that_are_no_numbers_are_named(void **state)
{
    (void)state;
    double rows[] = {1, 2, 3, NAN, 5, 6, 7, 8};
    rfm_frame frame = frame_of(rows, 4, 2);
    rfm_scaling scaling;
    double *scaled;
    rfm_error err = {0};
    rfm_scaling_fit(comm, &frame, NULL, RFM_SCALE_STANDARD, &scaling, &scaled, &err);
    assert_null(scaled);
    assert_failed(&err, RFM_DATA, "column c1 of row 1 (from 0) is no finite number");
    rfm_frame_free(&frame);
}

static void a_range_beyond_double_is_named(void **state)
{
    (void)state;
    double rows[] = {-1.5e308, 1.5e308, 0, 1};
    for (int kind = RFM_SCALE_STANDARD; kind <= RFM_SCALE_MINMAX; kind++) {
        rfm_frame frame = frame_of(rows, 4, 1);
        rfm_scaling scaling;
        double *scaled;
        rfm_error err = {0};
        rfm_scaling_fit(comm, &frame, NULL, (rfm_scale)kind, &scaling, &scaled, &err);
        assert_failed(&err, RFM_DATA, "column c0: its range is beyond what a double holds");
        rfm_frame_free(&frame);
    }
}

static void nobody_cannot_be_scaled(void **state)
{
    (void)state;
    rfm_frame frame = {.d = 1};
    rfm_scaling scaling;
    double *scaled;
    rfm_error err = {0};
    rfm_scaling_fit(comm, &frame, NULL, RFM_SCALE_STANDARD, &scaling, &scaled, &err);
    assert_failed(&err, RFM_DATA, "no customers");
}

/* ---- weights and missing values --------------------------------------------------------------------------------- */

/* Row i as often as i % 4 says, or once with that weight. */
static rfm_frame weighed_frame(const double *rows, bool repeated)
{
    static double made[4 * N * D], weights[N];
    size_t n = 0, from, to;
    rfm_error err = {0};
    for (size_t i = 0; i < N; i++) {
        for (size_t times = 0; repeated && times < i % 4; times++)
            memcpy(made + n++ * D, rows + i * D, D * sizeof *rows);
        weights[i] = (double)(i % 4) / 8;
    }
    rfm_frame frame = repeated ? frame_of(made, n, D) : frame_of(rows, N, D);
    share_rows(N, &from, &to);
    if (!repeated)
        rfm_weights_init(comm, to - from, weights + from, &frame.weights, &err);
    assert_fine(&err);
    return frame;
}

static void whole_weights_mean_repeated_rows(void **state)
{
    (void)state;
    static double rows[N * D];
    fill(rows);
    for (int kind = RFM_SCALE_STANDARD; kind <= RFM_SCALE_MINMAX; kind++) {
        rfm_frame one = weighed_frame(rows, false), other = weighed_frame(rows, true);
        rfm_scaling a, b;
        double *scaled[2];
        rfm_error err = {0};
        rfm_scaling_fit(comm, &one, NULL, (rfm_scale)kind, &a, &scaled[0], &err);
        rfm_scaling_fit(comm, &other, NULL, (rfm_scale)kind, &b, &scaled[1], &err);
        assert_fine(&err);
        for (int j = 0; j < D && kind != RFM_SCALE_ROBUST; j++) {
            assert_true(a.columns[j].center == b.columns[j].center);
            assert_true(a.columns[j].scale == b.columns[j].scale);
        }
        rfm_scaling_free(&a);
        rfm_scaling_free(&b);
        free(scaled[0]);
        free(scaled[1]);
        rfm_frame_free(&one);
        rfm_frame_free(&other);
    }
}

static void expect_fills(rfm_missing kind, const double *weights, double first, double second)
{
    double rows[] = {1, NAN, NAN, 7, 4, NAN, 2, 5, NAN, 6}, *fills;
    const double wanted[] = {first, second};
    rfm_frame frame = frame_of(rows, 5, 2);
    int64_t counts[2];
    rfm_error err = {0};
    if (weights)
        rfm_weights_init(comm, frame.n, weights + frame.first, &frame.weights, &err);
    rfm_missing_fit(comm, &frame, kind, &fills, &err);
    assert_fine(&err);
    assert_memory_equal(fills, wanted, sizeof wanted);
    rfm_missing_fill(fills, &frame, counts);
    for (size_t i = 0; i < frame.n * 2; i++) {
        const double row = rows[(size_t)frame.first * 2 + i];
        assert_true(frame.values[i] == (isnan(row) ? wanted[i % 2] : row));
    }
    rfm_comm_reduce_i64(comm, RFM_SUM, counts, 2);
    assert_true(counts[0] == 2 && counts[1] == 2);
    free(fills);
    rfm_frame_free(&frame);
}

static void missing_values_are_filled_in(void **state)
{
    (void)state;
    static const double weights[] = {1, 5, 2, 1, 0};
    expect_fills(RFM_MISSING_ZERO, NULL, 0, 0);
    expect_fills(RFM_MISSING_MEAN, NULL, 7.0 / 3, 6);
    expect_fills(RFM_MISSING_MEDIAN, NULL, 2, 6);
    expect_fills(RFM_MISSING_MEAN, weights, 11.0 / 4, 40.0 / 6);
}

static void a_column_without_values_has_no_mean(void **state)
{
    (void)state;
    const double rows[] = {1, NAN, 2, NAN};
    rfm_frame frame = frame_of(rows, 2, 2);
    double *fills;
    rfm_error err = {0};
    rfm_missing_fit(comm, &frame, RFM_MISSING_MEAN, &fills, &err);
    assert_null(fills);
    assert_failed(&err, RFM_DATA, "column c1: no row that weighs something has a value");
    rfm_missing_fit(comm, &frame, RFM_MISSING_ERROR, &fills, &err);
    assert_fine(&err);
    assert_null(fills);
    rfm_frame_free(&frame);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learnt_numbers_equal_those_in_long_double),
        cmocka_unit_test(scaled_columns_have_mean_0_and_deviation_1),
        cmocka_unit_test(the_same_bits_at_any_number_of_ranks),
        cmocka_unit_test(the_way_back_gives_the_values),
        cmocka_unit_test(transforms_are_odd_and_clips_cut),
        cmocka_unit_test(values_that_are_no_numbers_are_named),
        cmocka_unit_test(a_range_beyond_double_is_named),
        cmocka_unit_test(nobody_cannot_be_scaled),
        cmocka_unit_test(whole_weights_mean_repeated_rows),
        cmocka_unit_test(missing_values_are_filled_in),
        cmocka_unit_test(a_column_without_values_has_no_mean),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
