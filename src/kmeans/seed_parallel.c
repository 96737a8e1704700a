/* k-means|| (Bahmani et al., VLDB 2012). In each round every row becomes a candidate with probability oversampling k D
 * / phi, with D its squared distance to the nearest candidate and phi the sum of D. Candidates are weighted by the
 * number of rows nearest to them, and every rank runs the same weighted greedy k-means++ on all of them. When there are
 * no more candidates than clusters, all serve, and k-means++ over the rows adds what is missing.
 *
 * A candidate travels as its key (8 bytes) and its d indices (4 bytes each). Knows nothing of the loop that follows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "definition.h"
#include "nearer.h"
#include "progress.h"
#include "seeding.h"

typedef struct candidates {
    size_t n, d;
    size_t index_capacity, key_capacity;
    int32_t *index;   /* [n * d] */
    uint64_t *key;    /* [n] */
    int64_t *weight;  /* [n] */
    double *distance; /* [n] */
    rfm_nearer nearer;
    double *positions; /* [nearer.most * d] of the group in hand */
} candidates;

static void free_candidates(candidates *list)
{
    free(list->index);
    free(list->key);
    free(list->weight);
    free(list->distance);
    rfm_nearer_close(&list->nearer);
    free(list->positions);
}

static bool is_known(const candidates *list, size_t from, const int32_t *index)
{
    for (size_t i = from; i < list->n; i++)
        if (memcmp(list->index + i * list->d, index, list->d * sizeof *index) == 0)
            return true;
    return false;
}

