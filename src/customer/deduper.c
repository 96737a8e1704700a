/* deduper: events go to the owner of their key; the first of each key stays.
 *
 * Knows what a key is (128 bits that ingest made) and not what it was made from. Events are held in pieces by the hash
 * of the key, as a table holds customers: a round brings a few pieces of every owner to it, which are all there is of
 * their keys, so that they can be settled and given on before the next round. Past a budget the pieces go to disk.
 */
#include "deduper.h"

#include "exchange.h"
#include "order.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_PIECES = 64, LEAST_EACH = 16 };

static const size_t ROUND_BYTES = (size_t)16 << 20;

static rfm_status open_deduper(rfm_held_shape shape, size_t n_pieces, uint64_t n_ranges, rfm_deduper **deduper,
                               rfm_error *err)
{
    *deduper = rfm_alloc(1, sizeof **deduper, err);
    if (!*deduper)
        return err->status;
    (*deduper)->pieces = rfm_alloc(n_pieces, sizeof *(*deduper)->pieces, err);
    if (!(*deduper)->pieces) {
        free(*deduper);
        *deduper = NULL;
        return err->status;
    }
    (*deduper)->n_pieces = n_pieces;
    (*deduper)->n_ranges = n_ranges;
    for (size_t p = 0; p < n_pieces; p++)
        (*deduper)->pieces[p].shape = shape;
    return RFM_OK;
}

/* As many for each group, and so many that a round, which is one of each at least, is a small part at any number of
 * ranks. */
static size_t count_pieces(size_t groups)
{
    size_t each = (LEAST_PIECES + groups - 1) / groups;
    return groups * (each > LEAST_EACH ? each : LEAST_EACH);
}

rfm_status rfm_deduper_open(const rfm_input *input, int n_owners, rfm_deduper **deduper, rfm_error *err)
{
    const rfm_held_shape shape = {.kind = input->id_kind,
                                  .n_numbers = input->n_numbers,
                                  .n_hashes = input->n_hashes,
                                  .width = RFM_HELD_FIXED + input->n_numbers + input->n_hashes};
    return open_deduper(shape, count_pieces(rfm_groups(n_owners)), 1, deduper, err);
}

void rfm_deduper_close(rfm_deduper *deduper)
{
    if (!deduper)
        return;
    for (size_t p = 0; p < deduper->n_pieces; p++)
        rfm_held_free(&deduper->pieces[p]);
    rfm_deduper_end_runs(deduper, 0);
    free(deduper->runs);
    free(deduper->pieces);
    free(deduper);
}

/* ---- holding ---------------------------------------------------------------------------------------------------- */

static rfm_held *piece_of(const rfm_deduper *deduper, uint64_t key_high)
{
    return &deduper->pieces[rfm_piece_of(key_high * deduper->n_ranges, deduper->n_pieces)];
}

rfm_status rfm_deduper_add(rfm_deduper *deduper, const rfm_events *events, rfm_error *err)
{
    for (size_t i = 0; i < events->n; i++) {
        rfm_held *held = piece_of(deduper, events->key[i].high);
        size_t before = rfm_held_size(held);
        if (rfm_held_add(held, events, i, err))
            return err->status;
        deduper->held_bytes += rfm_held_size(held) - before;
    }
    return rfm_deduper_spill(deduper, err);
}

/* Records that came from elsewhere. */
static rfm_status add_records(rfm_deduper *deduper, const rfm_held *from, rfm_error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < from->n && !err->status; i++) {
        const uint64_t *record = rfm_held_record(from, i);
        rfm_held_move(piece_of(deduper, record[RFM_HELD_KEY_HIGH]), record, from->bytes + at, err);
        at += rfm_held_id_bytes(from, i);
    }
    deduper->held_bytes += rfm_held_size(from);
    return err->status ? err->status : rfm_deduper_spill(deduper, err);
}

/* ---- rounds ----------------------------------------------------------------------------------------------------- */

typedef struct resolving {
    rfm_comm *comm;
    rfm_deduper *deduper;
    rfm_route route;
    size_t each;       /* pieces of a target */
    size_t *counts;    /* [4][n_steps]: records and bytes out, records and bytes in */
    rfm_deduper *next; /* what holds the records that come; NULL: they are settled */
    const rfm_hash128 *base;
    size_t n_base, next_base, keys_capacity;
    rfm_event_sink sink;
    void *context;
    rfm_survivors *survivors;
} resolving;

