/* pool: memory in chunks of one size, taken and given back by the thousand. Knows nothing of what is in them.
 *
 * A chunk never moves, what is given back is taken again first, and the pages of free chunks can be returned to the
 * system while others stay: so a table can grow without copying and shrink while a state is built from it.
 */
#ifndef RFMPI_CUSTOMER_POOL_H
#define RFMPI_CUSTOMER_POOL_H

#include "rfmpi/base.h"

enum { RFM_CHUNK_BYTES = 1 << 16 };

typedef struct rfm_pool {
    void **slabs; /* each of many chunks */
    size_t n_slabs, slabs_capacity;
    void **spare; /* chunks in nobody's hands; the first n_trimmed have no pages behind them */
    size_t n_spare, n_trimmed, spare_capacity;
} rfm_pool; /* zero-initialised: empty */

/* A chunk of RFM_CHUNK_BYTES, not cleared; NULL and RFM_NO_MEMORY when there is none. */
void *rfm_pool_take(rfm_pool *pool, rfm_error *err);
void rfm_pool_give(rfm_pool *pool, void *chunk);
void rfm_pool_trim(rfm_pool *pool); /* return the pages of spare chunks to the system */
void rfm_pool_free(rfm_pool *pool); /* all chunks, taken or not */

#endif
