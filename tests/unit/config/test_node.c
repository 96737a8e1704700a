/* The tree of values: what YAML it takes, what it refuses and where it says so, and that its print
 * reads back. */
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
    rfm_node_parse(text, strlen(text), "job.yml", node, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(err.status, RFM_OK);
}

static void expect_print(const char *text, const char *expected)
{
    rfm_node node;
    rfm_text printed = {0};
    parse(text, &node);
    rfm_node_print(&node, &printed);
    assert_string_equal(printed.bytes, expected);
    rfm_node_free(&node);
    rfm_text_free(&printed);
}

static void expect_refused(const char *text, const char *place, const char *part)
{
    rfm_error err = {0};
    rfm_node node;
    assert_int_equal(rfm_node_parse(text, strlen(text), "job.yml", &node, &err), RFM_USAGE);
    if (strncmp(err.message, place, strlen(place)) != 0 || !strstr(err.message, part))
        fail_msg("'%s' gave '%s', not '%s' with '%s'", text, err.message, place, part);
    assert_null(node.items);
    assert_null(node.text);
}

static void block_and_flow_styles_give_the_same_tree(void **state)
{
    (void)state;
    const char *flow = "{cluster: {k: 8, names: [a, b]}, output: {dir: runs/2019-10}}";
    expect_print(flow, flow);
    expect_print("cluster:\n  k: 8\n  names:\n    - a\n    - b\noutput:\n  dir: runs/2019-10 # here\n", flow);
    expect_print("{\"cluster\": {\"k\": 8, \"names\": [\"a\", \"b\"]}, \"output\": {\"dir\": "
                 "\"runs/2019-10\"}}",
                 flow);
}

static void print_quotes_only_what_needs_it(void **state)
{
    (void)state;
    expect_print("[8, \"8\", true, 'true', null, ~, '', word, 'word', \"null\"]",
                 "[8, \"8\", true, \"true\", null, null, \"\", word, word, \"null\"]");
    expect_print("['*', 'a: b', 'x #y', '{', \"tab\\there\", '-', '- x', \"a\\\\b\\\"c\"]",
                 "[\"*\", \"a: b\", \"x #y\", \"{\", \"tab\\there\", \"-\", \"- x\", \"a\\\\b\\\"c\"]");
    expect_print("k-means||", "k-means||");
    expect_print("", "null");
    expect_print("\"caf\\u00e9 \\u2028\\ufeff \\x07\"", "\"caf\xC3\xA9 \\u2028\\uFEFF \\u0007\"");
}

static void nodes_know_where_they_stand(void **state)
{
    (void)state;
    rfm_node node;
    parse("a: 1\nbb:\n  - x\n  -   y\n  - {c: 3}\n", &node);
    const rfm_node *list = rfm_node_get(&node, "bb");
    assert_int_equal(list->line, 2);
    assert_int_equal(list->column, 1);
    assert_int_equal(list->items[1].line, 4);
    assert_int_equal(list->items[1].column, 7);
    assert_int_equal(rfm_node_get(&list->items[2], "c")->line, 5);
    assert_int_equal(rfm_node_get(&list->items[2], "c")->column, 6);
    assert_string_equal(list->items[2].source, "job.yml");
    assert_null(rfm_node_get(&node, "absent"));
    assert_null(rfm_node_get(list, "c"));
    rfm_node_free(&node);
}

static void what_yaml_can_but_a_job_may_not_is_refused_with_its_place(void **state)
{
    (void)state;
    expect_refused("a: &x 1\n", "job.yml:1:1: ", "anchors");
    expect_refused("a: 1\nb: [1, *x]\n", "job.yml:2:8: ", "aliases");
    expect_refused("paths: *.csv\n", "job.yml:1:", "");
    expect_refused("a: !!int 1\n", "job.yml:1:1: ", "tags");
    expect_refused("a: 1\n--- \nb: 2\n", "job.yml:2:1: ", "second document");
    expect_refused("a: 1\nb: 2\na: 3\n", "job.yml:3:1: ", "'a' stands twice, first in line 1");
    expect_refused("[a]: 1\n", "job.yml:1:1: ", "key must be a word");
    expect_refused("a: [1, 2\n", "job.yml:2:1: ", "expected ',' or ']'");
    expect_refused("a: \"x\\0y\"\n", "job.yml:1:1: ", "NUL");
    expect_refused("a: b: c\n", "job.yml:1:5: ", "not allowed");
    expect_refused("a: 1\nb: \xff\n", "job.yml:2:4: ", "UTF-8");
    expect_refused("? \n: 1\n", "job.yml:1:", "a key must have");
}

static void depth_size_and_keys_are_limited(void **state)
{
    (void)state;
    char deep[200];
    memset(deep, '[', sizeof deep);
    rfm_error err = {0};
    rfm_node node;
    assert_int_equal(rfm_node_parse(deep, sizeof deep, "job.yml", &node, &err), RFM_USAGE);
    assert_string_equal(err.message, "job.yml:1:65: nested deeper than 64 levels");

    const size_t size = ((size_t)16 << 20) + 1;
    char *large = malloc(size);
    memset(large, ' ', size);
    err = (rfm_error){0};
    assert_int_equal(rfm_node_parse(large, size, "job.yml", &node, &err), RFM_USAGE);
    assert_string_equal(err.message, "job.yml: larger than 16 MiB");
    free(large);

    rfm_text keys = {0};
    for (int i = 0; i < 1025; i++)
        rfm_text_addf(&keys, "k%d: 1\n", i);
    expect_refused(keys.bytes, "job.yml:1025:1: ", "more than 1024 keys");
    rfm_text_free(&keys);
}

