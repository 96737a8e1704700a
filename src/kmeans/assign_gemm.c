/* The assigner that filters by a matrix product in single precision and lets the definition decide what the filter
 * cannot. The only file that knows BLAS.
 *
 * The filter. Positions are taken from the assignment's centre and scaled by a power of two 2^t so that the largest is
 * about 1: X_j = (index_j - centre_j) step_j 2^t and C_j = (centroid_j - centre_j step_j) 2^t. Distances differ from
 * |C|^2 - 2 X.C by |X|^2, which no centroid changes. Let u = 2^-24, and x_j, c_j be what is computed of X_j, C_j:
 *
 *   - x_j = X_j (1 + a), |a| <= u: the difference of indices is exact, its conversion to float is rounded once.
 *   - c_j = C_j (1 + b), |b| <= u + 2^-53: rounded once in double, once to float.
 *   - sgemm, any order of summation, fused or not: error <= gamma_d 2 sum |x_j c_j|, gamma_d = d u / (1 - d u)
 *     (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
 *   - With 2 |X_j C_j| <= X_j^2 + C_j^2 the product is thus within (d + 2) u (|X|^2 + |C|^2) of the truth, to first
 *     order.
 *   - |C|^2, summed in double and rounded to float, adds u |C|^2; the final addition at most u (2 |C|^2 + |X|^2).
 *   - The definition's own rounding is at most (d + 2) 2^-53 2 (|X|^2 + |C|^2), below u (|X|^2 + |C|^2) for d <= 2^16.
 *
 * All of it, and the second-order terms (d u <= 2^-8), is below e = K u (|X|^2 + |C|^2) + e0, K = 1.05 (d + 8), where
 * e0 is for underflow: a column whose step vanishes in float is left out, an error of at most 2^-95 in X_j and C_j,
 * each of them below 4 in magnitude; any operation flushes at most 2^-126; together below d 2^-90. The definition
 * itself loses at most 2^-1074 a column where it underflows, in units that the filter scales by 2^2t.
 *
 * Computed are lower values L_c = |C_c|^2 (1 - K u) - 2 X.C_c. Let b be the centroid of the least and s of the second
 * least. When L_s - L_b > 2 K u (|X|^2 + |C_b|^2) + 2 e0 every other centroid is farther than b by the definition.
 * Otherwise the definition decides among those that fail this test.
 *
 * OpenBLAS is kept from starting threads of its own: it is called from inside ours. */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "assigner.h"
#include "definition.h"
#include "vector.h"

/* A thread's scratch, n = rows of a block:
 *   x [d][n] | product [k][n] | squares [n] | best [n] | second [n]   floats, and a position of d doubles elsewhere */
typedef struct gemm {
    int d, k;
    size_t rows;
    const double *step;
    const int32_t *centre;
    int scale;         /* t */
    double bound;      /* K u */
    float *multiplier; /* [d] step_j 2^t, 0 where that underflows */
    float *c;          /* [k][d] -2 C */
    float *norm;       /* [k] |C|^2 (1 - K u) */
    float *slack;      /* [k] 2 K u |C|^2 + 2 e0 */
    float row_slack;   /* 2 K u */
    bool filters;      /* false: centroids so far out that floats do not serve; the definition decides all */
    const double *centroids;
    size_t stride;
    float *scratch;   /* [threads][stride] */
    double *position; /* [threads][d] */
} gemm;

static void close_gemm(void *state)
{
    gemm *self = state;
    if (!self)
        return;
    free(self->multiplier);
    free(self->c);
    free(self->norm);
    free(self->slack);
    free(self->scratch);
    free(self->position);
    free(self);
}

static void choose_scale(gemm *self, const rfm_grid *grid)
{
    double most = 0;
    for (int j = 0; j < self->d; j++) {
        int64_t up = grid->high[j] - self->centre[j], down = self->centre[j] - grid->low[j];
        most = fmax(most, (double)(up > down ? up : down) * self->step[j]);
    }
    int exponent = 0;
    frexp(most, &exponent);
    self->scale = -exponent;
    for (int j = 0; j < self->d; j++) {
        double multiplier = ldexp(self->step[j], self->scale);
        self->multiplier[j] = multiplier < 0x1p-126 ? 0 : (float)multiplier;
    }
}

static rfm_status allocate(gemm *self, const rfm_assignment *assignment, rfm_error *err)
{
    size_t d = (size_t)self->d, k = (size_t)assignment->k, threads = (size_t)assignment->threads;
    self->stride = self->rows * (d + k + 3) + 64; /* so that threads share no cache line */
    self->multiplier = rfm_alloc(d, sizeof *self->multiplier, err);
    self->c = rfm_alloc(k, d * sizeof *self->c, err);
    self->norm = rfm_alloc(k, sizeof *self->norm, err);
    self->slack = rfm_alloc(k, sizeof *self->slack, err);
    self->scratch = rfm_alloc(threads, self->stride * sizeof *self->scratch, err);
    self->position = rfm_alloc(threads, d * sizeof *self->position, err);
    return err->status;
}

