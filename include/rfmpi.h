/* rfmpi: exact k-means of a matrix that lies in the memory of the ranks of a communicator.
 *
 *     rfmpi_comm *comm = NULL;  rfmpi_matrix *matrix = NULL;  rfmpi_model *model = NULL;  rfmpi_error error;
 *     rfmpi_rows rows = rfmpi_rows_of_doubles(n_local, d, values);
 *     rfmpi_fit_options options = rfmpi_fit_defaults();
 *     options.k = 12;
 *     if (rfmpi_comm_create(mine, &comm, &error) == RFMPI_OK &&
 *         rfmpi_matrix_create(comm, &rows, RFMPI_SCALE_STANDARD, &matrix, &error) == RFMPI_OK)
 *         rfmpi_fit(matrix, &options, labels, NULL, &model, &error);
 *
 * The same rows in the same order give the same bits, whatever ranks they are spread over, whatever threads, vector
 * instructions or BLAS there are, and the same as `rfmpi train` gives.
 *
 * Collective: all ranks of the communicator call it, in the same order and with the same arguments but for their rows,
 * and get the same status back; of an error the lowest rank that had it speaks. Local: all else.
 *
 * The library never starts or ends MPI, uses no communicator but duplicates of those it is given, installs no handler
 * of signals, changes no environment, writes nothing to stdout or stderr, and does not end the process: but for a call
 * of MPI that fails, and an invariant of its own that does not hold, which leave nothing sensible to do. Then there is
 * one line on stderr, and MPI_Abort.
 *
 * Of one communicator and what was made of it, one thread at a time may call; MPI wants that to be the thread that
 * started it, unless it was asked for more. Different ones may be used at once. Inside, OpenMP's threads work.
 *
 * Structs that may grow begin with their size, by which older programs go on with newer libraries: the functions here
 * that make them set it, and all that is not named is 0 or a default.
 */
#ifndef RFMPI_H
#define RFMPI_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The package files define this for a build without MPI, in which every process is alone. */
#ifndef RFMPI_SERIAL
#ifdef __cplusplus /* without the classes that MPI once had, which programs would have to link a library for */
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#endif
#include <mpi.h>
#endif

#define RFMPI_VERSION_MAJOR 0
#define RFMPI_VERSION_MINOR 1
#define RFMPI_VERSION_PATCH 0

#if defined(__GNUC__)
#define RFMPI_API __attribute__((visibility("default")))
#else
#define RFMPI_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- version ---------------------------------------------------------------------------------------------------- */

/* Of the library that is loaded: "0.1.0". Local. */
RFMPI_API const char *rfmpi_version(void);

/* "Open MPI v4.1.4; OpenBLAS 0.3.21 ..." into buffer, cut to size; the length it has uncut. Local. */
RFMPI_API size_t rfmpi_libraries(char *buffer, size_t size);

/* ---- errors ----------------------------------------------------------------------------------------------------- */

/* The exit codes of the program. */
typedef enum rfmpi_status {
    RFMPI_OK = 0,
    RFMPI_USAGE = 64,    /* arguments that cannot be meant */
    RFMPI_DATA = 65,     /* values that cannot be clustered */
    RFMPI_INTERNAL = 70, /* a fault of the library */
    RFMPI_NO_MEMORY = 71,
    RFMPI_IO = 74,     /* a function of the caller's failed */
    RFMPI_STOPPED = 75 /* as was wished */
} rfmpi_status;

/* Filled by every function that is given one, with RFMPI_OK and "" too; NULL is fine. */
typedef struct rfmpi_error {
    rfmpi_status status;
    int rank;     /* of the communicator: where it happened; -1: of a Local function, or on no rank in particular */
    int n_failed; /* ranks that failed */
    char message[1000];
} rfmpi_error;

/* ---- communicator ----------------------------------------------------------------------------------------------- */

typedef struct rfmpi_comm rfmpi_comm;

