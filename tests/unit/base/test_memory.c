/* Sizes are checked before memory is asked for, arrays and texts keep what they hold, and the
 * clocks agree with the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rfmpi/base.h"

static void memory_is_zeroed_and_never_null(void **state)
{
    (void)state;
    rfm_error err = {0};
    unsigned char *bytes = rfm_alloc(1000, 3, &err);
    for (size_t i = 0; i < 3000; i++)
        assert_int_equal(bytes[i], 0);
    free(bytes);
    void *none = rfm_alloc(0, 8, &err);
    assert_non_null(none);
    free(none);
    assert_int_equal(err.status, RFM_OK);
}

static void overflowing_sizes_are_refused(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {
        {SIZE_MAX, 2}, {SIZE_MAX / 2 + 2, 2}, {SIZE_MAX, SIZE_MAX}, {PTRDIFF_MAX, 8}, {SIZE_MAX, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        rfm_error err = {0};
        assert_null(rfm_alloc(sizes[i][0], sizes[i][1], &err));
        assert_int_equal(err.status, RFM_NO_MEMORY);
    }
}

static void reserve_keeps_the_elements(void **state)
{
    (void)state;
    rfm_error err = {0};
    int *list = NULL;
    size_t capacity = 0, n_grown = 0;
    for (size_t n = 0; n < 10000; n++) {
        size_t before = capacity;
        assert_int_equal(rfm_reserve(&list, &capacity, n + 1, sizeof *list, &err), RFM_OK);
        assert_true(capacity >= n + 1 && (capacity == before || capacity >= 2 * before));
        n_grown += capacity != before;
        list[n] = (int)n;
    }
    assert_true(n_grown <= 15);
    for (int n = 0; n < 10000; n++)
        assert_int_equal(list[n], n);
    free(list);
}

static void failed_reserve_leaves_the_array(void **state)
{
    (void)state;
    rfm_error err = {0};
    double *list = NULL;
    size_t capacity = 0;
    assert_int_equal(rfm_reserve(&list, &capacity, 4, sizeof *list, &err), RFM_OK);
    list[3] = 2.5;
    assert_int_equal(rfm_reserve(&list, &capacity, SIZE_MAX / 4, sizeof *list, &err), RFM_NO_MEMORY);
    assert_int_equal(err.status, RFM_NO_MEMORY);
    assert_int_equal(capacity, 4);
    assert_true(list[3] == 2.5);
    free(list);
}

static void strings_are_copied(void **state)
{
    (void)state;
    rfm_error err = {0};
    char text[] = "one";
    char *copy = rfm_copy_string(text, &err);
    text[0] = 'X';
    assert_string_equal(copy, "one");
    free(copy);
}

static void texts_grow(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_text text = {0};
    char *expected = calloc(1, 200000);
    size_t length = 0;
    for (int i = 0; i < 5000; i++) {
        length += (size_t)sprintf(expected + length, "%d,%s;%.3f|", i, "abc", i / 8.0);
        rfm_text_addf(&text, "%d,", i);
        rfm_text_adds(&text, "abc");
        rfm_text_add(&text, ";", 1);
        rfm_text_addf(&text, "%.3f|", i / 8.0);
    }
    assert_int_equal(rfm_text_check(&text, &err), RFM_OK);
    assert_int_equal(text.length, length);
    assert_string_equal(text.bytes, expected);
    rfm_text_free(&text);
    assert_true(text.bytes == NULL && text.length == 0 && text.capacity == 0);
    rfm_text_free(&text);
    free(expected);
}

static void empty_additions_terminate(void **state)
{
    (void)state;
    rfm_text text = {0};
    rfm_text_add(&text, NULL, 0);
    assert_string_equal(text.bytes, "");
    rfm_text_free(&text);
    rfm_text_addf(&text, "%s", "");
    assert_string_equal(text.bytes, "");
    rfm_text_free(&text);
}

static void text_failures_are_kept(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_text text = {0};
    rfm_text_adds(&text, "kept");
    rfm_text_add(&text, "x", SIZE_MAX - 2);
    rfm_text_adds(&text, "not added");
    rfm_text_addf(&text, "%d", 1);
    assert_string_equal(text.bytes, "kept");
    assert_int_equal(rfm_text_check(&text, &err), RFM_NO_MEMORY);
    assert_int_equal(err.status, RFM_NO_MEMORY);
    rfm_text_free(&text);
    assert_false(text.failed);
}

static void clocks_run(void **state)
{
    (void)state;
    double start = rfm_clock_s();
    int64_t wall = rfm_clock_wall_us(), now = (int64_t)time(NULL) * 1000000;
    nanosleep(&(struct timespec){0, 20000000}, NULL);
    double passed = rfm_clock_s() - start;
    assert_true(passed >= 0.02 && passed < 10.0);
    assert_true(llabs(wall - now) < 2000000);
}

static void peak_memory_sees_what_was_touched(void **state)
{
    (void)state;
    size_t before = rfm_peak_memory_bytes(), bytes = (size_t)64 << 20;
    assert_true(before > 0);
    volatile char *block = malloc(before + bytes);
    for (size_t i = 0; i < before + bytes; i += 1024)
        block[i] = 1;
    free((void *)block);
    assert_true(rfm_peak_memory_bytes() >= before + bytes / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_never_null),
        cmocka_unit_test(overflowing_sizes_are_refused),
        cmocka_unit_test(reserve_keeps_the_elements),
        cmocka_unit_test(failed_reserve_leaves_the_array),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(texts_grow),
        cmocka_unit_test(empty_additions_terminate),
        cmocka_unit_test(text_failures_are_kept),
        cmocka_unit_test(clocks_run),
        cmocka_unit_test(peak_memory_sees_what_was_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
