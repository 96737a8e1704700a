/* kmeans: a matrix of scaled features -> clusters, the same bits at any number of ranks and threads.
 *
 * Knows rows, columns and keys; knows nothing of customers, features, files or configuration.
 *
 * The grid. Each column has an exact offset and a power-of-two step; a value is offset + step * index with an integer
 * index. Sums over rows are integer sums of indices. "Position" means a value without the offset: step * index, exact
 * in double.
 *
 * The definition. The label of a row is the argmin over centroids of sum_j (position_j - centroid_j)^2, evaluated in
 * double, in index order, without contraction; ties to the lowest index. A fast path is a filter with a proven bound.
 */
#ifndef RFMPI_KMEANS_H
#define RFMPI_KMEANS_H

#include "rfmpi/comm.h"

/* ---- grid and matrix -------------------------------------------------------------------------------------------- */

typedef struct rfm_grid {
    int d;
    double *offset; /* [d] scaled units; a multiple of step */
    double *step;   /* [d] a power of two, at least 2^-1022 */
    int64_t *low;   /* [d] smallest and largest index met in the fit; |index| <= 2^30 */
    int64_t *high;
} rfm_grid;

void rfm_grid_free(rfm_grid *grid);
rfm_status rfm_grid_copy(const rfm_grid *from, rfm_grid *to, rfm_error *err); /* Local */

/* Collective. From the global extremes of each column of n_local x d scaled values (row major): the offset is the
 * midrange rounded to the step, the step the smallest power of two with |index| <= 2^b, b = min(30, 62 -
 * ceil(log2(n_global))). A value that is not finite, or a range so wide that the sum of its squares over all rows
 * overflows double: RFM_DATA that names the column by names[j] (may be NULL: its number). Of a constant column the
 * offset is the value and the step its last place. */
rfm_status rfm_grid_fit(rfm_comm *comm, size_t n_local, int d, const double *scaled, const char *const *names,
                        rfm_grid *grid, rfm_error *err);

/* The index of a value, saturated at +-2^52. Local. */
int64_t rfm_grid_index(const rfm_grid *grid, int column, double scaled);

/* What rows count for. Only their ratios matter, but for inertia. A row of weight 0 gets a label and has no other
 * influence; it must lie within the grid's range like the others. */
typedef struct rfm_weights {
    int64_t *units; /* [n] of the local rows, at most 2^24 each: the weight is unit * units; owned. NULL: 1 each */
    double unit;    /* 0: there are no weights */
    int64_t n;      /* global: rows that weigh something */
    int64_t total;  /* global, in units */
} rfm_weights;

/* Collective. Finite weights, 0 or more, rounded to 24 bits below the largest. Others, or none above 0: RFM_DATA that
 * names the row. */
rfm_status rfm_weights_init(rfm_comm *comm, size_t n_local, const double *values, rfm_weights *weights, rfm_error *err);
void rfm_weights_free(rfm_weights *weights);

typedef struct rfm_matrix {
    size_t n; /* local rows */
    int d;
    int64_t n_global, first; /* first: global number of local row 0 */
    int32_t *index;          /* [n * d] row major; owned */
    uint64_t *key;        /* [n] what random choices are keyed by: hash of the id, or of the global row number; owned */
    const rfm_grid *grid; /* borrowed */
    rfm_weights weights;  /* borrowed; 1 each unless set by rfm_matrix_weigh */
} rfm_matrix;

/* Collective. key NULL: row numbers. Values must be within the grid's range (rfm_grid_fit saw them). */
rfm_status rfm_matrix_init(rfm_comm *comm, const rfm_grid *grid, size_t n_local, const double *scaled,
                           const uint64_t *key, rfm_matrix *matrix, rfm_error *err);
/* Local. Of the same rows; borrowed. */
void rfm_matrix_weigh(rfm_matrix *matrix, const rfm_weights *weights);
void rfm_matrix_free(rfm_matrix *matrix);

/* ---- progress: a fit that was stopped or killed goes on where it was, at any number of ranks --------------------- */

/* The fits over one matrix, finished ones and the one under way. A fit is known by its k and its seed: all other
 * options must be those it was begun with. */
