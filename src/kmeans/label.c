/* Labels of rows that need not be those of the fit, and inertia of given labels. A row within the fit's range goes
 * through the assigner; one outside it is decided by the definition. Knows nothing of fits. */
#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "assigner.h"
#include "definition.h"
#include "work.h"

typedef struct labeller {
    const rfm_grid *grid;
    int k, threads;
    size_t rows; /* of a block */
    const double *centroids, *scaled;
    const rfm_assigner *assigner;
    void *state;
    int32_t *centre;      /* [d] */
    int32_t *index;       /* [threads][rows * d] */
    rfm_moves_room moves; /* of no interest here */
    double *position;     /* [threads][d] */
} labeller;

static void close_labeller(labeller *self)
{
    if (self->assigner)
        self->assigner->close(self->state);
    free(self->centre);
    free(self->index);
    rfm_moves_room_close(&self->moves);
    free(self->position);
}

/* The mean of the centroids, within the range of the fit. */
static void choose_centre(labeller *self)
{
    size_t d = (size_t)self->grid->d;
    int64_t end = (INT64_C(1) << 30) - 1;
    for (size_t j = 0; j < d; j++) {
        int64_t low = self->grid->low[j] > -end ? self->grid->low[j] : -end;
        int64_t high = self->grid->high[j] < end ? self->grid->high[j] : end;
        double mean = 0;
        for (size_t c = 0; c < (size_t)self->k; c++)
            mean += self->centroids[c * d + j] / self->grid->step[j] / self->k;
        double inside = mean > (double)low ? mean : (double)low;
        self->centre[j] = (int32_t)(inside < (double)high ? inside : (double)high);
    }
}

static rfm_status open_labeller(labeller *self, rfm_error *err)
{
    size_t d = (size_t)self->grid->d, threads = (size_t)self->threads;
    self->centre = rfm_alloc(d, sizeof *self->centre, err);
    self->index = rfm_alloc(threads, self->rows * d * sizeof *self->index, err);
    rfm_moves_room_open(&self->moves, self->threads, self->rows, err);
    self->position = rfm_alloc(threads, d * sizeof *self->position, err);
    if (err->status != RFM_OK)
        return err->status;
    choose_centre(self);
    const rfm_assignment assignment = {self->grid, self->centre, self->k, self->threads, self->rows, 0};
    const rfm_assigner *assigner = rfm_assigner_once(self->grid->d, self->k);
    if (assigner->open(&assignment, &self->state, err) != RFM_OK)
        return err->status;
    self->assigner = assigner;
    assigner->begin(self->state, self->k, self->centroids, true);
    return RFM_OK;
}

/* False when the row is not within the fit's range; its index is then some row that is. */
static bool index_row(const labeller *self, const double *scaled, int32_t *index)
{
    bool inside = true;
    for (int j = 0; j < self->grid->d; j++) {
        int64_t value = rfm_grid_index(self->grid, j, scaled[j]);
        bool fits = value >= self->grid->low[j] && value <= self->grid->high[j];
        index[j] = fits ? (int32_t)value : self->centre[j];
        inside = inside && fits;
    }
    return inside;
}

static void find_position(const rfm_grid *grid, const double *scaled, double *position)
{
    for (int j = 0; j < grid->d; j++)
        position[j] = (double)rfm_grid_index(grid, j, scaled[j]) * grid->step[j];
}

static int32_t decide(const labeller *self, const double *position)
{
    size_t d = (size_t)self->grid->d;
    double least = HUGE_VAL;
    int32_t label = 0;
    for (int32_t c = 0; c < self->k; c++) {
        double distance = rfm_definition_distance((int)d, position, self->centroids + (size_t)c * d);
        label = distance < least ? c : label;
        least = distance < least ? distance : least;
    }
    return label;
}

static void label_block(const labeller *self, size_t first, size_t n, int32_t *labels, double *distances)
{
    size_t d = (size_t)self->grid->d, thread = (size_t)omp_get_thread_num();
    int32_t *index = self->index + thread * self->rows * d;
    double *position = self->position + thread * d;
    bool inside = true;
    for (size_t i = 0; i < n; i++)
        inside = index_row(self, self->scaled + (first + i) * d, index + i * d) && inside;
    rfm_block block = {(int)thread, first, n, index};
    rfm_moves moves = rfm_moves_of(&self->moves, (int)thread);
    self->assigner->assign(self->state, &block, labels + first, &moves);
    for (size_t i = first; i < first + n && (distances || !inside); i++) {
        const double *scaled = self->scaled + i * d;
        find_position(self->grid, scaled, position);
        if (!inside && !index_row(self, scaled, index))
            labels[i] = decide(self, position);
        if (distances)
            distances[i] = rfm_definition_distance((int)d, position, self->centroids + (size_t)labels[i] * d);
    }
}

