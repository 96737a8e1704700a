/* Keep rules, predicates, and the order of decisions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules.h"
#include "seen.h"

static int64_t count_kept(rfm_rule rule, const char *values)
{
    rfm_input input = harness_input();
    rfm_text text = {0};
    rfm_tally tally;
    int64_t rejected[RFM_N_REASONS];
    input.rules = &rule;
    input.n_rules = 1;
    input.n_numbers = 0;
    rfm_text_adds(&text, "customer,time,event,amount\n");
    for (const char *at = values; *at; at++)
        if (*at != ';') {
            const size_t n = strcspn(at, ";");
            rfm_text_addf(&text, "a,20240101,e,%.*s\n", (int)n, at);
            at += n - 1;
        } else if (at[1] == ';') {
            rfm_text_adds(&text, "a,20240101,e,\n");
        }
    read_seen(&input, text.bytes, &tally, rejected);
    rfm_text_free(&text);
    assert_int_equal(tally.n_rows, tally.n_events + tally.n_filtered + rejected[RFM_REASON_NUMBER]);
    return tally.n_events;
}

static void text_rules_compare_the_whole_text_or_its_start(void **unused)
{
    (void)unused;
    assert_int_equal(count_kept((rfm_rule){RFM_RULE_EQUAL, "amount", "ab"}, "ab;abc;a;\"ab\";;AB"), 2);
    assert_int_equal(count_kept((rfm_rule){RFM_RULE_NOT, "amount", "ab"}, "ab;abc;a;\"ab\";;AB"), 4);
    assert_int_equal(count_kept((rfm_rule){RFM_RULE_PREFIX, "amount", "ab"}, "ab;abc;a;\"abx\";;AB"), 3);
    assert_int_equal(count_kept((rfm_rule){RFM_RULE_NOT_PREFIX, "amount", "ab"}, "ab;abc;a;\"abx\";;AB"), 3);
    assert_int_equal(count_kept((rfm_rule){RFM_RULE_PRESENT, "amount", NULL}, "ab;;\"\";0; "), 3);
    assert_int_equal(count_kept((rfm_rule){RFM_RULE_EQUAL, "amount", "a\"b"}, "\"a\"\"b\";a\"b"), 2);
}

static void number_rules_are_strict_and_exact(void **unused)
{
    (void)unused;
    assert_int_equal(count_kept((rfm_rule){RFM_RULE_ABOVE, "amount", "0"}, "0;0.00;-0;0.01;1;;-1;1e-30"), 3);
    assert_int_equal(count_kept((rfm_rule){RFM_RULE_BELOW, "amount", "0"}, "0;0.00;-0;0.01;1;;-1;-1e-30"), 2);
    assert_int_equal(count_kept((rfm_rule){RFM_RULE_ABOVE, "amount", "0.1234567890123456789012345"},
                                "0.1234567890123456789012345;0.12345678901234567890123451;0.1235;0.1"),
                     2);
    assert_int_equal(count_kept((rfm_rule){RFM_RULE_BELOW, "amount", "100000000000000000000000"},
                                "99999999999999999999999.9;1e23;100000000000000000000000.0;0.9999e23;abc"),
                     2);
}

static void decimals_of_any_length_are_ordered(void **unused)
{
    (void)unused;
    static const char *const ascending[] = {"-1e99999999999999999999",
                                            "-1e40",
                                            "-123456789012345678901.5",
                                            "-123456789012345678901.4",
                                            "-1",
                                            "-.5",
                                            "-1e-99",
                                            "0",
                                            "1e-99",
                                            "1e-98",
                                            "0.05",
                                            "5e-1",
                                            "0.51",
                                            "1",
                                            "9.99",
                                            "10",
                                            "1e22",
                                            "1.0000001e22",
                                            "1e99999999999999999999"};
    static const char *const equal[][2] = {{"0", "-0.00"}, {"1", "1.000"}, {"100", "1e2"}, {"0.01", "1e-2"},
                                           {".5", "0.5"},  {"5.", " +5 "}, {"0e99", "0"},  {"00012.50", "1250e-2"}};
    const size_t n = sizeof ascending / sizeof *ascending;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            assert_int_equal(rfm_decimal_compare((rfm_notation){0}, ascending[i], strlen(ascending[i]), ascending[j],
                                                 strlen(ascending[j])),
                             (i > j) - (i < j));
    for (size_t i = 0; i < sizeof equal / sizeof *equal; i++)
        assert_int_equal(
            rfm_decimal_compare((rfm_notation){0}, equal[i][0], strlen(equal[i][0]), equal[i][1], strlen(equal[i][1])),
            0);
}

static void a_rule_that_compares_with_no_number_is_a_usage_error(void **unused)
{
    (void)unused;
    const rfm_rule rule = {RFM_RULE_ABOVE, "amount", "cheap"};
    rfm_input input = harness_input();
    input.rules = &rule;
    input.n_rules = 1;
    reading r = read_text(&input, "customer,time,event,amount\n");
    assert_int_equal(r.err.status, RFM_USAGE);
    assert_string_equal(r.err.message, "rule on column 'amount': 'cheap' is no number");
    reading_free(&r);
}

/* ---- the order of decisions ------------------------------------------------------------------ */

