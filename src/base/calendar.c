/* calendar: days, weeks, hours and dates of the proleptic Gregorian calendar. Knows nothing of text
 * but how to write a time; where local days begin is zone.c's to say.
 *
 * Dates are reckoned from the first of March, so that the leap day is a year's last: the days
 * before month m (0 March .. 11 February) are then (153 m + 2) / 5, and 400 years are always
 * 146,097 days.
 */
#include "calendar.h"

enum { DAYS_PER_ERA = 146097, DAYS_TO_1970 = 719468 /* from 0000-03-01 */ };

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static int64_t floor_remainder(int64_t value, int64_t by)
{
    int64_t remainder = value % by;
    return remainder < 0 ? remainder + by : remainder;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (unsigned)(month == 2 && leap);
}

rfm_parse rfm_date_day(unsigned year, unsigned month, unsigned day, int32_t *days)
{
    if (month - 1 > 11 || day == 0 || (day > 28 && day > days_of_month(year, month)))
        return RFM_PARSE_BAD;
    if (year == 0)
        return RFM_PARSE_RANGE;
    unsigned from_march = month > 2 ? month - 3 : month + 9;
    unsigned y = year - (month <= 2);
    unsigned era_day = y * 365 + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + day - 1;
    *days = (int32_t)era_day - DAYS_TO_1970;
    return RFM_PARSE_OK;
}

/* The inverse, for any day. */
static void split_day(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += DAYS_TO_1970;
    int64_t era = floor_divide(days, DAYS_PER_ERA);
    unsigned d = (unsigned)(days - era * DAYS_PER_ERA);
    unsigned y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    d -= 365 * y + y / 4 - y / 100;
    unsigned from_march = (5 * d + 2) / 153;
    *day = d - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = era * 400 + y + (*month <= 2);
}

int32_t rfm_time_day(const rfm_zone *zone, int64_t utc_us)
{
    return (int32_t)floor_divide(utc_us + rfm_zone_offset_us(zone, utc_us), RFM_DAY_US);
}

int64_t rfm_day_start_us(const rfm_zone *zone, int32_t day)
{
    return rfm_zone_to_utc_us(zone, day * RFM_DAY_US);
}

/* 1970-01-01 was a Thursday: three days into its week. */
int rfm_day_weekday(int32_t day)
{
    return (int)floor_remainder((int64_t)day + 3, 7);
}

int32_t rfm_day_week(int32_t day)
{
    return (int32_t)floor_divide((int64_t)day + 3, 7);
}

int rfm_time_hour(const rfm_zone *zone, int64_t utc_us)
{
    int64_t local = utc_us + rfm_zone_offset_us(zone, utc_us);
    return (int)(floor_remainder(local, RFM_DAY_US) / (RFM_DAY_US / 24));
}

static char *put_two_digits(char *at, char before, unsigned value)
{
    at[0] = before;
    at[1] = (char)('0' + value / 10);
    at[2] = (char)('0' + value % 10);
    return at + 3;
}

size_t rfm_time_format_utc(int64_t utc_us, char buffer[RFM_NUMBER_BYTES])
{
    int64_t days = floor_divide(utc_us, RFM_DAY_US), year;
    uint64_t us = (uint64_t)floor_remainder(utc_us, RFM_DAY_US);
    unsigned month, day, seconds = (unsigned)(us / 1000000);
    split_day(days, &year, &month, &day);

    char *at = buffer;
    if (year < 0)
        *at++ = '-';
    at = rfm_put_digits(at, (uint64_t)(year < 0 ? -year : year), 4);
    at = put_two_digits(at, '-', month);
    at = put_two_digits(at, '-', day);
    at = put_two_digits(at, 'T', seconds / 3600);
    at = put_two_digits(at, ':', seconds / 60 % 60);
    at = put_two_digits(at, ':', seconds % 60);
    if (us % 1000000 != 0) {
        *at = '.';
        at = rfm_put_digits(at + 1, us % 1000000, 6);
    }
    *at++ = 'Z';
    *at = '\0';
    return (size_t)(at - buffer);
}
