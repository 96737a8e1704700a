/* How the run went: stages and their times, where it ran, with what, from which files, and which options were set. */
#include "sections.h"

#include "rfmpi/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- stages ------------------------------------------------------------------------------------------------------ */

static double longest_stage(const rfm_json *stages)
{
    const rfm_json *stage;
    void *at = NULL;
    double longest = 0;
    while (rfm_json_next(stages, &at, &stage))
        longest = fmax(longest, rfm_json_number(rfm_json_find(stage, "seconds")));
    return longest;
}

static void put_stage(page *p, const char *name, const rfm_json *stage, double longest)
{
    const double seconds = rfm_json_number(rfm_json_find(stage, "seconds"));
    const double imbalance = rfm_json_number(rfm_json_find(stage, "imbalance"));
    put(p, "<tr><th scope=\"row\">");
    put_text(p, name);
    put(p, "</th><td>");
    put_seconds(p, seconds);
    put_bar(p, seconds / longest, PLAIN);
    put(p, "</td><td>");
    put_number(p, imbalance);
    put(p, "</td></tr>\n");
}

static void put_stages(page *p)
{
    const rfm_json *stages = run_value(p->facts, "stages"), *stage;
    const double longest = longest_stage(stages);
    void *at = NULL;
    if (rfm_json_count(stages) == 0 || rfm_json_is_list(stages))
        return;
    say_in(p, "h3", W_STAGES);
    table_open(p);
    put_heading(p, W_STAGE);
    put_heading(p, W_TIME);
    put_heading(p, W_IMBALANCE);
    table_rows(p);
    for (const char *name; (name = rfm_json_next(stages, &at, &stage));)
        put_stage(p, name, stage, longest);
    table_close(p, false);
}

/* ---- facts of the run -------------------------------------------------------------------------------------------- */

static void put_text_fact(page *p, word name, const char *path)
{
    const char *text = run_text(p->facts, path);
    if (!text || *text == '\0')
        return;
    fact_open(p, name);
    put_text(p, text);
    fact_close(p);
}

static void put_number_fact(page *p, word name, const char *path, void (*put_it)(page *, double))
{
    const double number = run_number(p->facts, path);
    if (isnan(number))
        return;
    fact_open(p, name);
    put_it(p, number);
    fact_close(p);
}

static void put_finished(page *p)
{
    const char *finished = run_text(p->facts, "finished");
    rfm_zone *utc = NULL;
    rfm_timestamp at;
    rfm_error unknown = {0};
    if (finished && rfm_zone_open("UTC", &utc, &unknown) == RFM_OK &&
        rfm_time_parse(finished, strlen(finished), RFM_TIME_ISO, utc, &at) == RFM_PARSE_OK) {
        fact_open(p, W_FINISHED);
        put_moment(p, at.us, utc, "UTC");
        fact_close(p);
    }
    rfm_zone_close(utc);
}

