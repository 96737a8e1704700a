/* swar: eight bytes of text at a time in one 64-bit word, for texts behind which there is room to read eight more. Each
 * function answers false for what it is not made for, and the general parser of base decides; where it answers true,
 * that parser would say the same (a test compares them).
 */
#ifndef RFMPI_INGEST_SWAR_H
#define RFMPI_INGEST_SWAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The same byte eight times. */
#define RFM_SWAR_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes, the first lowest. */
static inline uint64_t rfm_swar_load(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

static inline void rfm_swar_store(char *at, uint64_t word)
{
    word = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
    memcpy(at, &word, sizeof word);
}

/* The first n bytes of a text, at most eight; zeros behind. */
static inline uint64_t rfm_swar_first(const char *at, size_t n)
{
    return n == 0 ? 0 : n >= 8 ? rfm_swar_load(at) : rfm_swar_load(at) & (~UINT64_C(0) >> (64 - 8 * n));
}

/* Bytes from which '0' was taken by XOR: is each 0..9? No carry from a byte hides what is wrong with it. */
static inline bool rfm_swar_are_digits(uint64_t word)
{
    return (((word + RFM_SWAR_ALL(0x7F - 9)) | word) & RFM_SWAR_ALL(0x80)) == 0;
}

/* Eight digits 0..9, the first and most significant in the lowest byte: joined in pairs, fours, eight. */
static inline uint64_t rfm_swar_join(uint64_t word)
{
    word = (word * (10 * 256 + 1) >> 8) & UINT64_C(0x00FF00FF00FF00FF);
    word = (word * (100 * 65536 + 1) >> 16) & UINT64_C(0x0000FFFF0000FFFF);
    return word * (10000 * (UINT64_C(1) << 32) + 1) >> 32;
}

/* 1 to 16 digits and nothing else. */
static inline bool rfm_swar_integer(const char *at, size_t n, int64_t *value)
{
    if (n - 1 >= 16)
        return false;
    uint64_t first = rfm_swar_load(at) ^ RFM_SWAR_ALL('0'), last = 0;
    if (n > 8) {
        last = rfm_swar_load(at + n - 8) ^ RFM_SWAR_ALL('0');
        first <<= 128 - 8 * n;
    } else {
        last = first << (64 - 8 * n);
        first = 0;
    }
    *value = (int64_t)(rfm_swar_join(first) * 100000000 + rfm_swar_join(last));
    return rfm_swar_are_digits(first) && rfm_swar_are_digits(last);
}

/* 1 to 8 bytes: digits, and the mark, a point or a comma, anywhere among them or nowhere, with no more behind it than
 * `decimals`, which is at most 10. The value is times 10^decimals. */
static inline bool rfm_swar_decimal(const char *at, size_t n, char mark, int decimals, int64_t *value)
{
    static const int64_t powers[] = {
        1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, INT64_C(1000000000), INT64_C(10000000000)};
    if (n - 1 >= 8 || decimals > 10)
        return false;
    uint64_t digits = (rfm_swar_load(at) ^ RFM_SWAR_ALL('0')) << (64 - 8 * n); /* the last in the highest byte */
    const uint64_t differs = digits ^ RFM_SWAR_ALL((uint64_t)('0' ^ mark));
    const uint64_t points = (differs - RFM_SWAR_ALL(1)) & ~differs & RFM_SWAR_ALL(0x80); /* its lowest bit is right */
    size_t n_behind = 0;
    if (points != 0) { /* what stands before the point moves over it */
        const uint64_t point = points & -points, before = (point >> 7) - 1, behind = ~((point << 1) - 1);
        n_behind = (size_t)__builtin_clzll(point) / 8;
        digits = (digits & behind) | (digits & before) << 8;
    }
    if (!rfm_swar_are_digits(digits) || n_behind > (size_t)decimals || (n == 1 && points != 0))
        return false;
    *value = (int64_t)rfm_swar_join(digits) * powers[(size_t)decimals - n_behind];
    return true;
}

/* The digits of a value below 10^8 at `at`, where there is room for eight, whatever their number, which it returns. */
static inline size_t rfm_swar_put(char *at, uint64_t value)
{
    uint64_t word = value / 10000 | value % 10000 << 32; /* fours, pairs, digits: the first in the lowest bits */
    const uint64_t hundreds = (word * 10486 >> 20) & UINT64_C(0x0000007F0000007F);
    word = (word - 100 * hundreds) << 16 | hundreds;
    const uint64_t tens = (word * 103 >> 10) & UINT64_C(0x000F000F000F000F);
    word = (word - 10 * tens) << 8 | tens;
    const int n_zeros = __builtin_ctzll(word | UINT64_C(1) << 56) / 8; /* in front; a single one is the digit */
    rfm_swar_store(at, (word | RFM_SWAR_ALL('0')) >> 8 * n_zeros);
    return 8 - (size_t)n_zeros;
}

/* "HH:MM:SS" as seconds. */
static inline bool rfm_swar_clock(const char *at, int64_t *seconds)
{
    static const uint64_t zeros = UINT64_C(0x30303A30303A3030);    /* "00:00:00" */
    static const uint64_t headroom = UINT64_C(0x767A7F767A7F767D); /* up to 29:59:59 no byte reaches 0x80 */
    const uint64_t word = rfm_swar_load(at) ^ zeros;
    const uint64_t joined = word * 10 + (word >> 8); /* hours in byte 0, minutes in 3, seconds in 6 */
    const uint64_t hours = joined & 0xFF;
    *seconds = (int64_t)(hours * 3600 + (joined >> 24 & 0xFF) * 60 + (joined >> 48 & 0xFF));
    return (((word + headroom) | word) & RFM_SWAR_ALL(0x80)) == 0 && hours < 24;
}

#endif
