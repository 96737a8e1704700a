/* Values become texts that the parsers of text read back as the same values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cells.h"
#include "draw.h"

typedef struct cell {
    char text[RFM_CELL_BYTES + 1];
    size_t length;
} cell;

/* Ends a cell for the C library; what lies beyond RFM_CELL_BYTES must be as it was. */
static void finish(cell *c, const char *end)
{
    c->length = (size_t)(end - c->text);
    assert_in_range(c->length, 0, RFM_CELL_BYTES);
    assert_int_equal(c->text[RFM_CELL_BYTES], '#');
    c->text[c->length] = '\0';
}

#define CELL(name, call)                                                                                               \
    cell name = {0};                                                                                                   \
    name.text[RFM_CELL_BYTES] = '#';                                                                                   \
    finish(&name, call)

static void assert_integer(int64_t value)
{
    char expected[40];
    CELL(c, rfm_cell_integer(c.text, value));
    snprintf(expected, sizeof expected, "%" PRId64, value);
    assert_string_equal(c.text, expected);
    CELL(u, rfm_cell_unsigned(u.text, (uint64_t)value));
    snprintf(expected, sizeof expected, "%" PRIu64, (uint64_t)value);
    assert_string_equal(u.text, expected);
}

static void integers_of_every_length_are_written(void **state)
{
    (void)state;
    uint64_t sample = 1;
    for (int i = 0; i < 200000; i++)
        assert_integer((int64_t)(draw(&sample) >> (draw(&sample) % 64)) * (i % 2 == 0 ? 1 : -1));
    assert_integer(0);
    assert_integer(INT64_MAX);
    assert_integer(INT64_MIN);
}

