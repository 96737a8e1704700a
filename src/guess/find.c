/* find: what is said of each line of the job: its value, how sure it is, and why. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guess.h"

enum { USUAL_DECIMALS = 4, MOST_DECIMALS = 9 };

finding *add_finding(rfm_guess *guess, const char *what, rfm_certainty certainty)
{
    rfm_assert(guess->n_findings < MOST_FINDINGS);
    finding *found = &guess->findings[guess->n_findings++];
    *found = (finding){.what = what, .certainty = certainty};
    return found;
}

void add_check(rfm_guess *guess, const char *format, ...)
{
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (guess->n_checks < MOST_CHECKS)
        add_on_a_line(&guess->checks[guess->n_checks++], text);
}

/* ---- roles ------------------------------------------------------------------------------------------------------- */

/* "12,345 different in 20,000 rows" */
static void tell_values(const rfm_guess_column *c, rfm_text *why)
{
    add_count(why, c->n_distinct);
    rfm_text_adds(why, c->n_distinct == 1 ? " value in " : " different in ");
    add_count(why, c->n);
    rfm_text_adds(why, " rows");
    if (c->n_filled < c->n) {
        rfm_text_adds(why, ", ");
        add_count(why, c->n - c->n_filled);
        rfm_text_adds(why, " empty");
    }
}

static void tell_part(const rfm_guess *guess, rfm_role role, rfm_text *why)
{
    const rfm_part *p = &guess->parts[role];
    rfm_text_adds(why, p->by_name >= 85 ? "by its name; "
                       : p->by_name > 0 ? "by its name, more or less; "
                                        : "by its values; ");
    tell_values(&guess->columns[p->column], why);
    if (p->rival >= 0) {
        rfm_text_adds(why, "; or is it ");
        add_shown(why, guess->columns[p->rival].name);
        rfm_text_adds(why, "?");
    }
}

static finding *find_part(rfm_guess *guess, rfm_role role, const char *what)
{
    const rfm_guess_column *c = column_of(guess, role);
    finding *found = add_finding(guess, what, c ? guess->parts[role].certainty : UNSURE);
    if (!c)
        return found;
    add_yaml(&found->value, c->name);
    tell_part(guess, role, &found->why);
    if (role <= AMOUNT && (guess->parts[role].certainty == UNSURE || guess->parts[role].rival >= 0))
        add_check(guess, "%s: is it column %s%s%s?", what, c->name, guess->parts[role].rival >= 0 ? " or " : "",
                  guess->parts[role].rival >= 0 ? guess->columns[guess->parts[role].rival].name : "");
    return found;
}

/* A column that is called as this role wants it, but has other cells: the best of them. */
static const rfm_guess_column *find_misfit(const rfm_guess *guess, rfm_role role)
{
    const rfm_guess_column *best = NULL;
    for (size_t i = 0; i < guess->look.n_columns; i++)
        if (name_says(guess->columns[i].name, role) >= 60 &&
            (!best || name_says(guess->columns[i].name, role) > name_says(best->name, role)))
            best = &guess->columns[i];
    return best;
}

const char *example_of(const rfm_guess *guess, const rfm_guess_column *c)
{
    const size_t index = (size_t)(c - guess->columns);
    for (size_t row = guess->skip; row < guess->look.n_rows; row++)
        if (*rfm_look_cell(&guess->look, row, index))
            return rfm_look_cell(&guess->look, row, index);
    return "";
}

/* 45123.5: as spreadsheets count days from 1900 on. */
static bool is_sheet_date(const char *text)
{
    char *end;
    const double days = strtod(text, &end);
    return *text && (*end == '\0' || *end == ' ') && days > 25000 && days < 60000;
}

static void tell_misfit(rfm_guess *guess, const rfm_guess_column *misfit, const char *what, const char *wanted)
{
    rfm_text shown = {0};
    const char *example = example_of(guess, misfit);
    add_shown(&shown, example);
    const bool sheet = strcmp(what, "time") == 0 && is_sheet_date(example);
    add_check(guess, "%s: column %s is called like it, but values such as '%s' are %s; %s", what, misfit->name,
              shown.failed || !shown.bytes ? "" : shown.bytes, sheet ? "a spreadsheet's numbers of days" : wanted,
              sheet ? "format the cells there as yyyy-mm-dd hh:mm:ss, and export again"
                    : "name another, or write the file anew");
    rfm_text_free(&shown);
}

static void miss_part(rfm_guess *guess, rfm_role role, const char *what, const char *wanted)
{
    finding *found = add_finding(guess, what, UNSURE);
    const rfm_guess_column *misfit = find_misfit(guess, role);
    rfm_text_adds(&found->why, "no column looks like it");
    if (misfit)
        tell_misfit(guess, misfit, what, wanted);
    else
        add_check(guess, "%s: no column looks like it, and a job needs one: fill it in", what);
}

/* ---- amount ------------------------------------------------------------------------------------------------------ */

