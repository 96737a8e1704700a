/* scaling: the parts of the chain that fit and apply share, so that both give the same bits. Private to model. */
#ifndef RFMPI_MODEL_SCALING_H
#define RFMPI_MODEL_SCALING_H

#include "rfmpi/model.h"

double rfm_scaling_step_apply(const rfm_scaling_step *step, double x);
double rfm_scaling_column_scale(const struct rfm_scaling_column *column, double transformed);

/* ---- column.c: Collective, by weight; NaN does not count -------------------------------------------------------- */

typedef struct rfm_spread {
    double least, greatest; /* infinite where nothing counts */
    int64_t total;          /* weight of what counts, in units */
} rfm_spread;

rfm_spread rfm_column_spread(rfm_comm *comm, const rfm_column *column);
double rfm_column_mean(rfm_comm *comm, const rfm_column *column, const rfm_spread *spread);
double rfm_column_deviation(rfm_comm *comm, const rfm_column *column, const rfm_spread *spread,
                            double mean); /* of the population */

#endif
