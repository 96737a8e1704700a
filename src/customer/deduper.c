/* deduper: events go to the owner of their key; the first of each key stays.
 *
 * Knows what a key is (128 bits that ingest made) and not what it was made from.
 */
#include "held.h"
#include "order.h"

#include <stdlib.h>
#include <string.h>

struct rfm_deduper {
    rfm_held held;
};

rfm_status rfm_deduper_open(const rfm_input *input, rfm_deduper **deduper, rfm_error *err)
{
    *deduper = rfm_alloc(1, sizeof **deduper, err);
    if (*deduper)
        (*deduper)->held.shape = (rfm_held_shape){
            .kind = input->id_kind,
            .n_numbers = input->n_numbers,
            .n_hashes = input->n_hashes,
            .width = RFM_HELD_FIXED + input->n_numbers + input->n_hashes,
        };
    return err->status;
}

rfm_status rfm_deduper_add(rfm_deduper *deduper, const rfm_events *events, rfm_error *err)
{
    return rfm_held_add(&deduper->held, events, err);
}

void rfm_deduper_close(rfm_deduper *deduper)
{
    if (!deduper)
        return;
    rfm_held_free(&deduper->held);
    free(deduper);
}

/* ---- to the owners ---------------------------------------------------------------------------------------------- */

/* How much goes to each rank, and what comes from each. */
struct traffic {
    size_t *records, *bytes, *records_in, *bytes_in;
};

static rfm_status count_traffic(const rfm_held *held, int n_ranks, struct traffic *traffic, rfm_error *err)
{
    size_t **counts[] = {&traffic->records, &traffic->bytes, &traffic->records_in, &traffic->bytes_in};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        *counts[i] = rfm_alloc((size_t)n_ranks, sizeof **counts[i], err);
    for (size_t i = 0; i < held->n && !err->status; i++) {
        int owner = rfm_owner(rfm_held_record(held, i)[RFM_HELD_KEY_HIGH], n_ranks);
        traffic->records[owner]++;
        traffic->bytes[owner] += rfm_held_id_bytes(held, i);
    }
    return err->status;
}

static void free_traffic(struct traffic *traffic)
{
    free(traffic->records);
    free(traffic->bytes);
    free(traffic->records_in);
    free(traffic->bytes_in);
}

static void sum_before(const size_t *counts, int n, size_t *before)
{
    size_t sum = 0;
    for (int r = 0; r < n; r++) {
        before[r] = sum;
        sum += counts[r];
    }
}

/* The same events, those for rank 0 first, then those for rank 1, ... */
static rfm_status sort_by_owner(const rfm_held *held, int n_ranks, struct traffic *traffic, rfm_held *out,
                                rfm_error *err)
{
    size_t from = 0, row = held->shape.width * sizeof *out->words;
    out->shape = held->shape;
    if (count_traffic(held, n_ranks, traffic, err))
        return err->status;
    out->words = rfm_alloc(held->n, row, err);
    out->bytes = rfm_alloc(held->n_bytes, 1, err);
    if (err->status)
        return err->status;
    size_t *record = traffic->records_in, *byte = traffic->bytes_in; /* not needed for what comes in until then */
    sum_before(traffic->records, n_ranks, record);
    sum_before(traffic->bytes, n_ranks, byte);
    for (size_t i = 0; i < held->n; i++) {
        size_t length = rfm_held_id_bytes(held, i);
        int owner = rfm_owner(rfm_held_record(held, i)[RFM_HELD_KEY_HIGH], n_ranks);
        memcpy(out->words + record[owner]++ * held->shape.width, rfm_held_record(held, i), row);
        if (length > 0)
            memcpy(out->bytes + byte[owner], held->bytes + from, length);
        byte[owner] += length;
        from += length;
    }
    out->n = held->n;
    out->n_bytes = held->n_bytes;
    return RFM_OK;
}