#ifndef RFMPI_SERIAL
/* Collective on `comm`, of which a duplicate is used; *made: NULL on failure. Between MPI_Init and MPI_Finalize. */
RFMPI_API rfmpi_status rfmpi_comm_create(MPI_Comm comm, rfmpi_comm **made, rfmpi_error *error);
#endif

/* Local. This process alone; with MPI, that has to be running all the same. */
RFMPI_API rfmpi_status rfmpi_comm_alone(rfmpi_comm **made, rfmpi_error *error);

/* Collective, before MPI_Finalize, and after all that was made of it is freed. NULL is fine. */
RFMPI_API void rfmpi_comm_free(rfmpi_comm *comm);

typedef enum rfmpi_log_level {
    RFMPI_LOG_WARN = 1, /* the result holds, but is not quite what was asked for */
    RFMPI_LOG_INFO = 2, /* what was found: a line or two a fit */
    RFMPI_LOG_DEBUG = 3 /* how: a line an iteration */
} rfmpi_log_level;

/* Gets one line without its end, during a call of the library and in the thread of that call; `text` is not kept. */
typedef void (*rfmpi_log)(void *context, rfmpi_log_level level, const char *text);

/* Local. Who gets the lines of what is done with this communicator, up to a level; `log` NULL: nobody, as at first. All
 * ranks say the same, so one of them will do. */
RFMPI_API void rfmpi_comm_log(rfmpi_comm *comm, rfmpi_log_level level, rfmpi_log log, void *context);

/* ---- rows ------------------------------------------------------------------------------------------------------- */

typedef enum rfmpi_type { RFMPI_DOUBLE, RFMPI_FLOAT } rfmpi_type;

/* Rows of this rank, row major; a rank may have none. The rows of all ranks are numbered in the order of the ranks. All
 * is borrowed for the call. */
typedef struct rfmpi_rows {
    size_t size; /* of this struct */
    size_t n;
    const void *values; /* finite numbers */
    size_t stride;      /* elements from the start of a row to that of the next; 0: d */
    int d;
    int type;              /* rfmpi_type */
    const double *weights; /* [n], 0 or more: what rows count for; NULL: 1 each. Only to be fitted */
    const int64_t *ids;    /* [n]: what random choices go by; NULL: the numbers of the rows. Only to be fitted */
} rfmpi_rows;

static inline rfmpi_rows rfmpi_rows_of_doubles(size_t n, int d, const double *values)
{
    rfmpi_rows rows;
    memset(&rows, 0, sizeof rows);
    rows.size = sizeof rows;
    rows.n = n;
    rows.d = d;
    rows.type = RFMPI_DOUBLE;
    rows.values = values;
    return rows;
}

static inline rfmpi_rows rfmpi_rows_of_floats(size_t n, int d, const float *values)
{
    rfmpi_rows rows = rfmpi_rows_of_doubles(n, d, NULL);
    rows.type = RFMPI_FLOAT;
    rows.values = values;
    return rows;
}

/* ---- matrix ----------------------------------------------------------------------------------------------------- */

/* What fits are made of: the rows of all ranks, scaled, on a grid of 32-bit integers, 4 bytes a value and 8 a row. */
typedef struct rfmpi_matrix rfmpi_matrix;

/* Of each column, by weight. Exact functions of all values. */
typedef enum rfmpi_scale {
    RFMPI_SCALE_STANDARD, /* less the mean, by the standard deviation (of the population) */
    RFMPI_SCALE_ROBUST,   /* less the median, by the distance of the quartiles */
    RFMPI_SCALE_MINMAX,   /* from 0 to 1 */
    RFMPI_SCALE_NONE
} rfmpi_scale;

/* Collective. The rows are copied. Needs once or twice the room of their doubles while it is at work. *made: NULL on
 * failure. RFMPI_DATA for what is no finite number, or lies too far apart for double precision. Borrows the
 * communicator. */
