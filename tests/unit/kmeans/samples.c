/* Matrices for the k-means tests, and their oracle. */
#include "samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bell-shaped enough. */
static double draw_bell(uint64_t *state)
{
    double sum = 0;
    for (int i = 0; i < 6; i++)
        sum += draw_unit(state) - 0.5;
    return sum;
}

static double draw_clustered(uint64_t seed, uint64_t *state, size_t row, int column)
{
    uint64_t centre = seed * 1000 + row % 5 * 50 + (uint64_t)column;
    return 8 * draw_unit(&centre) + 0.3 * draw_bell(state);
}

static double draw_duplicate(uint64_t seed, size_t row, int column)
{
    uint64_t value = seed * 77 + (row * 2654435761U >> 7) % 6 * 50 + (uint64_t)column;
    return floor(4 * draw_unit(&value));
}

static double draw_value(test_kind kind, uint64_t seed, uint64_t *state, size_t row, int column)
{
    switch (kind) {
    case KIND_CLUSTERED:
        return draw_clustered(seed, state, row, column);
    case KIND_LATTICE:
        return (double)draw_below(state, 5);
    case KIND_DUPLICATE:
        return draw_duplicate(seed, row, column);
    case KIND_OFFSET:
        return 1e6 + 1e-3 * draw_clustered(seed, state, row, column);
    case KIND_TINY:
        return 1e-160 * draw_clustered(seed, state, row, column);
    case KIND_DENORMAL:
        return 1e-310 * draw_clustered(seed, state, row, column);
    case KIND_FLOAT_TINY:
        return 1e-41 * draw_clustered(seed, state, row, column);
    case KIND_HUGE:
        return 1e140 * draw_bell(state);
    case KIND_CONSTANT:
        return column % 2 == 0 ? 3.7 : draw_bell(state);
    case KIND_SKEWED:
        return draw_bell(state) * (row % 97 == 5 ? 1e6 : 1);
    case KIND_MIXED:
        return draw_bell(state) * ldexp(1, -12 * column);
    case KIND_EVEN:
    case KINDS:
        break;
    }
    return draw_unit(state);
}

test_sample sample_make(test_kind kind, uint64_t seed, size_t n, int d)
{
    test_sample made = {n, d, calloc(n * (size_t)d + 1, sizeof(double))};
    uint64_t state = seed * 31 + (uint64_t)kind;
    assert_non_null(made.rows);
    for (size_t i = 0; i < n; i++)
        for (int j = 0; j < d; j++)
            made.rows[i * (size_t)d + (size_t)j] = draw_value(kind, seed, &state, i, j);
    return made;
}

void sample_free(test_sample *sample)
{
    free(sample->rows);
    sample->rows = NULL;
}

void sample_share(size_t n, int way, size_t *from, size_t *to)
{
    size_t rank = (size_t)rfm_comm_rank(comm), size = (size_t)rfm_comm_size(comm);
    size_t alone = way == 2 ? size - 1 : 0;
    *from = n * rank / size;
    *to = n * (rank + 1) / size;
    if (way == 0 || way == 2) {
        *from = rank <= alone ? 0 : n;
        *to = rank < alone ? 0 : n;
    } else if (way == 3) {
        size_t first = n / 7, middle = size > 2 ? 1 : size;
        *from = rank == 0 ? 0 : rank <= middle ? first : first + (n - first) * (rank - 2) / (size - 2);
        *to = size == 1 ? n : rank == 0 ? first : rank == middle ? first : *from;
        if (size == 2 && rank == 1)
            *to = n;
        if (size > 2 && rank > middle)
            *to = first + (n - first) * (rank - 1) / (size - 2);
    }
}

double oracle_distance(const rfm_grid *grid, const double *scaled, const double *centroid)
{
    double sum = 0;
    for (int j = 0; j < grid->d; j++) {
        double index = rint((scaled[j] - grid->offset[j]) / grid->step[j]);
        index = fmin(fmax(index, -0x1p52), 0x1p52);
        double position = index * grid->step[j];
        sum += (position - centroid[j]) * (position - centroid[j]);
    }
    return sum;
}

int32_t oracle_label(const rfm_grid *grid, int k, const double *centroids, const double *scaled)
{
    int32_t label = 0;
    double least = oracle_distance(grid, scaled, centroids);
    for (int32_t c = 1; c < k; c++) {
        double distance = oracle_distance(grid, scaled, centroids + (size_t)c * (size_t)grid->d);
        if (distance < least) {
            least = distance;
            label = c;
        }
    }
    return label;
}

