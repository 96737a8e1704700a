/* Times are read by their shape, to the microsecond, and everything that is no time is told apart. The
 * oracles are Python's datetime (the table) and the C library's timegm and gmtime_r. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rfmpi/base.h"
#include "sample.h"

static rfm_zone *utc;

static const struct {
    const char *text;
    rfm_time_format format;
    int64_t us;
    bool date_only;
} times[] = {
    {"2019-10-01 00:00:00 UTC", RFM_TIME_AUTO, INT64_C(1569888000000000), false},
    {"2019-10-31 23:59:59 UTC", RFM_TIME_AUTO, INT64_C(1572566399000000), false},
    {"2019-10-31T23:59:59Z", RFM_TIME_AUTO, INT64_C(1572566399000000), false},
    {"2019-10-31T23:59:59.5Z", RFM_TIME_ISO, INT64_C(1572566399500000), false},
    {"2019-10-31T23:59:59.999999Z", RFM_TIME_AUTO, INT64_C(1572566399999999), false},
    {"2019-10-31T23:59:59.123456789Z", RFM_TIME_AUTO, INT64_C(1572566399123456), false},
    {"2019-10-31T23:59:59,25Z", RFM_TIME_AUTO, INT64_C(1572566399250000), false},
    {"2019-10-31 23:59:59.000001 UTC", RFM_TIME_AUTO, INT64_C(1572566399000001), false},
    {"2019-10-31 23:59:59.7", RFM_TIME_AUTO, INT64_C(1572566399700000), false},
    {"2019-10-31 23:59", RFM_TIME_AUTO, INT64_C(1572566340000000), false},
    {"2010-12-01 08:26:00", RFM_TIME_AUTO, INT64_C(1291191960000000), false},
    {"2010-12-01T08:26", RFM_TIME_ISO, INT64_C(1291191960000000), false},
    {"2010-12-01T08:26+01:00", RFM_TIME_ISO, INT64_C(1291188360000000), false},
    {"2010-12-01T08:26:00+0530", RFM_TIME_AUTO, INT64_C(1291172160000000), false},
    {"2010-12-01T08:26:00-08", RFM_TIME_AUTO, INT64_C(1291220760000000), false},
    {"2010-12-01 08:26:00 +0000", RFM_TIME_AUTO, INT64_C(1291191960000000), false},
    {"2010-12-01 08:26:00.25-02:30", RFM_TIME_AUTO, INT64_C(1291200960250000), false},
    {"  2010-12-01 08:26:00\t", RFM_TIME_AUTO, INT64_C(1291191960000000), false},
    {"2020-02-29", RFM_TIME_AUTO, INT64_C(1582934400000000), true},
    {"2000-02-29", RFM_TIME_DATE, INT64_C(951782400000000), true},
    {"19970101", RFM_TIME_AUTO, INT64_C(852076800000000), true},
    {"19970101", RFM_TIME_DATE, INT64_C(852076800000000), true},
    {"1997-01-01", RFM_TIME_ISO, INT64_C(852076800000000), true},
    {"1969-12-31T23:59:59.999999Z", RFM_TIME_AUTO, INT64_C(-1), false},
    {"0001-01-01T00:00:00Z", RFM_TIME_AUTO, INT64_C(-62135596800000000), false},
    {"9999-12-31T23:59:59.999999Z", RFM_TIME_AUTO, INT64_C(253402300799999999), false},
    {"1571443200", RFM_TIME_AUTO, INT64_C(1571443200000000), false},
    {"999999999", RFM_TIME_AUTO, INT64_C(999999999000000), false},
    {"1571443200.25", RFM_TIME_AUTO, INT64_C(1571443200250000), false},
    {"1571443200123", RFM_TIME_AUTO, INT64_C(1571443200123000), false},
    {"999999999123", RFM_TIME_AUTO, INT64_C(999999999123000), false},
    {"1571443200123456", RFM_TIME_AUTO, INT64_C(1571443200123456), false},
    {"999999999123456", RFM_TIME_AUTO, INT64_C(999999999123456), false},
    {"31.10.2019 23:59:59", RFM_TIME_DAY_FIRST, INT64_C(1572566399000000), false},
    {"31/10/2019 23:59:59.5 UTC", RFM_TIME_DAY_FIRST, INT64_C(1572566399500000), false},
    {"31-10-2019T23:59:59Z", RFM_TIME_DAY_FIRST, INT64_C(1572566399000000), false},
    {"1.12.2010 8:26", RFM_TIME_DAY_FIRST, INT64_C(1291191960000000), false},
    {" 01/12/2010 08:26+01:00 ", RFM_TIME_DAY_FIRST, INT64_C(1291188360000000), false},
    {"29.02.2020", RFM_TIME_DAY_FIRST, INT64_C(1582934400000000), true},
    {"5/6/2024", RFM_TIME_DAY_FIRST, INT64_C(1717545600000000), true},
    {"5/6/2024", RFM_TIME_MONTH_FIRST, INT64_C(1714953600000000), true},
    {"12/1/2010 8:26", RFM_TIME_MONTH_FIRST, INT64_C(1291191960000000), false},
    {"12/01/2010 8:26:00,25", RFM_TIME_MONTH_FIRST, INT64_C(1291191960250000), false},
    {"01.01.0001 0:00Z", RFM_TIME_DAY_FIRST, INT64_C(-62135596800000000), false},
    {"31.12.9999 23:59:59.999999Z", RFM_TIME_DAY_FIRST, INT64_C(253402300799999999), false},
    {"0", RFM_TIME_SECONDS, INT64_C(0), false},
    {"-1.5", RFM_TIME_SECONDS, INT64_C(-1500000), false},
    {"1.5714432e9", RFM_TIME_SECONDS, INT64_C(1571443200000000), false},
    {"12", RFM_TIME_MILLISECONDS, INT64_C(12000), false},
    {"20191031", RFM_TIME_SECONDS, INT64_C(20191031000000), false},
    {"-5", RFM_TIME_MICROSECONDS, INT64_C(-5), false},
};

static const struct {
    const char *text;
    rfm_time_format format;
    rfm_parse parse;
} refused[] = {
    {"", RFM_TIME_AUTO, RFM_PARSE_EMPTY},
    {" \t", RFM_TIME_SECONDS, RFM_PARSE_EMPTY},
    {"2024-13-01", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-00-01", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-00", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-02-30", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2023-02-29", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"1900-02-29", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-04-31 00:00:00 UTC", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"20240230", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024/01/02", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"01/02/2024", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-1-2", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02X10:00:00", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02  10:00:00", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T1:00:00", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T24:00:00", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:60:00", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:60", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:0", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:00.", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:00.1234567890", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00.5", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:00 CET", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:00UTCX", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:00  UTC", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:00+1", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:00+01:", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:00+01:0", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:00+0160", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02T10:00:00+24:00", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02Z", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"1234567", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"12345678901", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"12345678901234", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"12345678901234567", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"-1571443200", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"1571443200.x", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"20240102.5", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"yesterday", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"2024-01-02 10:00:00", RFM_TIME_DATE, RFM_PARSE_BAD},
    {"1571443200", RFM_TIME_DATE, RFM_PARSE_BAD},
    {"20240102", RFM_TIME_ISO, RFM_PARSE_BAD},
    {"2024-01-02", RFM_TIME_SECONDS, RFM_PARSE_BAD},
    {"0000-01-01", RFM_TIME_AUTO, RFM_PARSE_RANGE},
    {"0000-13-01", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"0000-01-01T10:00:00Z", RFM_TIME_AUTO, RFM_PARSE_RANGE},
    {"31.10.2019", RFM_TIME_AUTO, RFM_PARSE_BAD},
    {"31.10.2019", RFM_TIME_ISO, RFM_PARSE_BAD},
    {"31.10.2019", RFM_TIME_MONTH_FIRST, RFM_PARSE_BAD},
    {"10/31/2019", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"2019-10-31", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"29.02.2019", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.04.2019", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"0.4.2019", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.10/2019", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31 10 2019", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.10.19", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"031.10.2019", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.010.2019", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.10.20190", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.10.2019 ", RFM_TIME_MONTH_FIRST, RFM_PARSE_BAD},
    {"31.10.2019  8:00", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.10.2019 24:00", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.10.2019 8", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.10.2019 8:26 PM", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.10.2019 008:26", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"31.10.2019Z", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"01.01.0000", RFM_TIME_DAY_FIRST, RFM_PARSE_RANGE},
    {"01.13.0000", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"01.01.0000 25:00", RFM_TIME_DAY_FIRST, RFM_PARSE_BAD},
    {"0001-01-01T00:00:00+01:00", RFM_TIME_AUTO, RFM_PARSE_RANGE},
    {"9999-12-31T23:59:59-00:01", RFM_TIME_AUTO, RFM_PARSE_RANGE},
    {"253402300800", RFM_TIME_SECONDS, RFM_PARSE_RANGE},
    {"99999999999999999999", RFM_TIME_SECONDS, RFM_PARSE_RANGE},
    {"0.0000001", RFM_TIME_SECONDS, RFM_PARSE_RANGE},
};

/* Parse a copy that ends where the text does, so that the sanitizer sees a byte too many. */
static rfm_parse parse_exactly(const char *text, rfm_time_format format, rfm_timestamp *time)
{
    size_t length = strlen(text);
    char *copy = malloc(length == 0 ? 1 : length);
    memcpy(copy, text, length);
    rfm_parse parse = rfm_time_parse(copy, length, format, utc, time);
    free(copy);
    return parse;
}

