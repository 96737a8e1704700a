/* Texts take as many columns as people see, whatever their letters; nothing is cut within one, and lines are wrapped at
 * blanks. What is no terminal is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rfmpi/base.h"

static void columns_are_those_people_see(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int columns;
    } cases[] = {{"", 0},
                 {"abc", 3},
                 {"\u00e9t\u00e9", 3},
                 {"e\u0301", 1},
                 {"\u987e\u5ba2", 4},
                 {"a\xff"
                  "b",
                  3},
                 {"a\tb", 3},
                 {"\xe9", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(rfm_text_columns(cases[i].text, strlen(cases[i].text)), cases[i].columns);
}

static void assert_fits(const char *text, int columns, const char *wanted)
{
    rfm_text fitted = {0};
    rfm_text_fit(&fitted, text, columns);
    assert_false(fitted.failed);
    assert_string_equal(fitted.bytes, wanted);
    rfm_text_free(&fitted);
}

static void texts_are_cut_between_letters(void **state)
{
    (void)state;
    assert_fits("abc", 5, "abc  ");
    assert_fits("abc", 3, "abc");
    assert_fits("abcd", 3, "ab~");
    assert_fits("\u00e9t\u00e9s", 3, "\u00e9t~");
    assert_fits("\u987e\u5ba2\u987e", 4, "\u987e~ ");
    assert_fits("\u987e\u5ba2", 1, "~");
    assert_fits("a\nb\x1b", 4, "a?b?");
    assert_fits("\xff\xfe", 2, "??");
    assert_fits("", 2, "  ");
}

static void assert_wrapped(const char *text, int indent, int columns, const char *wanted)
{
    rfm_text wrapped = {0};
    rfm_text_wrap(&wrapped, text, indent, columns);
    assert_string_equal(wrapped.bytes, wanted);
    rfm_text_free(&wrapped);
}

static void lines_are_wrapped_at_blanks(void **state)
{
    (void)state;
    assert_wrapped("one two three", 2, 9, "one two\n  three\n");
    assert_wrapped("one  two", 0, 20, "one two\n");
    assert_wrapped("longer-than-that x", 2, 8, "longer-than-that\n  x\n");
    assert_wrapped("", 2, 8, "\n");
}

static void a_pipe_is_no_terminal(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    setenv("TERM", "xterm", 1);
    unsetenv("OMPI_COMM_WORLD_SIZE");
    const rfm_terminal terminal = rfm_terminal_of(ends[1]);
    assert_false(terminal.is_there || terminal.styled || terminal.utf8);
    assert_int_equal(terminal.columns, 80);
    close(ends[0]);
    close(ends[1]);
    assert_false(rfm_terminal_of(ends[1]).is_there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_those_people_see), cmocka_unit_test(texts_are_cut_between_letters),
        cmocka_unit_test(lines_are_wrapped_at_blanks), cmocka_unit_test(a_pipe_is_no_terminal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
