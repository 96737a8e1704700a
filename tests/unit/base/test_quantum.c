/* Order-free sums are what they claim, and 128-bit integers become the nearest double. The oracle
 * is the C library's reading of numbers, which rounds correctly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rfmpi/base.h"
#include "sample.h"

/* value * 2^exponent, read from its hexadecimal writing. */
static double read_value(rfm_i128 value, int exponent)
{
    char text[80];
    rfm_u128 magnitude = value < 0 ? -(rfm_u128)value : (rfm_u128)value;
    snprintf(text, sizeof text, "%s0x%016llx%016llxp%d", value < 0 ? "-" : "", (unsigned long long)(magnitude >> 64),
             (unsigned long long)magnitude, exponent);
    return strtod(text, NULL);
}

/* Of any length, and often close to a tie: a few bits at both ends of a run of zeros or ones. */
static rfm_i128 sample_integer(uint64_t *state)
{
    rfm_u128 value = (rfm_u128)draw(state) << 64 | draw(state);
    unsigned choice = (unsigned)(draw(state) % 4), gap = (unsigned)(draw(state) % 75);
    value >>= draw(state) % 128;
    if (choice == 1)
        value = (value >> gap << gap) + (unsigned)(draw(state) % 3) - 1;
    if (choice == 2)
        value = (value >> gap << gap) + ((rfm_u128)1 << gap >> 1) + (unsigned)(draw(state) % 3) - 1;
    return (rfm_i128)value;
}

static void integers_become_the_nearest_double(void **state)
{
    (void)state;
    uint64_t sample = 1;
    for (int i = 0; i < 1000000; i++) {
        rfm_i128 value = sample_integer(&sample);
        assert_true(rfm_i128_to_double(value) == read_value(value, 0));
    }
    rfm_i128 largest = (rfm_i128)(((rfm_u128)1 << 127) - 1);
    assert_true(rfm_i128_to_double(largest) == 0x1p127);
    assert_true(rfm_i128_to_double(-largest - 1) == -0x1p127);
    assert_true(rfm_i128_to_double(0) == 0.0);
    assert_true(rfm_i128_to_double(((rfm_i128)1 << 53) + 1) == 0x1p53);
    assert_true(rfm_i128_to_double(((rfm_i128)3 << 70) + 1) == 0x3p70);
}

/* For a subnormal result; the C library's reading of hexadecimal ones loses a bit. */
static bool is_nearest_subnormal(double result, rfm_i128 value, int exponent)
{
    int shift = -1074 - exponent;
    rfm_u128 magnitude = value < 0 ? -(rfm_u128)value : (rfm_u128)value;
    rfm_u128 units = (rfm_u128)ldexp(fabs(result), 1074);
    if (result != 0.0 && (result < 0.0) != (value < 0))
        return false;
    if (shift <= 0 || value == 0)
        return value == 0 ? units == 0 : units == magnitude << -shift;
    rfm_u128 unit = (rfm_u128)1 << shift, near = units * unit;
    rfm_u128 off = near > magnitude ? near - magnitude : magnitude - near;
    return off < unit / 2 || (off == unit / 2 && units % 2 == 0);
}

static void sums_become_the_nearest_double(void **state)
{
    (void)state;
    uint64_t sample = 2;
    for (int i = 0; i < 1000000; i++) {
        rfm_i128 value = sample_integer(&sample);
        int exponent = (int)(draw(&sample) % 2230) - 1180;
        double result = rfm_quantum_value(value, exponent);
        if (fabs(result) < DBL_MIN)
            assert_true(is_nearest_subnormal(result, value, exponent));
        else
            assert_true(result == read_value(value, exponent));
    }
}

static void exponents_leave_62_bits(void **state)
{
    (void)state;
    static const double values[] = {1.0,     0.75,    1.5,     1e9,       1e-9,
                                    DBL_MAX, DBL_MIN, 0x1p-62, 0x1p-1000, 0x1.fffffffffffffp-1};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int exponent = rfm_quantum_exponent(values[i]);
        assert_true(ldexp(values[i], -exponent) < 0x1p62);
        assert_true(exponent == -1074 || ldexp(values[i], -exponent) >= 0x1p61);
    }
    assert_int_equal(rfm_quantum_exponent(0.0), -1074);
    assert_int_equal(rfm_quantum_exponent(0x1p-1074), -1074);
}

/* Against the hardware's rounding to integer, where scaling is exact. */
static void rounding_is_to_nearest_even(void **state)
{
    (void)state;
    uint64_t sample = 3;
    for (int i = 0; i < 1000000; i++) {
        int exponent = (int)(draw(&sample) % 200) - 100;
        double x = ldexp(sample_between(&sample, -1.0, 1.0), exponent + (int)(draw(&sample) % 62));
        assert_true(rfm_quantum_round(x, exponent) == (rfm_i128)(int64_t)rint(ldexp(x, -exponent)));
    }
    assert_true(rfm_quantum_round(2.5, 0) == 2 && rfm_quantum_round(3.5, 0) == 4);
    assert_true(rfm_quantum_round(-2.5, 0) == -2 && rfm_quantum_round(-0.5, 0) == 0);
    assert_true(rfm_quantum_round(0.0, -1074) == 0 && rfm_quantum_round(-0.0, 900) == 0);
    assert_true(rfm_quantum_round(0x1p-1074, -1074) == 1);
    assert_true(rfm_quantum_round(0x1p-1074, 0) == 0);
    assert_true(rfm_quantum_round(-0x1.8p60, 0) == -((rfm_i128)3 << 59));
}

static void sums_do_not_depend_on_their_order(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double values[N];
    uint64_t sample = 4;
    double largest = 0.0;
    for (int i = 0; i < N; i++) {
        values[i] = ldexp(sample_between(&sample, -1.0, 1.0), (int)(draw(&sample) % 40));
        largest = fmax(largest, fabs(values[i]));
    }
    int exponent = rfm_quantum_exponent(largest);
    rfm_i128 forward = 0, backward = 0;
    long double plain = 0.0L;
    for (int i = 0; i < N; i++) {
        forward += rfm_quantum_round(values[i], exponent);
        backward += rfm_quantum_round(values[N - 1 - i], exponent);
        plain += values[i];
    }
    assert_true(forward == backward);
    double sum = rfm_quantum_value(forward, exponent);
    assert_true(fabs(sum - (double)plain) <= 1e-9 * fabs((double)plain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_become_the_nearest_double),
        cmocka_unit_test(sums_become_the_nearest_double),
        cmocka_unit_test(exponents_leave_62_bits),
        cmocka_unit_test(rounding_is_to_nearest_even),
        cmocka_unit_test(sums_do_not_depend_on_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
