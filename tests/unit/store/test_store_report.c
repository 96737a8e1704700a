/* run.json: what is set comes back, what is wrong is said, what is damaged is named. */
#include "products.h"

#include <math.h>

/* Collective: rank 0 does not go on to replace the file that others still read. */
static void assert_report(const char *dir, const char *key, const char *expected)
{
    rfm_error err = {0};
    char *text = NULL;
    rfm_report_read(in_folder(dir), key, &text, &err);
    rfm_comm_barrier(comm);
    assert_fine(&err);
    if (expected) {
        assert_non_null(text);
        assert_string_equal(text, expected);
    } else {
        assert_null(text);
    }
    free(text);
}

static void the_report_keeps_what_was_set_last(void **state)
{
    (void)state;
    rfm_error err = {0};
    const double trace[] = {0.1, 1e300, NAN};
    const int64_t sizes[] = {INT64_MAX, 0, INT64_MIN};
    rfm_text files = {0};
    rfm_run *run = open_run("report");
    assert_report("report", "status", "running");
    rfm_report_integer(run, "cluster.k", 7);
    rfm_report_integer(run, "cluster.k", 8);
    rfm_report_number(run, "cluster.inertia", 0.1);
    rfm_report_number(run, "cluster.nothing", NAN);
    rfm_report_boolean(run, "cluster.converged", true);
    rfm_report_text(run, "status", "done");
    rfm_report_text(run, "name", "caf\xc3\xa9 \"x\"");
    rfm_report_text(run, "latin", "caf\xe9");
    rfm_report_numbers(run, "cluster.trace", trace, 3);
    rfm_report_integers(run, "sizes", sizes, 3);
    rfm_report_json(run, "options.cluster.k", "[2, 3]");
    rfm_text_adds(&files, "[{\"path\": ");
    rfm_json_add_string(&files, "caf\xe9.csv");
    rfm_text_adds(&files, ", \"name\": ");
    rfm_json_add_string(&files, "caf\xc3\xa9 \"x\"\n");
    rfm_text_adds(&files, "}]");
    rfm_report_json(run, "files", files.bytes);
    rfm_report_save(run, &err);
    assert_fine(&err);
    rfm_run_close(run);
    run = open_run("report");
    assert_report("report", "status", "done");
    assert_report("report", "attempt", "2");
    assert_report("report", "cluster.k", "8");
    assert_report("report", "cluster.inertia", "0.10000000000000001");
    assert_report("report", "cluster.nothing", "null");
    assert_report("report", "cluster.converged", "true");
    assert_report("report", "name", "caf\xc3\xa9 \"x\"");
    assert_report("report", "latin", "caf\\xe9");
    assert_report("report", "sizes", "[9223372036854775807,0,-9223372036854775808]");
    assert_report("report", "options.cluster.k", "[2,3]");
    assert_report("report", "files", "[{\"path\":\"caf\\\\xe9.csv\",\"name\":\"caf\xc3\xa9 \\\"x\\\"\\n\"}]");
    rfm_text_free(&files);
    assert_report("report", "options.cluster.x", NULL);
    /* A product that changes makes the run unfinished. */
    put(run, "model.h5", "x", "8");
    assert_report("report", "status", "running");
    assert_report("report", "products.model.h5.origin.cluster.k", "8");
    rfm_run_close(run);
}

static void what_is_removed_is_gone(void **state)
{
    (void)state;
    rfm_error err = {0};
    static const int64_t counts[] = {1, -2, INT64_MAX, 0, 5, 6};
    rfm_text json = {0};
    rfm_run *run = open_run("removed");
    rfm_json_add_counts(&json, counts, 2, 3);
    rfm_report_json(run, "scores.heat", json.bytes);
    rfm_report_save(run, &err);
    assert_report("removed", "scores.heat", "[[1,-2,9223372036854775807],[0,5,6]]");
    rfm_report_remove(run, "scores");
    rfm_report_remove(run, "nothing");
    rfm_report_save(run, &err);
    assert_fine(&err);
    assert_report("removed", "scores", NULL);
    rfm_run_close(run);
    rfm_text_free(&json);
}

static void a_wrong_setting_shows_at_the_save(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_run *run = open_run("wrong");
    rfm_report_integer(run, "products.model.h5", 1);
    rfm_report_save(run, &err);
    assert_failed(&err, RFM_INTERNAL, "products.model.h5 is not a key of a report");
    rfm_run_close(run);
    run = open_run("wrong");
    rfm_report_json(run, "x", "{");
    rfm_report_save(run, &err);
    assert_failed(&err, RFM_INTERNAL, "is not JSON");
    rfm_run_close(run);
}

static void a_damaged_report_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
        rfm_status status;
    } cases[] = {{"", "the file is damaged", RFM_DATA},
                 {"{\"format\": 1,", "line 1", RFM_DATA},
                 {"[1]", "not an object", RFM_DATA},
                 {"{}", "is not what a run writes", RFM_DATA},
                 {"{\"format\": 1, \"attempt\": 1, \"products\": []}", "is not what a run writes", RFM_DATA},
                 {"{\"format\": 2}", "a later version", RFM_USAGE}};
    rfm_error err = {0};
    rfm_run *run = NULL;
    rfm_run_close(open_run("damaged"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_comm_barrier(comm);
        if (is_first())
            write_text(in_folder("damaged/run.json"), cases[i].text);
        rfm_run_open(comm, in_folder("damaged"), &run, &err);
        assert_null(run);
        assert_failed(&err, cases[i].status, cases[i].words);
    }
    char *text = NULL;
    rfm_report_read(folder, "status", &text, &err);
    assert_failed(&err, RFM_DATA, "is this the directory of a run");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_keeps_what_was_set_last),
        cmocka_unit_test(what_is_removed_is_gone),
        cmocka_unit_test(a_wrong_setting_shows_at_the_save),
        cmocka_unit_test(a_damaged_report_is_named),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