static size_t agree_on_rounds(const resolving *x)
{
    const rfm_deduper *deduper = x->deduper;
    size_t round_bytes = ROUND_BYTES;
    if (deduper->memory_bytes > 0 && deduper->memory_bytes < round_bytes)
        round_bytes = deduper->memory_bytes;
    int64_t n = (int64_t)((deduper->held_bytes + rfm_deduper_bytes_on_disk(deduper)) / round_bytes + 1);
    rfm_comm_reduce_i64(x->comm, RFM_MAX, &n, 1);
    return (size_t)n < x->each ? (size_t)n : x->each;
}

/* Pieces first .. end-1 of every target, step by step. */
static rfm_status take_round(const resolving *x, size_t first, size_t end, rfm_held *out, rfm_error *err)
{
    out->shape = x->deduper->pieces[0].shape;
    for (size_t s = 0; s < x->route.n_steps; s++) {
        const rfm_hop *step = &x->route.steps[s];
        size_t n = out->n, n_bytes = out->n_bytes;
        for (size_t p = first; step->to != RFM_NO_RANK && p < end; p++)
            if (rfm_deduper_take(x->deduper, 0, step->target * x->each + p, out, err))
                return err->status;
        x->counts[s] = out->n - n;
        x->counts[x->route.n_steps + s] = out->n_bytes - n_bytes;
    }
    return RFM_OK;
}

static rfm_status exchange(const resolving *x, const rfm_held *out, rfm_held *in, rfm_error *err)
{
    void *words = NULL, *bytes = NULL;
    const size_t n_steps = x->route.n_steps;
    const rfm_parcels records = {out->shape.width * sizeof *out->words, out->words, x->counts};
    const rfm_parcels ids = {1, out->bytes, x->counts + n_steps};
    size_t *n_in = x->counts + 2 * n_steps, *bytes_in = n_in + n_steps;
    in->shape = out->shape;
    if (rfm_comm_exchange_along(x->comm, &x->route, &records, &words, n_in, err))
        return err->status;
    in->words = words;
    if (rfm_comm_exchange_along(x->comm, &x->route, &ids, &bytes, bytes_in, err))
        return err->status;
    in->bytes = bytes;
    for (size_t s = 0; s < n_steps; s++) {
        in->n += n_in[s];
        in->n_bytes += bytes_in[s];
    }
    return RFM_OK;
}

/* ---- picking ---------------------------------------------------------------------------------------------------- */

/* As held.h orders them; ids that are text and otherwise equal by their bytes. */
static bool record_before(const void *context, size_t a, size_t b)
{
    const rfm_held *held = context;
    const uint64_t *x = rfm_held_record(held, a), *y = rfm_held_record(held, b);
    for (size_t w = 0; w < held->shape.width; w++)
        if (x[w] != y[w])
            return x[w] < y[w];
    size_t length = rfm_held_id_bytes(held, a);
    return length > 0 && memcmp(held->bytes + held->offset[a], held->bytes + held->offset[b], length) < 0;
}

static rfm_status sort_records(const rfm_held *held, rfm_ordered **sorted, rfm_error *err)
{
    *sorted = rfm_alloc(held->n, sizeof **sorted, err);
    if (!*sorted)
        return err->status;
    for (size_t i = 0; i < held->n; i++)
        (*sorted)[i] = (rfm_ordered){rfm_held_record(held, i)[RFM_HELD_KEY_HIGH], i};
    return rfm_order(*sorted, held->n, record_before, held, err);
}

static rfm_hash128 key_of(const rfm_held *held, size_t i)
{
    const uint64_t *record = rfm_held_record(held, i);
    return (rfm_hash128){.low = record[RFM_HELD_KEY_LOW], .high = record[RFM_HELD_KEY_HIGH]};
}

static int compare_keys(rfm_hash128 a, rfm_hash128 b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}

static void take_base(resolving *x, const rfm_hash128 *before)
{
    rfm_keys *keys = &x->survivors->keys;
    for (; x->next_base < x->n_base; x->next_base++) {
        if (before && compare_keys(x->base[x->next_base], *before) >= 0)
            return;
        keys->keys[keys->n++] = x->base[x->next_base];
    }
}

/* One walk along the sorted records and the sorted base: the records that stay, and the keys of both. */
static size_t pick(resolving *x, const rfm_held *held, const rfm_ordered *sorted, size_t *picked)
{
    rfm_keys *keys = &x->survivors->keys;
    size_t n = 0;
    for (size_t i = 0, end; i < held->n; i = end) {
        rfm_hash128 key = key_of(held, sorted[i].row);
        for (end = i + 1; end < held->n && compare_keys(key_of(held, sorted[end].row), key) == 0;)
            end++;
        take_base(x, &key);
        if (x->next_base < x->n_base && compare_keys(x->base[x->next_base], key) == 0)
            continue;
        keys->keys[keys->n++] = key;
        picked[n++] = sorted[i].row;
    }
    return n;
}

