/* mpi_collective: the collective calls of MPI, split so that no count passes its int. */
#include "mpi_handle.h"

#include <time.h>

/* What a reduction needs to know besides the values. */
struct reduction {
    MPI_Datatype type;
    MPI_Op op;
    size_t element_size;
};

/* n_bytes: what this rank puts in. began: by rfm_clock_s, before the call. */
static void count_collective(rfm_comm *comm, size_t n_bytes, double began)
{
    comm->traffic.n_collectives++;
    comm->traffic.collective_bytes += (int64_t)n_bytes;
    comm->traffic.seconds += rfm_clock_s() - began;
}

static void reduce(rfm_comm *comm, const struct reduction *what, void *values, size_t n)
{
    char *at = values;
    while (n > 0) {
        const double began = rfm_clock_s();
        size_t piece = n < comm->max_elements ? n : comm->max_elements;
        rfm_mpi_check(comm, MPI_Allreduce(MPI_IN_PLACE, at, (int)piece, what->type, what->op, comm->mpi->comm),
                      "MPI_Allreduce");
        count_collective(comm, piece * what->element_size, began);
        at += piece * what->element_size;
        n -= piece;
    }
}

static MPI_Op op_of(rfm_reduce op)
{
    switch (op) {
    case RFM_SUM:
        return MPI_SUM;
    case RFM_MIN:
        return MPI_MIN;
    case RFM_MAX:
        return MPI_MAX;
    }
    rfm_broken("op is one of rfm_reduce", __FILE__, __LINE__);
}

void rfm_comm_reduce_i64(rfm_comm *comm, rfm_reduce op, int64_t *values, size_t n)
{
    /* Signed sums wrap: MPI adds them as unsigned, where that is defined. */
    MPI_Datatype type = op == RFM_SUM ? MPI_UINT64_T : MPI_INT64_T;
    reduce(comm, &(struct reduction){type, op_of(op), sizeof *values}, values, n);
}

void rfm_comm_reduce_f64(rfm_comm *comm, rfm_reduce op, double *values, size_t n)
{
    rfm_assert(op != RFM_SUM);
    reduce(comm, &(struct reduction){MPI_DOUBLE, op_of(op), sizeof *values}, values, n);
    /* Which of -0 and +0 wins depends on the order of the ranks: make it +0. */
    for (size_t i = 0; i < n; i++)
        values[i] += 0.0;
}

void rfm_comm_sum_i128(rfm_comm *comm, rfm_i128 *values, size_t n)
{
    reduce(comm, &(struct reduction){comm->mpi->i128, comm->mpi->sum_i128, sizeof *values}, values, n);
}

void rfm_comm_barrier(rfm_comm *comm)
{
    const double began = rfm_clock_s();
    rfm_mpi_check(comm, MPI_Barrier(comm->mpi->comm), "MPI_Barrier");
    count_collective(comm, 0, began);
}

void rfm_comm_rest(rfm_comm *comm)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    const double began = rfm_clock_s();
    MPI_Request request;
    int done = 0;
    rfm_mpi_check(comm, MPI_Ibarrier(comm->mpi->comm, &request), "MPI_Ibarrier");
    while (rfm_mpi_check(comm, MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test"), !done)
        nanosleep(&moment, NULL);
    count_collective(comm, 0, began);
}

int64_t rfm_comm_before_i64(rfm_comm *comm, int64_t value)
{
    const double began = rfm_clock_s();
    int64_t before = 0;
    rfm_mpi_check(comm, MPI_Exscan(&value, &before, 1, MPI_INT64_T, MPI_SUM, comm->mpi->comm), "MPI_Exscan");
    count_collective(comm, sizeof value, began);
    return comm->rank == 0 ? 0 : before; /* MPI leaves it undefined on rank 0 */
}

void rfm_comm_bcast(rfm_comm *comm, int root, void *bytes, size_t n_bytes)
{
    char *at = bytes;
    while (n_bytes > 0) {
        const double began = rfm_clock_s();
        size_t piece = n_bytes < comm->max_bytes ? n_bytes : comm->max_bytes;
        rfm_mpi_check(comm, MPI_Bcast(at, (int)piece, MPI_BYTE, root, comm->mpi->comm), "MPI_Bcast");
        count_collective(comm, comm->rank == root ? piece : 0, began);
        at += piece;
        n_bytes -= piece;
    }
}

void rfm_comm_gather_i64(rfm_comm *comm, int64_t value, int64_t *all)
{
    const double began = rfm_clock_s();
    rfm_mpi_check(comm, MPI_Allgather(&value, 1, MPI_INT64_T, all, 1, MPI_INT64_T, comm->mpi->comm), "MPI_Allgather");
    count_collective(comm, sizeof value, began);
}

void rfm_ranks_gather(rfm_comm *comm, void *all, const size_t *offsets, int *room)
{
    const double began = rfm_clock_s();
    int *counts = room, *at = room + comm->size;
    for (int r = 0; r < comm->size; r++) {
        at[r] = (int)offsets[r];
        counts[r] = (int)(offsets[r + 1] - offsets[r]);
    }
    rfm_mpi_check(comm, MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, counts, at, MPI_BYTE, comm->mpi->comm),
                  "MPI_Allgatherv");
    count_collective(comm, (size_t)counts[comm->rank], began);
}

