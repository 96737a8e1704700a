/* Text and numbers on the page: nothing from outside is markup, and numbers are written as each language writes them.
 */
#include "session.h"

#include "page.h"

#include <math.h>

static const char *const TAGS[] = {"en", "fr"};

/* What was put, to be freed. */
static char *take(page *p)
{
    char *text = p->html.bytes;
    p->html = (rfm_text){0};
    return text;
}

static void expect(page *p, const char *wanted)
{
    char *got = take(p);
    if (!got || strcmp(got, wanted) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", TAGS[p->language], got ? got : "", wanted);
    free(got);
}

static void expect_number(void (*put_it)(page *, double), double x, const char *english, const char *french)
{
    page p = {.language = ENGLISH}, q = {.language = FRENCH};
    put_it(&p, x);
    expect(&p, english);
    put_it(&q, x);
    expect(&q, french);
}

static void expect_text(const char *text, const char *wanted)
{
    page p = {0};
    put(&p, "");
    put_text(&p, text);
    expect(&p, wanted);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static void what_means_something_in_markup_is_escaped(void **state)
{
    (void)state;
    expect_text("", "");
    expect_text("<script>\"a\" & 'b'</script>", "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
    expect_text("&amp;", "&amp;amp;");
}

static void letters_of_all_lengths_stay_as_they_are(void **state)
{
    (void)state;
    expect_text("a\u00E9\u20AC\u6F22\U0001F600z", "a\u00E9\u20AC\u6F22\U0001F600z");
    expect_text("\xC2\x80x\u00A0", "\uFFFDx\u00A0");
    expect_text("\uFFFD\U0010FFFD", "\uFFFD\U0010FFFD");
}

static void what_is_no_utf8_shows_as_a_mark_for_each_byte(void **state)
{
    (void)state;
    expect_text("a\xFFz", "a\uFFFDz");
    expect_text("\x80\xBF", "\uFFFD\uFFFD");
    expect_text("\xC0\xAF", "\uFFFD\uFFFD");                     /* too long for a slash */
    expect_text("\xE0\x80\xAF", "\uFFFD\uFFFD\uFFFD");           /* too long */
    expect_text("\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD");           /* half of a pair */
    expect_text("\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"); /* beyond the last */
    expect_text("\xE2\x82", "\uFFFD\uFFFD");                     /* ends too early */
    expect_text("\xE2<b>", "\uFFFD&lt;b&gt;");
}

static void control_characters_show_and_do_nothing(void **state)
{
    (void)state;
    expect_text("a\tb\nc\rd", "a b c d");
    expect_text("\x01\x1F\x7F", "\u2401\u241F\u2421");
    expect_text("\u202Egnp\u202C\u2066\u2069\u200F\u2028", "\uFFFDgnp\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
    expect_text("\uFFFE\uFFFF\uFDD0", "\uFFFD\uFFFD\uFFFD");
}

static void expect_short(const char *text, int most, const char *wanted)
{
    page p = {0};
    put_short(&p, text, most);
    expect(&p, wanted);
}

static void long_names_are_cut_by_their_width(void **state)
{
    (void)state;
    expect_short("abcdef", 6, "abcdef");
    expect_short("abcdefg", 6, "abcde\u2026");
    expect_short("<<<<<<<", 3, "&lt;&lt;\u2026");
    expect_short("\u6F22\u6F22\u6F22", 6, "\u6F22\u6F22\u6F22");
    expect_short("\u6F22\u6F22\u6F22", 5, "\u6F22\u6F22\u2026");
    expect_short("\xFF\xFF\xFF", 2, "\u2026");
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static void counts_are_in_groups_of_three(void **state)
{
    (void)state;
    expect_number(put_count, 0, "0", "0");
    expect_number(put_count, 999, "999", "999");
    expect_number(put_count, 1000, "1,000", "1\u202F000");
    expect_number(put_count, -1234567, "\u22121,234,567", "\u22121\u202F234\u202F567");
    expect_number(put_count, 1e18, "1.00\u202F\u00D7\u202F10\u00B9\u2078", "1,00\u202F\u00D7\u202F10\u00B9\u2078");
    expect_number(put_count, NAN, "\u2013", "\u2013");
}

static void numbers_have_three_digits_that_matter(void **state)
{
    (void)state;
    expect_number(put_number, 0, "0", "0");
    expect_number(put_number, -0.0, "0", "0");
    expect_number(put_number, 12, "12", "12");
    expect_number(put_number, 12.345, "12.3", "12,3");
    expect_number(put_number, 0.012345, "0.0123", "0,0123");
    expect_number(put_number, 0.5, "0.5", "0,5");
    expect_number(put_number, 99.96, "100", "100");
    expect_number(put_number, 9999.6, "10,000", "10\u202F000");
    expect_number(put_number, -0.00001234, "\u22121.23\u202F\u00D7\u202F10\u207B\u2075",
                  "\u22121,23\u202F\u00D7\u202F10\u207B\u2075");
    expect_number(put_number, 1.7e308, "1.70\u202F\u00D7\u202F10\u00B3\u2070\u2078",
                  "1,70\u202F\u00D7\u202F10\u00B3\u2070\u2078");
    expect_number(put_number, INFINITY, "\u221E", "\u221E");
    expect_number(put_number, -INFINITY, "\u2212\u221E", "\u2212\u221E");
}

static void compact_numbers_name_their_thousands(void **state)
{
    (void)state;
    expect_number(put_compact, 9999, "9,999", "9\u202F999");
    expect_number(put_compact, 12345, "12.3k", "12,3\u202Fk");
    expect_number(put_compact, -2.5e6, "\u22122.5M", "\u22122,5\u202FM");
    expect_number(put_compact, 7e9, "7bn", "7\u202FMd");
    expect_number(put_compact, 999400, "999k", "999\u202Fk");
    expect_number(put_compact, 999700, "1M", "1\u202FM");
    expect_number(put_compact, NAN, "\u2013", "\u2013");
}

static void expect_step(double x, double step, double largest, const char *english)
{
    page p = {.language = ENGLISH};
    put_step(&p, x, step, largest);
    expect(&p, english);
}

/* Three digits would be the same for all of them. */
static void marks_of_an_axis_differ_from_each_other(void **state)
{
    (void)state;
    expect_step(12020, 20, 12040, "12.02k");
    expect_step(12040, 20, 12040, "12.04k");
    expect_step(1234500, 500, 1235000, "1.2345M");
    expect_step(3e6, 1e6, 5e6, "3M");
    expect_step(1225, 25, 1300, "1,225");
    expect_step(-0.05, 0.05, 0.1, "\u22120.05");
    expect_step(3e-7, 1e-7, 5e-7, "3.00\u202F\u00D7\u202F10\u207B\u2077");
}

static void shares_are_percent(void **state)
{
    (void)state;
    expect_number(put_share, 0, "0%", "0\u202F%");
    expect_number(put_share, 1, "100%", "100\u202F%");
    expect_number(put_share, 0.1234, "12.3%", "12,3\u202F%");
    expect_number(put_share, 0.0004, "&lt;\u202F0.1%", "&lt;\u202F0,1\u202F%");
    expect_number(put_share, NAN, "\u2013", "\u2013");
}

static void times_and_sizes_have_the_unit_that_fits(void **state)
{
    (void)state;
    expect_number(put_seconds, 0, "0\u202Fs", "0\u202Fs");
    expect_number(put_seconds, 0.0002, "&lt;\u202F1\u202Fms", "&lt;\u202F1\u202Fms");
    expect_number(put_seconds, 0.0425, "0.043\u202Fs", "0,043\u202Fs");
    expect_number(put_seconds, 12.34, "12.3\u202Fs", "12,3\u202Fs");
    expect_number(put_seconds, 59.7, "1\u202Fmin 0\u202Fs", "1\u202Fmin 0\u202Fs");
    expect_number(put_seconds, 7384, "2\u202Fh 3\u202Fmin", "2\u202Fh 3\u202Fmin");
    expect_number(put_seconds, 7199, "2\u202Fh 0\u202Fmin", "2\u202Fh 0\u202Fmin");
    expect_number(put_bytes, 12, "12\u202Fbytes", "12\u202Foctets");
    expect_number(put_bytes, 1536, "1.5\u202FKiB", "1,5\u202FKio");
    expect_number(put_bytes, 0x1p50, "1,024\u202FTiB", "1\u202F024\u202FTio");
}

static void expect_measure(double x, const char *unit, const char *english, const char *french)
{
    page p = {.language = ENGLISH}, q = {.language = FRENCH};
    put_measure(&p, x, unit);
    expect(&p, english);
    put_measure(&q, x, unit);
    expect(&q, french);
}

static void units_agree_with_their_number(void **state)
{
    (void)state;
    expect_measure(1, "days", "1\u00A0day", "1\u00A0jour");
    expect_measure(2, "days", "2\u00A0days", "2\u00A0jours");
    expect_measure(0, "orders", "0\u00A0orders", "0\u00A0commande");
    expect_measure(1.5, "sessions", "1.5\u00A0sessions", "1,5\u00A0session");
    expect_measure(1.002, "days", "1\u00A0day", "1\u00A0jour");
    expect_measure(1.998, "days", "2\u00A0days", "2\u00A0jours");
    expect_measure(0.25, "share", "25.0%", "25,0\u202F%");
    expect_measure(1234, "amount", "1,234", "1\u202F234");
    expect_measure(3, "furlongs", "3", "3");
    expect_measure(NAN, "days", "\u2013", "\u2013");
}

static void expect_unit(const char *unit, const char *english, const char *french)
{
    page p = {.language = ENGLISH}, q = {.language = FRENCH};
    put_unit(&p, unit);
    expect(&p, english);
    put_unit(&q, unit);
    expect(&q, french);
}

static void units_have_words_of_the_language(void **state)
{
    (void)state;
    expect_unit("days", "days", "jours");
    expect_unit("amount/orders", "amount/<wbr>order", "montant/<wbr>commande");
    expect_unit("orders/<b>", "orders/&lt;b&gt;", "orders/&lt;b&gt;");
    expect_unit("a&b", "a&amp;b", "a&amp;b");
}

static void expect_moment(int64_t us, const char *english, const char *french)
{
    page p = {.language = ENGLISH}, q = {.language = FRENCH};
    put_moment(&p, us, NULL, "U<C");
    expect(&p, english);
    put_moment(&q, us, NULL, "U<C");
    expect(&q, french);
}

static void moments_are_days_where_nothing_else_is_meant(void **state)
{
    (void)state;
    const int64_t day = INT64_C(1572393600000000); /* 2019-10-30 */
    expect_moment(day, "30 October 2019", "30 octobre 2019");
    expect_moment(day + RFM_DAY_US - 1, "30 October 2019", "30 octobre 2019");
    expect_moment(day + 2 * RFM_DAY_US, "1 November 2019", "1er novembre 2019");
    expect_moment(day + INT64_C(3660000000), "30 October 2019, 01:01 U&lt;C",
                  "30 octobre 2019 \u00E0 01\u202Fh\u202F01 U&lt;C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_means_something_in_markup_is_escaped),
        cmocka_unit_test(letters_of_all_lengths_stay_as_they_are),
        cmocka_unit_test(what_is_no_utf8_shows_as_a_mark_for_each_byte),
        cmocka_unit_test(control_characters_show_and_do_nothing),
        cmocka_unit_test(long_names_are_cut_by_their_width),
        cmocka_unit_test(counts_are_in_groups_of_three),
        cmocka_unit_test(numbers_have_three_digits_that_matter),
        cmocka_unit_test(compact_numbers_name_their_thousands),
        cmocka_unit_test(marks_of_an_axis_differ_from_each_other),
        cmocka_unit_test(shares_are_percent),
        cmocka_unit_test(times_and_sizes_have_the_unit_that_fits),
        cmocka_unit_test(units_agree_with_their_number),
        cmocka_unit_test(units_have_words_of_the_language),
        cmocka_unit_test(moments_are_days_where_nothing_else_is_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
