/* show: the findings as a table for people. */
#include <string.h>

#include "guess.h"

enum { WHAT_COLUMNS = 11, SURE_COLUMNS = 7, MOST_VALUE_COLUMNS = 30 };

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

static void add_finding_line(rfm_text *table, const finding *found, int value_columns, int columns)
{
    const char *value = found->value.length > 0 ? found->value.bytes : "?";
    rfm_text_addf(table, "  %-*s ", WHAT_COLUMNS, found->what);
    rfm_text_fit(table, value, value_columns);
    rfm_text_addf(table, " %-*s ", SURE_COLUMNS, certainty_name(found->certainty));
    rfm_text_wrap(table, found->why.bytes ? found->why.bytes : "",
                  2 + WHAT_COLUMNS + 1 + value_columns + 1 + SURE_COLUMNS + 1, columns);
}

void rfm_guess_print_table(const rfm_guess *guess, int columns, rfm_text *table)
{
    const rfm_file *file = &guess->files.files[guess->file];
    const int value_columns = width_of_values(guess);
    rfm_text_addf(table, "%s (%s): ", file->path, rfm_format_name(file->format));
    add_count(table, guess->look.n_rows - guess->skip);
    rfm_text_addf(table, " rows looked at%s, %zu column%s\n\n", guess->look.ended ? ", which are all" : "",
                  guess->look.n_columns, guess->look.n_columns == 1 ? "" : "s");
    rfm_text_addf(table, "  %-*s %-*s %-*s %s\n", WHAT_COLUMNS, "what", value_columns, "guess", SURE_COLUMNS, "sure?",
                  "why");
    for (size_t i = 0; i < guess->n_findings; i++)
        add_finding_line(table, &guess->findings[i], value_columns, columns);
    for (size_t i = 0; i < guess->n_checks; i++) {
        rfm_text_adds(table, i == 0 ? "\nTo look at:\n" : "");
        rfm_text_adds(table, "  - ");
        rfm_text_wrap(table, guess->checks[i].bytes, 4, columns);
    }
}
