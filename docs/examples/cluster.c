/* k-means inside a program that has its own communicators:  mpirun -n 4 ./cluster [ROWS]
 *
 * The ranks part into two halves; each half makes a matrix of its own in memory and clusters it, both at the same time.
 * One rank alone does one after the other. What is printed is the same for any number of ranks. */
#include <mpi.h>
#include <rfmpi.h>

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 3, CLUSTERS = 4, HALVES = 2, USUAL_ROWS = 20000 };

/* Some number from 0 to 1 for each (matrix, row, column): whatever your simulation has in its place. */
static double noise(uint64_t matrix, uint64_t row, uint64_t column)
{
    uint64_t x = (row * COLUMNS + column) * 2 + matrix + 1;
    x = (x ^ x >> 31) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    return (double)(x >> 11) * 0x1p-53;
}

static void make_rows(int matrix, size_t first, size_t n, double *values)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            values[i * COLUMNS + j] =
                (double)((first + i) % CLUSTERS * (j + 1)) + 2 * noise((uint64_t)matrix, first + i, j);
}

static void print_line(void *context, rfmpi_log_level level, const char *text)
{
    fprintf(stderr, "matrix %d%s: %s\n", *(const int *)context, level == RFMPI_LOG_WARN ? ", warning" : "", text);
}

static void print_model(int matrix, const rfmpi_model *model, const rfmpi_quality *quality)
{
    rfmpi_parts parts;
    rfmpi_model_parts(model, &parts, sizeof parts);
    printf("matrix %d: inertia %.17g in %d iterations, silhouette %.17g\n", matrix, parts.inertia, parts.iterations,
           quality->silhouette);
    for (int c = 0; c < parts.k; c++) {
        printf("matrix %d, cluster %d: %lld rows about", matrix, c, (long long)parts.sizes[c]);
        for (int j = 0; j < parts.d; j++)
            printf(" %.17g", parts.centroids[c * parts.d + j]);
        printf("\n");
    }
}

/* All ranks of the communicator. */
static rfmpi_status cluster(rfmpi_comm *comm, int which, const rfmpi_rows *rows, rfmpi_model **model,
                            rfmpi_quality *quality, rfmpi_error *error)
{
    int32_t *labels = malloc(rows->n > 0 ? rows->n * sizeof *labels : 1);
    rfmpi_matrix *matrix = NULL;
    rfmpi_fit_options options = rfmpi_fit_defaults();
    rfmpi_parts parts;
    if (!labels)
        abort();
    options.k = CLUSTERS;
    options.seed = (uint64_t)which;
    rfmpi_status status = rfmpi_matrix_create(comm, rows, RFMPI_SCALE_STANDARD, &matrix, error);
    if (status == RFMPI_OK)
        status = rfmpi_fit(matrix, &options, labels, NULL, model, error);
    if (status == RFMPI_OK) {
        rfmpi_model_parts(*model, &parts, sizeof parts);
        status = rfmpi_measure(matrix, parts.k, labels, options.seed, quality, error);
    }
    /* labels[i] is the cluster of row i of this rank: use them here. */
    rfmpi_matrix_free(matrix);
    free(labels);
    return status;
}

/* One matrix on the ranks of a half. */
static rfmpi_status run(MPI_Comm half, int which, size_t n_global)
{
    int rank, size;
    MPI_Comm_rank(half, &rank);
    MPI_Comm_size(half, &size);
    const size_t first = n_global * (size_t)rank / (size_t)size;
    const size_t n = n_global * (size_t)(rank + 1) / (size_t)size - first;
    double *values = malloc(n > 0 ? n * COLUMNS * sizeof *values : 1);
    if (!values)
        MPI_Abort(half, RFMPI_NO_MEMORY);
    make_rows(which, first, n, values);

    rfmpi_error error;
    rfmpi_comm *comm = NULL;
    rfmpi_model *model = NULL;
    rfmpi_quality quality = {.size = sizeof quality};
    const rfmpi_rows rows = rfmpi_rows_of_doubles(n, COLUMNS, values);
    rfmpi_status status = rfmpi_comm_create(half, &comm, &error);
    if (status == RFMPI_OK && rank == 0)
        rfmpi_comm_log(comm, RFMPI_LOG_INFO, print_line, &which);
    if (status == RFMPI_OK)
        status = cluster(comm, which, &rows, &model, &quality, &error);
    if (status == RFMPI_OK && rank == 0)
        print_model(which, model, &quality);
    if (status != RFMPI_OK && rank == 0)
        fprintf(stderr, "matrix %d: %s (rank %d)\n", which, error.message, error.rank);
    rfmpi_model_free(model);
    rfmpi_comm_free(comm);
    free(values);
    return status;
}

int main(int argc, char **argv)
{
    int rank, size, worst;
    MPI_Comm half;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const size_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : USUAL_ROWS;
    const int halves = size < HALVES ? size : HALVES;
    MPI_Comm_split(MPI_COMM_WORLD, rank % halves, rank, &half);
    int status = RFMPI_OK;
    for (int which = rank % halves; which < HALVES && status == RFMPI_OK; which += halves)
        status = (int)run(half, which, rows);
    MPI_Comm_free(&half);
    MPI_Allreduce(&status, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    MPI_Finalize();
    return worst;
}
