/* Tiles with AVX-512. */
#include "tile.h"

#include <immintrin.h>

typedef float lanes __attribute__((vector_size(64), may_alias));

enum { LANES = 16, PARTS = RFM_TILE_ROWS / LANES, TOGETHER = 4 };

/* The least two of a part of a tile, in registers. */
typedef struct least_two {
    __m512 best, second;
    __m512i label;
} least_two;

static inline __attribute__((always_inline)) least_two take_two(const rfm_tile *tile, int part)
{
    const int at = part * LANES;
    return (least_two){_mm512_load_ps(tile->best + at), _mm512_load_ps(tile->second + at),
                       _mm512_load_si512(tile->label + at)};
}

static inline __attribute__((always_inline)) void give_two(const least_two *two, int part, rfm_tile *tile)
{
    const int at = part * LANES;
    _mm512_store_ps(tile->best + at, two->best);
    _mm512_store_ps(tile->second + at, two->second);
    _mm512_store_si512(tile->label + at, two->label);
}

static inline __attribute__((always_inline)) void keep_two(lanes value, int32_t c, least_two *two)
{
    const __m512 found = (__m512)value;
    const __mmask16 less = _mm512_cmp_ps_mask(found, two->best, _CMP_LT_OQ);
    two->second = _mm512_min_ps(two->second, _mm512_max_ps(found, two->best));
    two->label = _mm512_mask_mov_epi32(two->label, less, _mm512_set1_epi32(c));
    two->best = _mm512_min_ps(found, two->best);
}

/* Few enough for one register: looking up there is one instruction, in memory sixteen. */
static inline void look_up(const float *table, int k, const int32_t *label, size_t n, float *to)
{
    size_t i = 0;
    if (k <= 16) {
        const __m512 all = _mm512_loadu_ps(table);
        for (; i + 16 <= n; i += 16)
            _mm512_storeu_ps(to + i, _mm512_permutexvar_ps(_mm512_loadu_si512(label + i), all));
    }
    for (; i < n; i++)
        to[i] = table[label[i]];
}

/* The numbers of the lanes in a mask to the front; those behind are written too, and then written over. Compressing
 * into memory takes some processors a hundred cycles, into a register two. */
static inline size_t put_lanes(__mmask16 mask, __m512i numbers, uint32_t *to)
{
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(mask, numbers));
    return (size_t)__builtin_popcount(mask);
}

static inline __m512i number_lanes(uint32_t first)
{
    return _mm512_add_epi32(_mm512_set1_epi32((int32_t)first),
                            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

static inline __mmask16 mask_lanes(size_t left)
{
    return (__mmask16)(left < 16 ? (1U << left) - 1 : 0xffff);
}

static inline size_t sift_lanes(const float *due, const float *limit, size_t n, uint32_t first, uint32_t *rows)
{
    size_t n_due = 0;
    for (size_t i = 0; i < n; i += 16) {
        const __mmask16 there = mask_lanes(n - i);
        const __m512 until = _mm512_maskz_loadu_ps(there, due + i), at = _mm512_maskz_loadu_ps(there, limit + i);
        const __mmask16 is_due = _mm512_mask_cmp_ps_mask(there, until, at, _CMP_NGT_UQ);
        n_due += put_lanes(is_due, number_lanes(first + (uint32_t)i), rows + n_due);
    }
    return n_due;
}

static size_t pick_lanes(const float *value, float below, const int32_t *order, size_t n, int32_t *list)
{
    size_t n_picked = 0;
    for (size_t i = 0; i < n; i += 16) {
        const __mmask16 there = mask_lanes(n - i);
        const __m512 all = _mm512_maskz_loadu_ps(there, value + i);
        const __mmask16 is_below = _mm512_mask_cmp_ps_mask(there, all, _mm512_set1_ps(below), _CMP_LT_OQ);
        n_picked += put_lanes(is_below, _mm512_maskz_loadu_epi32(there, order + i), (uint32_t *)list + n_picked);
    }
    return n_picked;
}

static size_t differ_lanes(const int32_t *a, const int32_t *b, size_t n, uint32_t *rows)
{
    size_t n_different = 0;
    for (size_t i = 0; i < n; i += 16) {
        const __mmask16 there = mask_lanes(n - i);
        const __m512i x = _mm512_maskz_loadu_epi32(there, a + i), y = _mm512_maskz_loadu_epi32(there, b + i);
        n_different +=
            put_lanes(_mm512_mask_cmpneq_epi32_mask(there, x, y), number_lanes((uint32_t)i), rows + n_different);
    }
    return n_different;
}

#define NAME "avx512"
#define RFM_TILES rfm_tiles_avx512
#include "tile_body.h"
