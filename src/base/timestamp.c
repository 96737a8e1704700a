/* timestamp: times in text. Knows the shapes of times and nothing of columns; dates are
 * calendar.c's, zones zone.c's. No locale, no libc.
 */
#include "calendar.h"
#include "digits.h"

#include <string.h>

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)

enum { DATE_BYTES = 10 /* YYYY-MM-DD */, MAX_FRACTION_DIGITS = 9 };

/* Two digits; *bad becomes non-zero where there is another byte. */
static unsigned two_digits(const char *at, unsigned *bad)
{
    unsigned tens = rfm_digit(at[0]), ones = rfm_digit(at[1]);
    *bad |= (unsigned)(tens > 9) | (unsigned)(ones > 9);
    return 10 * tens + ones;
}

static bool has(const char *at, const char *end, ptrdiff_t bytes)
{
    return end - at >= bytes;
}

/* YYYY-MM-DD, or YYYYMMDD with gap 0. */
static rfm_parse read_date(const char *at, ptrdiff_t gap, int32_t *day)
{
    unsigned bad = gap != 0 && (at[4] != '-' || at[7] != '-');
    unsigned year = 100 * two_digits(at, &bad) + two_digits(at + 2, &bad);
    unsigned month = two_digits(at + 4 + gap, &bad);
    unsigned of_month = two_digits(at + 6 + 2 * gap, &bad);
    return bad != 0 ? RFM_PARSE_BAD : rfm_date_day(year, month, of_month, day);
}

/* ".5" to ".123456789"; digits behind the sixth are read and dropped. NULL when there are none or
 * more. */
static const char *read_fraction(const char *at, const char *end, int64_t *us)
{
    int n = 0;
    int64_t value = 0;
    for (unsigned digit; at < end && (digit = rfm_digit(*at)) <= 9; at++, n++)
        value = n < 6 ? 10 * value + digit : value;
    for (int i = n; i < 6; i++)
        value *= 10;
    *us += value;
    return n == 0 || n > MAX_FRACTION_DIGITS ? NULL : at;
}

/* From the ':' behind the hour on; NULL for what is no time of day. */
static const char *read_minutes(unsigned hour, const char *at, const char *end, int64_t *us)
{
    unsigned bad = 0, second = 0;
    if (!has(at, end, 3) || *at != ':')
        return NULL;
    unsigned minute = two_digits(at + 1, &bad);
    at += 3;
    bool seconds = has(at, end, 3) && *at == ':';
    if (seconds) {
        second = two_digits(at + 1, &bad);
        at += 3;
    }
    if (bad != 0 || hour > 23 || minute > 59 || second > 59)
        return NULL;
    *us = hour * HOUR_US + minute * MINUTE_US + second * SECOND_US;
    if (seconds && has(at, end, 1) && (*at == '.' || *at == ','))
        return read_fraction(at + 1, end, us);
    return at;
}

/* HH:MM[:SS[.fraction]]; NULL for what is no time of day. */
static const char *read_clock(const char *at, const char *end, int64_t *us)
{
    unsigned bad = 0;
    if (!has(at, end, 2))
        return NULL;
    const unsigned hour = two_digits(at, &bad);
    return bad == 0 ? read_minutes(hour, at + 2, end, us) : NULL;
}

/* One digit or two; NULL where there is none. */
static const char *read_short(const char *at, const char *end, unsigned *value)
{
    *value = 0;
    if (at == end || rfm_digit(*at) > 9)
        return NULL;
    for (int n = 0; n < 2 && at < end && rfm_digit(*at) <= 9; n++)
        *value = 10 * *value + rfm_digit(*at++);
    return at;
}

/* H:MM, too. */
static const char *read_short_clock(const char *at, const char *end, int64_t *us)
{
    unsigned hour;
    at = read_short(at, end, &hour);
    return at ? read_minutes(hour, at, end, us) : NULL;
}

