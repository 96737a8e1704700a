/* The assigner that only applies the definition: the oracle of the others, and their resort. */
#include <stdlib.h>

#include "definition.h"
#include "dense.h"

typedef struct plain {
    int d, k;
    size_t stride; /* of scratch: k + d */
    const double *step;
    double *transposed; /* [d][k] */
    double *scratch;    /* [threads][stride]: distances, position */
} plain;

static void close_plain(void *state)
{
    plain *self = state;
    if (!self)
        return;
    free(self->transposed);
    free(self->scratch);
    free(self);
}

static rfm_status open_plain(const rfm_assignment *assignment, void **state, rfm_error *err)
{
    plain *self = rfm_alloc(1, sizeof *self, err);
    *state = NULL;
    if (!self)
        return err->status;
    self->d = assignment->grid->d;
    self->step = assignment->grid->step;
    self->stride = (size_t)self->d + (size_t)assignment->k;
    self->transposed = rfm_alloc((size_t)assignment->k, (size_t)self->d * sizeof *self->transposed, err);
    self->scratch = rfm_alloc((size_t)assignment->threads, self->stride * sizeof *self->scratch, err);
    if (!self->transposed || !self->scratch) {
        close_plain(self);
        return err->status;
    }
    *state = self;
    return RFM_OK;
}

static void begin_plain(void *state, int k, const double *centroids, bool fresh)
{
    plain *self = state;
    (void)fresh;
    self->k = k;
    rfm_definition_transpose(k, self->d, centroids, self->transposed);
}

static void assign_plain(void *state, const rfm_block *block, int32_t *labels, rfm_moves *moves)
{
    const plain *self = state;
    double *position = self->scratch + (size_t)block->thread * self->stride;
    double *distance = position + self->d;
    moves->n = 0;
    for (size_t i = 0; i < block->n; i++) {
        const int32_t before = labels[i];
        rfm_definition_position(self->d, self->step, block->index + i * (size_t)self->d, position);
        rfm_definition_distances(self->k, self->d, position, self->transposed, distance);
        labels[i] = rfm_definition_least(self->k, distance);
        rfm_moves_keep(moves, i, before, labels[i]);
    }
}

const rfm_assigner rfm_assigner_definition = {"definition", rfm_dense_rows, open_plain,
                                              begin_plain,  assign_plain,   close_plain};
