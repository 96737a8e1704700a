/* TOML: what messages say of where it is wrong, where nodes stand, and the limits. That trees are right is shown by
 * toml_peer.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rfmpi/config.h"

static void parse(const char *text, rfm_node *node)
{
    rfm_error err = {0};
    rfm_node_parse_toml(text, strlen(text), "connections.toml", node, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(err.status, RFM_OK);
}

static void expect_refused_bytes(const char *text, size_t n, const char *message)
{
    rfm_error err = {0};
    rfm_node node;
    char expected[300];
    snprintf(expected, sizeof expected, "connections.toml:%s", message);
    assert_int_equal(rfm_node_parse_toml(text, n, "connections.toml", &node, &err), RFM_USAGE);
    assert_string_equal(err.message, expected);
    assert_null(node.items);
    assert_null(node.source);
}

static void expect_refused(const char *text, const char *message)
{
    expect_refused_bytes(text, strlen(text), message);
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

static void nodes_know_where_they_stand(void **state)
{
    (void)state;
    rfm_node node;
    parse("# mine\n\n[default]\nuser = \"x\"\n  port = 443\n[other]\n\"list\" = [1,\n\n  2]\r\nz = 1\n", &node);
    const rfm_node *table = rfm_node_get(&node, "default"), *other = rfm_node_get(&node, "other");
    assert_int_equal(table->line, 3);
    assert_string_equal(table->source, "connections.toml");
    assert_int_equal(rfm_node_get(table, "user")->line, 4);
    assert_true(rfm_node_get(table, "user")->quoted);
    assert_int_equal(rfm_node_get(table, "port")->line, 5);
    assert_false(rfm_node_get(table, "port")->quoted);
    assert_string_equal(rfm_node_get(table, "port")->text, "443");
    assert_string_equal(rfm_node_get(table, "port")->key, "port");
    assert_int_equal(rfm_node_get(other, "list")->items[0].line, 7);
    assert_int_equal(rfm_node_get(other, "list")->items[1].line, 9);
    assert_int_equal(rfm_node_get(other, "list")->items[1].column, 3);
    assert_int_equal(rfm_node_get(other, "z")->line, 10); /* CRLF is one end of a line */
    rfm_node_free(&node);
}

static void nothing_is_an_empty_table(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n", " \t\r\n", "# a note", "# a note\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rfm_node node;
        parse(texts[i], &node);
        assert_int_equal(node.kind, RFM_NODE_MAP);
        assert_int_equal(node.n_items, 0);
        rfm_node_free(&node);
    }
}

static void what_is_wrong_is_told_with_line_and_column(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"a", "1:2: '=' is missing behind a key"},
        {"a b = 1", "1:3: '=' is missing behind a key"},
        {"= 1", "1:1: a key is missing"},
        {"a. = 1", "1:4: a key is missing"},
        {"a =", "1:4: a value is missing"},
        {"a =\n1", "1:4: a value is missing"},
        {"\n\n  a = b\n", "3:7: neither a number, a boolean nor a time; a text stands in quotes"},
        {"account = myorg-acct\n", "1:11: neither a number, a boolean nor a time; a text stands in quotes"},
        {"a = 1 b = 2", "1:7: something behind a value"},
        {"a = \"x\" y", "1:9: something behind a value"},
        {"[a] b = 1", "1:5: something behind a value"},
        {"a = 1\nb = 2\n  a = 3\n", "3:3: a key that stands twice"},
        {"a.b = 1\na.b = 2\n", "2:3: a key that stands twice"},
        {"a = 1\na.b = 2\n", "2:1: a key that stands twice"},
        {"a = 1\n[a]\n", "2:2: a key that stands twice"},
        {"a = {b = 1, b = 2}", "1:13: a key that stands twice"},
        {"'''a''' = 1", "1:1: a key in three quotes"},
        {"[a\n", "1:3: ']' is missing behind a table's name"},
        {"[]\n", "1:2: a key is missing"},
        {"x = 1\n[[a]]\n", "2:2: arrays of tables are refused"},
        {"a = \"x\nb = 1", "1:7: a string without its end"},
        {"a = 'x", "1:7: a string without its end"},
        {"a = \"\"\"\nx\ny", "3:2: a string without its end"},
        {"a = \"\\x41\"", "1:7: an unknown escape"},
        {"a = \"\"\"\\ x\"\"\"", "1:9: an unknown escape"},
        {"a = \"\\u12g4\"", "1:10: an escape wants hexadecimal digits"},
        {"a = \"\\u12", "1:10: an escape wants hexadecimal digits"},
        {"a = \"\\ud800\"", "1:12: an escape that is no character"},
        {"a = \"\\U00110000\"", "1:16: an escape that is no character"},
        {"a = \"\\u0000\"", "1:12: an escape that is no character"},
        {"a = [1 2]", "1:8: ',' or the end of a list is missing"},
        {"a = [1,\n\n2", "3:2: ',' or the end of a list is missing"},
        {"a = [,]", "1:6: a value is missing"},
        {"a = {b = 1 c = 2}", "1:12: ',' or the end of a table in braces is missing"},
        {"a = {b = 1,}", "1:12: a key is missing"},
        {"a = {\nb = 1}", "1:6: a key is missing"},
        {"a = {b = 1", "1:11: ',' or the end of a table in braces is missing"},
        {"a = 1\rb = 2", "1:6: a control character"},
        {"a = \"\x01\"", "1:6: a control character"},
        {"# \x7f", "1:3: a control character"},
        {"a = 1\n# caf\xE9\n", "2:6: not UTF-8"},
        {"a = '\xED\xA0\x80'", "1:6: not UTF-8"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_refused(wrong[i].text, wrong[i].message);
    expect_refused_bytes("a = 1\n\0b = 2", 12, "2:1: a control character");
    expect_refused_bytes("a = '\xE1\x88\xB4'", 7, "1:6: not UTF-8"); /* which ends within a character */
}

