/* dense_fused: tiles of the rows against all centroids. No matrix of distances is ever stored. */
#include "dense.h"

#include <stdlib.h>
#include <string.h>

typedef struct fused {
    const rfm_filter *filter;
    const rfm_tiles *tiles;
    rfm_tile_room room;
} fused;

rfm_status rfm_tile_room_open(rfm_tile_room *room, int threads, int d, rfm_error *err)
{
    room->stride = sizeof(rfm_tile) + (size_t)d * RFM_TILE_ROWS * sizeof(float) + 2 * (size_t)RFM_TILE_BYTES;
    room->stride -= room->stride % RFM_TILE_BYTES;
    room->bytes = rfm_alloc((size_t)threads + 1, room->stride, err);
    return err->status;
}

rfm_status rfm_dense_room_open(rfm_dense_room *room, const rfm_assignment *assignment, rfm_error *err)
{
    size_t threads = (size_t)assignment->threads;
    room->rows = assignment->rows;
    room->found = rfm_alloc(threads, 3 * room->rows * sizeof *room->found, err);
    room->label = rfm_alloc(threads, room->rows * sizeof *room->label, err);
    return err->status ? err->status : rfm_tiles_choose(&room->tiles, err);
}

void rfm_dense_room_close(rfm_dense_room *room)
{
    free(room->found);
    free(room->label);
    *room = (rfm_dense_room){0};
}

static void close_fused(void *state)
{
    fused *self = state;
    if (!self)
        return;
    free(self->room.bytes);
    free(self);
}

static rfm_status open_fused(const rfm_filter *filter, const rfm_tiles *tiles, const rfm_assignment *assignment,
                             void **state, rfm_error *err)
{
    fused *self = rfm_alloc(1, sizeof *self, err);
    *state = self;
    if (!self)
        return err->status;
    self->filter = filter;
    self->tiles = tiles;
    return rfm_tile_room_open(&self->room, assignment->threads, filter->d, err);
}

static void copy_tile(const rfm_tile *tile, size_t n, size_t first, const rfm_found *found)
{
    memcpy(found->squares + first, tile->squares, n * sizeof *tile->squares);
    memcpy(found->best + first, tile->best, n * sizeof *tile->best);
    memcpy(found->second + first, tile->second, n * sizeof *tile->second);
    memcpy(found->label + first, tile->label, n * sizeof *tile->label);
}

static void find_fused(void *state, const rfm_block *block, const rfm_found *found)
{
    const fused *self = state;
    const size_t d = (size_t)self->filter->d;
    rfm_tile *tile = rfm_tile_of(&self->room, block->thread);
    float *x = rfm_tile_rows(tile);
    for (size_t first = 0; first < block->n; first += RFM_TILE_ROWS) {
        size_t n = block->n - first < RFM_TILE_ROWS ? block->n - first : RFM_TILE_ROWS;
        self->tiles->load(self->filter, block->index + first * d, NULL, n, x);
        self->tiles->start(self->filter, x, tile);
        self->tiles->look(self->filter, NULL, self->filter->k, tile);
        copy_tile(tile, n, first, found);
    }
}

const rfm_dense rfm_dense_fused = {"fused", open_fused, find_fused, close_fused};
