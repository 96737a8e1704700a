/* number: doubles and floats as the shortest decimal that reads back. Knows no locale and no printf.
 *
 * Most numbers that are written are short decimals: these are found by one multiplication and
 * proven by one division. The others take the way of R. Giulietti, "The Schubfach way to render
 * doubles" (2020): scale the double and the two ends of the interval that rounds to it by one power
 * of ten, with enough bits that comparisons with integers are exact, and look for the shortest
 * integer inside.
 */
#include <math.h>
#include <string.h>

#include "digits.h"
#include "power10.h"
#include "rfmpi/base.h"

/* digits * 10^exponent */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

static const char pairs_of_digits[] = "00010203040506070809"
                                      "10111213141516171819"
                                      "20212223242526272829"
                                      "30313233343536373839"
                                      "40414243444546474849"
                                      "50515253545556575859"
                                      "60616263646566676869"
                                      "70717273747576777879"
                                      "80818283848586878889"
                                      "90919293949596979899";

/* Digits of a value: 1233 / 2^12 is log10(2) closely enough to be at most one short for any 64 bits. */
static int count_digits(uint64_t value)
{
    int n = (64 - __builtin_clzll(value | 1)) * 1233 >> 12;
    return n + (value >= rfm_ten_to[n] || n == 0);
}

static void put_four_digits(char *at, uint64_t value)
{
    memcpy(at, pairs_of_digits + 2 * (value / 100), 2);
    memcpy(at + 2, pairs_of_digits + 2 * (value % 100), 2);
}

char *rfm_put_digits(char *at, uint64_t value, int width)
{
    int n = count_digits(value);
    char *end = at + (n > width ? n : width), *left = end;
    for (; value >= 100000000; value /= 100000000) {
        uint64_t eight = value % 100000000;
        put_four_digits(left -= 4, eight % 10000);
        put_four_digits(left -= 4, eight / 10000);
    }
    for (; value >= 10; value /= 100)
        memcpy(left -= 2, pairs_of_digits + 2 * (value % 100), 2);
    if (value > 0)
        *--left = (char)('0' + value);
    while (left > at)
        *--left = '0';
    return end;
}

/* floor(log10(2^e)), floor(log10(3/4 2^e)) and floor(log2(10^e)): the factors are the logarithms
 * times 2^20, 2^20 and 2^19; exact for every e that occurs (a test walks them). */
static int log10_of_power2(int e)
{
    return (int)((int64_t)e * 315653 >> 20);
}

static int log10_of_three_quarters(int e)
{
    return (int)(((int64_t)e * 315653 - 131008) >> 20);
}

static int log2_of_power10(int e)
{
    return (int)((int64_t)e * 1741647 >> 19);
}

/* power * factor / 2^128, with a lowest bit that says whether anything was cut off ("round to
 * odd"); the table is rounded up, so that a rest of 1 is none. */
