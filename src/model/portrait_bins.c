/* Round edges of bins: multiples of 1, 2 or 5 times a power of ten, or, where the axis is logarithmic, one less than
 * powers of two or of a root of it. Knows no customers. */
#include "portrait.h"

#include <math.h>

static const double LN2 = 0x1.62e42fefa39efp-1;

/* Edges that could be: those of one axis and one width. */
typedef struct ladder {
    bool logarithmic, whole;
    int step; /* the width: 1, 2, 5, 10, 20 ... by number, 0 being 1; of a logarithmic one, 2^step doublings */
} ladder;

/* x times 10^decade; of decades from -22 to 22 rounded once, so that three tenths are 0.3. */
static double shift_decimals(double x, int decade)
{
    double power = 1;
    for (int i = decade < 0 ? -decade : decade; i > 0; i--)
        power *= 10;
    return decade < 0 ? x / power : x * power;
}

/* The i-th edge; number 0 is at 0. */
static double rung(const ladder *of, int64_t i)
{
    static const double digits[] = {1, 2, 5};
    double at;
    if (of->logarithmic) {
        const double doublings = ldexp((double)i, of->step), whole = floor(doublings);
        at = ldexp(rfm_exp((doublings - whole) * LN2), (int)whole) - 1;
    } else {
        const int digit = (of->step % 3 + 3) % 3;
        at = shift_decimals((double)i * digits[digit], (of->step - digit) / 3);
    }
    return of->whole ? rint(at) : at;
}

/* The last rung at or below a value. False where there is none to tell: rungs are too many, or too near each other. */
static bool find_rung(const ladder *of, double value, int64_t *i)
{
    const double most = 0x1p52;
    const double at = floor(of->logarithmic ? ldexp(rfm_log1p(value) / LN2, -of->step) : value / rung(of, 1));
    if (!(fabs(at) < most))
        return false;
    *i = (int64_t)at;
    *i -= rung(of, *i) > value;
    *i += rung(of, *i + 1) <= value;
    return rung(of, *i) <= value && value < rung(of, *i + 1);
}

/* A whole number on the last edge would share a bin with the one before. */
static bool is_reached(const ladder *of, double edge, double high)
{
    return of->whole ? edge > high : edge >= high;
}

/* True where that many bins are enough. */
static bool climb(const ladder *of, double low, double high, rfm_portrait_feature *feature)
{
    int64_t first;
    int n = 0;
    if (!find_rung(of, low, &first))
        return false;
    feature->edges[0] = rung(of, first);
    do {
        if (n == RFM_PORTRAIT_BINS)
            return false;
        n++;
        feature->edges[n] = rung(of, first + n);
        if (!(feature->edges[n] > feature->edges[n - 1]) || !isfinite(feature->edges[n]))
            return false;
    } while (!is_reached(of, feature->edges[n], high));
    feature->n_bins = n;
    return true;
}

/* The number of a width well below a thirtieth of the range, of which log10 2 is about 3 / 10. */
static int first_step(double range)
{
    int exponent;
    frexp(range, &exponent);
    return 3 * (int)floor(0.3 * (exponent - 8)) - 3;
}

void rfm_bins_choose(rfm_portrait_feature *feature, double low, double high, bool whole)
{
    enum { FINEST = -5, COARSEST = 6, LAST = 3 * 309 };
    ladder of = {feature->logarithmic, whole, FINEST};
    int last = COARSEST;
    if (!feature->logarithmic) {
        of.step = high > low && high - low <= 0x1p1000 ? first_step(high - low) : 0;
        of.step = whole && of.step < 0 ? 0 : of.step;
        last = LAST;
    }
    for (; of.step <= last; of.step++)
        if (climb(&of, low, high, feature))
            return;
    feature->n_bins = 1; /* ends of what a double holds */
    feature->edges[0] = low;
    feature->edges[1] = high > low ? high : HUGE_VAL;
}