static void times_are_read_by_shape(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        rfm_timestamp time = {77, false};
        rfm_parse parse = parse_exactly(times[i].text, times[i].format, &time);
        if (parse != RFM_PARSE_OK || time.us != times[i].us || time.date_only != times[i].date_only)
            fail_msg("'%s' gave %d and %" PRId64, times[i].text, (int)parse, time.us);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        rfm_timestamp time = {77, false};
        rfm_parse parse = parse_exactly(refused[i].text, refused[i].format, &time);
        if (parse != refused[i].parse || time.us != 77)
            fail_msg("'%s' gave %d and %" PRId64, refused[i].text, (int)parse, time.us);
    }
}

/* Any change of one byte of a good time gives a time or a refusal, never a read beyond its end. */
static void spoilt_times_do_no_harm(void **state)
{
    (void)state;
    uint64_t sample = 1;
    int n_refused = 0;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        rfm_timestamp time;
        strcpy(text, times[draw(&sample) % (sizeof times / sizeof *times)].text);
        text[draw(&sample) % strlen(text)] = (char)(draw(&sample) % 127 + 1);
        text[draw(&sample) % (strlen(text) + 1)] = '\0';
        rfm_parse parse = parse_exactly(text, (rfm_time_format)(i % 8), &time);
        n_refused += parse != RFM_PARSE_OK;
        assert_true(parse != RFM_PARSE_OK ||
                    (time.us > INT64_C(-62200000000000000) && time.us < INT64_C(253402300800000000)));
    }
    assert_true(n_refused > 100000 && n_refused < 200000);
}

