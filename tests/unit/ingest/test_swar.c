/* What the fast parsers accept, the general ones of base accept with the same value; and the usual shapes are accepted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draw.h"
#include "rfmpi/base.h"
#include "swar.h"

enum { MAX_BYTES = 24, N_TEXTS = 300000 };

/* A text with eight bytes behind it that would be read as part of it, if they were. */
static size_t make_text(uint64_t *state, char text[MAX_BYTES + 8])
{
    static const char letters[] = "0123456789012345678901234567890.-+ eE/:\0\x80\xFF";
    const size_t n_letters = draw_below(state, 2) ? 31 : sizeof letters - 1, n = draw_below(state, MAX_BYTES);
    for (size_t i = 0; i < n; i++)
        text[i] = letters[draw_below(state, n_letters)];
    memcpy(text + n, "77.77777", 8);
    return n;
}

static void an_integer_is_what_the_parser_says(void **unused)
{
    (void)unused;
    uint64_t state = 1;
    size_t n_taken = 0;
    for (int i = 0; i < N_TEXTS; i++) {
        char text[MAX_BYTES + 8];
        const size_t n = make_text(&state, text);
        int64_t fast = -1, value = -2;
        const rfm_parse parse = rfm_integer_parse(text, n, &value);
        const bool is_plain = n > 0 && n <= 16 && strspn(text, "0123456789") >= n;
        assert_int_equal(rfm_swar_integer(text, n, &fast), is_plain);
        if (!is_plain)
            continue;
        assert_int_equal(parse, RFM_PARSE_OK);
        assert_int_equal(fast, value);
        n_taken++;
    }
    assert_in_range(n_taken, N_TEXTS / 50, N_TEXTS);
}

static void a_decimal_is_what_the_parser_says(void **unused)
{
    (void)unused;
    uint64_t state = 2;
    size_t n_taken = 0, n_points = 0;
    for (int i = 0; i < N_TEXTS; i++) {
        char text[MAX_BYTES + 8];
        const int decimals = (int)draw_below(&state, 13);
        const size_t n = make_text(&state, text);
        const bool comma = draw_below(&state, 2);
        const char mark = comma ? ',' : '.';
        int64_t fast = -1, value = -2;
        for (size_t k = 0; comma && k < n; k++)
            text[k] = text[k] == '.' ? (draw_below(&state, 20) ? ',' : '.') : text[k];
        if (!rfm_swar_decimal(text, n, mark, decimals, &fast))
            continue;
        assert_int_equal(rfm_decimal_parse_as((rfm_notation){.comma = comma}, text, n, decimals, &value), RFM_PARSE_OK);
        assert_int_equal(fast, value);
        n_taken++;
        n_points += memchr(text, mark, n) != NULL;
    }
    assert_in_range(n_taken, N_TEXTS / 20, N_TEXTS);
    assert_in_range(n_points, N_TEXTS / 400, n_taken - N_TEXTS / 400);
}

static void prices_are_taken(void **unused)
{
    (void)unused;
    char text[MAX_BYTES];
    for (int cents = 0; cents < 10000000; cents += 37) {
        int64_t value;
        const char mark = ".,"[cents % 2];
        const size_t n = (size_t)snprintf(text, sizeof text, "%d%c%02d", cents / 100, mark, cents % 100);
        assert_true(rfm_swar_decimal(text, n, mark, 4, &value));
        assert_int_equal(value, (int64_t)cents * 100);
    }
}

static void a_clock_is_what_the_parser_says(void **unused)
{
    (void)unused;
    enum { LENGTH = sizeof "1970-01-01 00:00:00UTC" - 1 };
    rfm_error err = {0};
    rfm_zone *zone;
    rfm_zone_open("UTC", &zone, &err);
    uint64_t state = 3;
    for (int i = 0; i < 400000; i++) {
        char text[LENGTH + 42]; /* what any three integers would need, as the compiler sees it */
        snprintf(text, sizeof text, "1970-01-01 %02d:%02d:%02dUTC", i / 3600 % 30, i / 60 % 60, i % 60);
        if (i > 30 * 3600)
            text[11 + draw_below(&state, 8)] = (char)draw_below(&state, i % 2 ? 256 : 64);
        rfm_timestamp time;
        int64_t seconds;
        const bool is_clock = rfm_time_parse(text, LENGTH, RFM_TIME_ISO, zone, &time) == RFM_PARSE_OK;
        assert_int_equal(rfm_swar_clock(text + 11, &seconds), is_clock);
        if (is_clock)
            assert_int_equal(seconds * 1000000, time.us);
    }
    rfm_zone_close(zone);
}

static void digits_are_written_as_printf_writes_them(void **unused)
{
    (void)unused;
    uint64_t state = 7;
    for (uint64_t i = 0; i < N_TEXTS; i++) {
        char text[8 + 1] = {0}, wanted[8 + 1];
        const uint64_t value = i < 20000 ? i : i < 20100 ? 99999999 - (i - 20000) : draw(&state) % 100000000 >> i % 27;
        const size_t n = rfm_swar_put(text, value);
        assert_int_equal(n, snprintf(wanted, sizeof wanted, "%u", (unsigned)value));
        assert_memory_equal(text, wanted, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_integer_is_what_the_parser_says),
        cmocka_unit_test(a_decimal_is_what_the_parser_says),
        cmocka_unit_test(prices_are_taken),
        cmocka_unit_test(a_clock_is_what_the_parser_says),
        cmocka_unit_test(digits_are_written_as_printf_writes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
