/* Scores are where a value stands among sorted ones, on any number of ranks; the classic grid has each cell once. */
#include "sample_model.h"

#include <math.h>

enum { MOST = 600, D = 4 };

/* Scored columns in another order than the measures, and one that is not scored. */
static const int COLUMNS[RFM_N_MEASURES] = {[RFM_RECENCY] = 2, [RFM_FREQUENCY] = 0, [RFM_MONETARY] = 3};

typedef double (*maker)(uint64_t *seed);

static double spread(uint64_t *seed)
{
    return draw_unit(seed) * 100;
}

static double few_values(uint64_t *seed)
{
    return (double)(draw(seed) % 3);
}

static double one_value(uint64_t *seed)
{
    draw(seed);
    return 7;
}

static double mostly_one(uint64_t *seed)
{
    return draw(seed) % 10 ? 1 : 2 + (double)(draw(seed) % 20);
}

static const maker SHAPES[] = {spread, few_values, one_value, mostly_one};

/* The rows of all ranks, and this rank's of them. */
typedef struct rows {
    size_t n, from, to;
    double values[MOST * D];
} rows;

static rfm_frame make_rows(size_t n, uint64_t seed, rows *all)
{
    all->n = n;
    for (size_t i = 0; i < n * D; i++)
        all->values[i] = SHAPES[(i % D + seed) % 4](&seed);
    share_rows(n, &all->from, &all->to);
    return (rfm_frame){.n = all->to - all->from, .n_global = (int64_t)n, .d = D, .values = all->values + all->from * D};
}

