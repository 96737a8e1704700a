/* What is a row, what is a field, and what is refused: one case at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"
#include "levels.h"
#include "scanner.h"

#define HEADER "customer,time,event,amount\n"

/* The ids of the events that text gives, each followed by '/'. */
static void check_ids(const rfm_input *input, const char *text, const char *ids, const char *rejects)
{
    reading r = read_text(input, text);
    assert_int_equal(r.err.status, RFM_OK);
    assert_rejects(r, rejects);
    rfm_text found = {0};
    rfm_text_adds(&found, "");
    for (const char *line = r.events.bytes; *line; line = strchr(line, '\n') + 1) {
        const char *end = strstr(line, " #");
        rfm_text_add(&found, line, (size_t)(end - line));
        rfm_text_adds(&found, "/");
        line = end;
    }
    assert_string_equal(found.bytes, ids);
    rfm_text_free(&found);
    reading_free(&r);
}

static void check(const char *rows, const char *ids, const char *rejects)
{
    const rfm_input input = harness_input();
    rfm_text text = {0};
    rfm_text_adds(&text, HEADER);
    rfm_text_adds(&text, rows);
    check_ids(&input, text.bytes, ids, rejects);
    rfm_text_free(&text);
}

static void lf_and_crlf_end_a_row(void **unused)
{
    (void)unused;
    check("a,20240101,view,1\nb,20240101,view,1\r\nc,20240101,view,\r\n", "a/b/c/", "");
}

static void the_last_row_needs_no_line_end(void **unused)
{
    (void)unused;
    check("a,20240101,view,1\nb,20240101,view,", "a/b/", "");
    check("a,20240101,view,1\nb,20240101,view,2\r", "a/b/", "");
    check("a,20240101,view,1\nb,2024", "a/", "3 fields: 2 fields, not 4 | b,2024\n");
}

static void a_torn_last_row_that_still_parses_is_a_row(void **unused)
{
    (void)unused;
    check("a,20240101,view,12", "a/", "");
}

static void blank_lines_are_no_rows_but_lines(void **unused)
{
    (void)unused;
    check("\n\r\na,20240101,view,1\n\nb\n\n", "a/", "6 fields: 1 fields, not 4 | b\n");
}

static void lone_carriage_returns_belong_to_the_field(void **unused)
{
    (void)unused;
    check("a\rb,20240101,view,1\n", "a\rb/", "");
}

static void quotes_hold_delimiters_quotes_and_line_ends(void **unused)
{
    (void)unused;
    check("\"a,b\",20240101,view,1\n\"c\"\"d\",20240101,view,1\n\"e\r\nf\n\",20240101,view,\"1\"\r\n",
          "a,b/c\"d/e\r\nf\n/", "");
}

static void a_quote_inside_a_field_is_text(void **unused)
{
    (void)unused;
    check("a\"b\",20240101,view,1\n \"c\",20240101,view,1\n", "a\"b\"/ \"c\"/", "");
}

static void text_behind_a_closing_quote_is_refused(void **unused)
{
    (void)unused;
    check("\"a\"b,20240101,view,1\n\"c\" ,20240101,view,1\nd,20240101,view,1\n", "d/",
          "2 quote: text behind a closing quote | \"a\"b,20240101,view,1\n"
          "3 quote: text behind a closing quote | \"c\" ,20240101,view,1\n");
}

static void a_quote_that_is_not_closed_costs_its_line_only(void **unused)
{
    (void)unused;
    check("a,20240101,view,1\n\"b,20240101,view,1\nc,20240101,view,1\n", "a/c/",
          "3 quote: a quote is not closed | \"b,20240101,view,1\n");
}

