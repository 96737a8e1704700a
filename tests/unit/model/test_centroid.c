/* Centroids as people read them: the shortest number that the grid cannot tell from them. */
#include <math.h>
#include <stdlib.h>

#include "expect.h"

static const double STEP = 0x1p-30;

/* A model of one column and one centroid, which lies so far from where `value` is scaled to. */
static double shown(const rfm_scaling_step *steps, int n_steps, double value, double step, double away)
{
    struct rfm_scaling_column column = {.n_steps = n_steps, .center = 0.75, .scale = 1.25};
    for (int i = 0; i < n_steps; i++)
        column.steps[i] = steps[i];
    double scaled;
    rfm_model model = {.d = 1, .k = 1, .scaling = {.d = 1, .columns = &column}, .grid = {.d = 1, .step = &step}};
    rfm_scaling_apply(&model.scaling, 1, &value, &scaled);
    scaled += away;
    double original = rfm_scaling_invert(&model.scaling, 0, scaled);
    model.centroids_scaled = &scaled;
    model.centroids_original = &original;
    return rfm_model_centroid(&model, 0, 0);
}

static void assert_shown(double value, double away, double wanted)
{
    static const rfm_scaling_step log1p[] = {{.kind = RFM_TRANSFORM_LOG1P}};
    if (memcmp(&(double){shown(log1p, 1, value, STEP, away)}, &wanted, sizeof wanted) != 0)
        fail_msg("%.17g and %g away is shown as %.17g, not %.17g", value, away, shown(log1p, 1, value, STEP, away),
                 wanted);
}

static void what_the_grid_cannot_tell_apart_is_shown_alike(void **state)
{
    (void)state;
    static const double values[] = {0, 1, 2, -1, 0.5, 30, 365, 1234.5, 1000000};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (double away = -0.49; away < 0.5; away += 0.07)
            assert_shown(values[i], away * STEP, values[i]);
}

static void what_it_tells_apart_is_not(void **state)
{
    (void)state;
    static const rfm_scaling_step sqrt_step[] = {{.kind = RFM_TRANSFORM_SQRT}};
    for (double value = 1; value < 1000; value *= 1.7) {
        assert_true(shown(sqrt_step, 1, value, STEP, 2 * STEP) > shown(sqrt_step, 1, value, STEP, 0));
        assert_true(shown(NULL, 0, value, STEP, -2 * STEP) < shown(NULL, 0, value, STEP, 0));
    }
}

/* Whatever the centroid is, what is shown of it lies within half a step, and its digits are few. */
static void it_is_within_half_a_step(void **state)
{
    (void)state;
    uint64_t state_of_draw = 1;
    for (int i = 0; i < 10000; i++) {
        const double value = 1000 * draw_unit(&state_of_draw), one = shown(NULL, 0, value, STEP, 0);
        char text[RFM_NUMBER_BYTES];
        assert_true(fabs(one - value) <= 0.75 * STEP);
        rfm_number_format(one, text);
        assert_true(strlen(text) <= 14);
    }
}

/* A column of one value has a step as fine as a double: then arithmetic is what loses digits. */
static void a_constant_keeps_its_value(void **state)
{
    (void)state;
    static const rfm_scaling_step log1p[] = {{.kind = RFM_TRANSFORM_LOG1P}};
    for (int value = 1; value < 400; value++) {
        const double one = shown(log1p, 1, value, 0x1p-60, 0);
        assert_true(one >= value && one <= value);
    }
}

static void what_is_no_number_stays_what_it_is(void **state)
{
    (void)state;
    assert_true(isnan(shown(NULL, 0, NAN, STEP, 0)));
    assert_true(isinf(shown(NULL, 0, INFINITY, STEP, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_grid_cannot_tell_apart_is_shown_alike),
        cmocka_unit_test(what_it_tells_apart_is_not),
        cmocka_unit_test(it_is_within_half_a_step),
        cmocka_unit_test(a_constant_keeps_its_value),
        cmocka_unit_test(what_is_no_number_stays_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
