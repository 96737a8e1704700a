/* table: the customers a rank has met, in pieces by the hash of the id.
 *
 * Piece p of P has the hashes h with floor(h * P / 2^64) = p; P is a multiple of the groups of ranks, so a piece
 * belongs to one of them, and pieces in their order are customers in the order of the hash. What a piece holds fits
 * the cache, and it leaves the table, to its group or to disk, as a whole. Within a piece:
 *
 *   - slots[hash & mask] -> number of the customer, with 32 bits of the hash; linear probing, at most 3/4 full
 *   - rows: one a customer, in order of arrival, so that an event touches one place in memory. In chunks: a row never
 *     moves.
 *
 *         | hash | id: integer: 1 word; text: 2 words | words of the layout | a word for each list |
 *
 *   - The word of a list of values without payloads: the last one that went in; most repeats follow at once, and go no
 *     further. 0: none, or one that is not remembered.
 *   - The word of a list of days or weeks: the latest of them, as a span, which go into the list when it is full.
 *   - A text id of up to 15 bytes lies in its row: length, bytes, zeros. A longer one: length, its first 7 bytes, and
 *     the place of all its bytes in `bytes`.
 *
 * Slots are taken by the low bits of the hash and not by the high ones, in which a piece's customers agree.
 */
#ifndef RFMPI_CUSTOMER_TABLE_H
#define RFMPI_CUSTOMER_TABLE_H

#include "exchange.h"
#include "pairs.h"
#include "program.h"
#include "scratch.h"

enum { RFM_SHORT_ID = 15 };

typedef struct rfm_slot {
    uint32_t tag;
    uint32_t customer; /* plus one; 0: free */
} rfm_slot;

typedef struct rfm_piece {
    rfm_slot *slots;
    size_t n_slots;   /* a power of two */
    int64_t **chunks; /* of rows */
    uint32_t n, n_chunks;
    char *bytes; /* of long ids */
    size_t n_bytes, chunks_capacity, bytes_capacity;
} rfm_piece;

/* What went to disk at one time. */
typedef struct rfm_run_on_disk {
    const rfm_scratch *file;
    rfm_scratch_place *places; /* [n_pieces]: of customers by as many pieces, which need not be those of the table */
    size_t n_pieces;
} rfm_run_on_disk;

struct rfm_table {
    const rfm_layout *layout;
    rfm_id_kind kind;
    rfm_program program;
    rfm_pool pool;
    rfm_piece *pieces;
    size_t n_pieces;
    size_t stride, header, last;   /* words of a row, those before the layout's, those before the lists' */
    unsigned chunk_bits;           /* 2^chunk_bits rows a chunk */
    rfm_pairs *lists;              /* [layout->n_lists] */
    rfm_gathered *gathered;        /* [layout->n_lists] */
    size_t loose_bytes;            /* of slots and ids, which are not in the pool */
    size_t memory_bytes;           /* the budget; 0: none */
    const char *scratch_directory; /* borrowed */
    rfm_scratch scratch;
    rfm_run_on_disk *runs; /* [n_runs]; the first n_shelved are on shelves, the others in scratch */
    size_t n_runs, n_shelved, runs_capacity;
    int64_t spilled_bytes;
};

/* The customers of n events, new ones made. */
rfm_status rfm_table_find(rfm_table *table, const rfm_events *events, size_t first, size_t n, rfm_met *met,
                          rfm_error *err);

/* The text of a row's id. */
const char *rfm_table_text(const rfm_piece *piece, const int64_t *row, size_t *length);

/* The customers of a piece, in order, as a block. Leaves the piece empty. */
rfm_status rfm_table_freeze_piece(rfm_table *table, size_t index, rfm_blocks *blocks, rfm_error *err);

/* The most that the blocks of all pieces would come to. */
size_t rfm_table_frozen_bytes(const rfm_table *table);

/* Few slots again, all of them free. */
void rfm_table_empty_slots(rfm_table *table, rfm_piece *piece);

/* No pair is recent any more: rows are about to be used again. */
void rfm_table_forget(rfm_table *table);

/* What customers and their values take. */
size_t rfm_table_bytes(const rfm_table *table);

/* Put the table on disk where it passes its budget. */
rfm_status rfm_table_spill(rfm_table *table, rfm_error *err);

/* What is on disk of a piece, in runs from number `first` on, as blocks; and the end of these runs. */
rfm_status rfm_table_unspill(rfm_table *table, size_t first, size_t piece, rfm_blocks *blocks, rfm_error *err);
void rfm_table_end_runs(rfm_table *table, size_t first);

/* What they have in all. */
size_t rfm_table_bytes_on_disk(const rfm_table *table);

static inline int64_t *rfm_table_row(const rfm_table *table, const rfm_piece *piece, uint32_t customer)
{
    uint32_t mask = (1U << table->chunk_bits) - 1;
    return piece->chunks[customer >> table->chunk_bits] + (customer & mask) * table->stride;
}

#endif
