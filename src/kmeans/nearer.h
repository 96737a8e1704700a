/* nearer: how near each row is to the nearest of a growing number of centres, and which that is. */
#ifndef RFMPI_KMEANS_NEARER_H
#define RFMPI_KMEANS_NEARER_H

#include "work.h"

typedef struct rfm_nearer {
    const rfm_matrix *matrix;
    const rfm_assigner *assigner;
    void *state;
    int threads, most;    /* most: centres that are looked at together */
    size_t rows;          /* of a block */
    int32_t *label;       /* [threads][rows] the nearest of those that join */
    rfm_moves_room moves; /* what an assigner says beside it */
} rfm_nearer;

/* Local. For about so many centres at a time. */
rfm_status rfm_nearer_open(const rfm_work *work, double wanted, rfm_nearer *nearer, rfm_error *err);
void rfm_nearer_close(rfm_nearer *nearer); /* accepts what failed to open */

/* Local. n centres join, at most nearer->most; the first has number `first`. distance, which, [n] of the rows: squared,
 * by the definition, and the number of the nearest, of equals the lowest. */
void rfm_nearer_join(const rfm_nearer *nearer, int n, const double *positions, int32_t first, double *distance,
                     int32_t *which);

#endif
