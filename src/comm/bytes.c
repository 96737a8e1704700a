/* bytes: byte strings and elements between ranks, built on the steps of ranks.h. Knows nothing of
 * MPI, and nothing of what the bytes mean. Sizes are told first, then every rank allocates, then
 * all agree; only then do bytes move.
 */
#include <stdlib.h>
#include <string.h>

#include "ranks.h"

rfm_status rfm_comm_share(rfm_comm *comm, int root, void **bytes, size_t *n_bytes, rfm_error *err)
{
    bool here = comm->rank == root;
    rfm_comm_bcast(comm, root, n_bytes, sizeof *n_bytes);
    if (!here)
        *bytes = rfm_alloc(*n_bytes, 1, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        rfm_comm_bcast(comm, root, *bytes, *n_bytes);
    } else if (!here) {
        free(*bytes);
        *bytes = NULL;
        *n_bytes = 0;
    }
    return err->status;
}

/* offsets[1..n] hold sizes on entry; false when their sum passes size_t. */
static bool sum_sizes(size_t *offsets, int n)
{
    offsets[0] = 0;
    for (int r = 0; r < n; r++) {
        if (offsets[r + 1] > SIZE_MAX - offsets[r])
            return false;
        offsets[r + 1] += offsets[r];
    }
    return true;
}

/* Learn every rank's size and make room for all of it where it is wanted. Frees what it made when
 * any rank failed. */
static rfm_status make_room(rfm_comm *comm, size_t n_bytes, bool wanted, void **all, size_t **offsets, rfm_error *err)
{
    *all = NULL;
    *offsets = rfm_alloc((size_t)comm->size + 1, sizeof **offsets, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        goto done;
    rfm_comm_gather_i64(comm, (int64_t)n_bytes, (int64_t *)(*offsets + 1));
    if (!sum_sizes(*offsets, comm->size))
        rfm_fail(err, RFM_NO_MEMORY, "the byte strings of %d ranks do not fit together", comm->size);
    else if (wanted)
        *all = rfm_alloc((*offsets)[comm->size], 1, err);
    rfm_comm_agree(comm, err);
done:
    if (err->status != RFM_OK) {
        free(*all);
        free(*offsets);
        *all = NULL;
        *offsets = NULL;
    }
    return err->status;
}

static void copy(void *to, const void *from, size_t n_bytes)
{
    if (n_bytes > 0)
        memcpy(to, from, n_bytes);
}

/* What lies between a rank's offset and the next one's; nothing may be a NULL. */
static rfm_transfer transfer_of(int rank, char *bytes, const size_t *offsets)
{
    size_t n_bytes = offsets[rank + 1] - offsets[rank];
    return (rfm_transfer){rank, n_bytes > 0 ? bytes + offsets[rank] : NULL, n_bytes};
}

/* Around a ring: in each step a rank passes on what it got in the step before. Needs no memory of its own. */
static void pass_around(rfm_comm *comm, char *all, const size_t *offsets)
{
    int n = comm->size;
    int next = (comm->rank + 1) % n, previous = (comm->rank + n - 1) % n;
    for (int step = 0; step < n - 1; step++) {
        int mine = (comm->rank + n - step) % n, theirs = (mine + n - 1) % n;
        rfm_transfer send = transfer_of(mine, all, offsets), receive = transfer_of(theirs, all, offsets);
        send.rank = next;
        receive.rank = previous;
        rfm_ranks_send_receive(comm, &send, &receive);
    }
}

rfm_status rfm_comm_allgather_bytes(rfm_comm *comm, const void *bytes, size_t n_bytes, void **all, size_t **offsets,
                                    rfm_error *err)
{
    if (make_room(comm, n_bytes, true, all, offsets, err) != RFM_OK)
        return err->status;
    rfm_assert(*all != NULL);
    copy((char *)*all + (*offsets)[comm->rank], bytes, n_bytes);
    pass_around(comm, *all, *offsets);
    return RFM_OK;
}

rfm_status rfm_comm_gather_bytes(rfm_comm *comm, int root, const void *bytes, size_t n_bytes, void **all,
                                 size_t **offsets, rfm_error *err)
{
    bool here = comm->rank == root;
    if (make_room(comm, n_bytes, here, all, offsets, err) != RFM_OK)
        return err->status;
    rfm_transfer none = {.rank = RFM_NO_RANK};
    if (!here) {
        rfm_transfer send = {root, (char *)(uintptr_t)bytes, n_bytes};
        rfm_ranks_send_receive(comm, &send, &none);
        return RFM_OK;
    }
    rfm_assert(*all != NULL);
    for (int r = 0; r < comm->size; r++) {
        rfm_transfer receive = transfer_of(r, *all, *offsets);
        if (r == root)
            copy(receive.bytes, bytes, receive.n_bytes);
        else
            rfm_ranks_send_receive(comm, &none, &receive);
    }
    return RFM_OK;
}

/* Where the bytes for (or of) each rank begin; entry size() is the total. False when it passes
 * size_t. */
static bool place(const size_t *counts, int n, size_t element_size, size_t *offsets)
{
    for (int r = 0; r < n; r++)
        if (__builtin_mul_overflow(counts[r], element_size, &offsets[r + 1]))
            return false;
    return sum_sizes(offsets, n);
}

static void exchange_all(rfm_comm *comm, const void *send, const size_t *send_at, char *received,
                         const size_t *receive_at)
{
    int n = comm->size, me = comm->rank;
    char *outgoing = (char *)(uintptr_t)send;
    rfm_transfer kept = transfer_of(me, outgoing, send_at);
    copy(received + receive_at[me], kept.bytes, kept.n_bytes);
    for (int step = 1; step < n; step++) {
        rfm_transfer out = transfer_of((me + step) % n, outgoing, send_at);
        rfm_transfer in = transfer_of((me + n - step) % n, received, receive_at);
        rfm_ranks_send_receive(comm, &out, &in);
    }
}

rfm_status rfm_comm_exchange(rfm_comm *comm, size_t element_size, const void *send, const size_t *send_counts,
                             void **received, size_t *recv_counts, rfm_error *err)
{
    size_t n = (size_t)comm->size;
    *received = NULL;
    size_t *offsets = rfm_alloc(2 * (n + 1), sizeof *offsets, err);
    size_t *send_at = offsets, *receive_at = offsets == NULL ? NULL : offsets + n + 1;
    rfm_ranks_swap_counts(comm, send_counts, recv_counts);
    if (offsets != NULL && (!place(send_counts, comm->size, element_size, send_at) ||
                            !place(recv_counts, comm->size, element_size, receive_at)))
        rfm_fail(err, RFM_NO_MEMORY, "an exchange of elements of %zu bytes does not fit memory", element_size);
    else if (offsets != NULL)
        *received = rfm_alloc(receive_at[n], 1, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        rfm_assert(offsets != NULL && *received != NULL);
        exchange_all(comm, send, send_at, *received, receive_at);
    } else {
        free(*received);
        *received = NULL;
    }
    free(offsets);
    return err->status;
}
