/* Models: of a fit or of parts that were kept, and the labels they give. */
#include "library.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rfmpi_model {
    rfm_scaling scaling; /* without steps */
    rfm_grid grid;
    double *center, *scales;    /* [d] those of the scaling */
    double *positions;          /* [k * d] */
    double *scaled, *centroids; /* [k * d] the same with the grid's offset; in the units of the rows */
    int64_t *sizes;             /* [k] */
    double *weights, *trace;    /* [k], [iterations]; NULL: there are none */
    rfmpi_parts numbers;        /* k, d and what else is no array */
};

void rfmpi_model_free(rfmpi_model *model)
{
    if (!model)
        return;
    rfm_scaling_free(&model->scaling);
    rfm_grid_free(&model->grid);
    free(model->center);
    free(model->scales);
    free(model->positions);
    free(model->scaled);
    free(model->centroids);
    free(model->sizes);
    free(model->weights);
    free(model->trace);
    free(model);
}

/* ---- parts -> model --------------------------------------------------------------------------------------------- */

/* NULL of NULL. */
static void *copy_array(const void *from, size_t n, size_t size, rfm_error *err)
{
    void *copy = from ? rfm_alloc(n, size, err) : NULL;
    if (copy && n > 0)
        memcpy(copy, from, n * size);
    return copy;
}

static rfm_status take_scaling(const rfmpi_parts *parts, rfmpi_model *model, rfm_error *err)
{
    const size_t d = (size_t)parts->d;
    model->scaling = (rfm_scaling){.d = parts->d, .kind = (rfm_scale)parts->scale};
    model->scaling.columns = rfm_alloc(d, sizeof *model->scaling.columns, err);
    model->center = copy_array(parts->center, d, sizeof *model->center, err);
    model->scales = copy_array(parts->scales, d, sizeof *model->scales, err);
    for (size_t j = 0; err->status == RFM_OK && j < d; j++) {
        model->scaling.columns[j].center = parts->center[j];
        model->scaling.columns[j].scale = parts->scales[j];
    }
    return err->status;
}

/* Centroids follow from positions. */
static rfm_status place_centroids(rfmpi_model *model, rfm_error *err)
{
    const size_t k = (size_t)model->numbers.k, d = (size_t)model->numbers.d;
    model->scaled = rfm_alloc(k, d * sizeof *model->scaled, err);
    model->centroids = rfm_alloc(k, d * sizeof *model->centroids, err);
    for (size_t at = 0; err->status == RFM_OK && at < k * d; at++) {
        model->scaled[at] = model->grid.offset[at % d] + model->positions[at];
        model->centroids[at] = rfm_scaling_invert(&model->scaling, (int)(at % d), model->scaled[at]);
    }
    return err->status;
}

/* Local. Of parts that are sound. */
static rfm_status make_model(const rfmpi_parts *parts, rfmpi_model **made, rfm_error *err)
{
    const size_t k = (size_t)parts->k, values = k * (size_t)parts->d;
    const rfm_grid grid = {parts->d, (double *)parts->offset, (double *)parts->step, (int64_t *)parts->low,
                           (int64_t *)parts->high};
    rfmpi_model *model = rfm_alloc(1, sizeof *model, err);
    *made = model;
    if (!model || take_scaling(parts, model, err) != RFM_OK || rfm_grid_copy(&grid, &model->grid, err) != RFM_OK)
        return err->status;
    model->numbers = *parts;
    model->positions = copy_array(parts->positions, values, sizeof(double), err);
    model->sizes =
        parts->sizes ? copy_array(parts->sizes, k, sizeof(int64_t), err) : rfm_alloc(k, sizeof(int64_t), err);
    model->weights = copy_array(parts->weights, k, sizeof(double), err);
    model->trace = copy_array(parts->trace, (size_t)parts->iterations, sizeof(double), err);
    return err->status == RFM_OK ? place_centroids(model, err) : err->status;
}

/* What a scaling has of its columns, side by side; both are one array of 2 d, which the caller frees. */
static double *spread_scaling(const rfm_scaling *scaling, rfm_error *err)
{
    double *spread = rfm_alloc((size_t)scaling->d, 2 * sizeof *spread, err);
    for (int j = 0; spread && j < scaling->d; j++) {
        spread[j] = scaling->columns[j].center;
        spread[scaling->d + j] = scaling->columns[j].scale;
    }
    return spread;
}

rfm_status model_of_fit(const rfmpi_matrix *matrix, const rfm_clustering *fit, uint64_t seed, rfmpi_model **model,
                        rfm_error *err)
{
    double *spread = spread_scaling(&matrix->scaling, err);
    if (!spread)
        return err->status;
    const rfmpi_parts parts = {.k = fit->k,
                               .d = fit->d,
                               .sizes = fit->sizes,
                               .weights = matrix->weights.unit > 0 ? fit->weights : NULL,
                               .inertia = fit->inertia,
                               .trace = fit->trace,
                               .iterations = fit->iterations,
                               .converged = fit->converged,
                               .restart = fit->restart,
                               .scale = (int)matrix->scaling.kind,
                               .seed = seed,
                               .center = spread,
                               .scales = spread + fit->d,
                               .offset = matrix->grid.offset,
                               .step = matrix->grid.step,
                               .low = matrix->grid.low,
                               .high = matrix->grid.high,
                               .positions = fit->centroids};
    make_model(&parts, model, err);
    free(spread);
    return err->status;
}

