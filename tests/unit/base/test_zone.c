/* Zones agree with the C library at every instant, with Python's zoneinfo about local times that come twice
 * or never, and leave the process's own zone as it was. */
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
#include "zone_vectors.h"

static const char *const names[] = {"Europe/Paris", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
                                    "Asia/Kolkata", "Pacific/Apia",     "America/St_Johns",  "Africa/Casablanca"};

static rfm_zone *open_zone(const char *name)
{
    rfm_error err = {0};
    rfm_zone *zone;
    if (rfm_zone_open(name, &zone, &err) != RFM_OK)
        fail_msg("%s", err.message);
    return zone;
}

static int64_t offset_by_libc_s(int64_t utc_s)
{
    time_t time = (time_t)utc_s;
    struct tm local;
    localtime_r(&time, &local);
    return local.tm_gmtoff;
}

static void set_zone(const char *name)
{
    if (name == NULL)
        unsetenv("TZ");
    else
        setenv("TZ", name, 1);
    tzset();
}

static void offsets_equal_those_of_the_c_library(void **state)
{
    (void)state;
    uint64_t sample = 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rfm_zone *zone = open_zone(names[i]);
        set_zone(names[i]);
        for (int j = 0; j < 50000; j++) {
            int64_t second = (int64_t)(draw(&sample) % UINT64_C(9467020800)) - INT64_C(2208988800);
            int64_t wanted = offset_by_libc_s(second) * 1000000;
            assert_true(rfm_zone_offset_us(zone, second * 1000000) == wanted);
            assert_true(rfm_zone_offset_us(zone, second * 1000000 + 999999) == wanted);
        }
        set_zone(NULL);
        rfm_zone_close(zone);
    }
}

/* Both sides of every change, to the microsecond. */
static void changes_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rfm_zone *zone = open_zone(names[i]);
        set_zone(names[i]);
        int n_changes = 0;
        for (int64_t hour = 0; hour < INT64_C(60) * 366 * 24; hour++) {
            int64_t begin = hour * 3600, end = begin + 3600;
            int64_t before = offset_by_libc_s(begin), after = offset_by_libc_s(end);
            if (before == after)
                continue;
            while (end - begin > 1) {
                int64_t middle = (begin + end) / 2;
                *(offset_by_libc_s(middle) == before ? &begin : &end) = middle;
            }
            assert_true(rfm_zone_offset_us(zone, end * 1000000 - 1) == before * 1000000);
            assert_true(rfm_zone_offset_us(zone, end * 1000000) == after * 1000000);
            n_changes++;
        }
        assert_true(n_changes > 0 || strcmp(names[i], "Asia/Kolkata") == 0);
        set_zone(NULL);
        rfm_zone_close(zone);
    }
}

static void local_times_equal_those_of_zoneinfo(void **state)
{
    (void)state;
    rfm_zone *zone = NULL;
    const char *opened = "";
    for (size_t i = 0; i < sizeof zone_vectors / sizeof *zone_vectors; i++) {
        rfm_timestamp time = {0};
        const char *name = zone_vectors[i].zone, *local = zone_vectors[i].local;
        if (strcmp(opened, name) != 0) {
            rfm_zone_close(zone);
            zone = open_zone(name);
            opened = name;
        }
        assert_int_equal(rfm_time_parse(local, strlen(local), RFM_TIME_AUTO, zone, &time), RFM_PARSE_OK);
        if (time.us != zone_vectors[i].utc_s * 1000000)
            fail_msg("%s %s is %" PRId64 " not %" PRId64, name, local, time.us / 1000000, zone_vectors[i].utc_s);
    }
    rfm_zone_close(zone);
}

