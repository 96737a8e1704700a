/* pairs: what the customers of a table have in one list, while events come in. Knows customers by
 * number only.
 *
 *   customer[]  key[]  payload[]     a log, entry by entry
 *   |--- settled ---|---- new ----|  settled: sorted by (customer, key), each pair once
 *
 * Repeats that come soon after each other meet in a small direct-mapped cache of recent pairs and
 * make no entry. The rest of the repeats go when the log is settled, which happens whenever it has
 * doubled: so the log is at most about twice the distinct pairs (or a constant), and each entry is
 * sorted O(1) times on average.
 */
#ifndef RFMPI_CUSTOMER_PAIRS_H
#define RFMPI_CUSTOMER_PAIRS_H

#include "rfmpi/customer.h"

#include "record.h"

enum { RFM_RECENT_BITS = 14 };

typedef struct rfm_recent {
    uint64_t key;
    uint32_t customer;
    uint32_t entry; /* place in the log, plus one; 0: free */
} rfm_recent;

typedef struct rfm_pairs {
    const rfm_record *record; /* of the payload */
    size_t n, limit;          /* entries, and how many are let in before settling */
    uint32_t *customer;
    uint64_t *key;
    int64_t *payload; /* [n * record->n_words] */
    size_t customer_capacity, key_capacity, payload_capacity;
    rfm_recent *recent;
} rfm_pairs;

rfm_status rfm_pairs_init(rfm_pairs *pairs, const rfm_record *record, rfm_error *err);
void rfm_pairs_free(rfm_pairs *pairs);

/* Make room for n_more entries, settling first if it is time. n_customers: all that have a number
 * so far. */
rfm_status rfm_pairs_reserve(rfm_pairs *pairs, size_t n_more, size_t n_customers, rfm_error *err);

/* Move everything into a list whose customer i is the one with order[j] == i; leaves the pairs
 * empty. */
rfm_status rfm_pairs_freeze(rfm_pairs *pairs, const uint32_t *order, size_t n_customers, rfm_list *list,
                            rfm_error *err);

static inline rfm_recent *rfm_pairs_recent(const rfm_pairs *pairs, uint32_t customer, uint64_t key)
{
    uint64_t mix = (key + customer * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
    return &pairs->recent[mix >> (64 - RFM_RECENT_BITS)];
}

/* The entry of this pair: a recent one, or a new one with a neutral payload. Needs room for one. */
static inline size_t rfm_pairs_touch(rfm_pairs *pairs, uint32_t customer, uint64_t key)
{
    rfm_recent *recent = rfm_pairs_recent(pairs, customer, key);
    if (recent->customer == customer && recent->key == key && recent->entry != 0)
        return recent->entry - 1;
    size_t at = pairs->n++;
    pairs->customer[at] = customer;
    pairs->key[at] = key;
    if (pairs->record->n_words > 0)
        rfm_record_clear(pairs->record, pairs->payload + at * (size_t)pairs->record->n_words);
    /* An entry too far back for the cache's narrow field is just not found again; settling merges
     * it. */
    *recent = (rfm_recent){key, customer, at < UINT32_MAX ? (uint32_t)(at + 1) : 0};
    return at;
}

#endif
