/* Tiles with AVX2 and FMA. */
#include "tile.h"
#include "tile_plain.h"

#include <immintrin.h>

typedef float lanes __attribute__((vector_size(64), may_alias));

enum { LANES = 16, HALVES = RFM_TILE_ROWS / LANES };

/* The two registers of `half`. */
static inline __attribute__((always_inline)) void keep_two(const lanes (*value)[HALVES], const int32_t *c, const int n,
                                                           int half, rfm_tile *tile)
{
    for (int at = half * LANES; at < (half + 1) * LANES; at += 8) {
        float *labels = (float *)(void *)(tile->label + at);
        __m256 best = _mm256_load_ps(tile->best + at), second = _mm256_load_ps(tile->second + at);
        __m256 label = _mm256_load_ps(labels);
        for (int q = 0; q < n; q++) {
            __m256 found = _mm256_loadu_ps((const float *)(const void *)&value[q][half] + at % LANES);
            __m256 less = _mm256_cmp_ps(found, best, _CMP_LT_OQ);
            second = _mm256_min_ps(second, _mm256_max_ps(found, best));
            label = _mm256_blendv_ps(label, _mm256_castsi256_ps(_mm256_set1_epi32(c[q])), less);
            best = _mm256_min_ps(found, best);
        }
        _mm256_store_ps(tile->second + at, second);
        _mm256_store_ps(tile->best + at, best);
        _mm256_store_ps(labels, label);
    }
}

#define NAME "avx2"
#define RFM_TILES rfm_tiles_avx2
#include "tile_body.h"
