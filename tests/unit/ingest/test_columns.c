/* Headers that lack a column, name it twice, or cannot be read: one message that says where and what there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

static void check_failure(const rfm_input *input, const char *text, rfm_status status, const char *message)
{
    rfm_text wanted = {0};
    const char *path = harness_write("h.csv", text, strlen(text));
    const int64_t cuts[] = {(int64_t)strlen(text) / 2};
    reading r = read_file(input, path, (manner){.cuts = cuts, .n_cuts = 1});
    rfm_text_addf(&wanted, "%s%s%s", status == RFM_USAGE ? "" : path, status == RFM_USAGE ? "" : ": ", message);
    assert_string_equal(r.err.message, wanted.bytes);
    assert_int_equal(r.err.status, status);
    assert_string_equal(r.events.bytes, "");
    rfm_text_free(&wanted);
    reading_free(&r);
}

static void a_missing_column_is_named_with_those_there_are(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    check_failure(&input, "user,time,event,amount\na,20240101,e,1\n", RFM_DATA,
                  "line 1: no column 'customer'; it has: user, time, event, amount");
    check_failure(&input, "\n\n\"cust\"\"omer\",time,event,amount\na,20240101,e,1\n", RFM_DATA,
                  "line 3: no column 'customer'; it has: cust\"omer, time, event, amount");
    check_failure(&input, "Customer,time,event,amount\n", RFM_DATA,
                  "line 1: no column 'customer'; it has: Customer, time, event, amount");
}

static void every_column_in_use_must_be_there(void **unused)
{
    (void)unused;
    static const char *const hashed[] = {"product"};
    const rfm_rule rule = {RFM_RULE_PRESENT, "brand", NULL};
    const rfm_predicate predicate = {.rules = &rule, .n_rules = 1};
    rfm_input input = harness_input();
    input.hashes = hashed;
    input.n_hashes = 1;
    check_failure(&input, "customer,time,event,amount\n", RFM_DATA,
                  "line 1: no column 'product'; it has: customer, time, event, amount");
    input.n_hashes = 0;
    input.predicates = &predicate;
    input.n_predicates = 1;
    check_failure(&input, "customer,time,event,amount\n", RFM_DATA,
                  "line 1: no column 'brand'; it has: customer, time, event, amount");
    input.n_predicates = 0;
    input.dedupe = RFM_DEDUPE_COLUMN;
    input.dedupe_column = "id";
    check_failure(&input, "customer,time,event,amount\n", RFM_DATA,
                  "line 1: no column 'id'; it has: customer, time, event, amount");
}

static void a_long_header_is_listed_in_part(void **unused)
{
    (void)unused;
    rfm_text text = {0};
    const rfm_input input = harness_input();
    for (int i = 0; i < 500; i++)
        rfm_text_addf(&text, "column_%d,", i);
    rfm_text_adds(&text, "last\n");
    reading r = read_text(&input, text.bytes);
    assert_int_equal(r.err.status, RFM_DATA);
    assert_non_null(strstr(r.err.message, "no column 'customer'; it has: column_0, column_1, "));
    assert_string_equal(r.err.message + strlen(r.err.message) - 5, ", ...");
    rfm_text_free(&text);
    reading_free(&r);
}

static void a_column_named_twice_matters_only_where_it_is_used(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    check_failure(&input, "customer,time,event,amount,time\na,20240101,e,1,2\n", RFM_DATA,
                  "line 1: column 'time' is there twice, as fields 2 and 5");
    reading r = read_text(&input, "x,customer,time,x,event,amount,x\n1,a,20240101,2,e,1,3\n");
    assert_int_equal(r.err.status, RFM_OK);
    assert_int_equal(r.tally.n_events, 1);
    reading_free(&r);
}

static void a_header_that_cannot_be_split_is_an_error(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    check_failure(&input, "\"customer,time,event,amount\na,20240101,e,1\n", RFM_DATA,
                  "line 1: the header cannot be read: a quote is not closed");
    check_failure(&input, "\n\"customer\"x,time,event,amount\na,20240101,e,1\n", RFM_DATA,
                  "line 2: the header cannot be read: text behind a closing quote");
}

static void without_a_header_columns_are_numbers_from_1(void **unused)
{
    (void)unused;
    rfm_input input = harness_input();
    input.header = false;
    input.event = NULL;
    input.n_numbers = 0;
    input.customer = "2";
    input.time = "1";
    reading r = read_text(&input, "20240101,a\n20240102,b\n");
    assert_int_equal(r.tally.n_events, 2);
    reading_free(&r);
    input.customer = "3";
    check_failure(&input, "20240101,a\n20240102,b\n", RFM_DATA, "line 1: no column 3; it has 2");
    input.customer = "user_id";
    check_failure(&input, "20240101,a\n20240102,b\n", RFM_USAGE,
                  "column 'user_id': without a header, columns are named by number, from 1");
    input.customer = "0";
    check_failure(&input, "20240101,a\n20240102,b\n", RFM_USAGE,
                  "column '0': without a header, columns are named by number, from 1");
}

static void a_header_may_have_quoted_line_ends_in_a_whole_file(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    const char text[] = "customer,time,event,amount,\"two\nlines\"\na,20240101,e,1,\nb\n";
    const char *path = harness_write("h.csv", text, strlen(text));
    reading parted = read_file(&input, path, (manner){.whole = false});
    assert_true(parted.quoted_line_ends);
    reading_free(&parted);
    reading r = read_text(&input, text);
    assert_rejects(r, "4 fields: 1 fields, not 5 | b\n");
    assert_int_equal(r.tally.n_events, 1);
    reading_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_column_is_named_with_those_there_are),
        cmocka_unit_test(every_column_in_use_must_be_there),
        cmocka_unit_test(a_long_header_is_listed_in_part),
        cmocka_unit_test(a_column_named_twice_matters_only_where_it_is_used),
        cmocka_unit_test(a_header_that_cannot_be_split_is_an_error),
        cmocka_unit_test(without_a_header_columns_are_numbers_from_1),
        cmocka_unit_test(a_header_may_have_quoted_line_ends_in_a_whole_file),
    };
    return cmocka_run_group_tests(tests, harness_open, harness_close);
}
