/* Built against an installed librfmpi:  fit MATRIX ROWS COLUMNS OUT [K [SEED [SCALE [FLOATS [WEIGHTS [IDS]]]]]]
 *
 * MATRIX: doubles, row major (floats where FLOATS is 1); WEIGHTS: doubles; IDS: 64-bit integers; "-" for none. Each
 * rank reads its share. OUT.labels.RANK, OUT.distances.RANK: as they lie in memory; OUT.model: a line for each part. */
#include <rfmpi.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct share {
    int rank, size;
    size_t first, n;
} share;

static void *read_share(const char *path, const share *of, size_t element, size_t width)
{
    if (path[0] == '-')
        return NULL;
    FILE *file = fopen(path, "rb");
    void *values = calloc(of->n * width + 1, element);
    if (!file || !values || fseek(file, (long)(of->first * width * element), SEEK_SET) != 0 ||
        fread(values, element, of->n * width, file) != of->n * width)
        abort();
    fclose(file);
    return values;
}

static FILE *create(const char *out, const char *what, int rank)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%s.%d", out, what, rank);
    FILE *file = fopen(path, "wb");
    if (!file)
        abort();
    return file;
}

static void write_array(const char *out, const char *what, const share *of, const void *values, size_t element)
{
    FILE *file = create(out, what, of->rank);
    if (fwrite(values, element, of->n, file) != of->n || fclose(file) != 0)
        abort();
}

static void write_numbers(FILE *file, const char *name, const double *values, size_t n)
{
    fprintf(file, "%s", name);
    for (size_t i = 0; values && i < n; i++)
        fprintf(file, " %a", values[i]);
    fprintf(file, "\n");
}

static void write_integers(FILE *file, const char *name, const int64_t *values, size_t n)
{
    fprintf(file, "%s", name);
    for (size_t i = 0; i < n; i++)
        fprintf(file, " %" PRId64, values[i]);
    fprintf(file, "\n");
}

static void write_model(const char *out, const rfmpi_model *model, const rfmpi_quality *quality)
{
    rfmpi_parts p;
    rfmpi_model_parts(model, &p, sizeof p);
    const size_t k = (size_t)p.k, d = (size_t)p.d;
    FILE *file = create(out, "model", 0);
    write_numbers(file, "centroids_original", p.centroids, k * d);
    write_numbers(file, "centroids", p.centroids_scaled, k * d);
    write_numbers(file, "positions", p.positions, k * d);
    write_numbers(file, "trace", p.trace, (size_t)p.iterations);
    write_numbers(file, "weights", p.weights, k);
    write_numbers(file, "inertia", &p.inertia, 1);
    write_numbers(file, "center", p.center, d);
    write_numbers(file, "scale", p.scales, d);
    write_numbers(file, "offset", p.offset, d);
    write_numbers(file, "step", p.step, d);
    write_numbers(file, "silhouette", &quality->silhouette, 1);
    write_numbers(file, "davies_bouldin", &quality->davies_bouldin, 1);
    write_numbers(file, "calinski_harabasz", &quality->calinski_harabasz, 1);
    write_integers(file, "sizes", p.sizes, k);
    write_integers(file, "low", p.low, d);
    write_integers(file, "high", p.high, d);
    if (fclose(file) != 0)
        abort();
}

static rfmpi_status fit(rfmpi_comm *comm, const share *of, char **words, rfmpi_error *error)
{
    const int d = atoi(words[2]);
    const int floats = words[7][0] == '1';
    void *values = read_share(words[0], of, floats ? sizeof(float) : sizeof(double), (size_t)d);
    double *weights = read_share(words[8], of, sizeof(double), 1);
    int64_t *ids = read_share(words[9], of, sizeof(int64_t), 1);
    int32_t *labels = calloc(of->n + 1, sizeof *labels);
    double *distances = calloc(of->n + 1, sizeof *distances);
    rfmpi_matrix *matrix = NULL;
    rfmpi_model *model = NULL;
    rfmpi_quality quality = {.size = sizeof quality};
    rfmpi_fit_options options = rfmpi_fit_defaults();
    rfmpi_rows rows = floats ? rfmpi_rows_of_floats(of->n, d, values) : rfmpi_rows_of_doubles(of->n, d, values);
    rows.weights = weights;
    rows.ids = ids;
    options.k = atoi(words[4]);
    options.seed = strtoull(words[5], NULL, 10);
    if (rfmpi_matrix_create(comm, &rows, (rfmpi_scale)atoi(words[6]), &matrix, error) == RFMPI_OK &&
        rfmpi_fit(matrix, &options, labels, distances, &model, error) == RFMPI_OK &&
        rfmpi_measure(matrix, options.k, labels, options.seed, &quality, error) == RFMPI_OK) {
        write_array(words[3], "labels", of, labels, sizeof *labels);
        write_array(words[3], "distances", of, distances, sizeof *distances);
        if (of->rank == 0)
            write_model(words[3], model, &quality);
    }
    rfmpi_model_free(model);
    rfmpi_matrix_free(matrix);
    free(values);
    free(weights);
    free(ids);
    free(labels);
    free(distances);
    return error->status;
}

int main(int argc, char **argv)
{
    char *words[] = {NULL, NULL, NULL, NULL, "8", "1", "0", "0", "-", "-"};
    share of = {0, 1, 0, 0};
    rfmpi_comm *comm = NULL;
    rfmpi_error error;
    for (int i = 1; i < argc && i <= 10; i++)
        words[i - 1] = argv[i];
#ifdef RFMPI_SERIAL
    rfmpi_comm_alone(&comm, &error);
#else
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &of.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &of.size);
    rfmpi_comm_create(MPI_COMM_WORLD, &comm, &error);
#endif
    const size_t n = strtoull(words[1], NULL, 10);
    of.first = n * (size_t)of.rank / (size_t)of.size;
    of.n = n * (size_t)(of.rank + 1) / (size_t)of.size - of.first;
    if (error.status == RFMPI_OK)
        fit(comm, &of, words, &error);
    if (error.status != RFMPI_OK)
        fprintf(stderr, "fit: %s\n", error.message);
    rfmpi_comm_free(comm);
#ifndef RFMPI_SERIAL
    MPI_Finalize();
#endif
    return (int)error.status;
}
