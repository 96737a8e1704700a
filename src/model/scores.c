/* Scores: into which bin of its measure a customer falls. Knows cut points, not what a bin is called. */
#include "rfmpi/model.h"

#include <math.h>
#include <stdlib.h>

void rfm_scores_free(rfm_scores *scores)
{
    for (int m = 0; m < RFM_N_MEASURES; m++)
        free(scores->cuts[m]);
    *scores = (rfm_scores){0};
}

const char *rfm_measure_name(int measure)
{
    static const char *const names[RFM_N_MEASURES] = {
        [RFM_RECENCY] = "recency", [RFM_FREQUENCY] = "frequency", [RFM_MONETARY] = "monetary"};
    return names[measure];
}

/* Between values of about the same size an interpolation may round past the next cut. */
static void take_cuts(const double *quantiles, int n, double *cuts)
{
    for (int i = 0; i < n; i++)
        cuts[i] = i > 0 && quantiles[i] < cuts[i - 1] ? cuts[i - 1] : quantiles[i];
}

/* Collective. Whoever is the longest away is not recent, however many they are: with `never: span`, all who have never
 * bought. Cuts on the largest value go to the next below it; where there is none, all are alike. */
static void part_oldest(rfm_comm *comm, const rfm_frame *frame, int j, double greatest, int n, double *cuts)
{
    const int64_t *weights = frame->weights.units;
    double below = -INFINITY;
    if (n == 0 || cuts[n - 1] < greatest)
        return;
    for (size_t i = 0; i < frame->n; i++) {
        const double x = frame->values[i * (size_t)frame->d + (size_t)j];
        const bool counts = !weights || weights[i] > 0;
        below = counts && x < greatest && x > below ? x : below;
    }
    rfm_comm_reduce_f64(comm, RFM_MAX, &below, 1);
    for (int i = 0; i < n && isfinite(below); i++)
        cuts[i] = cuts[i] < greatest ? cuts[i] : below;
}

/* Collective. Of the measures of which no cuts are given. */
static rfm_status learn_cuts(rfm_comm *comm, const rfm_frame *frame, rfm_scores *scores, rfm_error *err)
{
    const int n = scores->bins - 1;
    double probabilities[RFM_SCORE_BINS_MOST], quantiles[RFM_N_MEASURES * RFM_SCORE_BINS_MOST];
    rfm_column_survey surveys[RFM_N_MEASURES];
    int columns[RFM_N_MEASURES], measures[RFM_N_MEASURES], learnt = 0;
    for (int m = 0; m < RFM_N_MEASURES; m++)
        if (scores->learnt[m]) {
            columns[learnt] = scores->columns[m];
            measures[learnt++] = m;
        }
    for (int i = 0; i < n; i++)
        probabilities[i] = (double)(i + 1) / scores->bins;
    const rfm_columns of = {frame->n, (size_t)frame->d, frame->values, frame->weights.units, learnt, columns};
    if (rfm_columns_quantiles(comm, &of, n, probabilities, quantiles, surveys, err) != RFM_OK)
        return err->status;
    for (int l = 0; l < learnt; l++) {
        double *own = quantiles + (size_t)l * (size_t)n;
        if (measures[l] == RFM_RECENCY)
            part_oldest(comm, frame, columns[l], surveys[l].spread.greatest, n, own);
        take_cuts(own, n, scores->cuts[measures[l]]);
    }
    return RFM_OK;
}

rfm_status rfm_scores_learn(rfm_comm *comm, const rfm_frame *frame, rfm_scores *scores, rfm_error *err)
{
    for (int m = 0; m < RFM_N_MEASURES; m++)
        if (scores->learnt[m])
            scores->cuts[m] = rfm_alloc((size_t)scores->bins, sizeof *scores->cuts[m], err);
    return rfm_comm_agree(comm, err) == RFM_OK ? learn_cuts(comm, frame, scores, err) : err->status;
}

int rfm_score(const rfm_scores *scores, int measure, double value)
{
    const double *cuts = scores->cuts[measure];
    int low = 0, high = scores->bins - 1; /* so many cuts are below the value */
    while (low < high) {
        const int middle = (low + high) / 2;
        if (cuts[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return measure == RFM_RECENCY ? scores->bins - low : low + 1;
}

int rfm_scores_of(const rfm_scores *scores, const double *values, int own[RFM_N_MEASURES])
{
    for (int m = 0; m < RFM_N_MEASURES; m++)
        own[m] = rfm_score(scores, m, values[scores->columns[m]]);
    return rfm_classic_segment(scores->bins, own);
}
