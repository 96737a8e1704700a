/* A memory of dates says what the parser says, whatever was asked before: zones with changes of the clock, all shapes,
 * and bytes that are no time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draw.h"
#include "harness.h"
#include "times.h"

enum { TEXT_BYTES = 60, N_TEXTS = 60000 };

/* Few dates, so that they are met again; among them those on which clocks are changed, and the ends of time. */
static size_t make_text(uint64_t *state, char text[TEXT_BYTES])
{
    static const char *const dates[] = {"2024-03-31", "2024-10-27", "2024-03-30", "2024-04-01", "0001-01-01",
                                        "9999-12-31", "0000-01-01", "2023-02-29", "2024-02-29", "1970-01-01",
                                        "31.03.2024", "27/10/2024", "1.12.2024",  "12/11/1999", "11/12/1999"};
    static const char *const rests[] = {"",        " UTC", "Z",    "+02:00", "+0200", "-11",  " +23:59", "-23:59",
                                        "+14:00 ", ".5",   ".25Z", ",125",   " ",     " CET", "X"};
    const char *date = dates[draw_below(state, 15)], *rest = rests[draw_below(state, 15)];
    const int hour = (int)draw_below(state, 25), minute = (int)draw_below(state, 60),
              second = (int)draw_below(state, 61);
    char clock[20];
    snprintf(clock, sizeof clock, draw_below(state, 9) ? "%02d:%02d:%02d" : "%02d:%02d", hour, minute, second);
    const int n = snprintf(text, TEXT_BYTES - RFM_TIMES_MAX, "%s%s%c%s%s", draw_below(state, 20) ? "" : " ", date,
                           " T"[draw_below(state, 2)], draw_below(state, 30) ? clock : "", rest);
    if (draw_below(state, 10) == 0)
        text[draw_below(state, (size_t)n)] = (char)draw_below(state, 256);
    memset(text + n, '0', TEXT_BYTES - (size_t)n);
    return (size_t)n;
}

static void a_memory_says_what_the_parser_says(void **unused)
{
    (void)unused;
    static const char *const names[] = {"UTC", "Europe/Paris", "America/St_Johns", "Australia/Lord_Howe"};
    static const rfm_time_format formats[] = {RFM_TIME_AUTO, RFM_TIME_ISO, RFM_TIME_DATE, RFM_TIME_DAY_FIRST,
                                              RFM_TIME_MONTH_FIRST};
    size_t n_recalled = 0;
    uint64_t state = 4;
    for (size_t i = 0; i < 20; i++) {
        rfm_times times = {.format = formats[i / 4], .zone = harness_zone(names[i % 4])};
        for (int k = 0; k < N_TEXTS / 20; k++) {
            char text[TEXT_BYTES];
            const size_t n = make_text(&state, text);
            rfm_timestamp wanted = {0}, time = {0};
            int64_t us;
            const rfm_parse parse = rfm_time_parse(text, n, times.format, times.zone, &wanted);
            if (rfm_times_recall(&times, text, n, &us)) {
                assert_int_equal(parse, RFM_PARSE_OK);
                assert_int_equal(us, wanted.us);
                assert_false(wanted.date_only);
                n_recalled++;
            }
            char *exact = malloc(n > 0 ? n : 1);
            memcpy(exact, text, n);
            assert_int_equal(rfm_times_parse(&times, exact, n, &time), parse);
            if (parse == RFM_PARSE_OK) {
                assert_int_equal(time.us, wanted.us);
                assert_int_equal(time.date_only, wanted.date_only);
            }
            free(exact);
        }
    }
    assert_in_range(n_recalled, N_TEXTS / 20, N_TEXTS);
}

/* Of a day without changes all is recalled once one time of it was read; of the others nothing. */
static void days_on_which_the_clock_is_changed_are_not_remembered(void **unused)
{
    (void)unused;
    rfm_times times = {.zone = harness_zone("Europe/Paris")};
    rfm_timestamp time;
    int64_t us;
    char plain[60] = "2024-03-30 11:00:00", changed[60] = "2024-03-31 11:00:00", named[60] = "2024-03-31 11:00:00 UTC";
    rfm_times_parse(&times, plain, 19, &time);
    rfm_times_parse(&times, changed, 19, &time);
    memcpy(plain + 11, "23:59:59", 8);
    memcpy(changed + 11, "23:59:59", 8);
    assert_true(rfm_times_recall(&times, plain, 19, &us));
    assert_false(rfm_times_recall(&times, changed, 19, &us));
    rfm_times_parse(&times, named, 23, &time);
    assert_true(rfm_times_recall(&times, named, 23, &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_memory_says_what_the_parser_says),
        cmocka_unit_test(days_on_which_the_clock_is_changed_are_not_remembered),
    };
    return cmocka_run_group_tests(tests, harness_open, harness_close);
}
