/* pattern: the shapes of times that can be given back. What a time means is base's to say. */
#include "pattern.h"

#include <string.h>

#define SECOND_US INT64_C(1000000)

enum { DATE_BYTES = 10, HOUR_AT = 11, MINUTE_AT = 14, SECOND_AT = 17, FRACTION_AT = 20, MOST_FRACTION = 6 };

/* By their dates, which are as long as each other. */
static const struct {
    rfm_time_format format;
    char letters[FRACTION_AT];
} shapes[] = {
    {RFM_TIME_ISO, "YYYY-MM-DD hh:mm:ss"},         {RFM_TIME_DAY_FIRST, "DD.MM.YYYY hh:mm:ss"},
    {RFM_TIME_DAY_FIRST, "DD/MM/YYYY hh:mm:ss"},   {RFM_TIME_DAY_FIRST, "DD-MM-YYYY hh:mm:ss"},
    {RFM_TIME_MONTH_FIRST, "MM/DD/YYYY hh:mm:ss"}, {RFM_TIME_MONTH_FIRST, "MM-DD-YYYY hh:mm:ss"},
    {RFM_TIME_MONTH_FIRST, "MM.DD.YYYY hh:mm:ss"},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether the text goes on from `at` like the letters up to `end`: digits for letters, and all else the same. */
static bool goes_on(const char *letters, const char *text, size_t length, size_t at, size_t end)
{
    if (length < end)
        return false;
    for (; at < end; at++)
        if (letters[at] >= 'D' ? !is_digit(text[at]) : text[at] != letters[at])
            return false;
    return true;
}

/* The microseconds of a clock as if it were UTC's; zone_less: date, or date and clock. */
static bool read_clock(const rfm_pattern *pattern, const char *zone_less, int64_t *us)
{
    char text[RFM_PATTERN_BYTES + 8];
    const char *rest = pattern->has_clock ? "Z" : "T00:00Z";
    const size_t length = pattern->clock_length;
    rfm_timestamp time;
    memcpy(text, zone_less, length);
    memcpy(text + length, rest, strlen(rest));
    if (rfm_time_parse(text, length + strlen(rest), pattern->format, NULL, &time) != RFM_PARSE_OK)
        return false;
    *us = time.us;
    return true;
}

/* What stands behind the clock: nothing, or a zone as rfm_time_parse knows them. */
static bool read_zone(const char *zone, size_t length, int64_t *offset_us)
{
    static const char noon[] = "2000-01-01T12:00";
    static const int64_t noon_us = INT64_C(946728000) * SECOND_US;
    char text[sizeof noon + RFM_PATTERN_BYTES];
    rfm_timestamp time;
    *offset_us = 0;
    if (length == 0)
        return true;
    /* It does not go on with the clock, and is not blank: either would leave a time without a zone. */
    if (!memchr(" ZU+-", zone[0], 5) || zone[length - 1] == ' ' || zone[length - 1] == '\t')
        return false;
    memcpy(text, noon, sizeof noon - 1);
    memcpy(text + sizeof noon - 1, zone, length);
    if (rfm_time_parse(text, sizeof noon - 1 + length, RFM_TIME_ISO, NULL, &time) != RFM_PARSE_OK)
        return false;
    *offset_us = noon_us - time.us;
    return true;
}

/* Where the clock ends; DATE_BYTES where there is none. */
static size_t measure_clock(const char *letters, const char *text, size_t length, rfm_pattern *pattern)
{
    if (length <= DATE_BYTES || (text[DATE_BYTES] != ' ' && text[DATE_BYTES] != 'T') ||
        !goes_on(letters, text, length, HOUR_AT, SECOND_AT - 1))
        return DATE_BYTES;
    pattern->has_clock = true;
    pattern->has_seconds = goes_on(letters, text, length, SECOND_AT - 1, FRACTION_AT - 1);
    if (!pattern->has_seconds)
        return SECOND_AT - 1;
    size_t end = FRACTION_AT - 1;
    if (end + 1 < length && (text[end] == '.' || text[end] == ',') && is_digit(text[end + 1]))
        for (end++; end < length && is_digit(text[end]); end++)
            pattern->n_fraction++;
    return end;
}

/* It divides a minute, of which every zone's offset is a multiple, or there is neither clock nor zone. */
static int64_t step_of(const rfm_pattern *pattern)
{
    int64_t step_us = SECOND_US;
    if (!pattern->has_clock)
        return RFM_DAY_US;
    if (!pattern->has_seconds)
        return 60 * SECOND_US;
    for (int i = 0; i < pattern->n_fraction; i++)
        step_us /= 10;
    return step_us;
}

/* The pattern that a shape's letters give; false: the text has none of it. */
static bool fit(const char *letters, const char *text, size_t length, rfm_pattern *pattern)
{
    int64_t us;
    const size_t end = pattern->clock_length = measure_clock(letters, text, length, pattern);
    if (pattern->n_fraction > MOST_FRACTION || (!pattern->has_clock && end != length) ||
        !read_zone(text + end, length - end, &pattern->offset_us) || !read_clock(pattern, text, &us))
        return false;
    pattern->step_us = step_of(pattern);
    memcpy(pattern->text, text, length);
    memcpy(pattern->text, letters, DATE_BYTES);
    if (pattern->has_clock)
        memcpy(pattern->text + HOUR_AT, letters + HOUR_AT, pattern->has_seconds ? 8 : 5);
    if (pattern->n_fraction > 0)
        memset(pattern->text + FRACTION_AT, 'f', (size_t)pattern->n_fraction);
    return true;
}

bool rfm_pattern_of(const char *text, size_t length, rfm_time_format format, rfm_pattern *pattern)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes && length < RFM_PATTERN_BYTES; i++) {
        if ((shapes[i].format != RFM_TIME_ISO && shapes[i].format != format) ||
            !goes_on(shapes[i].letters, text, length, 0, DATE_BYTES))
            continue;
        *pattern = (rfm_pattern){.length = length, .format = shapes[i].format, .day = INT64_MIN};
        return fit(shapes[i].letters, text, length, pattern);
    }
    return false;
}

