/* Plain random rows: every row draws a number, the k least of distinct value are the centroids. With weights the
 * numbers are those of the exponential race. */
#include <math.h>

#include "seeding.h"

static rfm_pick find_least(const rfm_pool *pool)
{
    rfm_pick least = {HUGE_VAL, RFM_POOL_NONE};
    for (size_t i = 0; i < pool->n; i++)
        if (pool->distance[i] < HUGE_VAL)
            rfm_pick_offer(&least, pool->distance[i], pool->first + (int64_t)i);
    rfm_pool_agree(pool, &least, 1);
    return least;
}

static double draw_number(const rfm_pool *pool, size_t i, uint64_t stream)
{
    const double u = rfm_random_unit(stream, pool->key[i]);
    return pool->weight ? -rfm_ln(u) / (double)pool->weight[i] : u;
}

void rfm_seed_random(rfm_seeder *seeder, int *k, double *centroids)
{
    rfm_pool pool = rfm_pool_of(seeder->work);
    uint64_t stream = rfm_seeder_stream(seeder, RFM_RANDOM_ROWS, 0, 0);
    for (size_t i = 0; i < pool.n; i++)
        pool.distance[i] = draw_number(&pool, i, stream);
    for (*k = 0; *k < seeder->options->k; ++*k) {
        rfm_pick least = find_least(&pool);
        if (least.row == RFM_POOL_NONE)
            return;
        rfm_pool_fetch(&pool, &least, 1, seeder->words);
        rfm_seeder_position(seeder, 0, centroids + (size_t)*k * (size_t)pool.d);
        rfm_pool_mark(&pool, seeder->words, HUGE_VAL); /* out of the draw */
    }
}
