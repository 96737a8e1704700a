/* marks_portable: the search that any compiler can turn into whatever vector instructions it has by default. Bytes are
 * compared in a loop; the results are gathered into one word. Knows nothing of rows and quotes.
 */
#include "marks_stride.h"

enum { WORD = 8 };

/* Eight bytes of 0 or 1 as the eight low bits of the result, the first byte lowest: the product
 * moves byte i's bit to bit 56 + i, and no two terms meet. */
static uint64_t gather_bits(const unsigned char *flags)
{
    uint64_t word = 0;
    for (int i = 0; i < WORD; i++)
        word |= (uint64_t)flags[i] << (8 * i);
    return (word * UINT64_C(0x0102040810204080)) >> 56;
}

/* What the mark is that comes next. A line end is written whether it is one or not, so that no branch has to guess. */
static void note(rfm_mark_set set, unsigned char mark, rfm_mark_count *count, uint32_t *line_ends)
{
    line_ends[count->n_line_ends] = (uint32_t)count->n;
    count->n_line_ends += mark == '\n';
    if ((mark == set.odd[0] || mark == set.odd[1] || mark == set.odd[2]) && count->first_odd == SIZE_MAX)
        count->first_odd = count->n;
}

static uint64_t look(rfm_mark_set set, const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned char flags[RFM_STRIDE];
    uint64_t bits = 0;
    for (size_t i = 0; i < RFM_STRIDE; i++)
        flags[i] = (bytes[i] == set.delimiter) | (bytes[i] == '\n') | (bytes[i] == set.odd[0]) |
                   (bytes[i] == set.odd[1]) | (bytes[i] == set.odd[2]);
    for (size_t i = 0; i < RFM_STRIDE; i += WORD)
        bits |= gather_bits(flags + i) << i;
    return bits;
}

rfm_mark_count rfm_marks_find_portable(rfm_mark_set set, const char *bytes, size_t n, uint32_t *at, uint32_t *line_ends)
{
    rfm_mark_count count = {.first_odd = SIZE_MAX};
    for (size_t i = 0; i < n; i += RFM_STRIDE) {
        char rest[RFM_STRIDE];
        const bool is_whole = n - i >= RFM_STRIDE;
        if (!is_whole)
            rfm_stride_fill(rest, bytes + i, n - i);
        uint64_t bits = is_whole ? look(set, bytes + i) : look(set, rest) & rfm_stride_some(n - i);
        for (; bits != 0; bits &= bits - 1) {
            const size_t place = i + (size_t)__builtin_ctzll(bits);
            note(set, (unsigned char)bytes[place], &count, line_ends);
            at[count.n++] = (uint32_t)place;
        }
    }
    return rfm_stride_end(count);
}
