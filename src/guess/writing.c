/* writing: how numbers and times are written that have more than one way: decimal marks and thousands, and the order of
 * day and month. Each way was tried on the cells by the functions that a run reads with; what they cannot tell is said
 * to be unsure.
 */
#include <string.h>

#include "guess.h"

enum { PLAIN, COMMA, COMMA_POINT, POINT_COMMA = 5 };

const rfm_notation NOTATIONS[N_NOTATIONS] = {
    [PLAIN] = {false, RFM_THOUSANDS_NONE},
    [COMMA] = {true, RFM_THOUSANDS_NONE},
    [COMMA_POINT] = {true, RFM_THOUSANDS_POINT},
    {true, RFM_THOUSANDS_BLANK},
    {true, RFM_THOUSANDS_APOSTROPHE},
    [POINT_COMMA] = {false, RFM_THOUSANDS_COMMA},
    {false, RFM_THOUSANDS_BLANK},
    {false, RFM_THOUSANDS_APOSTROPHE},
};

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

size_t number_columns(const rfm_guess *guess, const rfm_guess_column *columns[2])
{
    size_t n = 0;
    if (guess->has_product) {
        columns[n++] = column_of(guess, QUANTITY);
        columns[n++] = column_of(guess, PRICE);
    } else if (column_of(guess, AMOUNT)) {
        columns[n++] = column_of(guess, AMOUNT);
    }
    return n;
}

bool is_read_as(const rfm_guess_column *c, int notation)
{
    return 1000 * (c->n_number - c->n_read[notation]) <= c->n_filled;
}

/* One notation is that of all columns. */
static bool reads_all(const rfm_guess *guess, int notation)
{
    const rfm_guess_column *columns[2];
    const size_t n = number_columns(guess, columns);
    for (size_t i = 0; i < n; i++)
        if (!is_read_as(columns[i], notation))
            return false;
    return true;
}

static size_t count_points(const rfm_guess *guess)
{
    const rfm_guess_column *columns[2];
    size_t n_points = 0;
    for (size_t n = number_columns(guess, columns); n > 0; n--)
        n_points += columns[n - 1]->n_point;
    return n_points;
}

/* Where every comma, or every point, stands before three digits, it may part thousands or decimals. Where commas
 * separate fields, a number with one is likelier to be thousands than a fraction; a point is taken for what it mostly
 * is. */
static void guess_notation(rfm_guess *guess)
{
    const bool commas_separate = guess->dialect.delimiter == ',';
    int notation = 0;
    while (notation < N_NOTATIONS && !reads_all(guess, notation))
        notation++;
    guess->notation = notation < N_NOTATIONS ? notation : -1;
    guess->notation_is_sure = true;
    if (notation == PLAIN && count_points(guess) > 0 && guess->dialect.delimiter == ';')
        guess->notation_is_sure = !reads_all(guess, COMMA_POINT);
    if (notation == COMMA && reads_all(guess, POINT_COMMA)) {
        guess->notation = commas_separate ? POINT_COMMA : COMMA;
        guess->notation_is_sure = false;
    }
}

/* ---- times ------------------------------------------------------------------------------------------------------ */

/* Where no day is above 12: with points the day comes first wherever they are used; with slashes it does where commas
 * are decimal marks, and so do not separate fields. */
static bool is_day_likelier(const rfm_guess *guess, const rfm_guess_column *c)
{
    return c->foreign.separator != '/' || guess->dialect.delimiter != ',';
}

static void guess_order(rfm_guess *guess)
{
    const rfm_guess_column *c = column_of(guess, TIME);
    if (!c || is_mostly(c, count_times(c)))
        return;
    const size_t n_day = c->n_ordered[DAY_FIRST], n_month = c->n_ordered[MONTH_FIRST];
    const size_t most = n_day > n_month ? n_day : n_month, least = n_day + n_month - most;
    if (!is_mostly(c, most))
        return;
    const bool day_first = n_day != n_month ? n_day > n_month : is_day_likelier(guess, c);
    guess->time_format = day_first ? RFM_TIME_DAY_FIRST : RFM_TIME_MONTH_FIRST;
    guess->order_is_sure = 1000 * (most - least) > c->n_filled; /* a few odd cells tell nothing */
}

