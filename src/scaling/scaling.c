/* The learnt chain from feature values to scaled values and back, one value at a time. Knows nothing of how it was
 * learnt. */
#include "rfmpi/scaling.h"

#include <math.h>
#include <stdlib.h>

void rfm_scaling_free(rfm_scaling *scaling)
{
    free(scaling->columns);
    *scaling = (rfm_scaling){0};
}

/* Odd, so that refunds keep their sign. */
static double log1p_odd(double x)
{
    return x < 0 ? -rfm_log1p(-x) : rfm_log1p(x);
}

static double sqrt_odd(double x)
{
    return x < 0 ? -sqrt(-x) : sqrt(x);
}

double rfm_scaling_step_apply(const rfm_scaling_step *step, double x)
{
    switch (step->kind) {
    case RFM_TRANSFORM_LOG1P:
        return log1p_odd(x);
    case RFM_TRANSFORM_SQRT:
        return sqrt_odd(x);
    case RFM_TRANSFORM_CLIP:
        return x < step->low ? step->low : x > step->high ? step->high : x;
    }
    return x;
}

double rfm_scaling_column_scale(const struct rfm_scaling_column *column, double transformed)
{
    return (transformed - column->center) / column->scale;
}

void rfm_scaling_apply(const rfm_scaling *scaling, size_t n, const double *values, double *scaled)
{
    const size_t d = (size_t)scaling->d;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            const struct rfm_scaling_column *column = &scaling->columns[j];
            double x = values[i * d + j];
            for (int s = 0; s < column->n_steps; s++)
                x = rfm_scaling_step_apply(&column->steps[s], x);
            scaled[i * d + j] = rfm_scaling_column_scale(column, x);
        }
    }
}

/* e^x - 1; near 0, where the difference would cancel, its series. x >= 0. */
static double exp_less_1(double x)
{
    if (x < 1.0 / 1024)
        return x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5))));
    return rfm_exp(x) - 1;
}

static double undo(rfm_transform_kind kind, double x)
{
    switch (kind) {
    case RFM_TRANSFORM_LOG1P:
        return x < 0 ? -exp_less_1(-x) : exp_less_1(x);
    case RFM_TRANSFORM_SQRT:
        return x < 0 ? -(x * x) : x * x;
    case RFM_TRANSFORM_CLIP:
        return x;
    }
    return x;
}

double rfm_scaling_invert(const rfm_scaling *scaling, int column, double scaled)
{
    const struct rfm_scaling_column *learnt = &scaling->columns[column];
    double x = scaled * learnt->scale + learnt->center;
    for (int s = learnt->n_steps - 1; s >= 0; s--)
        x = undo(learnt->steps[s].kind, x);
    return x;
}
