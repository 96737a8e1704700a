/* block: a sorted stretch of customers in one run of words, as it goes to another rank or to disk.
 *
 *   | words in all | n | bytes of ids | entries of list 0, 1, ... |
 *   | hash[n] | number[n], or offset[n + 1] and bytes, padded | words[n * n_words] |
 *   | start[n + 1] key[] payload[] of list 0 | of list 1 | ... |
 *
 * It is read where it lies: a state whose arrays point into it.
 */
#ifndef RFMPI_CUSTOMER_BLOCK_H
#define RFMPI_CUSTOMER_BLOCK_H

#include "rfmpi/customer.h"

typedef struct rfm_blocks { /* blocks end to end; zero-initialised: none */
    uint64_t *words;
    size_t n, capacity;
} rfm_blocks;

/* What a block is going to hold; entries: of each list, the caller's. */
typedef struct rfm_block_size {
    size_t n, id_bytes;
    const size_t *entries;
} rfm_block_size;

/* Room for a block of this layout behind what is there, its head written. Fills *view with where its parts go; lists:
 * [n_lists], the caller's. */
rfm_status rfm_block_add(rfm_blocks *blocks, const rfm_layout *layout, rfm_id_kind kind, const rfm_block_size *size,
                         rfm_state *view, rfm_list *lists, rfm_error *err);

/* Words of a block of n customers, without the entries of its lists; and those of so many entries of one. */
size_t rfm_block_words(const rfm_layout *layout, rfm_id_kind kind, size_t n, size_t id_bytes);
size_t rfm_block_entry_words(const rfm_layout *layout, int list, size_t entries);

/* Customers first .. end-1 of a state. */
typedef struct rfm_range {
    size_t first, end;
} rfm_range;

rfm_status rfm_block_add_range(rfm_blocks *blocks, const rfm_state *state, rfm_range range, rfm_error *err);

/* The block that begins here; returns where the next one does. *view borrows the words, and `lists` as above. */
const uint64_t *rfm_block_view(const uint64_t *block, const rfm_layout *layout, rfm_id_kind kind, rfm_state *view,
                               rfm_list *lists);

void rfm_blocks_free(rfm_blocks *blocks);

#endif
