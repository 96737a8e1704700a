/* column: what the cells of one column have in common. */
#include <stdlib.h>
#include <string.h>

#include "guess.h"

/* Years that events are from. */
static const int64_t EARLIEST_US = INT64_C(631152000000000), LATEST_US = INT64_C(2524608000000000); /* 1990, 2050 */

size_t count_times(const rfm_guess_column *c)
{
    size_t n = 0;
    for (int kind = 0; kind < N_TIMES; kind++)
        n += c->n_times[kind];
    return n;
}

bool is_mostly(const rfm_guess_column *c, size_t n)
{
    return c->n_filled > 0 && 10 * n >= 9 * c->n_filled;
}

/* ---- a cell's part ---------------------------------------------------------------------------------------------- */

/* Words that stand for nothing; an empty text does anyway, and \N by default. */
static const char *null_word(const char *text)
{
    static const char *const words[] = {"NULL", "null", "NaN", "nan", "NA", "N/A", "None", "none", "#N/A"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0)
            return words[i];
    return NULL;
}

static bool is_nothing(const char *text)
{
    return text[strspn(text, " ")] == '\0' || strcmp(text, "\\N") == 0 || null_word(text);
}

static bool is_mail(const char *text)
{
    const char *at = strchr(text, '@'), *point = at ? strrchr(at, '.') : NULL;
    return at && at > text && !strchr(at + 1, '@') && point && point > at + 1 && point[1] != '\0' && !strchr(text, ' ');
}

static void count_number(const char *text, rfm_guess_column *c)
{
    const written_number number = read_number(text);
    const size_t length = strlen(text);
    int64_t value;
    c->n_id += rfm_integer_parse(text, length, &value) == RFM_PARSE_OK;
    c->n_id_comma += rfm_integer_parse_as((rfm_notation){.comma = true}, text, length, &value) == RFM_PARSE_OK;
    if (!number.is_number)
        return;
    c->n_number++;
    for (int i = 0; i < N_NOTATIONS; i++)
        c->n_read[i] += rfm_decimal_parse_as(NOTATIONS[i], text, length, 0, &value) != RFM_PARSE_BAD;
    c->n_integer += number.is_integer;
    c->n_negative += number.is_negative;
    c->n_zero += number.is_zero;
    c->n_point += number.has_point;
    c->n_comma += number.has_comma;
    c->n_comma_threes += number.has_comma && number.comma_in_threes;
    c->n_leading_zero += text[0] == '0' && text[1] >= '0' && text[1] <= '9';
    if (!number.is_integer && number.digits > c->digits[number.ends_in_comma])
        c->digits[number.ends_in_comma] = number.digits;
}

/* Behind a clock. */
static bool has_zone(const char *text)
{
    const char last = text[strlen(text) - 1], *clock = strchr(text, ':');
    return last == 'Z' || last == 'C' || (clock && (strchr(clock, '+') || strchr(clock, '-')));
}

static time_kind kind_of_time(const char *text, const rfm_timestamp *time)
{
    const size_t length = strlen(text);
    const char *point = strchr(text, '.');
    const size_t whole = point && strspn(text, "0123456789.") == length ? (size_t)(point - text) : length;
    if (strspn(text, "0123456789.") == length)
        return length == 8 ? TIME_DIGITS : whole <= 10 ? TIME_S : whole <= 13 ? TIME_MS : TIME_US;
    if (time->date_only)
        return TIME_ISO_DATE;
    return has_zone(text) ? TIME_ISO_ZONE : TIME_ISO;
}

static bool is_like(const foreign_time *a, const foreign_time *b)
{
    return a->kind == b->kind && a->separator == b->separator && a->year_first == b->year_first &&
           a->month_first == b->month_first && a->year_digits == b->year_digits && a->n_clock == b->n_clock &&
           a->half_days == b->half_days;
}

static void count_foreign(const char *text, rfm_guess_column *c)
{
    const foreign_time time = read_foreign_time(text);
    if (time.kind == FOREIGN_NONE)
        return;
    if (c->n_foreign == 0)
        c->foreign = time;
    if (!is_like(&time, &c->foreign))
        return;
    c->n_foreign++;
    c->most_first = time.first > c->most_first ? time.first : c->most_first;
    c->most_second = time.second > c->most_second ? time.second : c->most_second;
}

/* Times with the day first or the month first, or both. */
static void count_ordered(const char *text, const rfm_zone *zone, rfm_guess_column *c)
{
    static const rfm_time_format formats[] = {[DAY_FIRST] = RFM_TIME_DAY_FIRST, [MONTH_FIRST] = RFM_TIME_MONTH_FIRST};
    rfm_timestamp time = {0};
    bool is_time = false;
    for (int i = 0; i < N_ORDERS; i++) {
        const bool here = rfm_time_parse(text, strlen(text), formats[i], zone, &time) == RFM_PARSE_OK;
        c->n_ordered[i] += here;
        is_time |= here;
    }
    c->n_ordered_dates += is_time && time.date_only;
    c->n_ordered_clocks += is_time && !time.date_only && !has_zone(text);
}

static void count_time(const char *text, const rfm_zone *zone, rfm_guess_column *c)
{
    rfm_timestamp time;
    if (rfm_time_parse(text, strlen(text), RFM_TIME_AUTO, zone, &time) != RFM_PARSE_OK) {
        count_ordered(text, zone, c);
        count_foreign(text, c);
    } else if (strspn(text, "0123456789.") != strlen(text) || (time.us >= EARLIEST_US && time.us < LATEST_US)) {
        c->n_times[kind_of_time(text, &time)]++;
    }
}

/* ---- all cells -------------------------------------------------------------------------------------------------- */

static int by_hash(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static size_t count_distinct(uint64_t *hashes, size_t n)
{
    size_t distinct = n > 0;
    qsort(hashes, n, sizeof *hashes, by_hash);
    for (size_t i = 1; i < n; i++)
        distinct += hashes[i] != hashes[i - 1];
    return distinct;
}

static void count_cell(const char *text, const rfm_zone *zone, rfm_guess_column *c)
{
    const size_t length = strlen(text);
    c->longest = length > c->longest ? length : c->longest;
    c->n_blank += strchr(text, ' ') != NULL;
    c->n_purchase += is_purchase(text);
    c->n_mail += is_mail(text);
    c->legible &= rfm_utf8_is(text, length);
    count_number(text, c);
    count_time(text, zone, c);
}

rfm_status read_column(const rfm_look *look, size_t skip, size_t index, rfm_guess_column *c, rfm_error *err)
{
    rfm_zone *zone = NULL;
    uint64_t *hashes = rfm_alloc(look->n_rows, sizeof *hashes, err), before = 0;
    c->n = look->n_rows - skip;
    c->legible = rfm_utf8_is(c->name, strlen(c->name));
    if (hashes && rfm_zone_open("UTC", &zone, err) == RFM_OK) {
        for (size_t row = skip; row < look->n_rows; row++) {
            const char *text = rfm_look_cell(look, row, index);
            if (null_word(text)) {
                c->null = null_word(text);
                c->n_null++;
            }
            if (is_nothing(text))
                continue;
            const uint64_t hash = rfm_hash64(text, strlen(text));
            c->n_runs += c->n_filled == 0 || hash != before;
            hashes[c->n_filled++] = before = hash;
            count_cell(text, zone, c);
        }
        c->n_distinct = count_distinct(hashes, c->n_filled);
    }
    rfm_zone_close(zone);
    free(hashes);
    return err->status;
}
