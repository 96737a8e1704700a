/* show: the findings as a table for people. */
#include <string.h>

#include "guess.h"

enum { LEAST_WHAT_COLUMNS = 11, SURE_COLUMNS = 7, MOST_VALUE_COLUMNS = 30 };

static int width_of_whats(const rfm_guess *guess)
{
    int width = LEAST_WHAT_COLUMNS;
    for (size_t i = 0; i < guess->n_findings; i++)
        width = (int)strlen(guess->findings[i].what) > width ? (int)strlen(guess->findings[i].what) : width;
    return width;
}

static int width_of_values(const rfm_guess *guess)
{
    int width = (int)strlen("guess");
    for (size_t i = 0; i < guess->n_findings; i++) {
        const rfm_text *value = &guess->findings[i].value;
        const int here = value->length > 0 ? rfm_text_columns(value->bytes, value->length) : 0;
        width = here > width ? here : width;
    }
    return width < MOST_VALUE_COLUMNS ? width : MOST_VALUE_COLUMNS;
}

typedef struct widths {
    int whats, values, all;
} widths;

static void add_finding_line(rfm_text *table, const finding *found, widths w)
{
    const char *value = found->value.length > 0 ? found->value.bytes : "?";
    rfm_text_addf(table, "  %-*s ", w.whats, found->what);
    rfm_text_fit(table, value, w.values);
    rfm_text_addf(table, " %-*s ", SURE_COLUMNS, certainty_name(found->certainty));
    rfm_text_wrap(table, found->why.bytes ? found->why.bytes : "", 2 + w.whats + 1 + w.values + 1 + SURE_COLUMNS + 1,
                  w.all);
}

void rfm_guess_print_table(const rfm_guess *guess, int columns, rfm_text *table)
{
    const rfm_file *file = &guess->files.files[guess->file];
    const widths w = {width_of_whats(guess), width_of_values(guess), columns};
    rfm_text_addf(table, "%s (%s): ", file->path, rfm_format_name(file->format));
    add_count(table, guess->look.n_rows - guess->skip);
    rfm_text_addf(table, " rows looked at%s, %zu column%s\n\n", guess->look.ended ? ", which are all" : "",
                  guess->look.n_columns, guess->look.n_columns == 1 ? "" : "s");
    rfm_text_addf(table, "  %-*s %-*s %-*s %s\n", w.whats, "what", w.values, "guess", SURE_COLUMNS, "sure?", "why");
    for (size_t i = 0; i < guess->n_findings; i++)
        add_finding_line(table, &guess->findings[i], w);
    for (size_t i = 0; i < guess->n_checks; i++) {
        rfm_text_adds(table, i == 0 ? "\nTo look at:\n" : "");
        rfm_text_adds(table, "  - ");
        rfm_text_wrap(table, guess->checks[i].bytes, 4, columns);
    }
}
