/* held: whole events in memory and on their way, one record of 64-bit words each, with the bytes of text ids beside
 * them.
 *
 *   | key high | key low | time | row high | row low | id hash | id | where | has | day | numbers ... | hashes ... |
 *
 * The words of two records with the same key compare, as unsigned numbers and in this order, as the contract orders
 * duplicates: by time (its sign bit flipped), then by the hash of the row. What comes behind them settles what is left,
 * so that which of two events stays never depends on who read them.
 */
#ifndef RFMPI_CUSTOMER_HELD_H
#define RFMPI_CUSTOMER_HELD_H

#include "rfmpi/customer.h"

enum {
    RFM_HELD_KEY_HIGH,
    RFM_HELD_KEY_LOW,
    RFM_HELD_TIME,
    RFM_HELD_ROW_HIGH,
    RFM_HELD_ROW_LOW,
    RFM_HELD_ID_HASH,
    RFM_HELD_ID, /* the number, or the length of the text */
    RFM_HELD_WHERE,
    RFM_HELD_HAS, /* numbers in the low half, hashes in the high one */
    RFM_HELD_DAY,
    RFM_HELD_FIXED
};

typedef struct rfm_held_shape {
    rfm_id_kind kind;
    size_t n_numbers, n_hashes;
    size_t width; /* words of a record */
} rfm_held_shape;

typedef struct rfm_held {
    rfm_held_shape shape;
    uint64_t *words; /* [n * width] */
    char *bytes;     /* of text ids, in the order of the records */
    size_t n, n_bytes, words_capacity, bytes_capacity;
    size_t *offset; /* [n]: where each id's bytes begin; only once located */
} rfm_held;

/* Local, all of them. */
rfm_status rfm_held_add(rfm_held *held, const rfm_events *events, size_t i, rfm_error *err);      /* one event */
rfm_status rfm_held_move(rfm_held *held, const uint64_t *record, const char *id, rfm_error *err); /* one record */
rfm_status rfm_held_reserve(rfm_held *held, size_t n_more, size_t n_more_bytes, rfm_error *err);
rfm_status rfm_held_locate(rfm_held *held, rfm_error *err); /* make offset */
void rfm_held_free(rfm_held *held);

/* Give the events of these records to a sink, in batches. The extent is theirs. */
rfm_status rfm_held_give(const rfm_held *held, const size_t *records, size_t n, rfm_event_sink sink, void *context,
                         rfm_extent *extent, rfm_error *err);

static inline size_t rfm_held_size(const rfm_held *held)
{
    return held->n * held->shape.width * sizeof *held->words + held->n_bytes;
}

static inline const uint64_t *rfm_held_record(const rfm_held *held, size_t i)
{
    return held->words + i * held->shape.width;
}

static inline size_t rfm_held_id_bytes(const rfm_held *held, size_t i)
{
    return held->shape.kind == RFM_ID_TEXT ? rfm_held_record(held, i)[RFM_HELD_ID] : 0;
}

#endif
