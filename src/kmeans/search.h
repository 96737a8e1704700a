/* Local search: what the loop cannot repair. */
#ifndef RFMPI_KMEANS_SEARCH_H
#define RFMPI_KMEANS_SEARCH_H

#include "pool.h"

/* Where a search is: before its next trial, or in it. */
typedef struct rfm_searching {
    int64_t round, found; /* the next trial, and when gains were last looked for */
    int most;             /* changes of the next trial at most; 0: not begun */
    int failures;         /* trials in a row */
    int *failed;          /* [k_most] with how many merges, the cheapest first, the split of a cluster did not help */
} rfm_searching;

/* Collective. From a result of the loop (best, with its labels and sums in work) to one that no proposed change
 * betters; see search.c. trial: that of the trial, not begun (k 0) or left by an earlier start. */
rfm_status rfm_search_run(rfm_work *work, const rfm_kmeans_options *options, rfm_searching *at, rfm_course *best,
                          rfm_course *trial, int64_t *n_iterations, rfm_error *err);

/* ---- split.c ---------------------------------------------------------------------------------------------------- */

/* Every cluster in two, tried on a sample of the rows. */
typedef struct rfm_split {
    size_t n;    /* local rows of the sample */
    size_t *row; /* [n] */
    int k_most;
    rfm_sums sums;  /* [k][2] of the halves */
    double *halves; /* [k][2][d] their means, as positions */
    double *gain;   /* [k] by how much the inertia would fall, about */
    rfm_pick *pick; /* [k] */
} rfm_split;

/* Collective. Chooses the sample. */
rfm_status rfm_split_init(rfm_work *work, uint64_t stream, int k, rfm_split *split, rfm_error *err);
void rfm_split_free(rfm_split *split);

/* Collective. Halves and gains of the k clusters, from the labels and sums of the last pass. Another stream
 * makes other choices. */
void rfm_split_find(rfm_work *work, rfm_split *split, int k, const double *centroids, uint64_t stream);

static inline double *rfm_split_half(const rfm_split *split, int d, int c, int which)
{
    return split->halves + (2 * (size_t)c + (size_t)which) * (size_t)d;
}

#endif
