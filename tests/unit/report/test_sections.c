/* The page as a whole: what it has, what it leaves out, and the file it becomes. */
#include "example.h"

#include <sys/stat.h>

static char *page_of(const char *run, const char *figures, const char *language)
{
    rfm_error err = {0};
    rfm_text html = {0};
    make_page(run, figures, language, &html, &err);
    assert_fine(&err);
    assert_page(html.bytes);
    return html.bytes;
}

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

static void assert_says(const char *html, const char *text)
{
    if (!strstr(html, text))
        fail_msg("the page does not say: %s", text);
}

static void every_part_is_there_in_its_order(void **state)
{
    (void)state;
    static const char *const parts[] = {"segments", "scores",     "profiles",    "distributions", "map",
                                        "choice",   "silhouette", "convergence", "change",        "rows",
                                        "run",      "glossary",   "exactness"};
    char *html = page_of(RUN, FIGURES, "en");
    const char *at = html;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char section[64], link[64];
        snprintf(section, sizeof section, "<section id=\"%s\"", parts[i]);
        snprintf(link, sizeof link, "<a href=\"#%s\">", parts[i]);
        assert_int_equal(count(html, section), 1);
        assert_int_equal(count(html, link), 1);
        assert_true(strstr(html, section) > at);
        at = strstr(html, section);
    }
    free(html);
}

static void charts_have_titles_and_tables_behind_them(void **state)
{
    (void)state;
    char *html = page_of(RUN, FIGURES, "en");
    const int charts = count(html, "role=\"img\"");
    assert_int_equal(count(html, "<title id=\"t"), charts);
    /* heat, standings, two features (the third has nothing to draw), map, five measures, silhouette, trace */
    assert_int_equal(charts, 1 + 1 + 2 + 1 + 5 + 1 + 1);
    /* all segments, heat, medians, means, standings, three features, map, sweep, silhouette, trace */
    assert_int_equal(count(html, "<details>"), 1 + 1 + 3 + 3 + 1 + 1 + 1 + 1);
    assert_int_equal(count(html, "<article class=\"card"), 2);
    free(html);
}

static void segments_are_told_in_words(void **state)
{
    (void)state;
    char *html = page_of(RUN, FIGURES, "en");
    assert_says(html, "<p class=\"as-of\">As of 30 October 2019");
    assert_says(html, "R&amp;D &lt;best&gt;");
    assert_says(html, "Spends far more than average: <b>49</b> (median; all: 15)");
    assert_says(html, "Bought more recently than average: <b>3\u00A0days</b> ago (median; all: 30\u00A0days)");
    assert_says(html, "None of these customers is in this segment");
    assert_says(html, "<b>50</b> of revenue per customer");
    assert_says(html, "12.0% of the customers (120) are in another segment");
    assert_says(html, "2 were rejected");
    assert_says(html, "and 1 more");
    free(html);
}

static void the_same_in_french(void **state)
{
    (void)state;
    char *html = page_of(RUN, FIGURES, "fr");
    assert_says(html, "<html lang=\"fr\">");
    assert_says(html, "30 octobre 2019");
    assert_says(html, "nettement plus que la moyenne\u202F: <b>49</b>");
    assert_says(html, "12,0\u202F% des clients (120)");
    assert_says(html, "45\u202F000");
    free(html);
}

/* Deviations decide what is told first: monetary 1.4, then recency -0.7; 0.1 is not told. */
static void the_most_telling_comes_first(void **state)
{
    (void)state;
    char *html = page_of(RUN, FIGURES, "en");
    assert_true(strstr(html, "Spends far more") < strstr(html, "Bought more recently"));
    assert_null(strstr(html, "</code> a little above"));
    free(html);
}

/* The example's files with another text in the place of one. */
static char *page_with(const char *in_run, const char *run_says, const char *in_figures, const char *figures_say)
{
    char run[sizeof RUN + 256], figures[sizeof FIGURES + 256];
    const char *at = strstr(RUN, in_run), *of = strstr(FIGURES, in_figures);
    assert_true(at && of);
    snprintf(run, sizeof run, "%.*s%s%s", (int)(at - RUN), RUN, run_says, at + strlen(in_run));
    snprintf(figures, sizeof figures, "%.*s%s%s", (int)(of - FIGURES), FIGURES, figures_say, of + strlen(in_figures));
    return page_of(run, figures, "en");
}

/* The scaled mean is above that of all: the median is not, the mean is; and then neither is. */
static void what_the_numbers_do_not_bear_out_is_not_said(void **state)
{
    (void)state;
    char *html = page_with("", "", "\"median\": [3, 49, 0.25]", "\"median\": [3, 14, 0.25]");
    assert_says(html, "Spends far more than average: <b>50.5</b> (mean; all: 20)");
    free(html);
    html = page_with("", "", "\"median\": [3, 49, 0.25], \"mean\": [4, 50.5, 0.3]",
                     "\"median\": [3, 14, 0.25], \"mean\": [4, 19, 0.3]");
    assert_null(strstr(html, "Spends"));
    assert_says(html, "Bought more recently than average");
    free(html);
}