static void scalars_are_read_strictly(void **state)
{
    (void)state;
    rfm_node node;
    int64_t integer = 0;
    double number = 0;
    bool boolean = false;
    parse("[8, -9223372036854775808, 9223372036854775808, 1.5e-3, .5, '8', yes, 0x8, 8 , 1e999, "
          "nan, [1]]",
          &node);
    const struct {
        bool integer, number;
    } expected[] = {{1, 1}, {1, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 0}, {0, 0}, {0, 0}, {1, 1}, {0, 0}, {0, 0}, {0, 0}};
    for (size_t i = 0; i < node.n_items; i++) {
        rfm_error err = {0};
        assert_int_equal(rfm_node_integer(&node.items[i], "x", &integer, &err) == RFM_OK, expected[i].integer);
        err = (rfm_error){0};
        assert_int_equal(rfm_node_number(&node.items[i], "x", &number, &err) == RFM_OK, expected[i].number);
    }
    rfm_error err = {0};
    assert_int_equal(rfm_node_boolean(&node.items[6], "x", &boolean, &err), RFM_OK);
    assert_true(boolean);
    rfm_node_integer(&node.items[1], "x", &integer, &err);
    assert_true(integer == INT64_MIN);
    rfm_node_number(&node.items[3], "x", &number, &err);
    assert_true(number == 1.5e-3);
    rfm_node_integer(&node.items[5], "cluster.k", &integer, &err);
    assert_string_equal(err.message, "job.yml:1:60: cluster.k: must be an integer, not the text \"8\"");
    rfm_node_free(&node);
}

static void unknown_keys_name_the_nearest(void **state)
{
    (void)state;
    static const char *const known[] = {"column", "above", "below", "present", NULL};
    rfm_node node;
    rfm_error err = {0};
    parse("{column: price,\n abvoe: 0}", &node);
    assert_int_equal(rfm_node_only(&node, known, &err), RFM_USAGE);
    assert_string_equal(err.message, "job.yml:2:2: unknown key 'abvoe'; the nearest is 'above'");
    rfm_node_free(&node);
    assert_string_equal(rfm_nearest("presnt", known), "present");
    assert_string_equal(rfm_nearest("", known), "above");
}

static void copies_are_equal_and_separate(void **state)
{
    (void)state;
    rfm_node node, copy;
    rfm_text a = {0}, b = {0};
    rfm_error err = {0};
    parse("{a: [1, '2', {x: y}], b: {}, c: []}", &node);
    assert_int_equal(rfm_node_copy(&node, &copy, &err), RFM_OK);
    rfm_node_print(&node, &a);
    rfm_node_free(&node);
    rfm_node_print(&copy, &b);
    assert_string_equal(a.bytes, b.bytes);
    assert_int_equal(copy.items[0].items[2].items[0].column, 15);
    rfm_node_free(&copy);
    rfm_text_free(&a);
    rfm_text_free(&b);
}

/* Random text made of what YAML is sensitive to: no crash, and what parses prints to what parses to
 * the same print. */
static void print_of_random_trees_reads_back(void **state)
{
    (void)state;
    static const char *const pieces[] = {"{",           "}",    "[",  "]",  ":",   " ",   ", ",
                                         "a",           "\n",   "- ", "\"", "'",   "#",   "1",
                                         "~",           "null", "&x", "*x", "|",   ">",   "? ",
                                         "\xC3\xA9",    "\\",   "\t", "%Y", "---", "<<",  "x: ",
                                         "k:",          "\xff", "!!", "@",  "...", "\\n", "- a: b\n  c: d\n",
                                         "\xEF\xBB\xBF"};
    const size_t n_pieces = sizeof pieces / sizeof *pieces;
    uint64_t stream = rfm_random_stream(7, (rfm_purpose){.use = RFM_RANDOM_GENERATE});
    int n_parsed = 0;
    for (uint64_t trial = 0; trial < 20000; trial++) {
        char text[256] = "";
        const uint64_t length = rfm_random_bits(stream, trial * 64) % 14;
        for (uint64_t i = 0; i < length; i++)
            strcat(text, pieces[rfm_random_bits(stream, trial * 64 + i + 1) % n_pieces]);
        rfm_node node, again;
        rfm_error err = {0};
        if (rfm_node_parse(text, strlen(text), "fuzz", &node, &err) != RFM_OK) {
            assert_int_equal(err.status, RFM_USAGE);
            continue;
        }
        n_parsed++;
        rfm_text first = {0}, second = {0};
        rfm_node_print(&node, &first);
        if (rfm_node_parse(first.bytes, first.length, "print", &again, &err) != RFM_OK)
            fail_msg("'%s' printed as '%s': %s", text, first.bytes, err.message);
        rfm_node_print(&again, &second);
        assert_string_equal(first.bytes, second.bytes);
        rfm_node_free(&node);
        rfm_node_free(&again);
        rfm_text_free(&first);
        rfm_text_free(&second);
    }
    assert_true(n_parsed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_and_flow_styles_give_the_same_tree),
        cmocka_unit_test(print_quotes_only_what_needs_it),
        cmocka_unit_test(nodes_know_where_they_stand),
        cmocka_unit_test(what_yaml_can_but_a_job_may_not_is_refused_with_its_place),
        cmocka_unit_test(depth_size_and_keys_are_limited),
        cmocka_unit_test(scalars_are_read_strictly),
        cmocka_unit_test(unknown_keys_name_the_nearest),
        cmocka_unit_test(copies_are_equal_and_separate),
        cmocka_unit_test(print_of_random_trees_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
