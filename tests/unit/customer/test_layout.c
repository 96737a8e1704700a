/* Each aggregate has its place, and what no layout can hold is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rfmpi/customer.h"

static void words_lists_and_payloads_lie_as_the_header_draws_them(void **unused)
{
    (void)unused;
    static const rfm_aggregate aggregates[] = {
        {RFM_TOTAL, 0, 0, false, false, "total"},       {RFM_DISTINCT, 0, 0, false, false, "distinct"},
        {RFM_LEAST, 0, 0, true, false, "least by day"}, {RFM_LAST, 0, 0, false, false, "last"},
        {RFM_TOTAL, 0, 0, true, false, "total by day"}, {RFM_DISTINCT, 0, 1, true, false, "distinct by day"}};
    rfm_error err = {0};
    rfm_layout layout;
    assert_int_equal(rfm_layout_init(&layout, aggregates, 6, &err), RFM_OK);
    static const rfm_place expected[] = {{-1, 0}, {1, 0}, {0, 0}, {-1, 2}, {0, 1}, {2, 0}};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(layout.places[i].list, expected[i].list);
        assert_int_equal(layout.places[i].word, expected[i].word);
        assert_string_equal(layout.aggregates[i].name, aggregates[i].name);
        assert_ptr_not_equal(layout.aggregates[i].name, aggregates[i].name);
    }
    static const rfm_merge words[] = {RFM_MERGE_ADD_LOW, RFM_MERGE_ADD_HIGH, RFM_MERGE_MAX};
    static const rfm_merge days[] = {RFM_MERGE_MIN, RFM_MERGE_ADD_LOW, RFM_MERGE_ADD_HIGH};
    assert_int_equal(layout.words.n_words, 3);
    assert_memory_equal(layout.words.merge, words, sizeof words);
    assert_true(layout.words.empty[2] == INT64_MIN);
    assert_int_equal(layout.n_lists, 3);
    assert_int_equal(layout.payloads[0].n_words, 3);
    assert_memory_equal(layout.payloads[0].merge, days, sizeof days);
    assert_true(layout.payloads[0].empty[0] == INT64_MAX);
    assert_int_equal(layout.payloads[1].n_words, 0);
    assert_int_equal(layout.payloads[2].n_words, 1);
    assert_int_equal(layout.payloads[2].merge[0], RFM_MERGE_MAX);
    rfm_layout_free(&layout);
}

static void a_layout_of_nothing_is_a_layout(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    rfm_layout layout;
    assert_int_equal(rfm_layout_init(&layout, NULL, 0, &err), RFM_OK);
    assert_int_equal(layout.words.n_words + layout.n_lists, 0);
    rfm_layout_free(&layout);
}

static void expect_refused(const rfm_aggregate *aggregates, int n, const char *about)
{
    rfm_error err = {0};
    rfm_layout layout;
    assert_int_equal(rfm_layout_init(&layout, aggregates, n, &err), RFM_INTERNAL);
    assert_non_null(strstr(err.message, about));
    assert_null(layout.aggregates);
    assert_int_equal(layout.n_lists, 0);
}

static void what_no_layout_can_hold_is_refused_by_name(void **unused)
{
    (void)unused;
    static const rfm_aggregate wrong[] = {{RFM_FIRST, 0, 0, true, false, "first by day"},
                                          {RFM_LAST, 0, 0, true, false, "last by day"},
                                          {RFM_DISTINCT, RFM_SOURCE_DAY, 0, true, false, "days by day"},
                                          {RFM_DISTINCT, RFM_SOURCE_WEEK - 1, 0, false, false, "months"},
                                          {RFM_DISTINCT, RFM_MAX_HASHES, 0, false, false, "hash 32"},
                                          {RFM_TOTAL, -1, 0, false, false, "total of days"},
                                          {RFM_LEAST, RFM_MAX_NUMBERS, 0, false, false, "number 32"},
                                          {RFM_COUNT, 0, RFM_MAX_PREDICATES, false, false, "predicate 64"},
                                          {RFM_COUNT, 0, -1, false, false, "predicate -1"},
                                          {(rfm_aggregate_kind)99, 0, 0, false, false, "kind 99"},
                                          {RFM_COUNT, 0, 0, false, true, "counted count"},
                                          {RFM_DISTINCT, 0, 0, true, true, "counted by day"},
                                          {RFM_COUNT, 0, 0, false, false, NULL}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_refused(&wrong[i], 1, wrong[i].name ? wrong[i].name : "aggregate 0");
    static const rfm_aggregate twice[] = {{RFM_COUNT, 0, 0, false, false, "a"}, {RFM_COUNT, 0, 1, false, false, "a"}};
    expect_refused(twice, 2, "'a' is named twice");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_lists_and_payloads_lie_as_the_header_draws_them),
        cmocka_unit_test(a_layout_of_nothing_is_a_layout),
        cmocka_unit_test(what_no_layout_can_hold_is_refused_by_name),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
