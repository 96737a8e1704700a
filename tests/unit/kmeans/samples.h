/* What the k-means tests share: matrices of many awkward kinds, ways to spread them over ranks, and an oracle that is
 * written straight from the definition. */
#ifndef KMEANS_SAMPLES_H
#define KMEANS_SAMPLES_H

#include "draw.h"
#include "session.h"

#include "rfmpi/kmeans.h"

typedef enum test_kind {
    KIND_EVEN,       /* uniform */
    KIND_CLUSTERED,  /* blobs */
    KIND_LATTICE,    /* small integers: many exact ties */
    KIND_DUPLICATE,  /* a handful of distinct rows */
    KIND_OFFSET,     /* 1e6 plus small */
    KIND_TINY,       /* 1e-160: squares underflow in part */
    KIND_DENORMAL,   /* below 2^-1022 */
    KIND_FLOAT_TINY, /* 1e-41: denormal as float */
    KIND_HUGE,       /* 1e140 */
    KIND_CONSTANT,   /* constant columns among others */
    KIND_SKEWED,     /* a few rows far out */
    KIND_MIXED,      /* columns of very different scale */
    KINDS
} test_kind;

typedef struct test_sample {
    size_t n;
    int d;
    double *rows; /* [n * d] */
} test_sample;

test_sample sample_make(test_kind kind, uint64_t seed, size_t n, int d);
void sample_free(test_sample *sample);

/* Rows of this rank: way 0 all on rank 0, 1 even, 2 all on the last rank, 3 uneven with an empty rank in the middle. */
void sample_share(size_t n, int way, size_t *from, size_t *to);
enum { WAYS = 4 };

/* The definition, again: position by the grid, distance in index order, argmin. */
double oracle_distance(const rfm_grid *grid, const double *scaled, const double *centroid);
int32_t oracle_label(const rfm_grid *grid, int k, const double *centroids, const double *scaled);

/* A whole fit of a sample that every rank holds, with this rank's share. */
typedef struct test_trial {
    rfm_weights weights;
    rfm_grid grid;
    rfm_matrix matrix;
    rfm_clustering clustering;
    size_t from, to;
    int32_t *labels; /* [n] of all rows */
} test_trial;

void trial_run(const test_sample *sample, int way, const rfm_kmeans_options *options, test_trial *trial);

/* The same in two steps: grid and matrix; the fit, which may fail. */
void trial_make(const test_sample *sample, int way, test_trial *trial);
rfm_status trial_fit(const test_sample *sample, const rfm_kmeans_options *options, test_trial *trial, rfm_error *err);

/* With a weight for each of all rows. */
void trial_weigh(const test_sample *sample, const double *weights, int way, const rfm_kmeans_options *options,
                 test_trial *trial);
void trial_free(test_trial *trial);

/* Everything a fit says, in one number. */
uint64_t trial_hash(const test_trial *trial, size_t n);

/* Whether this machine can be told to use these vectors; it is then, until RFMPI_VECTOR is unset. */
bool choose_vectors(const char *name);

/* Something watches every access to memory (valgrind.sh says so): a case of each kind will do. */
bool runs_slowly(void);

/* Fewer cases on more ranks, but each kind of rows: what matters there is that the ranks agree. Under the address
 * sanitizer, which looks for other faults, fewer too. */
uint64_t some(uint64_t cases);

/* The same of long cases, where not each kind is needed. */
uint64_t few(uint64_t cases);

#endif
