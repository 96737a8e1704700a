/* Tiles with AVX2 and FMA. */
#include "tile.h"

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

#define NAME "avx2"
#define RFM_TILES rfm_tiles_avx2
#include "tile_body.h"
