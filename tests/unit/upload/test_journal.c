/* The journal of uploads: what was noted before a crash is there after it, wherever the crash came; each target finds
 * its own lines; and a file that is damaged otherwise is never guessed at. */
#include "session.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "journal.h"

static const rfm_journal_head TABLE = {
    .to = "snowflake", .target = "https://h \"D\".\"S\".\"T\"", .mode = "replace", .content = {1, 2}};

static rfm_journal *must_open(const rfm_journal_head *head, bool anew)
{
    rfm_error err = {0};
    rfm_journal *journal = NULL;
    rfm_journal_open(folder, head, anew, &journal, &err);
    assert_fine(&err);
    assert_int_equal(strspn(rfm_journal_id(journal), "0123456789ABCDEF"), 16);
    assert_int_equal(strlen(rfm_journal_id(journal)), 16);
    return journal;
}

static void note(rfm_journal *journal, const char *step, const char *name)
{
    rfm_error err = {0};
    rfm_journal_note(journal, step, name ? json_pack("{s:s}", "name", name) : NULL, &err);
    assert_fine(&err);
}

static const char *name_in(const json_t *line)
{
    return json_string_value(json_object_get(line, "name"));
}

static void write_file(const char *bytes, size_t n)
{
    FILE *file = fopen(in_folder("store.jsonl"), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static char *read_file(size_t *n)
{
    char *bytes = calloc(1, 65536);
    FILE *file = fopen(in_folder("store.jsonl"), "r");
    assert_true(bytes && file);
    *n = fread(bytes, 1, 65535, file);
    fclose(file);
    return bytes;
}

static size_t count_lines(const char *bytes, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += bytes[i] == '\n';
    return count;
}

/* ---- from start to start ---------------------------------------------------------------------------------------- */

static void an_upload_begins_and_goes_on(void **state)
{
    (void)state;
    char id[17];
    struct stat status;
    rfm_journal *journal = must_open(&TABLE, false);
    assert_false(rfm_journal_goes_on(journal));
    snprintf(id, sizeof id, "%s", rfm_journal_id(journal));
    note(journal, "part", "part-00000.csv.gz");
    note(journal, "part", "part-00001.csv.gz");
    note(journal, "copy", NULL);
    rfm_journal_close(journal);
    assert_int_equal(stat(in_folder("store.jsonl"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);

    journal = must_open(&TABLE, false);
    assert_true(rfm_journal_goes_on(journal));
    assert_string_equal(rfm_journal_id(journal), id);
    assert_int_equal(json_array_size(rfm_journal_lines(journal)), 4);
    assert_string_equal(name_in(json_array_get(rfm_journal_lines(journal), 1)), "part-00000.csv.gz");
    assert_string_equal(name_in(rfm_journal_find(journal, "part")), "part-00001.csv.gz"); /* the last */
    assert_non_null(rfm_journal_find(journal, "copy"));
    assert_non_null(rfm_journal_find(journal, "begin"));
    assert_null(rfm_journal_find(journal, "published"));
    rfm_journal_close(journal);
    rfm_journal_close(NULL);
}

static void an_upload_begun_anew_has_nothing_of_the_one_before(void **state)
{
    (void)state;
    char ids[2][17];
    rfm_journal *journal = must_open(&TABLE, false);
    snprintf(ids[0], sizeof ids[0], "%s", rfm_journal_id(journal));
    note(journal, "done", NULL);
    rfm_journal_close(journal);
    journal = must_open(&TABLE, true);
    assert_false(rfm_journal_goes_on(journal));
    assert_null(rfm_journal_find(journal, "done"));
    snprintf(ids[1], sizeof ids[1], "%s", rfm_journal_id(journal));
    assert_string_not_equal(ids[0], ids[1]);
    note(journal, "part", "a");
    rfm_journal_close(journal);
    journal = must_open(&TABLE, false); /* of two, the last */
    assert_true(rfm_journal_goes_on(journal));
    assert_string_equal(rfm_journal_id(journal), ids[1]);
    assert_null(rfm_journal_find(journal, "done"));
    assert_non_null(rfm_journal_find(journal, "part"));
    rfm_journal_close(journal);
}

static void what_makes_an_upload_this_one_is_its_whole_head(void **state)
{
    (void)state;
    rfm_journal_head others[] = {TABLE, TABLE, TABLE, TABLE, TABLE};
    others[0].to = "files";
    others[1].target = "https://h \"D\".\"S\".\"U\"";
    others[2].mode = "append";
    others[3].content.low = 3;
    others[4].content.high = 3;
    rfm_journal_close(must_open(&TABLE, false));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        rfm_journal *journal = must_open(&others[i], false);
        assert_false(rfm_journal_goes_on(journal));
        rfm_journal_close(journal);
    }
}

static void several_targets_keep_their_lines_apart(void **state)
{
    (void)state;
    enum { N = 3 };
    rfm_journal_head heads[N] = {TABLE, TABLE, TABLE};
    char ids[N][17], name[32];
    heads[1].target = "https://h \"D\".\"S\".\"U\"";
    heads[2].mode = "append";
    for (int turn = 0; turn < 4; turn++)
        for (int i = 0; i < N; i++) {
            rfm_journal *journal = must_open(&heads[i], false);
            assert_int_equal(rfm_journal_goes_on(journal), turn > 0);
            if (turn == 0)
                snprintf(ids[i], sizeof ids[i], "%s", rfm_journal_id(journal));
            assert_string_equal(rfm_journal_id(journal), ids[i]);
            const json_t *lines = rfm_journal_lines(journal);
            assert_int_equal(json_array_size(lines), 1 + turn);
            for (int t = 0; t < turn; t++) {
                snprintf(name, sizeof name, "%d-%d", i, t);
                assert_string_equal(name_in(json_array_get(lines, (size_t)t + 1)), name);
            }
            snprintf(name, sizeof name, "%d-%d", i, turn);
            note(journal, "part", name);
            rfm_journal_close(journal);
        }
}

/* What another process gets to hear. It is told by a pipe: its exit code may be a checker's. */
static void open_elsewhere(rfm_error *err)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        rfm_journal *journal = NULL;
        *err = (rfm_error){0};
        rfm_journal_open(folder, &TABLE, false, &journal, err);
        _exit(write(ends[1], err, sizeof *err) != sizeof *err);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], err, sizeof *err), sizeof *err);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
}

