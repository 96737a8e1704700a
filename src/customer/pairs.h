/* pairs: what the customers of a table have in one list, while events come in.
 *
 * A log of entries (customer, key, payload) for each piece of the table, appended to in chunks:
 *
 *   | next | customer, key ... | payload ... |     a chunk; `capacity` entries
 *
 * Repeats go when a log is settled, which happens whenever it has grown by half, or doubled where repeats are few: a
 * piece is so small that this works in cache, and so the logs hold hardly more than 1.5 times the distinct pairs (or a
 * constant). Where pairs have payloads, repeats that come soon after each other meet in a small direct-mapped cache of
 * recent pairs before that, and make no entry; without payloads this would cost more than it saves.
 */
#ifndef RFMPI_CUSTOMER_PAIRS_H
#define RFMPI_CUSTOMER_PAIRS_H

#include "rfmpi/customer.h"

#include "pool.h"
#include "record.h"
#include "span.h"

enum { RFM_RECENT_BITS = 12 };

/* A customer that was met: where its row is, and its number within its piece of the table. */
typedef struct rfm_met {
    int64_t *row;
    uint32_t piece, customer;
} rfm_met;

typedef struct rfm_recent {
    const int64_t *row;
    uint64_t key;
} rfm_recent;

typedef struct rfm_pair { /* of 12 bytes: the key is unaligned */
    uint32_t customer, key[2];
} rfm_pair;

typedef struct rfm_pair_chunk {
    struct rfm_pair_chunk *next;
    rfm_pair pair[];
} rfm_pair_chunk;

typedef struct rfm_pair_log {
    rfm_pair_chunk *head; /* the last one; those behind it are full */
    rfm_pair *next;       /* where the next entry goes */
    size_t room;          /* entries that the head can still take */
    size_t n, limit;      /* entries, and how many are let in before settling */
} rfm_pair_log;

/* Room to work on a log in, used again for the next. */
typedef struct rfm_gathered {
    rfm_list list;   /* gathered: the lists of one customer after the other */
    rfm_pair *pairs; /* settling: each once, its payload in list.payload */
    uint32_t *slots; /* settling: place among the pairs, plus one, by their hash */
    size_t start_capacity, key_capacity, payload_capacity, pairs_capacity, slots_capacity;
} rfm_gathered;

typedef struct rfm_pairs {
    const rfm_record *record; /* of the payload */
    rfm_pool *pool;
    rfm_pair_log *logs; /* [n_pieces] */
    size_t n_pieces, capacity;
    rfm_recent *recent; /* NULL where there are no payloads */
    int64_t **recent_payload;
    bool due; /* a log has passed its limit */
} rfm_pairs;

rfm_status rfm_pairs_init(rfm_pairs *pairs, const rfm_record *record, size_t n_pieces, rfm_pool *pool, rfm_error *err);
void rfm_pairs_free(rfm_pairs *pairs);

/* Make room for one more entry in a log whose head is full. */
rfm_status rfm_pairs_extend(rfm_pairs *pairs, rfm_pair_log *log, rfm_error *err);

/* An entry for each day of a span. Of lists without payloads. */
rfm_status rfm_pairs_append_span(rfm_pairs *pairs, const rfm_met *met, int64_t span, rfm_error *err);

/* The log of a piece as the lists of its n customers, customer c being the order[c]-th; not settled. There is room in
 * *list for as many entries as the log has. */
void rfm_pairs_gather(const rfm_pairs *pairs, size_t piece, const uint32_t *order, size_t n, rfm_list *list);

/* Drop repeats from the log of a piece. No payload of it may be in anybody's hands. */
rfm_status rfm_pairs_settle(rfm_pairs *pairs, size_t piece, rfm_gathered *gathered, rfm_error *err);

void rfm_pairs_drop(rfm_pairs *pairs, size_t piece); /* empty the log of a piece */
void rfm_pairs_forget(rfm_pairs *pairs);             /* no pair is recent: rows are about to be used again */
size_t rfm_pairs_bytes(const rfm_pairs *pairs);      /* what the entries take */

/* Room for the lists of n customers with so many entries. */
rfm_status rfm_gathered_reserve(const rfm_record *record, size_t n_entries, size_t n, rfm_gathered *gathered,
                                rfm_error *err);
void rfm_gathered_free(rfm_gathered *gathered);

static inline rfm_pair rfm_pair_of(uint32_t customer, uint64_t key)
{
    return (rfm_pair){customer, {(uint32_t)key, (uint32_t)(key >> 32)}};
}

static inline uint64_t rfm_pair_key(const rfm_pair *pair)
{
    return pair->key[0] | (uint64_t)pair->key[1] << 32;
}

static inline int64_t *rfm_pair_payloads(const rfm_pairs *pairs, rfm_pair_chunk *chunk)
{
    return (int64_t *)(void *)(chunk->pair + pairs->capacity); /* capacity is even */
}

static inline size_t rfm_pair_mix(uint64_t customer, uint64_t key, unsigned bits)
{
    return (key + customer * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93) >> (64 - bits);
}

static inline size_t rfm_pairs_place(const rfm_met *met, uint64_t key)
{
    return rfm_pair_mix((uint64_t)(uintptr_t)met->row, key, RFM_RECENT_BITS);
}

/* Ask for the memory that rfm_pairs_touch is going to use. */
static inline void rfm_pairs_prefetch(const rfm_pairs *pairs, const rfm_met *met, uint64_t key)
{
    const rfm_pair_log *log = &pairs->logs[met->piece];
    __builtin_prefetch(&pairs->recent[rfm_pairs_place(met, key)], 1);
    __builtin_prefetch(log->next, 1);
}

/* An entry for this pair, whatever is there already. */
static inline rfm_status rfm_pairs_append(rfm_pairs *pairs, const rfm_met *met, uint64_t key, rfm_error *err)
{
    rfm_pair_log *log = &pairs->logs[met->piece];
    if (log->room == 0 && rfm_pairs_extend(pairs, log, err))
        return err->status;
    *log->next++ = rfm_pair_of(met->customer, key);
    log->room--;
    log->n++;
    return RFM_OK;
}

/* The payload of this pair: a recent one, or a new one that is neutral. NULL on failure. */
static inline int64_t *rfm_pairs_touch(rfm_pairs *pairs, const rfm_met *met, uint64_t key, rfm_error *err)
{
    size_t place = rfm_pairs_place(met, key);
    rfm_recent *recent = &pairs->recent[place];
    if (recent->row == met->row && recent->key == key)
        return pairs->recent_payload[place];
    if (rfm_pairs_append(pairs, met, key, err))
        return NULL;
    *recent = (rfm_recent){met->row, key};
    const rfm_pair_log *log = &pairs->logs[met->piece];
    size_t at = pairs->capacity - log->room - 1;
    int64_t *payload = rfm_pair_payloads(pairs, log->head) + at * (size_t)pairs->record->n_words;
    rfm_record_clear(pairs->record, payload);
    return pairs->recent_payload[place] = payload;
}

#endif
