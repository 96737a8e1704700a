/* pool: see pool.h. Slabs come from the system and not from malloc, which would keep what is returned to it. */
#include "pool.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { CHUNKS_PER_SLAB = 64 };

static const size_t SLAB_BYTES = (size_t)CHUNKS_PER_SLAB * RFM_CHUNK_BYTES;

/* Room for every chunk there is: giving one back cannot fail. */
static rfm_status add_slab(rfm_pool *pool, rfm_error *err)
{
    size_t n_chunks = (pool->n_slabs + 1) * CHUNKS_PER_SLAB;
    if (rfm_reserve(&pool->slabs, &pool->slabs_capacity, pool->n_slabs + 1, sizeof *pool->slabs, err) ||
        rfm_reserve(&pool->spare, &pool->spare_capacity, n_chunks, sizeof *pool->spare, err))
        return err->status;
    char *slab = mmap(NULL, SLAB_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slab == MAP_FAILED)
        return rfm_fail(err, RFM_NO_MEMORY, "out of memory for customers; use more ranks or nodes, or less input");
    pool->slabs[pool->n_slabs++] = slab;
    for (size_t i = CHUNKS_PER_SLAB; i-- > 0;) /* the lowest address is taken first */
        pool->spare[pool->n_spare++] = slab + i * RFM_CHUNK_BYTES;
    pool->n_trimmed = pool->n_spare;
    return RFM_OK;
}

void *rfm_pool_take(rfm_pool *pool, rfm_error *err)
{
    if (pool->n_spare == 0 && add_slab(pool, err))
        return NULL;
    void *chunk = pool->spare[--pool->n_spare];
    if (pool->n_trimmed > pool->n_spare)
        pool->n_trimmed = pool->n_spare;
    return chunk;
}

void rfm_pool_give(rfm_pool *pool, void *chunk)
{
    pool->spare[pool->n_spare++] = chunk;
}

void rfm_pool_trim(rfm_pool *pool)
{
    for (; pool->n_trimmed < pool->n_spare; pool->n_trimmed++)
        (void)madvise(pool->spare[pool->n_trimmed], RFM_CHUNK_BYTES, MADV_DONTNEED);
}

void rfm_pool_free(rfm_pool *pool)
{
    for (size_t s = 0; s < pool->n_slabs; s++)
        (void)munmap(pool->slabs[s], SLAB_BYTES);
    free(pool->slabs);
    free(pool->spare);
    *pool = (rfm_pool){0};
}
