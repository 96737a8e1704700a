/* What a fit holds on to while it runs: the rows, the ranks, the assigner, and all the memory it needs, taken at the
 * start so that nothing can fail between two collectives. */
#ifndef RFMPI_KMEANS_WORK_H
#define RFMPI_KMEANS_WORK_H

#include "assigner.h"

/* The integer sums of an iteration, a row of d + 1 words a cluster:
 *
 *   cluster 0: S_0 .. S_(d-1), n | cluster 1: S_0 .. S_(d-1), n | ... | rows that changed their label | wishes
 *
 * so that one reduction of k(d+1) + 2 words is all an iteration says to the other ranks. A weight times an index has up
 * to 54 bits: of weighted rows n is the sum of the weights, in units, and S is kept in two words, the sum of the low
 * bits of the products and that of the others:
 *
 *   cluster 0: L_0 .. L_(d-1), n, H_0 .. H_(d-1) | ...                 S_j = 2^RFM_SUMS_LOW H_j + L_j
 */
typedef struct rfm_sums {
    int d;
    bool weighted;
    size_t stride;  /* d + 1; weighted 2 d + 1 */
    int64_t *words; /* [k_most * stride + RFM_SUMS_MORE] */
} rfm_sums;

enum { RFM_SUMS_MORE = 2, RFM_SUMS_LOW = 27 };

typedef struct rfm_work {
    rfm_comm *comm;
    const rfm_matrix *matrix;
    const rfm_assigner *assigner;
    void *state;            /* of the assigner */
    int k_most, k, threads; /* k: of the last pass that summed */
    size_t rows;            /* of a block */
    int32_t *centre;        /* [d] mean index */
    rfm_i128 *totals;       /* [d] sums of all indices, by weight */
    rfm_i128 *squares;      /* [d] sums of all squared indices, by weight */
    rfm_sums sums;          /* of the last pass; global */
    rfm_sums local;         /* the same of this rank's rows, while `summed` */
    bool summed;
    int64_t *thread_words; /* [threads][thread_stride] */
    size_t thread_stride;
    rfm_moves_room moves;   /* of the block in hand */
    int32_t *labels;        /* [n] of the last pass; -1 before the first */
    bool fresh;             /* nothing that the assigner knows of the rows holds any more */
    double *distance;       /* [n] for seeding and refill */
    rfm_progress *progress; /* who is told between iterations; NULL: nobody */
    char doing[64];         /* for who watches: which start it is, or the search */
    int64_t n_iterations;   /* so far, of all */
    int64_t wishes;         /* of all ranks, as they were at the last pass that summed */
} rfm_work;

/* Collective. */
rfm_status rfm_work_init(rfm_comm *comm, const rfm_matrix *matrix, const rfm_kmeans_options *options, rfm_work *work,
                         rfm_error *err);
void rfm_work_free(rfm_work *work);

static inline const int32_t *rfm_work_row(const rfm_work *work, size_t i)
{
    return work->matrix->index + i * (size_t)work->matrix->d;
}

static inline int64_t rfm_work_weight(const rfm_work *work, size_t i)
{
    return work->matrix->weights.units ? work->matrix->weights.units[i] : 1;
}

/* Bits of an index such that sums of n_global of them stay within 2^62 (grid.c). */
int rfm_grid_bits(int64_t n_global);

/* ---- sums.c ----------------------------------------------------------------------------------------------------- */

static inline int64_t *rfm_sums_of(const rfm_sums *sums, int c)
{
    return sums->words + (size_t)c * sums->stride;
}

/* Rows; or their weight, in units. */
static inline int64_t rfm_sums_count(const rfm_sums *sums, int c)
{
    return rfm_sums_of(sums, c)[sums->d];
}

static inline rfm_i128 rfm_sums_value(const rfm_sums *sums, int c, int j)
{
    const int64_t *word = rfm_sums_of(sums, c);
    return sums->weighted ? word[sums->d + 1 + j] * ((rfm_i128)1 << RFM_SUMS_LOW) + word[j] : word[j];
}

