/* From fields to events: ids, times, numbers, hashes, keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "days.h"
#include "seen.h"

static bool same_hash(rfm_hash128 a, rfm_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

static void text_ids_are_taken_as_they_stand(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    seen s = read_seen(&input, "customer,time,event,amount\n0017,20240101,e,\n 17,20240101,e,\n\"0017\",20240101,e,\n",
                       NULL, NULL);
    assert_int_equal(s.events[0].id_hash, rfm_hash64("0017", 4));
    assert_int_equal(s.events[1].id_hash, rfm_hash64(" 17", 3));
    assert_int_equal(s.events[2].id_hash, s.events[0].id_hash);
}

static void integer_ids_are_numbers_however_written(void **unused)
{
    (void)unused;
    rfm_input input = harness_input();
    input.id_kind = RFM_ID_INTEGER;
    seen s = read_seen(&input, "customer,time,event,amount\n17850.0,20240101,e,\n0017850,20240101,e,\n-5,20240101,e,\n",
                       NULL, NULL);
    assert_int_equal(s.events[0].id, 17850);
    assert_int_equal(s.events[1].id, 17850);
    assert_int_equal(s.events[2].id, -5);
    assert_int_equal(s.events[0].id_hash, rfm_hash64_integer(17850));
}

static void unreadable_customers_are_refused(void **unused)
{
    (void)unused;
    rfm_input input = harness_input();
    input.id_kind = RFM_ID_INTEGER;
    reading r = read_text(
        &input, "customer,time,event,amount\nann,20240101,e,\n99999999999999999999,20240101,e,\n,20240101,e,\n");
    assert_rejects(r,
                   "2 customer: customer 'ann' is no integer | ann,20240101,e,\n"
                   "3 customer: customer '99999999999999999999' is beyond 64 bits | 99999999999999999999,20240101,e,\n"
                   "4 customer: no customer | ,20240101,e,\n");
    reading_free(&r);
}

static void text_ids_may_have_255_bytes(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    rfm_text text = {0};
    rfm_text_adds(&text, "customer,time,event,amount\n");
    for (int n = 255; n <= 256; n++) {
        for (int i = 0; i < n; i++)
            rfm_text_adds(&text, "x");
        rfm_text_adds(&text, ",20240101,e,\n");
    }
    reading r = read_text(&input, text.bytes);
    assert_int_equal(r.tally.n_events, 1);
    assert_non_null(strstr(r.rejects.bytes, "3 customer: customer 'xxx"));
    assert_non_null(strstr(r.rejects.bytes, "...' is longer than 255 bytes"));
    rfm_text_free(&text);
    reading_free(&r);
}

static void times_are_utc_and_days_local(void **unused)
{
    (void)unused;
    rfm_input input = harness_input();
    input.zone = harness_zone("Europe/Paris");
    rfm_tally tally;
    seen s = read_seen(
        &input, "customer,time,event,amount\na,2024-01-01 00:30:00,e,\na,2024-01-01T00:30:00Z,e,\na,2024-01-01,e,\n",
        &tally, NULL);
    assert_int_equal(s.events[0].time_us, INT64_C(1704065400000000));
    assert_int_equal(s.events[1].time_us, INT64_C(1704069000000000));
    assert_int_equal(s.events[2].time_us, INT64_C(1704063600000000));
    for (int i = 0; i < 3; i++)
        assert_int_equal(s.events[i].day, 19723);
    assert_int_equal(tally.n_with_time_of_day, 2);
    assert_int_equal(tally.earliest_us, s.events[2].time_us);
    assert_int_equal(tally.newest_us, s.events[1].time_us);
}

/* Every half hour of two years, in zones whose clocks change at odd times. */
static void days_and_hours_are_the_zones_own(void **unused)
{
    (void)unused;
    static const char *const names[] = {"UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "America/Havana"};
    for (size_t z = 0; z < 5; z++) {
        rfm_days days = {.zone = harness_zone(names[z])};
        for (int64_t us = INT64_C(1199145600000000); us < INT64_C(1262304000000000); us += INT64_C(1800000000)) {
            assert_int_equal(rfm_days_day(&days, us), rfm_time_day(days.zone, us));
            assert_int_equal(rfm_days_hour(&days, us), rfm_time_hour(days.zone, us));
        }
        uint64_t state = 1;
        for (int i = 0; i < 20000; i++) { /* and in no order */
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            const int64_t us = (int64_t)(state >> 8) % INT64_C(1700000000000000);
            assert_int_equal(rfm_days_day(&days, us), rfm_time_day(days.zone, us));
            assert_int_equal(rfm_days_hour(&days, us), rfm_time_hour(days.zone, us));
        }
    }
}

static void unreadable_times_are_refused(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    reading r =
        read_text(&input, "customer,time,event,amount\na,2024-13-01,e,\na,,e,\na,0000-01-01,e,\na,20240101,e,\n");
    assert_rejects(r, "2 time: bad time '2024-13-01' | a,2024-13-01,e,\n3 time: no time | a,,e,\n"
                      "4 time: time '0000-01-01' is outside the years 1 to 9999 | a,0000-01-01,e,\n");
    reading_free(&r);
}

static const rfm_number_source sources[] = {{{"q"}, 1}, {{"p"}, 1}, {{"q", "p"}, 2}, {{"q", "q"}, 2}};

static rfm_input input_of_numbers(void)
{
    rfm_input input = harness_input();
    input.customer = "c";
    input.time = "t";
    input.event = NULL;
    input.numbers = sources;
    input.n_numbers = 4;
    return input;
}

static void numbers_and_products_are_exact(void **unused)
{
    (void)unused;
    const rfm_input input = input_of_numbers();
    seen s =
        read_seen(&input, "c,t,q,p\na,20240101,-3,2.55\na,20240101,0.01,\"1,5\"\na,20240101, 1e2 ,0.10\n", NULL, NULL);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.events[0].has_number, 15);
    assert_int_equal(s.events[0].numbers[0], -300);
    assert_int_equal(s.events[0].numbers[1], 255);
    assert_int_equal(s.events[0].numbers[2], -76500);
    assert_int_equal(s.events[0].numbers[3], 90000);
    assert_int_equal(s.events[1].numbers[2], 100000);
}

