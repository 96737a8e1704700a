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
static bool sum_sizes(size_t *offsets, size_t n)
{
    offsets[0] = 0;
    for (size_t r = 0; r < n; r++) {
        if (offsets[r + 1] > SIZE_MAX - offsets[r])
            return false;
        offsets[r + 1] += offsets[r];
    }
    return true;
}

/* Learn every rank's size and make room for all of it. Frees what it made when any rank failed. */
static rfm_status make_room(rfm_comm *comm, size_t n_bytes, void **all, size_t **offsets, rfm_error *err)
{
    *all = NULL;
    *offsets = rfm_alloc((size_t)comm->size + 1, sizeof **offsets, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        goto done;
    rfm_comm_gather_i64(comm, (int64_t)n_bytes, (int64_t *)(*offsets + 1));
    if (!sum_sizes(*offsets, (size_t)comm->size))
        rfm_fail(err, RFM_NO_MEMORY, "the byte strings of %d ranks do not fit together", comm->size);
    else
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
    if (n_bytes == 0)
        return;
    rfm_assert(to != NULL);
    memcpy(to, from, n_bytes);
}

/* What lies between a part's offset and the next one's; nothing may be a NULL. */
static rfm_transfer transfer_of(size_t part, int rank, char *bytes, const size_t *offsets)
{
    size_t n_bytes = offsets[part + 1] - offsets[part];
    return (rfm_transfer){rank, n_bytes > 0 ? bytes + offsets[part] : NULL, n_bytes};
}

/* Around a ring: in each step a rank passes on what it got in the step before. Needs no memory of its own. */
static void pass_around(rfm_comm *comm, char *all, const size_t *offsets)
{
    int n = comm->size;
    int next = (comm->rank + 1) % n, previous = (comm->rank + n - 1) % n;
    for (int step = 0; step < n - 1; step++) {
        int mine = (comm->rank + n - step) % n, theirs = (mine + n - 1) % n;
        rfm_transfer send = transfer_of((size_t)mine, next, all, offsets);
        rfm_transfer receive = transfer_of((size_t)theirs, previous, all, offsets);
        rfm_ranks_send_receive(comm, &send, &receive);
    }
}

rfm_status rfm_comm_allgather_bytes(rfm_comm *comm, const void *bytes, size_t n_bytes, void **all, size_t **offsets,
                                    rfm_error *err)
{
    int *counts = rfm_alloc((size_t)comm->size, 2 * sizeof *counts, err);
    if (make_room(comm, n_bytes, all, offsets, err) == RFM_OK) {
        rfm_assert(*all != NULL && counts != NULL);
        copy((char *)*all + (*offsets)[comm->rank], bytes, n_bytes);
        if ((*offsets)[comm->size] <= comm->max_bytes)
            rfm_ranks_gather(comm, *all, *offsets, counts);
        else
            pass_around(comm, *all, *offsets);
    }
    free(counts);
    return err->status;
}

/* ---- up a tree -------------------------------------------------------------------------------------------------- */

/* How much comes; 0 where nothing does. */
static size_t swap_length(rfm_comm *comm, int to, int from, size_t length)
{
    size_t theirs = 0;
    const rfm_transfer send = {to, (char *)&length, to == RFM_NO_RANK ? 0 : sizeof length};
    const rfm_transfer receive = {from, (char *)&theirs, from == RFM_NO_RANK ? 0 : sizeof theirs};
    rfm_ranks_send_receive(comm, &send, &receive);
    return theirs;
}

/* `width` ranks have come together before. Those of the next as many follow them. */
static rfm_status collect_level(rfm_comm *comm, int width, rfm_text *bytes, rfm_error *err)
{
    const bool sends = (comm->rank & (2 * width - 1)) == width;
    const bool receives = (comm->rank & (2 * width - 1)) == 0 && width < comm->size - comm->rank;
    const int to = sends ? comm->rank - width : RFM_NO_RANK, from = receives ? comm->rank + width : RFM_NO_RANK;
    const size_t n = swap_length(comm, to, from, bytes->length);
    if (!err->status && n > 0)
        rfm_reserve(&bytes->bytes, &bytes->capacity, bytes->length + n + 1, 1, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        return err->status;
    const rfm_transfer send = {to, bytes->bytes, sends ? bytes->length : 0};
    const rfm_transfer receive = {from, n > 0 ? bytes->bytes + bytes->length : NULL, n};
    rfm_ranks_send_receive(comm, &send, &receive);
    bytes->length = sends ? 0 : bytes->length + n;
    return RFM_OK;
}

rfm_status rfm_comm_collect(rfm_comm *comm, rfm_text *bytes, rfm_shorten shorten, void *context, rfm_error *err)
{
    for (int64_t width = 1; width < comm->size; width *= 2) {
        const size_t before = bytes->length;
        if (collect_level(comm, (int)width, bytes, err) != RFM_OK)
            return err->status;
        if (shorten && bytes->length > before)
            shorten(context, bytes, err);
    }
    return rfm_comm_agree(comm, err);
}

/* ---- all to all ------------------------------------------------------------------------------------------------- */

/* Where the bytes for (or of) each rank begin; entry size() is the total. False when it passes
 * size_t. */
static bool place(const size_t *counts, size_t n, size_t element_size, size_t *offsets)
{
    for (size_t r = 0; r < n; r++)
        if (__builtin_mul_overflow(counts[r], element_size, &offsets[r + 1]))
            return false;
    return sum_sizes(offsets, n);
}

/* What an exchange moves, and where its parts begin. */
typedef struct moving {
    size_t n_parts, element_size;
    size_t *send_at, *receive_at; /* [n_parts + 1] each, one allocation */
    const void *send;
    char *received;
} moving;

static void open_moving(moving *m, rfm_error *err)
{
    m->send_at = rfm_alloc(2 * (m->n_parts + 1), sizeof *m->send_at, err);
    m->receive_at = m->send_at ? m->send_at + m->n_parts + 1 : NULL;
}

/* Room for what comes, once all counts are known. */
static void make_room_to_receive(moving *m, const size_t *send_counts, const size_t *recv_counts, rfm_error *err)
{
    if (!m->send_at)
        return;
    if (!place(send_counts, m->n_parts, m->element_size, m->send_at) ||
        !place(recv_counts, m->n_parts, m->element_size, m->receive_at))
        rfm_fail(err, RFM_NO_MEMORY, "an exchange of elements of %zu bytes does not fit memory", m->element_size);
    else
        m->received = rfm_alloc(m->receive_at[m->n_parts], 1, err);
}

static rfm_status close_moving(moving *m, void **received, const rfm_error *err)
{
    if (err->status != RFM_OK) {
        free(m->received);
        m->received = NULL;
    }
    *received = m->received;
    free(m->send_at);
    return err->status;
}

/* From and to part p, for these ranks. */
static void move_part(rfm_comm *comm, const moving *m, size_t to_part, int to, size_t from_part, int from)
{
    char *outgoing = (char *)(uintptr_t)m->send;
    rfm_transfer out = transfer_of(to_part, to, outgoing, m->send_at);
    rfm_transfer in = transfer_of(from_part, from, m->received, m->receive_at);
    if (to == comm->rank)
        copy(in.bytes, out.bytes, out.n_bytes);
    else
        rfm_ranks_send_receive(comm, &out, &in);
}

rfm_status rfm_comm_exchange(rfm_comm *comm, size_t element_size, const void *send, const size_t *send_counts,
                             void **received, size_t *recv_counts, rfm_error *err)
{
    const int n = comm->size, me = comm->rank;
    moving m = {.n_parts = (size_t)n, .element_size = element_size, .send = send};
    open_moving(&m, err);
    rfm_ranks_swap_counts(comm, send_counts, recv_counts);
    make_room_to_receive(&m, send_counts, recv_counts, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        rfm_assert(m.send_at != NULL && m.received != NULL);
        for (int step = 0; step < n; step++) {
            const int to = (me + step) % n, from = (me + n - step) % n;
            move_part(comm, &m, (size_t)to, to, (size_t)from, from);
        }
    }
    return close_moving(&m, received, err);
}

rfm_status rfm_comm_exchange_along(rfm_comm *comm, const rfm_route *route, const rfm_parcels *send, void **received,
                                   size_t *recv_counts, rfm_error *err)
{
    moving m = {.n_parts = route->n_steps, .element_size = send->element_size, .send = send->elements};
    open_moving(&m, err);
    rfm_ranks_swap_along(comm, route, send->counts, recv_counts);
    make_room_to_receive(&m, send->counts, recv_counts, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        rfm_assert(m.send_at != NULL && m.received != NULL);
        for (size_t s = 0; s < route->n_steps; s++)
            move_part(comm, &m, s, route->steps[s].to, s, route->steps[s].from);
    }
    return close_moving(&m, received, err);
}
