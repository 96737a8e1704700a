/* header: does the first row name the columns? Names are no numbers and no times, and most of them are words that are
 * used for columns, or stand above cells of another kind.
 */
#include <string.h>

#include "guess.h"

static bool is_value(const char *text)
{
    rfm_timestamp time;
    rfm_zone *zone = NULL;
    rfm_error ignored = {0};
    bool is_time = false;
    if (rfm_zone_open("UTC", &zone, &ignored) == RFM_OK)
        is_time = rfm_time_parse(text, strlen(text), RFM_TIME_AUTO, zone, &time) == RFM_PARSE_OK;
    rfm_zone_close(zone);
    return is_time || read_number(text).is_number || read_foreign_time(text).kind != FOREIGN_NONE;
}

static bool is_known(const char *text)
{
    for (int r = 0; r < N_ROLES; r++)
        if (name_says(text, (rfm_role)r) >= 70)
            return true;
    return false;
}

/* Of the cells below: mostly numbers or times? */
static bool is_above_values(const rfm_look *look, size_t index)
{
    enum { MOST = 50 };
    size_t n = 0, n_values = 0;
    for (size_t row = 1; row < look->n_rows && row <= MOST; row++) {
        const char *cell = rfm_look_cell(look, row, index);
        n += *cell != '\0';
        n_values += *cell && is_value(cell);
    }
    return n > 0 && 2 * n_values > n;
}

static bool stands_below(const rfm_look *look, size_t index)
{
    for (size_t row = 1; row < look->n_rows; row++)
        if (strcmp(rfm_look_cell(look, row, index), rfm_look_cell(look, 0, index)) == 0)
            return true;
    return false;
}

static void decide(rfm_guess *guess, bool header, rfm_certainty certainty, const char *why)
{
    finding *found = add_finding(guess, "header", certainty);
    guess->header = header;
    rfm_text_adds(&found->value, header ? "true" : "false");
    rfm_text_adds(&found->why, why);
}

void guess_header(rfm_guess *guess)
{
    const rfm_look *look = &guess->look;
    size_t n_values = 0, n_known = 0, n_above = 0, n_below = 0;
    for (size_t i = 0; i < look->n_columns && look->n_rows > 0; i++) {
        const char *text = rfm_look_cell(look, 0, i);
        n_values += is_value(text);
        n_known += is_known(text);
        n_above += *text && !is_value(text) && is_above_values(look, i);
        n_below += *text && stands_below(look, i);
    }
    if (n_values > 0)
        decide(guess, false, n_known > 1 ? UNSURE : SURE, "the first row has numbers or times, as those below");
    else if (n_above > 0)
        decide(guess, true, SURE, "the first row has words above numbers and times");
    else if (n_known > 0)
        decide(guess, true, n_known > 1 ? SURE : LIKELY, "the first row has names that columns have");
    else if (n_below > 0)
        decide(guess, false, UNSURE, "words of the first row stand in the rows below as well");
    else
        decide(guess, true, UNSURE, "the first row could be names, or values");
    if (guess->findings[guess->n_findings - 1].certainty == UNSURE)
        add_check(guess, "header: is the first line of the file names of columns, or an event?");
}
