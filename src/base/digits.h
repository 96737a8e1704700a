/* digits: reading decimal digits, shared by decimal.c and timestamp.c; writing them is number.c's.
 * Knows no locale and no libc.
 */
#ifndef RFMPI_BASE_DIGITS_H
#define RFMPI_BASE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 10^0 .. 10^19, all that 64 bits hold. */
enum { RFM_TENS = 20 };
extern const uint64_t rfm_ten_to[RFM_TENS];

/* 0..9, or more for what is no digit. */
static inline unsigned rfm_digit(char byte)
{
    return (unsigned)(unsigned char)byte - '0';
}

static inline bool rfm_is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Narrow [*begin, *end) to what stands between blanks. */
static inline void rfm_trim(const char **begin, const char **end)
{
    while (*begin < *end && rfm_is_blank(**begin))
        ++*begin;
    while (*begin < *end && rfm_is_blank((*end)[-1]))
        --*end;
}

#endif
