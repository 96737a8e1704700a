/* dense: every row of a block against every centroid, by the filter. Two ways: tiles, in registers; and a matrix
 * product by BLAS, for which the products of a block are kept. */
#ifndef RFMPI_KMEANS_DENSE_H
#define RFMPI_KMEANS_DENSE_H

#include "tile.h"

typedef struct rfm_dense {
    const char *name;
    /* All the memory it will need, for blocks of this assignment. The filter is borrowed. */
    rfm_status (*open)(const rfm_filter *filter, const rfm_tiles *tiles, const rfm_assignment *assignment, void **state,
                       rfm_error *err);
    void (*find)(void *state, const rfm_block *block, const rfm_found *found); /* of all rows of the block */
    void (*close)(void *state);                                                /* NULL is fine */
} rfm_dense;

extern const rfm_dense rfm_dense_fused, rfm_dense_gemm;

/* The faster one for this shape. */
const rfm_dense *rfm_dense_choose(int d, int k);

/* Rows of a block such that what a thread holds of it stays in its cache. */
size_t rfm_dense_rows(int d, int k);

/* What each thread finds of a block. */
typedef struct rfm_dense_room {
    const rfm_tiles *tiles;
    size_t rows;
    float *found;   /* [threads][3][rows] */
    int32_t *label; /* [threads][rows] */
} rfm_dense_room;

rfm_status rfm_dense_room_open(rfm_dense_room *room, const rfm_assignment *assignment, rfm_error *err);
void rfm_dense_room_close(rfm_dense_room *room);

static inline rfm_found rfm_dense_found(const rfm_dense_room *room, int thread)
{
    float *squares = room->found + 3 * (size_t)thread * room->rows;
    return (rfm_found){squares, squares + room->rows, squares + 2 * room->rows,
                       room->label + (size_t)thread * room->rows};
}

/* labels, n of them from row `first` of a block on, become those that were found; what changes are moves. */
static inline void rfm_moves_find(const rfm_tiles *tiles, int32_t *labels, const int32_t *found, size_t first, size_t n,
                                  rfm_moves *moves)
{
    uint32_t *row = moves->row + moves->n;
    size_t n_moves = tiles->differ(labels, found, n, row);
    for (size_t m = 0; m < n_moves; m++) {
        moves->from[moves->n + m] = labels[row[m]];
        labels[row[m]] = found[row[m]];
        row[m] += (uint32_t)first;
    }
    moves->n += n_moves;
}

/* What a thread works in: a tile, and room for its rows. */
typedef struct rfm_tile_room {
    char *bytes;
    size_t stride;
} rfm_tile_room;

rfm_status rfm_tile_room_open(rfm_tile_room *room, int threads, int d, rfm_error *err);

static inline char *rfm_aligned(char *bytes)
{
    return bytes + (RFM_TILE_BYTES - (uintptr_t)bytes % RFM_TILE_BYTES) % RFM_TILE_BYTES;
}

static inline rfm_tile *rfm_tile_of(const rfm_tile_room *room, int thread)
{
    return (rfm_tile *)(void *)(rfm_aligned(room->bytes) + (size_t)thread * room->stride);
}

static inline float *rfm_tile_rows(rfm_tile *tile)
{
    return (float *)(void *)rfm_aligned((char *)(tile + 1));
}

#endif
