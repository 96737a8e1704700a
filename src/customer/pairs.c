/* pairs: see pairs.h. Repeats are dropped by hashing, which needs no order; order is made once, at the end, by counting
 * the entries of each customer. */
#include "pairs.h"

#include "entries.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_LIMIT = 1 << 13, ENTRY_BYTES = sizeof(rfm_pair) };

rfm_status rfm_pairs_init(rfm_pairs *pairs, const rfm_record *record, size_t n_pieces, rfm_pool *pool, rfm_error *err)
{
    size_t n_recent = (size_t)1 << RFM_RECENT_BITS, width = (size_t)record->n_words * sizeof(int64_t);
    size_t room = RFM_CHUNK_BYTES - sizeof(rfm_pair_chunk);
    *pairs = (rfm_pairs){.record = record, .pool = pool, .n_pieces = n_pieces};
    pairs->capacity = room / (ENTRY_BYTES + width) / 2 * 2; /* even: payloads are aligned */
    if (pairs->capacity == 0)
        return rfm_fail(err, RFM_USAGE,
                        "the daily features take %zu bytes a customer and day, more than %d: ask for fewer", width,
                        RFM_CHUNK_BYTES / 4);
    if (width > 0) {
        pairs->recent = rfm_alloc(n_recent, sizeof *pairs->recent, err);
        pairs->recent_payload = rfm_alloc(n_recent, sizeof *pairs->recent_payload, err);
    }
    pairs->logs = rfm_alloc(n_pieces, sizeof *pairs->logs, err);
    for (size_t p = 0; pairs->logs && p < n_pieces; p++)
        pairs->logs[p] = (rfm_pair_log){.limit = FIRST_LIMIT};
    return err->status;
}

void rfm_pairs_free(rfm_pairs *pairs)
{
    free(pairs->logs);
    free(pairs->recent);
    free(pairs->recent_payload);
    memset(pairs, 0, sizeof *pairs);
}

rfm_status rfm_pairs_extend(rfm_pairs *pairs, rfm_pair_log *log, rfm_error *err)
{
    rfm_pair_chunk *chunk = rfm_pool_take(pairs->pool, err);
    if (!chunk)
        return RFM_NO_MEMORY;
    chunk->next = log->head;
    log->head = chunk;
    log->next = chunk->pair;
    log->room = pairs->capacity;
    pairs->due |= log->n >= log->limit;
    return RFM_OK;
}

rfm_status rfm_pairs_append_span(rfm_pairs *pairs, const rfm_met *met, int64_t span, rfm_error *err)
{
    for (uint64_t bits = rfm_span_bits(span); bits != 0; bits &= bits - 1) {
        int64_t day = rfm_span_first(span) + __builtin_ctzll(bits);
        if (rfm_pairs_append(pairs, met, (uint64_t)day, err))
            return err->status;
    }
    return RFM_OK;
}

void rfm_pairs_drop(rfm_pairs *pairs, size_t piece)
{
    rfm_pair_log *log = &pairs->logs[piece];
    for (rfm_pair_chunk *chunk = log->head, *next; chunk; chunk = next) {
        next = chunk->next;
        rfm_pool_give(pairs->pool, chunk);
    }
    *log = (rfm_pair_log){.limit = FIRST_LIMIT};
}

void rfm_pairs_forget(rfm_pairs *pairs)
{
    if (pairs->recent)
        memset(pairs->recent, 0, ((size_t)1 << RFM_RECENT_BITS) * sizeof *pairs->recent);
}

size_t rfm_pairs_bytes(const rfm_pairs *pairs)
{
    size_t n = 0;
    for (size_t p = 0; p < pairs->n_pieces; p++)
        n += pairs->logs[p].n;
    return n * (ENTRY_BYTES + (size_t)pairs->record->n_words * sizeof(int64_t));
}

/* ---- gathering -------------------------------------------------------------------------------------------------- */

rfm_status rfm_gathered_reserve(const rfm_record *record, size_t n_entries, size_t n, rfm_gathered *gathered,
                                rfm_error *err)
{
    rfm_list *list = &gathered->list;
    size_t width = (size_t)record->n_words;
    rfm_reserve(&list->start, &gathered->start_capacity, n + 1, sizeof *list->start, err);
    rfm_reserve(&list->key, &gathered->key_capacity, n_entries + 1, sizeof *list->key, err);
    if (width > 0) /* in words: lists of other widths use the same room */
        rfm_reserve(&list->payload, &gathered->payload_capacity, (n_entries + 1) * width, sizeof *list->payload, err);
    return err->status;
}

static void distribute(const rfm_pairs *pairs, rfm_pair_chunk *chunk, size_t used, const uint32_t *order,
                       rfm_list *list)
{
    size_t width = (size_t)pairs->record->n_words;
    const int64_t *payload = rfm_pair_payloads(pairs, chunk);
    for (size_t i = 0; i < used; i++) {
        size_t to = list->start[order[chunk->pair[i].customer]]++;
        list->key[to] = rfm_pair_key(&chunk->pair[i]);
        if (width > 0)
            memcpy(list->payload + to * width, payload + i * width, width * sizeof *payload);
    }
}

