/* Many rows, which are taken in stretches, say what the oracle says of each, wherever among them is one that is not as
 * it should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draw.h"
#include "levels.h"
#include "oracle.h"
#include "plain.h"

enum { N_DOCUMENTS = 60, MAX_ROWS = 3000 };

static const char *pick(uint64_t *state, const char *const *texts, size_t n)
{
    return texts[draw_below(state, n)];
}

#define PICK(state, ...)                                                                                               \
    pick(state, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* One row in `rarity` has something that is not plain in each of its columns. */
static void add_row(rfm_text *text, uint64_t *state, uint64_t rarity)
{
    const bool odd_id = draw_below(state, rarity) == 0, odd_time = draw_below(state, rarity) == 0,
               odd_amount = draw_below(state, rarity) == 0, odd_note = draw_below(state, rarity) == 0;
    if (odd_id)
        rfm_text_adds(text, PICK(state, "", "x", "007", " 12 ", "-5", "12.0", "12.5", "1234567890123456789",
                                 "99999999999999999999", "\"8\"", "a\"b", "+3"));
    else
        rfm_text_addf(text, "%d", (int)draw_below(state, 100000));
    if (odd_time)
        rfm_text_adds(text, PICK(state, ",,", ",20240105,", ",2024-01-05,", ",2024-01-05T10:00:00.5,", ",1704450000,",
                                 ",2024-01-05 24:00:00 UTC,", ",2024-03-31 02:30:00,", ",never,"));
    else
        rfm_text_addf(text, ",2024-0%d-0%d %02d:%02d:%02d UTC,", 1 + (int)draw_below(state, 6),
                      1 + (int)draw_below(state, 9), (int)draw_below(state, 24), (int)draw_below(state, 60),
                      (int)draw_below(state, 60));
    rfm_text_adds(text, PICK(state, "view", "view", "view", "purchase", "cart", "remove_from_cart", "", "purchases"));
    if (odd_amount)
        rfm_text_adds(text, PICK(state, ",", ",x", ",1e3", ",-2.50", ", 3 ", ",1.234", ",12345678.5", ",.", ",5."));
    else
        rfm_text_addf(text, ",%d.%02d", (int)draw_below(state, 3000), (int)draw_below(state, 100));
    rfm_text_adds(text, odd_note ? PICK(state, ",a,b\n", "\n", ",\"a, b\"\n", ",\r\n", ",x\r\n\r\n", ",\n\n", ",\"\n")
                                 : PICK(state, ",a note\n", ",7\n", ",\n", ",b\r\n"));
}

static rfm_text make_document(uint64_t *state)
{
    static const uint64_t rarities[] = {2, 10, 100, 1000, 100000};
    const uint64_t rarity = rarities[draw_below(state, 5)];
    rfm_text text = {0};
    rfm_text_adds(&text, "customer,time,event,amount,note\n");
    for (size_t n = draw_below(state, MAX_ROWS); n > 0; n--)
        add_row(&text, state, rarity);
    rfm_text_adds(&text, "");
    return text;
}

static const rfm_rule keep[] = {{RFM_RULE_NOT, "event", "cart"}, {RFM_RULE_ABOVE, "amount", "10"}};
static const rfm_rule noted[] = {{RFM_RULE_PRESENT, "note", NULL}, {RFM_RULE_BELOW, "amount", "1000"}};
static const char *const bought[] = {"purchase", "remove_from_cart"};
static const rfm_predicate predicates[] = {
    {0},
    {.events = bought, .n_events = 2},
    {.events = bought, .n_events = 1, .rules = noted, .n_rules = 2},
    {.rules = noted, .n_rules = 1, .hours = 0xFF00, .weekdays = 0x1F},
};
static const char *const hashed[] = {"note", "event", "time"};
static const rfm_number_source numbers[] = {
    {{"amount"}, 1}, {{"amount", "amount"}, 2}, {{"customer", "amount"}, 2}, {{"note"}, 1}};

static rfm_input make_input(uint64_t i)
{
    rfm_input input = harness_input();
    input.id_kind = i % 2 ? RFM_ID_INTEGER : RFM_ID_TEXT;
    input.event = i % 11 == 10 ? NULL : "event";
    input.hashes = hashed;
    input.n_hashes = i % 4;
    input.predicates = predicates;
    input.n_predicates = i % 5;
    input.rules = keep;
    input.n_rules = i % 7 % 3;
    input.numbers = numbers;
    input.n_numbers = 1 + i % 3 + (i % 13 == 12);
    input.zone = harness_zone(i % 3 ? "UTC" : "Europe/Paris");
    if (i % 5 == 0)
        input.as_of_us = INT64_C(1710000000000000);
    return input;
}

