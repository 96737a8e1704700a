/* marks_avx512: the search with 64-byte vectors and masks. Positions are pressed together by one instruction, sixteen
 * are written at a time. Compiled for AVX-512 with VBMI2; called only where they are.
 */
#include "marks_stride.h"

#include <immintrin.h>

enum { AT_ONCE = 16 };

static rfm_stride look(rfm_mark_set set, __m512i bytes)
{
    const uint64_t line_ends = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
    const uint64_t odd = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)set.odd[0])) |
                         _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)set.odd[1])) |
                         _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)set.odd[2]));
    const uint64_t delimiters = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)set.delimiter));
    return (rfm_stride){delimiters | line_ends | odd, line_ends, odd};
}

/* 0, 1, .. 63 */
static __m512i make_ramp(void)
{
    char ramp[RFM_STRIDE];
    for (int i = 0; i < RFM_STRIDE; i++)
        ramp[i] = (char)i;
    return _mm512_loadu_si512(ramp);
}

/* Sixteen bytes of `places`, as positions. Those behind the last mark are overwritten by the next. */
static void put_sixteen(__m128i places, size_t base, uint32_t *at)
{
    const __m512i wide = _mm512_cvtepu8_epi32(places);
    _mm512_storeu_si512(at, _mm512_add_epi32(wide, _mm512_set1_epi32((int)(uint32_t)base)));
}

static void put_positions(uint64_t bits, __m512i ramp, size_t base, uint32_t *at)
{
    const size_t n = rfm_stride_count(bits);
    const __m512i places = _mm512_maskz_compress_epi8(bits, ramp);
    put_sixteen(_mm512_castsi512_si128(places), base, at);
    if (n <= AT_ONCE)
        return;
    put_sixteen(_mm512_extracti32x4_epi32(places, 1), base, at += AT_ONCE);
    put_sixteen(_mm512_extracti32x4_epi32(places, 2), base, at += AT_ONCE);
    put_sixteen(_mm512_extracti32x4_epi32(places, 3), base, at + AT_ONCE);
}

rfm_mark_count rfm_marks_find_avx512(rfm_mark_set set, const char *bytes, size_t n, uint32_t *at, uint32_t *line_ends)
{
    const __m512i ramp = make_ramp();
    rfm_mark_count count = {.first_odd = SIZE_MAX};
    for (size_t i = 0; i < n; i += RFM_STRIDE) {
        char rest[RFM_STRIDE];
        rfm_stride stride;
        if (n - i >= RFM_STRIDE) {
            stride = look(set, _mm512_loadu_si512(bytes + i));
        } else {
            rfm_stride_fill(rest, bytes + i, n - i);
            stride = rfm_stride_cut(look(set, _mm512_loadu_si512(rest)), n - i);
        }
        put_positions(stride.marks, ramp, i, at + count.n);
        rfm_stride_note(stride, &count, line_ends);
    }
    return rfm_stride_end(count);
}