static double value_of(const rfm_guess *guess, size_t row, rfm_role role)
{
    enum { DECIMALS = 6 };
    const char *text = rfm_look_cell(&guess->look, row, (size_t)guess->parts[role].column);
    int64_t value = 0;
    rfm_decimal_parse_as(NOTATIONS[guess->notation], text, strlen(text), DECIMALS, &value);
    return (double)value / 1e6;
}

/* Whether the amount is quantity times price, to the cent, in nearly all rows. */
static bool is_their_product(const rfm_guess *guess)
{
    size_t n = 0, n_equal = 0;
    if (guess->parts[QUANTITY].column < 0 || guess->parts[PRICE].column < 0 || guess->parts[AMOUNT].column < 0 ||
        guess->parts[PRICE].column == guess->parts[AMOUNT].column)
        return false;
    for (size_t row = guess->skip; row < guess->look.n_rows; row++, n++)
        n_equal +=
            fabs(value_of(guess, row, QUANTITY) * value_of(guess, row, PRICE) - value_of(guess, row, AMOUNT)) < 0.0051;
    return n > 0 && 20 * n_equal >= 19 * n;
}

static void find_amount(rfm_guess *guess)
{
    const rfm_guess_column *quantity = column_of(guess, QUANTITY), *price = column_of(guess, PRICE);
    if (guess->has_product) {
        const rfm_certainty worse = guess->parts[QUANTITY].certainty < guess->parts[PRICE].certainty
                                        ? guess->parts[QUANTITY].certainty
                                        : guess->parts[PRICE].certainty;
        finding *found = add_finding(guess, "amount", worse);
        rfm_text_adds(&found->value, "[");
        add_yaml(&found->value, quantity->name);
        rfm_text_adds(&found->value, ", ");
        add_yaml(&found->value, price->name);
        rfm_text_adds(&found->value, "]");
        rfm_text_adds(&found->why, "quantity times price of a piece, by their names; no column of totals");
    } else if (column_of(guess, AMOUNT)) {
        finding *found = find_part(guess, AMOUNT, "amount");
        if (is_their_product(guess)) {
            found->certainty = SURE;
            rfm_text_adds(&found->why, "; it is quantity times price");
        }
    } else {
        finding *found = add_finding(guess, "amount", UNSURE);
        rfm_text_adds(&found->why, "no column looks like money");
        add_check(guess, "amount: no column looks like money; without one there is no monetary feature");
    }
}

/* ---- order: a shop's log often has none, and a session with a purchase is one ------------------------------------ */

static void find_order(rfm_guess *guess)
{
    const rfm_guess_column *session = column_of(guess, SESSION);
    if (column_of(guess, ORDER)) {
        find_part(guess, ORDER, "order");
    } else if (session && column_of(guess, EVENT)) {
        finding *found = add_finding(guess, "order", LIKELY);
        add_yaml(&found->value, session->name);
        rfm_text_adds(&found->why, "no column of orders; a session with a purchase counts as one");
    }
}

static void find_event(rfm_guess *guess)
{
    const rfm_guess_column *c = column_of(guess, EVENT);
    if (!c)
        return;
    finding *found = find_part(guess, EVENT, "event");
    found->why.length = 0;
    rfm_text_adds(&found->why, guess->parts[EVENT].by_name > 0 ? "by its name; " : "by its values; ");
    for (size_t v = 0; v < guess->n_values; v++) {
        rfm_text_adds(&found->why, v > 0 ? ", " : "");
        add_shown(&found->why, guess->values[v].text);
        rfm_text_adds(&found->why, " ");
        add_count(&found->why, guess->values[v].n);
    }
}

/* ---- how values are written -------------------------------------------------------------------------------------- */

static void find_id(rfm_guess *guess)
{
    const rfm_guess_column *c = column_of(guess, CUSTOMER);
    if (!c)
        return;
    const size_t n_whole = NOTATIONS[guess->notation].comma ? c->n_id_comma : c->n_id;
    const bool integer = c->n_filled > 0 && n_whole == c->n_filled && c->longest <= 18;
    finding *found = add_finding(guess, "id", !integer || c->n_leading_zero == 0 ? SURE : LIKELY);
    rfm_text_adds(&found->value, integer ? "integer" : "text");
    rfm_text_adds(&found->why, integer                  ? "all are whole numbers"
                               : n_whole == c->n_filled ? "whole numbers, but longer than 18 digits"
                                                        : "not all are whole numbers");
    if (integer && c->n_leading_zero > 0) {
        rfm_text_adds(&found->why, ", with zeros in front, which results do not show: 007 is 7");
        add_check(guess, "id: zeros in front of customer numbers are dropped; write `id: text` to keep them");
    }
}

static void find_time(rfm_guess *guess)
{
    const rfm_guess_column *c = column_of(guess, TIME);
    if (!c) {
        miss_part(guess, TIME, "time",
                  "no times that rfmpi reads (2019-12-31 23:59:59, 2019-12-31, seconds since 1970)");
        add_check(guess,
                  "if rows are customers already, and not events, they can be clustered as they are: write them as a "
                  "matrix into an HDF5 file, and see `rfmpi train --help`");
        return;
    }
    finding *found = find_part(guess, TIME, "time");
    rfm_text_adds(&found->why, "; like ");
    add_shown(&found->why, example_of(guess, c));
}

