/* Decimals and ids are read exactly, whatever way they are written, and everything else is told
 * apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfmpi/base.h"
#include "sample.h"

enum { OK = RFM_PARSE_OK, EMPTY = RFM_PARSE_EMPTY, BAD = RFM_PARSE_BAD, RANGE = RFM_PARSE_RANGE };

typedef struct parse_case {
    const char *text;
    int decimals;
    int parse;
    int64_t value;
} parse_case;

static const parse_case decimals[] = {
    {"0", 4, OK, 0},
    {"-0", 4, OK, 0},
    {"1", 0, OK, 1},
    {"+1.5", 1, OK, 15},
    {"489.07", 4, OK, 4890700},
    {"489.0700", 2, OK, 48907},
    {"489.0700", 4, OK, 4890700},
    {" \t12.5 ", 4, OK, 125000},
    {"-12.5", 4, OK, -125000},
    {".5", 1, OK, 5},
    {"5.", 1, OK, 50},
    {"1e3", 2, OK, 100000},
    {"1E+3", 2, OK, 100000},
    {"1.25e-2", 4, OK, 125},
    {"12500e-5", 3, OK, 125},
    {"0e999999999999999999", 4, OK, 0},
    {"0.000", 0, OK, 0},
    {"000000000000000000000000000012.50", 1, OK, 125},
    {"0.0000000000000000000000000000125e33", 0, OK, 12500},
    {"12500000000000000000000000000000000e-30", 0, OK, 12500},
    {"1.00000000000000000000000000000", 0, OK, 1},
    {"9223372036854775807", 0, OK, INT64_MAX},
    {"-9223372036854775808", 0, OK, INT64_MIN},
    {"922337203685477.5807", 4, OK, INT64_MAX},
    {"-922337203685477.58080", 4, OK, INT64_MIN},
    {"1000000000000000000", 0, OK, INT64_C(1000000000000000000)},
    {"9223372036854775808", 0, RANGE, 0},
    {"-9223372036854775809", 0, RANGE, 0},
    {"18446744073709551616", 0, RANGE, 0},
    {"18446744073709551617", 0, RANGE, 0},
    {"99999999999999999999", 0, RANGE, 0},
    {"10000000000000000000000000000000000000000", 0, RANGE, 0},
    {"1e19", 0, RANGE, 0},
    {"1e18", 1, RANGE, 0},
    {"1e999999999999999999999", 0, RANGE, 0},
    {"1e-999999999999999999999", 0, RANGE, 0},
    {"1e-5", 4, RANGE, 0},
    {"489.07001", 4, RANGE, 0},
    {"0.5", 0, RANGE, 0},
    {"1.0000000000000000000000000000001", 0, RANGE, 0},
    {"1000000000000000000000000000001e-30", 0, RANGE, 0},
    {"", 4, EMPTY, 0},
    {"  \t ", 4, EMPTY, 0},
    {".", 4, BAD, 0},
    {"+", 4, BAD, 0},
    {"-.", 4, BAD, 0},
    {"e5", 4, BAD, 0},
    {"1e", 4, BAD, 0},
    {"1e+", 4, BAD, 0},
    {"1e5.", 4, BAD, 0},
    {"--1", 4, BAD, 0},
    {"+-1", 4, BAD, 0},
    {"1 2", 4, BAD, 0},
    {"1,5", 4, BAD, 0},
    {"1.2.3", 4, BAD, 0},
    {"0x10", 4, BAD, 0},
    {"1_000", 4, BAD, 0},
    {"nan", 4, BAD, 0},
    {"inf", 4, BAD, 0},
    {"NULL", 4, BAD, 0},
    {"12a", 4, BAD, 0},
    {"\n1", 4, BAD, 0},
    {"99999999999999999999x", 4, BAD, 0},
};

static const parse_case integers[] = {
    {"17850", 0, OK, 17850},
    {"17850.0", 0, OK, 17850},
    {"17850.000", 0, OK, 17850},
    {"00017850", 0, OK, 17850},
    {"+17850", 0, OK, 17850},
    {"-17850", 0, OK, -17850},
    {" 17850 ", 0, OK, 17850},
    {"0", 0, OK, 0},
    {"-0.0", 0, OK, 0},
    {"9223372036854775807", 0, OK, INT64_MAX},
    {"0000000000000000000000009223372036854775807", 0, OK, INT64_MAX},
    {"-9223372036854775808", 0, OK, INT64_MIN},
    {"1000000000000000000.0", 0, OK, INT64_C(1000000000000000000)},
    {"9223372036854775808", 0, RANGE, 0},
    {"-9223372036854775809", 0, RANGE, 0},
    {"10000000000000000000000", 0, RANGE, 0},
    {"123456789012345678901", 0, RANGE, 0},
    {"", 0, EMPTY, 0},
    {" ", 0, EMPTY, 0},
    {"17850.5", 0, BAD, 0},
    {"17850.05", 0, BAD, 0},
    {"1.785e4", 0, BAD, 0},
    {".0", 0, BAD, 0},
    {"-", 0, BAD, 0},
    {"17 850", 0, BAD, 0},
    {"17850.0.0", 0, BAD, 0},
    {"C17850", 0, BAD, 0},
    {"17850x", 0, BAD, 0},
};

/* Parse a copy that ends where the text does, so that the sanitizer sees a byte too many. */
static int parse_exactly(const parse_case *one, bool integer, int64_t *value)
{
    size_t length = strlen(one->text);
    char *copy = malloc(length == 0 ? 1 : length);
    memcpy(copy, one->text, length);
    int parse =
        (int)(integer ? rfm_integer_parse(copy, length, value) : rfm_decimal_parse(copy, length, one->decimals, value));
    free(copy);
    return parse;
}