/* product: a weight, in units, times an index of column j. */
static inline void rfm_sums_add(rfm_sums *sums, int c, int j, int64_t product)
{
    int64_t *word = rfm_sums_of(sums, c);
    if (sums->weighted) {
        word[j] += product & ((1 << RFM_SUMS_LOW) - 1);
        word[sums->d + 1 + j] += product >> RFM_SUMS_LOW;
    } else {
        word[j] += product;
    }
}

/* Without words yet. */
static inline rfm_sums rfm_sums_shape(int d, bool weighted)
{
    return (rfm_sums){.d = d, .weighted = weighted, .stride = (size_t)d * (weighted ? 2 : 1) + 1};
}

/* Collective: labels and sums, one reduction. The centroids are positions [k * d]. Returns how many rows that weigh
 * something changed their label, globally.
 */
int64_t rfm_sums_pass(rfm_work *work, int k, const double *centroids);

/* Collective, once: totals and squares. */
void rfm_sums_moments(rfm_work *work);

/* The mean of a cluster as a position: (double)S / (double)n, times the step. n must not be 0. */
void rfm_sums_mean(const rfm_sums *sums, const double *step, int c, double *centroid);

/* ---- inertia.c -------------------------------------------------------------------------------------------------- */

/* Squared distances, by weight in units, of the summed rows to their clusters' means, or to the centroids when these
 * are given, in column order. squares: [d] of all rows. */
double rfm_inertia_value(const rfm_sums *sums, int k, const rfm_i128 *squares, const double *step,
                         const double *centroids);

/* The same of the last pass's sums. */
double rfm_inertia_of(const rfm_work *work, int k, const double *centroids);

/* The mean of the columns' variances. */
double rfm_inertia_variance(const rfm_work *work);

/* ---- refill.c --------------------------------------------------------------------------------------------------- */

/* Collective. Gives every empty cluster of the sums a row of its own (see refill.c), or drops it: *k is then less, and
 * sums, labels and centroids have moved up. Returns how many rows were moved. */
int64_t rfm_refill_clusters(rfm_work *work, int *k, double *centroids);

/* ---- label.c ---------------------------------------------------------------------------------------------------- */

/* Local. Squared distances [n] of the rows to the centroids of their labels. */
void rfm_label_distances(const rfm_matrix *matrix, const int32_t *labels, const double *centroids, double *distances);

/* ---- lloyd.c ---------------------------------------------------------------------------------------------------- */

/* A run of the loop: where it is, and what it has come to by then. */
typedef struct rfm_course {
    int k;             /* 0: not begun */
    double *centroids; /* [k_most * d] positions */
    double *before; /* [k_most * d] those of the last iteration: the rows have their labels by them, while `labelled` */
    bool labelled;  /* not so in an iteration that mended empty clusters */
    int iterations;
    bool converged; /* by either rule */
    bool settled;   /* no label changed: the labels belong to the centroids */
    double inertia; /* of the rows' labels about the centroids */
    double *trace;  /* [iterations] */
    size_t trace_capacity;
    double seconds;
} rfm_course;

/* Local. For k_most clusters. */
rfm_status rfm_course_init(const rfm_work *work, rfm_course *course, rfm_error *err);
void rfm_course_free(rfm_course *course);

/* From the k centroids that the course holds. Local. */
void rfm_course_begin(rfm_course *course, int k);

/* Collective. Iterates a course that has begun, or goes on with one that was kept; at the end its centroids are the
 * means of the last labels. target: an inertia to get below, 0: none; given up when it seems out of reach, with the
 * course as it is by then. RFM_STOPPED when a rank wishes so (progress.c). */
rfm_status rfm_lloyd_run(rfm_work *work, const rfm_kmeans_options *options, double target, rfm_course *course,
                         rfm_error *err);

/* ---- order.c ---------------------------------------------------------------------------------------------------- */

/* rank[i] is the cluster that comes i-th: by key descending, then centroid, lexicographically, then number. */
void rfm_order_clusters(int k, int d, const double *centroids, const double *key, int32_t *rank);

#endif
