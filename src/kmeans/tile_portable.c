/* Tiles without any particular instruction set. */
#include "tile.h"
#include "tile_plain.h"

typedef float lanes __attribute__((vector_size(64), may_alias));

enum { LANES = 16, HALVES = RFM_TILE_ROWS / LANES };
typedef int32_t integers __attribute__((vector_size(64), may_alias));

static inline lanes choose(integers mask, lanes a, lanes b)
{
    return (lanes)((mask & (integers)a) | (~mask & (integers)b));
}

static inline __attribute__((always_inline)) void keep_two(const lanes (*value)[HALVES], const int32_t *c, const int n,
                                                           int half, rfm_tile *tile)
{
    lanes *best = (lanes *)(void *)tile->best + half, *second = (lanes *)(void *)tile->second + half;
    integers *label = (integers *)(void *)tile->label + half;
    for (int q = 0; q < n; q++) {
        integers less = value[q][half] < *best;
        lanes larger = choose(less, *best, value[q][half]);
        *second = choose(larger < *second, larger, *second);
        *best = choose(less, value[q][half], *best);
        *label = (less & c[q]) | (~less & *label);
    }
}

#define NAME "portable"
#define RFM_TILES rfm_tiles_portable
#include "tile_body.h"
