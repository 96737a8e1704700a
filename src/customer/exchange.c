/* exchange: each customer's part goes to the owner of its hash and is merged there.
 *
 * The hashes are cut into pieces, as many for each target, and a round moves a few pieces of every target, in ascending
 * order: what a round brings lies behind what was there before. So a rank has in its hands, besides what is not sent
 * yet and what is merged already, one round.
 *
 *   - Piece p of P has the hashes h with floor(h * P / 2^64) = p.
 *   - Target 0 has the first P / n_targets of them, target 1 the next, and so on.
 *
 * A message is, for each of its pieces, a count of words and the blocks in them. What a rank owns itself is merged from
 * where it is.
 *
 * Targets are the groups of ranks (comm.h). Up to some hundreds of ranks that is every rank, and all is done. Beyond, a
 * member of the group merges what it got of the group's customers and sends it on within the group, in the same way:
 * the hashes of the group are cut there, h * n_groups mod 2^64 being where in its group's range a hash lies.
 */
#include "exchange.h"

#include "runs.h"

#include <stdlib.h>
#include <string.h>

enum { PIECES_EACH = 256 }; /* of a state, which is cut where it is asked for */

static const size_t DEFAULT_ROUND_BYTES = (size_t)4 << 20;

typedef struct exchange {
    rfm_comm *comm;
    const rfm_source *source;
    const rfm_route *route;
    size_t each, n_rounds;    /* pieces of a target */
    size_t first, end;        /* of them in this round, counted from a target's own first */
    rfm_blocks own, out;      /* for this rank; for all others end to end */
    size_t *n_out, *n_in;     /* [n_steps] words to and from the rank of a step */
    uint64_t *in;             /* what came */
    const uint64_t **message; /* [n_steps] what is not merged yet of what a step brought; NULL: it brings nothing */
    rfm_runs runs;            /* the blocks of a piece */
    rfm_builder builder;
} exchange;

/* As many as the largest source needs, but none without a piece. */
static size_t agree_on_rounds(const exchange *x, size_t round_bytes)
{
    int64_t most = (int64_t)(x->source->bytes / round_bytes + 1);
    int64_t pieces = (int64_t)x->each;
    rfm_comm_reduce_i64(x->comm, RFM_MAX, &most, 1);
    return (size_t)(most < pieces ? most : pieces);
}

/* ---- out -------------------------------------------------------------------------------------------------------- */

static rfm_status put_piece(const exchange *x, size_t piece, rfm_blocks *into, rfm_error *err)
{
    size_t at = into->n;
    if (rfm_reserve(&into->words, &into->capacity, at + 1, sizeof *into->words, err))
        return err->status;
    into->n++;
    x->source->put(x->source->from, piece, into, err);
    into->words[at] = into->n - at - 1;
    return err->status;
}

static rfm_status put_round(exchange *x, rfm_error *err)
{
    const int me = rfm_comm_rank(x->comm);
    x->own.n = x->out.n = 0;
    for (size_t s = 0; s < x->route->n_steps; s++) {
        const rfm_hop *step = &x->route->steps[s];
        rfm_blocks *into = step->to == me ? &x->own : &x->out;
        size_t before = x->out.n;
        for (size_t p = x->first; step->to != RFM_NO_RANK && p < x->end; p++)
            if (put_piece(x, step->target * x->each + p, into, err))
                return err->status;
        x->n_out[s] = x->out.n - before;
    }
    if (x->source->after_round)
        x->source->after_round(x->source->from);
    return RFM_OK;
}

/* ---- in --------------------------------------------------------------------------------------------------------- */

static void find_messages(exchange *x)
{
    const uint64_t *at = x->in;
    for (size_t s = 0; s < x->route->n_steps; s++) {
        const int from = x->route->steps[s].from;
        x->message[s] = from == RFM_NO_RANK ? NULL : from == rfm_comm_rank(x->comm) ? x->own.words : at;
        at += x->n_in[s];
    }
}

/* The next piece of every message. */
static rfm_status merge_piece(exchange *x, rfm_error *err)
{
    for (size_t s = 0; s < x->route->n_steps; s++) {
        if (!x->message[s])
            continue;
        const uint64_t *begin = x->message[s] + 1, *end = begin + *x->message[s];
        if (rfm_runs_add(&x->runs, &x->builder, begin, end, err))
            return err->status;
        x->message[s] = end;
    }
    return rfm_runs_merge(&x->runs, &x->builder, err);
}

/* What fails while merging is told with the next round's agreement, or at the end. */
static rfm_status run_round(exchange *x, rfm_error *err)
{
    void *received = NULL;
    if (!err->status)
        put_round(x, err);
    const rfm_parcels parcels = {sizeof *x->out.words, x->out.words, x->n_out};
    if (rfm_comm_agree(x->comm, err) || rfm_comm_exchange_along(x->comm, x->route, &parcels, &received, x->n_in, err))
        return err->status;
    x->in = received;
    find_messages(x);
    for (size_t p = x->first; p < x->end && !err->status; p++)
        merge_piece(x, err);
    free(x->in);
    return RFM_OK;
}

/* ---- all rounds ------------------------------------------------------------------------------------------------- */

static rfm_status init(exchange *x, rfm_error *err)
{
    x->n_out = rfm_alloc(x->route->n_steps, sizeof *x->n_out, err);
    x->n_in = rfm_alloc(x->route->n_steps, sizeof *x->n_in, err);
    x->message = rfm_alloc(x->route->n_steps, sizeof *x->message, err);
    return rfm_builder_init(&x->builder, x->source->layout, x->source->kind, err);
}

