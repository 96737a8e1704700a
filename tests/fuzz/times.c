/* Times in texts, against regular expressions and the C library's calendar; and every time comes back as it went. */
#include "fuzz.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rfmpi/base.h"

static rfm_zone *utc, *paris;

static void open_zones(void)
{
    rfm_error err = {0};
    if (utc)
        return;
    must(rfm_zone_open("UTC", &utc, &err) == RFM_OK && rfm_zone_open("Europe/Paris", &paris, &err) == RFM_OK);
    setenv("TZ", "Europe/Paris", 1); /* what the C library is asked for */
    tzset();
}

/* A part of a match as a number, its digits filled up with zeros to `width`; 0 where there is none. */
static int number_of(const char *text, regmatch_t part, int width)
{
    int value = 0;
    const int n = part.rm_so < 0 ? 0 : (int)(part.rm_eo - part.rm_so);
    for (int i = 0; i < width; i++)
        value = 10 * value + (i < n ? text[part.rm_so + i] - '0' : 0);
    return value;
}

static bool is_date(const struct tm *wanted, int64_t *seconds)
{
    struct tm normal = *wanted;
    *seconds = timegm(&normal);
    return normal.tm_year == wanted->tm_year && normal.tm_mon == wanted->tm_mon && normal.tm_mday == wanted->tm_mday;
}

/* 1-3 date, 4 all that follows, 5 hour, 6 minute, 8 second, 10 fraction, 11 zone, 13 hours and 15 minutes of it */
static const char iso[] = "^[ \t]*([0-9]{4})-([0-9]{2})-([0-9]{2})"
                          "([T ]([0-9]{2}):([0-9]{2})(:([0-9]{2})([.,]([0-9]{1,9}))?)?"
                          "( ?(Z|UTC|[+-]([0-9]{2})(:?([0-9]{2}))?))?)?[ \t]*$";
enum { N_PARTS = 16 };

static bool is_in_range(int64_t us)
{
    return us >= INT64_C(-62135596800000000) && us <= INT64_C(253402300799999999);
}

static rfm_parse read_iso(const char *text, size_t n, const rfm_zone *zone, rfm_timestamp *time)
{
    regmatch_t parts[N_PARTS];
    int64_t seconds;
    if (!fuzz_match(iso, text, n, parts, N_PARTS))
        return RFM_PARSE_BAD;
    const struct tm date = {.tm_year = number_of(text, parts[1], 4) - 1900,
                            .tm_mon = number_of(text, parts[2], 2) - 1,
                            .tm_mday = number_of(text, parts[3], 2)};
    const int hour = number_of(text, parts[5], 2), minute = number_of(text, parts[6], 2);
    const int second = number_of(text, parts[8], 2), micro = number_of(text, parts[10], 6);
    const int away_hours = number_of(text, parts[13], 2), away_minutes = number_of(text, parts[15], 2);
    if (!is_date(&date, &seconds) || hour > 23 || minute > 59 || second > 59 || away_hours > 23 || away_minutes > 59)
        return RFM_PARSE_BAD;
    if (date.tm_year + 1900 == 0)
        return RFM_PARSE_RANGE;
    int64_t us = (seconds + 3600 * hour + 60 * minute + second) * 1000000 + micro;
    time->date_only = parts[4].rm_so < 0;
    if (time->date_only)
        us = rfm_day_start_us(zone, (int32_t)(us / RFM_DAY_US - (us % RFM_DAY_US < 0)));
    else if (parts[11].rm_so < 0)
        us = rfm_zone_to_utc_us(zone, us);
    else if (parts[13].rm_so >= 0)
        us -= INT64_C(60000000) * (60 * away_hours + away_minutes) * (text[parts[13].rm_so - 1] == '-' ? -1 : 1);
    time->us = us;
    return is_in_range(us) ? RFM_PARSE_OK : RFM_PARSE_RANGE;
}

/* A short number gets the zero that it may go without. */
static size_t put_short(const char *text, regmatch_t part, char *at)
{
    const size_t n = (size_t)(part.rm_eo - part.rm_so);
    at[0] = '0';
    memcpy(at + 2 - n, text + part.rm_so, n);
    return 2;
}

/* 1 and 3 day and month, 2 and 4 what stands between, 5 year, 6 all that follows, 7 blank or T, 8 hour, 9 the rest */
static const char ordered[] = "^[ \t]*([0-9]{1,2})([./-])([0-9]{1,2})([./-])([0-9]{4})"
                              "(([T ])([0-9]{1,2})(:[-0-9:.,ZUTC+ ]*))?[ \t]*$";

/* Written as ISO has it, and read so. */
static rfm_parse read_ordered(const char *text, size_t n, bool day_first, const rfm_zone *zone, rfm_timestamp *time)
{
    regmatch_t parts[10];
    if (!fuzz_match(ordered, text, n, parts, 10) || text[parts[2].rm_so] != text[parts[4].rm_so])
        return RFM_PARSE_BAD;
    char *turned = calloc(n + 32, 1), *at = turned;
    memcpy(at, text + parts[5].rm_so, 4);
    at[4] = at[7] = '-';
    put_short(text, parts[day_first ? 3 : 1], at + 5);
    put_short(text, parts[day_first ? 1 : 3], at + 8);
    at += 10;
    if (parts[6].rm_so >= 0) {
        *at++ = text[parts[7].rm_so];
        at += put_short(text, parts[8], at);
        memcpy(at, text + parts[9].rm_so, (size_t)(parts[9].rm_eo - parts[9].rm_so));
        at += parts[9].rm_eo - parts[9].rm_so;
    }
    const rfm_parse parse = read_iso(turned, (size_t)(at - turned), zone, time);
    free(turned);
    return parse;
}