RFMPI_API rfmpi_status rfmpi_matrix_create(rfmpi_comm *comm, const rfmpi_rows *rows, rfmpi_scale scale,
                                           rfmpi_matrix **made, rfmpi_error *error);
RFMPI_API void rfmpi_matrix_free(rfmpi_matrix *matrix); /* Local; NULL is fine */

/* ---- fit -------------------------------------------------------------------------------------------------------- */

typedef enum rfmpi_init {
    RFMPI_INIT_PARALLEL, /* k-means|| */
    RFMPI_INIT_PLUSPLUS,
    RFMPI_INIT_RANDOM,
    RFMPI_INIT_GIVEN
} rfmpi_init;

/* How labels are found; they are the same. */
typedef enum rfmpi_algorithm {
    RFMPI_ALGORITHM_AUTO,
    RFMPI_ALGORITHM_FUSED,  /* every row, every centroid, in registers */
    RFMPI_ALGORITHM_GEMM,   /* the same as a matrix product */
    RFMPI_ALGORITHM_BOUNDS, /* only rows whose label may have changed */
    RFMPI_ALGORITHM_DEFINITION
} rfmpi_algorithm;

typedef enum rfmpi_search {
    RFMPI_SEARCH_AUTO,        /* SPLIT_MERGE unless centroids are GIVEN */
    RFMPI_SEARCH_SPLIT_MERGE, /* behind the iterations, clusters are split and merged while that lowers the inertia */
    RFMPI_SEARCH_NONE
} rfmpi_search;

typedef enum rfmpi_wish { RFMPI_WISH_NOTHING, RFMPI_WISH_KEEP, RFMPI_WISH_STOP } rfmpi_wish;

typedef struct rfmpi_fit_options {
    size_t size; /* of this struct */
    int k;       /* 8. Fewer come of it where there are fewer distinct rows */
    uint64_t seed;
    int restarts; /* 1: the best of so many is kept */
    int init;     /* rfmpi_init */

    /* For GIVEN: [k * d], in the units of the rows, the same on all ranks. */
    const double *given;
    int max_iterations; /* 300 */
    double tolerance;   /* 1e-4: stop when the squared shift of all centroids is at most so many times the mean variance
                           of the columns; 0: only when no label changes */
    double oversampling; /* 2, of k-means||, in units of k */
    int rounds;          /* 5, of k-means|| */
    int algorithm;       /* rfmpi_algorithm */
    int search;          /* rfmpi_search */
    int order_column;    /* -1. Clusters are ordered by this column of their centroids, or by size, descending */

    /* A fit that can be stopped, and goes on where it was, on any number of ranks. All three may be NULL.
     * wish: before each iteration; what any rank wishes is done on all.
     * keep: on all ranks; the bytes are the same on all of them but for seconds, so one rank's serve for all. Not 0:
     *     they could not be kept, and the fit ends with RFMPI_IO. Called on a wish to KEEP, and on one to STOP, after
     *     which the fit ends with RFMPI_STOPPED.
     * kept: such bytes, of an earlier fit of the same matrix with the same options, the same on all ranks. */
    rfmpi_wish (*wish)(void *context);
    int (*keep)(void *context, const void *bytes, size_t n_bytes);
    void *context;
    const void *kept;
    size_t n_kept;
} rfmpi_fit_options;

/* Sets the first `size` bytes. Local. */
RFMPI_API void rfmpi_fit_options_init(rfmpi_fit_options *options, size_t size);

static inline rfmpi_fit_options rfmpi_fit_defaults(void)
{
    rfmpi_fit_options options;
    rfmpi_fit_options_init(&options, sizeof options);
    return options;
}

/* What decides labels, and how it came about. */
typedef struct rfmpi_model rfmpi_model;

/* Collective. Labels [n] of this rank's rows, from 0, and squared distances [n] to their centroids in scaled units;
 * either may be NULL. *model: NULL on failure; it borrows nothing, and each rank has one. */
