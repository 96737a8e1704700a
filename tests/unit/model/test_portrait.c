/* Portraits of made-up segments, on any number of ranks: sums, counts, quartiles and standings against plain loops over
 * all rows; round edges of bins; eigenvectors by what they must satisfy. */
#include "sample_model.h"

#include "model/portrait.h"

#include <math.h>

enum { N = 400, D = 3, K = 4, EMPTY = 2 };

static const char *const NAMES[D] = {"recency_days", "monetary", "share"};

typedef struct portrayed {
    rfm_frame frame;
    rfm_model model;
    int32_t labels[N];
    double values[N][D]; /* of all ranks */
    int64_t weights[N];
    int32_t all_labels[N];
    int64_t rows[K];
} portrayed;

static void draw_values(portrayed *p, bool weighted)
{
    uint64_t seed = 5;
    for (size_t i = 0; i < N; i++) {
        p->values[i][0] = (double)(draw(&seed) % 40);
        p->values[i][1] = exp(6 * draw_unit(&seed)) - 2;
        p->values[i][2] = draw_unit(&seed) - 0.5;
        p->weights[i] = weighted ? (int64_t)(draw(&seed) % 4) : 1;
        p->all_labels[i] = (int32_t)(draw(&seed) % K);
        p->all_labels[i] += p->all_labels[i] == EMPTY;
        p->rows[p->all_labels[i]]++;
    }
}

static rfm_scaling make_scaling(void)
{
    rfm_scaling scaling = {.d = D, .columns = calloc(D, sizeof *scaling.columns)};
    for (int j = 0; j < D; j++)
        scaling.columns[j] = (struct rfm_scaling_column){.center = 0.5 * j, .scale = 2 + j};
    scaling.columns[0].steps[0].kind = RFM_TRANSFORM_LOG1P;
    scaling.columns[0].n_steps = 1;
    return scaling;
}

static portrayed *make(bool weighted)
{
    portrayed *p = calloc(1, sizeof *p);
    size_t from, to;
    draw_values(p, weighted);
    share_rows(N, &from, &to);
    p->frame = (rfm_frame){.n = to - from, .n_global = N, .first = (int64_t)from, .d = D};
    p->frame.values = calloc(p->frame.n + 1, D * sizeof(double));
    p->frame.names = names_of(NAMES, D);
    p->frame.units = names_of(NAMES, D);
    if (weighted)
        p->frame.weights = (rfm_weights){.units = calloc(p->frame.n + 1, sizeof(int64_t)), .unit = 0.5};
    for (size_t i = 0; weighted && i < N; i++)
        p->frame.weights.total += p->weights[i];
    for (size_t i = from; i < to; i++) {
        memcpy(p->frame.values + (i - from) * D, p->values[i], sizeof p->values[i]);
        p->labels[i - from] = p->all_labels[i];
        if (weighted)
            p->frame.weights.units[i - from] = p->weights[i];
    }
    p->model = (rfm_model){.d = D, .k = K, .scaling = make_scaling()};
    p->model.centroids_scaled = calloc(K * D, sizeof(double));
    return p;
}

static void free_portrayed(portrayed *p)
{
    rfm_frame_free(&p->frame);
    rfm_scaling_free(&p->model.scaling);
    free(p->model.centroids_scaled);
    free(p);
}

static rfm_portrait portray(const portrayed *p)
{
    rfm_portrait portrait;
    rfm_error err = {0};
    rfm_portrait_make(comm, &p->frame, &p->model, p->labels, p->rows, &portrait, &err);
    assert_fine(&err);
    return portrait;
}

static bool is_near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * (1 + fabs(b)) || (isnan(a) && isnan(b));
}

/* By weight, over the rows of a segment, -1 of all: of values, or of scaled ones. */
static double mean_over(const portrayed *p, int c, int j, bool scaled, double about, double power)
{
    long double sum = 0, weight = 0;
    for (size_t i = 0; i < N; i++) {
        const double x = scaled ? rfm_scaled_value(&p->model.scaling, j, p->values[i][j]) : p->values[i][j];
        if (c >= 0 && p->all_labels[i] != c)
            continue;
        sum += (long double)p->weights[i] * powl(x - about, power);
        weight += p->weights[i];
    }
    return weight > 0 ? (double)(sum / weight) : NAN;
}