static void one_process_at_a_time_is_at_work(void **state)
{
    (void)state;
    rfm_error err;
    rfm_journal *journal = must_open(&TABLE, false);
    open_elsewhere(&err);
    assert_failed(&err, RFM_USAGE, "another process is at work on it");
    note(journal, "copy", NULL);
    rfm_journal_close(journal);
    open_elsewhere(&err);
    assert_fine(&err);
    journal = must_open(&TABLE, false);
    assert_int_equal(json_array_size(rfm_journal_lines(journal)), 2);
    rfm_journal_close(journal);
}

static void an_unload_has_a_file_of_its_own(void **state)
{
    (void)state;
    rfm_journal_head head = TABLE;
    head.to = "unload";
    rfm_journal_close(must_open(&head, false));
    assert_int_equal(access(in_folder("unload.jsonl"), F_OK), 0);
    assert_int_not_equal(access(in_folder("store.jsonl"), F_OK), 0);
    rfm_journal *journal = must_open(&head, false);
    assert_true(rfm_journal_goes_on(journal));
    rfm_journal_close(journal);
}

/* ---- crashes ---------------------------------------------------------------------------------------------------- */

/* A file that ends anywhere: its whole lines are there, and it can be gone on with. */
static void a_crash_anywhere_loses_no_whole_line(void **state)
{
    (void)state;
    size_t n;
    char id[17];
    rfm_journal *journal = must_open(&TABLE, false);
    snprintf(id, sizeof id, "%s", rfm_journal_id(journal));
    note(journal, "part", "part-00000.csv.gz");
    note(journal, "part", "caf\xC3\xA9 \n \"}{");
    note(journal, "moving", NULL);
    rfm_journal_close(journal);
    char *bytes = read_file(&n);
    assert_int_equal(count_lines(bytes, n), 4);
    for (size_t end = 0; end <= n; end++) {
        const size_t n_whole = count_lines(bytes, end);
        write_file(bytes, end);
        journal = must_open(&TABLE, false);
        assert_int_equal(rfm_journal_goes_on(journal), n_whole > 0);
        assert_int_equal(json_array_size(rfm_journal_lines(journal)), n_whole > 0 ? n_whole : 1);
        if (n_whole > 0)
            assert_string_equal(rfm_journal_id(journal), id);
        assert_int_equal(rfm_journal_find(journal, "moving") != NULL, n_whole == 4);
        note(journal, "copy", NULL);
        rfm_journal_close(journal);
        journal = must_open(&TABLE, false);
        assert_int_equal(json_array_size(rfm_journal_lines(journal)), (n_whole > 0 ? n_whole : 1) + 1);
        rfm_journal_close(journal);
    }
    free(bytes);
}