/* Digits alone could be anything: then the job says what they are. */
static void find_time_format(rfm_guess *guess)
{
    static const struct {
        time_kind kind;
        const char *format, *what;
    } kinds[] = {{TIME_DIGITS, "date", "eight digits: dates"},
                 {TIME_S, "seconds", "nine or ten digits: seconds since 1970"},
                 {TIME_MS, "milliseconds", "thirteen digits: milliseconds since 1970"},
                 {TIME_US, "microseconds", "sixteen digits: microseconds since 1970"}};
    const rfm_guess_column *c = column_of(guess, TIME);
    if (c && guess->time_format != RFM_TIME_AUTO)
        find_time_order(guess);
    for (size_t i = 0; c && i < sizeof kinds / sizeof *kinds; i++) {
        if (c->n_times[kinds[i].kind] == 0 || c->n_times[kinds[i].kind] != count_times(c))
            continue;
        finding *found = add_finding(guess, "time_format", c->n_times[kinds[i].kind] == c->n_filled ? SURE : LIKELY);
        rfm_text_adds(&found->value, kinds[i].format);
        rfm_text_adds(&found->why, kinds[i].what);
    }
}

static void find_zone(rfm_guess *guess)
{
    const rfm_guess_column *c = column_of(guess, TIME);
    if (!c)
        return;
    const bool ordered = guess->time_format != RFM_TIME_AUTO;
    const size_t n_dates = ordered ? c->n_ordered_dates : c->n_times[TIME_ISO_DATE] + c->n_times[TIME_DIGITS];
    const size_t n_clocks = ordered ? c->n_ordered_clocks : c->n_times[TIME_ISO];
    const bool dates_only = n_dates == (ordered ? c->n_ordered_dates + c->n_ordered_clocks : count_times(c));
    finding *found = add_finding(guess, "timezone", dates_only ? SURE : n_clocks > 0 ? UNSURE : LIKELY);
    rfm_text_adds(&found->value, "UTC");
    rfm_text_adds(&found->why, dates_only     ? "there are dates only"
                               : n_clocks > 0 ? "times name no zone"
                                              : "times have a zone; days and hours are counted in this one");
    if (found->certainty == UNSURE)
        add_check(guess, "timezone: times name no zone: if they are clocks of Paris, say, write Europe/Paris");
}

static int most_digits(const rfm_guess *guess)
{
    const rfm_guess_column *columns[2];
    const int comma = NOTATIONS[guess->notation].comma;
    int most = 0;
    for (size_t n = number_columns(guess, columns); n > 0; n--)
        most = columns[n - 1]->digits[comma] > most ? columns[n - 1]->digits[comma] : most;
    return most;
}

static void find_decimals(rfm_guess *guess)
{
    if (!column_of(guess, AMOUNT) && !guess->has_product)
        return;
    const int most = most_digits(guess);
    const int decimals = most <= USUAL_DECIMALS ? USUAL_DECIMALS : most < MOST_DECIMALS ? most : MOST_DECIMALS;
    finding *found = add_finding(guess, "decimals",
                                 most <= USUAL_DECIMALS  ? SURE
                                 : most <= MOST_DECIMALS ? LIKELY
                                                         : UNSURE);
    rfm_text_addf(&found->value, "%d", decimals);
    rfm_text_addf(&found->why, "amounts have up to %d digit%s behind the %s", most, most == 1 ? "" : "s",
                  NOTATIONS[guess->notation].comma ? "comma" : "point");
    if (most > MOST_DECIMALS)
        add_check(guess,
                  "decimals: some amounts have more than %d digits behind the point, and will be rejected: round them "
                  "in the export",
                  MOST_DECIMALS);
}

static void find_null(rfm_guess *guess)
{
    for (int r = 0; r < N_ROLES; r++) {
        const rfm_guess_column *c = column_of(guess, (rfm_role)r);
        if (!c || !c->null)
            continue;
        finding *found = add_finding(guess, "null", LIKELY);
        add_yaml(&found->value, c->null);
        rfm_text_adds(&found->why, "stands for nothing in ");
        add_count(&found->why, c->n_null);
        rfm_text_adds(&found->why, " cells of ");
        add_shown(&found->why, c->name);
        return;
    }
}

void find_all(rfm_guess *guess)
{
    if (column_of(guess, CUSTOMER))
        find_part(guess, CUSTOMER, "customer");
    else
        miss_part(guess, CUSTOMER, "customer", "no ids of customers");
    find_time(guess);
    find_event(guess);
    find_amount(guess);
    if (column_of(guess, SESSION))
        find_part(guess, SESSION, "session");
    find_order(guess);
    if (column_of(guess, PRODUCT))
        find_part(guess, PRODUCT, "product");
    if (column_of(guess, CATEGORY))
        find_part(guess, CATEGORY, "category");
    find_id(guess);
    find_time_format(guess);
    find_zone(guess);
    find_decimals(guess);
    find_notation(guess);
    find_null(guess);
    find_keeps(guess);
    find_left_out(guess);
    find_illegible(guess);
}