static rfm_parse read_date(const char *text, size_t n, const rfm_zone *zone, rfm_timestamp *time)
{
    regmatch_t parts[6];
    char dashed[] = "0000-00-00";
    if (!fuzz_match("^[ \t]*([0-9]{4})(-?)([0-9]{2})(-?)([0-9]{2})[ \t]*$", text, n, parts, 6) ||
        (parts[2].rm_so < parts[2].rm_eo) != (parts[4].rm_so < parts[4].rm_eo))
        return RFM_PARSE_BAD;
    memcpy(dashed, text + parts[1].rm_so, 4);
    memcpy(dashed + 5, text + parts[3].rm_so, 2);
    memcpy(dashed + 8, text + parts[4].rm_eo, 2);
    return read_iso(dashed, strlen(dashed), zone, time);
}

static rfm_parse read_count(const char *text, size_t n, int decimals, rfm_timestamp *time)
{
    const rfm_parse parse = rfm_decimal_parse(text, n, decimals, &time->us); /* whose own target is numbers.c */
    return parse == RFM_PARSE_OK && !is_in_range(time->us) ? RFM_PARSE_RANGE : parse;
}

static rfm_parse read_by_shape(const char *text, size_t n, const rfm_zone *zone, rfm_timestamp *time)
{
    regmatch_t part;
    static const char *const counts[] = {"^[ \t]*[0-9]{15,16}(\\.[0-9]*)?[ \t]*$",
                                         "^[ \t]*[0-9]{12,13}(\\.[0-9]*)?[ \t]*$",
                                         "^[ \t]*[0-9]{9,10}(\\.[0-9]*)?[ \t]*$"};
    for (int i = 0; i < 3; i++)
        if (fuzz_match(counts[i], text, n, &part, 1))
            return read_count(text, n, 3 * i, time);
    return fuzz_match("^[ \t]*[0-9]{8}[ \t]*$", text, n, &part, 1) ? read_date(text, n, zone, time)
                                                                   : read_iso(text, n, zone, time);
}

static rfm_parse read_slowly(const char *text, size_t n, rfm_time_format format, const rfm_zone *zone,
                             rfm_timestamp *time)
{
    regmatch_t part;
    if (fuzz_match("^[ \t]*$", text, n, &part, 1))
        return RFM_PARSE_EMPTY;
    switch (format) {
    case RFM_TIME_AUTO:
        return read_by_shape(text, n, zone, time);
    case RFM_TIME_DATE:
        return read_date(text, n, zone, time);
    case RFM_TIME_ISO:
        return read_iso(text, n, zone, time);
    case RFM_TIME_DAY_FIRST:
    case RFM_TIME_MONTH_FIRST:
        return read_ordered(text, n, format == RFM_TIME_DAY_FIRST, zone, time);
    default:
        return read_count(text, n, format == RFM_TIME_SECONDS ? 6 : format == RFM_TIME_MILLISECONDS ? 3 : 0, time);
    }
}

static void check_way_back(int64_t us)
{
    char text[RFM_NUMBER_BYTES];
    rfm_timestamp back = {0};
    const size_t n = rfm_time_format_utc(us, text);
    must(n == strlen(text) && n < RFM_NUMBER_BYTES);
    must(rfm_time_parse(text, n, RFM_TIME_ISO, paris, &back) == RFM_PARSE_OK && back.us == us && !back.date_only);
}

/* The offset is the C library's, in the years that have one; day and hour follow from it. */
static void check_zone(int64_t us)
{
    struct tm local;
    const time_t seconds = (time_t)(us / 1000000 - (us % 1000000 < 0));
    const int64_t offset_us = rfm_zone_offset_us(paris, us), local_us = us + offset_us;
    must(localtime_r(&seconds, &local) != NULL);
    if (local.tm_year >= 1 && local.tm_year < 2199 - 1900)
        must(offset_us == local.tm_gmtoff * INT64_C(1000000));
    const int32_t day = rfm_time_day(paris, us);
    must(day * RFM_DAY_US <= local_us && local_us < (day + INT64_C(1)) * RFM_DAY_US);
    must(rfm_time_hour(paris, us) == (local_us - day * RFM_DAY_US) / (RFM_DAY_US / 24));
    must(rfm_day_start_us(paris, day) <= us);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fuzz_input input = {(const char *)bytes, n};
    open_zones();
    const rfm_time_format format = (rfm_time_format)fuzz_below(&input, RFM_TIME_MONTH_FIRST + 1);
    const rfm_zone *zone = fuzz_below(&input, 2) ? paris : utc;
    rfm_timestamp time = {0}, expected = {0};
    const rfm_parse parse = rfm_time_parse(input.bytes, input.n, format, zone, &time);
    must(parse == read_slowly(input.bytes, input.n, format, zone, &expected));
    if (parse != RFM_PARSE_OK)
        return 0;
    must(time.us == expected.us && time.date_only == expected.date_only);
    check_way_back(time.us);
    check_zone(time.us);
    return 0;
}
