/* marks: the portable search. 64 bytes are compared at a time in a loop the compiler turns into
 * vector instructions; their results are gathered into one word whose set bits are walked. Knows
 * nothing of rows and quotes.
 */
#include "marks.h"

#include <string.h>

enum { STRIDE = 64, WORD = 8 };

/* Eight bytes of 0 or 1 as the eight low bits of the result, the first byte lowest: the product
 * moves byte i's bit to bit 56 + i, and no two terms meet. */
static uint64_t gather_bits(const unsigned char *flags)
{
    uint64_t word = 0;
    for (int i = 0; i < WORD; i++)
        word |= (uint64_t)flags[i] << (8 * i);
    return (word * UINT64_C(0x0102040810204080)) >> 56;
}

static uint64_t find_in_stride(rfm_mark_set set, const unsigned char *bytes)
{
    unsigned char flags[STRIDE];
    const unsigned char a = set.bytes[0], b = set.bytes[1], c = set.bytes[2], d = set.bytes[3];
    for (int i = 0; i < STRIDE; i++)
        flags[i] = (bytes[i] == a) | (bytes[i] == b) | (bytes[i] == c) | (bytes[i] == d);
    uint64_t bits = 0;
    for (size_t i = 0; i < STRIDE; i += WORD)
        bits |= gather_bits(flags + i) << i;
    return bits;
}

static size_t put_positions(uint64_t bits, size_t base, uint32_t *at)
{
    size_t n = 0;
    for (; bits != 0; bits &= bits - 1)
        at[n++] = (uint32_t)(base + (size_t)__builtin_ctzll(bits));
    return n;
}

size_t rfm_marks_find(rfm_mark_set set, const char *bytes, size_t n, uint32_t *at)
{
    size_t found = 0, i = 0;
    for (; n - i >= STRIDE; i += STRIDE)
        found += put_positions(find_in_stride(set, (const unsigned char *)bytes + i), i, at + found);
    if (i < n) {
        unsigned char rest[STRIDE] = {0};
        memcpy(rest, bytes + i, n - i);
        uint64_t bits = find_in_stride(set, rest) & ((UINT64_C(1) << (n - i)) - 1);
        found += put_positions(bits, i, at + found);
    }
    return found;
}
