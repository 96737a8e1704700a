/* The resolved configuration: precedence, checks and their messages, and that its print restores
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rfmpi/config.h"

static int64_t k_of(const rfm_config *config)
{
    int64_t k = 0;
    assert_int_equal(rfm_config_counts(config, "cluster.k", &k, 1), 1);
    return k;
}

static const char JOB[] = "test_options_job.yml";

static void write_job(const char *text)
{
    FILE *file = fopen(JOB, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int remove_job(void **state)
{
    (void)state;
    unlink(JOB);
    return 0;
}

/* job NULL: none; assignment NULL: none. */
static rfm_status open_config(const char *job, const char *assignment, rfm_config **config, rfm_error *err)
{
    *err = (rfm_error){0};
    if (job)
        write_job(job);
    return rfm_config_open(job ? JOB : NULL, &assignment, assignment ? 1 : 0, config, err);
}

static rfm_config *must_open(const char *job, const char *assignment)
{
    rfm_config *config = NULL;
    rfm_error err;
    open_config(job, assignment, &config, &err);
    assert_string_equal(err.message, "");
    return config;
}

static void expect_refused(const char *job, const char *assignment, const char *message)
{
    rfm_config *config;
    rfm_error err;
    assert_int_equal(open_config(job, assignment, &config, &err), RFM_USAGE);
    assert_null(config);
    if (!strstr(err.message, message))
        fail_msg("'%s' gave '%s', not '%s'", job ? job : assignment, err.message, message);
}

static void defaults_are_those_of_the_contract(void **state)
{
    (void)state;
    rfm_config *config = must_open(NULL, NULL);
    assert_int_equal(k_of(config), 8);
    assert_string_equal(rfm_config_string(config, "cluster.init"), "k-means||");
    assert_string_equal(rfm_config_string(config, "input.delimiter"), ",");
    assert_true(rfm_config_number(config, "cluster.tolerance") == 1e-4);
    assert_true(rfm_config_number(config, "input.max_rejected") == 0.001);
    assert_true(rfm_config_boolean(config, "output.state"));
    assert_null(rfm_config_string(config, "output.dir"));
    assert_null(rfm_config_tree(config, "input.paths"));
    assert_string_equal(rfm_config_tree(config, "features.list")->text, "rfm");
    assert_false(rfm_config_given(config, "cluster.k"));
    rfm_config_close(config);
}

static void expect_counts(const char *given, const char *kept)
{
    rfm_config *config = must_open("cluster: {}\n", given);
    rfm_text text = {0};
    rfm_node_print(rfm_config_tree(config, "cluster.k"), &text);
    assert_string_equal(text.bytes, kept);
    rfm_text_free(&text);
    rfm_config_close(config);
}

static void counts_are_one_form_however_they_are_given(void **state)
{
    (void)state;
    expect_counts("cluster.k=7", "7");
    expect_counts("cluster.k=[5, 3, 3, 4]", "[3, 4, 5]");
    expect_counts("cluster.k=3-5", "[3, 4, 5]");
    expect_counts("cluster.k=4-4", "[4]");
    expect_counts("cluster.k=auto", "[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]");
}

static void command_line_overrides_environment_overrides_file_overrides_default(void **state)
{
    (void)state;
    rfm_config *config = must_open("cluster: {k: 3, seed: 3, restarts: 3}\n", NULL);
    assert_int_equal(k_of(config), 3);
    assert_true(rfm_config_given(config, "cluster.k"));
    rfm_config_close(config);

    setenv("RFMPI_CLUSTER_K", "4", 1);
    setenv("RFMPI_CLUSTER_SEED", "4", 1);
    config = must_open("cluster: {k: 3, seed: 3, restarts: 3}\n", "cluster.k=5");
    assert_int_equal(k_of(config), 5);
    assert_int_equal(rfm_config_integer(config, "cluster.seed"), 4);
    assert_int_equal(rfm_config_integer(config, "cluster.restarts"), 3);
    assert_int_equal(rfm_config_integer(config, "cluster.rounds"), 5);
    rfm_config_close(config);
    unsetenv("RFMPI_CLUSTER_K");
    unsetenv("RFMPI_CLUSTER_SEED");

    const char *twice[] = {"cluster.k=6", "cluster.k=7"};
    rfm_error err = {0};
    assert_int_equal(rfm_config_open(NULL, twice, 2, &config, &err), RFM_OK);
    assert_int_equal(k_of(config), 7);
    rfm_config_close(config);
}

