/* The one place where assigners plug in. An assigner gives rows the labels of the definition, however it finds them:
 * another one is one more rfm_assigner and a line in assigner.c. It sees blocks of indexed rows and centroids; it knows
 * nothing of sums, ranks or the loop. */
#ifndef RFMPI_KMEANS_ASSIGNER_H
#define RFMPI_KMEANS_ASSIGNER_H

#include "rfmpi/kmeans.h"

/* What all rows of all blocks have in common. Borrowed until close. */
typedef struct rfm_assignment {
    const rfm_grid *grid;  /* indices lie within its low and high */
    const int32_t *centre; /* [d] an index amid the rows: where a filter puts its origin */
    int k;                 /* centroids at most */
    int threads;           /* callers of assign at once, at most */
    size_t rows;           /* rows of a block at most */
    size_t n;              /* rows in all, where blocks are of rows that stay */
} rfm_assignment;

typedef struct rfm_block {
    int thread;   /* 0 .. threads - 1, alone with its number */
    size_t first; /* number of row 0 of the block among all n */
    size_t n;
    const int32_t *index; /* [n * d] */
} rfm_block;

/* The rows of a block that got another label, and the label they had. There is room for RFM_MOVES_ROOM more than a
 * block has rows, because vectors are written whole. */
enum { RFM_MOVES_ROOM = 32 };

typedef struct rfm_moves {
    size_t n;
    uint32_t *row;
    int32_t *from;
} rfm_moves;

static inline void rfm_moves_keep(rfm_moves *moves, size_t row, int32_t from, int32_t to)
{
    moves->row[moves->n] = (uint32_t)row;
    moves->from[moves->n] = from;
    moves->n += from != to;
}

/* Room for the moves of a block on each thread. */
typedef struct rfm_moves_room {
    size_t rows; /* of a block */
    uint32_t *row;
    int32_t *from;
} rfm_moves_room;

rfm_status rfm_moves_room_open(rfm_moves_room *room, int threads, size_t rows, rfm_error *err);
void rfm_moves_room_close(rfm_moves_room *room);

/* Of a thread; none so far. */
static inline rfm_moves rfm_moves_of(const rfm_moves_room *room, int thread)
{
    const size_t t = (size_t)thread;
    return (rfm_moves){0, room->row + t * (room->rows + RFM_MOVES_ROOM), room->from + t * room->rows};
}

typedef struct rfm_assigner {
    const char *name;
    size_t (*rows)(int d, int k);                                                       /* that a block should have */
    rfm_status (*open)(const rfm_assignment *assignment, void **state, rfm_error *err); /* all memory it will need */

    /* Positions, borrowed until the next begin. fresh: nothing that was found before holds; else the labels that assign
     * is given are those that it gave in the pass before, and all rows were in that pass. */
    void (*begin)(void *state, int k, const double *centroids, bool fresh);

    /* By many threads at once. Labels become those of the definition; *moves: those that were others before. */
    void (*assign)(void *state, const rfm_block *block, int32_t *labels, rfm_moves *moves);
    void (*close)(void *state); /* NULL is fine */
} rfm_assigner;

extern const rfm_assigner rfm_assigner_definition, rfm_assigner_fused, rfm_assigner_gemm, rfm_assigner_bounds;

/* For the passes of a fit; and for rows that are looked at once. */
const rfm_assigner *rfm_assigner_choose(rfm_algorithm algorithm, int d, int k);
const rfm_assigner *rfm_assigner_once(int d, int k);

#endif