static void an_empty_number_and_its_products_are_null(void **unused)
{
    (void)unused;
    const rfm_input input = input_of_numbers();
    seen s = read_seen(&input, "c,t,q,p\na,20240101,,1\na,20240101,2,\na,20240101,,\n", NULL, NULL);
    assert_int_equal(s.events[0].has_number, 2);
    assert_int_equal(s.events[1].has_number, 1 | 8);
    assert_int_equal(s.events[2].has_number, 0);
}

static void numbers_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    const rfm_input input = input_of_numbers();
    reading r = read_text(&input, "c,t,q,p\na,20240101,1.234,1\na,20240101,x,1\na,20240101,92233720368547758.08,1\n"
                                  "a,20240101,90000000,9000000000\na,20240101,1,1\n");
    assert_rejects(r, "2 number: q '1.234' is too large or has more digits than input.decimals | a,20240101,1.234,1\n"
                      "3 number: q 'x' is no number | a,20240101,x,1\n"
                      "4 number: q '92233720368547758.08' is too large or has more digits than input.decimals | "
                      "a,20240101,92233720368547758.08,1\n"
                      "5 number: product with '9000000000' is too large | a,20240101,90000000,9000000000\n");
    assert_int_equal(r.tally.n_events, 1);
    reading_free(&r);
}

/* Who has not set the option learns that there is one. */
static void what_another_option_would_read_is_told(void **unused)
{
    (void)unused;
    rfm_input input = input_of_numbers();
    reading r = read_text(&input, "c,t,q,p\na,20240101,\"1,5\",1\na,20240101,\"1,5,\",1\na,31.12.2024,1,1\n"
                                  "a,12/31/2024,1,1\na,5/6/2024 8:26,1,1\na,31.12.24,1,1\n");
    assert_rejects(r, "2 number: q '1,5' is no number (input.decimal_mark: comma?) | a,20240101,\"1,5\",1\n"
                      "3 number: q '1,5,' is no number | a,20240101,\"1,5,\",1\n"
                      "4 time: bad time '31.12.2024' (input.time_format: day-first?) | a,31.12.2024,1,1\n"
                      "5 time: bad time '12/31/2024' (input.time_format: month-first?) | a,12/31/2024,1,1\n"
                      "6 time: bad time '5/6/2024 8:26' (input.time_format: day-first or month-first?) | "
                      "a,5/6/2024 8:26,1,1\n"
                      "7 time: bad time '31.12.24' | a,31.12.24,1,1\n");
    reading_free(&r);
    input.notation.comma = true;
    input.time_format = RFM_TIME_DAY_FIRST;
    r = read_text(&input, "c,t,q,p\na,31.12.2024,1.5,1\na,12/31/2024,1,1\na,2024-12-31,1,1\n");
    assert_rejects(r, "2 number: q '1.5' is no number (input.decimal_mark: point?) | a,31.12.2024,1.5,1\n"
                      "3 time: bad time '12/31/2024' (input.time_format: month-first?) | a,12/31/2024,1,1\n"
                      "4 time: bad time '2024-12-31' (input.time_format: auto?) | a,2024-12-31,1,1\n");
    reading_free(&r);
}