static int64_t weight_of(const portrayed *p, int c)
{
    int64_t weight = 0;
    for (size_t i = 0; i < N; i++)
        weight += p->all_labels[i] == c ? p->weights[i] : 0;
    return weight;
}

static void check_sums(const portrayed *p, const rfm_portrait *portrait, double unit)
{
    int64_t total = 0;
    for (int c = 0; c < K; c++)
        total += weight_of(p, c);
    for (int c = 0; c < K; c++) {
        const double weight = (double)weight_of(p, c);
        assert_true(is_near(portrait->shares[c], weight / (double)total, 1e-15));
        for (int j = 0; j < D; j++) {
            double counted = 0;
            for (int b = 0; b < portrait->features[j].n_bins; b++)
                counted += portrait->counts[(c * D + j) * RFM_PORTRAIT_BINS + b];
            assert_true(is_near(counted, weight * unit, 0));
            assert_true(is_near(portrait->means[c * D + j], mean_over(p, c, j, false, 0, 1), 1e-12));
        }
    }
}

static void check_standings(const portrayed *p, const rfm_portrait *portrait)
{
    for (int j = 0; j < D; j++) {
        const double mean = mean_over(p, -1, j, true, 0, 1), deviation = sqrt(mean_over(p, -1, j, true, mean, 2));
        for (int c = 0; c < K; c++)
            assert_true(
                is_near(portrait->standings[c * D + j], (mean_over(p, c, j, true, 0, 1) - mean) / deviation, 1e-8));
    }
}

static void sums_and_standings_are_those_of_a_plain_loop(void **state)
{
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        portrayed *p = make(weighted);
        rfm_portrait portrait = portray(p);
        assert_true(portrait.k == K && portrait.d == D);
        check_sums(p, &portrait, weighted ? 0.5 : 1);
        check_standings(p, &portrait);
        assert_true(portrait.has_components && portrait.n_points > 0 && portrait.n_points <= N);
        rfm_portrait_free(&portrait);
        free_portrayed(p);
    }
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of one segment; -1 of all. */
static double sorted_quantile(const portrayed *p, int c, int j, double probability)
{
    double own[N];
    size_t n = 0;
    for (size_t i = 0; i < N; i++)
        if (c < 0 || p->all_labels[i] == c)
            own[n++] = p->values[i][j];
    if (n == 0)
        return NAN;
    qsort(own, n, sizeof *own, compare_doubles);
    const double at = (double)(n - 1) * probability;
    const size_t low = (size_t)at, high = low + 1 < n ? low + 1 : low;
    return own[low] + (own[high] - own[low]) * (at - (double)low);
}

static void quartiles_are_those_of_a_sorted_array(void **state)
{
    (void)state;
    portrayed *p = make(false);
    rfm_portrait portrait = portray(p);
    for (int j = 0; j < D; j++) {
        assert_true(is_near(portrait.features[j].quantiles[RFM_P05], sorted_quantile(p, -1, j, 0.05), 0));
        assert_true(is_near(portrait.features[j].quantiles[RFM_P50], sorted_quantile(p, -1, j, 0.5), 0));
        for (int c = 0; c < K; c++)
            for (int q = 0; q < 3; q++)
                assert_true(
                    is_near(portrait.quartiles[(c * D + j) * 3 + q], sorted_quantile(p, c, j, 0.25 * (q + 1)), 0));
    }
    rfm_portrait_free(&portrait);
    free_portrayed(p);
}

/* ---- bins ------------------------------------------------------------------------------------------------------- */

static void assert_edges(bool logarithmic, bool whole, double low, double high, const double *wanted, int n)
{
    rfm_portrait_feature feature = {.logarithmic = logarithmic};
    rfm_bins_choose(&feature, low, high, whole);
    for (int e = 0; e < n; e++)
        assert_true(is_near(feature.edges[e], wanted[e], 0));
    assert_int_equal(feature.n_bins + 1, n);
}

