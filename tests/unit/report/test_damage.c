/* Files that something has happened to: whatever they hold, they are refused by name, or the page is a page. */
#include "example.h"

#include "draw.h"

/* What a value may become. */
static const char *const VALUES[] = {"null",
                                     "true",
                                     "-1",
                                     "0",
                                     "1e308",
                                     "-1e308",
                                     "1e-320",
                                     "9223372036854775807",
                                     "\"\"",
                                     "\"<b>&'\\\"\"",
                                     "\"\\u202e\\u0001\"",
                                     "[]",
                                     "{}",
                                     "[[]]",
                                     "[{}]",
                                     "[1, \"a\", null]",
                                     "{\"0\": [1]}",
                                     "2.5",
                                     "64",
                                     "99999999"};

/* A value begins behind a colon, a comma or a bracket; it ends where its brackets are closed. */
static const char *end_of_value(const char *at)
{
    int depth = 0;
    bool quoted = false;
    for (; *at; at++) {
        if (quoted && *at == '\\')
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && (*at == '[' || *at == '{'))
            depth++;
        else if (!quoted && (*at == ']' || *at == '}') && depth-- == 0)
            return at;
        else if (!quoted && *at == ',' && depth == 0)
            return at;
    }
    return at;
}

/* The text with one of its values replaced, or with a stretch of it gone. */
static char *damage(const char *text, uint64_t *draws)
{
    rfm_text made = {0};
    const size_t n = strlen(text);
    const char *at = text + draw_below(draws, n);
    if (draw_below(draws, 16) == 0) {
        rfm_text_add(&made, text, (size_t)(at - text));
        rfm_text_adds(&made, at + draw_below(draws, n - (size_t)(at - text) + 1));
        return made.bytes;
    }
    while (at > text && !strchr(":,[", at[-1]))
        at--;
    rfm_text_add(&made, text, (size_t)(at - text));
    rfm_text_adds(&made, VALUES[draw_below(draws, sizeof VALUES / sizeof *VALUES)]);
    rfm_text_adds(&made, end_of_value(at));
    return made.bytes;
}

static char *damage_often(const char *text, uint64_t *draws)
{
    char *made = damage(text, draws);
    for (size_t left = draw_below(draws, 4); left > 0; left--) {
        char *again = damage(made, draws);
        free(made);
        made = again;
    }
    return made;
}

/* true: there was a page. */
static bool try_page(const char *run, const char *figures, const char *language)
{
    rfm_error err = {0};
    rfm_text html = {0};
    make_page(run, figures, language, &html, &err);
    const bool made = err.status == RFM_OK;
    if (made)
        assert_page(html.bytes);
    else if ((err.status != RFM_DATA && err.status != RFM_USAGE) || !strstr(err.message, ".json"))
        fail_msg("%d: %s", (int)err.status, err.message);
    rfm_text_free(&html);
    return made;
}

static void damaged_figures_are_refused_or_drawn(void **state)
{
    (void)state;
    uint64_t draws = 1;
    int made = 0;
    enum { TIMES = 1500 };
    for (int i = 0; i < TIMES; i++) {
        char *figures = damage_often(FIGURES, &draws);
        made += try_page(RUN, figures, i % 2 ? "fr" : "en");
        free(figures);
    }
    assert_in_range(made, TIMES / 10, TIMES * 9 / 10); /* both happened */
}

static void damaged_reports_are_refused_or_told(void **state)
{
    (void)state;
    uint64_t draws = 2;
    int made = 0;
    enum { TIMES = 1500 };
    for (int i = 0; i < TIMES; i++) {
        char *run = damage_often(RUN, &draws);
        made += try_page(run, FIGURES, i % 2 ? "fr" : "en");
        free(run);
    }
    assert_in_range(made, TIMES / 10, TIMES * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(damaged_figures_are_refused_or_drawn, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(damaged_reports_are_refused_or_told, set_up_folder, tear_down_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
