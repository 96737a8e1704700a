/* The parts that need no files: exact shares over time, user ids, the catalogue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "identity.h"
#include "schedule.h"

static void check_type(const rfm_type_schedule *type, int64_t n)
{
    assert_int_equal(type->arrivals[0], 0);
    assert_int_equal(type->sessions[0], 0);
    assert_int_equal(type->arrivals[n], type->customers);
    assert_int_equal(type->sessions[n], type->customers + type->visits);
    assert_int_equal(rfm_schedule_extra_events(type, n, n), type->extra_events);
    for (int64_t s = 0; s < n; s++) {
        int64_t arriving = type->arrivals[s + 1] - type->arrivals[s];
        int64_t sessions = type->sessions[s + 1] - type->sessions[s];
        int64_t extra = rfm_schedule_extra_events(type, n, s + 1) - rfm_schedule_extra_events(type, n, s);
        assert_true(arriving >= 0 && sessions >= arriving && extra >= 0);
        /* Somebody must be there to come back, and a session to hold the events. */
        assert_true(sessions == 0 || type->arrivals[s + 1] > 0);
        assert_true(extra == 0 || sessions > 0);
    }
}

static void shares_over_time_are_exact_and_possible(void **state)
{
    (void)state;
    const struct {
        int64_t customers, events;
        int days;
    } cases[] = {{1, 1, 1},
                 {1, 100000, 31},
                 {2, 3, 2},
                 {7, 7, 1},
                 {999, 1000, 3},
                 {5000, 5000, 400},
                 {68000, 1000000, 31},
                 {1000000, 1000000, 5},
                 {30, 1000000, 2},
                 {680000000, 10000000000, 31},
                 {1000000, 100000000000, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (rfm_generate_shape shape = RFM_SHAPE_LOG; shape <= RFM_SHAPE_WIDE; shape++) {
            rfm_generate_options options = rfm_generate_defaults();
            options.customers = cases[i].customers;
            options.events = cases[i].events;
            options.days = cases[i].days;
            options.shape = shape;
            rfm_schedule schedule;
            rfm_error err = {0};
            assert_int_equal(rfm_schedule_init(&schedule, &options, &err), RFM_OK);
            int64_t n = schedule.n_slices, customers = 0;
            assert_int_equal(n * schedule.slice_s, cases[i].days * INT64_C(86400));
            for (int t = 0; t < RFM_N_TYPES; t++) {
                check_type(&schedule.types[t], n);
                customers += schedule.types[t].customers;
            }
            assert_int_equal(schedule.events[0], 0);
            assert_int_equal(schedule.events[n], cases[i].events);
            assert_int_equal(customers, cases[i].customers);
            rfm_schedule_free(&schedule);
        }
}

static void slices_shorten_so_that_one_fits_a_rank(void **state)
{
    (void)state;
    rfm_generate_options options = rfm_generate_defaults();
    options.events = 10000000000;
    options.customers = 680000000;
    rfm_schedule schedule;
    rfm_error err = {0};
    assert_int_equal(rfm_schedule_init(&schedule, &options, &err), RFM_OK);
    for (int64_t s = 0; s < schedule.n_slices; s++)
        assert_true(schedule.events[s + 1] - schedule.events[s] < 1 << 20);
    rfm_schedule_free(&schedule);
}

static void user_ids_are_a_permutation_that_can_be_undone(void **state)
{
    (void)state;
    const int64_t sizes[] = {1, 2, 3, 4, 5, 17, 1000, 65536, 65537};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        rfm_identity identity = rfm_identity_make(42, sizes[i]);
        unsigned char *seen = calloc((size_t)sizes[i], 1);
        for (int64_t c = 0; c < sizes[i]; c++) {
            int64_t user = rfm_identity_user(&identity, c), at = user - RFM_FIRST_USER_ID;
            assert_in_range(at, 0, sizes[i] - 1);
            assert_int_equal(seen[at], 0);
            seen[at] = 1;
            assert_int_equal(rfm_identity_customer(&identity, user), c);
        }
        free(seen);
    }
    rfm_identity large = rfm_identity_make(1, INT64_C(30000000000));
    assert_int_equal(rfm_identity_customer(&large, rfm_identity_user(&large, 29999999999)), 29999999999);
}

static int compare_products(const void *a, const void *b)
{
    return strncmp(*(const char *const *)a, *(const char *const *)b, 9);
}

static void products_have_ids_of_their_own_and_five_columns(void **state)
{
    (void)state;
    rfm_catalogue catalogue;
    rfm_error err = {0};
    assert_int_equal(rfm_catalogue_init(&catalogue, &err), RFM_OK);
    size_t n = catalogue.first[rfm_n_categories];
    const char **ids = calloc(n, sizeof *ids);
    for (size_t i = 0; i < n; i++) {
        int commas = 0;
        const char *text = catalogue.text.bytes + catalogue.products[i].at;
        for (uint32_t b = 0; b < catalogue.products[i].length; b++)
            commas += text[b] == ',';
        assert_int_equal(commas, 4);
        ids[i] = text;
    }
    qsort(ids, n, sizeof *ids, compare_products);
    for (size_t i = 1; i < n; i++)
        assert_true(compare_products(&ids[i - 1], &ids[i]) != 0);
    free(ids);
    rfm_catalogue_free(&catalogue);
}

static void shapes_are_known_by_name(void **state)
{
    (void)state;
    rfm_generate_shape shape = RFM_SHAPE_LOG;
    assert_true(rfm_generate_shape_parse("wide", &shape));
    assert_int_equal(shape, RFM_SHAPE_WIDE);
    assert_false(rfm_generate_shape_parse("tall", &shape));
    assert_int_equal(shape, RFM_SHAPE_WIDE);
    assert_true(rfm_generate_shape_parse("log", &shape));
    assert_int_equal(shape, RFM_SHAPE_LOG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_over_time_are_exact_and_possible),
        cmocka_unit_test(slices_shorten_so_that_one_fits_a_rank),
        cmocka_unit_test(user_ids_are_a_permutation_that_can_be_undone),
        cmocka_unit_test(products_have_ids_of_their_own_and_five_columns),
        cmocka_unit_test(shapes_are_known_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