void guess_writing(rfm_guess *guess)
{
    guess_notation(guess);
    guess_order(guess);
}

/* ---- what is said of it ----------------------------------------------------------------------------------------- */

/* The day or the month first: no shape tells them apart, only days above 12. */
void find_time_order(rfm_guess *guess)
{
    const rfm_guess_column *c = column_of(guess, TIME);
    const bool day = guess->time_format == RFM_TIME_DAY_FIRST, points = c->foreign.separator == '.';
    finding *found = add_finding(guess, "time_format", guess->order_is_sure ? SURE : day && points ? LIKELY : UNSURE);
    rfm_text_adds(&found->value, rfm_time_format_name(guess->time_format));
    rfm_text_addf(&found->why, "the %s stands first, as in ", day ? "day" : "month");
    add_shown(&found->why, example_of(guess, c));
    if (guess->order_is_sure)
        return;
    rfm_text_adds(&found->why, points ? ", as it does with points; hardly a day is above 12"
                                      : "; or does it not? Hardly a day is above 12");
    if (found->certainty == UNSURE)
        add_check(guess,
                  "time_format: which stands first in %s, the day or the month? Only a number above 12 would tell, and "
                  "there is none in these rows: ask who exported it, or look for a date you know. If it is the %s, "
                  "write `time_format: %s`; the wrong one moves events by months",
                  example_of(guess, c), day ? "month" : "day", day ? "month-first" : "day-first");
}

/* An amount that shows it; the first one where none does. */
static const char *example_of_amount(const rfm_guess *guess, const char *marks)
{
    const rfm_guess_column *columns[2];
    const size_t n_columns = number_columns(guess, columns);
    for (size_t n = n_columns; n > 0; n--)
        for (size_t row = guess->skip; row < guess->look.n_rows; row++) {
            const char *cell = rfm_look_cell(&guess->look, row, (size_t)(columns[n - 1] - guess->columns));
            if (strpbrk(cell, marks))
                return cell;
        }
    return n_columns > 0 ? example_of(guess, columns[0]) : "";
}

static void doubt_notation(rfm_guess *guess)
{
    const bool comma = NOTATIONS[guess->notation].comma, parted = NOTATIONS[guess->notation].thousands;
    const char *example = example_of_amount(guess, ",.");
    add_check(
        guess,
        "decimal_mark: %s could be a number in thousands, or one with three decimals; it is taken for %s. If that "
        "is wrong, write `decimal_mark: %s` and `thousands: %s`",
        example, parted ? "thousands" : "decimals", comma ? "point" : "comma",
        parted                 ? "none"
        : strchr(example, ',') ? "comma"
                               : "point");
}

void find_notation(rfm_guess *guess)
{
    static const char *const thousands[] = {[RFM_THOUSANDS_POINT] = "point",
                                            [RFM_THOUSANDS_COMMA] = "comma",
                                            [RFM_THOUSANDS_BLANK] = "blank",
                                            [RFM_THOUSANDS_APOSTROPHE] = "apostrophe"};
    const rfm_notation notation = NOTATIONS[guess->notation];
    const rfm_certainty certainty = guess->notation_is_sure ? SURE : UNSURE;
    if (notation.comma || !guess->notation_is_sure) {
        finding *found = add_finding(guess, "decimal_mark", certainty);
        rfm_text_adds(&found->value, notation.comma ? "comma" : "point");
        rfm_text_adds(&found->why, "like ");
        add_shown(&found->why, example_of_amount(guess, ",."));
    }
    if (notation.thousands) {
        finding *found = add_finding(guess, "thousands", certainty);
        rfm_text_adds(&found->value, thousands[notation.thousands]);
        rfm_text_adds(&found->why, "amounts have three digits behind each, like ");
        add_shown(&found->why,
                  example_of_amount(guess, notation.thousands == RFM_THOUSANDS_POINT   ? "."
                                           : notation.thousands == RFM_THOUSANDS_COMMA ? ","
                                                                                       : " '\xC2\xE2\xA0"));
    }
    if (!guess->notation_is_sure)
        doubt_notation(guess);
}
