/* tile: a few rows side by side in vector lanes, against one centroid after the other, in registers.
 *
 *   x: [d][RFM_TILE_ROWS], so that a column of a tile is two or four vectors
 *
 * One way to do it for each vector instruction set; what they find may differ in the last places, which the filter's
 * bound covers whatever the order of summation.
 */
#ifndef RFMPI_KMEANS_TILE_H
#define RFMPI_KMEANS_TILE_H

#include "filter.h"

enum { RFM_TILE_ROWS = 32, RFM_TILE_BYTES = 64 }; /* of a vector at most: what a tile is aligned to */

typedef struct rfm_tile {
    float squares[RFM_TILE_ROWS], best[RFM_TILE_ROWS], second[RFM_TILE_ROWS], due[RFM_TILE_ROWS];
    int32_t label[RFM_TILE_ROWS];
    const float *x; /* [d][RFM_TILE_ROWS], borrowed */
} rfm_tile;

/* How long a label will hold. A row whose second nearest centroid is farther than its own by `gap` keeps its label
 * while the two together move by less. The movements are summed up as the loop goes on, for each label what its
 * centroid and the fastest of the others have moved; a row is due when that sum has reached what it was plus the gap.
 */
typedef struct rfm_reach {
    const float *before; /* [k] the sums so far, rounded down */
    float margin;        /* a gap that is none: the definition rounds too */
    const float *beyond; /* [n] centroids that were not looked at are at least so far. NULL: all were looked at */
    const float *others; /* [k] sums of what the fastest other centroid moved alone, rounded down */
    float *far; /* [n] to be: what all centroids but the label's are away at least, plus others. NULL: nothing */
} rfm_reach;

typedef struct rfm_tiles {
    const char *name;

    /* x of n rows, the first of them at index or, with `rows`, those of these numbers; n <= RFM_TILE_ROWS. Lanes
     * without a row repeat the last. */
    void (*load)(const rfm_filter *filter, const int32_t *index, const uint32_t *rows, size_t n, float *x);

    /* A tile of these rows. Nothing is nearest yet. */
    void (*start)(const rfm_filter *filter, const float *x, rfm_tile *tile);

    /* The first n centroids, or those that are listed, join those that were looked at. */
    void (*look)(const rfm_filter *filter, const int32_t *list, int n, rfm_tile *tile);

    /* due: when each label has to be looked at again, see rfm_reach; -HUGE_VALF where the filter does not decide. */
    void (*date)(const rfm_filter *filter, const rfm_reach *reach, const rfm_found *found, size_t n, float *due);

    /* At most: how far each row is from the best centroid. */
    void (*measure)(const rfm_filter *filter, const rfm_found *found, size_t n, float *distance);

    /* How many rows the filter does not decide. */
    size_t (*count_open)(const rfm_filter *filter, const rfm_found *found, size_t n);

    /* The rows that are due, ascending; returns how many. limit: [k], the sums so far, rounded up. There is room for
     * RFM_TILE_ROWS rows more than n. Tables of k have room for RFM_TILE_ROWS at least. */
    size_t (*sift)(const float *due, const int32_t *label, const float *limit, int k, size_t n, uint32_t *rows);

    /* Those of order[n] whose value is below, in this order; returns how many. Room as for sift. */
    size_t (*pick)(const float *value, float below, const int32_t *order, size_t n, int32_t *list);

    /* The rows where a and b differ, in the same way. */
    size_t (*differ)(const int32_t *a, const int32_t *b, size_t n, uint32_t *rows);
} rfm_tiles;

rfm_status rfm_tiles_choose(const rfm_tiles **tiles, rfm_error *err);

extern const rfm_tiles rfm_tiles_portable, rfm_tiles_avx2, rfm_tiles_avx512;

static inline rfm_found rfm_tile_found(rfm_tile *tile)
{
    return (rfm_found){tile->squares, tile->best, tile->second, tile->label};
}

#endif
