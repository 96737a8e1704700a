/* log.jsonl: every line is a JSON object, whatever the texts are, whatever was torn, and whatever the disk does. */
#include "disk.h"
#include "files.h"

#include <sys/statvfs.h>

static const char ABOUT[] = "\"version\":\"1\",\"hosts\":[\"a\"]";

static const char *path_of(const char *run)
{
    char name[600];
    snprintf(name, sizeof name, "%s/log.jsonl", run);
    return in_folder(name);
}

/* One start, as short as can be. */
static void run_once(const char *dir, const char *message, const rfm_error *end)
{
    rfm_error err = {0};
    rfm_run *run = NULL;
    rfm_run_open(comm, in_folder(dir), &run, &err);
    assert_fine(&err);
    rfm_comm_stage(comm, "test");
    rfm_trail_begin(run, "run", ABOUT);
    rfm_log(RFM_LOG_INFO, "%s", message);
    rfm_trail_end(run, end);
    rfm_run_close(run);
    rfm_comm_barrier(comm);
}

/* All lines, as an array that the caller releases. */
static json_t *read_lines(const char *dir)
{
    size_t length;
    char *text = read_text(path_of(dir), &length);
    json_t *lines = json_array();
    char *end = NULL;
    for (char *line = text; *line; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        assert_true(json_is_object(value));
        json_array_append_new(lines, value);
    }
    free(text);
    return lines;
}

static const char *text_of(const json_t *lines, size_t i, const char *key)
{
    const char *text = json_string_value(json_object_get(json_array_get(lines, i), key));
    assert_non_null(text);
    return text;
}

static int64_t number_of(const json_t *lines, size_t i, const char *key)
{
    const json_t *number = json_object_get(json_array_get(lines, i), key);
    assert_true(json_is_integer(number));
    return json_integer_value(number);
}

static void each_start_adds_its_lines(void **state)
{
    (void)state;
    const rfm_error fine = {0};
    const rfm_error failed = {.status = RFM_DATA, .rank = 2, .n_failed = 1, .message = "bad \"x\"\n\xFF"};
    run_once("starts", "a \"quoted\" \\ line\twith \xC3\xA9 and \xFE", &fine);
    run_once("starts", "second", &failed);
    if (!is_first())
        return;
    struct stat status;
    json_t *lines = read_lines("starts");
    assert_int_equal(json_array_size(lines), 6);
    assert_string_equal(text_of(lines, 0, "event"), "start");
    assert_string_equal(text_of(lines, 0, "command"), "run");
    assert_string_equal(text_of(lines, 0, "version"), "1");
    assert_string_equal(text_of(lines, 1, "message"), "a \"quoted\" \\ line?with \\xc3\\xa9 and \\xfe");
    assert_string_equal(text_of(lines, 1, "stage"), "test");
    assert_string_equal(text_of(lines, 1, "level"), "info");
    assert_string_equal(text_of(lines, 2, "event"), "end");
    assert_int_equal(number_of(lines, 2, "exit"), 0);
    assert_int_equal(number_of(lines, 2, "attempt"), 1);
    assert_int_equal(number_of(lines, 3, "attempt"), 2);
    assert_string_equal(text_of(lines, 5, "level"), "error");
    assert_int_equal(number_of(lines, 5, "exit"), RFM_DATA);
    assert_int_equal(number_of(lines, 5, "rank"), 2);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(strlen(text_of(lines, i, "time")), strlen("2026-01-31T12:00:00.000000Z"));
        assert_true(i == 0 || strcmp(text_of(lines, i - 1, "time"), text_of(lines, i, "time")) <= 0);
    }
    assert_int_equal(stat(path_of("starts"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    json_decref(lines);
}

static void a_torn_last_line_is_cut_off(void **state)
{
    (void)state;
    static const char *const torn[] = {"{\"time\":\"20", "x", "", "{\"time\":\"2026\"}"};
    const rfm_error fine = {0};
    for (size_t i = 0; i < sizeof torn / sizeof *torn; i++) {
        char dir[32];
        snprintf(dir, sizeof dir, "torn-%zu", i);
        run_once(dir, "first", &fine);
        if (is_first()) {
            FILE *file = fopen(path_of(dir), "a");
            assert_non_null(file);
            fputs(torn[i], file);
            fclose(file);
        }
        rfm_comm_barrier(comm);
        run_once(dir, "second", &fine);
        if (!is_first())
            continue;
        json_t *lines = read_lines(dir);
        assert_int_equal(json_array_size(lines), 6);
        json_decref(lines);
    }
}

static void what_cannot_be_written_costs_no_more_than_a_warning(void **state)
{
    (void)state;
    const rfm_error fine = {0};
    run_once("blocked", "first", &fine);
    if (is_first()) {
        assert_int_equal(unlink(path_of("blocked")), 0);
        assert_int_equal(mkdir(path_of("blocked"), 0700), 0);
    }
    rfm_comm_barrier(comm);
    run_once("blocked", "second", &fine);
    assert_true(is_there(in_folder("blocked/run.json")));
}

static void fill_disk(void)
{
    struct statvfs space;
    char page[4096] = {1};
    FILE *file = fopen(in_folder("disk/filler"), "a");
    assert_non_null(file);
    while (statvfs(in_folder("disk"), &space) == 0 && space.f_bavail > 0)
        assert_true(fwrite(page, sizeof page, 1, file) == 1 && fflush(file) == 0);
    fclose(file);
}

static void a_full_disk_leaves_whole_lines(void **state)
{
    (void)state;
    const rfm_error fine = {0};
    rfm_error err = {0};
    rfm_run *run = NULL;
    if (!mount_disk("size=256k"))
        skip();
    rfm_run_open(comm, in_folder("disk/run"), &run, &err);
    assert_fine(&err);
    rfm_trail_begin(run, "run", ABOUT);
    if (is_first())
        fill_disk();
    for (int i = 0; i < 100; i++)
        rfm_log(RFM_LOG_INFO, "line %d, of which not all have room", i);
    if (is_first())
        assert_int_equal(unlink(in_folder("disk/filler")), 0);
    rfm_log(RFM_LOG_INFO, "room again");
    rfm_trail_end(run, &fine);
    rfm_run_close(run);
    if (is_first()) {
        json_t *lines = read_lines("disk/run");
        const size_t n = json_array_size(lines);
        assert_true(n > 3 && n < 103);
        assert_string_equal(text_of(lines, n - 2, "message"), "room again");
        assert_string_equal(text_of(lines, n - 1, "event"), "end");
        json_decref(lines);
    }
    unmount_disk();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_start_adds_its_lines),
        cmocka_unit_test(a_torn_last_line_is_cut_off),
        cmocka_unit_test(what_cannot_be_written_costs_no_more_than_a_warning),
        cmocka_unit_test(a_full_disk_leaves_whole_lines),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
