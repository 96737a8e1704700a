/* Every character comes back from its bytes, and what is none is told from what is (RFC 3629). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rfmpi/base.h"

static void every_character_comes_back(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x10ffff; c++) {
        rfm_text text = {0};
        rfm_text_add_character(&text, c);
        const bool is_one = c < 0xd800 || c >= 0xe000;
        assert_int_equal(text.length, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_int_equal(rfm_utf8_is(text.bytes, text.length), is_one);
        const char *at = text.bytes;
        assert_int_equal(rfm_utf8_next(&at), is_one ? c : 0xfffd);
        assert_int_equal(at - text.bytes, is_one ? text.length : 1);
        assert_false(rfm_utf8_is(text.bytes, text.length - 1) && text.length > 1);
        rfm_text_free(&text);
    }
}

static void what_is_none_is_passed_by_byte(void **state)
{
    static const char *const none[] = {"\x80",         "\xc0\x80",         "\xc1\xbf",         "\xe0\x9f\xbf",
                                       "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                                       "\xff",         "\xe9 b",           "\xf0\x9f\x98"};
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const char *at = none[i];
        assert_false(rfm_utf8_is(none[i], strlen(none[i])));
        assert_int_equal(rfm_utf8_next(&at), 0xfffd);
        assert_int_equal(at - none[i], 1);
    }
    assert_true(rfm_utf8_is("", 0));
    assert_true(rfm_utf8_is("a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_comes_back),
        cmocka_unit_test(what_is_none_is_passed_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