static void edges_are_round(void **state)
{
    (void)state;
    assert_edges(false, true, 0, 3, (const double[]){0, 1, 2, 3, 4}, 5);
    assert_edges(false, true, 5, 5, (const double[]){5, 6}, 2);
    assert_edges(false, false, 0.25, 0.25, (const double[]){0, 1}, 2);
    assert_edges(true, true, 0, 40, (const double[]){0, 1, 2, 3, 5, 7, 10, 15, 22, 31, 44}, 11);
    rfm_portrait_feature feature = {0};
    rfm_bins_choose(&feature, 0.11, 0.61, false);
    assert_true(feature.n_bins == 26 && feature.edges[0] == 0.1 && feature.edges[10] == 0.3 &&
                feature.edges[26] == 0.62);
}

static void edges_reach_over_whatever_a_double_holds(void **state)
{
    (void)state;
    static const double ends[] = {-1.7e308, -1e300,      -1e15, -3,   0,        5e-324, 1e-300,
                                  1,        1 + 0x1p-52, 7,     1e15, 1e15 + 1, 1e300,  1.7e308};
    enum { N_ENDS = sizeof ends / sizeof *ends };
    for (int i = 0; i < N_ENDS; i++)
        for (int j = i; j < N_ENDS; j++)
            for (int logarithmic = 0; logarithmic <= (ends[i] >= 0); logarithmic++) {
                rfm_portrait_feature feature = {.logarithmic = logarithmic};
                rfm_bins_choose(&feature, ends[i], ends[j], false);
                assert_true(feature.n_bins >= 1 && feature.n_bins <= RFM_PORTRAIT_BINS);
                assert_true(feature.edges[0] <= ends[i] && feature.edges[feature.n_bins] >= ends[j]);
                for (int e = 0; e < feature.n_bins; e++)
                    assert_true(feature.edges[e] < feature.edges[e + 1]);
            }
}

/* ---- eigenvectors ----------------------------------------------------------------------------------------------- */

enum { MOST = 12 };

static void check_eigenvectors(const double *matrix, size_t n, double size)
{
    double used[MOST * MOST], values[MOST], vectors[MOST * MOST];
    memcpy(used, matrix, n * n * sizeof *used);
    rfm_jacobi(n, used, values, vectors);
    for (size_t c = 0; c < n; c++)
        for (size_t i = 0; i < n; i++) {
            double turned = 0, alike = 0;
            for (size_t j = 0; j < n; j++) {
                turned += matrix[i * n + j] * vectors[j * n + c];
                alike += vectors[j * n + c] * vectors[j * n + i];
            }
            assert_true(fabs(turned - values[c] * vectors[i * n + c]) <= 1e-13 * size);
            assert_true(fabs(alike - (i == c)) <= 1e-13);
        }
}

static void vectors_are_turned_into_multiples_of_themselves(void **state)
{
    (void)state;
    static const double sizes[] = {1, 1e-200, 1e200};
    for (uint64_t trial = 1; trial <= 90; trial++) {
        uint64_t seed = trial;
        const size_t n = 1 + draw(&seed) % MOST;
        const double size = sizes[trial % 3];
        double matrix[MOST * MOST];
        for (size_t i = 0; i < n; i++)
            for (size_t j = i; j < n; j++)
                matrix[i * n + j] = matrix[j * n + i] = trial % 5 == 0 && i != j ? 0 : size * (draw_unit(&seed) - 0.5);
        check_eigenvectors(matrix, n, size * (double)n);
    }
    const double nothing[4] = {0};
    check_eigenvectors(nothing, 2, 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_standings_are_those_of_a_plain_loop),
        cmocka_unit_test(quartiles_are_those_of_a_sorted_array),
        cmocka_unit_test(edges_are_round),
        cmocka_unit_test(edges_reach_over_whatever_a_double_holds),
        cmocka_unit_test(vectors_are_turned_into_multiples_of_themselves),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
