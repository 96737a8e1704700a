/* The matrix: rows as integer indices on the grid, and the keys of their random choices. Knows nothing of clusters. */
#include <stdlib.h>
#include <string.h>

#include "rfmpi/kmeans.h"

void rfm_matrix_free(rfm_matrix *matrix)
{
    if (!matrix)
        return;
    free(matrix->index);
    free(matrix->key);
    memset(matrix, 0, sizeof *matrix);
}

void rfm_matrix_weigh(rfm_matrix *matrix, const rfm_weights *weights)
{
    if (weights->unit > 0)
        matrix->weights = *weights;
}

/* Sums of n indices must stay within 2^62; the grid was chosen for its own number of rows. */
static rfm_status check_grid(const rfm_matrix *matrix, rfm_error *err)
{
    for (int j = 0; j < matrix->d; j++) {
        int64_t low = matrix->grid->low[j], high = matrix->grid->high[j];
        int64_t most = -low > high ? -low : high;
        if (most > (INT64_C(1) << 30) || (rfm_i128)most * matrix->n_global > (rfm_i128)1 << 62)
            return rfm_fail(err, RFM_INTERNAL, "column %d: the grid is too fine for %lld rows", j,
                            (long long)matrix->n_global);
    }
    return RFM_OK;
}

/* Position of the first value outside the grid's range, or n * d. */
static size_t fill_index(rfm_matrix *matrix, const double *scaled)
{
    size_t d = (size_t)matrix->d, bad = matrix->n * d;
    const rfm_grid *grid = matrix->grid;
#pragma omp parallel for schedule(static) reduction(min : bad) if (bad > 16384)
    for (size_t i = 0; i < matrix->n; i++) {
        for (size_t j = 0; j < d; j++) {
            int64_t index = rfm_grid_index(grid, (int)j, scaled[i * d + j]);
            if (index < grid->low[j] || index > grid->high[j])
                bad = i * d + j < bad ? i * d + j : bad;
            else
                matrix->index[i * d + j] = (int32_t)index;
        }
    }
    return bad;
}

static void fill_keys(rfm_matrix *matrix, const uint64_t *key)
{
#pragma omp parallel for schedule(static) if (matrix->n > 16384)
    for (size_t i = 0; i < matrix->n; i++)
        matrix->key[i] = key ? key[i] : rfm_hash64_integer(matrix->first + (int64_t)i);
}

static rfm_status fill(rfm_matrix *matrix, const double *scaled, const uint64_t *key, rfm_error *err)
{
    size_t d = (size_t)matrix->d;
    if (check_grid(matrix, err) != RFM_OK)
        return err->status;
    size_t bad = fill_index(matrix, scaled);
    if (bad < matrix->n * d)
        return rfm_fail(err, RFM_DATA,
                        "row %zu of this rank, column %zu: %g is outside the grid, which must be fitted "
                        "to these rows",
                        bad / d, bad % d, scaled[bad]);
    fill_keys(matrix, key);
    return RFM_OK;
}

rfm_status rfm_matrix_init(rfm_comm *comm, const rfm_grid *grid, size_t n_local, const double *scaled,
                           const uint64_t *key, rfm_matrix *matrix, rfm_error *err)
{
    size_t d = (size_t)grid->d;
    memset(matrix, 0, sizeof *matrix);
    matrix->n = n_local;
    matrix->d = grid->d;
    matrix->grid = grid;
    matrix->index = rfm_alloc(n_local, d * sizeof *matrix->index, err);
    matrix->key = rfm_alloc(n_local, sizeof *matrix->key, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        goto done;
    matrix->n_global = (int64_t)n_local;
    rfm_comm_reduce_i64(comm, RFM_SUM, &matrix->n_global, 1);
    matrix->first = rfm_comm_before_i64(comm, (int64_t)n_local);
    matrix->weights = (rfm_weights){.unit = 1, .n = matrix->n_global, .total = matrix->n_global};
    fill(matrix, scaled, key, err);
    rfm_comm_agree(comm, err);
done:
    if (err->status != RFM_OK)
        rfm_matrix_free(matrix);
    return err->status;
}
