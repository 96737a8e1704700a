/* Random text, read in random shards by random blocks, gives what the slow parser gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "levels.h"
#include "oracle.h"

enum { N_DOCUMENTS = 3000, MAX_CUTS = 7 };

static uint64_t state;

/* What the documents had in them, so that a generator gone dull is noticed. */
static int n_with[RFM_N_REASONS], n_events, n_reread, n_fatal;

static uint64_t draw(uint64_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % below;
}

static const char *pick(const char *const *from, size_t n)
{
    return from[draw(n)];
}
#define PICK(list) pick(list, sizeof(list) / sizeof *(list))

static const char *const ids[] = {
    "7", "0007", "17850.0", "ann", "bob", "", "a,b", "x\"y", "-3", "9999999999999999999", "l\nm"};
static const char *const times[] = {"2024-01-05",
                                    "2024-01-05 10:11:12",
                                    "20240106",
                                    "2024-02-30",
                                    "",
                                    "2024-03-31T02:30:00",
                                    "1700000000",
                                    "soon",
                                    "2024-06-01 00:00:00 UTC",
                                    "2024-06-01 00:00:00 UTC"};
static const char *const events[] = {"view", "view", "purchase", "cart", "", "pur\"chase", "v\r\nw"};
static const char *const amounts[] = {"1.50", "12", "-2.25", "", "abc", "1.234", "1e1", "99999999999999999999", "0"};
static const char *const notes[] = {"",    "n",   "a long note, with commas", "say \"yes\"", "line\nbreak", "\r",
                                    "caf", "a\"b"};

static void add_field(rfm_text *text, const char *field, uint64_t quoting)
{
    if (draw(100) >= quoting && !strpbrk(field, "\",\n\r")) {
        rfm_text_adds(text, field);
        return;
    }
    if (draw(20) == 0) { /* as it stands, wrong or not */
        rfm_text_adds(text, field);
        return;
    }
    rfm_text_adds(text, "\"");
    for (; *field; field++)
        rfm_text_adds(text, *field == '"' ? "\"\"" : (char[]){*field, 0});
    rfm_text_adds(text, "\"");
}

static void add_row(rfm_text *text, const char *line_end)
{
    const uint64_t quoting = draw(4) == 0 ? 60 : 2;
    const uint64_t plain = draw(4) > 0; /* most rows without line ends inside */
    const char *fields[5] = {PICK(ids), PICK(times), PICK(events), PICK(amounts), PICK(notes)};
    const size_t n = draw(25) == 0 ? 1 + draw(5) : 5;
    for (size_t i = 0; i < n; i++) {
        if (plain && strpbrk(fields[i], "\n\r"))
            fields[i] = "z";
        if (i > 0)
            rfm_text_adds(text, ",");
        add_field(text, fields[i], quoting);
    }
    if (draw(40) == 0)
        rfm_text_adds(text, ",more");
    rfm_text_adds(text, line_end);
}

static void spoil(rfm_text *text, size_t from)
{
    static const char bad[] = {'"', '"', ',', '\n', '\r', '\0', ' ', '7'};
    if (text->length > from)
        text->bytes[from + draw(text->length - from)] = bad[draw(sizeof bad)];
}

static rfm_text make_document(void)
{
    static const char *const line_ends[] = {"\n", "\r\n"};
    rfm_text text = {0};
    rfm_text_adds(&text, draw(6) == 0 ? "\xEF\xBB\xBF" : "");
    if (draw(8) == 0)
        rfm_text_adds(&text, draw(2) ? "\n" : "\r\n\n");
    rfm_text_adds(&text,
                  draw(5) == 0 ? "\"customer\",time,\"event\",amount,note\n" : "customer,time,event,amount,note\r\n");
    const size_t header = draw(50) == 0 ? 0 : text.length;
    const uint64_t n = draw(30);
    for (uint64_t i = 0; i < n; i++) {
        add_row(&text, PICK(line_ends));
        if (draw(12) == 0)
            rfm_text_adds(&text, PICK(line_ends));
    }
    for (uint64_t i = draw(3) == 0 ? draw(4) : 0; i > 0; i--)
        spoil(&text, header);
    if (draw(3) == 0 && text.length > header)
        text.length -= draw(text.length - header);
    return text;
}

