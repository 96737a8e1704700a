/* Logarithm and exponential have C99's special values and the same bits under every compiler. How
 * exact they are test_maths_mpfr.c shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>

#include "rfmpi/base.h"
#include "sample.h"

static void assert_same(double a, double b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

static void special_values_are_those_of_c99(void **state)
{
    (void)state;
    assert_same(rfm_ln(1.0), 0.0);
    assert_same(rfm_ln(0.0), -INFINITY);
    assert_same(rfm_ln(-0.0), -INFINITY);
    assert_same(rfm_ln(INFINITY), INFINITY);
    assert_true(isnan(rfm_ln(-1.0)) && isnan(rfm_ln(-INFINITY)) && isnan(rfm_ln(NAN)));

    assert_same(rfm_log1p(0.0), 0.0);
    assert_same(rfm_log1p(-0.0), -0.0);
    assert_same(rfm_log1p(-1.0), -INFINITY);
    assert_same(rfm_log1p(INFINITY), INFINITY);
    assert_same(rfm_log1p(DBL_TRUE_MIN), DBL_TRUE_MIN);
    assert_true(isnan(rfm_log1p(-1.5)) && isnan(rfm_log1p(-INFINITY)) && isnan(rfm_log1p(NAN)));

    assert_same(rfm_exp(0.0), 1.0);
    assert_same(rfm_exp(-0.0), 1.0);
    assert_same(rfm_exp(INFINITY), INFINITY);
    assert_same(rfm_exp(-INFINITY), 0.0);
    assert_same(rfm_exp(800.0), INFINITY);
    assert_same(rfm_exp(-800.0), 0.0);
    assert_true(isnan(rfm_exp(NAN)));
}

static void powers_of_two_and_one_are_exact_enough(void **state)
{
    (void)state;
    assert_same(rfm_ln(2.0), 0x1.62e42fefa39efp-1);
    assert_same(rfm_ln(10.0), 0x1.26bb1bbb55516p+1);
    assert_same(rfm_log1p(1.0), 0x1.62e42fefa39efp-1);
    assert_same(rfm_exp(1.0), 0x1.5bf0a8b145769p+1);
}

/* Neighbours must not swap: a sorted column stays sorted through a transform. */
static void functions_do_not_fall(void **state)
{
    (void)state;
    uint64_t sample = 1;
    for (int i = 0; i < 300000; i++) {
        double x = ldexp(sample_between(&sample, 0.5, 1.0), (int)(draw(&sample) % 60) - 30);
        double next = nextafter(x, INFINITY);
        assert_true(rfm_ln(x) <= rfm_ln(next));
        assert_true(rfm_log1p(x) <= rfm_log1p(next));
        double y = sample_between(&sample, -700.0, 700.0);
        assert_true(rfm_exp(y) <= rfm_exp(nextafter(y, INFINITY)));
    }
}

static uint64_t fold_bits(uint64_t hash, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return rfm_hash64_integer((int64_t)(hash ^ bits));
}

/* The number is what gcc and clang give at every level of optimisation; another one means that
 * results would differ from those of earlier builds. */
static void bits_are_pinned(void **state)
{
    (void)state;
    uint64_t sample = 2, hash = 0;
    for (int i = 0; i < 200000; i++) {
        double x = sample_as_double(draw(&sample) >> 1);
        hash = isfinite(x) ? fold_bits(fold_bits(hash, rfm_ln(x)), rfm_log1p(x)) : hash;
        hash = fold_bits(hash, rfm_log1p(sample_between(&sample, -1.0, 10.0)));
        hash = fold_bits(hash, rfm_exp(sample_between(&sample, -750.0, 711.0)));
    }
    assert_true(hash == UINT64_C(0x804DF10FEEBAFDA2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_values_are_those_of_c99),
        cmocka_unit_test(powers_of_two_and_one_are_exact_enough),
        cmocka_unit_test(functions_do_not_fall),
        cmocka_unit_test(bits_are_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