static void a_segment_under_the_name_of_another_says_so(void **state)
{
    (void)state;
    static const char *const note = "whose name for it may no longer fit";
    char *html = page_of(RUN, FIGURES, "en");
    assert_null(strstr(html, note));
    assert_says(html, "has moved</td>");
    assert_says(html, "new: continues none of before</td>");
    free(html);
    html = page_with("\"moved\": [0.2, null]", "\"moved\": [0.7, null]", "", "");
    assert_int_equal(count(html, note), 1);
    assert_says(html, "has moved far: its name is that of before</td>");
    free(html);
}

static void tables_of_very_many_segments_are_left_out(void **state)
{
    (void)state;
    char *html = page_with("\"flows\": {\"0\": [880, 1], \"3\": [20, 99]}, ", "", "", "");
    assert_int_equal(count(html, "the table of who went where is left out"), 1);
    assert_says(html, "12.0% of the customers (120) are in another segment");
    free(html);
}

static void cuts_of_a_model_are_not_those_of_these_customers(void **state)
{
    (void)state;
    char *html = page_of(RUN, FIGURES, "en");
    assert_says(html, "which divide these customers into groups of equal size");
    free(html);
    html = page_with("\"command\": \"run\"", "\"command\": \"predict\"", "", "");
    assert_null(strstr(html, "groups of equal size"));
    assert_says(html, "which came with the model");
    free(html);
}

static void scores_that_are_too_many_to_draw_are_told_whole(void **state)
{
    (void)state;
    enum { BINS = 30 };
    rfm_text run = {0};
    rfm_text_adds(&run, "{\"scores\": {\"bins\": 30, \"grid\": [], \"cuts\": {\"recency\": [0");
    for (int i = 1; i < BINS - 1; i++)
        rfm_text_addf(&run, ", %d", 1000 + i);
    rfm_text_adds(&run, "]}, \"heat\": {\"customers\": [");
    for (int i = 0; i < BINS; i++)
        rfm_text_adds(&run, i > 0 ? ", []" : "[]");
    rfm_text_adds(&run, "]}}}");
    char *html = page_of(run.bytes, FIGURES, "en");
    assert_says(html, "With 30 scores of each measure");
    assert_says(html, "\u00B7 1,028<"); /* the last cut */
    free(html);
    rfm_text_free(&run);
}

static void a_map_of_all_customers_is_no_sample(void **state)
{
    (void)state;
    char *html = page_of(RUN, FIGURES, "en");
    assert_says(html, "3 customers drawn at random");
    assert_says(html, "a random sample of 3 of 1,000");
    free(html);
    html = page_with("", "", "\"n_customers\": 1000", "\"n_customers\": 3");
    assert_null(strstr(html, "at random"));
    assert_null(strstr(html, "a random sample of 3 of"));
    assert_says(html, "All 3 customers, and the centre");
    free(html);
}

static void shares_of_weight_are_called_so(void **state)
{
    (void)state;
    char *html = page_of(RUN, FIGURES, "en");
    assert_null(strstr(html, "Share of weight"));
    assert_null(strstr(html, "counts once here"));
    free(html);
    html = page_with("", "", "\"share\": 0.9, \"weight\": null", "\"share\": 0.9, \"weight\": 1800");
    assert_says(html, "<dt>Share of weight</dt>");
    assert_says(html, "How weight and revenue divide");
    assert_says(html, "Each customer counts once here");
    free(html);
}

static void only_options_that_were_set_are_listed(void **state)
{
    (void)state;
    char *html = page_of(RUN, FIGURES, "en");
    assert_says(html, "<code>cluster.k</code>");
    assert_says(html, "[{column: price, above: 0}]");
    assert_null(strstr(html, "cluster.seed</code>"));
    assert_null(strstr(html, "input.timezone</code>"));
    free(html);
}

/* What is absent leaves no trace but a remark. */
static void a_run_that_has_little_to_tell_is_a_page_too(void **state)
{
    (void)state;
    static const char *const absent[] = {"scores", "map", "choice", "silhouette", "convergence", "change", "rows"};
    char *html =
        page_of("{}",
                "{\"format\": \"rfmpi figures 1\", \"n_customers\": 1, \"n_segments\": 1, \"segments\": [{\"id\": 0, "
                "\"customers\": 1}], \"features\": [{\"name\": \"x\"}], \"projection\": null}",
                "en");
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        char id[64];
        snprintf(id, sizeof id, "#%s\"", absent[i]);
        if (strstr(html, id))
            fail_msg("%s is there", absent[i]);
    }
    assert_says(html, "Segment 0");
    assert_says(html, "All customers are in this one segment");
    assert_says(html, "no RFM scores");
    free(html);
}

