/* decimal: numbers in text as exact integers. Knows no floating point, no locale and no libc.
 *
 * At most 19 significant digits are kept: a twentieth that is not zero makes a value that no 64-bit
 * integer holds, whatever the decimals, so it is enough to remember that there was one.
 */
#include "digits.h"
#include "rfmpi/base.h"

enum { KEPT_DIGITS = 19, EXPONENT_LIMIT = 1000000000 };

const uint64_t rfm_ten_to[RFM_TENS] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

/* digits * 10^exponent; `wide` when more digits followed that are not zero. */
typedef struct scanned {
    uint64_t digits;
    int64_t exponent;
    bool negative, wide;
} scanned;

static const char *scan_sign(const char *at, const char *end, bool *negative)
{
    *negative = at < end && *at == '-';
    return at < end && (*at == '-' || *at == '+') ? at + 1 : at;
}

/* A run of digits; `step` is what each kept digit adds to the exponent: 0 before the point, -1
 * behind. */
static const char *scan_digits(const char *at, const char *end, int step, scanned *number)
{
    for (unsigned digit; at < end && (digit = rfm_digit(*at)) <= 9; at++) {
        if (number->digits < rfm_ten_to[KEPT_DIGITS - 1]) {
            number->digits = number->digits * 10 + digit;
            number->exponent += step;
        } else {
            number->wide |= digit != 0;
            number->exponent += step + 1;
        }
    }
    return at;
}

/* ---- thousands -------------------------------------------------------------------------------------------------- */

enum { MOST_GAPS = 6 };

/* What may stand between groups of three digits. */
static const char *const gaps[][MOST_GAPS] = {
    [RFM_THOUSANDS_NONE] = {NULL},
    [RFM_THOUSANDS_POINT] = {".", NULL},
    [RFM_THOUSANDS_COMMA] = {",", NULL},
    [RFM_THOUSANDS_BLANK] = {" ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89", "\xA0", NULL},
    [RFM_THOUSANDS_APOSTROPHE] = {"'", "\xE2\x80\x99", NULL},
};

/* Where the text goes on behind this gap; NULL: it does not begin with it. */
static const char *skip_gap(const char *at, const char *end, const char *gap)
{
    for (; *gap != '\0'; at++, gap++)
        if (at == end || *at != *gap)
            return NULL;
    return at;
}

static bool is_group(const char *at, const char *end)
{
    return end - at >= 3 && rfm_digit(at[0]) <= 9 && rfm_digit(at[1]) <= 9 && rfm_digit(at[2]) <= 9 &&
           (end - at == 3 || rfm_digit(at[3]) > 9);
}

/* The next group; NULL: there is none behind a gap. */
static const char *find_group(const char *at, const char *end, rfm_thousands thousands)
{
    for (const char *const *gap = gaps[thousands]; *gap; gap++) {
        const char *group = skip_gap(at, end, *gap);
        if (group && is_group(group, end))
            return group;
    }
    return NULL;
}

/* Digits, in groups or not. */
static const char *scan_whole(const char *at, const char *end, rfm_thousands thousands, scanned *number)
{
    const char *first = at;
    at = scan_digits(at, end, 0, number);
    if (at == first || at - first > 3 || *first == '0')
        return at;
    for (const char *group; (group = find_group(at, end, thousands)) != NULL;)
        at = scan_digits(group, group + 3, 0, number);
    return at;
}

/* ---- the number ------------------------------------------------------------------------------------------------- */

/* "[+-]digits" behind the e; NULL when there are none. */
static const char *scan_exponent(const char *at, const char *end, int64_t *exponent)
{
    bool negative;
    int64_t value = 0;
    at = scan_sign(at, end, &negative);
    if (at == end)
        return NULL;
    for (unsigned digit; at < end && (digit = rfm_digit(*at)) <= 9; at++) {
        if (value < EXPONENT_LIMIT)
            value = value * 10 + digit;
    }
    *exponent += negative ? -value : value;
    return at;
}

static rfm_parse scan_number(rfm_notation notation, const char *at, const char *end, scanned *number)
{
    rfm_trim(&at, &end);
    if (at == end)
        return RFM_PARSE_EMPTY;
    at = scan_sign(at, end, &number->negative);
    const char *first = at;
    at = scan_whole(at, end, notation.thousands, number);
    size_t n_digits = (size_t)(at - first);
    if (at < end && *at == (notation.comma ? ',' : '.')) {
        first = at + 1;
        at = scan_digits(first, end, -1, number);
        n_digits += (size_t)(at - first);
    }
    if (n_digits == 0)
        return RFM_PARSE_BAD;
    if (at < end && (*at == 'e' || *at == 'E'))
        at = scan_exponent(at + 1, end, &number->exponent);
    return at == end ? RFM_PARSE_OK : RFM_PARSE_BAD;
}

static rfm_parse give_sign(uint64_t magnitude, bool negative, int64_t *value)
{
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return RFM_PARSE_RANGE;
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return RFM_PARSE_OK;
}

rfm_parse rfm_decimal_parse(const char *text, size_t length, int decimals, int64_t *value)
{
    return rfm_decimal_parse_as((rfm_notation){0}, text, length, decimals, value);
}

rfm_parse rfm_decimal_parse_as(rfm_notation notation, const char *text, size_t length, int decimals, int64_t *value)
{
    scanned number = {0};
    rfm_parse parse = scan_number(notation, text, text + length, &number);
    if (parse != RFM_PARSE_OK)
        return parse;
    int64_t shift = number.exponent + decimals;
    if (number.digits == 0)
        shift = 0;
    if (number.wide || shift < -KEPT_DIGITS || shift > KEPT_DIGITS)
        return RFM_PARSE_RANGE;
    uint64_t power = rfm_ten_to[shift < 0 ? -shift : shift];
    if (shift < 0 ? number.digits % power != 0 : number.digits > UINT64_MAX / power)
        return RFM_PARSE_RANGE;
    uint64_t magnitude = shift < 0 ? number.digits / power : number.digits * power;
    return give_sign(magnitude, number.negative, value);
}

/* What follows the digits of an id: nothing, or a point and zeros. */
static bool is_whole(rfm_notation notation, const char *at, const char *end)
{
    if (at < end && *at == (notation.comma ? ',' : '.'))
        at++;
    while (at < end && *at == '0')
        at++;
    return at == end;
}

rfm_parse rfm_integer_parse(const char *text, size_t length, int64_t *value)
{
    return rfm_integer_parse_as((rfm_notation){0}, text, length, value);
}

rfm_parse rfm_integer_parse_as(rfm_notation notation, const char *text, size_t length, int64_t *value)
{
    const char *at = text, *end = text + length;
    scanned number = {0};
    rfm_trim(&at, &end);
    if (at == end)
        return RFM_PARSE_EMPTY;
    at = scan_sign(at, end, &number.negative);
    const char *first = at;
    at = scan_digits(at, end, 0, &number);
    if (at == first || !is_whole(notation, at, end))
        return RFM_PARSE_BAD;
    if (number.wide || number.exponent > 0)
        return RFM_PARSE_RANGE;
    return give_sign(number.digits, number.negative, value);
}
