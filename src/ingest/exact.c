/* exact: canonical numbers and times of one pattern. */
#include "exact.h"

#include "cells.h"

/* "0", "-7", "12.50": no sign but that of a number below zero, no zeros in front, digits on both sides of the mark. */
static bool read_number(char mark, const char *text, size_t length, int *scale, int64_t *value)
{
    const bool negative = length > 0 && text[0] == '-';
    size_t at = negative, point = length;
    const size_t first = at;
    uint64_t sum = 0;
    for (; at < length; at++) {
        const unsigned digit = (unsigned)(unsigned char)text[at] - '0';
        if (text[at] == mark && point == length && at > first) {
            point = at;
            continue;
        }
        if (digit > 9 || __builtin_mul_overflow(sum, UINT64_C(10), &sum) ||
            __builtin_add_overflow(sum, (uint64_t)digit, &sum))
            return false;
    }
    const size_t whole = point - first, behind = point == length ? 0 : length - point - 1;
    if (whole == 0 || (whole > 1 && text[first] == '0') || (point != length && behind == 0) ||
        behind > RFM_EXACT_MAX_SCALE || sum > INT64_MAX || (negative && sum == 0))
        return false;
    *scale = (int)behind;
    *value = negative ? -(int64_t)sum : (int64_t)sum;
    return true;
}

static int64_t unit_of(const rfm_pattern *pattern)
{
    if (!pattern->has_clock)
        return RFM_DAY_US;
    return pattern->n_fraction == 0 ? 1000000 : pattern->n_fraction <= 3 ? 1000 : 1;
}

static char mark_of(bool comma)
{
    return comma ? ',' : '.';
}

rfm_exact rfm_exact_of(rfm_writing writing, const char *text, size_t length)
{
    rfm_exact exact = {.kind = RFM_EXACT_TEXT};
    int64_t value;
    if (read_number(mark_of(writing.comma), text, length, &exact.scale, &value)) {
        exact.kind = RFM_EXACT_NUMBER;
        exact.comma = writing.comma && exact.scale > 0;
    } else if (rfm_pattern_of(text, length, writing.times, &exact.pattern)) {
        exact.kind = RFM_EXACT_TIME;
        exact.unit_us = unit_of(&exact.pattern);
    }
    return exact;
}

static bool read_time(const rfm_exact *exact, const char *text, size_t length, int64_t *value)
{
    int64_t us;
    if (!rfm_pattern_read(&exact->pattern, text, length, &us) || us % exact->unit_us != 0)
        return false;
    *value = us / exact->unit_us;
    return true;
}

bool rfm_exact_read(const rfm_exact *exact, const char *text, size_t length, int64_t *value)
{
    int scale;
    switch (exact->kind) {
    case RFM_EXACT_NUMBER:
        return read_number(mark_of(exact->comma), text, length, &scale, value) && scale == exact->scale;
    case RFM_EXACT_TIME:
        return read_time(exact, text, length, value);
    case RFM_EXACT_TEXT:
        break;
    }
    return false;
}

char *rfm_exact_number(const rfm_exact *exact, rfm_i128 value, char *at)
{
    char *end = rfm_cell_decimal(at, value, exact->scale);
    if (exact->comma)
        end[-1 - exact->scale] = ',';
    return end;
}

char *rfm_exact_write(rfm_exact *exact, int64_t value, char *at)
{
    int64_t us;
    if (exact->kind == RFM_EXACT_NUMBER)
        return exact->scale == 0 ? rfm_cell_integer(at, value) : rfm_exact_number(exact, value, at);
    if (__builtin_mul_overflow(value, exact->unit_us, &us) || !rfm_pattern_write(&exact->pattern, us, at))
        return NULL;
    return at + exact->pattern.length;
}
