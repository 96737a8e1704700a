/* library: what stands between rfmpi.h, which is for everybody, and the modules. Private to src/library.
 *
 * Here the structs of a caller are checked and taken into those of the modules, and nothing is computed.
 */
#ifndef RFMPI_LIBRARY_LIBRARY_H
#define RFMPI_LIBRARY_LIBRARY_H

#include "rfmpi.h"

#include "rfmpi/kmeans.h"
#include "rfmpi/scaling.h"

struct rfmpi_comm {
    rfm_comm *ranks;
    rfm_log_sink sink;
    rfmpi_log log; /* NULL: nobody listens */
    void *context;
};

struct rfmpi_matrix {
    rfmpi_comm *comm; /* borrowed */
    rfm_scaling scaling;
    rfm_grid grid;
    rfm_weights weights;
    rfm_matrix rows;
};

/* ---- call.c: Local ---------------------------------------------------------------------------------------------- */

/* A call from outside, under way. */
typedef struct call {
    rfm_error err;
    const rfm_log_sink *before;
} call;

/* What is logged goes where the communicator's lines go; NULL: nowhere. */
call call_begin(const rfmpi_comm *comm);

/* error may be NULL. */
rfmpi_status call_end(const call *self, rfmpi_error *error);

/* A struct of the caller's, which begins with its size, into one of ours of which the rest keeps what it has. What is
 * longer than ours must be 0 behind it: it asks for something that this version does not know. */
rfm_status struct_take(void *own, size_t own_size, const void *theirs, const char *name, rfm_error *err);

/* The other way: the rest of theirs becomes 0. */
void struct_give(const void *own, size_t own_size, void *theirs, size_t size);

/* Collective. All ranks must have been told the same words; RFM_USAGE, on all, when they were not. */
rfm_status same_everywhere(rfm_comm *comm, const int64_t *words, size_t n, const char *what, rfm_error *err);

int64_t word_of(double number); /* its bits */

/* ---- rows.c: Local ---------------------------------------------------------------------------------------------- */

/* Checks all but what is in the rows. */
rfm_status rows_take(const rfmpi_rows *theirs, rfmpi_rows *own, rfm_error *err);
rfm_status rows_check_finite(const rfmpi_rows *rows, rfm_error *err);
void rows_copy(const rfmpi_rows *rows, size_t first, size_t n, double *to); /* [n * d] row major */

/* ---- model.c: Local --------------------------------------------------------------------------------------------- */

/* A model of a fit. Takes no array over. */
rfm_status model_of_fit(const rfmpi_matrix *matrix, const rfm_clustering *fit, uint64_t seed, rfmpi_model **model,
                        rfm_error *err);

#endif
