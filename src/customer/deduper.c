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

/* As many for each owner, and so many that a round, which is one of each at least, is a small part at any number of
 * ranks. */
static size_t count_pieces(size_t owners)
{
    size_t each = (LEAST_PIECES + owners - 1) / owners;
    return owners * (each > LEAST_EACH ? each : LEAST_EACH);
}

rfm_status rfm_deduper_open(const rfm_input *input, int n_owners, rfm_deduper **deduper, rfm_error *err)
{
    const size_t n_pieces = count_pieces((size_t)n_owners);
    const rfm_held_shape shape = {.kind = input->id_kind,
                                  .n_numbers = input->n_numbers,
                                  .n_hashes = input->n_hashes,
                                  .width = RFM_HELD_FIXED + input->n_numbers + input->n_hashes};
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
    for (size_t p = 0; p < n_pieces; p++)
        (*deduper)->pieces[p].shape = shape;
    return RFM_OK;
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

rfm_status rfm_deduper_add(rfm_deduper *deduper, const rfm_events *events, rfm_error *err)
{
    for (size_t i = 0; i < events->n; i++) {
        rfm_held *held = &deduper->pieces[rfm_piece_of(events->key[i].high, deduper->n_pieces)];
        size_t before = rfm_held_size(held);
        if (rfm_held_add(held, events, i, err))
            return err->status;
        deduper->held_bytes += rfm_held_size(held) - before;
    }
    return rfm_deduper_spill(deduper, err);
}

/* ---- rounds ----------------------------------------------------------------------------------------------------- */

typedef struct resolving {
    rfm_comm *comm;
    rfm_deduper *deduper;
    size_t n_ranks, each; /* pieces of an owner */
    size_t *counts;       /* [4][n_ranks]: records and bytes out, records and bytes in */
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

/* Pieces first .. end-1 of every owner, owner by owner. */
static rfm_status take_round(const resolving *x, size_t first, size_t end, rfm_held *out, rfm_error *err)
{
    out->shape = x->deduper->pieces[0].shape;
    for (size_t r = 0; r < x->n_ranks; r++) {
        size_t n = out->n, n_bytes = out->n_bytes;
        for (size_t p = first; p < end; p++)
            if (rfm_deduper_take(x->deduper, 0, r * x->each + p, out, err))
                return err->status;
        x->counts[r] = out->n - n;
        x->counts[x->n_ranks + r] = out->n_bytes - n_bytes;
    }
    return RFM_OK;
}

static rfm_status exchange(const resolving *x, const rfm_held *out, rfm_held *in, rfm_error *err)
{
    void *words = NULL, *bytes = NULL;
    size_t *n_in = x->counts + 2 * x->n_ranks, *bytes_in = n_in + x->n_ranks;
    in->shape = out->shape;
    if (rfm_comm_exchange(x->comm, out->shape.width * sizeof *out->words, out->words, x->counts, &words, n_in, err))
        return err->status;
    in->words = words;
    if (rfm_comm_exchange(x->comm, 1, out->bytes, x->counts + x->n_ranks, &bytes, bytes_in, err))
        return err->status;
    in->bytes = bytes;
    for (size_t r = 0; r < x->n_ranks; r++) {
        in->n += n_in[r];
        in->n_bytes += bytes_in[r];
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
    settle(x, &in, err);
    rfm_comm_agree(x->comm, err);
done:
    rfm_held_free(&out);
    rfm_held_free(&in);
    return err->status;
}

static rfm_status run_rounds(resolving *x, rfm_error *err)
{
    size_t n_rounds = agree_on_rounds(x);
    x->counts = rfm_alloc(4 * x->n_ranks, sizeof *x->counts, err);
    reserve_keys(x, 0, err);
    if (rfm_comm_agree(x->comm, err))
        return err->status;
    for (size_t round = 0; round < n_rounds; round++)
        if (run_round(x, x->each * round / n_rounds, x->each * (round + 1) / n_rounds, err))
            return err->status;
    take_base(x, NULL);
    return RFM_OK;
}

rfm_status rfm_deduper_resolve(rfm_comm *comm, rfm_deduper *deduper, const rfm_keys *base, rfm_event_sink sink,
                               void *context, rfm_survivors *survivors, rfm_error *err)
{
    size_t n_ranks = (size_t)rfm_comm_size(comm);
    resolving x = {.comm = comm,
                   .deduper = deduper,
                   .n_ranks = n_ranks,
                   .each = deduper->n_pieces / n_ranks,
                   .base = base ? base->keys : NULL,
                   .n_base = base ? base->n : 0,
                   .sink = sink,
                   .context = context,
                   .survivors = survivors};
    *survivors = (rfm_survivors){0};
    run_rounds(&x, err);
    free(x.counts);
    if (err->status) {
        rfm_keys_free(&survivors->keys);
        *survivors = (rfm_survivors){0};
    }
    return err->status;
}
