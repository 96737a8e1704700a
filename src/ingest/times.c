/* times: what is remembered, and when. Knows the shape of texts no further than where a clock stands in them. */
#include "times.h"

/* A date is remembered when both ends of its day are where a plain day has them: then the clock was not changed on it
 * (as in days.c), and every time between is midnight and what the clock shows. padded: the text, with room behind it.
 */
static void remember_date(rfm_times *t, char padded[RFM_TIMES_MAX + RFM_TIMES_MAX], size_t length)
{
    rfm_timestamp first, last;
    rfm_date date = rfm_date_of(padded, length);
    memcpy(padded + RFM_TIMES_CLOCK, "00:00:00", 8);
    if (rfm_time_parse(padded, length, t->format, t->zone, &first) != RFM_PARSE_OK)
        return;
    memcpy(padded + RFM_TIMES_CLOCK, "23:59:59", 8);
    if (rfm_time_parse(padded, length, t->format, t->zone, &last) != RFM_PARSE_OK ||
        last.us - first.us != RFM_DAY_US - 1000000)
        return;
    date.midnight_us = first.us;
    t->dates[rfm_date_place(&date)] = date;
}

/* Fractions of seconds are part of what stands behind the clock, and differ from row to row. */
static bool has_plain_clock(const char *padded)
{
    const char behind = padded[RFM_TIMES_MIN];
    return (padded[10] == ' ' || padded[10] == 'T') && padded[13] == ':' && padded[16] == ':' && behind != '.' &&
           behind != ',';
}

static rfm_parse parse_framed(rfm_times *t, const char *text, size_t length, rfm_timestamp *time)
{
    char padded[RFM_TIMES_MAX + RFM_TIMES_MAX] = {0};
    memcpy(padded, text, length);
    if (rfm_times_recall(t, padded, length, &time->us)) {
        time->date_only = false;
        return RFM_PARSE_OK;
    }
    const rfm_parse parse = rfm_time_parse(text, length, t->format, t->zone, time);
    if (parse == RFM_PARSE_OK && has_plain_clock(padded))
        remember_date(t, padded, length);
    return parse;
}

rfm_parse rfm_times_parse(rfm_times *t, const char *text, size_t length, rfm_timestamp *time)
{
    if (length >= RFM_TIMES_MIN && length <= RFM_TIMES_MAX)
        return parse_framed(t, text, length, time);
    if (length > 0 && length == t->length && memcmp(text, t->text, length) == 0) {
        *time = t->time;
        return RFM_PARSE_OK;
    }
    const rfm_parse parse = rfm_time_parse(text, length, t->format, t->zone, time);
    if (parse == RFM_PARSE_OK && length <= sizeof t->text) {
        memcpy(t->text, text, length);
        t->length = length;
        t->time = *time;
    }
    return parse;
}

bool rfm_times_of_date(const rfm_times *t, int64_t day, int64_t *us)
{
    if (day < RFM_TIME_FIRST_US / RFM_DAY_US || day > RFM_TIME_LAST_US / RFM_DAY_US)
        return false;
    *us = rfm_day_start_us(t->zone, (int32_t)day);
    return rfm_times_are_known(*us);
}

/* A day is remembered when both of its ends are where a plain day has them, as a date is. */
static void remember_day(rfm_times *t, int64_t begin_us)
{
    const int64_t last_us = begin_us + RFM_DAY_US - 1;
    const int64_t first = rfm_zone_to_utc_us(t->zone, begin_us), last = rfm_zone_to_utc_us(t->zone, last_us);
    if (last - first != RFM_DAY_US - 1 || !rfm_times_are_known(first) || !rfm_times_are_known(last))
        return;
    t->day_begin_us = begin_us;
    t->day_end_us = last_us + 1;
    t->day_ahead_us = begin_us - first;
}

bool rfm_times_of_local_day(rfm_times *t, int64_t local_us, int64_t *us)
{
    if (!rfm_times_are_known(local_us))
        return false;
    remember_day(t, local_us - (local_us % RFM_DAY_US + RFM_DAY_US) % RFM_DAY_US);
    *us = rfm_zone_to_utc_us(t->zone, local_us);
    return rfm_times_are_known(*us);
}
