/* scaling: the parts of the chain that fit and apply share, so that both give the same bits. Private to model. */
#ifndef RFMPI_MODEL_SCALING_H
#define RFMPI_MODEL_SCALING_H

#include "rfmpi/model.h"

double rfm_scaling_step_apply(const rfm_scaling_step *step, double x);
double rfm_scaling_column_scale(const struct rfm_scaling_column *column, double transformed);

#endif