static void every_day_equals_timegm(void **state)
{
    (void)state;
    struct tm date = {.tm_mday = 1, .tm_year = 1 - 1900};
    time_t start = timegm(&date);
    for (int i = 0; i < 3652059; i++) { /* the days of the years 1 to 9999 */
        char text[16];
        rfm_timestamp time;
        time_t seconds = start + (time_t)i * 86400;
        gmtime_r(&seconds, &date);
        int year = date.tm_year + 1900, month = date.tm_mon + 1, digits[8];
        int packed = year * 10000 + month * 100 + date.tm_mday;
        for (int j = 7; j >= 0; j--, packed /= 10)
            digits[j] = packed % 10;
        for (int j = 0; j < 8; j++)
            text[j] = (char)('0' + digits[j]);
        assert_int_equal(rfm_time_parse(text, 8, RFM_TIME_DATE, utc, &time), RFM_PARSE_OK);
        assert_true(time.us == (int64_t)seconds * 1000000);
        int32_t day = rfm_time_day(utc, time.us);
        assert_true(day == (int32_t)(seconds / 86400));
        assert_int_equal(rfm_day_weekday(day), (date.tm_wday + 6) % 7);
    }
}

/* Any time of the years 1 to 9999, in every way that has the day or the month first. */
static void either_order_is_what_gmtime_has(void **state)
{
    (void)state;
    uint64_t sample = 5;
    for (int i = 0; i < 300000; i++) {
        const int64_t wanted = (int64_t)(draw(&sample) % UINT64_C(315537897600)) - INT64_C(62135596800);
        const time_t seconds = (time_t)wanted;
        const bool day_first = draw(&sample) % 2, has_clock = draw(&sample) % 4;
        const int digits = 1 + (int)(draw(&sample) % 2);
        const char gap = "./-"[draw(&sample) % 3];
        struct tm date;
        char text[64];
        rfm_timestamp time;
        gmtime_r(&seconds, &date);
        int n = snprintf(text, sizeof text, "%0*d%c%0*d%c%04d", digits, day_first ? date.tm_mday : date.tm_mon + 1, gap,
                         digits, day_first ? date.tm_mon + 1 : date.tm_mday, gap, date.tm_year + 1900);
        if (has_clock)
            n += snprintf(text + n, sizeof text - (size_t)n, "%c%0*d:%02d:%02d", " T"[draw(&sample) % 2], digits,
                          date.tm_hour, date.tm_min, date.tm_sec);
        assert_int_equal(parse_exactly(text, day_first ? RFM_TIME_DAY_FIRST : RFM_TIME_MONTH_FIRST, &time),
                         RFM_PARSE_OK);
        const int64_t of_day = has_clock ? 0 : date.tm_hour * 3600 + date.tm_min * 60 + date.tm_sec;
        assert_int_equal(time.us, (wanted - of_day) * 1000000);
        assert_int_equal(time.date_only, !has_clock);
    }
}

