/* Rows of all ranks -> a matrix to be fitted: weights, scaling, grid. */
#include "library.h"

#include <stdio.h>
#include <stdlib.h>

void rfmpi_matrix_free(rfmpi_matrix *matrix)
{
    if (!matrix)
        return;
    rfm_matrix_free(&matrix->rows);
    rfm_weights_free(&matrix->weights);
    rfm_grid_free(&matrix->grid);
    rfm_scaling_free(&matrix->scaling);
    free(matrix);
}

/* Collective. What any rank has all with rows must have; one without rows has whatever the others have. */
static rfm_status settle_presence(rfm_comm *comm, const rfmpi_rows *rows, bool *has_weights, bool *has_ids,
                                  rfm_error *err)
{
    int64_t has[3] = {rows->weights != NULL, rows->ids != NULL, rows->n > 0};
    rfm_comm_reduce_i64(comm, RFM_MAX, has, 3);
    *has_weights = has[0] != 0;
    *has_ids = has[1] != 0;
    if (has[2] == 0)
        return rfm_fail(err, RFM_DATA, "no rank has rows");
    if (rows->n > 0 && ((*has_weights && !rows->weights) || (*has_ids && !rows->ids)))
        rfm_fail(err, RFM_USAGE, "this rank's rows have no %s, but another's have",
                 *has_weights && !rows->weights ? "weights" : "ids");
    return rfm_comm_agree(comm, err);
}

/* Collective. */
static rfm_status weigh(rfm_comm *comm, const rfmpi_rows *rows, bool has_weights, rfm_weights *weights, rfm_error *err)
{
    static const double none;
    return has_weights ? rfm_weights_init(comm, rows->n, rows->weights ? rows->weights : &none, weights, err) : RFM_OK;
}

/* Local. "0", "1", ... for messages; one array. */
static char **number_columns(int d, rfm_error *err)
{
    enum { NAME_BYTES = 12 };
    char **names = rfm_alloc((size_t)d, sizeof *names + NAME_BYTES, err);
    for (int j = 0; names && j < d; j++) {
        names[j] = (char *)(names + d) + (size_t)j * NAME_BYTES;
        snprintf(names[j], NAME_BYTES, "%d", j);
    }
    return names;
}

/* Collective. *scaled: the caller frees. */
static rfm_status scale_rows(rfmpi_matrix *self, const rfmpi_rows *rows, rfm_scale scale, double **scaled,
                             rfm_error *err)
{
    double *copy = NULL;
    char **names = NULL;
    const bool as_they_lie = rows->type == RFMPI_DOUBLE && rows->stride == (size_t)rows->d;
    if (rows_check_finite(rows, err) == RFM_OK)
        names = number_columns(rows->d, err);
    if (err->status == RFM_OK && !as_they_lie)
        copy = rfm_alloc(rows->n, (size_t)rows->d * sizeof *copy, err);
    if (copy)
        rows_copy(rows, 0, rows->n, copy);
    const rfm_values values = {
        rows->n, rows->d, copy ? copy : rows->values, self->weights.units, (const char *const *)names, NULL};
    rfm_scaling_learn(self->comm->ranks, &values, scale, &self->scaling, scaled, err);
    free(names);
    free(copy);
    return err->status;
}

/* Local. Random choices go by these. NULL where rows have no ids: their numbers serve. */
static rfm_status hash_ids(const rfmpi_rows *rows, bool has_ids, uint64_t **keys, rfm_error *err)
{
    *keys = has_ids ? rfm_alloc(rows->n, sizeof **keys, err) : NULL;
    if (*keys && rows->n > 0)
        rfm_hash64_integers(rows->ids, rows->n, *keys);
    return err->status;
}

/* Collective. */
static rfm_status fill(rfmpi_matrix *self, const rfmpi_rows *rows, rfm_scale scale, rfm_error *err)
{
    rfm_comm *comm = self->comm->ranks;
    bool has_weights = false, has_ids = false;
    double *scaled = NULL;
    uint64_t *keys = NULL;
    if (settle_presence(comm, rows, &has_weights, &has_ids, err) == RFM_OK &&
        weigh(comm, rows, has_weights, &self->weights, err) == RFM_OK &&
        scale_rows(self, rows, scale, &scaled, err) == RFM_OK) {
        hash_ids(rows, has_ids, &keys, err);
        if (rfm_comm_agree(comm, err) == RFM_OK &&
            rfm_grid_fit(comm, rows->n, rows->d, scaled, NULL, &self->grid, err) == RFM_OK)
            rfm_matrix_init(comm, &self->grid, rows->n, scaled, keys, &self->rows, err);
    }
    rfm_matrix_weigh(&self->rows, &self->weights);
    free(keys);
    free(scaled);
    return err->status;
}

static rfm_status check_scale(rfmpi_scale scale, rfm_error *err)
{
    if ((int)scale < RFMPI_SCALE_STANDARD || scale > RFMPI_SCALE_NONE)
        return rfm_fail(err, RFM_USAGE, "%d is no way to scale", (int)scale);
    return RFM_OK;
}

/* The two enumerations are one. */
_Static_assert((int)RFMPI_SCALE_STANDARD == RFM_SCALE_STANDARD && (int)RFMPI_SCALE_ROBUST == RFM_SCALE_ROBUST &&
                   (int)RFMPI_SCALE_MINMAX == RFM_SCALE_MINMAX && (int)RFMPI_SCALE_NONE == RFM_SCALE_NONE,
               "as in rfmpi/scaling.h");

rfmpi_status rfmpi_matrix_create(rfmpi_comm *comm, const rfmpi_rows *rows, rfmpi_scale scale, rfmpi_matrix **made,
                                 rfmpi_error *error)
{
    call self = call_begin(comm);
    rfm_error *err = &self.err;
    rfmpi_rows own = {0};
    rfmpi_matrix *matrix = rfm_alloc(1, sizeof *matrix, err);
    if (rows_take(rows, &own, err) == RFM_OK)
        check_scale(scale, err);
    const int64_t words[] = {own.d, scale};
    if (rfm_comm_agree(comm->ranks, err) == RFM_OK &&
        same_everywhere(comm->ranks, words, sizeof words / sizeof *words, "d and the scale", err) == RFM_OK) {
        matrix->comm = comm;
        fill(matrix, &own, (rfm_scale)scale, err);
    }
    if (err->status != RFM_OK) {
        rfmpi_matrix_free(matrix);
        matrix = NULL;
    }
    *made = matrix;
    return call_end(&self, error);
}