static rfm_status open_gemm(const rfm_assignment *assignment, void **state, rfm_error *err)
{
    gemm *self = rfm_alloc(1, sizeof *self, err);
    *state = NULL;
    if (!self)
        return err->status;
    self->d = assignment->grid->d;
    self->rows = assignment->rows;
    self->step = assignment->grid->step;
    self->centre = assignment->centre;
    self->bound = 1.05 * (self->d + 8) * 0x1p-24;
    self->row_slack = (float)(2 * self->bound);
    if (allocate(self, assignment, err) != RFM_OK) {
        close_gemm(self);
        return err->status;
    }
    choose_scale(self, assignment->grid);
    openblas_set_num_threads(1);
    *state = self;
    return RFM_OK;
}

/* Twice e0, in the filter's units. */
static double measure_underflow(const gemm *self)
{
    return 2 * self->d * (0x1p-90 + ldexp(1.0, 2 * self->scale - 1074));
}

static void begin_gemm(void *state, int k, const double *centroids)
{
    gemm *self = state;
    double underflow = measure_underflow(self);
    self->k = k;
    self->centroids = centroids;
    self->filters = true;
    for (size_t c = 0; c < (size_t)k; c++) {
        double square = 0;
        for (size_t j = 0; j < (size_t)self->d; j++) {
            size_t at = c * (size_t)self->d + j;
            double value = ldexp(centroids[at] - (double)self->centre[j] * self->step[j], self->scale);
            self->filters = self->filters && fabs(value) < 4;
            self->c[at] = (float)(-2 * value);
            square += value * value;
        }
        self->norm[c] = (float)(square * (1 - self->bound));
        self->slack[c] = (float)(2 * self->bound * square + underflow);
    }
}

/* x: [d][n] as floats, squares: [n] of their squared length. */
RFM_VECTOR static void convert(const gemm *self, const rfm_block *block, float *restrict x, float *restrict squares)
{
    size_t n = block->n, d = (size_t)self->d;
    for (size_t i = 0; i < n; i++)
        squares[i] = 0;
    for (size_t j = 0; j < d; j++) {
        const int32_t *restrict index = block->index + j;
        float *restrict column = x + j * self->rows;
        int32_t centre = self->centre[j];
        float multiplier = self->multiplier[j];
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

/* The definition decides among the centroids that the filter could not exclude. */
static int32_t settle(const gemm *self, const rfm_block *block, size_t i, const float *product, double reach)
{
    size_t d = (size_t)self->d;
    double *position = self->position + (size_t)block->thread * d;
    double least = HUGE_VAL;
    int32_t label = -1;
    rfm_definition_position(self->d, self->step, block->index + i * d, position);
    for (int32_t c = 0; c < self->k; c++) {
        if (product && (double)(product[(size_t)c * self->rows + i] + self->norm[c]) > reach)
            continue;
        double distance = rfm_definition_distance(self->d, position, self->centroids + (size_t)c * d);
        if (label < 0 || distance < least) {
            least = distance;
            label = c;
        }
    }
    return label;
}

/* L_s - L_b is rounded once, and so is the sum that bounds it: K has room for that. */
static void check(const gemm *self, const rfm_block *block, const float *squares, const float *product, int32_t *labels)
{
    const float *best = squares + self->rows, *second = best + self->rows;
    for (size_t i = 0; i < block->n; i++) {
        float room = self->row_slack * squares[i] + self->slack[labels[i]];
        if (!(second[i] - best[i] > room))
            labels[i] = settle(self, block, i, product, (double)best[i] + (double)room);
    }
}

static void assign_gemm(void *state, const rfm_block *block, int32_t *labels)
{
    const gemm *self = state;
    size_t rows = self->rows, n = block->n;
    float *x = self->scratch + (size_t)block->thread * self->stride;
    float *product = x + (size_t)self->d * rows, *squares = product + (size_t)self->k * rows;
    float *best = squares + rows, *second = best + rows;
    if (!self->filters) {
        for (size_t i = 0; i < n; i++)
            labels[i] = settle(self, block, i, NULL, 0);
        return;
    }
    convert(self, block, x, squares);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, self->k, (int)n, self->d, 1.0F, self->c, self->d, x,
                (int)rows, 0.0F, product, (int)rows);
    for (size_t i = 0; i < n; i++) {
        best[i] = second[i] = HUGE_VALF;
        labels[i] = 0;
    }
    for (int32_t c = 0; c < self->k; c++)
        find_two(n, product + (size_t)c * rows, self->norm[c], c, best, second, labels);
    check(self, block, squares, product, labels);
}

const rfm_assigner rfm_assigner_gemm = {"gemm", open_gemm, begin_gemm, assign_gemm, close_gemm};

size_t rfm_blas_library(char *buffer, size_t size)
{
    int length = snprintf(buffer, size, "%s", openblas_get_config());
    return length > 0 ? (size_t)length : 0;
}
