/* A text becomes an integer only where the integer gives the same text back; and the distinct texts of a column. */
#include "session.h"

#include "draw.h"
#include "exact.h"
#include "lexicon.h"

static void assert_comes_back(const char *text, rfm_exact_kind kind, int64_t expected)
{
    char written[RFM_EXACT_BYTES];
    int64_t value = 0;
    rfm_exact exact = rfm_exact_of((rfm_writing){0}, text, strlen(text));
    assert_int_equal(exact.kind, kind);
    assert_true(rfm_exact_read(&exact, text, strlen(text), &value));
    assert_int_equal(value, expected);
    const char *end = rfm_exact_write(&exact, value, written);
    assert_non_null(end);
    assert_int_equal(end - written, strlen(text));
    assert_memory_equal(written, text, strlen(text));
}

static void numbers_come_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } numbers[] = {{"0", 0},
                   {"-1", -1},
                   {"9223372036854775807", INT64_MAX},
                   {"-9223372036854775807", -INT64_MAX},
                   {"0.00", 0},
                   {"-0.01", -1},
                   {"12.50", 1250},
                   {"0.000000000000000001", 1},
                   {"9.223372036854775807", INT64_MAX}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_comes_back(numbers[i].text, RFM_EXACT_NUMBER, numbers[i].value);
}

static void times_come_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } times[] = {{"1970-01-02", 1},
                 {"0001-01-01", -719162},
                 {"9999-12-31 23:59:59", 253402300799},
                 {"2019-10-01 00:00:00 UTC", 1569888000},
                 {"2019-10-01 00:00:01UTC", 1569888001},
                 {"2019-10-01T00:00:00Z", 1569888000},
                 {"2019-10-01T00:00", 1569888000},
                 {"2019-10-01 02:00:00 +0200", 1569888000},
                 {"2019-09-30 18:30:00.5-05:30", 1569888000500},
                 {"2019-10-01 00:00:00,25", 1569888000250},
                 {"2019-10-01 00:00:00.000001Z", 1569888000000001},
                 {"1969-12-31 23:59:59.999", -1}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        assert_comes_back(times[i].text, RFM_EXACT_TIME, times[i].value);
}

/* As the job says that they are written, so they come back; the integers are those of the usual texts. */
static void commas_and_other_orders_come_back_where_the_job_has_them(void **state)
{
    (void)state;
    static const rfm_writing day = {true, RFM_TIME_DAY_FIRST}, month = {false, RFM_TIME_MONTH_FIRST};
    static const struct {
        const rfm_writing *writing;
        const char *text, *usual;
    } cases[] = {{&day, "12,50", "12.50"},
                 {&day, "-0,01", "-0.01"},
                 {&day, "0,000000000000000001", "0.000000000000000001"},
                 {&day, "7", "7"},
                 {&day, "31.12.2024", "2024-12-31"},
                 {&day, "31/12/2024 14:05", "2024-12-31 14:05"},
                 {&day, "01-02-0003T04:05:06,7 +0130", "0003-02-01T04:05:06,7 +0130"},
                 {&day, "2024-12-31 14:05:06", "2024-12-31 14:05:06"},
                 {&month, "12/31/2024 14:05:06.123456Z", "2024-12-31 14:05:06.123456Z"},
                 {&month, "02.01.1970", "1970-02-01"},
                 {&month, "02-01-1970 00:00 UTC", "1970-02-01 00:00 UTC"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text, *usual = cases[i].usual;
        char written[RFM_EXACT_BYTES];
        int64_t value = 0, wanted = 1;
        rfm_exact exact = rfm_exact_of(*cases[i].writing, text, strlen(text));
        const rfm_exact like = rfm_exact_of((rfm_writing){0}, usual, strlen(usual));
        assert_true(rfm_exact_read(&exact, text, strlen(text), &value));
        assert_true(rfm_exact_read(&like, usual, strlen(usual), &wanted));
        assert_true(exact.kind == like.kind && exact.scale == like.scale && exact.unit_us == like.unit_us);
        assert_int_equal(value, wanted);
        const char *end = rfm_exact_write(&exact, value, written);
        assert_int_equal(end - written, strlen(text));
        assert_memory_equal(written, text, strlen(text));
        if (strcmp(text, usual) != 0)
            assert_int_equal(rfm_exact_of((rfm_writing){0}, text, strlen(text)).kind, RFM_EXACT_TEXT);
    }
}

static void what_is_not_of_the_order_or_the_mark_is_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"12.50",    "1.234,50",        ",5",         "5,",         "-0,0",
                                        "01,5",     "1.2.2024",        "12/31/2024", "31.12/2024", "30.02.2024",
                                        "31.12.24", "31.12.2024 8:05", "00.00.0000", "31 12 2024"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (rfm_exact_of((rfm_writing){true, RFM_TIME_DAY_FIRST}, texts[i], strlen(texts[i])).kind != RFM_EXACT_TEXT)
            fail_msg("'%s' was taken for more than a text", texts[i]);
}