typedef struct rfm_progress rfm_progress;

typedef enum rfm_wish { RFM_WISH_NOTHING, RFM_WISH_KEEP, RFM_WISH_STOP } rfm_wish;

/* Who asks for the progress, and keeps it. */
typedef struct rfm_keeper {
    void *context;
    rfm_wish (*wish)(void *context); /* Local; before every iteration. What any rank wishes is done on all */

    /* Collective. The bytes are the same on all ranks, but for seconds: one rank's serve for all. stops: nothing comes
     * after this. */
    rfm_status (*keep)(void *context, const rfm_text *bytes, bool stops, rfm_error *err);
} rfm_keeper;

/* Local. bytes: as they were kept by an earlier start, NULL: none; the same on all ranks, who all get the same status:
 * RFM_DATA when they are damaged, or of another matrix. The caller closes. */
rfm_status rfm_progress_open(const rfm_keeper *keeper, const rfm_matrix *matrix, const void *bytes, size_t n_bytes,
                             rfm_progress **progress, rfm_error *err);
void rfm_progress_close(rfm_progress *progress); /* NULL is fine */

/* ---- fit -------------------------------------------------------------------------------------------------------- */

typedef enum rfm_seeding {
    RFM_SEEDING_PARALLEL /* k-means|| */,
    RFM_SEEDING_PLUSPLUS,
    RFM_SEEDING_RANDOM,
    RFM_SEEDING_GIVEN
} rfm_seeding;
typedef enum rfm_algorithm {
    RFM_ALGORITHM_AUTO,
    RFM_ALGORITHM_FUSED /* every row, every centroid, in registers */,
    RFM_ALGORITHM_GEMM /* the same as a matrix product */,
    RFM_ALGORITHM_BOUNDS /* only rows whose label may have changed */,
    RFM_ALGORITHM_DEFINITION
} rfm_algorithm;

typedef enum rfm_search {
    RFM_SEARCH_AUTO,        /* SPLIT_MERGE unless centroids are GIVEN */
    RFM_SEARCH_SPLIT_MERGE, /* clusters are merged and split while that lowers the inertia */
    RFM_SEARCH_NONE
} rfm_search;

typedef struct rfm_kmeans_options {
    int k;
    uint64_t seed;
    int restarts; /* 1 with GIVEN */
    rfm_seeding seeding;
    const double *given; /* [k * d] scaled units, for GIVEN */
    int max_iterations;
    double tolerance;    /* stop when the squared shift of all centroids is at most this times the mean variance of the
                            columns    (as scikit-learn has it); 0: only when no label changes */
    double oversampling; /* of k-means||, in units of k */
    int rounds;          /* of k-means|| */
    rfm_algorithm algorithm;
    rfm_search search;      /* after the best restart; with k from 3 to 4096 */
    int order_column;       /* final order by this column, descending; -1: by size */
    rfm_progress *progress; /* borrowed; NULL: the fit cannot be stopped and leaves nothing behind */
} rfm_kmeans_options;

/* Defaults of everything but k and d. Local. */
rfm_kmeans_options rfm_kmeans_defaults(void);

typedef struct rfm_clustering {
    int k; /* fewer than asked when there are fewer distinct rows */
    int d;
    double *centroids; /* [k * d] positions: scaled units less the grid's offset; these decide */
    int64_t *sizes;    /* [k] global, rows */
    double *weights;   /* [k] global; the sizes where there are no weights */
    int32_t *labels;   /* [n] of the local rows */
    double inertia;    /* of these labels about these centroids, by weight */
    int iterations;    /* of the best restart */
    bool converged;
    int restart;   /* which restart won */
    double *trace; /* [iterations] inertia of the labels of each iteration about their means, of the best restart */
    double seconds_seed, seconds_iterate;        /* of all restarts; this rank */
    double seconds_search;                       /* of the local search behind them */
    int64_t iterations_total, iterations_search; /* of all restarts, and of the search */
    char algorithm[32];
} rfm_clustering;

/* Collective. Seeds, iterates (one all-reduce an iteration), keeps the restart of least inertia (ties: the lowest
 * number), orders the clusters (order_column or size, descending; then the centroid, lexicographically) and labels once
 * more. RFM_STOPPED when progress was told to. */
