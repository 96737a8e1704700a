/* Logarithm and exponential are within one unit in the last place of the exact value, as MPFR has
 * it, for arguments of every size, the awkward ones included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

#include <mpfr.h>

#include "rfmpi/base.h"
#include "sample.h"

enum { PRECISION = 120, N_RANDOM = 400000 };

typedef struct function {
    const char *name;
    double (*ours)(double);
    int (*exact)(mpfr_t, const mpfr_t, mpfr_rnd_t);
    double worst, worst_at;
} function;

static mpfr_t exact; /* the value at hand; one for all, as making it costs as much as using it */

/* |ours - exact| in units of the last place a double of the exact value's size has. */
static double error_in_ulp(const function *f, double x)
{
    mpfr_set_d(exact, x, MPFR_RNDN);
    f->exact(exact, exact, MPFR_RNDN);
    double ours = f->ours(x), rounded = mpfr_get_d(exact, MPFR_RNDN), error;
    if (isinf(rounded) || mpfr_zero_p(exact)) {
        error = ours == rounded ? 0.0 : INFINITY;
    } else {
        int exponent = (int)mpfr_get_exp(exact) - DBL_MANT_DIG;
        mpfr_sub_d(exact, exact, ours, MPFR_RNDN);
        mpfr_mul_2si(exact, exact, -(exponent < -1074 ? -1074 : exponent), MPFR_RNDN);
        error = fabs(mpfr_get_d(exact, MPFR_RNDU));
    }
    return error;
}

static void try(function *f, double x)
{
    double error = error_in_ulp(f, x);
    if (!(error <= f->worst)) {
        f->worst = error;
        f->worst_at = x;
    }
}

static void try_around(function *f, double x)
{
    try(f, x);
    try(f, nextafter(x, INFINITY));
    try(f, nextafter(x, -INFINITY));
}

static void assert_below_one(const function *f)
{
    print_message("%s: at most %.4f ulp, at %a\n", f->name, f->worst, f->worst_at);
    assert_true(f->worst < 1.0);
}

static void logarithm_is_within_one_ulp(void **state)
{
    (void)state;
    function f = {"ln", rfm_ln, mpfr_log, 0.0, 1.0};
    uint64_t sample = 1;
    for (int i = 0; i < N_RANDOM / 2; i++) {
        uint64_t bits = draw(&sample) >> 1;
        try(&f, isfinite(sample_as_double(bits)) ? sample_as_double(bits) : 1.5);
        try(&f, sample_between(&sample, 0.5, 2.0));
    }
    for (int e = -1074; e < 1024; e++)
        try_around(&f, fmax(ldexp(sample_between(&sample, 1.0, 2.0), e), 0x1p-1073));
    for (int e = -1073; e < 1024; e++) {
        try_around(&f, ldexp(1.0, e));
        try_around(&f, ldexp(0x1.6a09e667f3bcdp+0, e)); /* where the exponent changes */
    }
    for (int e = 1; e <= 52; e++) {
        try_around(&f, 1.0 + ldexp(sample_between(&sample, 1.0, 2.0), -e));
        try_around(&f, 1.0 - ldexp(sample_between(&sample, 0.5, 1.0), -e));
    }
    try(&f, DBL_MAX);
    try(&f, DBL_TRUE_MIN);
    assert_below_one(&f);
}

static void logarithm_of_one_more_is_within_one_ulp(void **state)
{
    (void)state;
    function f = {"log1p", rfm_log1p, mpfr_log1p, 0.0, 1.0};
    uint64_t sample = 2;
    for (int i = 0; i < N_RANDOM / 4; i++) {
        uint64_t bits = draw(&sample) >> 1;
        try(&f, isfinite(sample_as_double(bits)) ? sample_as_double(bits) : 1.5);
        try(&f, sample_between(&sample, -1.0, 1.0));
        try(&f, ldexp(sample_between(&sample, -1.0, 1.0), -(int)(draw(&sample) % 60)));
        try(&f, ldexp(sample_between(&sample, 0.5, 1.0), (int)(draw(&sample) % 70)));
    }
    for (int e = -1073; e < 1024; e++) {
        try_around(&f, ldexp(1.0, e));
        if (e < 0) {
            try_around(&f, -ldexp(1.0, e));
            try(&f, -1.0 + ldexp(1.0, e < -53 ? -53 : e));
        }
    }
    static const double edges[] = {-0.29, 0.41, 0x1.a827999fcef34p-2, -0x1.2bec333018866p-2, 0x1p64, 0x1p53};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        try_around(&f, edges[i]);
    for (int i = 0; i < 100000; i++)
        try(&f, i); /* counts */
    assert_below_one(&f);
}

static void exponential_is_within_one_ulp(void **state)
{
    (void)state;
    function f = {"exp", rfm_exp, mpfr_exp, 0.0, 1.0};
    uint64_t sample = 3;
    for (int i = 0; i < N_RANDOM / 4; i++) {
        try(&f, sample_between(&sample, -746.0, 710.0));
        try(&f, sample_between(&sample, -1.0, 1.0));
        try(&f, sample_between(&sample, -746.0, -707.0));
        try(&f, ldexp(sample_between(&sample, -1.0, 1.0), -(int)(draw(&sample) % 80)));
    }
    for (int k = -1075; k <= 1024; k++) {
        try_around(&f, k * 0.69314718055994530942);
        try_around(&f, (k + 0.5) * 0.69314718055994530942); /* where k changes */
    }
    static const double edges[] = {
        709.782712893384, 709.7827128933841, -745.1332191019411, -745.1332191019412, -708.3964185322641, 710.0,
        -746.0,           0x1p-1074,         -0x1p-1074};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        try_around(&f, edges[i]);
    assert_below_one(&f);
}

static int make_exact(void **state)
{
    (void)state;
    mpfr_init2(exact, PRECISION);
    return 0;
}

static int clear_exact(void **state)
{
    (void)state;
    mpfr_clear(exact);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithm_is_within_one_ulp),
        cmocka_unit_test(logarithm_of_one_more_is_within_one_ulp),
        cmocka_unit_test(exponential_is_within_one_ulp),
    };
    return cmocka_run_group_tests(tests, make_exact, clear_exact);
}
