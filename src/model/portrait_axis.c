/* Where the values of each feature lie, over all customers: extremes, quantiles, and the bins of its histograms. */
#include "portrait.h"

#include <stdlib.h>
#include <string.h>

/* Logarithmic where nothing is negative and the upper half is much longer than the lower one. */
static bool is_skewed(const rfm_portrait_feature *feature)
{
    const double *q = feature->quantiles;
    const double few = 10, much = 6;
    return feature->least >= 0 && q[RFM_P99] > few && q[RFM_P99] - q[RFM_P50] > much * (q[RFM_P50] - q[RFM_P01]);
}

static void choose_axis(const rfm_column_survey *survey, const double *quantiles, rfm_portrait_feature *feature)
{
    feature->least = survey->spread.least;
    feature->greatest = survey->spread.greatest;
    memcpy(feature->quantiles, quantiles, sizeof feature->quantiles);
    feature->logarithmic = is_skewed(feature);
    rfm_bins_choose(feature, quantiles[RFM_P01], quantiles[RFM_P99], survey->whole);
}

/* Collective. Of those that are shown also quantiles. */
static rfm_status survey(const rfm_sitter *of, rfm_column_survey *surveys, double *quantiles, rfm_error *err)
{
    static const double probabilities[RFM_PORTRAIT_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
    rfm_columns shown = {.n = of->frame->n,
                         .stride = (size_t)of->frame->d,
                         .values = of->frame->values,
                         .weights = of->frame->weights.units,
                         .n_columns = of->d};
    rfm_columns rest = shown;
    rest.values += of->d;
    rest.n_columns = of->columns - of->d;
    if (rfm_columns_quantiles(of->comm, &shown, RFM_PORTRAIT_QUANTILES, probabilities, quantiles, surveys, err) !=
        RFM_OK)
        return err->status;
    return rfm_columns_quantiles(of->comm, &rest, 0, NULL, NULL, surveys + of->d, err);
}

rfm_status rfm_portrait_axes(const rfm_sitter *of, rfm_portrait *portrait, rfm_error *err)
{
    rfm_column_survey *surveys = rfm_alloc((size_t)of->columns, sizeof *surveys, err);
    double *quantiles = rfm_alloc((size_t)of->d, RFM_PORTRAIT_QUANTILES * sizeof *quantiles, err);
    if (rfm_comm_agree(of->comm, err) == RFM_OK && survey(of, surveys, quantiles, err) == RFM_OK) {
        rfm_assert(surveys != NULL && quantiles != NULL);
        for (int j = 0; j < of->columns; j++) {
            of->least[j] = surveys[j].spread.least;
            of->greatest[j] = surveys[j].spread.greatest;
        }
        for (int j = 0; j < of->d; j++)
            choose_axis(&surveys[j], quantiles + (size_t)j * RFM_PORTRAIT_QUANTILES, &portrait->features[j]);
    }
    free(surveys);
    free(quantiles);
    return err->status;
}