/* Room for the keys of n more records, and for all of base besides. */
static rfm_status reserve_keys(resolving *x, size_t n, rfm_error *err)
{
    rfm_keys *keys = &x->survivors->keys;
    return rfm_reserve(&keys->keys, &x->keys_capacity, keys->n + n + (x->n_base - x->next_base) + 1, sizeof *keys->keys,
                       err);
}

static rfm_status settle(resolving *x, rfm_held *held, rfm_error *err)
{
    rfm_ordered *sorted = NULL;
    size_t *picked = rfm_alloc(held->n, sizeof *picked, err);
    if (err->status || reserve_keys(x, held->n, err) || rfm_held_locate(held, err) || sort_records(held, &sorted, err))
        goto done;
    size_t n = pick(x, held, sorted, picked);
    x->survivors->n_duplicates += (int64_t)(held->n - n);
    rfm_held_give(held, picked, n, x->sink, x->context, &x->survivors->extent, err);
done:
    free(sorted);
    free(picked);
    return err->status;
}

static rfm_status run_round(resolving *x, size_t first, size_t end, rfm_error *err)
{
    rfm_held out = {0}, in = {0};
    take_round(x, first, end, &out, err);
    if (rfm_comm_agree(x->comm, err) || exchange(x, &out, &in, err))
        goto done;
    rfm_held_free(&out);
    if (x->next)
        add_records(x->next, &in, err);
    else
        settle(x, &in, err);
    rfm_comm_agree(x->comm, err);
done:
    rfm_held_free(&out);
    rfm_held_free(&in);
    return err->status;
}

/* Collective. Uses up what the deduper holds, and the route. */
static rfm_status run_rounds(resolving *x, rfm_error *err)
{
    size_t n_rounds = 1;
    x->counts = rfm_alloc(4 * x->route.n_steps, sizeof *x->counts, err);
    reserve_keys(x, 0, err);
    if (rfm_comm_agree(x->comm, err))
        goto done;
    x->each = x->deduper->n_pieces / x->route.n_targets;
    n_rounds = agree_on_rounds(x);
    for (size_t round = 0; round < n_rounds; round++)
        if (run_round(x, x->each * round / n_rounds, x->each * (round + 1) / n_rounds, err))
            goto done;
done:
    free(x->counts);
    x->counts = NULL;
    rfm_route_free(&x->route);
    return err->status;
}

/* Collective. To members of the groups, into another deduper, which takes this one's place in x. */
static rfm_status bring_to_groups(resolving *x, rfm_error *err)
{
    const rfm_deduper *from = x->deduper;
    const int n_ranks = rfm_comm_size(x->comm);
    const size_t n_members = rfm_group_size(n_ranks, rfm_group_of(n_ranks, rfm_comm_rank(x->comm)));
    rfm_route_to_groups(x->comm, &x->route, err);
    if (open_deduper(from->pieces[0].shape, n_members * LEAST_EACH, rfm_groups(n_ranks), &x->next, err) == RFM_OK &&
        x->next)
        rfm_deduper_limit(x->next, from->memory_bytes, from->directory);
    run_rounds(x, err);
    x->deduper = x->next;
    x->next = NULL;
    return err->status;
}

rfm_status rfm_deduper_resolve(rfm_comm *comm, rfm_deduper *deduper, const rfm_keys *base, rfm_event_sink sink,
                               void *context, rfm_survivors *survivors, rfm_error *err)
{
    resolving x = {.comm = comm,
                   .deduper = deduper,
                   .base = base ? base->keys : NULL,
                   .n_base = base ? base->n : 0,
                   .sink = sink,
                   .context = context,
                   .survivors = survivors};
    *survivors = (rfm_survivors){0};
    const bool regroup = rfm_customers_regroup(rfm_comm_size(comm));
    if (!regroup || bring_to_groups(&x, err) == RFM_OK) {
        regroup ? rfm_route_within_group(comm, &x.route, err) : rfm_route_to_groups(comm, &x.route, err);
        run_rounds(&x, err);
    }
    if (!err->status)
        take_base(&x, NULL);
    if (x.deduper != deduper)
        rfm_deduper_close(x.deduper);
    if (err->status) {
        rfm_keys_free(&survivors->keys);
        *survivors = (rfm_survivors){0};
    }
    return err->status;
}