/* "+hh", "+hhmm", "+hh:mm" and the same with '-', to the end of the text. */
static bool read_offset(const char *at, const char *end, int64_t *offset_us)
{
    unsigned bad = 0, minute = 0;
    if (!has(at, end, 3) || (*at != '+' && *at != '-'))
        return false;
    bool west = *at == '-';
    unsigned hour = two_digits(at + 1, &bad);
    at += 3;
    if (at < end) {
        at += *at == ':';
        if (end - at != 2)
            return false;
        minute = two_digits(at, &bad);
    }
    if (bad != 0 || hour > 23 || minute > 59)
        return false;
    int64_t away_us = hour * HOUR_US + minute * MINUTE_US;
    *offset_us = west ? -away_us : away_us;
    return true;
}

/* "", "Z", "UTC" or an offset, after at most one blank; *local when there is none of them. */
static bool read_zone(const char *at, const char *end, bool *local, int64_t *offset_us)
{
    *offset_us = 0;
    *local = at == end;
    if (*local)
        return true;
    at += *at == ' ';
    if (end - at == 1)
        return *at == 'Z';
    if (end - at == 3 && at[0] == 'U')
        return at[1] == 'T' && at[2] == 'C';
    return read_offset(at, end, offset_us);
}

static rfm_parse give_time(int64_t us, bool date_only, rfm_timestamp *time)
{
    if (us < RFM_TIME_FIRST_US || us > RFM_TIME_LAST_US)
        return RFM_PARSE_RANGE;
    *time = (rfm_timestamp){us, date_only};
    return RFM_PARSE_OK;
}

static rfm_parse parse_date(const char *at, const char *end, const rfm_zone *zone, rfm_timestamp *time)
{
    int32_t day;
    if (end - at != DATE_BYTES && end - at != DATE_BYTES - 2)
        return RFM_PARSE_BAD;
    rfm_parse parse = read_date(at, end - at == DATE_BYTES, &day);
    return parse == RFM_PARSE_OK ? give_time(rfm_day_start_us(zone, day), true, time) : parse;
}

typedef const char *(*clock_reader)(const char *at, const char *end, int64_t *us);

/* What stands behind a date: nothing, or a clock and perhaps a zone. date: how the day was read, OK or RANGE. */
static rfm_parse parse_rest(const char *at, const char *end, clock_reader read, rfm_parse date, int32_t day,
                            const rfm_zone *zone, rfm_timestamp *time)
{
    int64_t clock_us, offset_us;
    bool local;
    if (at == end)
        return date == RFM_PARSE_OK ? give_time(rfm_day_start_us(zone, day), true, time) : date;
    if (*at != 'T' && *at != ' ')
        return RFM_PARSE_BAD;
    at = read(at + 1, end, &clock_us);
    if (at == NULL || !read_zone(at, end, &local, &offset_us))
        return RFM_PARSE_BAD;
    if (date != RFM_PARSE_OK)
        return date;
    int64_t us = day * RFM_DAY_US + clock_us - offset_us;
    return give_time(local ? rfm_zone_to_utc_us(zone, us) : us, false, time);
}

static rfm_parse parse_iso(const char *at, const char *end, const rfm_zone *zone, rfm_timestamp *time)
{
    int32_t day;
    if (!has(at, end, DATE_BYTES))
        return RFM_PARSE_BAD;
    rfm_parse date = read_date(at, 1, &day);
    return date == RFM_PARSE_BAD ? date : parse_rest(at + DATE_BYTES, end, read_clock, date, day, zone, time);
}

/* D.M.YYYY, DD/MM/YYYY, D-M-YYYY: its three numbers; NULL where it is none of them. */
static const char *read_parts(const char *at, const char *end, unsigned parts[3])
{
    unsigned bad = 0;
    at = read_short(at, end, &parts[0]);
    if (!at || at == end || (*at != '.' && *at != '/' && *at != '-'))
        return NULL;
    const char gap = *at;
    at = read_short(at + 1, end, &parts[1]);
    if (!at || !has(at, end, 5) || *at != gap)
        return NULL;
    parts[2] = 100 * two_digits(at + 1, &bad) + two_digits(at + 3, &bad);
    return bad == 0 ? at + 5 : NULL;
}