static void decimals_show_all_digits_of_their_scale(void **state)
{
    (void)state;
    static const struct {
        int64_t high;
        uint64_t low;
        int scale;
        const char *text;
    } cases[] = {
        {0, 0, 0, "0"},
        {0, 0, 2, "0.00"},
        {0, 1250, 2, "12.50"},
        {-1, (uint64_t)-1250, 2, "-12.50"},
        {0, 7, 3, "0.007"},
        {-1, (uint64_t)-7, 3, "-0.007"},
        {0, UINT64_MAX, 0, "18446744073709551615"},
        {1, 0, 0, "18446744073709551616"},
        {1, 0, 19, "1.8446744073709551616"},
        {0, 1, 38, "0.00000000000000000000000000000000000001"},
        {INT64_MAX, UINT64_MAX, 0, "170141183460469231731687303715884105727"},
        {INT64_MIN, 0, 0, "-170141183460469231731687303715884105728"},
        {INT64_MIN, 0, 38, "-1.70141183460469231731687303715884105728"},
        {INT64_C(5421010862427522170), UINT64_C(687399551400673279), 38, "0.99999999999999999999999999999999999999"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const rfm_u128 bits = (rfm_u128)(uint64_t)cases[i].high << 64 | cases[i].low;
        CELL(c, rfm_cell_decimal(c.text, (rfm_i128)bits, cases[i].scale));
        assert_string_equal(c.text, cases[i].text);
    }
}

static void decimals_are_read_back(void **state)
{
    (void)state;
    uint64_t sample = 2;
    for (int i = 0; i < 200000; i++) {
        const int64_t value = (int64_t)(draw(&sample) >> (draw(&sample) % 64));
        const int scale = (int)(draw(&sample) % 20);
        int64_t back = 0;
        CELL(c, rfm_cell_decimal(c.text, value, scale));
        assert_int_equal(rfm_decimal_parse(c.text, c.length, scale, &back), RFM_PARSE_OK);
        assert_int_equal(back, value);
    }
}

static void floats_are_shortest_and_nan_is_nothing(void **state)
{
    (void)state;
    CELL(wide, rfm_cell_double(wide.text, (double)0.1F));
    assert_string_equal(wide.text, "0.10000000149011612");
    CELL(narrow, rfm_cell_single(narrow.text, 0.1F));
    assert_string_equal(narrow.text, "0.1");
    CELL(price, rfm_cell_double(price.text, 35.96));
    assert_string_equal(price.text, "35.96");
    CELL(nan_wide, rfm_cell_double(nan_wide.text, NAN));
    assert_int_equal(nan_wide.length, 0);
    CELL(nan_narrow, rfm_cell_single(nan_narrow.text, NAN));
    assert_int_equal(nan_narrow.length, 0);
    CELL(infinite, rfm_cell_double(infinite.text, -INFINITY));
    assert_string_equal(infinite.text, "-inf");
    CELL(yes, rfm_cell_boolean(yes.text, true));
    assert_string_equal(yes.text, "true");
    CELL(no, rfm_cell_boolean(no.text, false));
    assert_string_equal(no.text, "false");
}

static void assert_local(const rfm_zone *utc, int64_t us)
{
    rfm_timestamp time = {0};
    CELL(c, rfm_cell_local_time(c.text, us));
    assert_int_equal(rfm_time_parse(c.text, c.length, RFM_TIME_ISO, utc, &time), RFM_PARSE_OK);
    assert_int_equal(time.us, us);
    CELL(n, rfm_cell_integer(n.text, us));
    assert_int_equal(rfm_time_parse(n.text, n.length, RFM_TIME_MICROSECONDS, utc, &time), RFM_PARSE_OK);
    assert_int_equal(time.us, us);
    const int64_t day = us / RFM_DAY_US;
    CELL(d, rfm_cell_date(d.text, day));
    assert_int_equal(rfm_time_parse(d.text, d.length, RFM_TIME_DATE, utc, &time), RFM_PARSE_OK);
    assert_int_equal(time.us, day * RFM_DAY_US);
    assert_true(time.date_only);
}

static const int64_t FIRST_US = INT64_C(-62135596800000000), LAST_US = INT64_C(253402300799999999);

static void times_are_read_back(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_zone *utc = NULL;
    uint64_t sample = 3;
    rfm_zone_open("UTC", &utc, &err);
    const uint64_t span = (uint64_t)(LAST_US - FIRST_US);
    for (int i = 0; i < 200000; i++)
        assert_local(utc, FIRST_US + (int64_t)(draw(&sample) % span));
    assert_local(utc, FIRST_US);
    assert_local(utc, LAST_US);
    assert_local(utc, -1);
    assert_local(utc, 0);
    rfm_zone_close(utc);
}

static void no_format_reads(const rfm_zone *utc, const cell *c)
{
    static const rfm_time_format formats[] = {RFM_TIME_AUTO, RFM_TIME_DATE, RFM_TIME_ISO};
    rfm_timestamp time;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        assert_int_not_equal(rfm_time_parse(c->text, c->length, formats[i], utc, &time), RFM_PARSE_OK);
}

static void times_outside_the_years_are_not_read(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_zone *utc = NULL;
    rfm_zone_open("UTC", &utc, &err);
    const int64_t outside_us[] = {FIRST_US - 1, LAST_US + 1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof outside_us / sizeof *outside_us; i++) {
        CELL(c, rfm_cell_local_time(c.text, outside_us[i]));
        no_format_reads(utc, &c);
    }
    const int64_t outside_days[] = {-719163,   2932897,   INT32_MIN, INT32_MAX, -106751991, 106751991,
                                    106751992, 123456789, INT64_MIN, INT64_MAX, -106751992};
    for (size_t i = 0; i < sizeof outside_days / sizeof *outside_days; i++) {
        CELL(c, rfm_cell_date(c.text, outside_days[i]));
        no_format_reads(utc, &c);
    }
    rfm_zone_close(utc);
}

static void units_go_down_to_microseconds(void **state)
{
    (void)state;
    assert_int_equal(rfm_cell_us_of_ns(1999), 1);
    assert_int_equal(rfm_cell_us_of_ns(-1), -1);
    assert_int_equal(rfm_cell_us_of_ns(-1000), -1);
    assert_int_equal(rfm_cell_us_of_ns(-1001), -2);
    assert_int_equal(rfm_cell_us_of_ns(INT64_MIN), INT64_MIN / 1000 - 1);
    assert_int_equal(rfm_cell_us_of_ms(-5), -5000);
    assert_int_equal(rfm_cell_us_of_ms(INT64_MAX), INT64_MAX);
    assert_int_equal(rfm_cell_us_of_ms(INT64_MIN), INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_every_length_are_written),
        cmocka_unit_test(decimals_show_all_digits_of_their_scale),
        cmocka_unit_test(decimals_are_read_back),
        cmocka_unit_test(floats_are_shortest_and_nan_is_nothing),
        cmocka_unit_test(times_are_read_back),
        cmocka_unit_test(times_outside_the_years_are_not_read),
        cmocka_unit_test(units_go_down_to_microseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