static void distinct_values_are_hashed_without_quotes(void **unused)
{
    (void)unused;
    static const char *const columns[] = {"event", "customer"};
    rfm_input input = harness_input();
    input.hashes = columns;
    input.n_hashes = 2;
    seen s = read_seen(&input, "customer,time,event,amount\na,20240101,\"x\"\"y\",\na,20240101,,\n", NULL, NULL);
    assert_int_equal(s.events[0].hashes[0], rfm_hash64("x\"y", 3));
    assert_int_equal(s.events[0].hashes[1], rfm_hash64("a", 1));
    assert_int_equal(s.events[1].has_hash, 2);
}

/* ---- dedupe ---------------------------------------------------------------------------------- */

static void rows_equal_after_parsing_have_equal_keys(void **unused)
{
    (void)unused;
    rfm_input input = harness_input();
    input.id_kind = RFM_ID_INTEGER;
    input.dedupe = RFM_DEDUPE_ROW;
    seen s = read_seen(&input,
                       "customer,time,event,amount,other\n"
                       "17850.0,2024-01-01 00:00:00,e,1.50,x\n"
                       "17850,20240101,\"e\",1.5,y\n"
                       "17850,20240101,e,1.51,y\n"
                       "17850,20240101,,,y\n"
                       "17850,20240101,,0,y\n"
                       "17850,20240102,e,1.5,y\n"
                       "17851,20240101,e,1.5,y\n",
                       NULL, NULL);
    assert_int_equal(s.n, 7);
    assert_true(same_hash(s.events[0].key, s.events[1].key));
    for (size_t i = 1; i < s.n; i++) {
        assert_true(same_hash(s.events[i].key, s.events[i].row));
        for (size_t j = i + 1; j < s.n; j++)
            assert_false(same_hash(s.events[i].key, s.events[j].key));
    }
}

static void text_that_moves_between_fields_changes_the_key(void **unused)
{
    (void)unused;
    static const char *const mapped[] = {"customer", "event"};
    rfm_input input = harness_input();
    input.dedupe = RFM_DEDUPE_ROW;
    input.mapped = mapped;
    input.n_mapped = 2;
    seen s =
        read_seen(&input, "customer,time,event,amount\nab,20240101,c,\na,20240101,bc,\nab,20240102,c,\n", NULL, NULL);
    assert_false(same_hash(s.events[0].key, s.events[1].key));
    assert_true(same_hash(s.events[0].key, s.events[2].key));
}

static void a_key_column_decides_unless_it_is_empty(void **unused)
{
    (void)unused;
    rfm_input input = harness_input();
    input.dedupe = RFM_DEDUPE_COLUMN;
    input.dedupe_column = "no";
    seen s = read_seen(
        &input, "customer,time,event,amount,no\na,20240101,e,1,7\nb,20240101,e,2,\"7\"\nc,20240101,e,1,\n", NULL, NULL);
    assert_true(same_hash(s.events[0].key, s.events[1].key));
    assert_true(same_hash(s.events[0].key, rfm_hash128_of("7", 1)));
    assert_false(same_hash(s.events[0].row, s.events[1].row));
    assert_true(same_hash(s.events[2].key, s.events[2].row));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_ids_are_taken_as_they_stand),
        cmocka_unit_test(integer_ids_are_numbers_however_written),
        cmocka_unit_test(unreadable_customers_are_refused),
        cmocka_unit_test(text_ids_may_have_255_bytes),
        cmocka_unit_test(times_are_utc_and_days_local),
        cmocka_unit_test(days_and_hours_are_the_zones_own),
        cmocka_unit_test(unreadable_times_are_refused),
        cmocka_unit_test(numbers_and_products_are_exact),
        cmocka_unit_test(an_empty_number_and_its_products_are_null),
        cmocka_unit_test(numbers_that_do_not_fit_are_refused),
        cmocka_unit_test(what_another_option_would_read_is_told),
        cmocka_unit_test(distinct_values_are_hashed_without_quotes),
        cmocka_unit_test(rows_equal_after_parsing_have_equal_keys),
        cmocka_unit_test(text_that_moves_between_fields_changes_the_key),
        cmocka_unit_test(a_key_column_decides_unless_it_is_empty),
    };
    return cmocka_run_group_tests(tests, harness_open, harness_close);
}
