/* portrait: the steps to one. Private to model.
 *
 *   - portrait.c: which segments and features are shown, and the order of the rest
 *   - portrait_axis.c: extremes, quantiles and bins of each feature
 *   - portrait_bins.c: round edges
 *   - portrait_count.c: sums and histograms of each segment
 *   - portrait_quartiles.c: of a sample of each segment
 *   - portrait_moments.c: means and products of the scaled values
 *   - portrait_components.c: principal components, and who is drawn on them
 *
 * Every sum is one of integers, so that neither ranks nor threads decide a bit.
 */
#ifndef RFMPI_MODEL_PORTRAIT_H
#define RFMPI_MODEL_PORTRAIT_H

#include "frame.h"

/* What is portrayed, and what all steps know of it. */
typedef struct rfm_sitter {
    rfm_comm *comm;
    const rfm_frame *frame;
    const rfm_model *model;
    const int32_t *labels;
    const int64_t *rows; /* [model->k] of all ranks */
    int threads;
    int k, d;                 /* shown */
    int columns;              /* of the frame, from the first on, that moments are taken of: at least d */
    int *slot_of;             /* [model->k] place among the segments shown; k: not shown */
    double *least, *greatest; /* [columns] of all ranks; from rfm_portrait_axes on */
} rfm_sitter;

/* Places of segments: those shown, and one for all others. */
static inline size_t rfm_sitter_slots(const rfm_sitter *of)
{
    return (size_t)of->k + 1;
}

static inline int64_t rfm_sitter_weight(const rfm_sitter *of, size_t i)
{
    return of->frame->weights.units ? of->frame->weights.units[i] : 1;
}

/* The weight of all customers, in units; what a unit is. */
static inline int64_t rfm_sitter_total(const rfm_sitter *of)
{
    return of->frame->weights.units ? of->frame->weights.total : of->frame->n_global;
}

static inline double rfm_sitter_unit(const rfm_sitter *of)
{
    return of->frame->weights.unit > 0 ? of->frame->weights.unit : 1;
}

/* This rank's rows of a thread, from `from` to before `to`. */
static inline void rfm_sitter_share(const rfm_sitter *of, int thread, size_t *from, size_t *to)
{
    const size_t n = of->frame->n, threads = (size_t)of->threads, part = n / threads, more = n % threads;
    const size_t t = (size_t)thread;
    *from = part * t + (t < more ? t : more);
    *to = *from + part + (t < more);
}

/* Who is drawn into a sample, by the customers' keys. */
typedef struct rfm_draw {
    double share;
    uint64_t stream;
} rfm_draw;

typedef enum rfm_draw_what { RFM_DRAW_QUARTILES, RFM_DRAW_MOMENTS, RFM_DRAW_POINTS } rfm_draw_what;

/* So that `most` of n are to be expected; all, where there are no more. */
rfm_draw rfm_draw_of(rfm_draw_what what, double most, int64_t n);
bool rfm_is_drawn(const rfm_draw *draw, const rfm_frame *frame, size_t row);

/* Local. This rank's rows of the segments shown that weigh something and are drawn, in order; draws: [k]. The caller
 * frees *rows. */
rfm_status rfm_draw_rows(const rfm_sitter *of, const rfm_draw *draws, size_t **rows, size_t *n, rfm_error *err);

/* Local. Edges of at most RFM_PORTRAIT_BINS bins from `low` to `high`; of whole numbers, one such number apart at
 * least. */
void rfm_bins_choose(rfm_portrait_feature *feature, double low, double high, bool whole);

/* The steps. Collective; memory of portrait and sitter is there. */
rfm_status rfm_portrait_axes(const rfm_sitter *of, rfm_portrait *portrait, rfm_error *err);
rfm_status rfm_portrait_count(const rfm_sitter *of, rfm_portrait *portrait, rfm_error *err);
rfm_status rfm_portrait_quartiles(const rfm_sitter *of, rfm_portrait *portrait, rfm_error *err);

/* Scaled values as integers about an offset, by a scale of this batch's own: |index| <= 2^30. */
typedef struct rfm_fine {
    double *offset, *per_step; /* [columns] index = (scaled - offset) * per_step, rounded; per_step a power of two */
    double *small;             /* [columns * RFM_FINE_SMALL] indices of the feature values 0, 1, 2 ... */
} rfm_fine;

enum { RFM_FINE_SMALL = 512 };

typedef struct rfm_moments {
    int columns;       /* the sitter's */
    bool has_products; /* of all pairs: of all columns of the frame, and at least two */
    rfm_fine fine;
    int64_t n;          /* customers looked at */
    int64_t weight;     /* of them, in units */
    int64_t *weights;   /* [slots] */
    rfm_i128 *sums;     /* [slots * columns] of indices, by weight */
    rfm_i128 *products; /* [columns * (columns + 1) / 2] of pairs i <= j by weight; without has_products [columns] */
    double *covariance; /* the same, in scaled units; the variances alone without has_products */
    double *mean;       /* [columns] of indices */
} rfm_moments;

/* Collective; also sets the standings of the portrait. */
rfm_status rfm_portrait_moments(const rfm_sitter *of, rfm_portrait *portrait, rfm_moments *moments, rfm_error *err);
void rfm_moments_free(rfm_moments *moments);

/* Local. The scaled value of a feature's value. */
double rfm_scaled_value(const rfm_scaling *scaling, int column, double value);

/* Collective. */
rfm_status rfm_portrait_components(const rfm_sitter *of, const rfm_moments *moments, rfm_portrait *portrait,
                                   rfm_error *err);

/* Local. Eigenvalues and eigenvectors of a symmetric matrix [n * n], by rotations in plain double: the same bits
 * everywhere. The matrix is used up; column j of vectors [n * n] belongs to values[j], in no order. */
void rfm_jacobi(size_t n, double *matrix, double *values, double *vectors);

#endif
