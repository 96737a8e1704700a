/* The words: all there in both languages, saying the same values, and typed as each language is. */
#include "session.h"

#include "page.h"

enum { SLOTS = 9 };

static int count_bars(const char *from, const char *end)
{
    int n = 0;
    for (; from < end; from++)
        n += *from == '|';
    return n;
}

/* What is wrong with a text's slots; NULL: nothing. seen: which there are. */
static const char *read_slots(const char *text, bool seen[SLOTS])
{
    for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
        const char *end = strchr(at, '}');
        if (at[1] < '1' || at[1] > '9' || !end)
            return "a brace is no slot";
        if (at + 2 != end && (at[2] != '|' || count_bars(at, end) != 2))
            return "a slot is a digit, or that and two words";
        seen[at[1] - '1'] = true;
    }
    return NULL;
}

static void all_words_are_there_in_both_languages(void **state)
{
    (void)state;
    for (int w = 0; w < N_WORDS; w++)
        for (int l = 0; l < N_LANGUAGES; l++) {
            assert_non_null(word_in((word)w, l));
            if (w != W_ADVERB_CLEAR && *word_in((word)w, l) == '\0')
                fail_msg("word %d is empty in language %d", w, l);
        }
}

static void both_languages_say_the_same_values(void **state)
{
    (void)state;
    for (int w = 0; w < N_WORDS; w++) {
        bool seen[N_LANGUAGES][SLOTS] = {{false}};
        for (int l = 0; l < N_LANGUAGES; l++) {
            const char *wrong = read_slots(word_in((word)w, l), seen[l]);
            if (wrong)
                fail_msg("%s: %s", wrong, word_in((word)w, l));
        }
        if (memcmp(seen[0], seen[1], sizeof seen[0]) != 0)
            fail_msg("not the same slots: %s", word_in((word)w, ENGLISH));
    }
}

static bool ends_with(const char *text, const char *at, const char *ending)
{
    const size_t n = strlen(ending);
    return (size_t)(at - text) >= n && memcmp(at - n, ending, n) == 0;
}

static void french_has_narrow_spaces_before_its_marks(void **state)
{
    (void)state;
    for (int w = 0; w < N_WORDS; w++) {
        const char *text = word_in((word)w, FRENCH);
        for (const char *at = strpbrk(text, ":;?!"); at; at = strpbrk(at + 1, ":;?!"))
            if (!ends_with(text, at, "\u202F") && !ends_with(text, at, "&amp"))
                fail_msg("no narrow space before '%c': %s", *at, text);
        if (strchr(text, '\''))
            fail_msg("a straight apostrophe: %s", text);
    }
}

static void words_are_markup_that_may_stand_in_an_attribute(void **state)
{
    (void)state;
    for (int w = 0; w < N_WORDS; w++)
        for (int l = 0; l < N_LANGUAGES; l++) {
            const char *text = word_in((word)w, l);
            if (strchr(text, '"'))
                fail_msg("a straight quote: %s", text);
            for (const char *at = strchr(text, '&'); at; at = strchr(at + 1, '&'))
                if (strncmp(at, "&amp;", 5) != 0 && strncmp(at, "&lt;", 4) != 0)
                    fail_msg("a bare ampersand: %s", text);
        }
}

static void the_glossary_explains_each_of_its_terms(void **state)
{
    (void)state;
    assert_int_equal((W_GLOSSARY_END - W_GLOSSARY_FIRST) % 2, 0);
    for (int w = W_GLOSSARY_FIRST; w < W_GLOSSARY_END; w += 2)
        for (int l = 0; l < N_LANGUAGES; l++) {
            const char *meaning = word_in((word)(w + 1), l);
            if (meaning[strlen(meaning) - 1] != '.')
                fail_msg("no sentence: %s", meaning);
        }
}

static void expect_said(language l, word w, double n, const char *wanted)
{
    page p = {.language = l};
    say(&p, w, a_count(n));
    assert_string_equal(p.html.bytes, wanted);
    rfm_text_free(&p.html);
}

static void one_is_another_word_than_many(void **state)
{
    (void)state;
    expect_said(ENGLISH, W_ROWS_LEAD, 1, "1 row was read.");
    expect_said(ENGLISH, W_ROWS_LEAD, 0, "0 rows were read.");
    expect_said(ENGLISH, W_ROWS_LEAD, 1200, "1,200 rows were read.");
    expect_said(FRENCH, W_ROWS_LEAD, 0, "0 ligne lue.");
    expect_said(FRENCH, W_ROWS_LEAD, 2, "2 lignes lues.");
}

static void what_comes_from_outside_is_escaped_in_a_slot(void **state)
{
    (void)state;
    page p = {0};
    say(&p, W_SEGMENT_ID, a_text("<3>"));
    assert_string_equal(p.html.bytes, "Segment &lt;3&gt;");
    rfm_text_free(&p.html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_words_are_there_in_both_languages),
        cmocka_unit_test(both_languages_say_the_same_values),
        cmocka_unit_test(french_has_narrow_spaces_before_its_marks),
        cmocka_unit_test(words_are_markup_that_may_stand_in_an_attribute),
        cmocka_unit_test(the_glossary_explains_each_of_its_terms),
        cmocka_unit_test(one_is_another_word_than_many),
        cmocka_unit_test(what_comes_from_outside_is_escaped_in_a_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