static void a_section_at_once_reaches_its_options(void **state)
{
    (void)state;
    rfm_config *config = must_open("input:\n  columns: {customer: 2, time: 3, event: kind}\n",
                                   "input.columns={customer: a, amount: [q, p]}");
    assert_string_equal(rfm_config_string(config, "input.columns.customer"), "a");
    assert_string_equal(rfm_config_string(config, "input.columns.time"), "3");
    assert_string_equal(rfm_config_string(config, "input.columns.event"), "kind");
    assert_int_equal(rfm_config_tree(config, "input.columns.amount")->n_items, 2);
    rfm_config_close(config);

    setenv("RFMPI_INPUT_COLUMNS", "{customer: c, time: t}", 1);
    setenv("RFMPI_INPUT_COLUMNS_TIME", "tt", 1);
    config = must_open(NULL, NULL);
    assert_string_equal(rfm_config_string(config, "input.columns.customer"), "c");
    assert_string_equal(rfm_config_string(config, "input.columns.time"), "tt");
    rfm_config_close(config);
    unsetenv("RFMPI_INPUT_COLUMNS");
    unsetenv("RFMPI_INPUT_COLUMNS_TIME");
}

static void text_on_the_command_line_stands_as_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *assignment, *key, *value;
    } cases[] = {
        {"input.delimiter=,", "input.delimiter", ","},
        {"input.delimiter=|", "input.delimiter", "|"},
        {"output.dir=a: b #c", "output.dir", "a: b #c"},
        {"output.dir=\"x y\"", "output.dir", "x y"},
        {"cluster.init=file:c.h5", "cluster.init", "file:c.h5"},
        {"features.as_of=2019-10-31", "features.as_of", "2019-10-31"},
        {"input.columns.customer=2", "input.columns.customer", "2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_config *config = must_open(NULL, cases[i].assignment);
        assert_string_equal(rfm_config_string(config, cases[i].key), cases[i].value);
        rfm_config_close(config);
    }
    rfm_config *config = must_open(NULL, "input.paths=*.csv");
    assert_int_equal(rfm_config_tree(config, "input.paths")->n_items, 1);
    assert_string_equal(rfm_config_tree(config, "input.paths")->items[0].text, "*.csv");
    rfm_config_close(config);
    config = must_open(NULL, "input.paths=[a.csv,b.csv.gz]");
    assert_int_equal(rfm_config_tree(config, "input.paths")->n_items, 2);
    assert_string_equal(rfm_config_tree(config, "input.paths")->items[1].text, "b.csv.gz");
    rfm_config_close(config);
}

static void empty_values_bring_the_default_back(void **state)
{
    (void)state;
    const char *job = "input: {columns: {event: kind}}\ncluster: {k: 3, init: }\noutput:\n";
    rfm_config *config = must_open(job, "input.columns.event=");
    assert_null(rfm_config_string(config, "input.columns.event"));
    assert_string_equal(rfm_config_string(config, "cluster.init"), "k-means||");
    assert_false(rfm_config_given(config, "cluster.init"));
    rfm_config_close(config);
    config = must_open(job, "cluster.k=null");
    assert_int_equal(k_of(config), 8);
    assert_false(rfm_config_given(config, "cluster.k"));
    rfm_config_close(config);
}

