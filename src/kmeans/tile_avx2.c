/* Tiles with AVX2 and FMA. */
#include "tile.h"
#include "tile_plain.h"

#include <immintrin.h>

typedef float lanes __attribute__((vector_size(32), may_alias));

enum { LANES = 8, PARTS = RFM_TILE_ROWS / LANES, TOGETHER = 2 };

/* The least two of a part of a tile, in registers. */
typedef struct least_two {
    __m256 best, second, label;
} least_two;

static inline __attribute__((always_inline)) least_two take_two(const rfm_tile *tile, int part)
{
    const int at = part * LANES;
    return (least_two){_mm256_load_ps(tile->best + at), _mm256_load_ps(tile->second + at),
                       _mm256_load_ps((const float *)(const void *)(tile->label + at))};
}

static inline __attribute__((always_inline)) void give_two(const least_two *two, int part, rfm_tile *tile)
{
    const int at = part * LANES;
    _mm256_store_ps(tile->best + at, two->best);
    _mm256_store_ps(tile->second + at, two->second);
    _mm256_store_ps((float *)(void *)(tile->label + at), two->label);
}

static inline __attribute__((always_inline)) void keep_two(lanes value, int32_t c, least_two *two)
{
    const __m256 found = (__m256)value, less = _mm256_cmp_ps(found, two->best, _CMP_LT_OQ);
    two->second = _mm256_min_ps(two->second, _mm256_max_ps(found, two->best));
    two->label = _mm256_blendv_ps(two->label, _mm256_castsi256_ps(_mm256_set1_epi32(c)), less);
    two->best = _mm256_min_ps(found, two->best);
}

#define NAME "avx2"
#define RFM_TILES rfm_tiles_avx2
#include "tile_body.h"
