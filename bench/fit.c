/* fit: k-means alone, on blobs that each rank makes for itself. Rows are Gaussian of unit variance about centres that
 * are N(0, 2^2), and the first centroids are rows.
 *
 *   bench_fit ROWS COLUMNS CLUSTERS ITERATIONS [auto|fused|gemm|bounds|definition [TIMES]]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfmpi/kmeans.h"

typedef struct blobs {
    size_t n;
    int d, k;
    uint64_t centres, rows; /* streams */
} blobs;

/* Box and Muller. */
static double normal(uint64_t stream, uint64_t at)
{
    double radius = sqrt(-2 * rfm_ln(rfm_random_unit(stream, 2 * at)));
    return radius * cos(6.283185307179586 * rfm_random_unit(stream, 2 * at + 1));
}

static void make_row(const blobs *of, uint64_t row, double *to)
{
    uint64_t centre = rfm_hash64_integer((int64_t)row) % (uint64_t)of->k, d = (uint64_t)of->d;
    for (uint64_t j = 0; j < d; j++)
        to[j] = 2 * normal(of->centres, centre * d + j) + normal(of->rows, row * d + j);
}

static rfm_status fit(rfm_comm *comm, const rfm_matrix *matrix, const rfm_kmeans_options *options, rfm_error *err)
{
    rfm_clustering result = {0};
    if (rfm_kmeans_fit(comm, matrix, options, &result, err) == RFM_OK && rfm_comm_rank(comm) == 0)
        printf("%s: %d iterations, %.5f s each, inertia %.10g\n", result.algorithm, result.iterations,
               result.seconds_iterate / result.iterations, result.inertia);
    rfm_clustering_free(&result);
    return err->status;
}

static rfm_status run(rfm_comm *comm, const blobs *of, rfm_kmeans_options *options, int times, rfm_error *err)
{
    size_t d = (size_t)of->d, ranks = (size_t)rfm_comm_size(comm), rank = (size_t)rfm_comm_rank(comm);
    size_t first = of->n / ranks * rank, n = rank + 1 == ranks ? of->n - first : of->n / ranks;
    double *values = rfm_alloc(n, d * sizeof *values, err), *start = rfm_alloc((size_t)of->k, d * sizeof *start, err);
    rfm_grid grid = {0};
    rfm_matrix matrix = {0};
    for (size_t i = 0; values && i < n; i++)
        make_row(of, first + i, values + i * d);
    for (size_t c = 0; start && c < (size_t)of->k; c++)
        make_row(of, c * (of->n / (size_t)of->k), start + c * d);
    options->given = start;
    if (rfm_comm_agree(comm, err) == RFM_OK && rfm_grid_fit(comm, n, of->d, values, NULL, &grid, err) == RFM_OK &&
        rfm_matrix_init(comm, &grid, n, values, NULL, &matrix, err) == RFM_OK)
        while (times-- > 0 && fit(comm, &matrix, options, err) == RFM_OK)
            ;
    rfm_matrix_free(&matrix);
    rfm_grid_free(&grid);
    free(values);
    free(start);
    return err->status;
}

static rfm_algorithm algorithm_of(const char *name)
{
    static const char *const names[] = {"auto", "fused", "gemm", "bounds", "definition"};
    int i = 0;
    while (i < 4 && strcmp(name, names[i]) != 0)
        i++;
    return (rfm_algorithm)i;
}

int main(int argc, char **argv)
{
    rfm_error err = {0};
    rfm_comm *comm = NULL;
    if (argc < 5) {
        fprintf(stderr, "usage: bench_fit ROWS COLUMNS CLUSTERS ITERATIONS [ALGORITHM [TIMES]]\n");
        return RFM_USAGE;
    }
    const blobs of = {(size_t)atoll(argv[1]), atoi(argv[2]), atoi(argv[3]),
                      rfm_random_stream(1, (rfm_purpose){.use = RFM_RANDOM_GENERATE}),
                      rfm_random_stream(2, (rfm_purpose){.use = RFM_RANDOM_GENERATE})};
    rfm_kmeans_options options = rfm_kmeans_defaults();
    options.k = of.k;
    options.seeding = RFM_SEEDING_GIVEN;
    options.tolerance = 0;
    options.max_iterations = atoi(argv[4]);
    options.algorithm = algorithm_of(argc > 5 ? argv[5] : "auto");
    if (rfm_comm_open(&argc, &argv, &comm, &err) == RFM_OK)
        run(comm, &of, &options, argc > 6 ? atoi(argv[6]) : 1, &err);
    if (err.status)
        fprintf(stderr, "bench_fit: %s\n", err.message);
    rfm_comm_close(comm);
    return err.status;
}