/* A text that the letters stand for: days, months and all else are 1. */
static void make_sample(const char *letters, char *text, size_t length)
{
    bool second = false;
    for (size_t i = 0; i < length; i++) {
        if (i < FRACTION_AT - 1 && i != DATE_BYTES && letters[i] >= 'D' && text[i] == letters[i]) {
            text[i] = second ? '1' : '0';
            second = !second;
        } else if (i >= FRACTION_AT && text[i] == 'f') {
            text[i] = '0';
        }
    }
}

/* A text of the pattern is made, and must have this pattern. */
bool rfm_pattern_parse(const char *text, rfm_pattern *pattern)
{
    char made[RFM_PATTERN_BYTES];
    const size_t length = strlen(text);
    if (length < DATE_BYTES || length >= sizeof made)
        return false;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (memcmp(text, shapes[i].letters, DATE_BYTES) != 0)
            continue;
        memcpy(made, text, length);
        make_sample(shapes[i].letters, made, length);
        return rfm_pattern_of(made, length, shapes[i].format, pattern) && strcmp(pattern->text, text) == 0;
    }
    return false;
}

bool rfm_pattern_read(const rfm_pattern *pattern, const char *text, size_t length, int64_t *us)
{
    if (length != pattern->length)
        return false;
    for (size_t i = 0; i < length; i++) {
        const char c = pattern->text[i];
        const bool letter = i < pattern->clock_length && i != DATE_BYTES && c >= 'D';
        if (letter ? !is_digit(text[i]) : text[i] != c)
            return false;
    }
    if (!read_clock(pattern, text, us))
        return false;
    *us -= pattern->offset_us;
    return true;
}

static void put_two(char *at, int64_t value)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
}

/* A date with its parts in the order of the pattern. */
static void write_date(const rfm_pattern *pattern, const char iso[DATE_BYTES], char *at)
{
    memcpy(at, iso, DATE_BYTES);
    if (pattern->format == RFM_TIME_ISO)
        return;
    const bool day_first = pattern->format == RFM_TIME_DAY_FIRST;
    memcpy(at, iso + (day_first ? 8 : 5), 2);
    memcpy(at + 3, iso + (day_first ? 5 : 8), 2);
    memcpy(at + 6, iso, 4);
    at[2] = at[5] = pattern->text[2];
}

static void put_date(rfm_pattern *pattern, int64_t day, char *at)
{
    if (day != pattern->day) {
        char text[RFM_NUMBER_BYTES];
        rfm_time_format_utc(day * RFM_DAY_US, text);
        write_date(pattern, text, pattern->date);
        pattern->day = day;
    }
    memcpy(at, pattern->date, DATE_BYTES);
}

static void put_fraction(const rfm_pattern *pattern, int64_t us, char *at)
{
    for (int i = 0; i < pattern->n_fraction; i++) {
        us *= 10;
        at[i] = (char)('0' + us / SECOND_US);
        us %= SECOND_US;
    }
}

bool rfm_pattern_write(rfm_pattern *pattern, int64_t us, char *at)
{
    if (!rfm_pattern_says(pattern, us))
        return false;
    us += pattern->offset_us;
    const int64_t day = us / RFM_DAY_US - (us % RFM_DAY_US < 0);
    const int64_t of_day = us - day * RFM_DAY_US, seconds = of_day / SECOND_US;
    memcpy(at, pattern->text, pattern->length);
    put_date(pattern, day, at);
    if (!pattern->has_clock)
        return true;
    put_two(at + HOUR_AT, seconds / 3600);
    put_two(at + MINUTE_AT, seconds / 60 % 60);
    if (pattern->has_seconds) {
        put_two(at + SECOND_AT, seconds % 60);
        put_fraction(pattern, of_day % SECOND_US, at + FRACTION_AT);
    }
    return true;
}
