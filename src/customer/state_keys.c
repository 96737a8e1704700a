/* state_keys: the keys of events seen, from state.h5 to their owners. */
#include "state_file.h"

#include <stdlib.h>

enum { HALVES = 2 };

/* Collective. */
static rfm_status read_rows(const rfm_state_file *file, int64_t first, size_t count, uint64_t *halves, rfm_error *err)
{
    return rfm_h5_read(file->h5, RFM_STATE_KEYS, RFM_H5_U64, first, count, halves, err);
}

static bool is_before(const uint64_t *a, const uint64_t *b)
{
    return a[0] != b[0] ? a[0] < b[0] : a[1] < b[1];
}

/* halves: with the row before the first in front, if there is one. */
static rfm_status check_order(const rfm_state_file *file, const uint64_t *halves, size_t n, rfm_error *err)
{
    for (size_t i = 1; i < n; i++)
        if (!is_before(halves + HALVES * (i - 1), halves + HALVES * i))
            return rfm_state_damaged(file, err, RFM_STATE_KEYS " is not in order");
    return RFM_OK;
}

/* They are in order, so what comes from rank 0, 1, ... is too. Collective. */
static rfm_status send_to_owners(rfm_comm *comm, const uint64_t *halves, size_t n, rfm_keys *keys, rfm_error *err)
{
    int n_ranks = rfm_comm_size(comm);
    size_t *sent = rfm_alloc((size_t)n_ranks, sizeof *sent, err);
    size_t *received = rfm_alloc((size_t)n_ranks, sizeof *received, err);
    void *arrived = NULL;
    for (size_t i = 0; sent && i < n; i++)
        sent[rfm_owner(halves[HALVES * i], n_ranks)]++;
    if (rfm_comm_agree(comm, err) || rfm_comm_exchange(comm, sizeof *keys->keys, halves, sent, &arrived, received, err))
        goto done;
    keys->keys = arrived;
    for (int r = 0; r < n_ranks; r++)
        keys->n += received[r];
    for (size_t i = 0; i < keys->n; i++) { /* in the file the high half comes first */
        const uint64_t *row = (const uint64_t *)arrived + HALVES * i;
        keys->keys[i] = (rfm_hash128){.high = row[0], .low = row[1]};
    }
done:
    free(sent);
    free(received);
    return err->status;
}

rfm_status rfm_state_read_keys(const rfm_state_file *file, rfm_keys *keys, rfm_error *err)
{
    rfm_h5_shape shape;
    bool found = false;
    int64_t first;
    size_t count;
    if (rfm_h5_shape_of(file->h5, RFM_STATE_KEYS, &shape, &found, err) || !found)
        return err->status;
    if (rfm_state_shape(file, RFM_STATE_KEYS, RFM_H5_U64, &shape, err))
        return err->status;
    if (shape.columns != HALVES)
        return rfm_state_damaged(file, err, RFM_STATE_KEYS " has another shape");
    rfm_h5_share(file->comm, shape.rows, &first, &count);
    size_t before = first > 0 && count > 0;
    uint64_t *halves = rfm_alloc(count + before, HALVES * sizeof *halves, err);
    if (rfm_comm_agree(file->comm, err) || read_rows(file, first - (int64_t)before, count + before, halves, err))
        goto done;
    check_order(file, halves, count + before, err);
    if (!rfm_comm_agree(file->comm, err))
        send_to_owners(file->comm, halves + HALVES * before, count, keys, err);
done:
    free(halves);
    return err->status;
}
