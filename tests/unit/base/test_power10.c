/* Every row of the table of powers of ten is the exact ceiling, proven with integers of 2,304 bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "power10.h"

enum { LIMBS = 72 };

/* Least limb first. */
typedef struct big {
    uint32_t limbs[LIMBS];
} big;

static void multiply_small(big *value, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)value->limbs[i] * factor;
        value->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    assert_true(carry == 0);
}

static void shift_left(big *value, int bits)
{
    for (; bits >= 16; bits -= 16)
        multiply_small(value, 1U << 16);
    multiply_small(value, 1U << bits);
}

static big multiply(const big *value, const uint32_t factor[4])
{
    big product = {0};
    for (int j = 0; j < 4; j++) {
        uint64_t carry = 0;
        for (int i = 0; i + j < LIMBS; i++) {
            carry += product.limbs[i + j] + (uint64_t)value->limbs[i] * factor[j];
            product.limbs[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        assert_true(carry == 0);
    }
    return product;
}

static int compare(const big *a, const big *b)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

static big power_of_ten(int k)
{
    big power = {{1}};
    for (; k > 0; k--)
        multiply_small(&power, 10);
    return power;
}

/* (g - 1) * unit < value <= g * unit */
static void assert_ceiling(rfm_power10 row, const big *unit, const big *value)
{
    assert_true(row.high >> 63 == 1);
    uint32_t g[4] = {(uint32_t)row.low, (uint32_t)(row.low >> 32), (uint32_t)row.high, (uint32_t)(row.high >> 32)};
    big above = multiply(unit, g);
    row.high -= row.low == 0;
    row.low--;
    uint32_t less[4] = {(uint32_t)row.low, (uint32_t)(row.low >> 32), (uint32_t)row.high, (uint32_t)(row.high >> 32)};
    big below = multiply(unit, less);
    assert_true(compare(&below, value) < 0 && compare(value, &above) <= 0);
}

static int log2_of_power10(int k)
{
    int e = 0;
    long double x = 1.0L; /* 10^|k| = x 2^e; no power of ten comes near enough to a power of two to matter */
    for (int i = 0; i < (k < 0 ? -k : k); i++)
        for (x *= 10.0L; x >= 2.0L; x /= 2.0L)
            e++;
    return k < 0 ? -e - 1 : e;
}

static void every_row_is_the_exact_ceiling(void **state)
{
    (void)state;
    for (int k = RFM_POWER10_MIN; k <= RFM_POWER10_MAX; k++) {
        int scale = 127 - log2_of_power10(k); /* row = ceil(10^k 2^scale) */
        big ten = power_of_ten(k < 0 ? -k : k), two = {{1}};
        if (k < 0) {
            shift_left(&two, scale);
            assert_ceiling(rfm_power10_table[k - RFM_POWER10_MIN], &ten, &two);
        } else {
            shift_left(scale < 0 ? &two : &ten, scale < 0 ? -scale : scale);
            assert_ceiling(rfm_power10_table[k - RFM_POWER10_MIN], &two, &ten);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row_is_the_exact_ceiling)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