static void the_line_of_a_reject_is_where_its_row_starts(void **unused)
{
    (void)unused;
    check("\"a\nb\nc\",20240101,view,x\nd\n", "",
          "2 number: amount 'x' is no number | \"a\nb\nc\",20240101,view,x\n"
          "5 fields: 1 fields, not 4 | d\n");
    check("\"a\nb\",20240101,\"view,1\nc,20240101,view,1\n", "c/",
          "2 quote: a quote is not closed | \"a\nb\",20240101,\"view,1\n");
}

static void an_empty_quoted_field_is_empty(void **unused)
{
    (void)unused;
    check("\"\",20240101,view,\"\"\n", "", "2 customer: no customer | \"\",20240101,view,\"\"\n");
}

static void fields_more_or_fewer_than_the_header_are_refused(void **unused)
{
    (void)unused;
    check("a,20240101,view\nb,20240101,view,1,\nc,20240101,view,1\n", "c/",
          "2 fields: 3 fields, not 4 | a,20240101,view\n3 fields: 5 fields, not 4 | b,20240101,view,1,\n");
}

static void a_nul_byte_is_refused_and_shown(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    static const char text[] = HEADER "a\0b,20240101,view,1\n\"c\0\",20240101,view,1\nd,20240101,view,1\n";
    const char *path = harness_write("nul.csv", text, sizeof text - 1);
    reading r = read_file(&input, path, (manner){.whole = true});
    assert_rejects(r, "2 bytes: a NUL byte | a?b,20240101,view,1\n3 bytes: a NUL byte | \"c?\",20240101,view,1\n");
    assert_int_equal(r.tally.n_events, 1);
    reading_free(&r);
}

/* A row of n_bytes, between two good ones. */
static rfm_text long_row(const char *begin, size_t n_bytes)
{
    rfm_text text = {0};
    rfm_text_adds(&text, HEADER "a,20240101,view,1\n");
    rfm_text_adds(&text, begin);
    for (size_t i = strlen(begin); i < n_bytes; i++)
        rfm_text_add(&text, "x", 1);
    rfm_text_adds(&text, "\nz,20240101,view,1\n");
    return text;
}

static void check_long_row(const char *begin, size_t n_bytes, rfm_reason reason, bool whole)
{
    const rfm_input input = harness_input();
    rfm_text text = long_row(begin, n_bytes);
    const char *path = harness_write("long.csv", text.bytes, text.length);
    const int64_t size = (int64_t)text.length, cuts[] = {100, size / 3, size - 30};
    rfm_text_free(&text);
    reading r = read_file(&input, path, (manner){.cuts = cuts, .n_cuts = whole ? 0 : 3, .whole = whole});
    assert_int_equal(r.err.status, RFM_OK);
    assert_false(r.quoted_line_ends);
    assert_int_equal(r.tally.n_events, 2);
    assert_int_equal(strncmp(r.rejects.bytes, "3 ", 2), 0);
    assert_non_null(strstr(r.rejects.bytes, rfm_reason_name(reason)));
    assert_true(r.rejects.length < 1100); /* no more than 1,000 bytes of the row */
    reading_free(&r);
}

static void a_row_of_a_mebibyte_is_read_and_a_longer_one_refused(void **unused)
{
    (void)unused;
    for (int whole = 0; whole < 2; whole++) {
        check_long_row("b,", RFM_ROW_LIMIT_BYTES, RFM_REASON_FIELDS, whole);
        check_long_row("b,", RFM_ROW_LIMIT_BYTES + 1, RFM_REASON_BYTES, whole);
        check_long_row("b,", 3 * RFM_ROW_LIMIT_BYTES, RFM_REASON_BYTES, whole);
    }
}

static void a_quote_open_for_a_mebibyte_is_not_closed(void **unused)
{
    (void)unused;
    check_long_row("\"b,", 2 * RFM_ROW_LIMIT_BYTES, RFM_REASON_QUOTE, true);
    check_long_row("\"b,", 2 * RFM_ROW_LIMIT_BYTES, RFM_REASON_QUOTE, false);
}

