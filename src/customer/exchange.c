/* exchange: each customer's part goes to the owner of its hash and is merged there.
 *
 * A frozen state is sorted by hash, so what an owner gets is one contiguous slice. Rounds cut each
 * owner's range of hashes into as many even pieces, taken in ascending order: what a round brings
 * is merged and lies behind what was there before.
 *
 *   - Piece p of the n_ranks * n_rounds has the hashes h with floor(h * n_ranks * n_rounds / 2^64) = p.
 *   - Owner 0 has the first n_rounds of them, [round 0 | round 1 | ...], owner 1 the next, and so on.
 */
#include "rfmpi/customer.h"

#include "builder.h"
#include "parcel.h"

#include <stdlib.h>
#include <string.h>

static const size_t DEFAULT_ROUND_BYTES = (size_t)64 << 20;

typedef struct exchange {
    rfm_comm *comm;
    const rfm_state *state;
    uint64_t n_rounds;
    rfm_range *slices; /* [size()]: what goes to each rank in this round */
    rfm_stretch *runs; /* [size()]: what came from each */
    rfm_builder builder;
} exchange;

static size_t state_bytes(const rfm_state *state)
{
    const rfm_layout *layout = state->layout;
    size_t n = state->ids.n, bytes = n * (2 + (size_t)layout->words.n_words) * sizeof(int64_t);
    if (state->ids.kind == RFM_ID_TEXT)
        bytes += state->ids.offset[n];
    for (int l = 0; l < layout->n_lists; l++) {
        size_t row = (1 + (size_t)layout->payloads[l].n_words) * sizeof(int64_t);
        bytes += n * sizeof(size_t) + state->lists[l].start[n] * row;
    }
    return bytes;
}

/* As many as the largest state needs, but none without a customer. */
static uint64_t agree_on_rounds(rfm_comm *comm, const rfm_state *state, size_t round_bytes)
{
    if (round_bytes == 0)
        round_bytes = DEFAULT_ROUND_BYTES;
    int64_t most[2] = {(int64_t)(state_bytes(state) / round_bytes + 1), (int64_t)state->ids.n};
    rfm_comm_reduce_i64(comm, RFM_MAX, most, 2);
    int64_t n_rounds = most[0] < most[1] ? most[0] : most[1];
    return n_rounds > 0 ? (uint64_t)n_rounds : 1;
}

static uint64_t piece_of(uint64_t hash, uint64_t n_pieces)
{
    return (uint64_t)(((rfm_u128)hash * n_pieces) >> 64);
}

/* The first customer of piece p or a later one. */
static size_t find_piece(const rfm_ids *ids, uint64_t piece, uint64_t n_pieces)
{
    size_t low = 0, high = ids->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (piece_of(ids->hash[middle], n_pieces) < piece)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void cut_slices(exchange *x, uint64_t round)
{
    uint64_t n_ranks = (uint64_t)rfm_comm_size(x->comm), n_pieces = n_ranks * x->n_rounds;
    for (uint64_t r = 0; r < n_ranks; r++) {
        uint64_t piece = r * x->n_rounds + round;
        x->slices[r].first = find_piece(&x->state->ids, piece, n_pieces);
        x->slices[r].end = find_piece(&x->state->ids, piece + 1, n_pieces);
    }
}

static rfm_status merge_received(exchange *x, rfm_parcel *parcel, rfm_error *err)
{
    size_t n_ranks = (size_t)rfm_comm_size(x->comm), first = 0;
    if (rfm_parcel_unpack(parcel, err))
        return err->status;
    for (size_t r = 0; r < n_ranks; r++) {
        x->runs[r] = (rfm_stretch){&parcel->received, first, first + parcel->n_received[r]};
        first = x->runs[r].end;
    }
    return rfm_builder_merge(&x->builder, x->runs, n_ranks, err);
}

static rfm_status run_round(exchange *x, uint64_t round, rfm_error *err)
{
    rfm_parcel parcel = {0};
    cut_slices(x, round);
    rfm_parcel_pack(x->comm, x->state, x->slices, &parcel, err);
    if (rfm_comm_agree(x->comm, err) || rfm_parcel_send(&parcel, err))
        goto done;
    merge_received(x, &parcel, err);
    rfm_comm_agree(x->comm, err);
done:
    rfm_parcel_free(&parcel);
    return err->status;
}

static rfm_status run_rounds(rfm_comm *comm, rfm_state *state, size_t round_bytes, rfm_error *err)
{
    size_t n_ranks = (size_t)rfm_comm_size(comm);
    exchange x = {.comm = comm, .state = state};
    x.n_rounds = agree_on_rounds(comm, state, round_bytes);
    x.slices = rfm_alloc(n_ranks, sizeof *x.slices, err);
    x.runs = rfm_alloc(n_ranks, sizeof *x.runs, err);
    rfm_builder_init(&x.builder, state->layout, state->ids.kind, err);
    if (rfm_comm_agree(comm, err))
        goto done;
    for (uint64_t round = 0; round < x.n_rounds; round++)
        if (run_round(&x, round, err))
            goto done;
    rfm_extent extent = state->extent;
    rfm_state_free(state);
    *state = rfm_builder_take(&x.builder);
    state->extent = extent;
done:
    free(x.slices);
    free(x.runs);
    rfm_builder_free(&x.builder);
    return err->status;
}

static void reduce_extent(rfm_comm *comm, rfm_extent *extent)
{
    bool any = extent->n_events > 0;
    int64_t sums[3] = {extent->n_events, extent->n_with_time_of_day, extent->n_after_as_of};
    int64_t earliest = any ? extent->earliest_us : INT64_MAX;
    int64_t newest = any ? extent->newest_us : INT64_MIN;
    rfm_comm_reduce_i64(comm, RFM_SUM, sums, 3);
    rfm_comm_reduce_i64(comm, RFM_MIN, &earliest, 1);
    rfm_comm_reduce_i64(comm, RFM_MAX, &newest, 1);
    *extent = (rfm_extent){.n_events = sums[0],
                           .earliest_us = sums[0] > 0 ? earliest : 0,
                           .newest_us = sums[0] > 0 ? newest : 0,
                           .n_with_time_of_day = sums[1],
                           .n_after_as_of = sums[2]};
}

rfm_status rfm_state_exchange(rfm_comm *comm, rfm_state *state, size_t round_bytes, rfm_error *err)
{
    /* One rank owns all, and a state has each customer once already. */
    if (rfm_comm_size(comm) > 1)
        run_rounds(comm, state, round_bytes, err);
    else
        rfm_comm_agree(comm, err);
    if (err->status) {
        rfm_state_free(state);
        return err->status;
    }
    reduce_extent(comm, &state->extent);
    return RFM_OK;
}
