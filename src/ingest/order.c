/* order: exact comparison of decimals of any length, for rules on numbers that are too long or too
 * fine for a 64-bit integer. The texts are known to be numbers. Knows no rules.
 */
#include "rules.h"

static const int64_t exponent_limit = INT64_C(1000000000000000000);

/* A number as 0.d1 d2 ... times 10^place, d1 not zero. */
typedef struct digits {
    const char *at, *end; /* from d1 on; other bytes may stand between digits */
    int64_t place;
    int sign; /* 0: zero */
} digits;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t read_exponent(const char *at, const char *end)
{
    const bool negative = at < end && *at == '-';
    int64_t value = 0;
    for (; at < end; at++) {
        if (!is_digit(*at))
            continue;
        value = value < exponent_limit / 10 ? value * 10 + (*at - '0') : exponent_limit;
    }
    return negative ? -value : value;
}

/* What stands between groups of digits, and blanks at the end, are passed over. */
static digits read_digits(const char *at, const char *end, char mark)
{
    digits number = {.sign = 1};
    for (; at < end && !is_digit(*at) && *at != mark; at++)
        if (*at == '-')
            number.sign = -1;
    bool behind_mark = false;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        behind_mark |= *at == mark;
        if (!is_digit(*at))
            continue;
        if (!number.at && *at != '0')
            number.at = at;
        if (number.at)
            number.place += !behind_mark;
        else
            number.place -= behind_mark;
    }
    number.end = at;
    if (!number.at)
        return (digits){0};
    if (at < end)
        number.place += read_exponent(at + 1, end);
    return number;
}

/* The next digit; zeros go on for ever. */
static char next_digit(digits *number)
{
    while (number->at < number->end && !is_digit(*number->at))
        number->at++;
    return number->at < number->end ? *number->at++ : '0';
}

static int compare_magnitudes(digits a, digits b)
{
    if (a.place != b.place)
        return a.place < b.place ? -1 : 1;
    while (a.at < a.end || b.at < b.end) {
        const char x = next_digit(&a), y = next_digit(&b);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

int rfm_decimal_compare(rfm_notation notation, const char *a, size_t a_length, const char *b, size_t b_length)
{
    const digits x = read_digits(a, a + a_length, notation.comma ? ',' : '.'), y = read_digits(b, b + b_length, '.');
    if (x.sign != y.sign)
        return x.sign < y.sign ? -1 : 1;
    return x.sign * compare_magnitudes(x, y);
}