static rfm_status check_rows(int d, size_t n, const double *scaled, rfm_error *err)
{
    size_t size = n * (size_t)d, bad = size;
#pragma omp parallel for schedule(static) reduction(min : bad) if (size > 16384)
    for (size_t i = 0; i < size; i++)
        if (!(fabs(scaled[i]) <= DBL_MAX))
            bad = i < bad ? i : bad;
    if (bad < size)
        rfm_fail(err, RFM_DATA, "row %zu of this rank, column %zu: %g is not a finite number", bad / (size_t)d,
                 bad % (size_t)d, scaled[bad]);
    return err->status;
}

rfm_status rfm_kmeans_label(const rfm_centroids *centroids, const rfm_rows *rows, int32_t *labels,
                            double *squared_distances, rfm_error *err)
{
    const int d = centroids->grid->d, k = centroids->k;
    const size_t n = rows->n;
    labeller self = {.grid = centroids->grid,
                     .k = k,
                     .threads = omp_get_max_threads(),
                     .centroids = centroids->positions,
                     .scaled = rows->scaled};
    self.rows = k > 0 ? rfm_assigner_once(d, k)->rows(d, k) : 1;
    if (n < (size_t)self.threads * self.rows)
        self.threads = (int)((n + self.rows) / self.rows);
    if (k < 1)
        return rfm_fail(err, RFM_USAGE, "rows cannot be labelled without centroids");
    if (check_rows(d, n, rows->scaled, err) != RFM_OK)
        return err->status;
    if (open_labeller(&self, err) == RFM_OK) {
#pragma omp parallel for num_threads(self.threads) schedule(static)
        for (size_t first = 0; first < n; first += self.rows)
            label_block(&self, first, n - first < self.rows ? n - first : self.rows, labels, squared_distances);
    }
    close_labeller(&self);
    return err->status;
}

void rfm_label_distances(const rfm_matrix *matrix, const int32_t *labels, const double *centroids, double *distances)
{
    const size_t d = (size_t)matrix->d;
#pragma omp parallel for schedule(static) if (matrix->n > 16384)
    for (size_t i = 0; i < matrix->n; i++)
        distances[i] = rfm_definition_row_distance(matrix->d, matrix->grid->step, matrix->index + i * d,
                                                   centroids + (size_t)labels[i] * d);
}

void rfm_kmeans_distances(const rfm_matrix *matrix, const rfm_clustering *clustering, double *squared_distances)
{
    rfm_label_distances(matrix, clustering->labels, clustering->centroids, squared_distances);
}

/* ---- inertia of given labels ------------------------------------------------------------------------------------ */

/* Rows whose indices let integer sums of all rows stay in 64 bits are summed as integers; the few beyond, by their
 * rounded squared distance. Weights are whole units here. */
typedef struct tally {
    const rfm_grid *grid;
    const int64_t *weights; /* [n]; NULL: 1 each */
    int64_t most;           /* index of a row that is summed */
    rfm_sums sums;
    rfm_i128 *squares; /* [d] */
    int64_t *index;    /* [d] */
    double *position;  /* [d] */
    int64_t *sizes;    /* [k] rows, then [k] what they weigh */
} tally;

static rfm_status open_tally(tally *self, int k, rfm_error *err)
{
    size_t d = (size_t)self->grid->d;
    self->sums = rfm_sums_shape(self->grid->d, self->weights != NULL);
    self->sums.words = rfm_alloc((size_t)k, self->sums.stride * sizeof *self->sums.words, err);
    self->squares = rfm_alloc(d, sizeof *self->squares, err);
    self->index = rfm_alloc(d, sizeof *self->index, err);
    self->position = rfm_alloc(d, sizeof *self->position, err);
    self->sizes = rfm_alloc((size_t)k, 2 * sizeof *self->sizes, err);
    return err->status;
}

static void close_tally(tally *self)
{
    free(self->sums.words);
    free(self->squares);
    free(self->index);
    free(self->position);
    free(self->sizes);
}