static void a_title_of_ones_own_is_text(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_text html = {0};
    const rfm_page_options options = {"en", "A \xFF </title> \"B\" & \x01"};
    write_text("run.json", RUN);
    write_text("figures.json", FIGURES);
    rfm_page_make(folder, &options, &html, &err);
    assert_fine(&err);
    assert_page(html.bytes);
    assert_int_equal(count(html.bytes, "A \uFFFD &lt;/title&gt; &quot;B&quot; &amp; \u2401"), 2);
    rfm_text_free(&html);
}

/* ---- directories that cannot be told of ---------------------------------------------------------------------------- */

static void expect_refused(rfm_status status, const char *words)
{
    rfm_error err = {0};
    const rfm_page_options options = {"en", NULL};
    rfm_page_write(folder, &options, NULL, &err);
    assert_failed(&err, status, words);
    assert_int_equal(access(in_folder(RFM_REPORT), F_OK), -1);
}

static void a_directory_without_segments_is_refused(void **state)
{
    (void)state;
    expect_refused(RFM_USAGE, "no run.json");
    write_text("run.json", "{\"command\": \"prepare\"}");
    expect_refused(RFM_USAGE, "run train");
    write_text("run.json", "{\"command\": \"train\"}");
    expect_refused(RFM_USAGE, "no figures.json");
}

static void damaged_files_are_named(void **state)
{
    (void)state;
    write_text("run.json", RUN);
    write_text("figures.json", "{\"format\": \"rfmpi figures 9\"}");
    expect_refused(RFM_DATA, "rfmpi figures 9");
    write_text("figures.json", "{\"format\": \"rfmpi figures 1\", \"segments\": []}");
    expect_refused(RFM_DATA, "no segments");
    write_text("figures.json", "{\"format\": ");
    expect_refused(RFM_DATA, "figures.json: line 1");
    write_text("run.json", "[]");
    expect_refused(RFM_DATA, "run.json");
}

/* ---- the file ------------------------------------------------------------------------------------------------------ */

static void the_file_is_private_and_whole(void **state)
{
    (void)state;
    rfm_error err = {0};
    struct stat at;
    const rfm_page_options options = {"en", NULL};
    write_text("run.json", RUN);
    write_text("figures.json", FIGURES);
    rfm_page_write(folder, &options, NULL, &err);
    rfm_page_write(folder, &options, NULL, &err); /* again, in its place */
    assert_fine(&err);
    assert_int_equal(stat(in_folder(RFM_REPORT), &at), 0);
    assert_int_equal(at.st_mode & 0777, 0600);
    rfm_page_write(folder, &options, in_folder("elsewhere.html"), &err);
    assert_fine(&err);
    assert_int_equal(access(in_folder("elsewhere.html"), F_OK), 0);
}

static void a_file_that_cannot_be_written_leaves_the_old_one(void **state)
{
    (void)state;
    rfm_error err = {0};
    const rfm_page_options options = {"en", NULL};
    write_text("run.json", RUN);
    write_text("figures.json", FIGURES);
    assert_int_equal(mkdir(in_folder("taken"), 0700), 0);
    rfm_page_write(folder, &options, in_folder("taken"), &err);
    assert_failed(&err, RFM_IO, "taken");
    rfm_page_write(folder, &options, in_folder("absent/report.html"), &err);
    assert_failed(&err, RFM_IO, "absent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_part_is_there_in_its_order, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(charts_have_titles_and_tables_behind_them, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(segments_are_told_in_words, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(the_same_in_french, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(the_most_telling_comes_first, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(what_the_numbers_do_not_bear_out_is_not_said, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(a_segment_under_the_name_of_another_says_so, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(tables_of_very_many_segments_are_left_out, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(cuts_of_a_model_are_not_those_of_these_customers, set_up_folder,
                                        tear_down_folder),
        cmocka_unit_test_setup_teardown(scores_that_are_too_many_to_draw_are_told_whole, set_up_folder,
                                        tear_down_folder),
        cmocka_unit_test_setup_teardown(a_map_of_all_customers_is_no_sample, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(shares_of_weight_are_called_so, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(only_options_that_were_set_are_listed, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(a_run_that_has_little_to_tell_is_a_page_too, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(a_title_of_ones_own_is_text, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(a_directory_without_segments_is_refused, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(damaged_files_are_named, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(the_file_is_private_and_whole, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_written_leaves_the_old_one, set_up_folder,
                                        tear_down_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