void trial_make(const test_sample *sample, int way, test_trial *trial)
{
    rfm_error err = {0};
    memset(trial, 0, sizeof *trial);
    sample_share(sample->n, way, &trial->from, &trial->to);
    size_t n = trial->to - trial->from;
    const double *rows = sample->rows + trial->from * (size_t)sample->d;
    rfm_grid_fit(comm, n, sample->d, rows, NULL, &trial->grid, &err);
    assert_string_equal(err.message, "");
    rfm_matrix_init(comm, &trial->grid, n, rows, NULL, &trial->matrix, &err);
    assert_string_equal(err.message, "");
}

rfm_status trial_fit(const test_sample *sample, const rfm_kmeans_options *options, test_trial *trial, rfm_error *err)
{
    void *all = NULL;
    size_t *offsets = NULL;
    if (rfm_kmeans_fit(comm, &trial->matrix, options, &trial->clustering, err) != RFM_OK)
        return err->status;
    rfm_comm_allgather_bytes(comm, trial->clustering.labels, (trial->to - trial->from) * sizeof(int32_t), &all,
                             &offsets, err);
    assert_int_equal(err->status, RFM_OK);
    assert_int_equal(offsets[rfm_comm_size(comm)], sample->n * sizeof(int32_t));
    trial->labels = all;
    free(offsets);
    return RFM_OK;
}

void trial_run(const test_sample *sample, int way, const rfm_kmeans_options *options, test_trial *trial)
{
    rfm_error err = {0};
    trial_make(sample, way, trial);
    trial_fit(sample, options, trial, &err);
    assert_string_equal(err.message, "");
}

void trial_weigh(const test_sample *sample, const double *weights, int way, const rfm_kmeans_options *options,
                 test_trial *trial)
{
    rfm_error err = {0};
    trial_make(sample, way, trial);
    rfm_weights_init(comm, trial->matrix.n, weights + trial->from, &trial->weights, &err);
    assert_string_equal(err.message, "");
    rfm_matrix_weigh(&trial->matrix, &trial->weights);
    trial_fit(sample, options, trial, &err);
    assert_string_equal(err.message, "");
}

void trial_free(test_trial *trial)
{
    free(trial->labels);
    rfm_clustering_free(&trial->clustering);
    rfm_matrix_free(&trial->matrix);
    rfm_weights_free(&trial->weights);
    rfm_grid_free(&trial->grid);
}

uint64_t trial_hash(const test_trial *trial, size_t n)
{
    const rfm_clustering *result = &trial->clustering;
    size_t k = (size_t)result->k, d = (size_t)result->d;
    uint64_t parts[] = {rfm_hash64(result->centroids, k * d * sizeof(double)),
                        rfm_hash64(result->sizes, k * sizeof(int64_t)),
                        rfm_hash64(trial->labels, n * sizeof(int32_t)),
                        rfm_hash64(&result->inertia, sizeof(double)),
                        rfm_hash64(result->trace, (size_t)result->iterations * sizeof(double)),
                        (uint64_t)result->k,
                        (uint64_t)result->iterations,
                        (uint64_t)result->converged,
                        (uint64_t)result->restart};
    return rfm_hash64(parts, sizeof parts);
}

bool choose_vectors(const char *name)
{
    static const rfm_vector_level none[1] = {{"portable", true}};
    size_t chosen;
    rfm_error err = {0};
    setenv("RFMPI_VECTOR", name, 1);
    if (rfm_vector_choose(none, 1, &chosen, &err) == RFM_OK)
        return true;
#if defined(__x86_64__)
    if (strcmp(name, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

bool runs_slowly(void)
{
    return getenv("RFMPI_TEST_SLOWLY") != NULL;
}

#ifdef __SANITIZE_ADDRESS__
enum { FEWER = 4 };
#else
enum { FEWER = 1 };
#endif

uint64_t few(uint64_t cases)
{
    if (runs_slowly())
        return 1;
    return FEWER > 1 || rfm_comm_size(comm) > 1 ? (cases + 2) / 3 : cases;
}

uint64_t some(uint64_t cases)
{
    uint64_t size = (uint64_t)rfm_comm_size(comm);
    uint64_t fewer = cases / (size == 1 ? FEWER : 2 * FEWER * size);
    if (runs_slowly())
        return KINDS;
    return fewer > KINDS ? fewer : KINDS;
}