/* ---- leave that config.h gives ---------------------------------------------------------------------------------- */

static void a_table_may_be_gone_on_with(void **state)
{
    (void)state;
    rfm_node node;
    parse("[a]\nx = 1\n[b]\n[a]\ny = 2\n[a.c]\nz = 3\n", &node);
    const rfm_node *table = rfm_node_get(&node, "a");
    assert_string_equal(rfm_node_get(table, "x")->text, "1");
    assert_string_equal(rfm_node_get(table, "y")->text, "2");
    assert_string_equal(rfm_node_get(rfm_node_get(table, "c"), "z")->text, "3");
    rfm_node_free(&node);
    expect_refused("[a]\nx = 1\n[a]\nx = 2\n", "4:1: a key that stands twice");
}

/* ---- limits ----------------------------------------------------------------------------------------------------- */

static char *repeat(const char *before, const char *piece, size_t n, const char *after)
{
    rfm_text text = {0};
    rfm_text_adds(&text, before);
    for (size_t i = 0; i < n; i++)
        rfm_text_adds(&text, piece);
    rfm_text_adds(&text, after);
    assert_false(text.failed);
    return text.bytes;
}

static void expect_limit(const char *before, const char *piece, size_t n, const char *words)
{
    rfm_error err = {0};
    rfm_node node;
    char *text = repeat(before, piece, n, "");
    assert_int_equal(rfm_node_parse_toml(text, strlen(text), "connections.toml", &node, &err), RFM_USAGE);
    if (!strstr(err.message, words))
        fail_msg("%s", err.message);
    free(text);
}

static void depth_and_size_are_limited(void **state)
{
    (void)state;
    rfm_node node;
    expect_limit("a = ", "[", 100000, "nested too deep");
    expect_limit("a = ", "{a = ", 100000, "nested too deep");
    expect_limit("a", ".a", 100000, "a key of too many parts");
    expect_limit("[a", ".a", 100000, "a key of too many parts");
    expect_limit("a = [", "1,", 20000, "too many values");
    expect_limit("#", "0123456789abcdef", 1 << 16, "larger than 1 MiB");
    char *text = repeat("a = ", "[", 30, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
    parse(text, &node);
    rfm_node_free(&node);
    free(text);
    text = repeat("a = '", "0123456789abcdef", (1 << 16) - 1, "'");
    parse(text, &node);
    assert_int_equal(strlen(rfm_node_get(&node, "a")->text), (1 << 20) - 16);
    rfm_node_free(&node);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_know_where_they_stand),
        cmocka_unit_test(nothing_is_an_empty_table),
        cmocka_unit_test(what_is_wrong_is_told_with_line_and_column),
        cmocka_unit_test(a_table_may_be_gone_on_with),
        cmocka_unit_test(depth_and_size_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
