/* A model in memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "frame.h"
#include "model_file.h"

void rfm_model_free(rfm_model *model)
{
    rfm_names_free(model->features, (size_t)model->d);
    rfm_names_free(model->names, (size_t)model->k);
    free(model->definitions);
    free(model->as_of_rule);
    free(model->timezone);
    rfm_scaling_free(&model->scaling);
    rfm_grid_free(&model->grid);
    free(model->centroids);
    free(model->centroids_scaled);
    free(model->centroids_original);
    free(model->sizes);
    free(model->weights);
    free(model->fills);
    free(model->segment_ids);
    free(model->profile_cuts);
    free(model->profile_shares);
    rfm_scores_free(&model->scores);
    free(model->trace);
    *model = (rfm_model){0};
}

/* ---- centroids for people --------------------------------------------------------------------------------------- */

/* x to as few digits as bring it between low and high; all of them where none do. */
static double shorten(double x, double low, double high)
{
    enum { MOST_DIGITS = 16 };
    char text[RFM_NUMBER_BYTES];
    double shorter = 0;
    for (int digits = 1; !(shorter >= low && shorter <= high); digits++) {
        if (digits > MOST_DIGITS)
            return x;
        snprintf(text, sizeof text, "%.*e", digits - 1, x);
        shorter = strtod(text, NULL);
    }
    return shorter;
}

/* Rows are known to half a step of the grid, and their mean is no better; nor is arithmetic. */
double rfm_model_centroid(const rfm_model *model, int c, int j)
{
    const size_t at = (size_t)c * (size_t)model->d + (size_t)j;
    const double scaled = model->centroids_scaled[at];
    const double unknown = fmax(model->grid.step[j] / 2, fabs(scaled) * 0x1p-50);
    return shorten(model->centroids_original[at], rfm_scaling_invert(&model->scaling, j, scaled - unknown),
                   rfm_scaling_invert(&model->scaling, j, scaled + unknown));
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

const char *const rfm_model_cuts[RFM_N_MEASURES] = {[RFM_RECENCY] = "/model/scores/recency",
                                                    [RFM_FREQUENCY] = "/model/scores/frequency",
                                                    [RFM_MONETARY] = "/model/scores/monetary"};

const char *rfm_scale_name(rfm_scale scale)
{
    static const char *const names[] = {[RFM_SCALE_STANDARD] = "standard",
                                        [RFM_SCALE_ROBUST] = "robust",
                                        [RFM_SCALE_MINMAX] = "minmax",
                                        [RFM_SCALE_NONE] = "none"};
    return names[scale];
}
