/* marks_avx2: the search with 32-byte vectors. Compiled for AVX2 and BMI; called only where they are. */
#include "marks_stride.h"

#include <immintrin.h>

enum { HALF = RFM_STRIDE / 2, AT_ONCE = 8 };

typedef struct wanted {
    __m256i delimiter, line_end, odd[3];
} wanted;

static wanted spread(rfm_mark_set set)
{
    return (wanted){
        _mm256_set1_epi8((char)set.delimiter),
        _mm256_set1_epi8('\n'),
        {_mm256_set1_epi8((char)set.odd[0]), _mm256_set1_epi8((char)set.odd[1]), _mm256_set1_epi8((char)set.odd[2])}};
}

static uint64_t bits_of(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << HALF;
}

static __m256i find_odd(const wanted *w, __m256i bytes)
{
    const __m256i two = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, w->odd[0]), _mm256_cmpeq_epi8(bytes, w->odd[1]));
    return _mm256_or_si256(two, _mm256_cmpeq_epi8(bytes, w->odd[2]));
}

static rfm_stride look(const wanted *w, const char *bytes)
{
    const __m256i low = _mm256_loadu_si256((const __m256i *)bytes);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(bytes + HALF));
    const uint64_t line_ends = bits_of(_mm256_cmpeq_epi8(low, w->line_end), _mm256_cmpeq_epi8(high, w->line_end));
    const uint64_t delimiters = bits_of(_mm256_cmpeq_epi8(low, w->delimiter), _mm256_cmpeq_epi8(high, w->delimiter));
    const uint64_t odd = bits_of(find_odd(w, low), find_odd(w, high));
    return (rfm_stride){delimiters | line_ends | odd, line_ends, odd};
}

/* Eight at a time: those behind the last are overwritten by the next. */
static void put_positions(uint64_t bits, size_t base, uint32_t *at)
{
    for (; bits != 0; at += AT_ONCE)
        for (size_t i = 0; i < AT_ONCE; i++) {
            at[i] = (uint32_t)(base + _tzcnt_u64(bits));
            bits = _blsr_u64(bits);
        }
}

rfm_mark_count rfm_marks_find_avx2(rfm_mark_set set, const char *bytes, size_t n, uint32_t *at, uint32_t *line_ends)
{
    const wanted w = spread(set);
    rfm_mark_count count = {.first_odd = SIZE_MAX};
    for (size_t i = 0; i < n; i += RFM_STRIDE) {
        char rest[RFM_STRIDE];
        rfm_stride stride;
        if (n - i >= RFM_STRIDE) {
            stride = look(&w, bytes + i);
        } else {
            rfm_stride_fill(rest, bytes + i, n - i);
            stride = rfm_stride_cut(look(&w, rest), n - i);
        }
        put_positions(stride.marks, i, at + count.n);
        rfm_stride_note(stride, &count, line_ends);
    }
    return rfm_stride_end(count);
}
