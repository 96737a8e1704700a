/* neighbours: for each centroid the nearest others, in order. */
#ifndef RFMPI_KMEANS_NEIGHBOURS_H
#define RFMPI_KMEANS_NEIGHBOURS_H

#include "filter.h"

typedef struct rfm_neighbours {
    int most, n;     /* kept of each centroid: at most, and now */
    size_t stride;   /* of a centroid */
    int32_t *list;   /* [k][stride] nearest first */
    float *distance; /* [k][stride + 1] to each of them, at least, in the filter's units; then to any other */
    double *scratch; /* [threads][k] */
    size_t k_most;
} rfm_neighbours;

rfm_status rfm_neighbours_open(rfm_neighbours *neighbours, int threads, int k, rfm_error *err);
void rfm_neighbours_close(rfm_neighbours *neighbours);

/* Of the centroids the filter has. By `threads` threads. */
void rfm_neighbours_find(rfm_neighbours *neighbours, const rfm_filter *filter, int threads);

static inline const int32_t *rfm_neighbours_of(const rfm_neighbours *neighbours, int32_t c)
{
    return neighbours->list + (size_t)c * neighbours->stride;
}

static inline const float *rfm_neighbours_distance(const rfm_neighbours *neighbours, int32_t c)
{
    return neighbours->distance + (size_t)c * (neighbours->stride + 1);
}

#endif
