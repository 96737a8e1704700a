/* serial: the twin of mpi*.c without MPI: one rank, alone. */
#include <stdio.h>
#include <stdlib.h>

#include "ranks.h"

rfm_status rfm_ranks_start(int *argc, char ***argv, rfm_comm *comm, rfm_error *err)
{
    (void)argc, (void)argv, (void)err;
    comm->rank = 0;
    comm->size = 1;
    comm->started_s = rfm_clock_s();
    return RFM_OK;
}

rfm_status rfm_ranks_attach(const void *mpi_comm, rfm_comm *comm, rfm_error *err)
{
    if (mpi_comm)
        return rfm_fail(err, RFM_USAGE, "this build of rfmpi has no MPI: there is no communicator to join");
    return err->status == RFM_OK ? rfm_ranks_start(NULL, NULL, comm, err) : err->status;
}

void rfm_ranks_stop(rfm_comm *comm)
{
    (void)comm;
}

size_t rfm_comm_library(char *buffer, size_t size)
{
    int written = snprintf(buffer, size, "none (serial)");
    return written < 0 ? 0 : (size_t)written;
}

void rfm_comm_barrier(rfm_comm *comm)
{
    (void)comm;
}

void rfm_comm_rest(rfm_comm *comm)
{
    (void)comm;
}

bool rfm_comm_bell(rfm_comm *comm, bool wants)
{
    comm->rung |= wants;
    return comm->rung;
}

bool rfm_comm_meet(rfm_comm *comm, bool (*wants)(void *context), void *context)
{
    (void)wants, (void)context;
    const bool rung = comm->rung;
    comm->rung = false;
    return rung;
}

void rfm_comm_reduce_i64(rfm_comm *comm, rfm_reduce op, int64_t *values, size_t n)
{
    (void)comm, (void)op, (void)values, (void)n;
}

void rfm_comm_reduce_f64(rfm_comm *comm, rfm_reduce op, double *values, size_t n)
{
    (void)comm;
    rfm_assert(op != RFM_SUM);
    /* As with MPI: no negative zero. */
    for (size_t i = 0; i < n; i++)
        values[i] += 0.0;
}

void rfm_comm_sum_i128(rfm_comm *comm, rfm_i128 *values, size_t n)
{
    (void)comm, (void)values, (void)n;
}

int64_t rfm_comm_before_i64(rfm_comm *comm, int64_t value)
{
    (void)comm, (void)value;
    return 0;
}

void rfm_comm_bcast(rfm_comm *comm, int root, void *bytes, size_t n_bytes)
{
    (void)bytes, (void)n_bytes;
    rfm_assert(root == comm->rank);
}

void rfm_comm_gather_i64(rfm_comm *comm, int64_t value, int64_t *all)
{
    (void)comm;
    all[0] = value;
}

void rfm_ranks_gather(rfm_comm *comm, void *all, const size_t *offsets, int *room)
{
    (void)comm, (void)all, (void)offsets, (void)room;
}

void rfm_ranks_swap_counts(rfm_comm *comm, const size_t *counts, size_t *theirs)
{
    (void)comm;
    theirs[0] = counts[0];
}

void rfm_ranks_swap_along(rfm_comm *comm, const rfm_route *route, const size_t *counts, size_t *theirs)
{
    (void)comm, (void)route;
    theirs[0] = counts[0];
}

/* What a rank keeps is copied by the caller, and there is nobody else. */
void rfm_ranks_send_receive(rfm_comm *comm, const rfm_transfer *send, const rfm_transfer *receive)
{
    (void)comm, (void)send, (void)receive;
    rfm_broken("a rank that is alone sends nothing", __FILE__, __LINE__);
}

rfm_status rfm_comm_shared_open(rfm_comm *comm, size_t bytes_per_rank, rfm_shared *shared, rfm_error *err)
{
    *shared = (rfm_shared){.size = 1};
    shared->bytes = rfm_alloc(bytes_per_rank, 1, err);
    return rfm_comm_agree(comm, err);
}

void rfm_comm_shared_close(rfm_comm *comm, rfm_shared *shared)
{
    (void)comm;
    free(shared->bytes);
    *shared = (rfm_shared){0};
}
