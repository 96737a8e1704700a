/* What is refused, and that a failure at any point and rank leaves no half-made file. */
#include "folder.h"

#include "ranks.h"

static rfm_generate_options small_options(void)
{
    rfm_generate_options options = rfm_generate_defaults();
    options.customers = 70;
    options.events = 1000;
    options.days = 1;
    options.parts = 3;
    options.out = target;
    return options;
}

static void check_refused(const rfm_generate_options *options, rfm_status expected, const char *word)
{
    rfm_error err = {0};
    assert_int_equal(rfm_generate(comm, options, &err), expected);
    if (strstr(err.message, word) == NULL)
        print_error("no '%s' in: %s\n", word, err.message);
    assert_non_null(strstr(err.message, word));
}

static void impossible_numbers_are_refused_and_nothing_is_made(void **state)
{
    (void)state;
    next_folder();
    rfm_generate_options options = small_options();
    options.customers = 1001;
    check_refused(&options, RFM_USAGE, "0 .. 1000");
    options = small_options();
    options.events = 0;
    check_refused(&options, RFM_USAGE, "events: 0");
    options = small_options();
    options.days = 0;
    check_refused(&options, RFM_USAGE, "days: 0");
    options = small_options();
    options.parts = 1001;
    check_refused(&options, RFM_USAGE, "1 .. 1000");
    options = small_options();
    options.start_day = INT32_MAX;
    check_refused(&options, RFM_USAGE, "start");
    options = small_options();
    options.out = "";
    check_refused(&options, RFM_USAGE, "out");
    assert_int_equal(count_files(), -1);
}

static void a_directory_with_anything_in_it_is_refused(void **state)
{
    (void)state;
    next_folder();
    rfm_generate_options options = small_options();
    rfm_error err = {0};
    assert_int_equal(rfm_generate(comm, &options, &err), RFM_OK);
    check_refused(&options, RFM_USAGE, "not empty");
    assert_int_equal(count_files(), 4);
    drop_folder();
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    next_folder();
    rfm_generate_options options = small_options();
    options.out = "/dev/null/below";
    check_refused(&options, RFM_IO, "/dev/null");
}

static void missing_parents_are_made(void **state)
{
    (void)state;
    next_folder();
    char parent[sizeof target];
    snprintf(parent, sizeof parent, "%s", target);
    strncat(target, "/child", sizeof target - strlen(target) - 1);
    rfm_generate_options options = small_options();
    rfm_error err = {0};
    assert_int_equal(rfm_generate(comm, &options, &err), RFM_OK);
    assert_int_equal(count_files(), 4);
    drop_folder();
    if (rfm_comm_rank(comm) == 0)
        rmdir(parent);
}

/* The ranks take turns at failing. The last agreements stand behind the names, so files that are there by then are
 * whole. */
static void a_failure_anywhere_leaves_no_temporary_file(void **state)
{
    (void)state;
    rfm_status status = RFM_INTERNAL;
    int64_t n = 0;
    while (status != RFM_OK) {
        next_folder();
        n++;
        rfm_generate_options options = small_options();
        rfm_error err = {0};
        int failing = (int)(n % comm->size);
        comm->fault = (rfm_fault){.stage = "generate", .rank = failing, .n = n};
        comm->n_agreed = 0;
        status = rfm_generate(comm, &options, &err);
        rfm_comm_barrier(comm);
        assert_true(status == RFM_OK || status == RFM_INTERNAL);
        assert_true(status == RFM_OK || err.rank == failing);
        int files = count_files();
        assert_true(files == -1 || files == 0 || files == 1 || files == 4);
        char path[PATH_BYTES];
        path_in(".part-00000.csv.tmp", path);
        assert_int_equal(access(path, F_OK), -1);
        path_in(".customers.csv.tmp", path);
        assert_int_equal(access(path, F_OK), -1);
        drop_folder();
        rfm_comm_barrier(comm);
    }
    comm->fault.n = 0;
    assert_true(n > 20);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_numbers_are_refused_and_nothing_is_made),
        cmocka_unit_test(a_directory_with_anything_in_it_is_refused),
        cmocka_unit_test(a_directory_that_cannot_be_made_is_named),
        cmocka_unit_test(missing_parents_are_made),
        cmocka_unit_test(a_failure_anywhere_leaves_no_temporary_file),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