/* A local time taken from an instant leads back to it, or to the earlier instant that reads the same. */
static void local_times_lead_back(void **state)
{
    (void)state;
    uint64_t sample = 2;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rfm_zone *zone = open_zone(names[i]);
        for (int j = 0; j < 100000; j++) {
            int64_t us = (int64_t)(draw(&sample) % UINT64_C(9467020800000000)) - INT64_C(2208988800000000);
            int64_t local = us + rfm_zone_offset_us(zone, us), back = rfm_zone_to_utc_us(zone, local);
            assert_true(back <= us && back + rfm_zone_offset_us(zone, back) == local);
        }
        rfm_zone_close(zone);
    }
}

static void days_begin_at_local_midnight(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rfm_zone *zone = open_zone(names[i]);
        for (int32_t day = 0; day < 25000; day++) {
            int64_t start = rfm_day_start_us(zone, day);
            bool never = strcmp(names[i], "Pacific/Apia") == 0 && day == 15338; /* 2011-12-30 */
            assert_int_equal(rfm_time_day(zone, start), day + never);
            assert_true(rfm_time_day(zone, start - 1) < day + never);
            int hour = rfm_time_hour(zone, start);
            assert_true(hour == 0 || hour == 1); /* 1 where the clock jumps at midnight */
        }
        rfm_zone_close(zone);
    }
}

static void dates_are_local_days(void **state)
{
    (void)state;
    rfm_zone *zone = open_zone("Europe/Paris");
    rfm_timestamp time;
    assert_int_equal(rfm_time_parse("2019-07-14", 10, RFM_TIME_AUTO, zone, &time), RFM_PARSE_OK);
    assert_true(time.date_only && time.us == INT64_C(1563055200000000));
    assert_int_equal(rfm_time_parse("2019-07-14T12:00Z", 17, RFM_TIME_AUTO, zone, &time), RFM_PARSE_OK);
    assert_true(!time.date_only && time.us == INT64_C(1563105600000000));
    assert_int_equal(rfm_time_hour(zone, time.us), 14);
    rfm_zone_close(zone);
}

static void universal_time_needs_no_zone_files(void **state)
{
    (void)state;
    setenv("TZDIR", "/nowhere", 1);
    rfm_zone *zone = open_zone("UTC");
    assert_true(rfm_zone_offset_us(zone, INT64_C(1571443200000000)) == 0);
    assert_true(rfm_zone_to_utc_us(zone, -5) == -5);
    rfm_zone_close(zone);
    rfm_error err = {0};
    assert_int_equal(rfm_zone_open("Europe/Paris", &zone, &err), RFM_USAGE);
    assert_non_null(strstr(err.message, "tzdata"));
    unsetenv("TZDIR");
}

static void unknown_names_are_usage_errors(void **state)
{
    (void)state;
    static const char *const unknown[] = {"",       "Europe/Pari", "../etc/passwd", "/etc/localtime",
                                          "Europe", "CET-1CEST",   "zone.tab",      "Mars/Olympus Mons"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        rfm_error err = {0};
        rfm_zone *zone = (rfm_zone *)1;
        assert_int_equal(rfm_zone_open(unknown[i], &zone, &err), RFM_USAGE);
        assert_null(zone);
        assert_non_null(strstr(err.message, unknown[i]));
    }
    rfm_zone_close(NULL);
}

static void the_own_zone_is_restored(void **state)
{
    (void)state;
    set_zone("Asia/Tokyo");
    rfm_zone_close(open_zone("Europe/Paris"));
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
    assert_int_equal(offset_by_libc_s(0), 9 * 3600);
    set_zone(NULL);
    rfm_zone_close(open_zone("Europe/Paris"));
    assert_null(getenv("TZ"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_equal_those_of_the_c_library),
        cmocka_unit_test(changes_are_exact),
        cmocka_unit_test(local_times_equal_those_of_zoneinfo),
        cmocka_unit_test(local_times_lead_back),
        cmocka_unit_test(days_begin_at_local_midnight),
        cmocka_unit_test(dates_are_local_days),
        cmocka_unit_test(universal_time_needs_no_zone_files),
        cmocka_unit_test(unknown_names_are_usage_errors),
        cmocka_unit_test(the_own_zone_is_restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
