/* Empty clusters. Each, in the order of their numbers, takes the row that is farthest from its centroid (by the
 * definition; ties: the lowest global row) among the rows that
 *   - are off their centroid,
 *   - differ in value from every row taken in this call,
 *   - weigh something, and not all that their cluster does.
 * When no such row is left, the clusters that are still empty are dropped. So it ends on every input. Knows nothing of
 * how clusters came to be empty. */
#include <math.h>
#include <string.h>

#include "pool.h"

static bool may_leave(const rfm_work *work, const rfm_pool *pool, size_t i)
{
    const int64_t weight = rfm_pool_weight(pool, i);
    return weight > 0 && weight < rfm_sums_count(&work->sums, work->labels[i]);
}

static rfm_pick find_farthest(const rfm_work *work, const rfm_pool *pool)
{
    rfm_pick farthest = {HUGE_VAL, RFM_POOL_NONE};
#pragma omp parallel num_threads(pool->threads)
    {
        rfm_pick mine = {HUGE_VAL, RFM_POOL_NONE};
#pragma omp for schedule(static) nowait
        for (size_t i = 0; i < pool->n; i++)
            if (pool->distance[i] > 0 && may_leave(work, pool, i))
                rfm_pick_offer(&mine, -pool->distance[i], pool->first + (int64_t)i);
#pragma omp critical
        rfm_pick_offer(&farthest, mine.value, mine.row);
    }
    rfm_pool_agree(pool, &farthest, 1);
    return farthest;
}

/* The row's value becomes the sums of cluster c; its old cluster gives it up. */
static void move_row(rfm_work *work, const rfm_pool *pool, rfm_pick farthest, int c)
{
    int64_t *fresh = rfm_sums_of(&work->sums, c), from[2] = {0, 0}; /* label and weight */
    size_t at = rfm_pool_local(pool, farthest.row), d = (size_t)pool->d;
    rfm_pool_fetch(pool, &farthest, 1, fresh);
    rfm_pool_mark(pool, fresh, 0); /* rows of this value are not taken again in this call */
    if (at < pool->n) {
        from[0] = work->labels[at];
        from[1] = rfm_pool_weight(pool, at);
        work->labels[at] = c;
    }
    rfm_comm_reduce_i64(work->comm, RFM_SUM, from, 2);
    for (size_t j = 0; j < d; j++) {
        const int64_t index = fresh[j];
        fresh[j] = 0;
        rfm_sums_add(&work->sums, c, (int)j, from[1] * index);
    }
    fresh[d] = from[1];
    int64_t *old = rfm_sums_of(&work->sums, (int)from[0]);
    for (size_t w = 0; w < work->sums.stride; w++)
        old[w] -= fresh[w];
}

/* moved: [k] where each cluster went. */
static int close_gaps(rfm_work *work, int k, double *centroids)
{
    size_t d = (size_t)work->matrix->d, stride = work->sums.stride;
    int32_t *moved = (int32_t *)(void *)work->thread_words; /* idle between passes, and larger than k */
    int left = 0;
    for (int c = 0; c < k; c++) {
        moved[c] = 0; /* rows that weigh nothing: the next pass has a label for them */
        if (rfm_sums_count(&work->sums, c) == 0)
            continue;
        moved[c] = left;
        memmove(rfm_sums_of(&work->sums, left), rfm_sums_of(&work->sums, c), stride * sizeof(int64_t));
        memmove(centroids + (size_t)left * d, centroids + (size_t)c * d, d * sizeof *centroids);
        left++;
    }
    for (size_t i = 0; i < work->matrix->n; i++)
        work->labels[i] = moved[work->labels[i]];
    return left;
}

int64_t rfm_refill_clusters(rfm_work *work, int *k, double *centroids)
{
    rfm_pool pool = rfm_pool_of(work);
    int64_t moved = 0;
    bool empty = false;
    work->fresh = true; /* labels change here, and sums that are not this rank's */
    work->summed = false;
    rfm_label_distances(work->matrix, work->labels, centroids, work->distance);
    for (int c = 0; c < *k; c++) {
        if (rfm_sums_count(&work->sums, c) > 0)
            continue;
        rfm_pick farthest = find_farthest(work, &pool);
        empty = farthest.row == RFM_POOL_NONE;
        if (empty)
            break;
        move_row(work, &pool, farthest, c);
        moved++;
    }
    if (empty)
        *k = close_gaps(work, *k, centroids);
    return moved + (empty && pool.weight);
}