static void what_would_come_back_otherwise_is_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"+1",
                                        "01",
                                        "-0",
                                        "-0.0",
                                        ".5",
                                        "5.",
                                        "1e3",
                                        " 1",
                                        "1 ",
                                        "-",
                                        ".",
                                        "1.2.3",
                                        "-.5",
                                        "9223372036854775808",
                                        "-9223372036854775808",
                                        "0.0000000000000000001",
                                        "2019-13-01",
                                        "2019-02-30",
                                        "0000-01-01",
                                        "2019-10-01 24:00:00",
                                        "2019-10-01 ",
                                        "2019-10-01 00:00:60",
                                        "2019-10-01 00:00:00.1234567",
                                        "2019-10-01 00:00:00.",
                                        "2019-10-01 00:00:00 CET",
                                        "2019-10-01 00:00:00 +99",
                                        "2019-10-01T00:00:00Z ",
                                        "2019-10-01Z",
                                        "2019-10-01 0:00:00",
                                        "2019-1-01",
                                        "2019-10-01 00:00:00  UTC",
                                        "2019-10-01 00:00:00:30",
                                        "2019-10-01 00:00:00,5.5",
                                        "2019-10-01 00:00 \t"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (rfm_exact_of((rfm_writing){0}, texts[i], strlen(texts[i])).kind != RFM_EXACT_TEXT)
            fail_msg("'%s' was taken for more than a text", texts[i]);
}

static void a_kind_is_of_one_scale_or_pattern(void **state)
{
    (void)state;
    static const char *const others[][2] = {{"1.5", "1"},
                                            {"1.5", "1.50"},
                                            {"7", "7.0"},
                                            {"2019-10-01", "2019-10-01 00:00:00"},
                                            {"2019-10-01 00:00:00 UTC", "2019-10-01 00:00:00 Utc"},
                                            {"2019-10-01 00:00:00 UTC", "2019-10-01T00:00:00 UTC"},
                                            {"2019-10-01 00:00:00 UTC", "2019-11-31 00:00:00 UTC"},
                                            {"2019-10-01 00:00:00+02", "2019-10-01 00:00:00+01"},
                                            {"2019-10-01 00:00:00.5", "2019-10-01 00:00:00.50"}};
    int64_t value;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const rfm_exact exact = rfm_exact_of((rfm_writing){0}, others[i][0], strlen(others[i][0]));
        assert_false(rfm_exact_read(&exact, others[i][1], strlen(others[i][1]), &value));
    }
}

/* Whatever is taken comes back to the byte. */
static void changed_texts_come_back_or_are_refused(void **unused)
{
    (void)unused;
    static const char *const seeds[] = {"2019-10-01 00:00:00 UTC",
                                        "2019-10-01T23:59:59.123456+05:30",
                                        "1999-12-31",
                                        "-12345.678",
                                        "9223372036854775807",
                                        "2019-10-01 00:00:00,5Z",
                                        "31.12.1999",
                                        "01/02/2019 23:59:59,5",
                                        "-12345,678"};
    static const char letters[] = "0123456789-:. TZUC+,0123456789";
    static const rfm_writing writings[] = {
        {false, RFM_TIME_AUTO}, {true, RFM_TIME_DAY_FIRST}, {true, RFM_TIME_MONTH_FIRST}};
    uint64_t state = 7;
    size_t n_taken = 0;
    for (int i = 0; i < 200000; i++) {
        char text[64], written[RFM_EXACT_BYTES];
        strcpy(text, seeds[draw_below(&state, sizeof seeds / sizeof seeds[0])]);
        for (size_t n = draw_below(&state, 4); n > 0; n--)
            text[draw_below(&state, strlen(text))] = letters[draw_below(&state, sizeof letters - 1)];
        const size_t length = strlen(text) - (draw_below(&state, 4) == 0 ? draw_below(&state, strlen(text)) : 0);
        rfm_exact exact = rfm_exact_of(writings[draw_below(&state, 3)], text, length);
        int64_t value;
        if (exact.kind == RFM_EXACT_TEXT)
            continue;
        n_taken++;
        assert_true(rfm_exact_read(&exact, text, length, &value));
        const char *end = rfm_exact_write(&exact, value, written);
        if (!end || (size_t)(end - written) != length || memcmp(written, text, length) != 0)
            fail_msg("'%.*s' does not come back", (int)length, text);
    }
    assert_true(n_taken > 20000);
}

