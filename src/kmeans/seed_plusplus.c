/* Greedy k-means++ over a pool of weighted rows (Arthur and Vassilvitskii, SODA 2007; several trials a centre as in
 * their section 7): 2 + floor(ln k) rows are drawn with probability proportional to their squared distance, and the one
 * that leaves the least sum of squared distances becomes a centre. The sums are of rounded terms in 128 bits, so their
 * order is of no account. Knows nothing of the loop that follows. */
#include <math.h>
#include <omp.h>

#include "definition.h"
#include "progress.h"
#include "seeding.h"

double rfm_plusplus_most(const rfm_pool *pool)
{
    double most = 0;
#pragma omp parallel for num_threads(pool->threads) schedule(static) reduction(max : most)
    for (size_t i = 0; i < pool->n; i++) {
        double value = (double)rfm_pool_weight(pool, i) * pool->distance[i];
        most = value > most ? value : most;
    }
    return rfm_pool_most(pool, most);
}

static void come_closer(const rfm_pool *pool, const double *centroid)
{
#pragma omp parallel for num_threads(pool->threads) schedule(static)
    for (size_t i = 0; i < pool->n; i++) {
        const int32_t *row = pool->index + i * (size_t)pool->d;
        double distance = rfm_definition_row_distance(pool->d, pool->step, row, centroid);
        pool->distance[i] = distance < pool->distance[i] ? distance : pool->distance[i];
    }
}

bool rfm_plusplus_first(const rfm_seeder *seeder, const rfm_pool *pool, rfm_random_use use, double *centroid)
{
    uint64_t stream = rfm_seeder_stream(seeder, use, 0, 0);
    rfm_pick pick;
    rfm_pool_race(pool, true, &stream, 1, &pick);
    if (pick.row == RFM_POOL_NONE)
        return false;
    rfm_pool_fetch(pool, &pick, 1, seeder->words);
    rfm_seeder_position(seeder, 0, centroid);
#pragma omp parallel for num_threads(pool->threads) schedule(static)
    for (size_t i = 0; i < pool->n; i++)
        pool->distance[i] = HUGE_VAL;
    come_closer(pool, centroid);
    return true;
}

/* What each trial would leave, of this thread's rows. */
static void add_potentials(const rfm_seeder *seeder, const rfm_pool *pool, int exponent, rfm_i128 *potential)
{
    int trials = seeder->trials, d = pool->d;
    double *position = seeder->scratch + (size_t)omp_get_thread_num() * (size_t)(d + trials);
    double *distance = position + d;
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < pool->n; i++) {
        rfm_definition_position(d, pool->step, pool->index + i * (size_t)d, position);
        rfm_definition_distances(trials, d, position, seeder->transposed, distance);
        for (int t = 0; t < trials; t++) {
            double left = distance[t] < pool->distance[i] ? distance[t] : pool->distance[i];
            potential[t] += rfm_quantum_round((double)rfm_pool_weight(pool, i) * left, exponent);
        }
    }
}

/* The trial that leaves the least; ties: the first. */
static int choose_trial(const rfm_seeder *seeder, const rfm_pool *pool, double most)
{
    int trials = seeder->trials, exponent = rfm_quantum_exponent(most), best = 0;
    rfm_i128 potential[RFM_TRIALS_MOST] = {0};
    rfm_definition_transpose(trials, pool->d, seeder->trial, seeder->transposed);
#pragma omp parallel num_threads(pool->threads)
    {
        rfm_i128 mine[RFM_TRIALS_MOST] = {0};
        add_potentials(seeder, pool, exponent, mine);
#pragma omp critical
        for (int t = 0; t < trials; t++)
            potential[t] += mine[t];
    }
    rfm_pool_sum(pool, potential, trials);
    for (int t = 1; t < trials; t++)
        best = potential[t] < potential[best] ? t : best;
    return best;
}

static bool add_centre(const rfm_seeder *seeder, const rfm_pool *pool, rfm_random_use use, int number, double *centroid)
{
    size_t d = (size_t)pool->d;
    uint64_t streams[RFM_TRIALS_MOST];
    rfm_pick picks[RFM_TRIALS_MOST];
    double most = rfm_plusplus_most(pool);
    if (!(most > 0))
        return false;
    for (int t = 0; t < seeder->trials; t++)
        streams[t] = rfm_seeder_stream(seeder, use, (uint32_t)number, (uint32_t)t);
    rfm_pool_race(pool, false, streams, seeder->trials, picks);
    rfm_pool_fetch(pool, picks, seeder->trials, seeder->words);
    for (int t = 0; t < seeder->trials; t++)
        rfm_seeder_position(seeder, t, seeder->trial + (size_t)t * d);
    int best = choose_trial(seeder, pool, most);
    for (size_t j = 0; j < d; j++)
        centroid[j] = seeder->trial[(size_t)best * d + j];
    come_closer(pool, centroid);
    return true;
}

rfm_status rfm_plusplus_extend(const rfm_seeder *seeder, const rfm_pool *pool, rfm_random_use use, int *n,
                               double *centroids, rfm_error *err)
{
    while (*n > 0 && *n < seeder->options->k) {
        if (pool->comm && rfm_progress_heed_seeding(seeder->work, err) != RFM_OK)
            return err->status;
        if (!add_centre(seeder, pool, use, *n, centroids + (size_t)*n * (size_t)pool->d))
            return RFM_OK;
        ++*n;
    }
    return RFM_OK;
}
