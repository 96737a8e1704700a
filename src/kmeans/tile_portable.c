/* Tiles without any particular instruction set. */
#include "tile.h"
#include "tile_plain.h"

/* As wide as the least of the processors has them: what is wider is taken apart, number by number. */
typedef float lanes __attribute__((vector_size(16), may_alias));
typedef int32_t integers __attribute__((vector_size(16), may_alias));

enum { LANES = 4, PARTS = RFM_TILE_ROWS / LANES, TOGETHER = 1 };

static inline lanes choose(integers mask, lanes a, lanes b)
{
    return (lanes)((mask & (integers)a) | (~mask & (integers)b));
}

/* The least two of a part of a tile, in registers. */
typedef struct least_two {
    lanes best, second;
    integers label;
} least_two;

static inline __attribute__((always_inline)) least_two take_two(const rfm_tile *tile, int part)
{
    return (least_two){((const lanes *)(const void *)tile->best)[part],
                       ((const lanes *)(const void *)tile->second)[part],
                       ((const integers *)(const void *)tile->label)[part]};
}

static inline __attribute__((always_inline)) void give_two(const least_two *two, int part, rfm_tile *tile)
{
    ((lanes *)(void *)tile->best)[part] = two->best;
    ((lanes *)(void *)tile->second)[part] = two->second;
    ((integers *)(void *)tile->label)[part] = two->label;
}

static inline __attribute__((always_inline)) void keep_two(lanes value, int32_t c, least_two *two)
{
    const integers less = value < two->best;
    const lanes larger = choose(less, two->best, value);
    two->second = choose(larger < two->second, larger, two->second);
    two->best = choose(less, value, two->best);
    two->label = (less & c) | (~less & two->label);
}

#define NAME "portable"
#define RFM_TILES rfm_tiles_portable
#include "tile_body.h"