void rfm_ranks_swap_counts(rfm_comm *comm, const size_t *counts, size_t *theirs)
{
    const double began = rfm_clock_s();
    int width = (int)sizeof *counts;
    rfm_mpi_check(comm, MPI_Alltoall(counts, width, MPI_BYTE, theirs, width, MPI_BYTE, comm->mpi->comm),
                  "MPI_Alltoall");
    count_collective(comm, (size_t)comm->size * sizeof *counts, began);
}

static int partner_of(int rank)
{
    return rank == RFM_NO_RANK ? MPI_PROC_NULL : rank;
}

void rfm_ranks_swap_along(rfm_comm *comm, const rfm_route *route, const size_t *counts, size_t *theirs)
{
    const double began = rfm_clock_s();
    int width = (int)sizeof *counts;
    for (size_t s = 0; s < route->n_steps; s++) {
        const rfm_hop *step = &route->steps[s];
        theirs[s] = 0;
        rfm_mpi_check(comm,
                      MPI_Sendrecv(&counts[s], width, MPI_BYTE, partner_of(step->to), 0, &theirs[s], width, MPI_BYTE,
                                   partner_of(step->from), 0, comm->mpi->comm, MPI_STATUS_IGNORE),
                      "MPI_Sendrecv");
    }
    count_collective(comm, route->n_steps * sizeof *counts, began);
}

/* The next piece of a transfer, cut off its front; partner MPI_PROC_NULL when nothing is left. */
static int next_piece(rfm_transfer *transfer, size_t max_bytes, int *partner, char **bytes)
{
    size_t piece = transfer->n_bytes < max_bytes ? transfer->n_bytes : max_bytes;
    *partner = piece > 0 && transfer->rank != RFM_NO_RANK ? transfer->rank : MPI_PROC_NULL;
    *bytes = transfer->bytes;
    transfer->n_bytes -= piece;
    if (piece > 0)
        transfer->bytes += piece;
    return (int)piece;
}

/* Both sides know both sizes, so piece i of the sender meets piece i of the receiver. */
void rfm_ranks_send_receive(rfm_comm *comm, const rfm_transfer *send, const rfm_transfer *receive)
{
    const double began = rfm_clock_s();
    rfm_transfer out = *send, in = *receive;
    while (out.n_bytes > 0 || in.n_bytes > 0) {
        int to, from;
        char *send_bytes, *receive_bytes;
        int n_send = next_piece(&out, comm->max_bytes, &to, &send_bytes);
        int n_receive = next_piece(&in, comm->max_bytes, &from, &receive_bytes);
        rfm_mpi_check(comm,
                      MPI_Sendrecv(send_bytes, n_send, MPI_BYTE, to, 0, receive_bytes, n_receive, MPI_BYTE, from, 0,
                                   comm->mpi->comm, MPI_STATUS_IGNORE),
                      "MPI_Sendrecv");
        if (to != MPI_PROC_NULL) {
            comm->traffic.n_messages++;
            comm->traffic.message_bytes += n_send;
        }
    }
    comm->traffic.seconds += rfm_clock_s() - began;
}