static int ascending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void compare(const reading *read, const reading *wanted)
{
    assert_int_equal(read->err.status != RFM_OK, wanted->err.status != RFM_OK);
    if (wanted->err.status != RFM_OK)
        return;
    assert_string_equal(read->rejects.bytes, wanted->rejects.bytes);
    assert_string_equal(read->events.bytes, wanted->events.bytes);
    assert_int_equal(read->n_lines, wanted->n_lines);
    assert_memory_equal(&read->tally.n_events, &wanted->tally.n_events, sizeof(int64_t));
    assert_int_equal(read->tally.n_rows, wanted->tally.n_rows);
    assert_int_equal(read->tally.n_filtered, wanted->tally.n_filtered);
    assert_int_equal(read->tally.n_after_as_of, wanted->tally.n_after_as_of);
    assert_int_equal(read->tally.n_with_time_of_day, wanted->tally.n_with_time_of_day);
    if (wanted->tally.n_events > 0) {
        assert_int_equal(read->tally.earliest_us, wanted->tally.earliest_us);
        assert_int_equal(read->tally.newest_us, wanted->tally.newest_us);
    }
}

static void read_both_ways(const rfm_input *input, const rfm_text *text)
{
    static const size_t limits[] = {0, 0, 30, 60, 120};
    static const size_t blocks[] = {1, 5, 16, 64, 100, 1000, 0};
    int64_t cuts[MAX_CUTS];
    const size_t n_cuts = text->length > 1 ? draw(MAX_CUTS + 1) : 0;
    for (size_t i = 0; i < n_cuts; i++)
        cuts[i] = 1 + (int64_t)draw(text->length - 1);
    qsort(cuts, n_cuts, sizeof *cuts, ascending);
    const size_t limit = limits[draw(5)];
    const manner how = {.cuts = cuts, .n_cuts = n_cuts, .block_bytes = blocks[draw(7)], .limit = limit};
    const char *path = harness_write("random.csv", text->bytes, text->length);
    reading wanted = oracle_read(input, text->bytes, text->length, limit ? limit : (size_t)1 << 20);
    reading read = read_as_callers_do(input, path, how);
    compare(&read, &wanted);
    for (int reason = 0; reason < RFM_N_REASONS; reason++) {
        char named[20];
        snprintf(named, sizeof named, " %s: ", rfm_reason_name((rfm_reason)reason));
        n_with[reason] += strstr(read.rejects.bytes, named) != NULL;
    }
    n_events += (int)read.tally.n_events;
    n_reread += read.was_read_again;
    n_fatal += read.err.status != RFM_OK;
    reading_free(&read);
    reading_free(&wanted);
}

static const rfm_rule keep[] = {{RFM_RULE_NOT, "event", "cart"}, {RFM_RULE_ABOVE, "amount", "-1"}};
static const rfm_rule noted[] = {{RFM_RULE_PRESENT, "note", NULL}, {RFM_RULE_NOT_PREFIX, "note", "a "}};
static const char *const bought[] = {"purchase", "pur\"chase"};
static const rfm_predicate predicates[] = {
    {0},
    {.events = bought, .n_events = 2},
    {.events = bought, .n_events = 1, .rules = noted, .n_rules = 2},
    {.rules = noted, .n_rules = 1, .hours = 0xFF00, .weekdays = 0x1F},
};
static const char *const hashed[] = {"note", "event"};

/* Inputs that differ in what they ask. */
static rfm_input make_input(uint64_t i)
{
    rfm_input input = harness_input();
    input.id_kind = i % 2 ? RFM_ID_INTEGER : RFM_ID_TEXT;
    input.hashes = hashed;
    input.n_hashes = i % 3;
    input.predicates = predicates;
    input.n_predicates = i % 5;
    input.rules = keep;
    input.n_rules = i % 7 % 3;
    input.zone = harness_zone(i % 4 ? "UTC" : "Europe/Paris");
    if (i % 6 == 0)
        input.as_of_us = INT64_C(1704450000000000);
    return input;
}

