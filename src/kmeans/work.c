/* The memory of a fit. Knows no algorithm. */
#include "work.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_ROWS = 1024 }; /* of a block that has been made smaller, so that every thread has one */

void rfm_work_free(rfm_work *work)
{
    if (work->state)
        work->assigner->close(work->state);
    free(work->centre);
    free(work->totals);
    free(work->squares);
    free(work->sums.words);
    free(work->local.words);
    free(work->thread_words);
    rfm_moves_room_close(&work->moves);
    free(work->labels);
    free(work->distance);
    memset(work, 0, sizeof *work);
}

static rfm_status allocate(rfm_work *work, rfm_error *err)
{
    size_t d = (size_t)work->matrix->d, k = (size_t)work->k_most, n = work->matrix->n;
    size_t threads = (size_t)work->threads;
    work->sums = rfm_sums_shape(work->matrix->d, work->matrix->weights.units != NULL);
    if (k > (SIZE_MAX / 64 - 64) / work->sums.stride)
        return rfm_fail(err, RFM_NO_MEMORY, "%zu clusters of %zu columns do not fit in memory", k, d);
    work->local = work->sums;
    work->thread_stride = (k * work->sums.stride + RFM_SUMS_MORE + 7) / 8 * 8 + 8; /* threads share no cache line */
    work->centre = rfm_alloc(d, sizeof *work->centre, err);
    work->totals = rfm_alloc(d, sizeof *work->totals, err);
    work->squares = rfm_alloc(d, sizeof *work->squares, err);
    work->sums.words = rfm_alloc(work->thread_stride, sizeof *work->sums.words, err);
    work->local.words = rfm_alloc(work->thread_stride, sizeof *work->local.words, err);
    work->thread_words = rfm_alloc(threads, work->thread_stride * sizeof *work->thread_words, err);
    rfm_moves_room_open(&work->moves, work->threads, work->rows, err);
    work->labels = rfm_alloc(n, sizeof *work->labels, err);
    work->distance = rfm_alloc(n, sizeof *work->distance, err);
    return err->status;
}

/* The mean of each column, away from the ends of int32 so that differences from it cannot overflow. */
static void choose_centre(rfm_work *work)
{
    int64_t n = work->matrix->weights.total;
    for (int j = 0; j < work->matrix->d; j++) {
        int64_t mean = n > 0 ? (int64_t)(work->totals[j] / n) : 0, end = (INT64_C(1) << 30) - 1;
        work->centre[j] = (int32_t)(mean > end ? end : mean < -end ? -end : mean);
    }
}

/* Centroids of a pass at most: of k-means|| also the candidates of a round, about oversampling * k, where they are few.
 */
static int most_centroids(const rfm_kmeans_options *options)
{
    enum { FEW = 64 };
    const double round = 1.5 * options->oversampling * options->k;
    if (options->seeding != RFM_SEEDING_PARALLEL || options->k < 2 || options->k > FEW || !(round > options->k))
        return options->k;
    return round < FEW ? (int)round : FEW;
}

rfm_status rfm_work_init(rfm_comm *comm, const rfm_matrix *matrix, const rfm_kmeans_options *options, rfm_work *work,
                         rfm_error *err)
{
    const int k = most_centroids(options);
    memset(work, 0, sizeof *work);
    work->comm = comm;
    work->matrix = matrix;
    work->progress = options->progress;
    work->k_most = k;
    work->threads = rfm_kmeans_threads();
    work->assigner = rfm_assigner_choose(options->algorithm, matrix->d, k);
    work->rows = work->assigner->rows(matrix->d, k);
    while (work->rows > LEAST_ROWS && matrix->n < (size_t)work->threads * work->rows)
        work->rows = work->rows / 2 / 64 * 64;
    if (matrix->n < (size_t)work->threads * work->rows) /* a block each, or no thread at all */
        work->threads = (int)((matrix->n + work->rows) / work->rows);
    allocate(work, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        goto done;
    rfm_sums_moments(work);
    choose_centre(work);
    const rfm_assignment assignment = {matrix->grid, work->centre, k, work->threads, work->rows, matrix->n};
    work->assigner->open(&assignment, &work->state, err);
    rfm_comm_agree(comm, err);
done:
    if (err->status != RFM_OK)
        rfm_work_free(work);
    return err->status;
}

int rfm_kmeans_threads(void)
{
    return omp_get_max_threads();
}

int rfm_kmeans_processors(void)
{
    return omp_get_num_procs();
}
