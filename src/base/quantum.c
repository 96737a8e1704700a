/* quantum: sums of doubles that do not depend on their order, and 128-bit integers as doubles.
 * Knows only integers and bits; no compiler's own conversion takes part.
 */
#include <math.h>
#include <string.h>

#include "rfmpi/base.h"

enum { DOUBLE_BITS = 53, LOWEST_EXPONENT = -1074, QUANTA_BITS = 62 };

static int bit_length(rfm_u128 value)
{
    int length = 0;
    for (int step = 64; step > 0; step /= 2) {
        if (value >> step != 0) {
            value >>= step;
            length += step;
        }
    }
    return length + (value != 0);
}

/* value / 2^shift, to nearest, ties to even; shift >= 1. */
static rfm_u128 shift_right(rfm_u128 value, int shift)
{
    if (shift > 128)
        return 0;
    rfm_u128 half = (rfm_u128)1 << (shift - 1);
    rfm_u128 whole = shift == 128 ? 0 : value >> shift;
    rfm_u128 rest = value & (half | (half - 1));
    return whole + (rest > half || (rest == half && (whole & 1) != 0));
}

/* magnitude * 2^exponent, rounded once. */
static double make_double(bool negative, rfm_u128 magnitude, int exponent)
{
    int drop = bit_length(magnitude) - DOUBLE_BITS;
    if (drop < LOWEST_EXPONENT - exponent) /* a subnormal has fewer bits */
        drop = LOWEST_EXPONENT - exponent;
    if (drop > 0) {
        magnitude = shift_right(magnitude, drop);
        exponent += drop;
    }
    double value = ldexp((double)(int64_t)magnitude, exponent);
    return negative ? -value : value;
}

static rfm_u128 magnitude_of(rfm_i128 value)
{
    return value < 0 ? -(rfm_u128)value : (rfm_u128)value;
}

double rfm_i128_to_double(rfm_i128 value)
{
    if (value >= INT64_MIN && value <= INT64_MAX)
        return (double)(int64_t)value;
    return make_double(value < 0, magnitude_of(value), 0);
}

int rfm_quantum_exponent(double largest)
{
    int exponent;
    frexp(largest, &exponent);
    exponent -= QUANTA_BITS;
    return largest == 0.0 || exponent < LOWEST_EXPONENT ? LOWEST_EXPONENT : exponent;
}

/* 2^exponent, for -1022 <= exponent <= 1023. */
static double power_of_two(int exponent)
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* The nearest whole number of |x| < 2^62: from 2^52 on every double is one. */
static int64_t nearest(double x)
{
    const double whole = copysign(0x1p52, x);
    return (int64_t)(fabs(x) < 0x1p52 ? (x + whole) - whole : x);
}

/* Any double and exponent, by its bits. */
static rfm_i128 round_bits(double x, int exponent)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int field = (int)(bits >> 52 & 0x7FF);
    rfm_u128 magnitude = bits & UINT64_C(0x000FFFFFFFFFFFFF);
    rfm_assert(field != 0x7FF); /* neither infinite nor NaN */
    if (field > 0)
        magnitude |= UINT64_C(1) << 52;
    int shift = (field > 0 ? field : 1) - 1075 - exponent;
    if (shift < 0) {
        magnitude = shift_right(magnitude, -shift);
    } else if (magnitude != 0) {
        rfm_assert(shift <= 127 - DOUBLE_BITS);
        magnitude <<= shift;
    }
    return bits >> 63 != 0 ? -(rfm_i128)magnitude : (rfm_i128)magnitude;
}

rfm_i128 rfm_quantum_round(double x, int exponent)
{
    if (exponent >= -1023 && exponent <= 1022) {
        double units = x * power_of_two(-exponent); /* exact, but for what rounds to 0 in any case */
        if (fabs(units) < 0x1p62)
            return nearest(units);
    }
    return round_bits(x, exponent);
}

double rfm_quantum_value(rfm_i128 sum, int exponent)
{
    return make_double(sum < 0, magnitude_of(sum), exponent);
}
