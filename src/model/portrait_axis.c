/* Where the values of each feature lie, over all customers: extremes, quantiles, and the bins of its histograms. */
#include "portrait.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Most columns are counts and days: small whole numbers, of which each is counted. */
enum { SMALL = 1024 };

/* What is counted of a column: each whole number below SMALL, by weight; the others; and those that are not whole. */
enum { LARGE = SMALL, BROKEN, N_COUNTS };

/* A column, of one thread and then of all ranks. */
typedef struct span {
    double least, negated; /* of the least -x */
    int64_t counts[N_COUNTS];
} span;

static inline bool is_whole(double x)
{
    return fabs(x) < 0x1p31 && x == (double)(int32_t)x;
}

static inline void scan_value(double x, int64_t weight, span *into)
{
    into->least = x < into->least ? x : into->least;
    into->negated = -x < into->negated ? -x : into->negated;
    if (x >= 0 && x < SMALL && x == (double)(int32_t)x) {
        into->counts[(int32_t)x] += weight;
        return;
    }
    into->counts[LARGE]++;
    into->counts[BROKEN] += !is_whole(x);
}

static void scan_rows(const rfm_sitter *of, size_t from, size_t to, span *spans)
{
    const size_t columns = (size_t)of->columns, stride = (size_t)of->frame->d;
    for (size_t i = from; i < to; i++) {
        const double *row = of->frame->values + i * stride;
        const int64_t weight = rfm_sitter_weight(of, i);
        for (size_t j = 0; j < columns && weight > 0; j++)
            scan_value(row[j], weight, &spans[j]);
    }
}

static void join_span(const span *more, span *to)
{
    to->least = more->least < to->least ? more->least : to->least;
    to->negated = more->negated < to->negated ? more->negated : to->negated;
    for (int c = 0; c < N_COUNTS; c++)
        to->counts[c] += more->counts[c];
}

/* spans: [threads * columns]; those of the first thread become those of this rank. */
static void scan(const rfm_sitter *of, span *spans)
{
    const size_t columns = (size_t)of->columns;
    for (size_t i = 0; i < (size_t)of->threads * columns; i++)
        spans[i].least = spans[i].negated = HUGE_VAL;
#pragma omp parallel for num_threads(of->threads) schedule(static, 1)
    for (int t = 0; t < of->threads; t++) {
        size_t from, to;
        rfm_sitter_share(of, t, &from, &to);
        scan_rows(of, from, to, spans + (size_t)t * columns);
    }
    for (size_t t = 1; t < (size_t)of->threads; t++)
        for (size_t j = 0; j < columns; j++)
            join_span(&spans[t * columns + j], &spans[j]);
}

/* Collective. Spans become those of all ranks. room: [2 * columns] and [columns * N_COUNTS]. */
static void join_ranks(const rfm_sitter *of, span *spans, double *ends, int64_t *counts)
{
    const size_t columns = (size_t)of->columns, bytes = sizeof spans->counts;
    for (size_t j = 0; j < columns; j++) {
        ends[2 * j] = spans[j].least;
        ends[2 * j + 1] = spans[j].negated;
        memcpy(counts + j * N_COUNTS, spans[j].counts, bytes);
    }
    rfm_comm_reduce_f64(of->comm, RFM_MIN, ends, 2 * columns);
    rfm_comm_reduce_i64(of->comm, RFM_SUM, counts, columns * N_COUNTS);
    for (size_t j = 0; j < columns; j++) {
        of->least[j] = ends[2 * j];
        of->greatest[j] = -ends[2 * j + 1];
        memcpy(spans[j].counts, counts + j * N_COUNTS, bytes);
    }
}

/* ---- quantiles -------------------------------------------------------------------------------------------------- */

/* The value of that rank, from 0 on, among small whole numbers. */
static double value_at(const span *of, int64_t rank)
{
    int x = 0;
    for (int64_t below = of->counts[0]; below <= rank; below += of->counts[x])
        x++;
    return x;
}

/* Type 7, as rfm_quantiles has it, of small whole numbers. */
static void count_off(const span *of, int64_t n, const double *probabilities, double *quantiles)
{
    for (int q = 0; q < RFM_PORTRAIT_QUANTILES; q++) {
        const double at = (double)(n - 1) * probabilities[q];
        const int64_t low = (int64_t)at;
        const double a = value_at(of, low), b = value_at(of, low + 1 < n ? low + 1 : low);
        quantiles[q] = a + (b - a) * (at - (double)low);
    }
}

/* Logarithmic where nothing is negative and the upper half is much longer than the lower one. */
static bool is_skewed(const rfm_portrait_feature *feature)
{
    const double *q = feature->quantiles;
    const double few = 10, much = 6;
    return feature->least >= 0 && q[RFM_P99] > few && q[RFM_P99] - q[RFM_P50] > much * (q[RFM_P50] - q[RFM_P01]);
}

/* Collective. */
static rfm_status find_axis(const rfm_sitter *of, int j, const span *all, rfm_portrait_feature *feature, rfm_error *err)
{
    static const double probabilities[RFM_PORTRAIT_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
    const int64_t *weights = of->frame->weights.units;
    const rfm_column column = {of->frame->n, (size_t)of->frame->d, of->frame->values + j, weights};
    feature->least = of->least[j];
    feature->greatest = of->greatest[j];
    if (all->counts[LARGE] == 0 && !weights)
        count_off(all, of->frame->n_global, probabilities, feature->quantiles);
    else if (rfm_quantiles(of->comm, &column, RFM_PORTRAIT_QUANTILES, probabilities, feature->quantiles, err) != RFM_OK)
        return err->status;
    feature->logarithmic = is_skewed(feature);
    rfm_bins_choose(feature, feature->quantiles[RFM_P01], feature->quantiles[RFM_P99], all->counts[BROKEN] == 0);
    return RFM_OK;
}

rfm_status rfm_portrait_axes(const rfm_sitter *of, rfm_portrait *portrait, rfm_error *err)
{
    span *spans = rfm_alloc((size_t)of->threads * (size_t)of->columns, sizeof *spans, err);
    double *ends = rfm_alloc((size_t)of->columns, 2 * sizeof *ends, err);
    int64_t *counts = rfm_alloc((size_t)of->columns, N_COUNTS * sizeof *counts, err);
    if (spans)
        scan(of, spans);
    if (rfm_comm_agree(of->comm, err) == RFM_OK) {
        rfm_assert(spans != NULL && ends != NULL && counts != NULL);
        join_ranks(of, spans, ends, counts);
        for (int j = 0; j < of->d && err->status == RFM_OK; j++)
            find_axis(of, j, &spans[j], &portrait->features[j], err);
    }
    free(spans);
    free(ends);
    free(counts);
    return err->status;
}