/* ---- parts that were kept --------------------------------------------------------------------------------------- */

enum { MOST = 65536, MOST_INDEX = 1 << 30 };

static bool are_finite(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static bool is_power_of_two(double x)
{
    int exponent;
    return x >= 0x1p-1022 && frexp(x, &exponent) * 2 <= 1;
}

static rfm_status check_columns(const rfmpi_parts *parts, rfm_error *err)
{
    for (int j = 0; j < parts->d; j++) {
        if (!(parts->scales[j] > 0) || !isfinite(parts->scales[j]) || !isfinite(parts->center[j]))
            return rfm_fail(err, RFM_DATA, "column %d has no sound scaling", j);
        if (!isfinite(parts->offset[j]) || !isfinite(parts->step[j]) || !is_power_of_two(parts->step[j]) ||
            parts->low[j] < -MOST_INDEX || parts->high[j] > MOST_INDEX || parts->low[j] > parts->high[j])
            return rfm_fail(err, RFM_DATA, "column %d has no sound grid", j);
    }
    return RFM_OK;
}

static rfm_status check_parts(const rfmpi_parts *parts, rfm_error *err)
{
    if (parts->k < 1 || parts->k > MOST || parts->d < 1 || parts->d > MOST)
        return rfm_fail(err, RFM_DATA, "a model of %d clusters of %d columns; each must be from 1 to %d", parts->k,
                        parts->d, (int)MOST);
    if (parts->iterations < 0 || (parts->iterations > 0 && !parts->trace))
        return rfm_fail(err, RFM_DATA, "a model of %d iterations, but without a trace of so many", parts->iterations);
    if (parts->scale < RFMPI_SCALE_STANDARD || parts->scale > RFMPI_SCALE_NONE)
        return rfm_fail(err, RFM_DATA, "%d is no way to scale", parts->scale);
    if (!parts->center || !parts->scales || !parts->offset || !parts->step || !parts->low || !parts->high ||
        !parts->positions)
        return rfm_fail(err, RFM_DATA, "a model without a part of what decides labels");
    if (!are_finite(parts->positions, (size_t)parts->k * (size_t)parts->d))
        return rfm_fail(err, RFM_DATA, "a position is no finite number");
    return check_columns(parts, err);
}

rfmpi_status rfmpi_model_make(const rfmpi_parts *parts, rfmpi_model **model, rfmpi_error *error)
{
    call self = call_begin(NULL);
    rfmpi_parts own = {0};
    *model = NULL;
    if (struct_take(&own, sizeof own, parts, "rfmpi_parts", &self.err) == RFM_OK &&
        check_parts(&own, &self.err) == RFM_OK && make_model(&own, model, &self.err) != RFM_OK) {
        rfmpi_model_free(*model);
        *model = NULL;
    }
    return call_end(&self, error);
}

void rfmpi_model_parts(const rfmpi_model *model, rfmpi_parts *parts, size_t size)
{
    rfmpi_parts own = model->numbers;
    own.centroids = model->centroids;
    own.centroids_scaled = model->scaled;
    own.sizes = model->sizes;
    own.weights = model->weights;
    own.trace = model->trace;
    own.center = model->center;
    own.scales = model->scales;
    own.offset = model->grid.offset;
    own.step = model->grid.step;
    own.low = model->grid.low;
    own.high = model->grid.high;
    own.positions = model->positions;
    struct_give(&own, sizeof own, parts, size);
}

/* ---- labels ----------------------------------------------------------------------------------------------------- */

/* Rows that are made ready at a time, so that no second copy of all of them is. */
static size_t rows_at_a_time(int d)
{
    enum { VALUES = 1 << 20, LEAST = 256 };
    const size_t rows = (size_t)VALUES / (size_t)d;
    return rows > LEAST ? rows : LEAST;
}

static rfm_status assign(const rfmpi_model *model, const rfmpi_rows *rows, int32_t *labels, double *squared_distances,
                         rfm_error *err)
{
    const rfm_centroids centroids = {&model->grid, model->numbers.k, model->positions};
    const size_t most = rows_at_a_time(rows->d), room = rows->n < most ? rows->n : most;
    double *scaled = rfm_alloc(room, (size_t)rows->d * sizeof *scaled, err);
    for (size_t first = 0; err->status == RFM_OK && first < rows->n; first += most) {
        const size_t n = rows->n - first < most ? rows->n - first : most;
        const rfm_rows block = {n, scaled, NULL};
        rows_copy(rows, first, n, scaled);
        rfm_scaling_apply(&model->scaling, n, scaled, scaled);
        rfm_kmeans_label(&centroids, &block, labels + first, squared_distances ? squared_distances + first : NULL, err);
    }
    free(scaled);
    return err->status;
}

rfmpi_status rfmpi_assign(const rfmpi_model *model, const rfmpi_rows *rows, int32_t *labels, double *squared_distances,
                          rfmpi_error *error)
{
    call self = call_begin(NULL);
    rfmpi_rows own = {0};
    if (rows_take(rows, &own, &self.err) == RFM_OK && own.d != model->numbers.d)
        rfm_fail(&self.err, RFM_USAGE, "the model has %d columns, the rows %d", model->numbers.d, own.d);
    if (self.err.status == RFM_OK && rows_check_finite(&own, &self.err) == RFM_OK)
        assign(model, &own, labels, squared_distances, &self.err);
    return call_end(&self, error);
}
