/* mpi_bell: a word that any rank gives and all hear, while each works for itself.
 *
 * Who rings tells rank 0; from there it goes down a tree, rank r to 2r + 1 and 2r + 2. Nothing is sent as long as
 * nobody rings. When all have met they know how many rang, and so which messages are still to come: none is left over.
 */
#include "mpi_handle.h"

#include <time.h>

enum { TO_FIRST = 1, DOWN = 2 }; /* tags */

static void send_word(rfm_comm *comm, int to, int tag)
{
    struct rfm_mpi *mpi = comm->mpi;
    rfm_mpi_check(comm, MPI_Isend(NULL, 0, MPI_BYTE, to, tag, mpi->bell, &mpi->ringing[mpi->n_ringing++]), "MPI_Isend");
    comm->traffic.n_messages++;
}

static void hear(rfm_comm *comm)
{
    comm->rung = true;
    for (int child = 2 * comm->rank + 1; child <= 2 * comm->rank + 2; child++)
        if (child < comm->size)
            send_word(comm, child, DOWN);
}

static void ring(rfm_comm *comm)
{
    if (comm->rank == 0)
        hear(comm);
    else
        send_word(comm, 0, TO_FIRST);
    comm->mpi->rang = true;
}

static void receive_word(rfm_comm *comm, int from, int tag)
{
    rfm_mpi_check(comm, MPI_Recv(NULL, 0, MPI_BYTE, from, tag, comm->mpi->bell, MPI_STATUS_IGNORE), "MPI_Recv");
}

static void listen(rfm_comm *comm)
{
    int there = 0;
    MPI_Status status;
    rfm_mpi_check(comm, MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm->mpi->bell, &there, &status), "MPI_Iprobe");
    if (!there)
        return;
    receive_word(comm, status.MPI_SOURCE, status.MPI_TAG);
    comm->mpi->n_heard += status.MPI_TAG == TO_FIRST;
    hear(comm);
}

bool rfm_comm_bell(rfm_comm *comm, bool wants)
{
    if (!comm->rung)
        listen(comm);
    if (!comm->rung && wants && !comm->mpi->rang)
        ring(comm);
    return comm->rung || comm->mpi->rang;
}

/* Everybody is here, so nobody rings any more. */
static bool settle_bell(rfm_comm *comm)
{
    struct rfm_mpi *mpi = comm->mpi;
    int64_t n[2] = {comm->rank == 0 && mpi->rang, comm->rank != 0 && mpi->rang};
    rfm_comm_reduce_i64(comm, RFM_SUM, n, 2);
    const bool rung = n[0] + n[1] > 0;
    while (comm->rank == 0 && mpi->n_heard < n[1]) {
        receive_word(comm, MPI_ANY_SOURCE, TO_FIRST);
        mpi->n_heard++;
    }
    if (rung && !comm->rung) {
        if (comm->rank != 0)
            receive_word(comm, (comm->rank - 1) / 2, DOWN);
        hear(comm);
    }
    rfm_mpi_check(comm, MPI_Waitall(mpi->n_ringing, mpi->ringing, MPI_STATUSES_IGNORE), "MPI_Waitall");
    comm->rung = mpi->rang = false;
    mpi->n_heard = mpi->n_ringing = 0;
    return rung;
}

bool rfm_comm_meet(rfm_comm *comm, bool (*wants)(void *context), void *context)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    MPI_Request request;
    int done = 0;
    const double began = rfm_clock_s();
    rfm_comm_bell(comm, wants(context)); /* all may be here before the first look below */
    rfm_mpi_check(comm, MPI_Ibarrier(comm->mpi->comm, &request), "MPI_Ibarrier");
    while (rfm_mpi_check(comm, MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test"), !done) {
        rfm_comm_bell(comm, wants(context));
        nanosleep(&moment, NULL);
    }
    comm->traffic.n_collectives++;
    comm->traffic.seconds += rfm_clock_s() - began;
    return settle_bell(comm);
}
