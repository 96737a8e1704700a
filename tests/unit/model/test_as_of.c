/* as-of: what is kept, and the moment differences are taken from. */
#include "expect.h"

static const int64_t DAY = RFM_DAY_US;
static const int64_t OCTOBER_31 = 18200 * RFM_DAY_US; /* 2019-10-31T00:00:00Z */

static rfm_as_of_rule parse(const char *text, const char *zone_name)
{
    rfm_zone *zone;
    rfm_as_of_rule rule;
    rfm_error err = {0};
    rfm_zone_open(zone_name, &zone, &err);
    rfm_as_of_parse(text, zone, &rule, &err);
    assert_fine(&err);
    rfm_zone_close(zone);
    return rule;
}

static rfm_as_of resolve(const rfm_as_of_rule *rule, const rfm_extent *extent, const char *zone_name)
{
    rfm_zone *zone;
    rfm_error err = {0};
    rfm_zone_open(zone_name, &zone, &err);
    assert_fine(&err);
    const rfm_as_of as_of = rfm_as_of_resolve(rule, extent, zone);
    rfm_zone_close(zone);
    return as_of;
}

static void latest_is_the_newest_kept_event(void **state)
{
    (void)state;
    const rfm_as_of_rule rule = parse("latest", "UTC");
    assert_true(rule.latest && rule.keep_until_us == INT64_MAX);
    const rfm_extent extent = {
        .n_events = 3, .earliest_us = 5 * DAY, .newest_us = 9 * DAY + 1, .n_with_time_of_day = 3};
    const rfm_as_of as_of = resolve(&rule, &extent, "UTC");
    assert_true(as_of.us == 9 * DAY + 1 && as_of.day == 9 && as_of.span_us == 4 * DAY + 1);
    const rfm_extent none = {0};
    assert_true(resolve(&rule, &none, "UTC").span_us == 0);
}

static void a_date_keeps_its_whole_day(void **state)
{
    (void)state;
    static const char *const texts[] = {"2019-10-31", "20191031"};
    for (int i = 0; i < 2; i++) {
        const rfm_as_of_rule rule = parse(texts[i], "UTC");
        assert_true(rule.is_date && rule.day_start_us == OCTOBER_31 && rule.keep_until_us == OCTOBER_31 + DAY - 1);
    }
}

static void between_dates_a_date_is_itself_so_that_whole_days_come_out(void **state)
{
    (void)state;
    const rfm_as_of_rule rule = parse("2019-10-31", "UTC");
    rfm_extent extent = {.n_events = 2, .earliest_us = OCTOBER_31 - 10 * DAY, .newest_us = OCTOBER_31 - DAY};
    rfm_as_of as_of = resolve(&rule, &extent, "UTC");
    assert_true(as_of.us == OCTOBER_31 && as_of.day == 18200 && as_of.span_us == 10 * DAY);
    extent.n_with_time_of_day = 1;
    as_of = resolve(&rule, &extent, "UTC");
    assert_true(as_of.us == OCTOBER_31 + DAY - 1 && as_of.day == 18200 && as_of.span_us == 11 * DAY - 1);
}

static void a_timestamp_is_a_moment(void **state)
{
    (void)state;
    const rfm_as_of_rule rule = parse("2019-10-31T12:00:00Z", "UTC");
    const rfm_extent dates = {.n_events = 1, .earliest_us = OCTOBER_31, .newest_us = OCTOBER_31};
    assert_true(!rule.is_date && rule.keep_until_us == OCTOBER_31 + DAY / 2);
    assert_true(resolve(&rule, &dates, "UTC").us == OCTOBER_31 + DAY / 2);
}

static void days_are_those_of_the_zone(void **state)
{
    (void)state;
    /* Summer time ended in Paris on 2019-10-27: that day had 25 hours. */
    const rfm_as_of_rule rule = parse("2019-10-27", "Europe/Paris");
    assert_true(rule.day_start_us == OCTOBER_31 - 4 * DAY - 2 * DAY / 24);
    assert_true(rule.keep_until_us == rule.day_start_us + 25 * DAY / 24 - 1);
    const rfm_extent extent = {.n_events = 1, .earliest_us = 0, .newest_us = 0, .n_with_time_of_day = 1};
    assert_int_equal(resolve(&rule, &extent, "Europe/Paris").day, 18196);
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "yesterday", "2019-13-01", "2019-02-30", "Latest"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rfm_as_of_rule rule;
        rfm_zone *zone;
        rfm_error err = {0};
        rfm_zone_open("UTC", &zone, &err);
        rfm_as_of_parse(texts[i], zone, &rule, &err);
        assert_failed(&err, RFM_USAGE, "features.as_of");
        rfm_zone_close(zone);
    }
}

static void dates_are_whole_days_apart_though_the_clock_was_put_back_between_them(void **state)
{
    (void)state;
    const rfm_as_of_rule rule = parse("2019-10-31", "Europe/Paris");
    const int64_t october_20 = OCTOBER_31 - 11 * DAY - DAY / 12; /* 22:00 UTC of the 19th: summer time */
    rfm_extent extent = {.n_events = 2, .earliest_us = october_20, .newest_us = october_20 + DAY};
    rfm_as_of as_of = resolve(&rule, &extent, "Europe/Paris");
    assert_true(as_of.us == OCTOBER_31 - DAY / 24 && as_of.whole_days && as_of.span_us == 11 * DAY);
    assert_true(rfm_as_of_difference_us(&as_of, october_20 + DAY, as_of.us) == 10 * DAY);
    assert_true(rfm_as_of_difference_us(&as_of, as_of.us, october_20) == -11 * DAY);
    extent.n_with_time_of_day = 1;
    as_of = resolve(&rule, &extent, "Europe/Paris");
    assert_true(!as_of.whole_days && rfm_as_of_difference_us(&as_of, october_20, october_20 + 5) == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latest_is_the_newest_kept_event),
        cmocka_unit_test(a_date_keeps_its_whole_day),
        cmocka_unit_test(between_dates_a_date_is_itself_so_that_whole_days_come_out),
        cmocka_unit_test(dates_are_whole_days_apart_though_the_clock_was_put_back_between_them),
        cmocka_unit_test(a_timestamp_is_a_moment),
        cmocka_unit_test(days_are_those_of_the_zone),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