static void many_rows_say_what_the_oracle_says_of_each(void **unused)
{
    (void)unused;
    int64_t n_events = 0, n_filtered = 0, n_late = 0, n_rejects = 0;
    for (uint64_t i = 0; i < N_DOCUMENTS; i++) {
        uint64_t state = i;
        rfm_text text = make_document(&state);
        const rfm_input input = make_input(i);
        const char *path = harness_write("rows.csv", text.bytes, text.length);
        reading wanted = oracle_read(&input, text.bytes, text.length, RFM_ROW_LIMIT_BYTES);
        const int64_t cut = text.length > 2 ? 1 + (int64_t)draw_below(&state, text.length - 2) : 0;
        reading together = read_file(&input, path, (manner){.whole = true});
        reading in_two = read_as_callers_do(&input, path, (manner){.cuts = &cut, .n_cuts = cut > 0});
        assert_int_equal(wanted.err.status, RFM_OK);
        assert_string_equal(together.events.bytes, wanted.events.bytes);
        assert_string_equal(together.rejects.bytes, wanted.rejects.bytes);
        assert_memory_equal(&together.tally, &wanted.tally, sizeof wanted.tally);
        assert_int_equal(together.n_lines, wanted.n_lines);
        assert_string_equal(in_two.events.bytes, wanted.events.bytes);
        assert_string_equal(in_two.rejects.bytes, wanted.rejects.bytes);
        assert_int_equal(in_two.n_lines, wanted.n_lines);
        n_events += wanted.tally.n_events;
        n_filtered += wanted.tally.n_filtered;
        n_late += wanted.tally.n_after_as_of;
        n_rejects += wanted.tally.n_rows - wanted.tally.n_events - wanted.tally.n_filtered - wanted.tally.n_after_as_of;
        reading_free(&wanted);
        reading_free(&together);
        reading_free(&in_two);
        rfm_text_free(&text);
    }
    assert_in_range(n_events, 100 * N_DOCUMENTS, MAX_ROWS * N_DOCUMENTS);
    assert_in_range(n_filtered, 10 * N_DOCUMENTS, MAX_ROWS * N_DOCUMENTS);
    assert_in_range(n_late, 10 * N_DOCUMENTS, MAX_ROWS * N_DOCUMENTS);
    assert_in_range(n_rejects, 10 * N_DOCUMENTS, MAX_ROWS * N_DOCUMENTS);
}

static void add_in_groups(rfm_text *text, int64_t whole)
{
    if (whole >= 1000)
        add_in_groups(text, whole / 1000);
    rfm_text_addf(text, whole >= 1000 ? ".%03d" : "%d", (int)(whole % 1000));
}

/* The same row twice: with points and as ISO 8601 has it, and with commas and the day first. */
static void add_twins(uint64_t *state, bool integer_ids, rfm_text *usual, rfm_text *other)
{
    const int id = (int)draw_below(state, 1000), month = 1 + (int)draw_below(state, 6),
              day = 1 + (int)draw_below(state, 30);
    const int hour = (int)draw_below(state, 25), minute = (int)draw_below(state, 60),
              second = (int)draw_below(state, 60);
    const int64_t whole = (int64_t)(draw(state) % 10000000 >> draw_below(state, 24));
    const int cents = (int)draw_below(state, 100), odd = (int)draw_below(state, 200);
    const char *event = PICK(state, "view", "purchase", "cart"), *sign = draw_below(state, 20) ? "" : "-";
    const bool grouped = draw_below(state, 2), has_clock = draw_below(state, 10), has_fraction = draw_below(state, 3);
    rfm_text_addf(usual, "%d%s,2024-%02d-%02d", id, odd == 0 && integer_ids ? ".0" : "", month, day);
    rfm_text_addf(other, "%d%s;%02d.%02d.2024", id, odd == 0 && integer_ids ? ",0" : "", day, month);
    for (int i = 0; i < 2 && has_clock; i++)
        rfm_text_addf(i ? other : usual, " %02d:%02d:%02d%s", hour, minute, second, odd == 1 ? ".5" : "");
    rfm_text_addf(usual, ",%s,%s%lld", event, sign, (long long)whole);
    rfm_text_addf(other, ";%s;%s", event, sign);
    if (grouped)
        add_in_groups(other, whole);
    else
        rfm_text_addf(other, "%lld", (long long)whole);
    if (has_fraction) {
        rfm_text_addf(usual, ".%02d", cents);
        rfm_text_addf(other, ",%02d", cents);
    }
    rfm_text_adds(usual, odd == 2 ? "x,a note\n" : ",a note\n");
    rfm_text_adds(other, odd == 2 ? "x;a note\n" : odd == 3 ? ";\"a note\"\n" : ";a note\n");
}

