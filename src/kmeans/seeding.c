/* Which seeding runs, and the memory they share. */
#include "seeding.h"

#include <stdlib.h>
#include <string.h>

void rfm_seeder_free(rfm_seeder *seeder)
{
    free(seeder->words);
    free(seeder->trial);
    free(seeder->transposed);
    free(seeder->scratch);
    free(seeder->nearest);
    memset(seeder, 0, sizeof *seeder);
}

rfm_status rfm_seeder_init(rfm_work *work, const rfm_kmeans_options *options, rfm_seeder *seeder, rfm_error *err)
{
    size_t d = (size_t)work->matrix->d;
    bool parallel = options->seeding == RFM_SEEDING_PARALLEL;
    memset(seeder, 0, sizeof *seeder);
    seeder->work = work;
    seeder->options = options;
    seeder->trials = 2 + (int)rfm_ln(options->k);
    size_t trials = (size_t)seeder->trials;
    seeder->words = rfm_alloc(trials, d * sizeof *seeder->words, err);
    seeder->trial = rfm_alloc(trials, d * sizeof *seeder->trial, err);
    seeder->transposed = rfm_alloc(trials, d * sizeof *seeder->transposed, err);
    seeder->scratch = rfm_alloc((size_t)work->threads, (d + trials) * sizeof *seeder->scratch, err);
    seeder->nearest = rfm_alloc(parallel ? work->matrix->n : 0, sizeof *seeder->nearest, err);
    if (rfm_comm_agree(work->comm, err) != RFM_OK)
        rfm_seeder_free(seeder);
    return err->status;
}

uint64_t rfm_seeder_stream(const rfm_seeder *seeder, rfm_random_use use, uint32_t round, uint32_t trial)
{
    rfm_purpose purpose = {use, (uint32_t)seeder->options->k, seeder->restart, round, trial};
    return rfm_random_stream(seeder->options->seed, purpose);
}

void rfm_seeder_position(const rfm_seeder *seeder, int trial, double *position)
{
    const rfm_grid *grid = seeder->work->matrix->grid;
    const int64_t *words = seeder->words + (size_t)trial * (size_t)grid->d;
    for (int j = 0; j < grid->d; j++)
        position[j] = (double)words[j] * grid->step[j];
}

static void take_given(const rfm_seeder *seeder, int *k, double *centroids)
{
    const rfm_grid *grid = seeder->work->matrix->grid;
    size_t d = (size_t)grid->d;
    *k = seeder->options->k;
    for (size_t c = 0; c < (size_t)*k; c++)
        for (size_t j = 0; j < d; j++)
            centroids[c * d + j] = seeder->options->given[c * d + j] - grid->offset[j];
}

static rfm_status run_plusplus(const rfm_seeder *seeder, int *k, double *centroids, rfm_error *err)
{
    rfm_pool pool = rfm_pool_of(seeder->work);
    *k = rfm_plusplus_first(seeder, &pool, RFM_RANDOM_FIRST, centroids) ? 1 : 0;
    return rfm_plusplus_extend(seeder, &pool, RFM_RANDOM_NEXT, k, centroids, err);
}

rfm_status rfm_seeder_run(rfm_seeder *seeder, int restart, int *k, double *centroids, rfm_error *err)
{
    seeder->restart = (uint32_t)restart;
    *k = 0;
    switch (seeder->options->seeding) {
    case RFM_SEEDING_GIVEN:
        take_given(seeder, k, centroids);
        return RFM_OK;
    case RFM_SEEDING_RANDOM:
        rfm_seed_random(seeder, k, centroids);
        return RFM_OK;
    case RFM_SEEDING_PLUSPLUS:
        return run_plusplus(seeder, k, centroids, err);
    case RFM_SEEDING_PARALLEL:
        break;
    }
    return rfm_seed_parallel(seeder, k, centroids, err);
}