static void assert_case(const parse_case *one, bool integer)
{
    int64_t value = 77;
    int parse = parse_exactly(one, integer, &value);
    if (parse != one->parse || value != (one->parse == OK ? one->value : 77))
        fail_msg("'%s' with %d decimals gave %d and %" PRId64, one->text, one->decimals, parse, value);
}

static void decimals_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decimals / sizeof *decimals; i++)
        assert_case(&decimals[i], false);
}

static void ids_are_normalised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        assert_case(&integers[i], true);
}

/* value / 10^decimals written with padding and an exponent, by the C library. */
static void write_in_some_way(int64_t value, int decimals_of_text, uint64_t *sample, char *text)
{
    char digits[40];
    int padding = (int)(draw(sample) % 6), shift = (int)(draw(sample) % 40) - 20;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int n = snprintf(digits, sizeof digits, "%0*" PRIu64, decimals_of_text + 1, magnitude);
    text += sprintf(text, "%s%.*s%.*s", value < 0 ? "-" : "", padding, "00000", n - decimals_of_text, digits);
    if (decimals_of_text > 0 || shift % 2 == 0)
        text += sprintf(text, ".%s%.*s", digits + n - decimals_of_text, padding, "00000");
    if (shift % 3 == 0)
        sprintf(text, "e%d", 0);
}

static void every_writing_gives_the_same_value(void **state)
{
    (void)state;
    uint64_t sample = 1;
    for (int i = 0; i < 300000; i++) {
        int64_t value = (int64_t)draw(&sample) >> (draw(&sample) % 64), parsed;
        int n_decimals = (int)(draw(&sample) % 19);
        char text[100];
        write_in_some_way(value, n_decimals, &sample, text);
        if (rfm_decimal_parse(text, strlen(text), n_decimals, &parsed) != RFM_PARSE_OK || parsed != value)
            fail_msg("'%s' with %d decimals is not %" PRId64, text, n_decimals, value);
    }
}