static void mistakes_are_named_with_place_and_remedy(void **state)
{
    (void)state;
    expect_refused("cluster:\n  k: 8\n  sede: 1\n", NULL,
                   "test_options_job.yml:3:3: unknown key 'cluster.sede'; the nearest is 'cluster.seed'");
    expect_refused("custer: {k: 8}\n", NULL,
                   "test_options_job.yml:1:1: unknown key 'custer'; the nearest is 'cluster'");
    expect_refused("input: {colums: {time: t}}\n", NULL,
                   "test_options_job.yml:1:9: unknown key 'input.colums'; the nearest is 'input.columns'");
    expect_refused("paths: [a.csv]\n", NULL,
                   "test_options_job.yml:1:1: unknown key 'paths'; the nearest is 'input.paths'");
    expect_refused("cluster:\n  k: 0\n", NULL, "test_options_job.yml:2:3: cluster.k: must be from 1 to 65536, not 0");
    expect_refused("cluster: {seed: [2, 3]}\n", NULL,
                   "test_options_job.yml:1:11: cluster.seed: must be an integer, not a list");
    expect_refused("cluster: {k: [2, 0]}\n", NULL, "cluster.k: must be from 1 to 65536, not 0");
    expect_refused("cluster: {k: 9-3}\n", NULL, "cluster.k: 9-3 has nothing in it");
    expect_refused("cluster: {k: []}\n", NULL, "cluster.k: a list of 1 to 1000 integers");
    expect_refused("cluster: {k: 2-2000}\n", NULL, "cluster.k: 2-2000 are more than 1000");
    expect_refused("cluster: {scale: standrd}\n", NULL,
                   "test_options_job.yml:1:11: cluster.scale: must be one of "
                   "standard|robust|minmax|none, not 'standrd'; "
                   "the nearest is 'standard'");
    expect_refused("cluster: {tolerance: -1}\n", NULL, "cluster.tolerance: must be at least 0, not -1");
    expect_refused("cluster: 8\n", NULL, "test_options_job.yml:1:1: cluster takes a map");
    expect_refused("- 8\n", NULL, "test_options_job.yml:1:1: a job takes a map");
    expect_refused("output: {dir: [a]}\n", NULL, "output.dir: must be a text, not a list");
    expect_refused("input: {paths: {a: b}}\n", NULL, "input.paths: must be a list of texts, not a map");
    expect_refused("input: {paths: [a, {b: c}]}\n", NULL, "test_options_job.yml:1:20: input.paths: every item");
    expect_refused(NULL, "cluster.kk=3", "--set cluster.kk: unknown key 'cluster.kk'; the nearest is 'cluster.k'");
    expect_refused(NULL, "cluster.k=x", "--set cluster.k: cluster.k: must be an integer, not 'x'");
    expect_refused(NULL, "cluster.k", "--set wants key=value");
    expect_refused(NULL, "features.list=[{name: x}", "--set features.list:2:1: did not find");
    setenv("RFMPI_OUTPUT_STATE", "maybe", 1);
    expect_refused(NULL, NULL, "RFMPI_OUTPUT_STATE: output.state: must be true or false, not 'maybe'");
    unsetenv("RFMPI_OUTPUT_STATE");
    rfm_config *config;
    rfm_error err = {0};
    assert_int_equal(rfm_config_open("no/such.yml", NULL, 0, &config, &err), RFM_USAGE);
    assert_non_null(strstr(err.message, "no/such.yml"));
    err = (rfm_error){0};
    assert_int_equal(rfm_config_open(".", NULL, 0, &config, &err), RFM_USAGE);
}

static void secrets_are_refused_on_the_command_line_and_not_repeated(void **state)
{
    (void)state;
    static const char *const assignments[] = {"store.password=hunter2", "store.private_key_passphrase=hunter2",
                                              "store={token: hunter2}", "Store.Secret=hunter2"};
    for (size_t i = 0; i < sizeof assignments / sizeof *assignments; i++) {
        rfm_config *config;
        rfm_error err;
        assert_int_equal(open_config(NULL, assignments[i], &config, &err), RFM_USAGE);
        assert_non_null(strstr(err.message, "environment"));
        assert_null(strstr(err.message, "hunter2"));
    }
    expect_refused(NULL, "store.password=x", "set RFMPI_STORE_PASSWORD in the environment");
}

