/* example: a small run directory, and what every page must be whatever it tells. */
#ifndef RFM_TEST_REPORT_EXAMPLE_H
#define RFM_TEST_REPORT_EXAMPLE_H

#include "session.h"

#include "rfmpi/report.h"

/* Two segments, the second without customers; three features, the last of the job's own making. */
static const char FIGURES[] =
    "{\"format\": \"rfmpi figures 1\", \"n_customers\": 1000, \"n_segments\": 2, \"n_features\": 3, \"quartiles_of\": "
    "100, \"standings_of\": 1000,"
    " \"money\": \"monetary\","
    " \"segments\": ["
    "  {\"id\": 0, \"label\": 0, \"name\": \"R&D <best>\", \"customers\": 900, \"share\": 0.9, \"weight\": null, "
    "\"revenue\": 45000.5,"
    "   \"revenue_share\": 1, \"centroid\": [3.5, 50, 0.2], \"median\": [3, 49, 0.25], \"mean\": [4, 50.5, 0.3],"
    "   \"standing\": [-0.7, 1.4, 0.1]},"
    "  {\"id\": 7, \"label\": 1, \"name\": \"Lost\", \"customers\": 0, \"share\": 0, \"weight\": null, \"revenue\": 0, "
    "\"revenue_share\": 0,"
    "   \"centroid\": [210, 1, 0.5], \"median\": [null, null, null], \"mean\": [null, null, null], \"standing\": "
    "[null, null, null]}],"
    " \"features\": ["
    "  {\"name\": \"recency_days\", \"unit\": \"days\", \"axis\": \"log1p\", \"mean\": 40, \"median\": 30, \"edges\": "
    "[0, 1, 10, 100, 1000],"
    "   \"counts\": [[100, 500, 200, 100], [0, 0, 0, 0]], \"quartiles\": [[1, 3, 9], [null, null, null]]},"
    "  {\"name\": \"monetary\", \"unit\": \"amount\", \"axis\": \"linear\", \"mean\": 20, \"median\": 15, \"edges\": "
    "[-10, 0, 10, 20, 30],"
    "   \"counts\": [[1, 2, 3, 894], [0, 0, 0, 0]], \"quartiles\": [[20, 49, 60], [null, null, null]]},"
    "  {\"name\": \"own <i>\", \"unit\": \"a&b\", \"axis\": \"linear\", \"mean\": 0.5, \"median\": 0.5, \"edges\": "
    "[0.5],"
    "   \"counts\": [[], []], \"quartiles\": [[0, 0.25, 1], [null, null, null]]}],"
    " \"projection\": {\"customers\": 1000, \"explained\": [0.6, 0.3], \"loadings\": [[0.8, 0.6, 0], [-0.6, 0.8, 0]],"
    "  \"centroids\": [[1, 1], [-1, 2.5]], \"sample\": [[0.5, 0.25, 0], [1.5, 1.25, 0], [-1, 2.5, 1]]}}";

