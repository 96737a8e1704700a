/* cell: what one text looks like: a number, however it is written; a time that rfmpi does not read. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "guess.h"

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

/* What people put around and into numbers, and means nothing: blanks of all kinds, currencies. */
static size_t skip_ornament(const char *at)
{
    static const char *const ornaments[] = {
        " ",   "\xC2\xA0",     "\xE2\x80\xAF", "\xE2\x80\x89", "$",   "\xE2\x82\xAC",
        "EUR", "\xC2\xA3",     "\xC2\xA5",     "USD",          "GBP", "CHF",
        "'",   "\xE2\x80\x99", "CAD",          "\x80",         "\xA0"};
    for (size_t i = 0; i < sizeof ornaments / sizeof *ornaments; i++)
        if (strncasecmp(at, ornaments[i], strlen(ornaments[i])) == 0)
            return strlen(ornaments[i]);
    return 0;
}

/* Digits, separators and a sign are left. False: something else is there. */
static bool strip(const char *text, char *bare, size_t size)
{
    size_t n = 0;
    for (const char *at = text; *at;) {
        const size_t ornament = skip_ornament(at);
        if (ornament > 0)
            at += ornament;
        else if (n + 1 < size && (isdigit((unsigned char)*at) || strchr("+-.,()", *at)))
            bare[n++] = *at++;
        else
            return false;
    }
    bare[n] = '\0';
    return n > 0;
}

/* Behind the sign: digits, with commas and points among them; behind a second point three digits, as behind the first.
 * A comma before three digits parts thousands, unless a point stood before it. */
static bool read_body(const char *at, written_number *number)
{
    bool any = false;
    char mark = '\0'; /* the last one */
    int since = 0;    /* digits behind it */
    int n_points = 0;
    number->comma_in_threes = number->is_zero = true;
    for (; *at; at++) {
        if (isdigit((unsigned char)*at)) {
            any = true;
            since++;
            number->is_zero &= *at == '0';
            continue;
        }
        if ((*at != ',' && *at != '.') || (*at == '.' && n_points > 0 && (mark != '.' || since != 3)))
            return false;
        number->comma_in_threes &= mark != ',' || since == 3;
        number->comma_in_threes &= *at != ',' || n_points == 0;
        number->has_comma |= *at == ',';
        n_points += *at == '.';
        mark = *at;
        since = 0;
    }
    number->comma_in_threes &= mark != ',' || since == 3;
    number->has_point = n_points > 0;
    number->ends_in_comma = mark == ',';
    number->digits = mark ? since : 0;
    return any && (n_points < 2 || mark != '.' || since == 3);
}

static bool is_whole(const char *bare)
{
    const rfm_notation comma = {.comma = true};
    int64_t value;
    return rfm_integer_parse(bare, strlen(bare), &value) == RFM_PARSE_OK ||
           rfm_integer_parse_as(comma, bare, strlen(bare), &value) == RFM_PARSE_OK;
}

written_number read_number(const char *text)
{
    char bare[64];
    written_number number = {0};
    if (!strip(text, bare, sizeof bare))
        return number;
    char *body = bare, *end = bare + strlen(bare) - 1;
    if (*body == '(' && *end == ')') { /* as accountants write what is negative */
        *end = '\0';
        body++;
        number.is_negative = true;
    } else if (*body == '+' || *body == '-') {
        number.is_negative = *body++ == '-';
    }
    number.is_number = read_body(body, &number);
    number.is_integer = number.is_number && is_whole(bare);
    return number;
}

/* ---- times ------------------------------------------------------------------------------------------------------ */

static bool read_digits(const char **at, int most, int *value, int *n)
{
    *value = 0;
    for (*n = 0; *n < most && isdigit((unsigned char)**at); ++*n)
        *value = *value * 10 + (*(*at)++ - '0');
    return *n > 0 && !isdigit((unsigned char)**at);
}

