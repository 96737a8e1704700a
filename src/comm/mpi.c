/* mpi: starting and stopping Open MPI, its handles, and what happens when a call fails. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mpi_handle.h"

/* For the first call that all ranks make. */
enum { MEETING_S = 60, LATER_S = 5 };

void rfm_mpi_check(const rfm_comm *comm, int code, const char *call)
{
    if (code == MPI_SUCCESS)
        return;
    char text[MPI_MAX_ERROR_STRING + 1] = "unknown error";
    int length = 0;
    MPI_Error_string(code, text, &length);
    fprintf(stderr, "rfmpi: %s failed: %s (rank %d, stage %s)\n", call, text, comm->rank, comm->stage);
    MPI_Abort(comm->mpi->parent, RFM_INTERNAL);
}

/* The buffers MPI hands over need not be aligned for 16 bytes. */
static void add_i128(void *in, void *inout, int *length, MPI_Datatype *type)
{
    (void)type;
    char *from = in, *to = inout;
    for (int i = 0; i < *length; i++, from += sizeof(rfm_u128), to += sizeof(rfm_u128)) {
        rfm_u128 a, b;
        memcpy(&a, from, sizeof a);
        memcpy(&b, to, sizeof b);
        b += a;
        memcpy(to, &b, sizeof b);
    }
}

/* Where MPI has ended before, or is not there yet, there is nobody else to end. */
static void end_all(void)
{
    int begun = 0, over = 0;
    MPI_Initialized(&begun);
    MPI_Finalized(&over);
    if (begun && !over)
        MPI_Abort(MPI_COMM_WORLD, RFM_INTERNAL);
}