/* Counted first, then put where they belong; start[c] is where c's next entry goes, and so in the end where c ends. */
void rfm_pairs_gather(const rfm_pairs *pairs, size_t piece, const uint32_t *order, size_t n, rfm_list *list)
{
    const rfm_pair_log *log = &pairs->logs[piece];
    size_t *start = list->start, used = pairs->capacity - log->room, entries = 0;
    memset(start, 0, (n + 1) * sizeof *start);
    for (rfm_pair_chunk *chunk = log->head; chunk; chunk = chunk->next, used = pairs->capacity)
        for (size_t i = 0; i < used; i++)
            start[order[chunk->pair[i].customer]]++;
    for (size_t c = 0; c <= n; c++) {
        size_t mine = start[c];
        start[c] = entries;
        entries += mine;
    }
    used = pairs->capacity - log->room;
    for (rfm_pair_chunk *chunk = log->head; chunk; chunk = chunk->next, used = pairs->capacity)
        distribute(pairs, chunk, used, order, list);
    memmove(start + 1, start, n * sizeof *start);
    start[0] = 0;
}

void rfm_gathered_free(rfm_gathered *gathered)
{
    free(gathered->list.start);
    free(gathered->list.key);
    free(gathered->list.payload);
    free(gathered->pairs);
    free(gathered->slots);
    memset(gathered, 0, sizeof *gathered);
}

/* ---- settling --------------------------------------------------------------------------------------------------- */

/* Slots for n entries, at most half of them taken. */
static rfm_status make_slots(const rfm_pairs *pairs, size_t n, rfm_gathered *gathered, unsigned *bits, rfm_error *err)
{
    if (n > UINT32_MAX / 4)
        return rfm_fail(err, RFM_NO_MEMORY, "a rank met too many values for its table: use more ranks");
    for (; ((size_t)1 << *bits) < 2 * n;)
        ++*bits;
    size_t n_slots = (size_t)1 << *bits;
    if (rfm_gathered_reserve(pairs->record, n, 0, gathered, err) ||
        rfm_reserve(&gathered->pairs, &gathered->pairs_capacity, n, sizeof *gathered->pairs, err) ||
        rfm_reserve(&gathered->slots, &gathered->slots_capacity, n_slots, sizeof *gathered->slots, err))
        return err->status;
    memset(gathered->slots, 0, n_slots * sizeof *gathered->slots);
    return RFM_OK;
}

/* The entry of this pair among the `kept` first ones, which may be the one behind them. */
static size_t find_entry(const rfm_gathered *gathered, const rfm_pair *pair, size_t kept, unsigned bits)
{
    size_t mask = ((size_t)1 << bits) - 1, at = rfm_pair_mix(pair->customer, rfm_pair_key(pair), bits);
    for (uint32_t slot; (slot = gathered->slots[at]) != 0; at = (at + 1) & mask)
        if (memcmp(&gathered->pairs[slot - 1], pair, sizeof *pair) == 0)
            return slot - 1;
    gathered->slots[at] = (uint32_t)kept + 1;
    gathered->pairs[kept] = *pair;
    return kept;
}

static size_t keep_distinct(const rfm_pairs *pairs, const rfm_pair_log *log, rfm_gathered *gathered, unsigned bits)
{
    size_t kept = 0, used = pairs->capacity - log->room, width = (size_t)pairs->record->n_words;
    for (rfm_pair_chunk *chunk = log->head; chunk; chunk = chunk->next, used = pairs->capacity) {
        const int64_t *payload = rfm_pair_payloads(pairs, chunk);
        for (size_t i = 0; i < used; i++) {
            size_t entry = find_entry(gathered, &chunk->pair[i], kept, bits);
            int64_t *into = width > 0 ? gathered->list.payload + entry * width : NULL;
            if (into && entry == kept)
                rfm_record_clear(pairs->record, into);
            if (into)
                rfm_record_merge(pairs->record, into, payload + i * width);
            kept += entry == kept;
        }
    }
    return kept;
}

/* Into chunks just given back, of which there are at least as many as needed. */
static rfm_status put_back(rfm_pairs *pairs, rfm_pair_log *log, const rfm_gathered *gathered, size_t n, rfm_error *err)
{
    size_t width = (size_t)pairs->record->n_words;
    while (log->n < n) {
        size_t first = log->n, more = n - first < pairs->capacity ? n - first : pairs->capacity;
        if (rfm_pairs_extend(pairs, log, err))
            return err->status;
        memcpy(log->head->pair, gathered->pairs + first, more * sizeof *gathered->pairs);
        if (width > 0)
            memcpy(rfm_pair_payloads(pairs, log->head), gathered->list.payload + first * width,
                   more * width * sizeof *gathered->list.payload);
        log->next += more;
        log->room -= more;
        log->n += more;
    }
    return RFM_OK;
}

rfm_status rfm_pairs_settle(rfm_pairs *pairs, size_t piece, rfm_gathered *gathered, rfm_error *err)
{
    rfm_pair_log *log = &pairs->logs[piece];
    unsigned bits = 1;
    if (make_slots(pairs, log->n, gathered, &bits, err))
        return err->status;
    size_t before = log->n, n = keep_distinct(pairs, log, gathered, bits);
    size_t limit = n < before / 4 * 3 ? n + n / 2 : 2 * n; /* where there are few repeats, look for them less often */
    rfm_pairs_drop(pairs, piece);
    put_back(pairs, log, gathered, n, err);
    log->limit = limit > FIRST_LIMIT ? limit : FIRST_LIMIT;
    rfm_pairs_forget(pairs); /* payloads have moved */
    return err->status;
}
