/* mpi_shared: memory that the ranks of a node have together, as a window of MPI. */
#include <stdlib.h>
#include <string.h>

#include "mpi_handle.h"

enum { ALIGNMENT = 64 };

struct rfm_shared_handle {
    MPI_Comm node;
    MPI_Win window;
};

static void free_handle(rfm_comm *comm, struct rfm_shared_handle *handle)
{
    if (handle->window != MPI_WIN_NULL) {
        rfm_mpi_check(comm, MPI_Win_unlock_all(handle->window), "MPI_Win_unlock_all");
        rfm_mpi_check(comm, MPI_Win_free(&handle->window), "MPI_Win_free");
    }
    if (handle->node != MPI_COMM_NULL)
        rfm_mpi_check(comm, MPI_Comm_free(&handle->node), "MPI_Comm_free");
    free(handle);
}

/* Collective on the node. MPI says the same on all of its ranks. */
static rfm_status allocate(rfm_comm *comm, size_t bytes_per_rank, rfm_shared *shared, rfm_error *err)
{
    struct rfm_shared_handle *handle = shared->handle;
    void *mine;
    MPI_Aint n_bytes;
    int unit;
    /* What MPI gives lies as its own header left it; pages are mapped whole, so to all ranks alike. */
    const size_t room = bytes_per_rank + (shared->rank == 0 ? ALIGNMENT : 0);
    if (MPI_Win_allocate_shared((MPI_Aint)room, 1, MPI_INFO_NULL, handle->node, &mine, &handle->window) !=
        MPI_SUCCESS) {
        handle->window = MPI_WIN_NULL;
        return rfm_fail(err, RFM_NO_MEMORY, "the ranks of a node cannot share %zu bytes each; is /dev/shm full?",
                        bytes_per_rank);
    }
    rfm_mpi_check(comm, MPI_Win_lock_all(MPI_MODE_NOCHECK, handle->window), "MPI_Win_lock_all");
    memset(mine, 0, room);
    rfm_mpi_check(comm, MPI_Win_shared_query(handle->window, 0, &n_bytes, &unit, &shared->bytes),
                  "MPI_Win_shared_query");
    shared->bytes = (char *)shared->bytes + (-(uintptr_t)shared->bytes & (ALIGNMENT - 1));
    return RFM_OK;
}

rfm_status rfm_comm_shared_open(rfm_comm *comm, size_t bytes_per_rank, rfm_shared *shared, rfm_error *err)
{
    *shared = (rfm_shared){0};
    shared->handle = rfm_alloc(1, sizeof *shared->handle, err);
    if (rfm_comm_agree(comm, err) != RFM_OK) {
        free(shared->handle);
        shared->handle = NULL;
        return err->status;
    }
    rfm_assert(shared->handle != NULL);
    *shared->handle = (struct rfm_shared_handle){MPI_COMM_NULL, MPI_WIN_NULL};
    rfm_mpi_check(comm,
                  MPI_Comm_split_type(comm->mpi->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &shared->handle->node),
                  "MPI_Comm_split_type");
    rfm_mpi_check(comm, MPI_Comm_rank(shared->handle->node, &shared->rank), "MPI_Comm_rank");
    rfm_mpi_check(comm, MPI_Comm_size(shared->handle->node, &shared->size), "MPI_Comm_size");
    allocate(comm, bytes_per_rank, shared, err);
    /* Also: nobody looks into the memory before all have cleared theirs. */
    if (rfm_comm_agree(comm, err) != RFM_OK)
        rfm_comm_shared_close(comm, shared);
    return err->status;
}

void rfm_comm_shared_close(rfm_comm *comm, rfm_shared *shared)
{
    if (shared->handle)
        free_handle(comm, shared->handle);
    *shared = (rfm_shared){0};
}
