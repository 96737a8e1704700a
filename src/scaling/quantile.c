/* Quantiles over all ranks: between which order statistics they lie, and what follows from these. Knows no features. */
#include <math.h>

#include "select.h"

/* Between ranks `low` and `low` + 1 of n values: (n - 1) p. */
static double position(int64_t n, double probability, int64_t *low)
{
    const double at = (double)(n - 1) * probability;
    *low = (int64_t)floor(at);
    if (*low > n - 1)
        *low = n - 1;
    return at - (double)*low;
}

/* What is looked for in one column. Two searches for each quantile: the values below and above it. */
typedef struct aims {
    rfm_selection *of;
    int column;
    rfm_search *searches;
    int64_t n, total; /* of all ranks: values, and what they weigh */
    size_t n_quantiles;
    const double *probabilities;
} aims;

/* ---- all weights equal ------------------------------------------------------------------------------------------ */

static void aim(const aims *a)
{
    for (size_t q = 0; q < a->n_quantiles; q++) {
        int64_t low;
        position(a->n, a->probabilities[q], &low);
        a->searches[2 * q] = (rfm_search){.target = low};
        a->searches[2 * q + 1] = (rfm_search){.target = low + 1 < a->n ? low + 1 : low};
    }
}

static void interpolate(const aims *a, double *quantiles)
{
    for (size_t q = 0; q < a->n_quantiles; q++) {
        int64_t rank;
        const double fraction = position(a->n, a->probabilities[q], &rank);
        const rfm_search *pair = &a->searches[2 * q];
        const double low = rfm_key_value(pair[0].prefix), high = rfm_key_value(pair[1].prefix);
        quantiles[q] = low + (high - low) * fraction;
    }
}

/* ---- weights that differ ---------------------------------------------------------------------------------------- */

/* The window of a quantile in cumulated weight, in units: of one mean weight, from W - w times p on. */
typedef struct window {
    double from, to, width;
    int64_t first, last; /* the units it begins and ends in */
} window;

static window find_window(const aims *a, double probability)
{
    window w = {.width = (double)a->total / (double)a->n};
    w.from = ((double)a->total - w.width) * probability;
    w.to = w.from + w.width;
    w.first = (int64_t)floor(w.from);
    w.last = (int64_t)ceil(w.to) - 1;
    w.last = w.last < a->total ? w.last : a->total - 1;
    w.first = w.first < w.last ? w.first : w.last;
    return w;
}

static void aim_at_windows(const aims *a)
{
    for (size_t q = 0; q < a->n_quantiles; q++) {
        const window w = find_window(a, a->probabilities[q]);
        a->searches[2 * q] = (rfm_search){.target = w.first};
        a->searches[2 * q + 1] = (rfm_search){.target = w.last};
    }
}

/* Collective. Values between the ends of a window are counted whole, for it begins in the lower end's weight and ends
 * in the upper one's. */
static void average_windows(const aims *a, double *quantiles)
{
    for (size_t q = 0; q < a->n_quantiles; q++) {
        const rfm_search *low = &a->searches[2 * q], *high = low + 1;
        const double least = rfm_key_value(low->prefix), range = rfm_key_value(high->prefix) - least;
        const window w = find_window(a, a->probabilities[q]);
        const double rest = w.to - (double)(w.last - high->target); /* of the window, in the upper end's weight */
        quantiles[q] = least;
        if (range > 0 && isfinite(range))
            quantiles[q] += (rfm_selection_sum_between(a->of, a->column, low->prefix, high->prefix) +
                             range * (rest > 0 ? rest : 0)) /
                            w.width;
        else
            quantiles[q] += range;
    }
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

/* Collective. Of at most RFM_GROUP columns. */
static rfm_status find_group(rfm_selection *s, aims *all, double *quantiles, rfm_error *err)
{
    const bool weighted = s->of.weights != NULL;
    for (int c = 0; c < s->of.n_columns; c++) {
        aims *a = &all[c];
        if (a->n > 0)
            (weighted ? aim_at_windows : aim)(a);
        if (a->n > 0)
            rfm_selection_settle(s, c);
    }
    for (int from = 0, to; from < s->of.n_columns; from = to) {
        if (rfm_selection_keep(s, from, &to, err) != RFM_OK)
            return err->status;
        for (int c = from; c < to; c++) {
            double *own = quantiles + (size_t)c * all[c].n_quantiles;
            for (size_t q = 0; q < all[c].n_quantiles; q++)
                own[q] = 0;
            rfm_selection_finish(s, c);
            if (all[c].n > 0)
                (weighted ? average_windows : interpolate)(&all[c], own);
        }
    }
    return RFM_OK;
}

static rfm_status survey_group(rfm_comm *comm, const rfm_columns *group, int n_quantiles, const double *probabilities,
                               double *quantiles, rfm_column_survey *surveys, rfm_error *err)
{
    rfm_selection s;
    aims all[RFM_GROUP];
    if (rfm_selection_open(comm, group, 2 * n_quantiles, &s, err) == RFM_OK) {
        for (int c = 0; c < group->n_columns; c++) {
            const rfm_column_survey *of = &s.surveys[c];
            all[c] = (aims){
                &s, c, rfm_selection_searches(&s, c), of->n, of->spread.total, (size_t)n_quantiles, probabilities};
            if (surveys)
                surveys[c] = *of;
        }
        rfm_assert(n_quantiles == 0 || quantiles != NULL);
        if (n_quantiles > 0)
            find_group(&s, all, quantiles, err);
    }
    rfm_selection_close(&s);
    return err->status;
}

rfm_status rfm_columns_quantiles(rfm_comm *comm, const rfm_columns *of, int n_quantiles, const double *probabilities,
                                 double *quantiles, rfm_column_survey *surveys, rfm_error *err)
{
    for (int first = 0; first < of->n_columns && err->status == RFM_OK; first += RFM_GROUP) {
        const int left = of->n_columns - first;
        int columns[RFM_GROUP];
        rfm_columns group = *of;
        group.n_columns = left < RFM_GROUP ? left : RFM_GROUP;
        group.columns = columns;
        for (int c = 0; c < group.n_columns; c++)
            columns[c] = of->columns ? of->columns[first + c] : first + c;
        survey_group(comm, &group, n_quantiles, probabilities,
                     quantiles ? quantiles + (size_t)first * (size_t)n_quantiles : NULL,
                     surveys ? surveys + first : NULL, err);
    }
    return err->status;
}

rfm_status rfm_quantiles(rfm_comm *comm, const rfm_column *column, int n_quantiles, const double *probabilities,
                         double *quantiles, rfm_error *err)
{
    const rfm_columns of = {column->n, column->stride, column->values, column->weights, 1, NULL};
    return rfm_columns_quantiles(comm, &of, n_quantiles, probabilities, quantiles, NULL, err);
}