static void commas_and_days_first_give_the_same_events(void **unused)
{
    (void)unused;
    int64_t n_events = 0, n_filtered = 0, n_rejects = 0;
    for (uint64_t i = 0; i < N_DOCUMENTS; i++) {
        uint64_t state = i + 1000;
        rfm_text usual = {0}, other = {0};
        rfm_input input = make_input(i);
        input.n_hashes = i % 3; /* without the times, whose texts differ */
        input.n_numbers = 1 + i % 3;
        rfm_text_adds(&usual, "customer,time,event,amount,note\n");
        rfm_text_adds(&other, "customer;time;event;amount;note\n");
        for (size_t n = draw_below(&state, MAX_ROWS); n > 0; n--)
            add_twins(&state, input.id_kind == RFM_ID_INTEGER, &usual, &other);
        reading wanted = read_text(&input, usual.bytes);
        input.dialect.delimiter = ';';
        input.notation = (rfm_notation){.comma = true, .thousands = RFM_THOUSANDS_POINT};
        input.time_format = RFM_TIME_DAY_FIRST;
        reading got = read_text(&input, other.bytes);
        assert_string_equal(got.events.bytes, wanted.events.bytes);
        wanted.tally.n_bytes = got.tally.n_bytes;
        assert_memory_equal(&got.tally, &wanted.tally, sizeof wanted.tally);
        n_events += got.tally.n_events;
        n_filtered += got.tally.n_filtered;
        n_rejects += got.tally.n_rows - got.tally.n_events - got.tally.n_filtered - got.tally.n_after_as_of;
        reading_free(&wanted);
        reading_free(&got);
        rfm_text_free(&usual);
        rfm_text_free(&other);
    }
    assert_in_range(n_events, 100 * N_DOCUMENTS, MAX_ROWS * N_DOCUMENTS);
    assert_in_range(n_filtered, 10 * N_DOCUMENTS, MAX_ROWS * N_DOCUMENTS);
    assert_in_range(n_rejects, 10 * N_DOCUMENTS, MAX_ROWS * N_DOCUMENTS);
}

static void a_product_that_is_too_large_is_refused_among_others(void **unused)
{
    (void)unused;
    rfm_text text = {0};
    rfm_input input = harness_input();
    input.numbers = &numbers[1];
    rfm_text_adds(&text, "customer,time,event,amount\n");
    for (int i = 0; i < 300; i++)
        rfm_text_addf(&text, "%d,2024-01-01,view,%s\n", i, i == 100 ? "12345678901" : "12");
    reading r = read_text(&input, text.bytes);
    assert_int_equal(r.tally.n_events, 299);
    assert_rejects(r, "102 number: product with '12345678901' is too large | 100,2024-01-01,view,12345678901\n");
    reading_free(&r);
    rfm_text_free(&text);
}

/* What is found of "1,2\n" 500 times, from where it is to the first row in its way. */
static void check_found(const char *change, size_t row, size_t most, size_t stop, size_t wanted)
{
    enum { N_ROWS = 500 };
    char bytes[4 * N_ROWS + 1];
    rfm_error err = {0};
    rfm_scanner s;
    for (size_t i = 0; i < N_ROWS; i++)
        memcpy(bytes + 4 * i, "1,2\n", 4);
    memcpy(bytes + 4 * row, change, strlen(change));
    rfm_scanner_open(&s, harness_input().dialect, true, 1000);
    assert_int_equal(rfm_scanner_expect(&s, 2, &err), RFM_OK);
    assert_int_equal(rfm_scanner_window(&s, bytes, sizeof bytes - 1, true, &err), RFM_OK);
    const rfm_plain rows = rfm_plain_find(&s, most, stop);
    assert_int_equal(rows.n, wanted);
    rfm_plain_pass(&rows, rows.n, &s);
    assert_int_equal(s.at, 4 * wanted);
    rfm_scanner_close(&s);
}

static void plain_rows_are_found_up_to_what_is_not(void **unused)
{
    (void)unused;
    check_found("", 0, 1000, SIZE_MAX, (2000 - RFM_PLAIN_ROOM) / 4);
    check_found("", 0, 100, SIZE_MAX, 100);
    check_found("", 0, 1000, 41, 11);
    check_found("", 0, 1000, 40, 10);
    check_found("", 0, 0, SIZE_MAX, 0);
    check_found("\"", 70, 1000, SIZE_MAX, 70);
    check_found("1,,", 70, 1000, SIZE_MAX, 70);
    check_found("112", 70, 1000, SIZE_MAX, 70);
    check_found("\n", 70, 1000, SIZE_MAX, 70);
    check_found("\n", 0, 1000, SIZE_MAX, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_rows_say_what_the_oracle_says_of_each),
        cmocka_unit_test(commas_and_days_first_give_the_same_events),
        cmocka_unit_test(a_product_that_is_too_large_is_refused_among_others),
        cmocka_unit_test(plain_rows_are_found_up_to_what_is_not),
    };
    return run_at_every_level(tests, harness_open, harness_close);
}