static void put_facts(page *p)
{
    put(p, "<dl class=\"facts\">\n");
    put_text_fact(p, W_COMMAND, "command");
    put_finished(p);
    put_number_fact(p, W_DURATION, "seconds", put_seconds);
    put_number_fact(p, W_RANKS, "ranks", put_count);
    put_number_fact(p, W_THREADS, "threads", put_count);
    put_number_fact(p, W_HOSTS, "site.n_hosts", put_count);
    put_number_fact(p, W_MEMORY, "peak_memory_bytes", put_bytes);
    put_number_fact(p, W_MEMORY_MOST, "peak_memory_bytes_max", put_bytes);
    if (run_number(p->facts, "spilled_bytes") > 0)
        put_number_fact(p, W_SPILLED, "spilled_bytes", put_bytes);
    put_text_fact(p, W_ALGORITHM, "cluster.algorithm");
    put_text_fact(p, W_PROCESSOR, "site.processor");
    put_text_fact(p, W_VERSION, "version");
    put_text_fact(p, W_MPI, "site.mpi");
    put_text_fact(p, W_BLAS, "site.blas");
    put_text_fact(p, W_HDF5, "site.hdf5");
    put_text_fact(p, W_COMPILER, "site.compiler");
    put_text_fact(p, W_DIGEST, "digest");
    put(p, "</dl>\n");
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void put_files(page *p)
{
    enum { MOST = 100 };
    const rfm_json *files = run_value(p->facts, "input.files");
    const size_t n = rfm_json_count(files);
    if (n == 0 || !rfm_json_is_list(files))
        return;
    say_in(p, "h3", W_FILES);
    table_open(p);
    put_heading(p, W_FILE);
    put_heading(p, W_SIZE);
    table_rows(p);
    for (size_t i = 0; i < n && i < MOST; i++) {
        const char *path = rfm_json_text(rfm_json_find(rfm_json_item(files, i), "path"));
        put(p, "<tr><th scope=\"row\" class=\"path\">");
        put_text(p, path ? path : "?");
        put(p, "</th><td>");
        put_bytes(p, rfm_json_number(rfm_json_find(rfm_json_item(files, i), "bytes")));
        put(p, "</td></tr>\n");
    }
    table_close(p, false);
    const double total = fmax(run_number(p->facts, "input.n_files"), (double)n);
    if (total > MOST) {
        put(p, "<p class=\"note\">");
        say(p, W_AND_MORE, a_count(total - MOST));
        put(p, "</p>\n");
    }
}

/* ---- options that differ from their defaults ---------------------------------------------------------------------- */

/* As flow YAML: what a job file could have. */
static void print_value(const rfm_json *value, rfm_text *text)
{
    const rfm_json *member;
    const char *scalar = rfm_json_text(value), *key;
    const bool list = rfm_json_is_list(value);
    void *at = NULL;
    if (scalar) {
        rfm_text_adds(text, scalar);
        return;
    }
    rfm_text_adds(text, list ? "[" : "{");
    for (size_t i = 0; list && i < rfm_json_count(value); i++) {
        rfm_text_adds(text, i > 0 ? ", " : "");
        print_value(rfm_json_item(value, i), text);
    }
    for (bool first = true; !list && (key = rfm_json_next(value, &at, &member)); first = false) {
        rfm_text_addf(text, "%s%s: ", first ? "" : ", ", key);
        print_value(member, text);
    }
    rfm_text_adds(text, list ? "]" : "}");
}

/* Of an option's default; scalars only have one. */
static bool is_default(const rfm_option *option, const rfm_json *value)
{
    const char *text = rfm_json_text(value);
    rfm_node node = {0};
    rfm_error err = {0};
    if (!option->fallback || !text)
        return false;
    rfm_node_parse(option->fallback, strlen(option->fallback), "default", &node, &err);
    const bool same = !err.status && node.kind == RFM_NODE_SCALAR && strcmp(node.text, text) == 0;
    rfm_node_free(&node);
    return same;
}

static void put_option(page *p, const rfm_option *option)
{
    char path[128];
    rfm_text text = {0};
    snprintf(path, sizeof path, "options.%s", option->key);
    const rfm_json *value = run_value(p->facts, path);
    if (!value || is_default(option, value))
        return;
    print_value(value, &text);
    put(p, "<tr><th scope=\"row\"><code>");
    put_text(p, option->key);
    put(p, "</code></th><td class=\"text path\">");
    put_text(p, text.bytes ? text.bytes : "");
    put(p, "</td></tr>\n");
    p->html.failed |= text.failed;
    rfm_text_free(&text);
}

static void put_options(page *p)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    if (!run_value(p->facts, "options"))
        return;
    say_in(p, "h3", W_OPTIONS);
    table_open(p);
    put_heading(p, W_OPTION);
    put_text_heading(p, W_VALUE);
    table_rows(p);
    for (size_t i = 0; i < n; i++)
        put_option(p, &options[i]);
    table_close(p, false);
}

void put_run(page *p)
{
    put_facts(p);
    put_stages(p);
    put_files(p);
    put_options(p);
}
