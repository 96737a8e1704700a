/* job: the findings as a job file, with a comment for each. */
#include <string.h>

#include "guess.h"

static const finding *find(const rfm_guess *guess, const char *what)
{
    for (size_t i = 0; i < guess->n_findings; i++)
        if (strcmp(guess->findings[i].what, what) == 0)
            return &guess->findings[i];
    return NULL;
}

static void add_line(rfm_text *yaml, int depth, const finding *found)
{
    rfm_text_addf(yaml, "%*s# %s: %s\n", 2 * depth, "", certainty_name(found->certainty),
                  found->why.bytes ? found->why.bytes : "");
    if (found->value.length > 0)
        rfm_text_addf(yaml, "%*s%s: %s\n", 2 * depth, "", found->what, found->value.bytes);
    else
        rfm_text_addf(yaml, "%*s# %s: COLUMN\n", 2 * depth, "", found->what);
}

static void add_lines(const rfm_guess *guess, rfm_text *yaml, int depth, const char *const *whats, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (find(guess, whats[i]))
            add_line(yaml, depth, find(guess, whats[i]));
}

static void add_paths(const rfm_guess *guess, rfm_text *yaml)
{
    rfm_text_adds(yaml, "input:\n  paths: [");
    for (size_t i = 0; i < guess->n_paths; i++) {
        rfm_text_adds(yaml, i > 0 ? ", " : "");
        add_yaml(yaml, guess->paths[i]);
    }
    rfm_text_adds(yaml, "]\n");
}

/* What holds stands there; what is only suggested is a comment that becomes a rule without its #. */
static void add_keeps(const rfm_guess *guess, rfm_text *yaml)
{
    bool any = false;
    for (size_t i = 0; i < guess->n_keeps; i++)
        any |= guess->keeps[i].holds;
    if (guess->n_keeps == 0)
        return;
    rfm_text_adds(
        yaml, "  # Only rows for which all of these hold are kept. Take the # away from a rule, and it holds too.\n");
    rfm_text_adds(yaml, any ? "  rows:\n" : "  #rows:\n");
    for (size_t i = 0; i < guess->n_keeps; i++)
        rfm_text_addf(yaml, "    %s- {%s}  # %s\n", guess->keeps[i].holds ? "" : "#", guess->keeps[i].rule.bytes,
                      guess->keeps[i].why.bytes);
}

static void add_input(const rfm_guess *guess, rfm_text *yaml)
{
    static const char *const texts[] = {"header", "delimiter", "quote", "escape", "null"};
    static const char *const columns[] = {"customer", "time",  "event",   "amount",
                                          "session",  "order", "product", "category"};
    static const char *const values[] = {"id", "time_format", "timezone", "decimals", "decimal_mark", "thousands"};
    add_paths(guess, yaml);
    add_lines(guess, yaml, 1, texts, sizeof texts / sizeof *texts);
    rfm_text_adds(yaml, guess->header ? "  columns:\n" : "  columns:  # by number, from 1\n");
    add_lines(guess, yaml, 2, columns, sizeof columns / sizeof *columns);
    add_lines(guess, yaml, 1, values, sizeof values / sizeof *values);
    add_keeps(guess, yaml);
}

/* The ready list asks for events called `purchase`; where they are called otherwise, the same list in full. */
static void add_features(const rfm_guess *guess, rfm_text *yaml)
{
    rfm_text_adds(yaml, "features:\n  as_of: latest  # the newest event; or a date, such as 2019-12-31\n");
    if (!guess->purchase || strcmp(guess->purchase, "purchase") == 0) {
        rfm_text_adds(yaml, "  list: rfm  # or rfm-behaviour, or a list of your own\n");
        return;
    }
    rfm_text event = {0};
    add_yaml(&event, guess->purchase);
    const char *buys = event.bytes ? event.bytes : "";
    const char *distinct = find(guess, "order") ? "distinct: order" : "count: \"*\"";
    rfm_text_addf(
        yaml,
        "  # Recency, frequency and monetary of the customers with a %s, which is what a purchase is called here.\n"
        "  population: {event: %s}\n"
        "  list:\n"
        "    - {name: recency_days, since_last: day, where: {event: %s}, never: span, transform: [log1p]}\n"
        "    - {name: frequency, %s, where: {event: %s}, transform: [log1p]}\n",
        buys, buys, buys, distinct, buys);
    if (column_of(guess, AMOUNT) || guess->has_product)
        rfm_text_addf(yaml, "    - {name: monetary, sum: amount, where: {event: %s}, transform: [log1p]}\n", buys);
    rfm_text_free(&event);
}

static void add_checks(const rfm_guess *guess, rfm_text *yaml)
{
    for (size_t i = 0; i < guess->n_checks; i++) {
        rfm_text_adds(yaml, i == 0 ? "# To look at:\n#   - " : "#   - ");
        rfm_text_adds(yaml, guess->checks[i].bytes);
        rfm_text_adds(yaml, "\n");
    }
}

void rfm_guess_print_job(const rfm_guess *guess, rfm_text *yaml)
{
    rfm_text_adds(yaml, "# Written by `rfmpi init`, which looked at the first ");
    add_count(yaml, guess->look.n_rows - guess->skip);
    rfm_text_adds(yaml, " rows of ");
    add_yaml(yaml, guess->files.files[guess->file].path);
    rfm_text_adds(yaml, ".\n# Each comment says how sure the line below it is, and why. All options: man rfmpi-job\n");
    add_checks(guess, yaml);
    add_input(guess, yaml);
    add_features(guess, yaml);
    rfm_text_adds(yaml, "cluster:\n  k: 5  # segments; or auto: the best of 2 to 12\n  seed: 1\noutput:\n  dir: ");
    rfm_text dir = {0};
    rfm_text_addf(&dir, "runs/%s", guess->name);
    if (!dir.failed)
        add_yaml(yaml, dir.bytes);
    yaml->failed |= dir.failed;
    rfm_text_free(&dir);
    rfm_text_adds(yaml, "\n");
}