static void patterns_are_read_back_from_their_letters(void **state)
{
    (void)state;
    static const char *const texts[] = {"2019-10-01",
                                        "2019-10-01 00:00",
                                        "2019-10-01T00:00:00.5+05:30",
                                        "2019-10-01 00:00:00,123456 UTC",
                                        "2019-10-01 00:00:00Z",
                                        "01.10.2019",
                                        "01/10/2019 00:00",
                                        "01-10-2019 00:00:00.25 UTC"};
    static const char *const wrong[] = {"",
                                        "YYYY",
                                        "YYYY-MM-DD hh",
                                        "YYYY-MM-DD hh:mm:ss.",
                                        "YYYY-MM-DD hh:mm:ss.fffffff",
                                        "2019-MM-DD",
                                        "YYYY-MM-DD hh:mm:ss CET",
                                        "YYYY-MM-DD hh:mm:ss UTC and some more text behind it",
                                        "DD.MM/YYYY",
                                        "DD.MM.YY",
                                        "DD MM YYYY",
                                        "D.M.YYYY",
                                        "DD.MM.YYYY h:mm"};
    static const rfm_time_format orders[] = {RFM_TIME_DAY_FIRST, RFM_TIME_MONTH_FIRST};
    rfm_pattern pattern, again;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (size_t k = 0; k < 2; k++) {
            assert_true(rfm_pattern_of(texts[i], strlen(texts[i]), orders[k], &pattern));
            assert_int_equal(pattern.format, texts[i][4] == '-' ? RFM_TIME_ISO : orders[k]);
            assert_true(rfm_pattern_parse(pattern.text, &again));
            assert_memory_equal(&again, &pattern, sizeof pattern);
        }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(rfm_pattern_parse(wrong[i], &pattern));
}

static void a_pattern_says_a_time_exactly_or_not_at_all(void **state)
{
    (void)state;
    char text[RFM_PATTERN_BYTES];
    rfm_pattern date, minutes, tenths;
    assert_true(rfm_pattern_parse("YYYY-MM-DD", &date));
    assert_true(rfm_pattern_parse("YYYY-MM-DD hh:mm", &minutes));
    assert_true(rfm_pattern_parse("YYYY-MM-DD hh:mm:ss.f", &tenths));
    assert_true(rfm_pattern_write(&date, RFM_DAY_US, text));
    assert_false(rfm_pattern_write(&date, RFM_DAY_US + 1, text));
    assert_true(rfm_pattern_write(&minutes, 60000000, text));
    assert_false(rfm_pattern_write(&minutes, 61000000, text));
    assert_true(rfm_pattern_write(&tenths, 100000, text));
    assert_false(rfm_pattern_write(&tenths, 110000, text));
    assert_false(rfm_pattern_write(&date, INT64_MAX, text));
    assert_false(rfm_pattern_write(&date, INT64_MIN, text));
}

static rfm_status add_number(rfm_lexicon *lexicon, int number, rfm_error *err)
{
    char text[32];
    return rfm_lexicon_add(lexicon, text, (size_t)snprintf(text, sizeof text, "%d", number), err);
}

static void texts_are_numbered_as_they_come(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_lexicon lexicon = {.most_texts = 20001, .most_bytes = 1 << 20};
    char text[32];
    rfm_lexicon_add(&lexicon, "", 0, &err);
    for (int i = 0; i < 60000; i++)
        add_number(&lexicon, i % 20000, &err);
    assert_fine(&err);
    assert_int_equal(lexicon.n, 20001);
    assert_int_equal(lexicon.longest, 5);
    assert_int_equal(rfm_lexicon_find(&lexicon, "", 0), 0);
    assert_int_equal(rfm_lexicon_find(&lexicon, "x", 1), RFM_LEXICON_NONE);
    for (int i = 0; i < 20000; i++) {
        size_t length = (size_t)snprintf(text, sizeof text, "%d", i), n;
        assert_int_equal(rfm_lexicon_find(&lexicon, text, length), i + 1);
        assert_memory_equal(rfm_lexicon_text(&lexicon, (size_t)i + 1, &n), text, length);
        assert_int_equal(n, length);
    }
    rfm_lexicon_free(&lexicon);
}

static void too_many_texts_are_none(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_lexicon many = {.most_texts = 100, .most_bytes = 1 << 20}, wide = {.most_texts = 100, .most_bytes = 50};
    for (int i = 0; i < 100; i++)
        add_number(&many, i, &err);
    assert_int_equal(many.n, 100);
    add_number(&many, 100, &err);
    assert_true(many.full && many.n == 0);
    add_number(&many, 0, &err);
    assert_int_equal(rfm_lexicon_find(&many, "0", 1), RFM_LEXICON_NONE);
    for (int i = 0; i < 10; i++)
        add_number(&wide, i, &err);
    rfm_lexicon_add(&wide, "12345", 5, &err); /* 11 of 5 bytes are more than 50 */
    assert_true(wide.full);
    assert_fine(&err);
    rfm_lexicon_free(&many);
    rfm_lexicon_free(&wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_back),
        cmocka_unit_test(times_come_back),
        cmocka_unit_test(commas_and_other_orders_come_back_where_the_job_has_them),
        cmocka_unit_test(what_is_not_of_the_order_or_the_mark_is_text),
        cmocka_unit_test(what_would_come_back_otherwise_is_text),
        cmocka_unit_test(a_kind_is_of_one_scale_or_pattern),
        cmocka_unit_test(changed_texts_come_back_or_are_refused),
        cmocka_unit_test(patterns_are_read_back_from_their_letters),
        cmocka_unit_test(a_pattern_says_a_time_exactly_or_not_at_all),
        cmocka_unit_test(texts_are_numbered_as_they_come),
        cmocka_unit_test(too_many_texts_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
