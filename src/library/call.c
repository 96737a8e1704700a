/* Calls from outside: where their lines go, how their failures come out, and structs that begin with their size. */
#include "library.h"

#include <stdio.h>
#include <string.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *rfmpi_version(void)
{
    return TEXT(RFMPI_VERSION_MAJOR) "." TEXT(RFMPI_VERSION_MINOR) "." TEXT(RFMPI_VERSION_PATCH);
}

size_t rfmpi_libraries(char *buffer, size_t size)
{
    char ranks[256] = "", blas[256] = "";
    rfm_comm_library(ranks, sizeof ranks);
    rfm_blas_library(blas, sizeof blas);
    const int length = snprintf(buffer, size, "%s; %s", ranks, blas);
    return length > 0 ? (size_t)length : 0;
}

call call_begin(const rfmpi_comm *comm)
{
    static const rfm_log_sink nobody = {.level = RFM_LOG_ERROR};
    return (call){.before = rfm_log_divert(comm ? &comm->sink : &nobody)};
}

rfmpi_status call_end(const call *self, rfmpi_error *error)
{
    const rfm_error *err = &self->err;
    rfm_log_divert(self->before);
    if (error) {
        memset(error, 0, sizeof *error);
        error->status = (rfmpi_status)err->status;
        error->rank = err->n_failed > 0 ? err->rank : -1;
        error->n_failed = err->n_failed;
        memcpy(error->message, err->message, sizeof error->message);
    }
    return (rfmpi_status)err->status;
}

rfm_status struct_take(void *own, size_t own_size, const void *theirs, const char *name, rfm_error *err)
{
    size_t size = 0;
    if (!theirs)
        return rfm_fail(err, RFM_USAGE, "%s is NULL", name);
    memcpy(&size, theirs, sizeof size);
    if (size < own_size)
        return rfm_fail(err, RFM_USAGE, "%s has size %zu, but %zu bytes: set it by the function that makes one", name,
                        size, own_size);
    for (size_t i = own_size; i < size; i++)
        if (((const char *)theirs)[i] != 0)
            return rfm_fail(err, RFM_USAGE, "%s asks for what rfmpi %s does not know: use a newer library", name,
                            rfmpi_version());
    memcpy(own, theirs, own_size);
    return RFM_OK;
}

void struct_give(const void *own, size_t own_size, void *theirs, size_t size)
{
    memset(theirs, 0, size);
    memcpy(theirs, own, own_size < size ? own_size : size);
    memcpy(theirs, &size, sizeof size);
}

int64_t word_of(double number)
{
    int64_t word;
    memcpy(&word, &number, sizeof word);
    return word;
}

/* The least of the hashes is also the greatest. */
rfm_status same_everywhere(rfm_comm *comm, const int64_t *words, size_t n, const char *what, rfm_error *err)
{
    const uint64_t hash = rfm_hash64(words, n * sizeof *words);
    int64_t ends[2];
    memcpy(&ends[0], &hash, sizeof hash);
    ends[1] = ~ends[0];
    rfm_comm_reduce_i64(comm, RFM_MIN, ends, 2);
    if (ends[0] == ~ends[1])
        return RFM_OK;
    return rfm_fail(err, RFM_USAGE, "%s must be the same on all ranks", what);
}
