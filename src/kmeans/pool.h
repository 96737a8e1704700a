/* Rows to choose from, and how ranks choose one together: the rows of the matrix, spread over the ranks, or the
 * candidates of k-means||, of which every rank holds all. */
#ifndef RFMPI_KMEANS_POOL_H
#define RFMPI_KMEANS_POOL_H

#include "work.h"

enum {
    RFM_TRIALS_MOST = 64,
    RFM_POOL_SHARE = 2048 /* rows for which another thread is worth its start */
};

typedef struct rfm_pool {
    rfm_comm *comm; /* NULL: every rank holds the same rows */
    int threads, d;
    size_t n;
    int64_t first; /* global number of row 0 */
    const int32_t *index;
    const uint64_t *key;
    const int64_t *weight; /* [n], at least 0; NULL: 1 each */
    const double *step;
    double *distance; /* [n] squared distance to the nearest centre so far */
} rfm_pool;

rfm_pool rfm_pool_of(rfm_work *work);

static inline int64_t rfm_pool_weight(const rfm_pool *pool, size_t i)
{
    return pool->weight ? pool->weight[i] : 1;
}

/* The least value and, among equals, the lowest row. Nothing found: row RFM_POOL_NONE. */
typedef struct rfm_pick {
    double value;
    int64_t row; /* global */
} rfm_pick;

#define RFM_POOL_NONE INT64_MAX

static inline void rfm_pick_offer(rfm_pick *pick, double value, int64_t row)
{
    if (value < pick->value || (value == pick->value && row < pick->row))
        *pick = (rfm_pick){value, row};
}

/* Collective: the best of all ranks' picks, n <= RFM_TRIALS_MOST of them. */
void rfm_pool_agree(const rfm_pool *pool, rfm_pick *picks, int n);

/* Collective: the indices of picked rows, words [n * d]. */
void rfm_pool_fetch(const rfm_pool *pool, const rfm_pick *picks, int n, int64_t *words);

/* Local: the rows of this value get this distance. value: [d] indices. */
void rfm_pool_mark(const rfm_pool *pool, const int64_t *value, double distance);

/* Local number of a global row, or pool->n where it is not held. */
static inline size_t rfm_pool_local(const rfm_pool *pool, int64_t row)
{
    return row >= pool->first && row - pool->first < (int64_t)pool->n ? (size_t)(row - pool->first) : pool->n;
}

/* Collective over the pool. */
double rfm_pool_most(const rfm_pool *pool, double value);
void rfm_pool_sum(const rfm_pool *pool, rfm_i128 *values, int n);

/* Collective. The exponential race: every row of weight w > 0 and distance D > 0 draws -ln(u) / (w D); the least wins.
 * One race a trial, picks [trials]. first: D is taken as 1 (no centre yet). */
void rfm_pool_race(const rfm_pool *pool, bool first, const uint64_t *streams, int trials, rfm_pick *picks);

#endif
