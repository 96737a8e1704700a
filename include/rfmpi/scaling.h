/* scaling: columns of numbers over all ranks: quantiles, means, deviations; and the learnt chain from values to scaled
 * values.
 *
 * Everything learnt is an exact function of the set of values and weights: the same bits at any number of ranks. Knows
 * no features, customers or files.
 */
#ifndef RFMPI_SCALING_H
#define RFMPI_SCALING_H

#include "rfmpi/comm.h"

/* ---- columns; Collective ---------------------------------------------------------------------------------------- */

/* One column of this rank's rows: the value of row i is values[i * stride]; what is NaN does not count. */
typedef struct rfm_column {
    size_t n, stride;
    const double *values;
    const int64_t *weights; /* [n]; NULL: 1 each */
} rfm_column;

typedef struct rfm_spread {
    double least, greatest; /* infinite where nothing counts */
    int64_t total;          /* weight of what counts, in units */
} rfm_spread;

rfm_spread rfm_column_spread(rfm_comm *comm, const rfm_column *column);
double rfm_column_mean(rfm_comm *comm, const rfm_column *column, const rfm_spread *spread);
double rfm_column_deviation(rfm_comm *comm, const rfm_column *column, const rfm_spread *spread,
                            double mean); /* of the population */

/* Type 7 quantiles (Hyndman and Fan 1996) of one column over all ranks, by exact selection: quantiles[i] for
 * probabilities[i]. Of no values at all: 0. With weights of sum W and mean w, over the n values that weigh something:
 * the mean of the sorted values from (W - w) p to (W - w) p + w of their cumulated weight; that is type 7 where all
 * weights are equal, and knows no unit. */
rfm_status rfm_quantiles(rfm_comm *comm, const rfm_column *column, int n_quantiles, const double *probabilities,
                         double *quantiles, rfm_error *err);

/* Columns of a matrix: of the c-th of them, the value of row i is values[i * stride + columns[c]]. */
typedef struct rfm_columns {
    size_t n, stride;
    const double *values;
    const int64_t *weights; /* [n]; NULL: 1 each */
    int n_columns;
    const int *columns; /* NULL: 0, 1, 2 ... */
} rfm_columns;

typedef struct rfm_column_survey {
    rfm_spread spread;
    int64_t n;  /* values that count */
    bool whole; /* each of them a whole number below 2^31 */
} rfm_column_survey;

/* The same of several columns, quantiles[c * n_quantiles + i], reading each row twice for all of them. surveys:
 * [n_columns], or NULL. n_quantiles may be 0. Takes memory for one column. */
rfm_status rfm_columns_quantiles(rfm_comm *comm, const rfm_columns *of, int n_quantiles, const double *probabilities,
                                 double *quantiles, rfm_column_survey *surveys, rfm_error *err);

/* ---- the chain -------------------------------------------------------------------------------------------------- */

typedef enum rfm_transform_kind { RFM_TRANSFORM_LOG1P, RFM_TRANSFORM_SQRT, RFM_TRANSFORM_CLIP } rfm_transform_kind;

/* LOG1P and SQRT are odd: sign(x) f(|x|). CLIP cuts at two quantiles of the training values at that point of the chain.
 */
typedef struct rfm_transform {
    rfm_transform_kind kind;
    double quantiles[2];
} rfm_transform;

enum { RFM_MAX_TRANSFORMS = 8 };

/* What a column goes through before it is scaled. Borrowed. */
typedef struct rfm_chain {
    const rfm_transform *transforms;
    int n; /* at most RFM_MAX_TRANSFORMS */
} rfm_chain;

typedef enum rfm_scale { RFM_SCALE_STANDARD, RFM_SCALE_ROBUST, RFM_SCALE_MINMAX, RFM_SCALE_NONE } rfm_scale;

typedef struct rfm_scaling_step {
    rfm_transform_kind kind;
    double low, high; /* cuts of CLIP */
} rfm_scaling_step;

typedef struct rfm_scaling {
    int d;
    rfm_scale kind;
    struct rfm_scaling_column {
        rfm_scaling_step steps[RFM_MAX_TRANSFORMS];
        int n_steps;
        double center, scale; /* scaled = (transformed - center) / scale */
    } * columns;              /* [d] */
} rfm_scaling;

/* Rows of this rank. Borrowed. */
typedef struct rfm_values {
    size_t n;
    int d;
    const double *values;     /* [n * d] row major, finite */
    const int64_t *weights;   /* [n]; NULL: 1 each */
    const char *const *names; /* [d], for messages */
    const rfm_chain *chains;  /* [d]; NULL: no transforms */
} rfm_values;

/* Collective. *scaled: [n * d], the caller frees. RFM_DATA, which names the column, where a range is beyond what a
 * double holds. A failure that err has already is agreed on first. */
rfm_status rfm_scaling_learn(rfm_comm *comm, const rfm_values *of, rfm_scale kind, rfm_scaling *scaling,
                             double **scaled, rfm_error *err);

/* Local, all of these. */
double rfm_scaling_step_apply(const rfm_scaling_step *step, double x);
double rfm_scaling_column_scale(const struct rfm_scaling_column *column, double transformed);

/* n x d feature values -> scaled values (may be the same array). */
void rfm_scaling_apply(const rfm_scaling *scaling, size_t n, const double *values, double *scaled);
/* One scaled value back in the feature's units (cuts cannot be undone). */
double rfm_scaling_invert(const rfm_scaling *scaling, int column, double scaled);
void rfm_scaling_free(rfm_scaling *scaling);

#endif
