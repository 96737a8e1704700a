/* rivals: the centroids that may have come nearer to rows of one label than their own. There are two ways to leave the
 * others out: none that moved by less than the gap between a row's own centroid and the next has, and none that is
 * farther from the row's own than twice the row itself (Elkan, ICML 2003). Movements and distances are in the filter's
 * units. */
#ifndef RFMPI_KMEANS_RIVALS_H
#define RFMPI_KMEANS_RIVALS_H

#include "tile.h"

enum { RFM_RIVAL_HALVES = 8, RFM_RIVAL_BINS = 16, RFM_RIVAL_GRADES = RFM_RIVAL_BINS + RFM_RIVAL_HALVES };

typedef struct rfm_rivals {
    int k;
    size_t d, stride;
    int32_t *order;  /* [k] all centroids, the one that moved farthest first */
    float *moved;    /* [k] how far, at most, in this order */
    float *position; /* [d][stride] where they are, in this order */
    float *apart;    /* [threads][stride] */
    int32_t *list;   /* [threads][stride] */
} rfm_rivals;

/* Those of one label: distances from its centroid are measured when they are asked for. */
typedef struct rfm_around {
    int32_t c;
    const float *own; /* [d] -2 C of centroid c */
    int measured;
    float *apart;        /* [measured] squares of the distances, in the rivals' order */
    int32_t *list;       /* of the last tile: who may have come nearer. The others */
    float still, radius; /* moved by no more than `still`, or are at least `radius` away from c */
} rfm_around;

/* Rows of one label, at most: how far each is from its centroid; at least: from any other, before these moved. */
typedef struct rfm_company {
    float own[RFM_TILE_ROWS], others[RFM_TILE_ROWS];
    float step; /* what the gap between the two lost in the last pass, where nothing was looked at */
} rfm_company;

rfm_status rfm_rivals_open(rfm_rivals *rivals, const rfm_assignment *assignment, rfm_error *err);
void rfm_rivals_close(rfm_rivals *rivals);

/* Of the centroids the filter has; moved: [k] since the pass before, at most. */
void rfm_rivals_begin(rfm_rivals *rivals, const rfm_filter *filter, const double *moved);

rfm_around rfm_rivals_around(const rfm_rivals *rivals, const rfm_filter *filter, int thread, int32_t c);

/* Lists the rivals of all these rows; returns how many. margin: see rfm_reach. */
int rfm_rivals_list(const rfm_rivals *rivals, const rfm_tiles *tiles, const rfm_company *of, float margin,
                    rfm_around *around);

/* Below RFM_RIVAL_GRADES: rows of one grade have about as many rivals. usual: how far a row is from its centroid. */
uint32_t rfm_rivals_grade(const rfm_rivals *rivals, float own, float gap, float usual);

#endif