static rfm_status exchange(rfm_comm *comm, const rfm_held *out, struct traffic *traffic, rfm_held *in, rfm_error *err)
{
    void *words = NULL, *bytes = NULL;
    in->shape = out->shape;
    if (rfm_comm_exchange(comm, out->shape.width * sizeof *out->words, out->words, traffic->records, &words,
                          traffic->records_in, err))
        return err->status;
    in->words = words;
    if (rfm_comm_exchange(comm, 1, out->bytes, traffic->bytes, &bytes, traffic->bytes_in, err))
        return err->status;
    in->bytes = bytes;
    for (int r = 0; r < rfm_comm_size(comm); r++) {
        in->n += traffic->records_in[r];
        in->n_bytes += traffic->bytes_in[r];
    }
    return RFM_OK;
}

/* *held becomes the events whose keys this rank owns. */
static rfm_status send_to_owners(rfm_comm *comm, rfm_held *held, rfm_error *err)
{
    struct traffic traffic = {0};
    rfm_held out = {0}, in = {0};
    sort_by_owner(held, rfm_comm_size(comm), &traffic, &out, err);
    rfm_held_free(held);
    if (rfm_comm_agree(comm, err) || exchange(comm, &out, &traffic, &in, err))
        goto done;
    *held = in;
    in = (rfm_held){0};
done:
    free_traffic(&traffic);
    rfm_held_free(&out);
    rfm_held_free(&in);
    return err->status;
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

/* One walk along the sorted records and the sorted base: the records that stay, and the keys of both. */
static size_t pick(const rfm_held *held, const rfm_ordered *sorted, const rfm_keys *base, size_t *survivors,
                   rfm_keys *keys)
{
    size_t n_survivors = 0, b = 0, n_base = base ? base->n : 0;
    for (size_t i = 0, end; i < held->n; i = end) {
        rfm_hash128 key = key_of(held, sorted[i].row);
        for (end = i + 1; end < held->n && compare_keys(key_of(held, sorted[end].row), key) == 0;)
            end++;
        while (b < n_base && compare_keys(base->keys[b], key) < 0)
            keys->keys[keys->n++] = base->keys[b++];
        if (b < n_base && compare_keys(base->keys[b], key) == 0)
            continue;
        keys->keys[keys->n++] = key;
        survivors[n_survivors++] = sorted[i].row;
    }
    while (b < n_base)
        keys->keys[keys->n++] = base->keys[b++];
    return n_survivors;
}

struct outlet {
    rfm_event_sink sink;
    void *context;
};

static rfm_status resolve_own(rfm_held *held, const rfm_keys *base, const struct outlet *outlet,
                              rfm_survivors *survivors, rfm_error *err)
{
    rfm_ordered *sorted = NULL;
    size_t *picked = rfm_alloc(held->n, sizeof *picked, err);
    rfm_keys *keys = &survivors->keys;
    keys->keys = rfm_alloc(held->n + (base ? base->n : 0), sizeof *keys->keys, err);
    if (err->status || rfm_held_locate(held, err) || sort_records(held, &sorted, err))
        goto done;
    size_t n = pick(held, sorted, base, picked, keys);
    survivors->n_duplicates = (int64_t)(held->n - n);
    rfm_held_give(held, picked, n, outlet->sink, outlet->context, &survivors->extent, err);
done:
    free(sorted);
    free(picked);
    return err->status;
}

rfm_status rfm_deduper_resolve(rfm_comm *comm, rfm_deduper *deduper, const rfm_keys *base, rfm_event_sink sink,
                               void *context, rfm_survivors *survivors, rfm_error *err)
{
    const struct outlet outlet = {sink, context};
    *survivors = (rfm_survivors){0};
    if (send_to_owners(comm, &deduper->held, err))
        return err->status;
    resolve_own(&deduper->held, base, &outlet, survivors, err);
    rfm_held_free(&deduper->held);
    if (rfm_comm_agree(comm, err)) {
        rfm_keys_free(&survivors->keys);
        *survivors = (rfm_survivors){0};
    }
    return err->status;
}
