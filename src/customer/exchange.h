/* exchange: bringing sorted customers to their owners, from wherever they are. */
#ifndef RFMPI_CUSTOMER_EXCHANGE_H
#define RFMPI_CUSTOMER_EXCHANGE_H

#include "block.h"

/* Customers by pieces of the hash, as many for each group of ranks (rfm_groups). All ranks have the same number of
 * pieces. */
typedef struct rfm_source {
    const rfm_layout *layout;
    rfm_id_kind kind;
    size_t n_pieces; /* a multiple of the groups */
    size_t bytes;    /* about what this rank has */
    /* Add the customers of a piece, as any number of blocks. Each piece is asked for once. */
    rfm_status (*put)(void *from, size_t piece, rfm_blocks *blocks, rfm_error *err);
    void (*after_round)(void *from); /* NULL, or what to do when a round's pieces have been put */
    void *from;
} rfm_source;

/* Collective. *state becomes this rank's part of the global state and its extent, which is kept, the global one; empty
 * on failure. */
rfm_status rfm_source_exchange(rfm_comm *comm, const rfm_source *source, size_t round_bytes, rfm_state *state,
                               rfm_error *err);

/* The first of sorted ids that is of this piece or a later one; n_ranges: of hashes, of which the ids are of one, and
 * only that one is cut into pieces. */
size_t rfm_piece_begin(const rfm_ids *ids, uint64_t n_ranges, size_t piece, size_t n_pieces);

static inline size_t rfm_piece_of(uint64_t hash, size_t n_pieces)
{
    return (size_t)(((rfm_u128)hash * n_pieces) >> 64);
}

#endif
