/* sample: see sample.h. */
#include "sample.h"

#include <string.h>

static uint64_t draw(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t x = *state;
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

void sample_fill(sample *all, uint64_t seed)
{
    uint64_t state = seed;
    for (size_t i = 0; i < SAMPLE_ROWS; i++) {
        const double place = (double)(draw(&state) % SAMPLE_CLUSTERS);
        for (size_t j = 0; j < SAMPLE_COLUMNS; j++) {
            const double noise = (double)(draw(&state) % 4096) / 2048;
            all->values[i * SAMPLE_COLUMNS + j] = place * (double)(j + 1) + noise;
            all->floats[i * SAMPLE_COLUMNS + j] = (float)all->values[i * SAMPLE_COLUMNS + j];
        }
        all->weights[i] = (double)(draw(&state) % 4) / 2;
        all->ids[i] = (int64_t)draw(&state);
    }
}

size_t sample_first(int rank, int size)
{
    const size_t shares = size > 1 ? (size_t)size - 1 : 1, share = size > 1 && rank > 0 ? (size_t)rank - 1 : 0;
    return SAMPLE_ROWS * share / shares;
}

rfmpi_rows sample_share(const sample *all, int rank, int size)
{
    const size_t first = sample_first(rank, size), end = rank + 1 < size ? sample_first(rank + 1, size) : SAMPLE_ROWS;
    return rfmpi_rows_of_doubles(end - first, SAMPLE_COLUMNS, all->values + first * SAMPLE_COLUMNS);
}

rfmpi_fit_options sample_options(void)
{
    rfmpi_fit_options options = rfmpi_fit_defaults();
    options.k = SAMPLE_CLUSTERS;
    options.restarts = 2;
    options.tolerance = 0;
    return options;
}

rfmpi_status fit_rows(rfmpi_comm *comm, const rfmpi_rows *rows, const rfmpi_fit_options *options, fitted *result,
                      rfmpi_error *error)
{
    rfmpi_matrix *matrix = NULL;
    memset(result, 0, sizeof *result);
    if (rfmpi_matrix_create(comm, rows, RFMPI_SCALE_STANDARD, &matrix, error) == RFMPI_OK &&
        rfmpi_fit(matrix, options, result->labels, result->distances, &result->model, error) == RFMPI_OK) {
        rfmpi_model_parts(result->model, &result->parts, sizeof result->parts);
        result->quality.size = sizeof result->quality;
        result->quality.silhouettes = result->silhouettes;
        rfmpi_measure(matrix, result->parts.k, result->labels, options->seed, &result->quality, error);
    }
    rfmpi_matrix_free(matrix);
    return error->status;
}

static bool same(const void *a, const void *b, size_t n, size_t size)
{
    return (!a && !b) || (a && b && memcmp(a, b, n * size) == 0);
}

bool same_parts(const rfmpi_parts *a, const rfmpi_parts *b)
{
    const size_t k = (size_t)a->k, d = (size_t)a->d, values = k * d;
    return a->k == b->k && a->d == b->d && a->iterations == b->iterations && a->converged == b->converged &&
           a->restart == b->restart && a->scale == b->scale && a->seed == b->seed &&
           memcmp(&a->inertia, &b->inertia, sizeof a->inertia) == 0 &&
           same(a->centroids, b->centroids, values, sizeof(double)) &&
           same(a->centroids_scaled, b->centroids_scaled, values, sizeof(double)) &&
           same(a->positions, b->positions, values, sizeof(double)) && same(a->sizes, b->sizes, k, sizeof(int64_t)) &&
           same(a->weights, b->weights, k, sizeof(double)) &&
           same(a->trace, b->trace, (size_t)a->iterations, sizeof(double)) &&
           same(a->center, b->center, d, sizeof(double)) && same(a->scales, b->scales, d, sizeof(double)) &&
           same(a->offset, b->offset, d, sizeof(double)) && same(a->step, b->step, d, sizeof(double)) &&
           same(a->low, b->low, d, sizeof(int64_t)) && same(a->high, b->high, d, sizeof(int64_t));
}