static uint64_t scale(rfm_power10 power, uint64_t factor)
{
    rfm_u128 low = (rfm_u128)power.low * factor;
    rfm_u128 high = (rfm_u128)power.high * factor + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* The shortest decimal in the interval of mantissa * 2^exponent; of several, the closest. All
 * values carry a factor 4, which makes the ends of the interval integers. narrow_below: the next
 * smaller number is half as far away as the next larger. */
static decimal find_shortest(uint64_t mantissa, int exponent, bool narrow_below)
{
    uint64_t open = mantissa & 1; /* the ends belong to the interval of an even mantissa */
    int k = narrow_below ? log10_of_three_quarters(exponent) : log10_of_power2(exponent);
    int shift = exponent + log2_of_power10(-k) + 1;
    rfm_power10 power = rfm_power10_table[-k - RFM_POWER10_MIN];
    uint64_t value = scale(power, (4 * mantissa) << shift);
    uint64_t lower = scale(power, (4 * mantissa - (narrow_below ? 1 : 2)) << shift) + open;
    uint64_t upper = scale(power, (4 * mantissa + 2) << shift) - open;

    uint64_t units = value / 4, tens = units / 10;
    if (units >= 10) {
        bool below_inside = lower <= 40 * tens, above_inside = 40 * tens + 40 <= upper;
        if (below_inside != above_inside)
            return (decimal){tens + above_inside, k + 1};
    }
    bool below_inside = lower <= 4 * units, above_inside = 4 * units + 4 <= upper;
    if (below_inside != above_inside)
        return (decimal){units + above_inside, k};
    uint64_t middle = 4 * units + 2;
    return (decimal){units + (value > middle || (value == middle && (units & 1) != 0)), k};
}

/* x = i / 10^6 with an i of at most 15 digits: no two such decimals share a double, so i is it. */
static bool find_short(double x, decimal *found)
{
    if (x >= 1e9)
        return false;
    int64_t millionths = (int64_t)(x * 1e6 + 0.5);
    *found = (decimal){(uint64_t)millionths, -6};
    return (double)millionths / 1e6 == x;
}

static void strip_zeros(decimal *number)
{
    for (; number->digits % 10000 == 0; number->exponent += 4)
        number->digits /= 10000;
    if (number->digits % 100 == 0) {
        number->digits /= 100;
        number->exponent += 2;
    }
    if (number->digits % 10 == 0) {
        number->digits /= 10;
        number->exponent++;
    }
}

/* Positional: 1e-5 <= x < 1e17. */
static char *put_plain(char *at, decimal number, int n)
{
    if (number.exponent >= 0) {
        at = rfm_put_digits(at, number.digits, n);
        memset(at, '0', (size_t)number.exponent);
        return at + number.exponent;
    }
    int whole = n + number.exponent;
    if (whole <= 0) {
        memcpy(at, "0.", 2);
        return rfm_put_digits(at + 2, number.digits, -number.exponent);
    }
    char *end = rfm_put_digits(at + 1, number.digits, n);
    for (int i = 0; i < whole; i++)
        at[i] = at[i + 1];
    at[whole] = '.';
    return end;
}

/* d.ddde-07 */
static char *put_scientific(char *at, decimal number, int n)
{
    int exponent = number.exponent + n - 1;
    char *end = rfm_put_digits(at + 1, number.digits, n);
    at[0] = at[1];
    at[1] = '.';
    if (n == 1)
        end = at + 1;
    *end++ = 'e';
    *end++ = exponent < 0 ? '-' : '+';
    return rfm_put_digits(end, (uint64_t)(exponent < 0 ? -exponent : exponent), 2);
}

static char *put_decimal(char *at, decimal number)
{
    strip_zeros(&number);
    int n = count_digits(number.digits);
    int point = n + number.exponent; /* 10^(point - 1) <= number < 10^point */
    return point >= -4 && point <= 17 ? put_plain(at, number, n) : put_scientific(at, number, n);
}

/* Prices: i / 100, found in the way of find_short. NULL for others. */
static char *put_hundredths(char *at, double x)
{
    if (x >= 1e9)
        return NULL;
    uint64_t hundredths = (uint64_t)(int64_t)(x * 100 + 0.5), rest = hundredths % 100;
    if ((double)(int64_t)hundredths / 100 != x || rest == 0)
        return NULL;
    at = rfm_put_digits(at, hundredths / 100, 1);
    *at = '.';
    memcpy(at + 1, pairs_of_digits + 2 * rest, 2);
    return at + 2 + (rest % 10 != 0);
}

static char *put_finite(char *at, double x, uint64_t bits)
{
    decimal number;
    if (x < 0x1p53 && x == (double)(int64_t)x) /* most of what is written are counts */
        return rfm_put_digits(at, (uint64_t)x, 1);
    char *end = put_hundredths(at, x);
    if (end)
        return end;
    if (!find_short(x, &number)) {
        int field = (int)(bits >> 52);
        uint64_t fraction = bits & UINT64_C(0x000FFFFFFFFFFFFF);
        number = field == 0 ? find_shortest(fraction, -1074, false)
                            : find_shortest(fraction | UINT64_C(1) << 52, field - 1075, fraction == 0 && field > 1);
    }
    return put_decimal(at, number);
}

size_t rfm_number_format(double x, char buffer[RFM_NUMBER_BYTES])
{
    uint64_t bits;
    char *at = buffer;
    memcpy(&bits, &x, sizeof bits);
    if (bits >> 63 != 0 && !isnan(x))
        *at++ = '-';
    bits &= UINT64_C(0x7FFFFFFFFFFFFFFF);
    if (bits >= UINT64_C(0x7FF0000000000000)) {
        memcpy(at, isnan(x) ? "nan" : "inf", 3);
        at += 3;
    } else {
        at = put_finite(at, fabs(x), bits);
    }
    *at = '\0';
    return (size_t)(at - buffer);
}

/* Floats lie one apart or closer below 2^24, so that a whole one there has no shorter decimal than a double has. */
static bool reads_as_double(float x)
{
    return !isfinite(x) || (fabsf(x) < 0x1p24F && x == (float)(int32_t)x);
}

size_t rfm_number_format_single(float x, char buffer[RFM_NUMBER_BYTES])
{
    if (reads_as_double(x))
        return rfm_number_format((double)x, buffer);
    uint32_t bits;
    char *at = buffer;
    memcpy(&bits, &x, sizeof bits);
    if (bits >> 31 != 0)
        *at++ = '-';
    int field = (int)(bits >> 23 & 0xFF);
    uint32_t fraction = bits & 0x007FFFFF;
    at = put_decimal(at, field == 0
                             ? find_shortest(fraction, -149, false)
                             : find_shortest(fraction | UINT32_C(1) << 23, field - 150, fraction == 0 && field > 1));
    *at = '\0';
    return (size_t)(at - buffer);
}
