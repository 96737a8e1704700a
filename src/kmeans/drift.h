/* drift: how far centroids have moved since bounds began to be kept, summed up for each label. Distances are in the
 * filter's units. Knows nothing of rows. */
#ifndef RFMPI_KMEANS_DRIFT_H
#define RFMPI_KMEANS_DRIFT_H

#include "rfmpi/base.h"

typedef struct rfm_drift {
    int d, scale;
    double *previous; /* [k * d] centroids of the last pass */
    double *move;     /* [k] the last movement, at most */
    double *gap;      /* [k] sums of what a label's centroid and the fastest of the others moved */
    double *other;    /* [k] sums of what the fastest of the others moved alone */
    float *floats;    /* the five below, [k] each with room for a tile more */
    float *gap_down, *gap_up, *other_down;
    float *gap_then, *other_then; /* in the pass before; other_then is rounded up */
} rfm_drift;

rfm_status rfm_drift_open(rfm_drift *drift, int d, int k, int scale, rfm_error *err);
void rfm_drift_close(rfm_drift *drift);

/* What the centroids have moved since the last pass. */
void rfm_drift_add(rfm_drift *drift, int k, const double *centroids);

/* The next pass begins; with nothing summed up, unless `knows`. */
void rfm_drift_begin(rfm_drift *drift, int k, const double *centroids, bool knows);

#endif
