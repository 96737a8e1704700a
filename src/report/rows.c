/* What became of the rows that were read, and why some were refused. */
#include "sections.h"

#include <math.h>

bool has_rows(const facts *all)
{
    return run_number(all, "n_rows") > 0;
}

typedef struct kind {
    const char *key;
    word name, meaning;
} kind;

static const kind FATES[] = {
    {"n_events", W_ROWS_USED, W_ROWS_USED_MEANING},           {"n_filtered", W_ROWS_FILTERED, W_ROWS_FILTERED_MEANING},
    {"n_after_as_of", W_ROWS_LATE, W_ROWS_LATE_MEANING},      {"n_duplicates", W_ROWS_TWICE, W_ROWS_TWICE_MEANING},
    {"n_rejected", W_ROWS_REJECTED, W_ROWS_REJECTED_MEANING},
};

static const kind REASONS[] = {
    {"rejected.fields", W_REASON_FIELDS, W_REASON_FIELDS_MEANING},
    {"rejected.quote", W_REASON_QUOTE, W_REASON_QUOTE_MEANING},
    {"rejected.customer", W_REASON_CUSTOMER, W_REASON_CUSTOMER_MEANING},
    {"rejected.time", W_REASON_TIME, W_REASON_TIME_MEANING},
    {"rejected.number", W_REASON_NUMBER, W_REASON_NUMBER_MEANING},
    {"rejected.bytes", W_REASON_BYTES, W_REASON_BYTES_MEANING},
};

static void put_kinds(page *p, const kind *kinds, size_t n, double total, word heading)
{
    table_open(p);
    put_heading(p, heading);
    put_heading(p, W_COUNT);
    put_heading(p, W_SHARE);
    put_text_heading(p, W_MEANING);
    table_rows(p);
    for (size_t i = 0; i < n; i++) {
        const double count = run_number(p->facts, kinds[i].key);
        if (isnan(count))
            continue;
        put(p, "<tr><th scope=\"row\">");
        say(p, kinds[i].name);
        put(p, "</th><td>");
        put_count(p, count);
        put(p, "</td><td>");
        put_share(p, total > 0 ? count / total : 0);
        put_bar(p, total > 0 ? count / total : 0, PLAIN);
        put(p, "</td><td class=\"text\">");
        say(p, kinds[i].meaning);
        put(p, "</td></tr>\n");
    }
    table_close(p, false);
}

void put_rows(page *p)
{
    const double n_rows = run_number(p->facts, "n_rows"), rejected = run_number(p->facts, "n_rejected");
    put(p, "<p class=\"lead\">");
    say(p, W_ROWS_LEAD, a_count(n_rows));
    put(p, " ");
    say(p, rejected > 0 ? W_SOME_REJECTED : W_NONE_REJECTED, a_count(rejected));
    put(p, "</p>\n");
    put_kinds(p, FATES, sizeof FATES / sizeof *FATES, n_rows, W_ROWS);
    if (rejected > 0) {
        say_in(p, "h3", W_REASONS);
        put_kinds(p, REASONS, sizeof REASONS / sizeof *REASONS, rejected, W_REASON);
    }
}
