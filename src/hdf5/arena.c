/* arena: blocks that are filled one behind the other. Knows no HDF5. */
#include "arena.h"

#include "rfmpi/hdf5.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 1 << 18, MOST_BYTES = 1 << 28 };

struct rfm_h5_block {
    struct rfm_h5_block *next;
    size_t used, capacity;
    char bytes[];
};

static void free_from(struct rfm_h5_block *block)
{
    while (block) {
        struct rfm_h5_block *next = block->next;
        free(block);
        block = next;
    }
}

void rfm_h5_arena_free(rfm_h5_arena *arena)
{
    free_from(arena->blocks);
    *arena = (rfm_h5_arena){0};
}

/* The newest block stays for the next read. */
void rfm_h5_arena_reset(rfm_h5_arena *arena)
{
    struct rfm_h5_block *block = arena->blocks;
    arena->refused = false;
    if (!block)
        return;
    free_from(block->next);
    block->next = NULL;
    block->used = 0;
    arena->n_bytes = block->capacity;
}

static struct rfm_h5_block *add_block(rfm_h5_arena *arena, size_t n_bytes)
{
    const size_t capacity = n_bytes > BLOCK_BYTES ? n_bytes : BLOCK_BYTES;
    struct rfm_h5_block *block = capacity <= MOST_BYTES - arena->n_bytes ? malloc(sizeof *block + capacity) : NULL;
    if (!block)
        return NULL;
    *block = (struct rfm_h5_block){.next = arena->blocks, .capacity = capacity};
    arena->blocks = block;
    arena->n_bytes += capacity;
    return block;
}

void *rfm_h5_arena_take(size_t n_bytes, void *context)
{
    rfm_h5_arena *arena = context;
    struct rfm_h5_block *block = arena->blocks;
    if (n_bytes <= RFM_H5_TEXT_BYTES + 1 && (!block || n_bytes > block->capacity - block->used))
        block = add_block(arena, n_bytes);
    else if (n_bytes > RFM_H5_TEXT_BYTES + 1)
        block = NULL;
    arena->refused |= !block;
    if (!block)
        return NULL;
    char *taken = block->bytes + block->used;
    block->used += n_bytes;
    return taken;
}

void rfm_h5_arena_keep(void *bytes, void *context)
{
    (void)bytes, (void)context;
}