static rfm_parse parse_parts(const char *at, const char *end, bool day_first, const rfm_zone *zone, rfm_timestamp *time)
{
    unsigned parts[3];
    int32_t day;
    at = read_parts(at, end, parts);
    if (!at)
        return RFM_PARSE_BAD;
    rfm_parse date = rfm_date_day(parts[2], parts[day_first ? 1 : 0], parts[day_first ? 0 : 1], &day);
    return date == RFM_PARSE_BAD ? date : parse_rest(at, end, read_short_clock, date, day, zone, time);
}

/* A count of seconds (decimals 6), milliseconds (3) or microseconds (0). */
static rfm_parse parse_count(const char *at, const char *end, int decimals, rfm_timestamp *time)
{
    int64_t us;
    rfm_parse parse = rfm_decimal_parse(at, (size_t)(end - at), decimals, &us);
    return parse == RFM_PARSE_OK ? give_time(us, false, time) : parse;
}

/* By the number of digits it begins with; a count may have a fraction, but neither sign nor
 * exponent. */
static rfm_parse parse_by_shape(const char *at, const char *end, const rfm_zone *zone, rfm_timestamp *time)
{
    const char *rest = at;
    while (rest < end && rfm_digit(*rest) <= 9)
        rest++;
    ptrdiff_t n = rest - at;
    if (n == 4)
        return parse_iso(at, end, zone, time);
    if (n == 8 && rest == end)
        return parse_date(at, end, zone, time);
    if (rest < end && *rest == '.')
        rest++;
    while (rest < end && rfm_digit(*rest) <= 9)
        rest++;
    if (rest < end)
        return RFM_PARSE_BAD;
    if (n == 9 || n == 10)
        return parse_count(at, end, 6, time);
    if (n == 12 || n == 13)
        return parse_count(at, end, 3, time);
    return n == 15 || n == 16 ? parse_count(at, end, 0, time) : RFM_PARSE_BAD;
}

rfm_parse rfm_time_parse(const char *text, size_t length, rfm_time_format format, const rfm_zone *zone,
                         rfm_timestamp *time)
{
    const char *at = text, *end = text + length;
    rfm_trim(&at, &end);
    if (at == end)
        return RFM_PARSE_EMPTY;
    switch (format) {
    case RFM_TIME_DATE:
        return parse_date(at, end, zone, time);
    case RFM_TIME_SECONDS:
        return parse_count(at, end, 6, time);
    case RFM_TIME_MILLISECONDS:
        return parse_count(at, end, 3, time);
    case RFM_TIME_MICROSECONDS:
        return parse_count(at, end, 0, time);
    case RFM_TIME_ISO:
        return parse_iso(at, end, zone, time);
    case RFM_TIME_DAY_FIRST:
    case RFM_TIME_MONTH_FIRST:
        return parse_parts(at, end, format == RFM_TIME_DAY_FIRST, zone, time);
    default:
        return parse_by_shape(at, end, zone, time);
    }
}

/* ---- names of formats ------------------------------------------------------------------------------------------- */

static const char *const format_names[] = {
    [RFM_TIME_AUTO] = "auto",
    [RFM_TIME_DATE] = "date",
    [RFM_TIME_SECONDS] = "seconds",
    [RFM_TIME_MILLISECONDS] = "milliseconds",
    [RFM_TIME_MICROSECONDS] = "microseconds",
    [RFM_TIME_ISO] = "iso",
    [RFM_TIME_DAY_FIRST] = "day-first",
    [RFM_TIME_MONTH_FIRST] = "month-first",
};

const char *rfm_time_format_name(rfm_time_format format)
{
    return format_names[format];
}

bool rfm_time_format_parse(const char *name, rfm_time_format *format)
{
    for (size_t i = 0; i < sizeof format_names / sizeof format_names[0]; i++)
        if (strcmp(format_names[i], name) == 0) {
            *format = (rfm_time_format)i;
            return true;
        }
    return false;
}
