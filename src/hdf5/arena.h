/* arena: where HDF5 puts texts of variable length while they are read. One read's texts are dropped together; how much
 * they may take has a limit, since a small file can say that all rows have the same very long text. Local.
 */
#ifndef RFM_HDF5_ARENA_H
#define RFM_HDF5_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised is empty. */
typedef struct rfm_h5_arena {
    struct rfm_h5_block *blocks; /* the newest first */
    size_t n_bytes;              /* of all blocks */
    bool refused;                /* more was asked for than there may be */
} rfm_h5_arena;

void rfm_h5_arena_reset(rfm_h5_arena *arena);
void rfm_h5_arena_free(rfm_h5_arena *arena);

/* For H5Pset_vlen_mem_manager; the context is the arena. */
void *rfm_h5_arena_take(size_t n_bytes, void *context);
void rfm_h5_arena_keep(void *bytes, void *context); /* frees nothing */

#endif