/* The disk is full in the middle of a line. */
static void a_line_that_cannot_be_written_leaves_nothing_behind(void **state)
{
    (void)state;
    size_t n;
    rfm_error err = {0};
    struct rlimit usual, full;
    rfm_journal *journal = must_open(&TABLE, false);
    note(journal, "part", "a");
    free(read_file(&n));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    full = usual;
    full.rlim_cur = n + 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    rfm_journal_note(journal, "moving", NULL, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    assert_failed(&err, RFM_IO, "store.jsonl: cannot write");
    assert_null(rfm_journal_find(journal, "moving"));
    note(journal, "part", "b");
    rfm_journal_close(journal);
    journal = must_open(&TABLE, false);
    assert_int_equal(json_array_size(rfm_journal_lines(journal)), 3);
    assert_string_equal(name_in(rfm_journal_find(journal, "part")), "b");
    rfm_journal_close(journal);
}

/* ---- damage ----------------------------------------------------------------------------------------------------- */

static void a_damaged_line_is_named_and_not_guessed_at(void **state)
{
    (void)state;
    static const char *const lines[] = {"",
                                        " ",
                                        "x",
                                        "[]",
                                        "1",
                                        "null",
                                        "\"begin\"",
                                        "{\"step\": \"part\"",
                                        "{\"step\": \"part\"} {}",
                                        "{\"step\": \"\xFF\"}",
                                        "{\"a\": \"\\u0000\"}"};
    size_t n;
    rfm_journal *journal = must_open(&TABLE, false);
    note(journal, "part", "a");
    rfm_journal_close(journal);
    char *bytes = read_file(&n);
    const size_t first = strcspn(bytes, "\n") + 1;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        for (int last = 0; last < 2; last++) {
            rfm_error err = {0};
            rfm_text damaged = {0};
            rfm_text_addf(&damaged, "%.*s%s\n%s", (int)(last ? n : first), bytes, lines[i], last ? "" : bytes + first);
            write_file(damaged.bytes, damaged.length);
            rfm_journal_open(folder, &TABLE, false, &journal, &err);
            assert_failed(&err, RFM_DATA, last ? "store.jsonl: line 3 is damaged" : "store.jsonl: line 2 is damaged");
            rfm_journal_close(journal);
            char *after = read_file(&(size_t){0}); /* nothing was cut off */
            assert_string_equal(after, damaged.bytes);
            free(after);
            rfm_text_free(&damaged);
        }
    free(bytes);
}

/* An id goes into names of tables and paths of stages: nothing but sixteen capital hexadecimal digits is one. */
static void a_head_with_an_odd_id_is_none(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "", "0123456789ABCDE", "0123456789ABCDEF0", "0123456789abcdef", "../../../../../x", "\\\";DROP TABLE t"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        size_t n;
        rfm_journal_close(must_open(&TABLE, true));
        char *bytes = read_file(&n), *id = strstr(bytes, "\"id\":\"");
        rfm_text changed = {0};
        rfm_text_addf(&changed, "%.*s%s%s", (int)(id + 6 - bytes), bytes, ids[i], id + 6 + 16);
        write_file(changed.bytes, changed.length);
        rfm_journal *journal = must_open(&TABLE, false);
        assert_false(rfm_journal_goes_on(journal));
        rfm_journal_close(journal);
        unlink(in_folder("store.jsonl"));
        rfm_text_free(&changed);
        free(bytes);
    }
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_journal *journal = NULL;
    rfm_journal_open(in_folder("nowhere"), &TABLE, false, &journal, &err);
    assert_failed(&err, RFM_IO, "nowhere/store.jsonl: cannot write");
    rfm_journal_close(journal);
}

#define journal_test(name) cmocka_unit_test_setup_teardown(name, set_up_folder, tear_down_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        journal_test(an_upload_begins_and_goes_on),
        journal_test(an_upload_begun_anew_has_nothing_of_the_one_before),
        journal_test(what_makes_an_upload_this_one_is_its_whole_head),
        journal_test(several_targets_keep_their_lines_apart),
        journal_test(one_process_at_a_time_is_at_work),
        journal_test(an_unload_has_a_file_of_its_own),
        journal_test(a_crash_anywhere_loses_no_whole_line),
        journal_test(a_line_that_cannot_be_written_leaves_nothing_behind),
        journal_test(a_damaged_line_is_named_and_not_guessed_at),
        journal_test(a_head_with_an_odd_id_is_none),
        journal_test(a_folder_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
