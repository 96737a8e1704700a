/* table: the customers a rank has met, in the order in which it met them.
 *
 *   - slots[hash & mask] -> number of the customer, with 32 bits of the hash; linear probing, at most half full
 *   - rows: one a customer, so that an event touches one place in memory:
 *
 *         | hash | id: integer: 1 word; text: 2 words | words of the layout |
 *
 *   - A text id of up to 15 bytes lies in its row: length, bytes, zeros. A longer one: length, its first 7 bytes, and
 *     the place of all its bytes in `bytes`.
 *
 * Slots are taken by the low bits of the hash and not by the high ones: events may come sorted by
 * hash (from our own products), and would fill one corner of a table that is ordered by it.
 */
#ifndef RFMPI_CUSTOMER_TABLE_H
#define RFMPI_CUSTOMER_TABLE_H

#include "pairs.h"
#include "program.h"

enum { RFM_SHORT_ID = 15 };

typedef struct rfm_slot {
    uint32_t tag;
    uint32_t customer; /* plus one; 0: free */
} rfm_slot;

struct rfm_table {
    const rfm_layout *layout;
    rfm_id_kind kind;
    rfm_program program;
    rfm_slot *slots;
    size_t n_slots; /* a power of two */
    int64_t *rows;
    size_t n, capacity;    /* rows */
    size_t stride, header; /* words of a row, and those before the layout's */
    char *bytes;           /* of long ids */
    size_t n_bytes, bytes_capacity;
    rfm_pairs *lists; /* [layout->n_lists] */
};

/* The customers of events first .. first+n-1, new ones made. */
rfm_status rfm_table_find(rfm_table *table, const rfm_events *events, size_t first, size_t n, uint32_t *customer,
                          rfm_error *err);

/* The text of a row's id. */
const char *rfm_table_text(const rfm_table *table, const int64_t *row, size_t *length);

#endif