static rfm_status check_labels(int k, size_t n, const int32_t *labels, rfm_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (labels[i] < 0 || labels[i] >= k)
            return rfm_fail(err, RFM_INTERNAL, "row %zu of this rank has label %d of %d clusters", i, (int)labels[i],
                            k);
    return RFM_OK;
}

static bool index_tally_row(tally *self, const double *scaled)
{
    bool inside = true;
    for (int j = 0; j < self->grid->d; j++) {
        int64_t index = rfm_grid_index(self->grid, j, scaled[j]);
        self->index[j] = index;
        self->position[j] = (double)index * self->grid->step[j];
        inside = inside && index <= self->most && index >= -self->most;
    }
    return inside;
}

/* Local. Integer sums of the rows inside; returns the largest product of weight and distance of the others. */
static double sum_inside(tally *self, const rfm_centroids *centroids, const rfm_rows *rows, const int32_t *labels)
{
    const int d = self->grid->d, k = centroids->k;
    double most = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const int32_t c = labels[i];
        const int64_t weight = self->weights ? self->weights[i] : 1;
        self->sizes[c]++;
        self->sizes[k + c] += weight;
        if (!index_tally_row(self, rows->scaled + i * (size_t)d)) {
            double distance = rfm_definition_distance(d, self->position, centroids->positions + (size_t)c * (size_t)d);
            most = fmax(most, (double)weight * distance);
            continue;
        }
        for (int j = 0; j < d; j++) {
            rfm_sums_add(&self->sums, c, j, weight * self->index[j]);
            self->squares[j] += (rfm_i128)self->index[j] * self->index[j] * weight;
        }
        rfm_sums_of(&self->sums, c)[d] += weight;
    }
    return most;
}

/* Local. */
static rfm_i128 sum_outside(tally *self, const rfm_centroids *centroids, const rfm_rows *rows, const int32_t *labels,
                            int exponent)
{
    const size_t d = (size_t)self->grid->d;
    rfm_i128 sum = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (index_tally_row(self, rows->scaled + i * d))
            continue;
        double distance = rfm_definition_distance((int)d, self->position, centroids->positions + (size_t)labels[i] * d);
        sum += rfm_quantum_round((self->weights ? (double)self->weights[i] : 1) * distance, exponent);
    }
    return sum;
}

static void tell_sizes(const tally *self, int k, double unit, const rfm_sizes *sizes)
{
    for (int c = 0; c < k; c++) {
        if (sizes->rows)
            sizes->rows[c] = self->sizes[c];
        if (sizes->weights)
            sizes->weights[c] = (double)self->sizes[k + c] * unit;
    }
}

rfm_status rfm_kmeans_inertia(rfm_comm *comm, const rfm_centroids *centroids, const rfm_rows *rows,
                              const int32_t *labels, double *inertia, const rfm_sizes *sizes, rfm_error *err)
{
    const int d = centroids->grid->d, k = centroids->k;
    const double unit = rows->weights && rows->weights->unit > 0 ? rows->weights->unit : 1;
    tally self = {.grid = centroids->grid, .weights = rows->weights ? rows->weights->units : NULL};
    int64_t n_global = (int64_t)rows->n;
    if (open_tally(&self, k, err) == RFM_OK && check_labels(k, rows->n, labels, err) == RFM_OK)
        check_rows(d, rows->n, rows->scaled, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        goto done;
    rfm_comm_reduce_i64(comm, RFM_SUM, &n_global, 1);
    self.most = INT64_C(1) << rfm_grid_bits(n_global);
    double most = sum_inside(&self, centroids, rows, labels);
    rfm_comm_reduce_i64(comm, RFM_SUM, self.sums.words, (size_t)k * self.sums.stride);
    rfm_comm_reduce_i64(comm, RFM_SUM, self.sizes, 2 * (size_t)k);
    rfm_comm_sum_i128(comm, self.squares, (size_t)d);
    rfm_comm_reduce_f64(comm, RFM_MAX, &most, 1);
    *inertia = rfm_inertia_value(&self.sums, k, self.squares, centroids->grid->step, centroids->positions);
    if (most > DBL_MAX) {
        *inertia = HUGE_VAL;
    } else if (most > 0) {
        const int exponent = rfm_quantum_exponent(most);
        rfm_i128 sum = sum_outside(&self, centroids, rows, labels, exponent);
        rfm_comm_sum_i128(comm, &sum, 1);
        *inertia += rfm_quantum_value(sum, exponent);
    }
    *inertia *= unit;
    if (sizes)
        tell_sizes(&self, k, unit, sizes);
done:
    close_tally(&self);
    return err->status;
}