static void unreadable_then_filtered_then_missing_then_late(void **unused)
{
    (void)unused;
    const rfm_rule rules[] = {{RFM_RULE_PRESENT, "customer", NULL}, {RFM_RULE_ABOVE, "amount", "0"}};
    rfm_input input = harness_input();
    rfm_tally tally;
    int64_t rejected[RFM_N_REASONS];
    input.rules = rules;
    input.n_rules = 2;
    input.as_of_us = INT64_C(1704067200000000); /* 2024-01-01 */
    read_seen(&input,
              "customer,time,event,amount\n"
              ",20240101,e,1\n"    /* no customer, and a rule says so: filtered */
              ",soon,e,1\n"        /* unreadable before filtered */
              "a,20240101,e,-1\n"  /* filtered */
              "a,,e,-1\n"          /* filtered before missing */
              "a,,e,1\n"           /* missing */
              "a,20240102,e,1\n"   /* late */
              "a,20240102,e,-1\n"  /* filtered before late */
              "a,20240101,e,1\n"   /* kept: not later than as_of */
              "a,20240102,e,1x\n", /* unreadable before late */
              &tally, rejected);
    assert_int_equal(tally.n_rows, 9);
    assert_int_equal(tally.n_filtered, 4);
    assert_int_equal(tally.n_after_as_of, 1);
    assert_int_equal(tally.n_events, 1);
    assert_int_equal(rejected[RFM_REASON_TIME], 2);
    assert_int_equal(rejected[RFM_REASON_NUMBER], 1);
    assert_int_equal(rejected[RFM_REASON_CUSTOMER], 0);
}

/* ---- predicates ------------------------------------------------------------------------------ */

static void predicates_select_by_event_fields_hours_and_weekdays(void **unused)
{
    (void)unused;
    static const char *const buys[] = {"purchase", "order"}, *const views[] = {"view"};
    const rfm_rule dear = {RFM_RULE_ABOVE, "amount", "10"};
    const rfm_rule both[] = {dear, {RFM_RULE_NOT, "customer", "b"}};
    const rfm_predicate predicates[] = {
        {0},
        {.events = buys, .n_events = 2},
        {.events = views, .n_events = 1, .rules = &dear, .n_rules = 1},
        {.rules = both, .n_rules = 2},
        {.hours = 1U << 9 | 1U << 23},
        {.weekdays = 1U << 5 | 1U << 6, .events = views, .n_events = 1},
    };
    rfm_input input = harness_input();
    input.zone = harness_zone("Europe/Paris");
    input.predicates = predicates;
    input.n_predicates = 6;
    seen s = read_seen(&input,
                       "customer,time,event,amount\n"
                       "a,2024-01-06 09:59:59,view,11\n" /* a Saturday */
                       "a,2024-01-06 10:00:00,order,10\n"
                       "b,2024-01-05 23:30:00Z,view,11\n"   /* half past midnight there, Saturday */
                       "b,2024-01-08 23:30:00,Purchase,\n", /* Monday; names compare exactly */
                       NULL, NULL);
    assert_int_equal(s.events[0].where, 1 | 4 | 8 | 16 | 32);
    assert_int_equal(s.events[1].where, 1 | 2);
    assert_int_equal(s.events[2].where, 1 | 4 | 32);
    assert_int_equal(s.events[3].where, 1 | 16);
}

static void without_an_event_column_every_row_is_a_purchase(void **unused)
{
    (void)unused;
    static const char *const buys[] = {"purchase"}, *const views[] = {"view"};
    const rfm_predicate predicates[] = {{.events = buys, .n_events = 1}, {.events = views, .n_events = 1}};
    rfm_input input = harness_input();
    input.event = NULL;
    input.predicates = predicates;
    input.n_predicates = 2;
    seen s = read_seen(&input, "customer,time,amount\na,20240101,1\n", NULL, NULL);
    assert_int_equal(s.events[0].where, 1);
}

static void sixty_four_predicates_are_possible_and_no_more(void **unused)
{
    (void)unused;
    rfm_predicate predicates[65] = {{0}};
    rfm_input input = harness_input();
    predicates[63].hours = 2;
    input.predicates = predicates;
    input.n_predicates = 64;
    seen s = read_seen(&input, "customer,time,event,amount\na,20240101,e,1\n", NULL, NULL);
    assert_int_equal(s.events[0].where, UINT64_MAX >> 1);
    input.n_predicates = 65;
    reading r = read_text(&input, "customer,time,event,amount\n");
    assert_int_equal(r.err.status, RFM_USAGE);
    reading_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_rules_compare_the_whole_text_or_its_start),
        cmocka_unit_test(number_rules_are_strict_and_exact),
        cmocka_unit_test(decimals_of_any_length_are_ordered),
        cmocka_unit_test(a_rule_that_compares_with_no_number_is_a_usage_error),
        cmocka_unit_test(unreadable_then_filtered_then_missing_then_late),
        cmocka_unit_test(predicates_select_by_event_fields_hours_and_weekdays),
        cmocka_unit_test(without_an_event_column_every_row_is_a_purchase),
        cmocka_unit_test(sixty_four_predicates_are_possible_and_no_more),
    };
    return cmocka_run_group_tests(tests, harness_open, harness_close);
}