RFMPI_API rfmpi_status rfmpi_fit(rfmpi_matrix *matrix, const rfmpi_fit_options *options, int32_t *labels,
                                 double *squared_distances, rfmpi_model **model, rfmpi_error *error);
RFMPI_API void rfmpi_model_free(rfmpi_model *model); /* Local; NULL is fine */

/* ---- model ------------------------------------------------------------------------------------------------------ */

/* All there is to a model; the same on all ranks. What it points to is the model's. */
typedef struct rfmpi_parts {
    size_t size; /* of this struct */
    int k, d;
    const double *centroids;        /* [k * d] in the units of the rows */
    const double *centroids_scaled; /* [k * d] */
    const int64_t *sizes;           /* [k] rows of all ranks */
    const double *weights;          /* [k] of all ranks; NULL: the rows had none */
    double inertia;                 /* of the labels about the centroids, by weight, in scaled units */
    const double *trace;            /* [iterations] inertia of each iteration, of the best restart */
    int iterations;                 /* of the best restart */
    int converged;
    int restart; /* the best one, from 0 */
    int scale;   /* rfmpi_scale */
    uint64_t seed;

    /* What decides labels: scaled = (value - center) / scales, of which index = round((scaled - offset) / step), and
     * the label is the first position that is nearest to step * index. */
    const double *center, *scales; /* [d] */
    const double *offset, *step;   /* [d]; steps are powers of two */
    const int64_t *low, *high;     /* [d] least and largest index of the fit */
    const double *positions;       /* [k * d] */
} rfmpi_parts;

/* Local. Sets the first `size` bytes. */
RFMPI_API void rfmpi_model_parts(const rfmpi_model *model, rfmpi_parts *parts, size_t size);

/* Local. A model of parts that were kept somewhere: k, d and what decides labels must be there; anything else may be
 * NULL or 0. All is copied. RFMPI_DATA where they cannot be those of a model. */
RFMPI_API rfmpi_status rfmpi_model_make(const rfmpi_parts *parts, rfmpi_model **model, rfmpi_error *error);

/* Local. Labels [n] of any rows, and squared distances [n] (may be NULL); of the rows of the fit, what the fit gave. */
RFMPI_API rfmpi_status rfmpi_assign(const rfmpi_model *model, const rfmpi_rows *rows, int32_t *labels,
                                    double *squared_distances, rfmpi_error *error);

/* ---- quality ---------------------------------------------------------------------------------------------------- */

typedef struct rfmpi_quality {
    size_t size;               /* of this struct */
    double silhouette;         /* mean over all rows, of plain distances */
    double silhouette_error;   /* its standard error; 0: of all rows */
    int64_t silhouette_rows;   /* looked at: beyond 10,000 it is of a sample */
    double squared_silhouette; /* of squared distances, of all rows */
    double davies_bouldin, calinski_harabasz;
    double *silhouettes; /* [k] of each cluster, into the caller's array; NULL: not wanted */
} rfmpi_quality;

/* Collective. Of labels [n] of the matrix's rows on this rank, each below k, about their own means, by weight. The seed
 * draws the sample that the silhouette is taken from. All 0 with one cluster. Set size, and silhouettes, before. */
RFMPI_API rfmpi_status rfmpi_measure(rfmpi_matrix *matrix, int k, const int32_t *labels, uint64_t seed,
                                     rfmpi_quality *quality, rfmpi_error *error);

/* Collective. The adjusted Rand index of two labellings [n] of the same rows: 1 where they are the same but for
 * numbering, about 0 where they have nothing to do with each other. Every rank takes 8 bytes for each pair of their
 * clusters, of which there can be 2^26. */
RFMPI_API rfmpi_status rfmpi_agreement(rfmpi_comm *comm, size_t n, const int32_t *a, const int32_t *b, double *index,
                                       rfmpi_error *error);

#ifdef __cplusplus
}
#endif

#endif