/* What opening a configuration says on stderr while warnings are shown. */
static void capture_warnings(char *said, size_t size)
{
    fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    assert_true(kept >= 0 && file);
    dup2(fileno(file), STDERR_FILENO);
    rfm_log_open(RFM_LOG_WARN, true);
    rfm_config_close(must_open(NULL, NULL));
    rfm_log_open(RFM_LOG_ERROR, true);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    said[fread(said, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void unknown_variables_are_named_and_others_left_alone(void **state)
{
    (void)state;
    static const char *const known[] = {"RFMPI_FAULT", "RFMPI_PYTHON", "RFMPI_DATA", "RFMPI_CLUSTER"};
    char said[2000];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        setenv(known[i], "{}", 1);
    capture_warnings(said, sizeof said);
    assert_string_equal(said, "");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        unsetenv(known[i]);
    setenv("RFMPI_CLUSTER_SEDE", "secret", 1);
    capture_warnings(said, sizeof said);
    unsetenv("RFMPI_CLUSTER_SEDE");
    assert_non_null(strstr(said, "RFMPI_CLUSTER_SEDE is no option and is ignored; the nearest is RFMPI_CLUSTER_SEED"));
    assert_null(strstr(said, "secret"));
}

static void failures_about_an_option_say_where_it_was_set(void **state)
{
    (void)state;
    rfm_config *config = must_open("output:\n  dir: x\n", NULL);
    rfm_error err = {0};
    assert_int_equal(rfm_config_fail(config, "output.dir", &err, "no such %s", "place"), RFM_USAGE);
    assert_string_equal(err.message, "test_options_job.yml:2:3: no such place");
    err = (rfm_error){0};
    rfm_config_fail(config, "cluster.k", &err, "cluster.k is too large");
    assert_string_equal(err.message, "cluster.k is too large");
    rfm_config_close(config);
}

/* Every option set to something, in a form that is not canonical. */
static const char FULL[] =
    "input:\n  paths: a.csv\n  header: no\n  delimiter: tab\n"
    "  columns: {customer: 2, time: 'x: y', amount: [Quantity, \"Unit Price\"]}\n"
    "  decimals: 02\n  rows: [{column: price, above: 0}, {column: '8', equal: \"8\"}]\n  "
    "max_rejected: 1e-1\n"
    "features:\n  as_of: 2019-10-31\n  population: {event: purchase}\n  list:\n"
    "    - {name: n, count: \"*\", where: {event: [a, b], last: 30d}, transform: [log1p, {clip: "
    "[0.01, 0.99]}]}\n"
    "cluster: {k: 8, seed: 9007199254740993, names: [\"Größe\", \"tab\\t\", '#']}\noutput: {dir: "
    "\"out \"}\n";

static void expect_equal_configs(const rfm_config *a, const rfm_config *b)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < n; i++) {
        const rfm_node *x = rfm_config_tree(a, options[i].key), *y = rfm_config_tree(b, options[i].key);
        assert_int_equal(rfm_config_given(a, options[i].key), rfm_config_given(b, options[i].key));
        assert_int_equal(!x, !y);
        if (!x)
            continue;
        rfm_text s = {0}, t = {0};
        rfm_node_print(x, &s);
        rfm_node_print(y, &t);
        assert_string_equal(s.bytes, t.bytes);
        rfm_text_free(&s);
        rfm_text_free(&t);
    }
}

static void print_restores_every_value_and_who_gave_it(void **state)
{
    (void)state;
    const char *jobs[] = {"", FULL};
    for (size_t i = 0; i < 2; i++) {
        rfm_config *config = must_open(jobs[i], NULL), *restored;
        rfm_text text = {0}, again = {0};
        rfm_error err = {0};
        rfm_config_print(config, false, &text);
        setenv("RFMPI_CLUSTER_K", "99", 1); /* looked at by open, not by restore */
        assert_int_equal(rfm_config_restore(text.bytes, text.length, &restored, &err), RFM_OK);
        unsetenv("RFMPI_CLUSTER_K");
        expect_equal_configs(config, restored);
        rfm_config_print(restored, false, &again);
        assert_string_equal(text.bytes, again.bytes);
        rfm_text_free(&text);
        rfm_text_free(&again);
        rfm_config_close(config);
        rfm_config_close(restored);
    }
}

static void print_for_people_says_where_values_came_from_and_is_a_job(void **state)
{
    (void)state;
    rfm_config *config = must_open(FULL, "cluster.k=5");
    rfm_text text = {0};
    rfm_config_print(config, true, &text);
    assert_non_null(strstr(text.bytes, "k: 5  # --set cluster.k\n"));
    assert_non_null(strstr(text.bytes, "header: false  # test_options_job.yml:3:3\n"));
    assert_non_null(strstr(text.bytes, "restarts: 1  # default\n"));
    assert_non_null(strstr(text.bytes, "    customer: \"2\"  # test_options_job.yml:5:13\n"));
    assert_non_null(strstr(text.bytes, "# model:\n"));
    rfm_config *again = must_open(text.bytes, NULL);
    assert_int_equal(k_of(again), 5);
    assert_int_equal(rfm_config_integer(again, "cluster.seed"), 9007199254740993);
    assert_string_equal(rfm_config_string(again, "output.dir"), "out ");
    rfm_config_close(again);
    rfm_config_close(config);
    rfm_text_free(&text);
}

static void equal_values_are_equal_text_however_they_were_written(void **state)
{
    (void)state;
    const char *jobs[] = {"cluster: {k: 8, tolerance: 0.0010}\ninput: {columns: {customer: 2}, "
                          "paths: a}\noutput: {state: Yes}\n",
                          "cluster: {k: +08, tolerance: 1e-3}\ninput: {columns: {customer: \"2\"}, "
                          "paths: ['a']}\noutput: {state: on}\n"};
    rfm_text texts[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        rfm_config *config = must_open(jobs[i], NULL);
        rfm_config_print(config, false, &texts[i]);
        rfm_config_close(config);
    }
    assert_string_equal(texts[0].bytes, texts[1].bytes);
    rfm_text_free(&texts[0]);
    rfm_text_free(&texts[1]);
}

static void the_table_is_sound(void **state)
{
    (void)state;
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(options[i].help) > 5);
        assert_true((options[i].type == RFM_OPTION_CHOICE) == (options[i].choices != NULL));
        assert_true(options[i].low <= options[i].high);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(options[i].key, options[j].key);
    }
}

