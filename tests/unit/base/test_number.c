/* Doubles and floats are written as the shortest decimal that reads back, the closest of these, in the
 * promised style. The oracle is the C library: printf of 17 and fewer digits and strtod. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfmpi/base.h"
#include "sample.h"

/* The digits of a number's writing without zeros at both ends; returns how many. */
static int pick_digits(const char *text, char *digits)
{
    int n = 0;
    for (; *text != '\0' && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (n > 0 || *text != '0'))
            digits[n++] = *text;
    while (n > 0 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    return n;
}

static bool is_power_of_two(double x)
{
    int exponent;
    return fabs(frexp(x, &exponent)) == 0.5;
}

static void assert_shortest(double x)
{
    char text[RFM_NUMBER_BYTES], digits[40], other[40], printed[60];
    size_t length = rfm_number_format(x, text);
    assert_int_equal(strlen(text), length);
    double back = strtod(text, NULL);
    assert_memory_equal(&back, &x, sizeof x);
    if (x == 0.0)
        return;
    int n = pick_digits(text, digits);
    if (n > 1) {
        snprintf(printed, sizeof printed, "%.*e", n - 2, x);
        assert_true(strtod(printed, NULL) != x);
    }
    /* Just above a power of two doubles lie less close below: there the printed one may read
     * otherwise. */
    snprintf(printed, sizeof printed, "%.*e", n - 1, x);
    pick_digits(printed, other);
    if (!is_power_of_two(x) || strtod(printed, NULL) == x)
        assert_string_equal(digits, other);
}

static void assert_style(double x)
{
    char text[RFM_NUMBER_BYTES];
    rfm_number_format(x, text);
    bool plain = x == 0.0 || (fabs(x) >= 1e-5 && fabs(x) < 1e17);
    const char *e = strchr(text, 'e'), *point = strchr(text, '.');
    assert_int_equal(e == NULL, plain);
    if (e != NULL) {
        assert_true(e[1] == '-' || e[1] == '+');
        assert_true(strlen(e + 2) == 2 || (strlen(e + 2) == 3 && e[2] != '0'));
        assert_true(point == NULL ? e == text + (text[0] == '-') + 1 : point == text + (text[0] == '-') + 1);
    }
    if (point != NULL) {
        const char *last = e == NULL ? text + strlen(text) - 1 : e - 1;
        assert_true(last > point && *last != '0' && point > text && point[-1] != '-');
    }
}

static void random_bits_read_back_shortest(void **state)
{
    (void)state;
    uint64_t sample = 1;
    for (int i = 0; i < 1000000; i++) {
        double x = sample_as_double(draw(&sample));
        if (isnan(x) || isinf(x))
            continue;
        assert_shortest(x);
        assert_style(x);
    }
}

static void common_magnitudes_read_back_shortest(void **state)
{
    (void)state;
    uint64_t sample = 2;
    for (int i = 0; i < 500000; i++) {
        double x = sample_between(&sample, -1.0, 1.0) * pow(10.0, (double)(draw(&sample) % 24) - 6);
        assert_shortest(x);
        assert_style(x);
    }
}

/* Decimals of up to 17 digits: where the short way ends and the long one begins. */
static void short_decimals_read_back_shortest(void **state)
{
    (void)state;
    uint64_t sample = 3;
    for (int i = 0; i < 500000; i++) {
        uint64_t digits = draw(&sample) >> (draw(&sample) % 62);
        char text[60];
        snprintf(text, sizeof text, "%llue-%d", (unsigned long long)(digits % 100000000000000000U),
                 (int)(draw(&sample) % 12));
        double x = strtod(text, NULL);
        assert_shortest(x);
        assert_style(x);
        assert_shortest(nextafter(x, INFINITY));
    }
}

static void special_values_read_back_shortest(void **state)
{
    (void)state;
    for (int e = -1074; e <= 1023; e++) {
        double power = ldexp(1.0, e);
        assert_shortest(power);
        assert_shortest(nextafter(power, INFINITY));
        assert_shortest(-nextafter(power, 0.0));
        assert_style(power);
    }
    for (int e = -323; e <= 308; e++) {
        char text[16];
        snprintf(text, sizeof text, "1e%d", e);
        double power = strtod(text, NULL);
        assert_shortest(power);
        assert_shortest(nextafter(power, INFINITY));
        assert_shortest(nextafter(power, 0.0));
        assert_style(power);
        assert_style(nextafter(power, 0.0));
    }
    assert_shortest(DBL_MAX);
    assert_shortest(DBL_TRUE_MIN);
    assert_shortest(9007199254740993.0);
}

static void texts_are_as_promised(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1.0, "1"},
        {-17850.0, "-17850"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {100.25, "100.25"},
        {123456.789, "123456.789"},
        {0.00001, "0.00001"},
        {0.0000123, "0.0000123"},
        {0.0000099, "9.9e-06"},
        {1e-7, "1e-07"},
        {1.5e-10, "1.5e-10"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1e16, "10000000000000000"},
        {12345678901234567.0, "12345678901234568"},
        {99999999999999984.0, "99999999999999980"},
        {1e17, "1e+17"},
        {1.25e20, "1.25e+20"},
        {1e23, "1e+23"},
        {9007199254740991.0, "9007199254740991"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {0x1p-44, "5.684341886080802e-14"},
        {-1.2345678901234567e-5, "-0.000012345678901234568"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {-NAN, "nan"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[RFM_NUMBER_BYTES];
        assert_int_equal(rfm_number_format(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

/* ---- floats ---------------------------------------------------------------------------------- */

static float as_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void assert_single_shortest(float x)
{
    char text[RFM_NUMBER_BYTES], digits[40], printed[60];
    size_t length = rfm_number_format_single(x, text);
    assert_int_equal(strlen(text), length);
    float back = strtof(text, NULL);
    assert_memory_equal(&back, &x, sizeof x);
    int n = pick_digits(text, digits);
    if (n > 1) {
        snprintf(printed, sizeof printed, "%.*e", n - 2, (double)x);
        assert_true(strtof(printed, NULL) != x);
    }
    if (n > 0 && !is_power_of_two((double)x)) {
        char other[40];
        snprintf(printed, sizeof printed, "%.*e", n - 1, (double)x);
        pick_digits(printed, other);
        assert_string_equal(digits, other);
    }
}

static void random_floats_read_back_shortest(void **state)
{
    (void)state;
    uint64_t sample = 4;
    for (int i = 0; i < 1000000; i++) {
        float x = as_float((uint32_t)draw(&sample));
        if (isfinite(x))
            assert_single_shortest(x);
        assert_single_shortest((float)(draw(&sample) % 1000000) / 100.0F);
    }
    for (uint32_t field = 0; field < 255; field++) {
        assert_single_shortest(as_float(field << 23));
        assert_single_shortest(as_float((field << 23) + 1));
        assert_single_shortest(as_float((field << 23) + 0x7FFFFF));
    }
}

static void float_texts_are_as_promised(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } cases[] = {
        {0.0F, "0"},
        {-0.0F, "-0"},
        {0.1F, "0.1"},
        {35.96F, "35.96"},
        {-17850.0F, "-17850"},
        {16777215.0F, "16777215"},
        {16777216.0F, "16777216"},
        {2147483648.0F, "2147483600"},
        {1e20F, "1e+20"},
        {1.1754944e-38F, "1.1754944e-38"},
        {FLT_TRUE_MIN, "1e-45"},
        {FLT_MAX, "3.4028235e+38"},
        {INFINITY, "inf"},
        {NAN, "nan"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[RFM_NUMBER_BYTES];
        assert_int_equal(rfm_number_format_single(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_bits_read_back_shortest),
        cmocka_unit_test(common_magnitudes_read_back_shortest),
        cmocka_unit_test(short_decimals_read_back_shortest),
        cmocka_unit_test(special_values_read_back_shortest),
        cmocka_unit_test(texts_are_as_promised),
        cmocka_unit_test(random_floats_read_back_shortest),
        cmocka_unit_test(float_texts_are_as_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
