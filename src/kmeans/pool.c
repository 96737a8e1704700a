/* Choosing rows together. A random choice is keyed by the row's key and depends neither on ranks nor on the order of
 * the rows. */
#include "pool.h"

#include <math.h>

rfm_pool rfm_pool_of(rfm_work *work)
{
    const rfm_matrix *matrix = work->matrix;
    size_t threads = 1 + matrix->n / RFM_POOL_SHARE;
    return (rfm_pool){.comm = work->comm,
                      .threads = threads < (size_t)work->threads ? (int)threads : work->threads,
                      .d = matrix->d,
                      .n = matrix->n,
                      .first = matrix->first,
                      .index = matrix->index,
                      .key = matrix->key,
                      .weight = matrix->weights.units,
                      .step = matrix->grid->step,
                      .distance = work->distance};
}

void rfm_pool_agree(const rfm_pool *pool, rfm_pick *picks, int n)
{
    double values[RFM_TRIALS_MOST];
    int64_t rows[RFM_TRIALS_MOST];
    if (!pool->comm)
        return;
    for (int t = 0; t < n; t++)
        values[t] = picks[t].value;
    rfm_comm_reduce_f64(pool->comm, RFM_MIN, values, (size_t)n);
    for (int t = 0; t < n; t++)
        rows[t] = picks[t].value == values[t] ? picks[t].row : RFM_POOL_NONE;
    rfm_comm_reduce_i64(pool->comm, RFM_MIN, rows, (size_t)n);
    for (int t = 0; t < n; t++)
        picks[t] = (rfm_pick){values[t], rows[t]};
}

void rfm_pool_fetch(const rfm_pool *pool, const rfm_pick *picks, int n, int64_t *words)
{
    size_t d = (size_t)pool->d;
    for (int t = 0; t < n; t++) {
        size_t at = rfm_pool_local(pool, picks[t].row);
        for (size_t j = 0; j < d; j++)
            words[(size_t)t * d + j] = at < pool->n ? pool->index[at * d + j] : 0;
    }
    if (pool->comm)
        rfm_comm_reduce_i64(pool->comm, RFM_SUM, words, (size_t)n * d);
}

void rfm_pool_mark(const rfm_pool *pool, const int64_t *value, double distance)
{
    size_t d = (size_t)pool->d;
#pragma omp parallel for num_threads(pool->threads) schedule(static)
    for (size_t i = 0; i < pool->n; i++) {
        size_t j = 0;
        while (j < d && pool->index[i * d + j] == value[j])
            j++;
        if (j == d)
            pool->distance[i] = distance;
    }
}

double rfm_pool_most(const rfm_pool *pool, double value)
{
    if (pool->comm)
        rfm_comm_reduce_f64(pool->comm, RFM_MAX, &value, 1);
    return value;
}

void rfm_pool_sum(const rfm_pool *pool, rfm_i128 *values, int n)
{
    if (pool->comm)
        rfm_comm_sum_i128(pool->comm, values, (size_t)n);
}

/* -ln(u) >= 1 - u, so most rows lose without their logarithm being taken; the margin covers all rounding. */
static void offer_row(const rfm_pool *pool, size_t i, double weight, uint64_t stream, rfm_pick *pick)
{
    double u = rfm_random_unit(stream, pool->key[i]);
    if (1 - u > pick->value * weight * (1 + 1e-9))
        return;
    rfm_pick_offer(pick, -rfm_ln(u) / weight, pool->first + (int64_t)i);
}

static void race_rows(const rfm_pool *pool, bool first, const uint64_t *streams, int trials, rfm_pick *picks)
{
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < pool->n; i++) {
        double weight = first ? 1 : pool->distance[i];
        if (pool->weight)
            weight *= (double)pool->weight[i];
        for (int t = 0; weight > 0 && t < trials; t++)
            offer_row(pool, i, weight, streams[t], picks + t);
    }
}

void rfm_pool_race(const rfm_pool *pool, bool first, const uint64_t *streams, int trials, rfm_pick *picks)
{
    for (int t = 0; t < trials; t++)
        picks[t] = (rfm_pick){HUGE_VAL, RFM_POOL_NONE};
#pragma omp parallel num_threads(pool->threads)
    {
        rfm_pick mine[RFM_TRIALS_MOST];
        for (int t = 0; t < trials; t++)
            mine[t] = (rfm_pick){HUGE_VAL, RFM_POOL_NONE};
        race_rows(pool, first, streams, trials, mine);
#pragma omp critical
        for (int t = 0; t < trials; t++)
            rfm_pick_offer(picks + t, mine[t].value, mine[t].row);
    }
    rfm_pool_agree(pool, picks, trials);
}