static void random_jobs_neither_crash_nor_pass_unnoticed(void **state)
{
    (void)state;
    const uint64_t stream = rfm_random_stream(3, (rfm_purpose){.use = RFM_RANDOM_GENERATE});
    const size_t length = strlen(FULL);
    for (uint64_t trial = 0; trial < 1000; trial++) {
        char text[sizeof FULL];
        memcpy(text, FULL, sizeof FULL);
        for (uint64_t i = 0; i < 1 + trial % 4; i++) {
            const uint64_t bits = rfm_random_bits(stream, trial * 8 + i);
            text[bits % length] = (char)(bits >> 32);
        }
        rfm_config *config = NULL;
        rfm_error err = {0};
        if (rfm_config_restore(text, length, &config, &err) == RFM_OK) {
            rfm_text printed = {0};
            rfm_config *again = NULL;
            rfm_config_print(config, false, &printed);
            rfm_config_restore(printed.bytes, printed.length, &again, &err);
            assert_string_equal(err.message, "");
            expect_equal_configs(config, again);
            rfm_config_close(again);
            rfm_text_free(&printed);
        } else {
            assert_null(config);
            assert_int_equal(err.status, RFM_USAGE);
        }
        rfm_config_close(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_contract),
        cmocka_unit_test_teardown(counts_are_one_form_however_they_are_given, remove_job),
        cmocka_unit_test_teardown(command_line_overrides_environment_overrides_file_overrides_default, remove_job),
        cmocka_unit_test_teardown(a_section_at_once_reaches_its_options, remove_job),
        cmocka_unit_test(text_on_the_command_line_stands_as_it_is),
        cmocka_unit_test_teardown(empty_values_bring_the_default_back, remove_job),
        cmocka_unit_test_teardown(mistakes_are_named_with_place_and_remedy, remove_job),
        cmocka_unit_test(secrets_are_refused_on_the_command_line_and_not_repeated),
        cmocka_unit_test(unknown_variables_are_named_and_others_left_alone),
        cmocka_unit_test_teardown(failures_about_an_option_say_where_it_was_set, remove_job),
        cmocka_unit_test_teardown(print_restores_every_value_and_who_gave_it, remove_job),
        cmocka_unit_test_teardown(print_for_people_says_where_values_came_from_and_is_a_job, remove_job),
        cmocka_unit_test_teardown(equal_values_are_equal_text_however_they_were_written, remove_job),
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(random_jobs_neither_crash_nor_pass_unnoticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
