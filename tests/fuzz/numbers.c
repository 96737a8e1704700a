/* Numbers in texts, against digits as strings: the same answer, the same value, the same order. */
#include "fuzz.h"

#include <fenv.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

/* sign * digits * 10^exponent; no zeros at either end, and no digits for zero. */
typedef struct exact {
    rfm_parse parse;
    bool negative;
    char *digits;
    size_t n;
    int64_t exponent;
} exact;

static size_t length_of(regmatch_t part)
{
    return part.rm_so < 0 ? 0 : (size_t)(part.rm_eo - part.rm_so);
}

static int64_t read_exponent(const char *text, regmatch_t part)
{
    char digits[24] = "";
    const char *at = text + part.rm_so, *end = text + part.rm_eo;
    while (at < end && *at == '0')
        at++;
    if (end - at > 18)
        return INT64_C(1000000000000000000);
    memcpy(digits, at, (size_t)(end - at));
    return strtoll(digits, NULL, 10);
}

static void strip_zeros(exact *number)
{
    size_t leading = 0;
    while (leading < number->n && number->digits[leading] == '0')
        leading++;
    memmove(number->digits, number->digits + leading, number->n - leading);
    number->n -= leading;
    while (number->n > 0 && number->digits[number->n - 1] == '0') {
        number->n--;
        number->exponent++;
    }
}

/* 1 sign, 2 before the point, 4 behind it, 6 sign of the exponent, 7 exponent */
static exact read_exact(const char *text, size_t n)
{
    static const char pattern[] = "^[ \t]*([+-]?)([0-9]*)(\\.([0-9]*))?([eE]([+-]?)([0-9]+))?[ \t]*$";
    regmatch_t parts[8];
    exact number = {.parse = RFM_PARSE_EMPTY, .digits = calloc(n + 1, 1)};
    if (fuzz_match("^[ \t]*$", text, n, parts, 1))
        return number;
    number.parse = RFM_PARSE_BAD;
    if (!fuzz_match(pattern, text, n, parts, 8) || length_of(parts[2]) + length_of(parts[4]) == 0)
        return number;
    number.parse = RFM_PARSE_OK;
    number.negative = length_of(parts[1]) > 0 && text[parts[1].rm_so] == '-';
    memcpy(number.digits, text + parts[2].rm_so, length_of(parts[2]));
    if (length_of(parts[4]) > 0)
        memcpy(number.digits + length_of(parts[2]), text + parts[4].rm_so, length_of(parts[4]));
    number.n = length_of(parts[2]) + length_of(parts[4]);
    if (length_of(parts[7]) > 0)
        number.exponent = read_exponent(text, parts[7]);
    if (length_of(parts[6]) > 0 && text[parts[6].rm_so] == '-')
        number.exponent = -number.exponent;
    number.exponent -= (int64_t)length_of(parts[4]);
    strip_zeros(&number);
    return number;
}

/* number * 10^decimals where a 64-bit integer holds it */
static rfm_parse scale(const exact *number, int decimals, int64_t *value)
{
    rfm_i128 sum = 0;
    const int64_t zeros = number->exponent + decimals;
    if (number->parse != RFM_PARSE_OK)
        return number->parse;
    if (number->n > 0 && (zeros < 0 || zeros + (int64_t)number->n > 19))
        return RFM_PARSE_RANGE;
    for (size_t i = 0; i < number->n; i++)
        sum = 10 * sum + (number->digits[i] - '0');
    for (int64_t i = 0; number->n > 0 && i < zeros; i++)
        sum *= 10;
    if (number->negative)
        sum = -sum;
    if (sum < INT64_MIN || sum > INT64_MAX)
        return RFM_PARSE_RANGE;
    *value = (int64_t)sum;
    return RFM_PARSE_OK;
}

static int sign_of(const exact *number)
{
    return number->n == 0 ? 0 : number->negative ? -1 : 1;
}

static int compare(const exact *a, const exact *b)
{
    if (sign_of(a) != sign_of(b) || sign_of(a) == 0)
        return (sign_of(a) > sign_of(b)) - (sign_of(a) < sign_of(b));
    const int64_t a_place = a->exponent + (int64_t)a->n, b_place = b->exponent + (int64_t)b->n;
    const int order = a_place != b_place ? (a_place > b_place) - (a_place < b_place) : strcmp(a->digits, b->digits);
    return sign_of(a) * ((order > 0) - (order < 0));
}

/* ---- notations -------------------------------------------------------------------------------------------------- */

#define GROUPS(gap) "^([ \t]*[+-]?[1-9][0-9]{0,2}(" gap "[0-9]{3})+)([^0-9].*)?$"

static const struct {
    rfm_notation notation;
    const char *groups;
} notations[] = {
    {{false, RFM_THOUSANDS_NONE}, NULL},
    {{true, RFM_THOUSANDS_NONE}, NULL},
    {{true, RFM_THOUSANDS_POINT}, GROUPS("\\.")},
    {{true, RFM_THOUSANDS_BLANK}, GROUPS("( |\xC2\xA0|\xE2\x80\xAF|\xE2\x80\x89|\xA0)")},
    {{true, RFM_THOUSANDS_APOSTROPHE}, GROUPS("('|\xE2\x80\x99)")},
    {{false, RFM_THOUSANDS_COMMA}, GROUPS(",")},
    {{false, RFM_THOUSANDS_BLANK}, GROUPS("( |\xC2\xA0|\xE2\x80\xAF|\xE2\x80\x89|\xA0)")},
    {{false, RFM_THOUSANDS_APOSTROPHE}, GROUPS("('|\xE2\x80\x99)")},
};
enum { N_NOTATIONS = sizeof notations / sizeof *notations };