static void times_are_written_as_gmtime_has_them(void **state)
{
    (void)state;
    uint64_t sample = 2;
    for (int i = 0; i < 300000; i++) {
        int64_t us = (int64_t)(draw(&sample) % UINT64_C(315537897600000000)) - INT64_C(62135596800000000);
        if (i % 3 == 0)
            us -= us % 1000000;
        int64_t second = us / 1000000 - (us % 1000000 < 0);
        time_t seconds = (time_t)second;
        struct tm date;
        char expected[64], text[RFM_NUMBER_BYTES];
        gmtime_r(&seconds, &date);
        int n = snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d", date.tm_year + 1900,
                         date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec);
        if (us != second * 1000000)
            n += snprintf(expected + n, 20, ".%06d", (int)(us - second * 1000000));
        strcpy(expected + n, "Z");
        assert_int_equal(rfm_time_format_utc(us, text), n + 1);
        assert_string_equal(text, expected);
        rfm_timestamp back;
        assert_int_equal(rfm_time_parse(text, strlen(text), RFM_TIME_AUTO, NULL, &back), RFM_PARSE_OK);
        assert_true(back.us == us && !back.date_only);
        assert_int_equal(rfm_time_hour(utc, us), date.tm_hour);
    }
}

static void extreme_times_fit_the_buffer(void **state)
{
    (void)state;
    char text[RFM_NUMBER_BYTES];
    rfm_time_format_utc(INT64_MIN, text);
    assert_string_equal(text, "-290308-12-21T19:59:05.224192Z");
    rfm_time_format_utc(INT64_MAX, text);
    assert_string_equal(text, "294247-01-10T04:00:54.775807Z");
}

static void weeks_begin_on_monday(void **state)
{
    (void)state;
    assert_int_equal(rfm_day_week(-4), -1); /* Sunday 1969-12-28 */
    assert_int_equal(rfm_day_week(-3), 0);  /* Monday 1969-12-29 */
    assert_int_equal(rfm_day_week(3), 0);
    assert_int_equal(rfm_day_week(4), 1);
    for (int32_t day = -1000; day < 1000; day++)
        assert_int_equal(rfm_day_week(day + 1) - rfm_day_week(day), rfm_day_weekday(day) == 6);
}

static int open_utc(void **state)
{
    (void)state;
    rfm_error err = {0};
    return (int)rfm_zone_open("UTC", &utc, &err);
}

static int close_utc(void **state)
{
    (void)state;
    rfm_zone_close(utc);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_by_shape),         cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(spoilt_times_do_no_harm),         cmocka_unit_test(every_day_equals_timegm),
        cmocka_unit_test(either_order_is_what_gmtime_has), cmocka_unit_test(times_are_written_as_gmtime_has_them),
        cmocka_unit_test(extreme_times_fit_the_buffer),    cmocka_unit_test(weeks_begin_on_monday),
    };
    return cmocka_run_group_tests(tests, open_utc, close_utc);
}