static const char RUN[] =
    "{\"format\": 1, \"status\": \"done\", \"command\": \"run\", \"version\": \"0.1.0\", \"as_of\": "
    "\"2019-10-30T23:59:59.999999Z\","
    " \"finished\": \"2019-11-02T06:12:13Z\", \"n_rows\": 12, \"n_events\": 9, \"n_filtered\": 1, \"n_after_as_of\": "
    "0, \"n_duplicates\": 0,"
    " \"n_rejected\": 2, \"rejected\": {\"fields\": 1, \"time\": 1}, \"ranks\": 4, \"threads\": 1, \"seconds\": 83.2,"
    " \"peak_memory_bytes\": 1073741824, \"digest\": \"af4b65a2dd76109c\","
    " \"stages\": {\"ingest\": {\"seconds\": 1.5, \"imbalance\": 1.02}, \"cluster\": {\"seconds\": 0.5}},"
    " \"input\": {\"n_files\": 3, \"files\": [{\"path\": \"/data/<a>.csv\", \"bytes\": 2048}]},"
    " \"options\": {\"input\": {\"timezone\": \"UTC\", \"rows\": [{\"column\": \"price\", \"above\": \"0\"}]}, "
    "\"cluster\": {\"k\": \"2\","
    "  \"seed\": \"1\", \"choose\": \"silhouette\"}},"
    " \"segments\": {\"0\": {\"name\": \"R&D <best>\"}, \"7\": {\"name\": \"Lost\"}},"
    " \"cluster\": {\"k\": 2, \"iterations\": 3, \"inertia\": 1234.5, \"converged\": true, \"trace\": [2000, 1300, "
    "1234.5]},"
    " \"quality\": {\"silhouette\": 0.42, \"silhouette_rows\": 500, \"silhouettes\": [0.45, -0.1]},"
    " \"sweep\": {\"k\": [2, 3, 4], \"inertia\": [9, 8, 7], \"silhouette\": [0.42, 0.3, null], \"davies_bouldin\": [1, "
    "2, 3],"
    "  \"calinski_harabasz\": [9, 8, 7], \"stability\": [1, 1, 1]},"
    " \"scores\": {\"bins\": 2, \"learnt\": true, \"features\": {\"recency\": \"recency_days\", \"monetary\": "
    "\"monetary\"},"
    "  \"cuts\": {\"recency\": [14], \"monetary\": [20]}, \"heat\": {\"customers\": [[5, 0], [10, 985]], \"monetary\": "
    "[[1.5, null], [2, 60]]},"
    "  \"grid\": [{\"name\": \"Champions\", \"customers\": 985, \"share\": 0.985, \"revenue\": 100, \"revenue_share\": "
    "0.9},"
    "            {\"name\": \"Lost\", \"customers\": 15, \"share\": 0.015, \"revenue\": 10, \"revenue_share\": 0.1}],"
    "  \"cross\": [[900, 85], [0, 15]]},"
    " \"drift\": {\"segments\": [0, 7], \"moved\": [0.2, null], \"flows\": {\"0\": [880, 1], \"3\": [20, 99]}, "
    "\"n_changed\": 120,"
    "  \"share_changed\": 0.12, \"stability_index\": {\"recency_days\": 0.05, \"monetary\": 0.3}},"
    " \"migration\": {\"names_from\": [\"Old\", \"Older\"], \"names_to\": [\"R&D <best>\", \"Lost\"], \"customers\": "
    "[[1, 2], [3, 4]],"
    "  \"arrived\": [5, 6], \"left\": [7, 1]}}";

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static rfm_status make_page(const char *run, const char *figures, const char *language, rfm_text *html, rfm_error *err)
{
    const rfm_page_options options = {language, NULL};
    write_text("run.json", run);
    write_text("figures.json", figures);
    return rfm_page_make(folder, &options, html, err);
}

/* ---- what every page is ------------------------------------------------------------------------------------------- */

enum { DEPTH_MOST = 64, NAME_MOST = 24 };

static bool is_void(const char *name)
{
    static const char *const names[] = {"meta", "link", "br", "wbr", "!DOCTYPE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Where a tag ends, attributes in double quotes passed over; NULL where one does not. */
static const char *end_of_tag(const char *at)
{
    for (bool quoted = false; *at; at++) {
        quoted ^= *at == '"';
        if (*at == '>' && !quoted)
            return at;
        if (*at == '<')
            return NULL;
    }
    return NULL;
}

/* Every element is closed in its turn, and there is no script. */
static void assert_well_formed(const char *html)
{
    char open[DEPTH_MOST][NAME_MOST];
    int depth = 0;
    for (const char *at = strchr(html, '<'); at; at = strchr(at, '<')) {
        char name[NAME_MOST] = "";
        const char *end = end_of_tag(at + 1);
        const bool closes = at[1] == '/';
        if (!end || sscanf(at + 1 + closes, "%23[A-Za-z0-9!]", name) != 1)
            fail_msg("no tag: %.80s", at);
        if (closes && (depth == 0 || strcmp(open[depth - 1], name) != 0))
            fail_msg("</%s> closes <%s>", name, depth > 0 ? open[depth - 1] : "nothing");
        if (closes)
            depth--;
        else if (!is_void(name) && end[-1] != '/') {
            assert_true(depth < DEPTH_MOST);
            strcpy(open[depth++], name);
        }
        assert_string_not_equal(name, "script");
        at = end;
    }
    assert_int_equal(depth, 0);
}

/* No two elements share an id, and what an attribute (`for_id`) points to is there. */
static void assert_points_to_ids(const char *html, const char *attribute)
{
    for (const char *at = strstr(html, attribute); at; at = strstr(at + 1, attribute)) {
        char id[64], wanted[80];
        assert_int_equal(sscanf(at + strlen(attribute), "%63[^\" ]", id), 1);
        snprintf(wanted, sizeof wanted, " id=\"%s\"", id);
        const char *found = strstr(html, wanted);
        if (!found || strstr(found + 1, wanted))
            fail_msg("%s%s: not one element has that id", attribute, id);
    }
}

static void assert_page(const char *html)
{
    assert_non_null(html);
    assert_well_formed(html);
    assert_points_to_ids(html, "href=\"#");
    assert_points_to_ids(html, "aria-labelledby=\"");
    static const char *const never[] = {"<script", "http:", "https:", "src=", "@import", "url(", ">nan",
                                        " nan",    "\"nan", "-nan",   ">inf", "(null)",  "{1"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strstr(html, never[i]))
            fail_msg("on the page: %.60s", strstr(html, never[i]));
}

#endif