/* d * 10^e against 128-bit arithmetic. */
static void exponents_move_the_point(void **state)
{
    (void)state;
    uint64_t sample = 2;
    for (int i = 0; i < 300000; i++) {
        uint64_t digits = draw(&sample) >> (40 + draw(&sample) % 24);
        int exponent = (int)(draw(&sample) % 24) - 12, n_decimals = (int)(draw(&sample) % 7);
        rfm_i128 wanted = digits;
        int shift = exponent + n_decimals;
        bool whole = true;
        for (; shift > 0; shift--)
            wanted *= 10;
        for (; shift < 0; shift++) {
            whole = whole && wanted % 10 == 0;
            wanted /= 10;
        }
        char text[60];
        snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, exponent);
        int64_t parsed;
        rfm_parse parse = rfm_decimal_parse(text, strlen(text), n_decimals, &parsed);
        if (!whole || wanted > INT64_MAX)
            assert_int_equal(parse, RFM_PARSE_RANGE);
        else
            assert_true(parse == RFM_PARSE_OK && parsed == wanted);
    }
}

/* ---- other notations -------------------------------------------------------------------------------------------- */

static const rfm_notation plain = {false, RFM_THOUSANDS_NONE}, comma = {true, RFM_THOUSANDS_NONE},
                          german = {true, RFM_THOUSANDS_POINT}, french = {true, RFM_THOUSANDS_BLANK},
                          english = {false, RFM_THOUSANDS_COMMA}, swiss = {false, RFM_THOUSANDS_APOSTROPHE};

static const struct {
    const rfm_notation *notation;
    const char *text;
    int parse;
    int64_t value; /* times 100 */
} notated[] = {
    {&comma, "12,50", OK, 1250},
    {&comma, " -0,5 ", OK, -50},
    {&comma, ",5", OK, 50},
    {&comma, "5,", OK, 500},
    {&comma, "1,5e1", OK, 1500},
    {&comma, "12", OK, 1200},
    {&comma, "12.50", BAD, 0},
    {&comma, "1.234,50", BAD, 0},
    {&comma, "1,234,5", BAD, 0},
    {&comma, "1,234", RANGE, 0},
    {&comma, ",", BAD, 0},
    {&plain, "12,50", BAD, 0},
    {&german, "1.234,50", OK, 123450},
    {&german, "-1.234.567,8", OK, -123456780},
    {&german, "999.999", OK, 99999900},
    {&german, "1234,5", OK, 123450},
    {&german, "1.234567", BAD, 0},
    {&german, "1.23", BAD, 0},
    {&german, "1.2345,0", BAD, 0},
    {&german, "1234.567", BAD, 0},
    {&german, "0.123", BAD, 0},
    {&german, "1..234", BAD, 0},
    {&german, ".234", BAD, 0},
    {&german, "1.234.", BAD, 0},
    {&german, "1,234.567", BAD, 0},
    {&german, "1'234", BAD, 0},
    {&french, "1 234,50", OK, 123450},
    {&french,
     "1\xC2\xA0"
     "234\xE2\x80\xAF"
     "567",
     OK, 123456700},
    {&french,
     "1\xE2\x80\x89"
     "234",
     OK, 123400},
    {&french,
     "1\xA0"
     "234,5",
     OK, 123450},
    {&french, "1 23", BAD, 0},
    {&french, "1  234", BAD, 0},
    {&french, "1\xC2", BAD, 0},
    {&french, "1.5", BAD, 0},
    {&english, "1,234.50", OK, 123450},
    {&english, "12,34.50", BAD, 0},
    {&english, "1.234,50", BAD, 0},
    {&swiss, "1'234.50", OK, 123450},
    {&swiss,
     "1\xE2\x80\x99"
     "234",
     OK, 123400},
    {&english, "9,223,372,036,854,775,807", RANGE, 0},
    {&english, "92,233,720,368,547,758.07", OK, INT64_MAX},
    {&english, "100,000,000,000,000,000,000", RANGE, 0},
    {&french, "", EMPTY, 0},
};

