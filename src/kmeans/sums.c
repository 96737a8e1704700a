/* One pass over the rows: labels from the assigner, integer sums of the rows by label, changed by those that moved.
 * Integers make the result the same however the rows are spread over threads and ranks, and however often they were
 * added and taken away. Knows nothing of what the centroids are for. */
#include <omp.h>
#include <string.h>

#include "progress.h"

enum { AHEAD = 12 };

static void add_row(const int32_t *restrict index, size_t d, int64_t *restrict word)
{
    for (size_t j = 0; j < d; j++)
        word[j] += index[j];
    word[d]++;
}

static void take_row(const int32_t *restrict index, size_t d, int64_t *restrict word)
{
    for (size_t j = 0; j < d; j++)
        word[j] -= index[j];
    word[d]--;
}

static void move_rows(const rfm_block *block, const rfm_moves *moves, const int32_t *labels, size_t d, int64_t *words)
{
    for (size_t m = 0; m < moves->n; m++) {
        const int32_t *index = block->index + moves->row[m] * d;
        if (m + AHEAD < moves->n) /* rows that moved are anywhere in memory */
            __builtin_prefetch(block->index + moves->row[m + AHEAD] * d);
        take_row(index, d, words + (size_t)moves->from[m] * (d + 1));
        add_row(index, d, words + (size_t)labels[moves->row[m]] * (d + 1));
    }
}

/* sign: 1, or -1 to take away what was added. */
static void weigh_row(const int32_t *restrict index, int64_t weight, size_t d, int64_t sign, int64_t *restrict word)
{
    for (size_t j = 0; j < d; j++) {
        const int64_t product = weight * index[j];
        word[j] += sign * (product & ((1 << RFM_SUMS_LOW) - 1));
        word[d + 1 + j] += sign * (product >> RFM_SUMS_LOW);
    }
    word[d] += sign * weight;
}

/* The same for rows with weights. Returns how many moves were of rows that weigh something. */
static int64_t weigh_block(const rfm_work *work, const rfm_block *block, const rfm_moves *moves, const int32_t *labels,
                           int64_t *words)
{
    const int64_t *weight = work->matrix->weights.units + block->first;
    const size_t d = (size_t)work->matrix->d, stride = work->sums.stride;
    int64_t n_moves = 0;
    for (size_t i = 0; !work->summed && i < block->n; i++)
        weigh_row(block->index + i * d, weight[i], d, 1, words + (size_t)labels[i] * stride);
    for (size_t m = 0; m < moves->n; m++) {
        const size_t i = moves->row[m];
        n_moves += weight[i] > 0;
        if (!work->summed)
            continue;
        weigh_row(block->index + i * d, weight[i], d, -1, words + (size_t)moves->from[m] * stride);
        weigh_row(block->index + i * d, weight[i], d, 1, words + (size_t)labels[i] * stride);
    }
    return n_moves;
}

/* words: where sums change. Returns how many labels changed. */
static int64_t pass_block(rfm_work *work, size_t number, int64_t *words)
{
    size_t first = number * work->rows, n = work->matrix->n - first, d = (size_t)work->matrix->d;
    int thread = omp_get_thread_num();
    const rfm_block block = {thread, first, n < work->rows ? n : work->rows, rfm_work_row(work, first)};
    rfm_moves moves = rfm_moves_of(&work->moves, thread);
    int32_t *labels = work->labels + first;
    work->assigner->assign(work->state, &block, labels, &moves);
    if (work->sums.weighted)
        return weigh_block(work, &block, &moves, labels, words);
    if (work->summed)
        move_rows(&block, &moves, labels, d, words);
    else
        for (size_t i = 0; i < block.n; i++)
            add_row(block.index + i * d, d, words + (size_t)labels[i] * (d + 1));
    return (int64_t)moves.n;
}

/* The changes of all threads, onto what was there. */
static void pass(rfm_work *work, int k, const double *centroids)
{
    size_t n_words = (size_t)k * work->sums.stride;
    size_t n_blocks = (work->matrix->n + work->rows - 1) / work->rows;
    work->assigner->begin(work->state, k, centroids, work->fresh);
    work->local.words[n_words] = 0;
#pragma omp parallel num_threads(work->threads)
    {
        int64_t *words = work->thread_words + (size_t)omp_get_thread_num() * work->thread_stride;
        memset(words, 0, (n_words + 1) * sizeof *words);
#pragma omp for schedule(static)
        for (size_t b = 0; b < n_blocks; b++)
            words[n_words] += pass_block(work, b, words);
#pragma omp critical
        for (size_t w = 0; w <= n_words; w++)
            work->local.words[w] += words[w];
    }
    work->fresh = false;
}

int64_t rfm_sums_pass(rfm_work *work, int k, const double *centroids)
{
    size_t n_words = (size_t)k * work->sums.stride;
    if (k != work->k) {
        work->fresh = true;
        work->summed = false;
    }
    work->k = k;
    if (!work->summed)
        memset(work->local.words, 0, n_words * sizeof *work->local.words);
    pass(work, k, centroids);
    work->summed = true;
    memcpy(work->sums.words, work->local.words, (n_words + 1) * sizeof *work->sums.words);
    work->sums.words[n_words + 1] = work->progress ? rfm_progress_wish(work->progress) : 0;
    rfm_comm_reduce_i64(work->comm, RFM_SUM, work->sums.words, n_words + RFM_SUMS_MORE);
    work->wishes = work->sums.words[n_words + 1];
    return work->sums.words[n_words];
}

/* Squares are below 2^60: their halves are summed apart, so that a block needs no 128 bits. */
static void add_column(const int32_t *index, size_t n, size_t d, rfm_i128 *total, rfm_i128 *squares)
{
    int64_t sum = 0;
    uint64_t low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t value = index[i * d];
        uint64_t square = (uint64_t)(value * value);
        sum += value;
        low += square & UINT32_MAX;
        high += square >> 32;
    }
#pragma omp critical
    {
        *total += sum;
        *squares += ((rfm_i128)high << 32) + low;
    }
}

static void weigh_column(const int32_t *index, const int64_t *weight, size_t n, size_t d, rfm_i128 *total,
                         rfm_i128 *squares)
{
    rfm_i128 sum = 0, square = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t value = index[i * d];
        sum += (rfm_i128)(weight[i] * value); /* at most 2^54 */
        square += (rfm_i128)(value * value) * weight[i];
    }
#pragma omp critical
    {
        *total += sum;
        *squares += square;
    }
}

void rfm_sums_moments(rfm_work *work)
{
    const size_t d = (size_t)work->matrix->d, all = work->matrix->n, rows = 8 * work->rows;
    const int64_t *weight = work->matrix->weights.units;
#pragma omp parallel for num_threads(work->threads) schedule(static)
    for (size_t first = 0; first < all; first += rows) {
        const size_t n = all - first < rows ? all - first : rows;
        for (size_t j = 0; j < d; j++)
            if (weight)
                weigh_column(rfm_work_row(work, first) + j, weight + first, n, d, work->totals + j, work->squares + j);
            else
                add_column(rfm_work_row(work, first) + j, n, d, work->totals + j, work->squares + j);
    }
    rfm_comm_sum_i128(work->comm, work->totals, d);
    rfm_comm_sum_i128(work->comm, work->squares, d);
}

void rfm_sums_mean(const rfm_sums *sums, const double *step, int c, double *centroid)
{
    const double n = (double)rfm_sums_count(sums, c);
    for (int j = 0; j < sums->d; j++)
        centroid[j] = rfm_i128_to_double(rfm_sums_value(sums, c, j)) / n * step[j];
}