/* mpi->comm is there. */
static void make_handles(rfm_comm *comm)
{
    struct rfm_mpi *mpi = comm->mpi;
    rfm_mpi_check(comm, MPI_Comm_set_errhandler(mpi->comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    rfm_mpi_check(comm, MPI_Comm_rank(mpi->comm, &comm->rank), "MPI_Comm_rank");
    rfm_mpi_check(comm, MPI_Comm_size(mpi->comm, &comm->size), "MPI_Comm_size");
    rfm_mpi_check(comm, MPI_Type_contiguous((int)sizeof(rfm_i128), MPI_BYTE, &mpi->i128), "MPI_Type_contiguous");
    rfm_mpi_check(comm, MPI_Type_commit(&mpi->i128), "MPI_Type_commit");
    rfm_mpi_check(comm, MPI_Op_create(add_i128, 1, &mpi->sum_i128), "MPI_Op_create");
}

static void end_silently(int number)
{
    (void)number;
    _exit(RFM_INTERNAL);
}

static void end_with_word(int number)
{
    static const char text[] =
        "rfmpi: error: the ranks were started but do not reach each other: is there a network that "
        "all of them have, and memory enough for MPI on each?\n";
    (void)number;
    _exit(write(STDERR_FILENO, text, sizeof text - 1) < 0 ? RFM_IO : RFM_INTERNAL);
}

/* MPI_Init may return on all ranks although they have no way to each other, or one of them had no memory for it. The
 * first call that they make together then waits for ever: it is given a time, and rank 0 speaks first. */
static void meet(rfm_comm *comm)
{
    int rank = 0;
    rfm_mpi_check(comm, MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
    signal(SIGALRM, rank == 0 ? end_with_word : end_silently);
    alarm(rank == 0 ? MEETING_S : MEETING_S + LATER_S);
    rfm_mpi_check(comm, MPI_Comm_dup(MPI_COMM_WORLD, &comm->mpi->comm), "MPI_Comm_dup");
    make_handles(comm);
    rfm_mpi_check(comm, MPI_Comm_dup(comm->mpi->comm, &comm->mpi->bell), "MPI_Comm_dup");
    alarm(0);
    signal(SIGALRM, SIG_DFL);
}

rfm_status rfm_ranks_start(int *argc, char ***argv, rfm_comm *comm, rfm_error *err)
{
    if (rfm_launch_check_room(err) != RFM_OK)
        return err->status;
    comm->mpi = rfm_alloc(1, sizeof *comm->mpi, err);
    if (comm->mpi == NULL)
        return err->status;
    if (!rfm_launch_managed())
        rfm_launch_stand_alone();
    if (rfm_launch_on_one_node())
        rfm_launch_without_network();
    comm->mpi->parent = MPI_COMM_WORLD;
    int provided = MPI_THREAD_SINGLE;
    rfm_mpi_check(comm, MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
    comm->started_s = rfm_clock_s();
    if (provided < MPI_THREAD_FUNNELED) {
        MPI_Finalize();
        free(comm->mpi);
        return rfm_fail(err, RFM_INTERNAL, "this MPI library cannot serve a program with threads");
    }
    rfm_broken_ends(end_all);
    meet(comm);
    return RFM_OK;
}

/* MPI serves, and the communicator is one that sums can be taken over. */
static rfm_status check_parent(MPI_Comm parent, rfm_error *err)
{
    int begun = 0, over = 0, between_groups = 0;
    MPI_Initialized(&begun);
    MPI_Finalized(&over);
    if (!begun || over)
        return rfm_fail(err, RFM_USAGE, "MPI is not running: call this between MPI_Init and MPI_Finalize");
    if (parent == MPI_COMM_NULL)
        return rfm_fail(err, RFM_USAGE, "the communicator is MPI_COMM_NULL: ranks without one must not call this");
    MPI_Comm_test_inter(parent, &between_groups);
    if (between_groups)
        return rfm_fail(err, RFM_USAGE, "the communicator is between two groups: merge it first (MPI_Intercomm_merge)");
    return RFM_OK;
}

/* Collective; MPI_COMM_NULL where any rank has failed before. There is no rfm_comm yet to agree by. Whether the caller
 * gets errors of MPI back or not: no other rank knows of one. */
static MPI_Comm duplicate(MPI_Comm parent, rfm_error *err)
{
    MPI_Comm own;
    int fine = err->status == RFM_OK;
    if (MPI_Comm_dup(parent, &own) != MPI_SUCCESS ||
        MPI_Allreduce(MPI_IN_PLACE, &fine, 1, MPI_INT, MPI_MIN, own) != MPI_SUCCESS) {
        fprintf(stderr, "rfmpi: the communicator cannot be duplicated\n");
        MPI_Abort(parent, RFM_INTERNAL);
    }
    if (fine)
        return own;
    MPI_Comm_free(&own);
    rfm_fail(err, RFM_NO_MEMORY, "another rank has no memory for a communicator");
    return MPI_COMM_NULL;
}

rfm_status rfm_ranks_attach(const void *mpi_comm, rfm_comm *comm, rfm_error *err)
{
    MPI_Comm parent = MPI_COMM_SELF;
    if (mpi_comm)
        memcpy(&parent, mpi_comm, sizeof parent);
    if (check_parent(parent, err) != RFM_OK)
        return err->status;
    struct rfm_mpi *mpi = rfm_alloc(1, sizeof *mpi, err);
    MPI_Comm own = duplicate(parent, err);
    if (own == MPI_COMM_NULL) {
        free(mpi);
        return err->status;
    }
    *mpi = (struct rfm_mpi){.parent = own, .comm = own, .bell = MPI_COMM_NULL};
    comm->mpi = mpi;
    make_handles(comm);
    comm->started_s = rfm_clock_s();
    rfm_broken_ends(end_all);
    return RFM_OK;
}

void rfm_ranks_stop(rfm_comm *comm)
{
    const bool started_here = comm->mpi->bell != MPI_COMM_NULL;
    MPI_Op_free(&comm->mpi->sum_i128);
    MPI_Type_free(&comm->mpi->i128);
    MPI_Comm_free(&comm->mpi->comm);
    if (started_here) {
        MPI_Comm_free(&comm->mpi->bell);
        rfm_broken_ends(NULL);
        MPI_Finalize();
    }
    free(comm->mpi);
}

size_t rfm_comm_library(char *buffer, size_t size)
{
    char version[MPI_MAX_LIBRARY_VERSION_STRING + 1] = "";
    int length = 0;
    MPI_Get_library_version(version, &length);
    version[strcspn(version, ",\n")] = '\0'; /* behind it: who built it where */
    int written = snprintf(buffer, size, "%s", version);
    return written < 0 ? 0 : (size_t)written;
}