rfm_status rfm_kmeans_fit(rfm_comm *comm, const rfm_matrix *matrix, const rfm_kmeans_options *options,
                          rfm_clustering *clustering, rfm_error *err);
void rfm_clustering_free(rfm_clustering *clustering);

/* Local. Squared distances [n] of the fitted rows to their clusters' centroids, as rfm_kmeans_label gives them. */
void rfm_kmeans_distances(const rfm_matrix *matrix, const rfm_clustering *clustering, double *squared_distances);

/* ---- quality ---------------------------------------------------------------------------------------------------- */

typedef struct rfm_quality {
    int k;                     /* below 2 nothing of it means anything, and all is 0 */
    double silhouette;         /* mean over all rows, of plain distances; see silhouette.c */
    double silhouette_error;   /* its standard error; 0: of all rows */
    int64_t silhouette_rows;   /* looked at */
    double *silhouettes;       /* [k] of each cluster; owned */
    double squared_silhouette; /* of squared distances, of all rows; see quality.c */
    double davies_bouldin, calinski_harabasz;
    double seconds; /* all of this took; this rank */
} rfm_quality;

/* Collective. Of the labels, about their own means, by weight (quality.c, silhouette.c). The seed draws the sample that
 * the silhouette is taken from where there are more than 10,000 rows. Empty on failure. */
rfm_status rfm_kmeans_quality(rfm_comm *comm, const rfm_matrix *matrix, const rfm_clustering *clustering, uint64_t seed,
                              rfm_quality *quality, rfm_error *err);
void rfm_quality_free(rfm_quality *quality);

typedef struct rfm_labelling {
    int k;
    const int32_t *labels; /* of this rank's rows, each below k; borrowed */
} rfm_labelling;

/* Collective. The adjusted Rand index of two labellings of the same rows: 1 where they are the same but for numbering,
 * about 0 where they have nothing to do with each other. n: this rank's rows. */
rfm_status rfm_kmeans_agreement(rfm_comm *comm, size_t n, const rfm_labelling *a, const rfm_labelling *b, double *index,
                                rfm_error *err);

/* ---- labels of given rows --------------------------------------------------------------------------------------- */

/* What decides labels. Borrowed. */
typedef struct rfm_centroids {
    const rfm_grid *grid;
    int k;
    const double *positions; /* [k * d] */
} rfm_centroids;

/* Scaled values of this rank's rows [n * d], row major; they may lie outside the fit's range. Borrowed. */
typedef struct rfm_rows {
    size_t n;
    const double *scaled;
    const rfm_weights *weights; /* NULL: 1 each. They decide no label */
} rfm_rows;

/* What is in each cluster, [k] each, of all ranks. Borrowed; NULL where it is not wanted. */
typedef struct rfm_sizes {
    int64_t *rows;
    double *weights;
} rfm_sizes;

/* Local. Labels [n] and squared distances by the definition [n] (may be NULL). Equal to the fit's labels for the rows
 * of the fit. */
rfm_status rfm_kmeans_label(const rfm_centroids *centroids, const rfm_rows *rows, int32_t *labels,
                            double *squared_distances, rfm_error *err);

/* Collective. Inertia of labels about centroids, by weight, from integer sums; rows outside the fit's range add their
 * distance by the definition, rounded to a common power of two. */
rfm_status rfm_kmeans_inertia(rfm_comm *comm, const rfm_centroids *centroids, const rfm_rows *rows,
                              const int32_t *labels, double *inertia, const rfm_sizes *sizes, rfm_error *err);

/* Threads a fit uses on this rank. Local. */
int rfm_kmeans_threads(void);

/* Processors that OpenMP has for them; more than the calling thread may run on, where it has placed that. Local. */
int rfm_kmeans_processors(void);

/* Threads that BLAS has started of its own; a fit holds it to one. Local. */
int rfm_blas_threads(void);

/* "OpenBLAS 0.3.21 ... Haswell". Local. */
size_t rfm_blas_library(char *buffer, size_t size);

#endif
