/* Tiles without any particular instruction set. */
#include "tile.h"

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

static inline void look_up(const float *table, int k, const int32_t *label, size_t n, float *to)
{
    (void)k;
    for (size_t i = 0; i < n; i++)
        to[i] = table[label[i]];
}

static inline size_t sift_lanes(const float *due, const float *limit, size_t n, uint32_t first, uint32_t *rows)
{
    size_t n_due = 0;
    for (size_t i = 0; i < n; i++) {
        rows[n_due] = first + (uint32_t)i;
        n_due += due[i] > limit[i] ? 0 : 1;
    }
    return n_due;
}

static size_t differ_lanes(const int32_t *a, const int32_t *b, size_t n, uint32_t *rows)
{
    size_t n_different = 0;
    for (size_t i = 0; i < n; i++) {
        rows[n_different] = (uint32_t)i;
        n_different += a[i] != b[i];
    }
    return n_different;
}

#define NAME "portable"
#define RFM_TILES rfm_tiles_portable
#include "tile_body.h"
