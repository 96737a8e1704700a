/* One pass over the rows: labels from the assigner, integer sums of the rows by label. Integers make the result the
 * same however the rows are spread over threads and ranks. Knows nothing of what the centroids are for. */
#include <omp.h>
#include <string.h>

#include "work.h"

/* Returns how many labels of the block changed. */
static int64_t keep_labels(const int32_t *fresh, int32_t *labels, size_t n)
{
    int64_t changed = 0;
    for (size_t i = 0; i < n; i++)
        changed += fresh[i] != labels[i];
    memcpy(labels, fresh, n * sizeof *labels);
    return changed;
}

static void add_rows(const rfm_block *block, const int32_t *labels, size_t d, int64_t *words)
{
    for (size_t i = 0; i < block->n; i++) {
        const int32_t *restrict index = block->index + i * d;
        int64_t *restrict word = words + (size_t)labels[i] * (d + 1);
        for (size_t j = 0; j < d; j++)
            word[j] += index[j];
        word[d]++;
    }
}

static void pass_block(rfm_work *work, size_t number, int64_t *words, int64_t *changed)
{
    size_t first = number * work->rows, n = work->matrix->n - first;
    int thread = omp_get_thread_num();
    n = n < work->rows ? n : work->rows;
    rfm_block block = {thread, first, n, rfm_work_row(work, first)};
    int32_t *fresh = work->fresh + (size_t)thread * work->rows;
    work->assigner->assign(work->state, &block, fresh);
    *changed += keep_labels(fresh, work->labels + first, n);
    if (words)
        add_rows(&block, fresh, (size_t)work->matrix->d, words);
}

/* words: sums are made, a share of thread_words for each thread. */
static void pass(rfm_work *work, int k, const double *centroids, bool adds)
{
    size_t n_words = (size_t)k * work->sums.stride;
    size_t n_blocks = (work->matrix->n + work->rows - 1) / work->rows;
    work->assigner->begin(work->state, k, centroids);
#pragma omp parallel num_threads(work->threads)
    {
        int64_t *words = work->thread_words + (size_t)omp_get_thread_num() * work->thread_stride;
        int64_t changed = 0;
        memset(words, 0, n_words * sizeof *words);
#pragma omp for schedule(static)
        for (size_t b = 0; b < n_blocks; b++)
            pass_block(work, b, adds ? words : NULL, &changed);
        words[n_words] = changed;
#pragma omp single
        memset(work->sums.words, 0, (n_words + 1) * sizeof *words);
#pragma omp critical
        for (size_t w = 0; w <= n_words; w++)
            work->sums.words[w] += words[w];
    }
}

void rfm_labels_pass(rfm_work *work, int k, const double *centroids)
{
    pass(work, k, centroids, false);
}

int64_t rfm_sums_pass(rfm_work *work, int k, const double *centroids)
{
    size_t n_words = (size_t)k * work->sums.stride;
    pass(work, k, centroids, true);
    rfm_comm_reduce_i64(work->comm, RFM_SUM, work->sums.words, n_words + 1);
    return work->sums.words[n_words];
}

/* Squares are below 2^60: their halves are summed apart, so that a block needs no 128 bits. */
static void add_column(const int32_t *index, size_t n, size_t d, int64_t *total, rfm_i128 *squares)
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

void rfm_sums_moments(rfm_work *work)
{
    size_t d = (size_t)work->matrix->d, n = work->matrix->n, rows = 8 * work->rows;
#pragma omp parallel for num_threads(work->threads) schedule(static)
    for (size_t first = 0; first < n; first += rows)
        for (size_t j = 0; j < d; j++)
            add_column(rfm_work_row(work, first) + j, n - first < rows ? n - first : rows, d, work->totals + j,
                       work->squares + j);
    rfm_comm_reduce_i64(work->comm, RFM_SUM, work->totals, d);
    rfm_comm_sum_i128(work->comm, work->squares, d);
}

void rfm_sums_mean(const rfm_sums *sums, const double *step, int c, double *centroid)
{
    const int64_t *word = rfm_sums_of(sums, c);
    double n = (double)word[sums->d];
    for (int j = 0; j < sums->d; j++)
        centroid[j] = (double)word[j] / n * step[j];
}