/* Rows off all candidates: only those of the same round can be equal. */
static rfm_status add_records(candidates *list, const unsigned char *bytes, size_t n_bytes, rfm_error *err)
{
    size_t size = sizeof(uint64_t) + list->d * sizeof(int32_t), n = n_bytes / size, from = list->n;
    if (n > INT32_MAX - list->n) /* a row keeps the number of its nearest */
        return rfm_fail(err, RFM_NO_MEMORY, "k-means||: more than 2^31 candidates; lower cluster.oversampling");
    if (rfm_reserve(&list->index, &list->index_capacity, (list->n + n) * list->d, sizeof *list->index, err) != RFM_OK ||
        rfm_reserve(&list->key, &list->key_capacity, list->n + n, sizeof *list->key, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < n; i++) {
        int32_t *index = list->index + list->n * list->d;
        memcpy(index, bytes + i * size + sizeof(uint64_t), list->d * sizeof *index);
        if (is_known(list, from, index))
            continue;
        memcpy(list->key + list->n, bytes + i * size, sizeof *list->key);
        list->n++;
    }
    return RFM_OK;
}

static void pack_row(const rfm_matrix *matrix, size_t i, rfm_text *records)
{
    size_t d = (size_t)matrix->d;
    rfm_text_add(records, matrix->key + i, sizeof *matrix->key);
    rfm_text_add(records, matrix->index + i * d, d * sizeof *matrix->index);
}

/* Collective. The records of all ranks, in the order of the rows, become candidates. */
static rfm_status share_records(const rfm_seeder *seeder, const rfm_text *records, candidates *list, rfm_error *err)
{
    void *all = NULL;
    size_t *offsets = NULL;
    rfm_comm *comm = seeder->work->comm;
    rfm_text_check(records, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        return err->status;
    if (rfm_comm_allgather_bytes(comm, records->bytes, records->length, &all, &offsets, err) != RFM_OK)
        return err->status;
    add_records(list, all, offsets[rfm_comm_size(comm)], err);
    free(all);
    free(offsets);
    return rfm_comm_agree(comm, err);
}

/* Distances and nearest candidates after the candidates from `first` on have joined. */
static void come_closer(rfm_seeder *seeder, const rfm_pool *pool, const candidates *list, size_t first)
{
    const size_t d = list->d, most = (size_t)list->nearer.most;
    for (size_t from = first; from < list->n; from += most) {
        const size_t n = list->n - from < most ? list->n - from : most;
        for (size_t c = 0; c < n; c++)
            rfm_definition_position(pool->d, pool->step, list->index + (from + c) * d, list->positions + c * d);
        rfm_nearer_join(&list->nearer, (int)n, list->positions, (int32_t)from, pool->distance, seeder->nearest);
    }
}

/* D, as in the head of this file. */
static double weigh(const rfm_pool *pool, size_t i)
{
    return (double)rfm_pool_weight(pool, i) * pool->distance[i];
}

/* Collective. The sum of all D, whatever their order. */
static double measure_cost(const rfm_pool *pool, double most)
{
    int exponent = rfm_quantum_exponent(most);
    rfm_i128 cost = 0;
#pragma omp parallel num_threads(pool->threads)
    {
        rfm_i128 mine = 0;
#pragma omp for schedule(static) nowait
        for (size_t i = 0; i < pool->n; i++)
            mine += rfm_quantum_round(weigh(pool, i), exponent);
#pragma omp critical
        cost += mine;
    }
    rfm_pool_sum(pool, &cost, 1);
    return rfm_quantum_value(cost, exponent);
}

/* Marks the rows drawn by the complement of their nearest candidate, so that they are then found in order. */
static void draw_rows(const rfm_seeder *seeder, const rfm_pool *pool, uint32_t round, double cost)
{
    uint64_t stream = rfm_seeder_stream(seeder, RFM_RANDOM_OVERSAMPLE, round, 0);
    double share = seeder->options->oversampling * seeder->options->k;
#pragma omp parallel for num_threads(pool->threads) schedule(static)
    for (size_t i = 0; i < pool->n; i++) {
        double distance = weigh(pool, i);
        if (distance > 0 && rfm_random_unit(stream, pool->key[i]) < share * (distance / cost))
            seeder->nearest[i] = ~seeder->nearest[i];
    }
}

static rfm_status run_round(rfm_seeder *seeder, const rfm_pool *pool, uint32_t round, candidates *list, rfm_error *err)
{
    rfm_text records = {0};
    size_t first = list->n;
    double most = rfm_plusplus_most(pool);
    if (!(most > 0))
        return RFM_OK;
    draw_rows(seeder, pool, round, measure_cost(pool, most));
    for (size_t i = 0; i < pool->n; i++) {
        if (seeder->nearest[i] >= 0)
            continue;
        seeder->nearest[i] = ~seeder->nearest[i];
        pack_row(seeder->work->matrix, i, &records);
    }
    share_records(seeder, &records, list, err);
    rfm_text_free(&records);
    if (err->status == RFM_OK)
        come_closer(seeder, pool, list, first);
    return err->status;
}

/* The first candidate is a row drawn evenly; it travels like the others, for its key. */
static rfm_status draw_first(rfm_seeder *seeder, const rfm_pool *pool, candidates *list, rfm_error *err)
{
    uint64_t stream = rfm_seeder_stream(seeder, RFM_RANDOM_FIRST, 0, 0);
    rfm_text records = {0};
    rfm_pick pick;
    rfm_pool_race(pool, true, &stream, 1, &pick);
    size_t at = rfm_pool_local(pool, pick.row);
    if (at < pool->n)
        pack_row(seeder->work->matrix, at, &records);
    share_records(seeder, &records, list, err);
    rfm_text_free(&records);
    for (size_t i = 0; i < pool->n; i++) {
        pool->distance[i] = HUGE_VAL;
        seeder->nearest[i] = 0;
    }
    if (err->status == RFM_OK)
        come_closer(seeder, pool, list, 0);
    return err->status;
}

static rfm_status weigh_candidates(const rfm_seeder *seeder, const rfm_pool *pool, candidates *list, rfm_error *err)
{
    rfm_comm *comm = seeder->work->comm;
    list->weight = rfm_alloc(list->n, sizeof *list->weight, err);
    list->distance = rfm_alloc(list->n, sizeof *list->distance, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < pool->n; i++)
        list->weight[seeder->nearest[i]] += rfm_pool_weight(pool, i);
    rfm_comm_reduce_i64(comm, RFM_SUM, list->weight, list->n);
    return RFM_OK;
}

/* The same on every rank: no communication. */
static rfm_status choose_centres(const rfm_seeder *seeder, const candidates *list, int *k, double *centroids,
                                 rfm_error *err)
{
    const rfm_matrix *matrix = seeder->work->matrix;
    rfm_pool pool = {.threads = list->n < RFM_POOL_SHARE ? 1 : seeder->work->threads,
                     .d = matrix->d,
                     .n = list->n,
                     .index = list->index,
                     .key = list->key,
                     .weight = list->weight,
                     .step = matrix->grid->step,
                     .distance = list->distance};
    *k = rfm_plusplus_first(seeder, &pool, RFM_RANDOM_CANDIDATE, centroids) ? 1 : 0;
    return rfm_plusplus_extend(seeder, &pool, RFM_RANDOM_CANDIDATE, k, centroids, err);
}

static rfm_status draw_candidates(rfm_seeder *seeder, const rfm_pool *pool, candidates *list, rfm_error *err)
{
    /* A round draws about so many; a fifth more come in one group. */
    rfm_nearer_open(seeder->work, 1.2 * seeder->options->oversampling * seeder->options->k, &list->nearer, err);
    list->positions = rfm_alloc((size_t)list->nearer.most, list->d * sizeof *list->positions, err);
    if (rfm_comm_agree(seeder->work->comm, err) != RFM_OK || draw_first(seeder, pool, list, err) != RFM_OK)
        return err->status;
    for (int round = 0; round < seeder->options->rounds; round++)
        if (rfm_progress_heed_seeding(seeder->work, err) != RFM_OK ||
            run_round(seeder, pool, (uint32_t)round, list, err) != RFM_OK)
            return err->status;
    return RFM_OK;
}

rfm_status rfm_seed_parallel(rfm_seeder *seeder, int *k, double *centroids, rfm_error *err)
{
    rfm_pool pool = rfm_pool_of(seeder->work);
    candidates list = {.d = (size_t)pool.d};
    if (draw_candidates(seeder, &pool, &list, err) != RFM_OK)
        goto done;
    rfm_log(RFM_LOG_DEBUG, "k-means||: %zu candidates", list.n);
    if (list.n > (size_t)seeder->options->k) {
        if (weigh_candidates(seeder, &pool, &list, err) == RFM_OK)
            choose_centres(seeder, &list, k, centroids, err);
    } else {
        *k = (int)list.n;
        for (size_t c = 0; c < list.n; c++)
            rfm_definition_position(pool.d, pool.step, list.index + c * list.d, centroids + c * list.d);
        rfm_plusplus_extend(seeder, &pool, RFM_RANDOM_NEXT, k, centroids, err);
    }
done:
    free_candidates(&list);
    return err->status;
}