/* "", " 8:26", " 08:26:00", "T08:26:00.5", " 8:26 PM" */
static bool read_clock(const char *at, foreign_time *time)
{
    int value, n;
    if (*at == ',')
        at++;
    while (*at == ' ' || *at == 'T')
        at++;
    for (time->n_clock = 0; *at && isdigit((unsigned char)*at) && time->n_clock < 3; time->n_clock++) {
        if (!read_digits(&at, 2, &value, &n) || value > 59)
            return false;
        at += *at == ':' || *at == 'h';
    }
    if (*at == '.')
        at += 1 + strspn(at + 1, "0123456789");
    at += strspn(at, " ");
    time->half_days = (strncasecmp(at, "AM", 2) == 0 || strncasecmp(at, "PM", 2) == 0) && at[2] == '\0';
    return (time->half_days || *at == '\0') && time->n_clock != 1;
}

static int read_month(const char **at)
{
    static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    for (int i = 0; i < 12; i++)
        if (strncasecmp(*at, months[i], 3) == 0) {
            *at += 3;
            while (isalpha((unsigned char)**at))
                ++*at;
            return i + 1;
        }
    return 0;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

static bool read_separator(const char **at, char separator)
{
    if (**at != separator)
        return false;
    ++*at;
    return true;
}

/* Three numbers with the same separator between, one of which is a year. */
static bool read_parts(const char *at, foreign_time *time)
{
    int values[3], n[3];
    for (int i = 0; i < 3; i++) {
        if (!read_digits(&at, 4, &values[i], &n[i]))
            return false;
        if (i == 0)
            time->separator = *at;
        if (i < 2 && (!is_one_of(time->separator, "/.-") || !read_separator(&at, time->separator)))
            return false;
    }
    time->year_first = n[0] == 4;
    time->year_digits = time->year_first ? 4 : n[2];
    time->first = values[time->year_first ? 1 : 0];
    time->second = values[time->year_first ? 2 : 1];
    const bool year_fits = time->year_digits == 2 || time->year_digits == 4;
    return year_fits && time->first >= 1 && time->second >= 1 && time->first <= 31 && time->second <= 31 &&
           (time->first <= 12 || time->second <= 12) && !(time->year_first && time->separator == '-' && n[1] == 2) &&
           read_clock(at, time);
}

/* A day, a month by name and a year, or the month first. */
static bool read_named(const char *at, foreign_time *time)
{
    int day, n, year;
    time->month_first = isalpha((unsigned char)*at) != 0;
    if (time->month_first && read_month(&at) == 0)
        return false;
    if (!time->month_first && (!read_digits(&at, 2, &day, &n) || day < 1 || day > 31))
        return false;
    time->separator = *at;
    if (!is_one_of(time->separator, " -/.") || !read_separator(&at, time->separator))
        return false;
    if (time->month_first ? !read_digits(&at, 2, &day, &n) : read_month(&at) == 0)
        return false;
    at += *at == ',';
    if (!read_separator(&at, time->separator) || !read_digits(&at, 4, &year, &time->year_digits))
        return false;
    return (time->year_digits == 2 || time->year_digits == 4) && read_clock(at, time);
}

/* YYYYMMDDhhmmss */
static bool read_fourteen(const char *text)
{
    const size_t n = strspn(text, "0123456789");
    return n == 14 && text[14] == '\0' && (strncmp(text, "19", 2) == 0 || strncmp(text, "20", 2) == 0) &&
           strncmp(text + 4, "13", 2) < 0 && strncmp(text + 6, "32", 2) < 0 && strncmp(text + 8, "24", 2) < 0;
}

foreign_time read_foreign_time(const char *text)
{
    foreign_time time = {.kind = FOREIGN_PARTS};
    if (read_parts(text, &time))
        return time;
    time = (foreign_time){.kind = FOREIGN_MONTH};
    if (read_named(text, &time))
        return time;
    return (foreign_time){.kind = read_fourteen(text) ? FOREIGN_DIGITS : FOREIGN_NONE, .n_clock = 3};
}
