/* A model in memory. */
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
