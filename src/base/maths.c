/* maths: logarithm and exponential in plain double arithmetic, so that no libm decides a result.
 * Knows no errno and no rounding mode but the default.
 *
 * Each is computed as a leading part plus a much smaller rest; the leading part is kept in two
 * doubles (value and what its rounding lost), the rest in one. So nearly all of the error is the
 * last addition.
 */
#include <math.h>
#include <string.h>

#include "rfmpi/base.h"

/* ln 2 in two parts; a product of the first with an integer below 2^11 is exact. */
#define LN2_HIGH 0x1.62e42fefa38p-1
#define LN2_LOW 0x1.ef35793c7673p-45
#define PER_LN2 0x1.71547652b82fep+0
#define SQRT2 0x1.6a09e667f3bcdp+0

typedef struct pair {
    double high, low;
} pair;

/* high + low = a + b exactly, for |a| >= |b| or a = 0. */
static pair add_smaller(double a, double b)
{
    double sum = a + b;
    return (pair){sum, (a - sum) + b};
}

/* The upper 26 bits, so that products of such halves are exact (Veltkamp). */
static double upper_half(double x)
{
    double scaled = 0x1.0000002p27 * x;
    return scaled - (scaled - x);
}

/* high + low = a * b exactly, without a fused multiply (Dekker). */
static pair multiply(double a, double b)
{
    double product = a * b;
    double a1 = upper_half(a), a2 = a - a1;
    double b1 = upper_half(b), b2 = b - b1;
    return (pair){product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2};
}

/* 2^exponent, for -1022 <= exponent <= 1023. */
static double power_of_two(int exponent)
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* x = m * 2^exponent with sqrt(1/2) < m <= sqrt(2), for finite x > 0; returns m. */
static double take_exponent(double x, int *exponent)
{
    int scaled = x < 0x1p-1022 ? 54 : 0;
    uint64_t bits;
    x *= power_of_two(scaled);
    memcpy(&bits, &x, sizeof bits);
    *exponent = (int)(bits >> 52) - 1023 - scaled;
    bits = (bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000);
    memcpy(&x, &bits, sizeof x);
    if (x > SQRT2) {
        x *= 0.5;
        ++*exponent;
    }
    return x;
}

/* 2 atanh(s) / s - 2 as a series in z = s^2 <= 0.0295; what is left out is below 2^-68. */
static double atanh_rest(double z)
{
    double sum = 2.0 / 25;
    sum = sum * z + 2.0 / 23;
    sum = sum * z + 2.0 / 21;
    sum = sum * z + 2.0 / 19;
    sum = sum * z + 2.0 / 17;
    sum = sum * z + 2.0 / 15;
    sum = sum * z + 2.0 / 13;
    sum = sum * z + 2.0 / 11;
    sum = sum * z + 2.0 / 9;
    sum = sum * z + 2.0 / 7;
    sum = sum * z + 2.0 / 5;
    sum = sum * z + 2.0 / 3;
    return sum * z;
}

/* ln((1 + f) * 2^exponent) for f = f.high + f.low, sqrt(1/2) <= 1 + f <= sqrt(2): with s = f / (2 +
 * f), ln(1 + f) = 2 atanh(s) = 2 s + 2/3 s^3 + 2/5 s^5 + ... */
static double ln_of(pair f, int exponent)
{
    pair t = add_smaller(2.0, f.high);
    t.low += f.low;
    double s = f.high / t.high;
    pair product = multiply(s, t.high);
    double missing = ((f.high - product.high) - product.low) + (f.low - s * t.low);
    double rest = s * atanh_rest(s * s) + 2.0 * (missing / t.high);
    pair sum = add_smaller(exponent * LN2_HIGH, 2.0 * s);
    return sum.high + (sum.low + (rest + exponent * LN2_LOW));
}

double rfm_ln(double x)
{
    if (!(x > 0.0) || x > 0x1.fffffffffffffp1023) {
        if (x == 0.0)
            return -INFINITY;
        return x > 0.0 ? x : NAN;
    }
    int exponent;
    double m = take_exponent(x, &exponent);
    return ln_of((pair){m - 1.0, 0.0}, exponent);
}

double rfm_log1p(double x)
{
    if (fabs(x) < 0x1p-54)
        return x;
    if (!(x > -1.0) || x >= 0x1p64) /* there the 1 is too small to be seen */
        return x == -1.0 ? -INFINITY : rfm_ln(x);
    if (x > -0.29 && x < 0.41)
        return ln_of((pair){x, 0.0}, 0);
    pair sum = x < 1.0 ? add_smaller(1.0, x) : add_smaller(x, 1.0);
    int exponent;
    double m = take_exponent(sum.high, &exponent);
    return ln_of((pair){m - 1.0, sum.low * power_of_two(-exponent)}, exponent);
}

/* (e^r - 1 - r - r^2/2) / r^3 as a series, |r| <= 0.3466; what is left out is below 2^-60. */
static double exp_rest(double r)
{
    double sum = 1.0 / 1307674368000;
    sum = sum * r + 1.0 / 87178291200;
    sum = sum * r + 1.0 / 6227020800;
    sum = sum * r + 1.0 / 479001600;
    sum = sum * r + 1.0 / 39916800;
    sum = sum * r + 1.0 / 3628800;
    sum = sum * r + 1.0 / 362880;
    sum = sum * r + 1.0 / 40320;
    sum = sum * r + 1.0 / 5040;
    sum = sum * r + 1.0 / 720;
    sum = sum * r + 1.0 / 120;
    sum = sum * r + 1.0 / 24;
    return sum * r + 1.0 / 6;
}

/* With x = k ln 2 + r: e^x = 2^k e^r, and e^r = 1 + r + r^2/2 + r^3/6 + ... */
double rfm_exp(double x)
{
    if (!(x > -746.0)) /* also NaN */
        return x < 0.0 ? 0.0 : x;
    if (x > 710.0)
        return INFINITY;
    double k = rint(x * PER_LN2);
    double near = x - k * LN2_HIGH; /* exact */
    double r = near - k * LN2_LOW;
    double r_low = (near - r) - k * LN2_LOW;
    pair square = multiply(r, r);
    pair sum = add_smaller(1.0, r);
    pair total = add_smaller(sum.high, 0.5 * square.high);
    double rest = r * square.high * exp_rest(r) + (0.5 * square.low + (r_low + r * r_low));
    double value = total.high + (total.low + (sum.low + rest));
    int whole = (int)k, half = whole / 2;
    return value * power_of_two(half) * power_of_two(whole - half); /* rounds once, where it underflows */
}