static void any_sharding_and_block_size_gives_the_same_events_and_rejects(void **unused)
{
    (void)unused;
    memset(n_with, 0, sizeof n_with);
    n_events = n_reread = n_fatal = 0;
    for (uint64_t i = 0; i < N_DOCUMENTS; i++) {
        state = i;
        rfm_text text = make_document();
        const rfm_input input = make_input(i);
        read_both_ways(&input, &text);
        rfm_text_free(&text);
    }
    for (int reason = 0; reason < RFM_N_REASONS; reason++)
        assert_in_range(n_with[reason], N_DOCUMENTS / 60, N_DOCUMENTS);
    assert_in_range(n_reread, N_DOCUMENTS / 20, N_DOCUMENTS);
    assert_in_range(n_fatal, N_DOCUMENTS / 100, N_DOCUMENTS / 2);
    assert_in_range(n_events, N_DOCUMENTS, 40 * N_DOCUMENTS);
}

static void rows_of_words_do_too(void **unused)
{
    (void)unused;
    static const char *const words[] = {"7", "20240105", "1.5", "x", "2024-01-05", "\"q\""};
    static const char *const gaps[] = {" ", "  ", "\t", " \t "};
    static const char *const ends[] = {"\n", "\r\n", " \n", "\t\r\n", "\n\n", "\n \t\n"};
    static const rfm_number_source third = {.columns = {"3"}, .n_columns = 1};
    rfm_input input = harness_input();
    input.header = false;
    input.dialect.delimiter = ' ';
    input.customer = "1";
    input.time = "2";
    input.event = NULL;
    input.numbers = &third;
    for (uint64_t i = 0; i < N_DOCUMENTS; i++) {
        rfm_text text = {0};
        state = i;
        rfm_text_adds(&text, draw(6) == 0 ? "\xEF\xBB\xBF 8 20240101 2\n" : "8 20240101 2\n");
        for (uint64_t row = draw(20); row > 0; row--) {
            rfm_text_adds(&text, draw(3) ? "" : PICK(gaps));
            for (uint64_t n = draw(5) ? 3 : draw(5); n > 0; n--) {
                rfm_text_adds(&text, n == 3 ? "7" : PICK(words));
                rfm_text_adds(&text, n == 1 ? "" : PICK(gaps));
            }
            rfm_text_adds(&text, PICK(ends));
        }
        for (uint64_t n = draw(4) == 0 ? draw(3) : 0; n > 0; n--)
            spoil(&text, 13);
        if (draw(3) == 0 && text.length > 13)
            text.length -= draw(text.length - 13);
        read_both_ways(&input, &text);
        rfm_text_free(&text);
    }
}

static void without_a_header_the_first_good_row_sets_the_number_of_fields(void **unused)
{
    (void)unused;
    rfm_input input = harness_input();
    static const rfm_number_source fourth = {.columns = {"4"}, .n_columns = 1};
    input.header = false;
    input.customer = "1";
    input.time = "2";
    input.event = "3";
    input.numbers = &fourth;
    for (uint64_t i = 0; i < N_DOCUMENTS / 4; i++) {
        rfm_text text = {0};
        state = i;
        rfm_text_adds(&text, draw(4) == 0 ? "\"bad\"row,1,2\n" : "");
        for (uint64_t n = draw(12); n > 0; n--)
            add_row(&text, "\n");
        rfm_text_adds(&text, "");
        for (uint64_t n = draw(3); n > 0; n--)
            spoil(&text, 0);
        read_both_ways(&input, &text);
        rfm_text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_sharding_and_block_size_gives_the_same_events_and_rejects),
        cmocka_unit_test(rows_of_words_do_too),
        cmocka_unit_test(without_a_header_the_first_good_row_sets_the_number_of_fields),
    };
    return run_at_every_level(tests, harness_open, harness_close);
}