static void numbers_in_other_notations_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof notated / sizeof *notated; i++) {
        const size_t length = strlen(notated[i].text);
        char *copy = malloc(length == 0 ? 1 : length);
        memcpy(copy, notated[i].text, length);
        int64_t value = 77;
        const int parse = (int)rfm_decimal_parse_as(*notated[i].notation, copy, length, 2, &value);
        if (parse != notated[i].parse || value != (parse == OK ? notated[i].value : 77))
            fail_msg("'%s' gave %d and %" PRId64, notated[i].text, parse, value);
        free(copy);
    }
}

/* A number as people write it: what stands before each three digits of the whole is `gap`. */
static void write_in_groups(int64_t value, const char *gap, char mark, char *text)
{
    char digits[40];
    const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    const int n = snprintf(digits, sizeof digits, "%" PRIu64, magnitude / 100);
    text += sprintf(text, "%s", value < 0 ? "-" : "");
    for (int i = 0; i < n; i++)
        text += sprintf(text, "%s%c", i > 0 && (n - i) % 3 == 0 ? gap : "", digits[i]);
    sprintf(text, "%c%02" PRIu64, mark, magnitude % 100);
}

static void every_notation_gives_the_same_value(void **state)
{
    (void)state;
    static const struct {
        rfm_thousands thousands;
        const char *gap;
    } gaps[] = {{RFM_THOUSANDS_NONE, ""},
                {RFM_THOUSANDS_BLANK, " "},
                {RFM_THOUSANDS_BLANK, "\xC2\xA0"},
                {RFM_THOUSANDS_APOSTROPHE, "'"},
                {RFM_THOUSANDS_BLANK, "\xE2\x80\xAF"},
                {RFM_THOUSANDS_POINT, "."}};
    uint64_t sample = 3;
    for (int i = 0; i < 300000; i++) {
        const int64_t value = (int64_t)draw(&sample) >> (draw(&sample) % 64);
        const size_t kind = draw(&sample) % 6;
        const bool swapped = draw(&sample) % 2;
        const rfm_thousands thousands = kind == 5 && !swapped ? RFM_THOUSANDS_COMMA : gaps[kind].thousands;
        const char *gap = kind == 5 && !swapped ? "," : gaps[kind].gap;
        char text[100];
        int64_t parsed = 0;
        write_in_groups(value, gap, swapped ? ',' : '.', text);
        if (rfm_decimal_parse_as((rfm_notation){swapped, thousands}, text, strlen(text), 2, &parsed) != RFM_PARSE_OK ||
            parsed != value)
            fail_msg("'%s' is not %" PRId64 " but %" PRId64, text, value, parsed);
        if (kind > 0 && (value > 99999 || value < -99999))
            assert_int_equal(
                rfm_decimal_parse_as((rfm_notation){swapped, RFM_THOUSANDS_NONE}, text, strlen(text), 2, &parsed),
                RFM_PARSE_BAD);
    }
}

static void ids_may_end_in_a_comma_and_zeros(void **state)
{
    (void)state;
    int64_t value = 0;
    assert_int_equal(rfm_integer_parse_as(comma, "017850,00", 9, &value), RFM_PARSE_OK);
    assert_int_equal(value, 17850);
    assert_int_equal(rfm_integer_parse_as(comma, "17850.0", 7, &value), RFM_PARSE_BAD);
    assert_int_equal(rfm_integer_parse_as(german, "17.850", 6, &value), RFM_PARSE_BAD);
    assert_int_equal(rfm_integer_parse("17850,0", 7, &value), RFM_PARSE_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(ids_are_normalised),
        cmocka_unit_test(every_writing_gives_the_same_value),
        cmocka_unit_test(exponents_move_the_point),
        cmocka_unit_test(numbers_in_other_notations_are_exact),
        cmocka_unit_test(every_notation_gives_the_same_value),
        cmocka_unit_test(ids_may_end_in_a_comma_and_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