static rfm_scores learn(const rfm_frame *frame, int bins)
{
    rfm_scores scores = {.bins = bins, .learnt = {true, true, true}};
    rfm_error err = {0};
    memcpy(scores.columns, COLUMNS, sizeof COLUMNS);
    rfm_scores_learn(comm, frame, &scores, &err);
    assert_fine(&err);
    return scores;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double largest_below(const double *sorted, size_t n)
{
    size_t i = n - 1;
    while (i > 0 && sorted[i] >= sorted[n - 1])
        i--;
    return sorted[i];
}

/* Type 7, of everything at once; but no cut of recency is the largest value. */
static void expect_cuts(const rows *all, int column, int bins, const double *cuts)
{
    static double sorted[MOST];
    for (size_t i = 0; i < all->n; i++)
        sorted[i] = all->values[i * D + (size_t)column];
    qsort(sorted, all->n, sizeof *sorted, compare);
    double before = -INFINITY;
    for (int b = 1; b < bins; b++) {
        const double at = (double)(all->n - 1) * ((double)b / bins);
        const size_t low = (size_t)floor(at), high = low + 1 < all->n ? low + 1 : low;
        const double wanted = sorted[low] + (sorted[high] - sorted[low]) * (at - (double)low);
        const bool is_oldest = column == COLUMNS[RFM_RECENCY] && wanted >= sorted[all->n - 1];
        before = fmax(before, is_oldest ? largest_below(sorted, all->n) : wanted);
        assert_true(cuts[b - 1] == before);
    }
}

static void cuts_are_the_quantiles_of_one_sorted_array(void **state)
{
    (void)state;
    static rows all;
    static const struct {
        size_t n;
        int bins;
    } cases[] = {{1, 5},    {2, 5},    {5, 5},  {MOST, 1}, {MOST, 2},
                 {MOST, 3}, {MOST, 5}, {99, 5}, {99, 10},  {MOST, RFM_SCORE_BINS_MOST}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint64_t seed = 0; seed < (cases[i].bins > 10 ? 1 : 4); seed++) {
            const rfm_frame frame = make_rows(cases[i].n, seed, &all);
            rfm_scores scores = learn(&frame, cases[i].bins);
            for (int m = 0; m < RFM_N_MEASURES; m++)
                expect_cuts(&all, COLUMNS[m], cases[i].bins, scores.cuts[m]);
            rfm_scores_free(&scores);
        }
}

static void a_score_counts_the_cuts_below_a_value(void **state)
{
    (void)state;
    static rows all;
    for (int bins = 1; bins <= RFM_SCORE_BINS_MOST; bins++) {
        double cuts[RFM_N_MEASURES][RFM_SCORE_BINS_MOST];
        rfm_scores scores = {.bins = bins, .cuts = {cuts[0], cuts[1], cuts[2]}};
        memcpy(scores.columns, COLUMNS, sizeof COLUMNS);
        make_rows(200, (uint64_t)bins, &all);
        for (int m = 0; m < RFM_N_MEASURES; m++)
            for (int c = 0; c < bins - 1; c++)
                cuts[m][c] = floor(100.0 * c * (1 + m) / bins) / (1 + m);
        for (size_t i = 0; i < all.n; i++) {
            int own[RFM_N_MEASURES];
            const int segment = rfm_scores_of(&scores, all.values + i * D, own);
            assert_int_equal(segment, rfm_classic_segment(bins, own));
            for (int m = 0; m < RFM_N_MEASURES; m++) {
                int below = 0;
                for (int c = 0; c < bins - 1; c++)
                    below += scores.cuts[m][c] < all.values[i * D + (size_t)COLUMNS[m]];
                assert_int_equal(own[m], m == RFM_RECENCY ? bins - below : 1 + below);
            }
        }
    }
}

static void a_value_on_a_cut_lies_below_it(void **state)
{
    (void)state;
    double cuts[] = {1, 1, 3, 10};
    const rfm_scores scores = {.bins = 5, .cuts = {cuts, cuts, cuts}};
    static const struct {
        double value;
        int score;
    } cases[] = {{-5, 1}, {0.999, 1}, {1, 1}, {1.001, 3}, {3, 3}, {3.001, 4}, {10, 4}, {10.5, 5}, {1e300, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(rfm_score(&scores, RFM_FREQUENCY, cases[i].value), cases[i].score);
        assert_int_equal(rfm_score(&scores, RFM_MONETARY, cases[i].value), cases[i].score);
        assert_int_equal(rfm_score(&scores, RFM_RECENCY, cases[i].value), 6 - cases[i].score);
    }
}

static void whoever_is_the_longest_away_is_not_recent(void **state)
{
    (void)state;
    static const double recency[] = {90, 90, 3, 90, 90, 90, 90, 90, 12.5, 90};
    static rows all;
    const rfm_frame frame = make_rows(10, 1, &all);
    for (size_t i = 0; i < 10; i++)
        all.values[i * D + (size_t)COLUMNS[RFM_RECENCY]] = recency[i];
    rfm_scores scores = learn(&frame, 5);
    for (int c = 0; c < 4; c++)
        assert_true(scores.cuts[RFM_RECENCY][c] < 90);
    assert_int_equal(rfm_score(&scores, RFM_RECENCY, 90), 1);
    assert_int_equal(rfm_score(&scores, RFM_RECENCY, 3), 5);
    rfm_scores_free(&scores);
}

static void given_cuts_stay_as_they_are(void **state)
{
    (void)state;
    static rows all;
    static const double given[] = {1, 2.5, 40, 41};
    const rfm_frame frame = make_rows(100, 5, &all);
    rfm_scores scores = {.bins = 5, .learnt = {true, false, true}};
    rfm_error err = {0};
    memcpy(scores.columns, COLUMNS, sizeof COLUMNS);
    scores.cuts[RFM_FREQUENCY] = copy_of(given, sizeof given);
    rfm_scores_learn(comm, &frame, &scores, &err);
    assert_fine(&err);
    assert_memory_equal(scores.cuts[RFM_FREQUENCY], given, sizeof given);
    expect_cuts(&all, COLUMNS[RFM_RECENCY], 5, scores.cuts[RFM_RECENCY]);
    expect_cuts(&all, COLUMNS[RFM_MONETARY], 5, scores.cuts[RFM_MONETARY]);
    rfm_scores_free(&scores);
}

/* Rows that weigh nothing do not count; a weight of all alike says nothing. */
static void cuts_are_by_weight(void **state)
{
    (void)state;
    static rows all, twice;
    static int64_t weights[MOST];
    rfm_frame frame = make_rows(150, 9, &all), other = make_rows(300, 1, &twice);
    for (size_t i = 0; i < 300; i++) {
        memcpy(twice.values + i * D, all.values + i / 2 * D, D * sizeof(double));
        if (i % 2)
            for (size_t j = 0; j < D; j++)
                twice.values[i * D + j] = 1e6;
    }
    for (size_t i = twice.from; i < twice.to; i++)
        weights[i - twice.from] = i % 2 ? 0 : 3;
    other.weights = (rfm_weights){.units = weights, .total = 450, .unit = 1};
    rfm_scores plain = learn(&frame, 5), weighed = learn(&other, 5);
    for (int m = 0; m < RFM_N_MEASURES; m++)
        for (int c = 0; c < 4; c++)
            assert_true(fabs(plain.cuts[m][c] - weighed.cuts[m][c]) <= 1e-9 * 100);
    rfm_scores_free(&plain);
    rfm_scores_free(&weighed);
}

/* ---- the classic grid ------------------------------------------------------------------------------------------- */

static void every_cell_is_in_one_segment(void **state)
{
    (void)state;
    bool met[RFM_CLASSIC_SEGMENTS] = {false};
    for (int r = 1; r <= RFM_CLASSIC_BINS; r++)
        for (int f_and_m = 2; f_and_m <= 2 * RFM_CLASSIC_BINS; f_and_m++) {
            int n = 0;
            for (int s = 0; s < RFM_CLASSIC_SEGMENTS; s++) {
                n += rfm_classic_has(s, r, f_and_m);
                met[s] |= rfm_classic_has(s, r, f_and_m);
            }
            assert_int_equal(n, 1);
        }
    for (int s = 0; s < RFM_CLASSIC_SEGMENTS; s++)
        assert_true(met[s]);
}

static void the_names_are_the_usual_ones_in_their_order(void **state)
{
    (void)state;
    static const char *const names[RFM_CLASSIC_SEGMENTS] = {
        "Champions",      "Loyal",   "Potential loyalist", "New",         "Promising", "Need attention",
        "About to sleep", "At risk", "Can't lose",         "Hibernating", "Lost"};
    static const struct {
        int scores[RFM_N_MEASURES];
        const char *name;
    } cases[] = {{{5, 5, 5}, "Champions"},
                 {{5, 4, 3}, "Champions"},
                 {{4, 5, 5}, "Loyal"},
                 {{5, 1, 1}, "New"},
                 {{5, 1, 2}, "New"},
                 {{5, 2, 2}, "Potential loyalist"},
                 {{4, 1, 1}, "Promising"},
                 {{3, 3, 3}, "Need attention"},
                 {{3, 1, 3}, "About to sleep"},
                 {{2, 3, 3}, "At risk"},
                 {{1, 5, 4}, "Can't lose"},
                 {{2, 1, 1}, "Hibernating"},
                 {{1, 1, 1}, "Lost"}};
    for (int s = 0; s < RFM_CLASSIC_SEGMENTS; s++)
        assert_string_equal(rfm_classic_name(s), names[s]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(rfm_classic_name(rfm_classic_segment(5, cases[i].scores)), cases[i].name);
}

/* On the scale of five: itself at five, in order, symmetric, and the whole of it from five bins on. */
static void any_number_of_bins_is_on_the_scale_of_five(void **state)
{
    (void)state;
    for (int score = 1; score <= 5; score++)
        assert_int_equal(rfm_classic_score(5, score), score);
    assert_int_equal(rfm_classic_score(1, 1), 3);
    for (int bins = 1; bins <= RFM_SCORE_BINS_MOST; bins++) {
        int last = 1, met = 0;
        for (int score = 1; score <= bins; score++) {
            const int own = rfm_classic_score(bins, score);
            assert_in_range(own, last, 5);
            assert_int_equal(own + rfm_classic_score(bins, bins + 1 - score), 6);
            met |= 1 << own;
            last = own;
        }
        if (bins >= 5)
            assert_int_equal(met, 0x3E);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_are_the_quantiles_of_one_sorted_array),
        cmocka_unit_test(a_score_counts_the_cuts_below_a_value),
        cmocka_unit_test(a_value_on_a_cut_lies_below_it),
        cmocka_unit_test(whoever_is_the_longest_away_is_not_recent),
        cmocka_unit_test(given_cuts_stay_as_they_are),
        cmocka_unit_test(cuts_are_by_weight),
        cmocka_unit_test(every_cell_is_in_one_segment),
        cmocka_unit_test(the_names_are_the_usual_ones_in_their_order),
        cmocka_unit_test(any_number_of_bins_is_on_the_scale_of_five),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