static void free_exchange(exchange *x)
{
    rfm_blocks_free(&x->own);
    rfm_blocks_free(&x->out);
    free(x->n_out);
    free(x->n_in);
    free(x->message);
    rfm_runs_free(&x->runs);
    rfm_builder_free(&x->builder);
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

/* Collective. What the source has goes along the route, which is freed, to where a builder makes *state of it. */
static rfm_status move_all(rfm_comm *comm, const rfm_source *source, rfm_route *route, size_t round_bytes,
                           rfm_state *state, rfm_error *err)
{
    exchange x = {.comm = comm, .source = source, .route = route};
    *state = (rfm_state){0};
    if (rfm_comm_agree(comm, err)) /* on the route */
        goto done;
    x.each = source->n_pieces / route->n_targets;
    init(&x, err);
    x.n_rounds = agree_on_rounds(&x, round_bytes == 0 ? DEFAULT_ROUND_BYTES : round_bytes);
    if (rfm_comm_agree(comm, err))
        goto done;
    rfm_meter_open("merge", "rounds", (double)x.n_rounds, 0);
    for (size_t round = 0; round < x.n_rounds; round++) {
        x.first = x.each * round / x.n_rounds;
        x.end = x.each * (round + 1) / x.n_rounds;
        if (run_round(&x, err))
            goto done;
        rfm_meter_show((double)(round + 1), NULL);
    }
    if (!rfm_comm_agree(comm, err))
        *state = rfm_builder_take(&x.builder);
done:
    rfm_meter_close();
    free_exchange(&x);
    rfm_route_free(route);
    return err->status;
}

/* ---- of a state ------------------------------------------------------------------------------------------------- */

typedef struct sliced {
    const rfm_state *state;
    size_t n_pieces;
    uint64_t n_ranges; /* of which the state has the hashes of one, and only that one is cut into pieces */
} sliced;

size_t rfm_piece_begin(const rfm_ids *ids, uint64_t n_ranges, size_t piece, size_t n_pieces)
{
    size_t low = 0, high = ids->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rfm_piece_of(ids->hash[middle] * n_ranges, n_pieces) < piece)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t find_piece(const sliced *s, size_t piece)
{
    return rfm_piece_begin(&s->state->ids, s->n_ranges, piece, s->n_pieces);
}

static rfm_status put_slice(void *from, size_t piece, rfm_blocks *blocks, rfm_error *err)
{
    const sliced *s = from;
    rfm_range range = {find_piece(s, piece), find_piece(s, piece + 1)};
    return range.end > range.first ? rfm_block_add_range(blocks, s->state, range, err) : RFM_OK;
}

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

static rfm_source slice(sliced *from)
{
    return (rfm_source){.layout = from->state->layout,
                        .kind = from->state->ids.kind,
                        .n_pieces = from->n_pieces,
                        .bytes = state_bytes(from->state),
                        .put = put_slice,
                        .from = from};
}

/* ---- both hops -------------------------------------------------------------------------------------------------- */

/* Collective. Of what a member of a group has of the group's customers to their owners. */
static rfm_status share_in_group(rfm_comm *comm, size_t round_bytes, rfm_state *state, rfm_error *err)
{
    rfm_route route;
    rfm_state own;
    rfm_route_within_group(comm, &route, err);
    rfm_assert(state->layout != NULL);
    sliced from = {state, route.n_targets * PIECES_EACH, rfm_groups(rfm_comm_size(comm))};
    const rfm_source source = slice(&from);
    move_all(comm, &source, &route, round_bytes, &own, err);
    rfm_state_free(state);
    *state = own;
    return err->status;
}

static void assert_values(const rfm_layout *layout)
{
    for (int l = 0; l < layout->n_lists; l++)
        rfm_assert(!layout->counted[l]);
}

rfm_status rfm_source_exchange(rfm_comm *comm, const rfm_source *source, size_t round_bytes, rfm_state *state,
                               rfm_error *err)
{
    rfm_extent extent = state->extent;
    rfm_route route;
    rfm_route_to_groups(comm, &route, err);
    if (move_all(comm, source, &route, round_bytes, state, err))
        return err->status;
    if (rfm_customers_regroup(rfm_comm_size(comm))) {
        assert_values(source->layout);
        if (share_in_group(comm, round_bytes, state, err))
            return err->status;
    }
    state->extent = extent;
    reduce_extent(comm, &state->extent);
    return RFM_OK;
}

rfm_status rfm_state_exchange(rfm_comm *comm, rfm_state *state, size_t round_bytes, rfm_error *err)
{
    assert_values(state->layout);
    if (rfm_comm_size(comm) == 1) /* it owns all, and a state has each customer once already */
        return rfm_comm_agree(comm, err);
    sliced from = {state, rfm_groups(rfm_comm_size(comm)) * PIECES_EACH, 1};
    const rfm_source source = slice(&from);
    rfm_state own = {.extent = state->extent};
    rfm_source_exchange(comm, &source, round_bytes, &own, err);
    rfm_state_free(state);
    *state = own;
    return err->status;
}

int rfm_owner(uint64_t hash, int n_ranks)
{
    const size_t n_groups = rfm_groups(n_ranks), group = rfm_piece_of(hash, n_groups);
    return (int)(rfm_group_first(n_ranks, group) + rfm_piece_of(hash * n_groups, rfm_group_size(n_ranks, group)));
}

bool rfm_customers_regroup(int n_ranks)
{
    return rfm_groups(n_ranks) < (size_t)n_ranks;
}
