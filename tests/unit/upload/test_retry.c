/* Waits between attempts: they grow, differ, and end in time. The clock is stood in for (-Wl,--wrap=rfm_clock_s), so
 * that nobody waits. */
#include "session.h"

#include <math.h>

#include "retry.h"

static double now_s;

double __wrap_rfm_clock_s(void);

double __wrap_rfm_clock_s(void)
{
    return now_s;
}

/* The longest of the waits that come after n failures. */
static double most_after(int n, double total_s)
{
    const double least = fmin(1, total_s / 300), most = fmin(16, total_s / 20);
    return fmin(most, least * pow(3, n));
}

/* Fails until it is time to give up; how long that took. The waits of failures after the first are between the least
 * and three times the one before. */
static double fail_to_the_end(double total_s, int *n_waits)
{
    rfm_retry retry = {.total_s = total_s};
    const double began = now_s = 1000, least = fmin(1, total_s / 300), most = fmin(16, total_s / 20);
    double wait_s, before = least;
    for (*n_waits = 0; rfm_retry_failed(&retry, 0, &wait_s); ++*n_waits) {
        assert_true(wait_s >= least && wait_s <= most);
        assert_true(wait_s <= 3 * before);
        assert_true(wait_s <= most_after(*n_waits + 1, total_s));
        assert_int_equal(retry.n, *n_waits + 1);
        before = wait_s;
        now_s += wait_s;
    }
    return now_s - began;
}

static void waits_are_bounded_and_end_in_time(void **state)
{
    (void)state;
    static const double totals[] = {3, 30, 300, 3600};
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
        for (int trial = 0; trial < 200; trial++) {
            int n_waits;
            const double took = fail_to_the_end(totals[i], &n_waits);
            assert_true(took <= totals[i]);
            assert_true(took > totals[i] - fmin(16, totals[i] / 20)); /* not before it is time */
            assert_true(n_waits >= 20);
        }
}

static void waits_grow(void **state)
{
    (void)state;
    enum { TRIALS = 2000, WAITS = 4 };
    double sums[WAITS] = {0};
    for (int trial = 0; trial < TRIALS; trial++) {
        rfm_retry retry = {.total_s = 300};
        now_s = 0;
        for (int i = 0; i < WAITS; i++) {
            double wait_s;
            assert_true(rfm_retry_failed(&retry, 0, &wait_s));
            sums[i] += wait_s;
            now_s += wait_s;
        }
    }
    for (int i = 1; i < WAITS; i++)
        assert_true(sums[i] > 1.1 * sums[i - 1]);
}

/* Many that fail at once do not come back at once. */
static void first_waits_are_spread(void **state)
{
    (void)state;
    enum { TRIALS = 3000, TENTHS = 10 };
    int tenths[TENTHS] = {0};
    for (int trial = 0; trial < TRIALS; trial++) {
        rfm_retry retry = {.total_s = 300};
        double wait_s;
        assert_true(rfm_retry_failed(&retry, 0, &wait_s));
        tenths[(int)fmin((wait_s - 1) / 2 * TENTHS, TENTHS - 1)]++;
    }
    for (int i = 0; i < TENTHS; i++)
        assert_in_range(tenths[i], TRIALS / TENTHS / 2, TRIALS / TENTHS * 2);
}

static void what_the_server_asks_for_holds_where_it_is_longer(void **state)
{
    (void)state;
    rfm_retry retry = {.total_s = 300};
    double wait_s;
    now_s = 0;
    assert_true(rfm_retry_failed(&retry, 40, &wait_s));
    assert_true(wait_s == 40);
    assert_true(rfm_retry_failed(&retry, 0.5, &wait_s));
    assert_true(wait_s >= 1 && wait_s <= 9);
    now_s = 250;
    assert_true(rfm_retry_failed(&retry, 50, &wait_s));
    assert_false(rfm_retry_failed(&retry, 50.5, &wait_s)); /* that long nobody waits */
}

static void what_makes_no_sense_is_not_waited_for(void **state)
{
    (void)state;
    const double asked[] = {-5, NAN, -INFINITY};
    double wait_s;
    now_s = 0;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        rfm_retry retry = {.total_s = 300};
        assert_true(rfm_retry_failed(&retry, asked[i], &wait_s));
        assert_true(wait_s >= 1 && wait_s <= 3);
    }
    rfm_retry retry = {.total_s = 300};
    assert_false(rfm_retry_failed(&retry, INFINITY, &wait_s));
}

/* The time counts from the first failure, not from the first attempt. */
static void a_long_attempt_is_not_held_against_it(void **state)
{
    (void)state;
    rfm_retry retry = {.total_s = 30};
    double wait_s;
    now_s = 100000;
    assert_true(rfm_retry_failed(&retry, 0, &wait_s));
    now_s += 31;
    assert_false(rfm_retry_failed(&retry, 0, &wait_s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_are_bounded_and_end_in_time),
        cmocka_unit_test(waits_grow),
        cmocka_unit_test(first_waits_are_spread),
        cmocka_unit_test(what_the_server_asks_for_holds_where_it_is_longer),
        cmocka_unit_test(what_makes_no_sense_is_not_waited_for),
        cmocka_unit_test(a_long_attempt_is_not_held_against_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
