/* cells: values as text. No locale, no libc. */
#include "cells.h"

#include <string.h>

static char *put_text(char *at, const char *text)
{
    const size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

char *rfm_cell_unsigned(char *at, uint64_t value)
{
    return rfm_put_digits(at, value, 1);
}

char *rfm_cell_integer(char *at, int64_t value)
{
    if (value >= 0)
        return rfm_cell_unsigned(at, (uint64_t)value);
    *at = '-';
    return rfm_cell_unsigned(at + 1, 0 - (uint64_t)value);
}

char *rfm_cell_boolean(char *at, bool value)
{
    return put_text(at, value ? "true" : "false");
}

/* At least `width` digits; 10^19 is the largest power of ten in 64 bits, and three of such parts hold 128. */
static char *put_wide(char *at, rfm_u128 value, int width)
{
    static const uint64_t part = UINT64_C(10000000000000000000);
    if (value <= UINT64_MAX)
        return rfm_put_digits(at, (uint64_t)value, width);
    at = put_wide(at, value / part, width - 19);
    return rfm_put_digits(at, (uint64_t)(value % part), 19);
}

char *rfm_cell_decimal(char *at, rfm_i128 value, int scale)
{
    const rfm_u128 magnitude = value < 0 ? 0 - (rfm_u128)value : (rfm_u128)value;
    if (value < 0)
        *at++ = '-';
    char *end = put_wide(at, magnitude, scale + 1);
    if (scale == 0)
        return end;
    char *point = end - scale;
    memmove(point + 1, point, (size_t)scale);
    *point = '.';
    return end + 1;
}

/* A base function's text ends with a NUL, for which RFM_CELL_BYTES has room. */
char *rfm_cell_double(char *at, double value)
{
    return value == value ? at + rfm_number_format(value, at) : at;
}

char *rfm_cell_single(char *at, float value)
{
    return value == value ? at + rfm_number_format_single(value, at) : at;
}

char *rfm_cell_date(char *at, int64_t day)
{
    if (day < INT64_MIN / RFM_DAY_US || day > INT64_MAX / RFM_DAY_US)
        return put_text(rfm_cell_integer(at, day), " days");
    const char *text = at;
    rfm_time_format_utc(day * RFM_DAY_US, at);
    return at + (strchr(text, 'T') - text);
}

char *rfm_cell_local_time(char *at, int64_t local_us)
{
    return at + rfm_time_format_utc(local_us, at) - 1; /* without the Z */
}

int64_t rfm_cell_us_of_ns(int64_t ns)
{
    return ns / 1000 - (ns % 1000 < 0);
}

int64_t rfm_cell_us_of_ms(int64_t ms)
{
    if (ms > INT64_MAX / 1000)
        return INT64_MAX;
    return ms < INT64_MIN / 1000 ? INT64_MIN : ms * 1000;
}
