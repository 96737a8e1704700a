/* mpi_handle: what the files of the MPI twin share. The only header that includes mpi.h. */
#ifndef RFM_COMM_MPI_HANDLE_H
#define RFM_COMM_MPI_HANDLE_H

#include <mpi.h>

#include "ranks.h"

struct rfm_mpi {
    MPI_Comm parent; /* its ranks end together when a call fails */
    MPI_Comm comm;
    MPI_Datatype i128; /* 16 bytes */
    MPI_Op sum_i128;
    MPI_Comm bell; /* its messages are nobody else's; MPI_COMM_NULL where MPI is somebody else's */
    MPI_Request ringing[3];
    int n_ringing;
    int64_t n_heard; /* ranks that rang, on rank 0 */
    bool rang;       /* this rank did */
};

/* A failing call of MPI leaves nothing sensible to do: one line, and all ranks end with 70. */
void rfm_mpi_check(const rfm_comm *comm, int code, const char *call);

#endif