static void a_byte_order_mark_is_no_part_of_the_first_name(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    check_ids(&input, "\xEF\xBB\xBF" HEADER "a,20240101,view,1\n", "a/", "");
    check_ids(&input, "\xEF\xBB\xBF\"customer\",time,event,amount\na,20240101,view,1\n", "a/", "");
}

static void other_delimiters_work_too(void **unused)
{
    (void)unused;
    rfm_input input = harness_input();
    input.dialect.delimiter = '\t';
    check_ids(&input, "customer\ttime\tevent\tamount\na,b\t20240101\tview\t1\n", "a,b/", "");
    input.dialect.delimiter = ';';
    check_ids(&input, "customer;time;event;amount\n\"a;b\";20240101;view;1\n", "a;b/", "");
}

static void blanks_separate_words_whatever_their_number(void **unused)
{
    (void)unused;
    rfm_input input = harness_input();
    input.dialect.delimiter = ' ';
    check_ids(&input, "  customer time\t event  amount \r\n  a   20240101 view\t 1  \r\n\"b\" 20240101 view 2\n   \n",
              "a/\"b\"/", "");
    check_ids(&input, "customer time event amount\na 20240101 view\n", "",
              "2 fields: 3 fields, not 4 | a 20240101 view\n");
}

static void a_file_without_rows_gives_none(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    check_ids(&input, "", "", "");
    check_ids(&input, "\xEF\xBB\xBF", "", "");
    check_ids(&input, "\n\r\n\n", "", "");
    check_ids(&input, HEADER, "", "");
    check_ids(&input, "customer,time,event,amount", "", "");
}

static void long_details_and_rows_are_cut_between_characters(void **unused)
{
    (void)unused;
    rfm_text row = {0};
    rfm_text_adds(&row, HEADER "c,x"); /* so that the cuts fall into the middle of an é */
    for (int i = 0; i < 600; i++)
        rfm_text_adds(&row, "\xC3\xA9");
    rfm_text_adds(&row, ",view,1\n");
    const rfm_input input = harness_input();
    reading r = read_text(&input, row.bytes);
    const char *kept = strstr(r.rejects.bytes, "| ") + 2;
    assert_int_equal(strcspn(kept, "\n"), 999);
    const char *detail = strstr(r.rejects.bytes, "bad time 'x") + strlen("bad time '");
    assert_int_equal(strcspn(detail, "."), 59);
    rfm_text_free(&row);
    reading_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lf_and_crlf_end_a_row),
        cmocka_unit_test(the_last_row_needs_no_line_end),
        cmocka_unit_test(a_torn_last_row_that_still_parses_is_a_row),
        cmocka_unit_test(blank_lines_are_no_rows_but_lines),
        cmocka_unit_test(lone_carriage_returns_belong_to_the_field),
        cmocka_unit_test(quotes_hold_delimiters_quotes_and_line_ends),
        cmocka_unit_test(a_quote_inside_a_field_is_text),
        cmocka_unit_test(text_behind_a_closing_quote_is_refused),
        cmocka_unit_test(a_quote_that_is_not_closed_costs_its_line_only),
        cmocka_unit_test(the_line_of_a_reject_is_where_its_row_starts),
        cmocka_unit_test(an_empty_quoted_field_is_empty),
        cmocka_unit_test(fields_more_or_fewer_than_the_header_are_refused),
        cmocka_unit_test(a_nul_byte_is_refused_and_shown),
        cmocka_unit_test(a_row_of_a_mebibyte_is_read_and_a_longer_one_refused),
        cmocka_unit_test(a_quote_open_for_a_mebibyte_is_not_closed),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_first_name),
        cmocka_unit_test(other_delimiters_work_too),
        cmocka_unit_test(blanks_separate_words_whatever_their_number),
        cmocka_unit_test(a_file_without_rows_gives_none),
        cmocka_unit_test(long_details_and_rows_are_cut_between_characters),
    };
    return run_at_every_level(tests, harness_open, harness_close);
}