/* The same number with a point and without groups; a text that is none stays one that is none. */
static size_t make_plain(size_t which, const char *text, size_t n, char *plain)
{
    regmatch_t parts[5];
    const bool grouped = notations[which].groups && fuzz_match(notations[which].groups, text, n, parts, 5);
    const size_t end = grouped ? (size_t)parts[1].rm_eo : 0;
    const char mark = notations[which].notation.comma ? ',' : '.';
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        const bool is_kept = (text[i] >= '0' && text[i] <= '9') || text[i] == '+' || text[i] == '-';
        if (i < end && !is_kept)
            continue;
        plain[length++] = text[i] == mark ? '.' : text[i] == '.' ? '#' : text[i];
    }
    return length;
}

static void check_decimal(size_t which, const char *text, size_t n, int decimals)
{
    char *plain = calloc(n + 1, 1);
    exact number = read_exact(plain, make_plain(which, text, n, plain));
    int64_t expected = 1, value = 1;
    must(rfm_decimal_parse_as(notations[which].notation, text, n, decimals, &value) ==
         scale(&number, decimals, &expected));
    must(value == expected);
    free(number.digits);
    free(plain);
}

/* An id is a decimal of a narrower shape. */
static void check_integer(bool comma, const char *text, size_t n)
{
    const rfm_notation notation = {.comma = comma};
    const char *pattern = comma ? "^[ \t]*[+-]?[0-9]+(,0*)?[ \t]*$" : "^[ \t]*[+-]?[0-9]+(\\.0*)?[ \t]*$";
    regmatch_t part;
    int64_t expected = 1, value = 1;
    rfm_parse parse = rfm_decimal_parse_as(notation, text, n, 0, &expected);
    if (parse != RFM_PARSE_EMPTY && !fuzz_match(pattern, text, n, &part, 1))
        parse = RFM_PARSE_BAD;
    must(rfm_integer_parse_as(notation, text, n, &value) == parse);
    must(parse != RFM_PARSE_OK || value == expected);
}

static void check_order(size_t which, const char *text, size_t n)
{
    const char *gap = memchr(text, '\n', n);
    if (!gap)
        return;
    const size_t n_first = (size_t)(gap - text), n_second = n - n_first - 1;
    char *plain = calloc(n_first + 1, 1);
    exact a = read_exact(plain, make_plain(which, text, n_first, plain)), b = read_exact(gap + 1, n_second);
    a.digits[a.n] = b.digits[b.n] = '\0';
    if (a.parse == RFM_PARSE_OK && b.parse == RFM_PARSE_OK)
        must(rfm_decimal_compare(notations[which].notation, text, n_first, gap + 1, n_second) == compare(&a, &b));
    free(a.digits);
    free(b.digits);
    free(plain);
}

/* The nearest decimal of so many digits that reads back as x: correctly rounded, or the one beyond x on either side. */
static bool is_told_by(double x, int n_digits, char buffer[64])
{
    static const int directions[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD};
    bool told = false;
    for (int i = 0; i < 3 && !told; i++) {
        fesetround(directions[i]);
        snprintf(buffer, 64, "%.*e", n_digits - 1, x);
        fesetround(FE_TONEAREST);
        told = strtod(buffer, NULL) == x;
    }
    return told;
}

static void check_format(const char *bytes, size_t n)
{
    double x;
    char text[RFM_NUMBER_BYTES], shortest[64] = "";
    if (n < sizeof x)
        return;
    memcpy(&x, bytes, sizeof x);
    const size_t length = rfm_number_format(x, text);
    must(length == strlen(text) && length < RFM_NUMBER_BYTES);
    if (x != x || x - x != 0) {
        must(strcmp(text, x != x ? "nan" : x > 0 ? "inf" : "-inf") == 0);
        return;
    }
    const double back = strtod(text, NULL);
    must(memcmp(&back, &x, sizeof x) == 0);
    for (int n_digits = 1; n_digits <= 17 && !is_told_by(x, n_digits, shortest); n_digits++)
        continue;
    exact told = read_exact(text, length), wanted = read_exact(shortest, strlen(shortest));
    told.digits[told.n] = wanted.digits[wanted.n] = '\0';
    must(compare(&told, &wanted) == 0);
    free(told.digits);
    free(wanted.digits);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fuzz_input input = {(const char *)bytes, n};
    const size_t chosen = fuzz_below(&input, 19 * N_NOTATIONS), which = chosen / 19;
    check_decimal(which, input.bytes, input.n, (int)(chosen % 19));
    check_integer(which % 2, input.bytes, input.n);
    check_order(which, input.bytes, input.n);
    check_format(input.bytes, input.n);
    return 0;
}
