/* Where the values of each feature lie, over all customers: extremes, quantiles, and the bins of its histograms. */
#include "portrait.h"

#include <math.h>
#include <stdlib.h>

/* Of one thread, and then of all ranks. */
typedef struct span {
    double least, negated; /* of the least -x */
    int64_t n_others;      /* values that are no small whole numbers */
} span;

static bool is_whole(double x)
{
    return fabs(x) < 0x1p31 && x == (double)(int32_t)x;
}

static void scan_rows(const rfm_sitter *of, size_t from, size_t to, span *spans)
{
    const size_t columns = (size_t)of->columns, stride = (size_t)of->frame->d;
    for (size_t i = from; i < to; i++) {
        const double *row = of->frame->values + i * stride;
        for (size_t j = 0; j < columns && rfm_sitter_weight(of, i) > 0; j++) {
            spans[j].least = row[j] < spans[j].least ? row[j] : spans[j].least;
            spans[j].negated = -row[j] < spans[j].negated ? -row[j] : spans[j].negated;
            spans[j].n_others += !is_whole(row[j]);
        }
    }
}

/* spans: [threads * columns]; those of the first thread become those of this rank. */
static void scan(const rfm_sitter *of, span *spans)
{
    const size_t columns = (size_t)of->columns;
    for (size_t i = 0; i < (size_t)of->threads * columns; i++)
        spans[i] = (span){HUGE_VAL, HUGE_VAL, 0};
#pragma omp parallel for num_threads(of->threads) schedule(static, 1)
    for (int t = 0; t < of->threads; t++) {
        size_t from, to;
        rfm_sitter_share(of, t, &from, &to);
        scan_rows(of, from, to, spans + (size_t)t * columns);
    }
    for (size_t t = 1; t < (size_t)of->threads; t++)
        for (size_t j = 0; j < columns; j++) {
            const span *more = &spans[t * columns + j];
            spans[j].least = more->least < spans[j].least ? more->least : spans[j].least;
            spans[j].negated = more->negated < spans[j].negated ? more->negated : spans[j].negated;
            spans[j].n_others += more->n_others;
        }
}

/* Collective. n_others: [columns] how many values are no small whole numbers. */
static void find_ends(const rfm_sitter *of, const span *spans, int64_t *n_others)
{
    const size_t columns = (size_t)of->columns;
    for (size_t j = 0; j < columns; j++) {
        of->least[j] = spans[j].least;
        of->greatest[j] = spans[j].negated;
        n_others[j] = spans[j].n_others;
    }
    rfm_comm_reduce_f64(of->comm, RFM_MIN, of->least, columns);
    rfm_comm_reduce_f64(of->comm, RFM_MIN, of->greatest, columns);
    rfm_comm_reduce_i64(of->comm, RFM_SUM, n_others, columns);
    for (size_t j = 0; j < columns; j++)
        of->greatest[j] = -of->greatest[j];
}

/* Logarithmic where nothing is negative and the upper half is much longer than the lower one. */
static bool is_skewed(const rfm_portrait_feature *feature)
{
    const double *q = feature->quantiles;
    const double few = 10, much = 6;
    return feature->least >= 0 && q[RFM_P99] > few && q[RFM_P99] - q[RFM_P50] > much * (q[RFM_P50] - q[RFM_P01]);
}

/* Collective. */
static rfm_status find_axis(const rfm_sitter *of, int j, bool whole, rfm_portrait_feature *feature, rfm_error *err)
{
    static const double probabilities[RFM_PORTRAIT_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
    const rfm_column column = {of->frame->n, (size_t)of->frame->d, of->frame->values + j, of->frame->weights.units};
    feature->least = of->least[j];
    feature->greatest = of->greatest[j];
    if (rfm_quantiles(of->comm, &column, RFM_PORTRAIT_QUANTILES, probabilities, feature->quantiles, err) != RFM_OK)
        return err->status;
    feature->logarithmic = is_skewed(feature);
    rfm_bins_choose(feature, feature->quantiles[RFM_P01], feature->quantiles[RFM_P99], whole);
    return RFM_OK;
}

rfm_status rfm_portrait_axes(const rfm_sitter *of, rfm_portrait *portrait, rfm_error *err)
{
    const size_t columns = (size_t)of->columns;
    span *spans = rfm_alloc((size_t)of->threads * columns, sizeof *spans, err);
    int64_t *n_others = rfm_alloc(columns, sizeof *n_others, err);
    if (err->status == RFM_OK)
        scan(of, spans);
    if (rfm_comm_agree(of->comm, err) == RFM_OK)
        find_ends(of, spans, n_others);
    for (int j = 0; j < of->d && err->status == RFM_OK; j++)
        find_axis(of, j, n_others[j] == 0, &portrait->features[j], err);
    free(spans);
    free(n_others);
    return err->status;
}
