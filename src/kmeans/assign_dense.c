/* The assigners that look at every row and every centroid: by tiles ("fused") or by a matrix product ("gemm"). */
#include "dense.h"

#include <stdlib.h>

typedef struct whole {
    rfm_filter filter;
    const rfm_dense *dense;
    void *state; /* of dense */
    rfm_dense_room room;
} whole;

static void close_whole(void *state)
{
    whole *self = state;
    if (!self)
        return;
    if (self->dense)
        self->dense->close(self->state);
    rfm_filter_close(&self->filter);
    rfm_dense_room_close(&self->room);
    free(self);
}

static rfm_status open_whole(const rfm_dense *dense, const rfm_assignment *assignment, void **state, rfm_error *err)
{
    whole *self = rfm_alloc(1, sizeof *self, err);
    *state = NULL;
    if (!self)
        return err->status;
    self->dense = dense;
    if (rfm_dense_room_open(&self->room, assignment, err) || rfm_filter_open(&self->filter, assignment, err) ||
        dense->open(&self->filter, self->room.tiles, assignment, &self->state, err)) {
        close_whole(self);
        return err->status;
    }
    *state = self;
    return RFM_OK;
}

static rfm_status open_fused(const rfm_assignment *assignment, void **state, rfm_error *err)
{
    return open_whole(&rfm_dense_fused, assignment, state, err);
}

static rfm_status open_gemm(const rfm_assignment *assignment, void **state, rfm_error *err)
{
    return open_whole(&rfm_dense_gemm, assignment, state, err);
}

static void begin_whole(void *state, int k, const double *centroids, bool fresh)
{
    whole *self = state;
    (void)fresh;
    rfm_filter_begin(&self->filter, k, centroids);
}

static void assign_whole(void *state, const rfm_block *block, int32_t *labels, rfm_moves *moves)
{
    whole *self = state;
    const rfm_filter *filter = &self->filter;
    const rfm_found found = rfm_dense_found(&self->room, block->thread);
    bool open = !filter->serves;
    if (filter->serves)
        self->dense->find(self->state, block, &found);
    open = open || self->room.tiles->count_open(filter, &found, block->n) > 0;
    for (size_t i = 0; open && i < block->n; i++)
        if (!filter->serves || !rfm_filter_decides(filter, &found, i))
            found.label[i] = rfm_filter_settle(filter, block->thread, block->index + i * (size_t)filter->d);
    moves->n = 0;
    rfm_moves_find(self->room.tiles, labels, found.label, 0, block->n, moves);
}

const rfm_assigner rfm_assigner_fused = {"fused", rfm_dense_rows, open_fused, begin_whole, assign_whole, close_whole};
const rfm_assigner rfm_assigner_gemm = {"gemm", rfm_dense_rows, open_gemm, begin_whole, assign_whole, close_whole};
