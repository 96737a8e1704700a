/* dense_gemm: a matrix product in single precision, then the least two of each row. The only file that knows BLAS.
 *
 * OpenBLAS is kept from starting threads of its own while anything is under way: it is called from inside ours. Whoever
 * else calls it in this process has its threads back afterwards. */
#include "dense.h"

#include "vector.h"

#include <cblas.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* A thread's scratch, n = rows of a block: x [d][n] | product [k][n], floats */
typedef struct gemm {
    const rfm_filter *filter;
    size_t rows, stride;
    float *scratch; /* [threads][stride] */
} gemm;

/* The count of threads is OpenBLAS's one for the whole process, and several fits may be under way. */
static pthread_mutex_t holders = PTHREAD_MUTEX_INITIALIZER;
static int n_holders, threads_before;

static void hold_threads(void)
{
    pthread_mutex_lock(&holders);
    if (n_holders++ == 0)
        threads_before = openblas_get_num_threads();
    openblas_set_num_threads(1);
    pthread_mutex_unlock(&holders);
}

static void release_threads(void)
{
    pthread_mutex_lock(&holders);
    if (--n_holders == 0)
        openblas_set_num_threads(threads_before);
    pthread_mutex_unlock(&holders);
}

static void close_gemm(void *state)
{
    gemm *self = state;
    if (!self)
        return;
    release_threads();
    free(self->scratch);
    free(self);
}

static rfm_status open_gemm(const rfm_filter *filter, const rfm_tiles *tiles, const rfm_assignment *assignment,
                            void **state, rfm_error *err)
{
    (void)tiles;
    gemm *self = rfm_alloc(1, sizeof *self, err);
    *state = self;
    if (!self)
        return err->status;
    hold_threads();
    self->filter = filter;
    self->rows = assignment->rows;
    self->stride =
        self->rows * ((size_t)filter->d + (size_t)assignment->k) + 64; /* so that threads share no cache line */
    self->scratch = rfm_alloc((size_t)assignment->threads, self->stride * sizeof *self->scratch, err);
    return err->status;
}

/* x: [d][rows] as floats. */
RFM_VECTOR static void convert(const rfm_filter *filter, const rfm_block *block, size_t rows, float *restrict x,
                               float *restrict squares)
{
    size_t n = block->n, d = (size_t)filter->d;
    for (size_t i = 0; i < n; i++)
        squares[i] = 0;
    for (size_t j = 0; j < d; j++) {
        const int32_t *restrict index = block->index + j;
        float *restrict column = x + j * rows;
        int32_t centre = filter->centre[j];
        float multiplier = filter->multiplier[j];
        for (size_t i = 0; i < n; i++) {
            float value = (float)(index[i * d] - centre) * multiplier;
            column[i] = value;
            squares[i] += value * value;
        }
    }
}

/* The least and second least of L_c, side by side for all rows of the block. */
RFM_VECTOR static void find_two(size_t n, const float *restrict product, float norm, int32_t c, float *restrict best,
                                float *restrict second, int32_t *restrict labels)
{
    for (size_t i = 0; i < n; i++) {
        float value = product[i] + norm, least = best[i];
        float other = value < least ? least : value;
        labels[i] = value < least ? c : labels[i];
        best[i] = value < least ? value : least;
        second[i] = other < second[i] ? other : second[i];
    }
}

static void find_gemm(void *state, const rfm_block *block, const rfm_found *found)
{
    const gemm *self = state;
    const rfm_filter *filter = self->filter;
    size_t rows = self->rows, n = block->n;
    float *x = self->scratch + (size_t)block->thread * self->stride, *product = x + (size_t)filter->d * rows;
    convert(filter, block, rows, x, found->squares);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, filter->k, (int)n, filter->d, 1.0F, filter->c, filter->d, x,
                (int)rows, 0.0F, product, (int)rows);
    for (size_t i = 0; i < n; i++) {
        found->best[i] = found->second[i] = HUGE_VALF;
        found->label[i] = 0;
    }
    for (int32_t c = 0; c < filter->k; c++)
        find_two(n, product + (size_t)c * rows, filter->norm[c], c, found->best, found->second, found->label);
}

const rfm_dense rfm_dense_gemm = {"gemm", open_gemm, find_gemm, close_gemm};

size_t rfm_blas_library(char *buffer, size_t size)
{
    int length = snprintf(buffer, size, "%s", openblas_get_config());
    return length > 0 ? (size_t)length : 0;
}

int rfm_blas_threads(void)
{
    return openblas_get_num_threads();
}
