/* Patterns to files, files to bytes and back; and files that change, vanish or cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"
#include "session.h"

#define ROW "a,20240101,view,1\n"
#define HEADER "customer,time,event,amount\n"

static rfm_files find(const char *const *patterns, size_t n, rfm_error *err)
{
    const rfm_input input = harness_input();
    rfm_files files;
    rfm_files_find(&input, patterns, n, &files, err);
    if (err->status != RFM_OK)
        assert_int_equal(files.n, 0);
    return files;
}

static void check_failure(const char *pattern, rfm_status status, const char *rest)
{
    rfm_error err = {0};
    rfm_text wanted = {0};
    rfm_files files = find(&pattern, 1, &err);
    rfm_text_addf(&wanted, "%s: %s", pattern, rest);
    assert_string_equal(err.message, wanted.bytes);
    assert_int_equal(err.status, status);
    rfm_text_free(&wanted);
    rfm_files_free(&files);
}

static void patterns_become_files_in_the_order_of_their_paths(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    char patterns[3][500];
    harness_write("b.csv", HEADER ROW, strlen(HEADER ROW));
    harness_write("a.csv", HEADER, strlen(HEADER));
    harness_write("c[1].csv", HEADER, strlen(HEADER));
    snprintf(patterns[0], sizeof patterns[0], "%s", harness_path("c[1].csv")); /* as it stands */
    snprintf(patterns[1], sizeof patterns[1], "%s", harness_path("?.csv"));
    snprintf(patterns[2], sizeof patterns[2], "%s", harness_path("a.csv"));
    const char *const list[] = {patterns[0], patterns[1], patterns[2]};
    rfm_files files = find(list, 3, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(files.n, 3);
    assert_string_equal(files.files[0].path, harness_path("a.csv"));
    assert_string_equal(files.files[1].path, harness_path("b.csv"));
    assert_string_equal(files.files[2].path, harness_path("c[1].csv"));
    assert_int_equal(files.files[1].size_bytes, strlen(HEADER ROW));
    assert_true(llabs(files.files[1].modified_us - rfm_clock_wall_us()) < INT64_C(600000000));
    assert_false(files.files[1].whole);
    rfm_files_free(&files);
}

static void one_file_by_two_names_is_read_once(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    harness_write("one.csv", HEADER, strlen(HEADER));
    symlink("one.csv", harness_path("two.csv"));
    const char *const list[] = {harness_path("two.csv"), harness_path("one.csv"), harness_path("./one.csv")};
    rfm_files files = find(list, 3, &err);
    assert_int_equal(files.n, 1);
    assert_string_equal(files.files[0].path, harness_path("./one.csv"));
    rfm_files_free(&files);
}

static void what_is_not_there_is_named(void **unused)
{
    (void)unused;
    check_failure(harness_path("none.csv"), RFM_DATA, "no such file");
    check_failure(harness_path("none/x.csv"), RFM_DATA, "no such file");
    check_failure(harness_path("none-*.csv"), RFM_DATA, "no file matches this pattern");
}

static void check_found(const char *pattern, const char *const *names, size_t n)
{
    rfm_error err = {0};
    rfm_files files = find(&pattern, 1, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(files.n, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(files.files[i].path, harness_path(names[i]));
    rfm_files_free(&files);
}

static void make_tree(void)
{
    static const char *const folders[] = {"tree", "tree/2024", "tree/2024/01", "tree/_temporary", "tree/.hidden"};
    static const char *const names[] = {"tree/a.csv",         "tree/notes.md",          "tree/2024/b.txt",
                                        "tree/2024/01/c.csv", "tree/_temporary/d.csv",  "tree/.hidden/e.csv",
                                        "tree/_SUCCESS",      "tree/2024/01/.part.csv", "tree/2024/01/f.dat"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        mkdir(harness_path(folders[i]), 0700);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        harness_write(names[i], HEADER, strlen(HEADER));
}

static void a_directory_stands_for_the_event_files_in_and_below_it(void **unused)
{
    (void)unused;
    static const char *const all[] = {"tree/2024/01/c.csv", "tree/2024/b.txt", "tree/a.csv"};
    make_tree();
    check_found(harness_path("tree"), all, 3);
    check_found(harness_path("tre?"), all, 3);
    mkdir(harness_path("bare"), 0700);
    check_failure(harness_path("bare"), RFM_DATA, "is a directory without a file that is named like an event file");
}

static void what_a_directory_names_and_has_not_is_missed(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    const char *top = harness_path("links");
    mkdir(top, 0700);
    harness_write("links/a.csv", HEADER, strlen(HEADER));
    assert_int_equal(symlink("gone.csv", harness_path("links/b.csv")), 0);
    rfm_files files = find(&top, 1, &err);
    assert_failed(&err, RFM_DATA, "links/b.csv: no such file");
    rfm_files_free(&files);
}

static void two_stars_stand_for_any_number_of_folders(void **unused)
{
    (void)unused;
    static const char *const csv[] = {"tree/2024/01/c.csv", "tree/a.csv"};
    static const char *const everything[] = {"tree/2024/01/c.csv", "tree/2024/01/f.dat", "tree/2024/b.txt",
                                             "tree/a.csv", "tree/notes.md"};
    make_tree();
    check_found(harness_path("tree/**/*.csv"), csv, 2);
    check_found(harness_path("tree/**/01/c*"), csv, 1);
    check_found(harness_path("t*/**/2024/**/c.csv"), csv, 1);
    remove(harness_path("tree/_SUCCESS"));
    check_found(harness_path("tree/**"), everything, 5);
    check_failure(harness_path("tree/**/*.tsv"), RFM_DATA, "no file matches this pattern");
}

static void a_list_names_a_file_or_pattern_a_line(void **unused)
{
    (void)unused;
    static const char *const two[] = {"tree/2024/b.txt", "tree/a.csv"};
    rfm_text list = {0}, name = {0};
    rfm_error err = {0};
    make_tree();
    rfm_text_addf(&list, "# a comment\n\n  %s \r\n%s", harness_path("tree/a.csv"), harness_path("tree/2024/*.txt"));
    rfm_text_addf(&name, "@%s", harness_write("list.txt", list.bytes, list.length));
    check_found(name.bytes, two, 2);
    rfm_text_addf(&list, "\nnone-*.csv\n");
    harness_write("list.txt", list.bytes, list.length);
    rfm_files files = find((const char *const *)&name.bytes, 1, &err);
    assert_int_equal(err.status, RFM_DATA);
    assert_non_null(strstr(err.message, "list.txt: line 5: none-*.csv: no file matches this pattern"));
    rfm_files_free(&files);
    rfm_text_free(&list);
    rfm_text_free(&name);
}

static void a_name_and_the_first_bytes_must_say_the_same_format(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *bytes, *complaint;
    } cases[] = {
        {"text.gz", HEADER, "its name says gzip, its first bytes say text; rename it, or make it again"},
        {"text.csv.zst", HEADER, "its name says zstd, its first bytes say text; rename it, or make it again"},
        {"gzip.csv", "\x1f\x8b rest", "its name says text, its first bytes say gzip; rename it, or make it again"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_failure(harness_write(cases[i].name, cases[i].bytes, strlen(cases[i].bytes)), RFM_DATA,
                      cases[i].complaint);
}

static void letters_that_begin_other_formats_may_begin_a_text(void **unused)
{
    (void)unused;
    static const char header[] = "ORCID,customer,time\n";
    static const char *const all[] = {"orcid.csv"};
    check_found(harness_write("orcid.csv", header, strlen(header)), all, 1);
    rfm_error err = {0};
    const char *unnamed = harness_write("part-0000", header, strlen(header));
    rfm_files files = find(&unnamed, 1, &err);
    assert_failed(&err, RFM_DATA, "part-0000 is ORC, which is not read: export it as Parquet or CSV");
    rfm_files_free(&files);
}

static void what_is_no_regular_file_is_refused(void **unused)
{
    (void)unused;
    const char *path = harness_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    check_failure(path, RFM_DATA, "is no regular file; copy it into one first");
}

static void a_file_without_permission_is_denied(void **unused)
{
    (void)unused;
    if (geteuid() == 0) {
        print_message("root may read everything: nothing to see\n");
        skip();
    }
    const char *path = harness_write("secret.csv", HEADER, strlen(HEADER));
    chmod(path, 0);
    check_failure(path, RFM_DENIED, "cannot be opened: Permission denied");
    mkdir(harness_path("listed"), 0700);
    harness_write("listed/a.csv", HEADER, strlen(HEADER));
    chmod(harness_path("listed"), 0400); /* its files have names, and no more can be known of them */
    rfm_error err = {0};
    const char *top = harness_path("listed");
    rfm_files files = find(&top, 1, &err);
    assert_failed(&err, RFM_DENIED, "listed/a.csv: cannot be looked at");
    rfm_files_free(&files);
    chmod(top, 0700);
}

static void quoted_line_ends_in_the_first_block_mark_a_file_whole(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        bool whole;
    } cases[] = {
        {HEADER "\"a\nb\",20240101,view,1\n", true},
        {"\xEF\xBB\xBF\"customer\",time,event,amount,\"x\ny\"\n", true},
        {HEADER "\"a\",20240101,view,1\n", false},
        {HEADER "a\"\nb\",20240101,view,1\n", false},
        {HEADER "\"a", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_error err = {0};
        const char *path = harness_write("whole.csv", cases[i].text, strlen(cases[i].text));
        rfm_files files = find(&path, 1, &err);
        assert_int_equal(files.n, 1);
        assert_int_equal(files.files[0].whole, cases[i].whole);
        rfm_files_free(&files);
    }
}

static void a_list_of_files_travels_as_bytes(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    rfm_text bytes = {0};
    int64_t cuts[] = {0, 17, 4000000000};
    rfm_file two[] = {{.path = "a/b.csv", .size_bytes = INT64_C(5000000000), .modified_us = -7, .whole = true},
                      {.path = "", .format = RFM_FORMAT_ZSTD, .tabs = true, .n_rows = 5, .cuts = cuts, .n_cuts = 3}};
    rfm_files files = {two, 2}, back;
    assert_int_equal(rfm_files_pack(&files, &bytes, &err), RFM_OK);
    assert_int_equal(rfm_files_unpack(bytes.bytes, bytes.length, &back, &err), RFM_OK);
    assert_int_equal(back.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(back.files[i].path, two[i].path);
        assert_int_equal(back.files[i].size_bytes, two[i].size_bytes);
        assert_int_equal(back.files[i].modified_us, two[i].modified_us);
        assert_int_equal(back.files[i].whole, two[i].whole);
        assert_int_equal(back.files[i].format, two[i].format);
        assert_int_equal(back.files[i].tabs, two[i].tabs);
        assert_int_equal(back.files[i].n_rows, two[i].n_rows);
        assert_int_equal(back.files[i].n_cuts, two[i].n_cuts);
        assert_memory_equal(back.files[i].cuts ? back.files[i].cuts : cuts, cuts, two[i].n_cuts * sizeof *cuts);
    }
    rfm_files_free(&back);
    for (size_t n = 0; n < bytes.length; n++) { /* and no shorter */
        rfm_error failure = {0};
        char *part = malloc(n + 1);
        memcpy(part, bytes.bytes, n);
        assert_int_equal(rfm_files_unpack(part, n, &back, &failure), RFM_INTERNAL);
        assert_null(back.files);
        free(part);
    }
    rfm_text_free(&bytes);
}

/* The content of one file, as n_ranks ranks sum it up. */
static rfm_i128 content_of(const char *path, int64_t size, int n_ranks)
{
    rfm_error err = {0};
    rfm_i128 sum = 0;
    rfm_file file = {.path = (char *)path, .size_bytes = size};
    const rfm_files files = {&file, 1};
    for (int rank = 0; rank < n_ranks; rank++)
        assert_int_equal(rfm_files_content(&files, rank, n_ranks, NULL, &sum, &err), RFM_OK);
    return sum;
}

static void content_is_the_bytes_and_neither_the_name_nor_the_ranks(void **unused)
{
    (void)unused;
    enum { BLOCK = 1 << 20, SIZE = 2 * BLOCK + 17 };
    char *bytes = calloc(SIZE, 1);
    bytes[5] = 1;
    const char *path = harness_write("content", bytes, SIZE);
    const rfm_i128 content = content_of(path, SIZE, 1);
    for (int n_ranks = 2; n_ranks < 6; n_ranks++)
        assert_true(content_of(path, SIZE, n_ranks) == content);
    assert_true(content_of(harness_write("renamed", bytes, SIZE), SIZE, 1) == content);
    bytes[5] = 0;
    bytes[BLOCK + 5] = 1; /* the same blocks, exchanged */
    assert_false(content_of(harness_write("content", bytes, SIZE), SIZE, 1) == content);
    free(bytes);
}

/* ---- files that are not what they were ------------------------------------------------------- */

static rfm_status ignore(void *context, const rfm_events *events, rfm_error *err)
{
    (void)context;
    (void)events;
    return err->status;
}

static rfm_status fail_second(void *context, const rfm_events *events, rfm_error *err)
{
    int *calls = context;
    (void)events;
    return ++*calls == 2 ? rfm_fail(err, RFM_NO_MEMORY, "the table is full") : RFM_OK;
}

static rfm_error read_as(rfm_input input, const char *path, int64_t size, rfm_event_sink sink)
{
    rfm_error err = {0};
    rfm_tally tally = {0};
    rfm_rejects rejects = {0};
    rfm_shard_result result;
    int calls = 0;
    rfm_file file = {.path = (char *)path, .size_bytes = size};
    const rfm_files files = {&file, 1};
    const rfm_shard shard = {.end = size};
    const rfm_reading wanted = {.input = &input,
                                .files = &files,
                                .shard = &shard,
                                .sink = sink,
                                .context = &calls,
                                .tally = &tally,
                                .rejects = &rejects,
                                .result = &result};
    const rfm_status status = rfm_shard_read(&wanted, &err);
    assert_int_equal(status, err.status);
    rfm_rejects_free(&rejects);
    return err;
}

static void a_file_of_another_size_has_changed(void **unused)
{
    (void)unused;
    const int64_t size = (int64_t)strlen(HEADER ROW);
    const char *path = harness_write("changed.csv", HEADER ROW, (size_t)size);
    for (int64_t planned = size - 1; planned <= size + 1; planned++) {
        const rfm_error err = read_as(harness_input(), path, planned, ignore);
        assert_int_equal(err.status, planned == size ? RFM_OK : RFM_DATA);
        assert_int_equal(strstr(err.message, "changed.csv: changed while being read") != NULL, planned != size);
    }
}

static rfm_status shorten(void *context, const rfm_events *events, rfm_error *err)
{
    (void)context;
    (void)events;
    if (truncate(harness_path("shrinks.csv"), 600000) != 0)
        rfm_fail(err, RFM_INTERNAL, "the test cannot truncate");
    return err->status;
}

static void a_file_that_shrinks_or_grows_under_the_reader_has_changed(void **unused)
{
    (void)unused;
    rfm_text text = {0};
    rfm_text_adds(&text, HEADER);
    for (int i = 0; i < 100000; i++)
        rfm_text_adds(&text, ROW);
    const char *path = harness_write("shrinks.csv", text.bytes, text.length);
    const rfm_error err = read_as(harness_input(), path, (int64_t)text.length, shorten);
    assert_int_equal(err.status, RFM_DATA);
    assert_non_null(strstr(err.message, "shrinks.csv: changed while being read (it had 1800027 bytes)"));
    rfm_text_free(&text);
}

static void a_file_that_vanished_is_an_input_error(void **unused)
{
    (void)unused;
    const rfm_error err = read_as(harness_input(), harness_path("gone.csv"), 10, ignore);
    assert_int_equal(err.status, RFM_DATA);
    assert_non_null(strstr(err.message, "gone.csv: is no longer there"));
}

static void a_read_error_is_an_io_error_with_its_place(void **unused)
{
    (void)unused;
    rfm_input input = harness_input();
    const char *path = harness_write("broken.csv", HEADER ROW, strlen(HEADER ROW));
    input.fault_file = path;
    const rfm_error err = read_as(input, path, (int64_t)strlen(HEADER ROW), ignore);
    assert_int_equal(err.status, RFM_IO);
    assert_non_null(strstr(err.message, "broken.csv: cannot be read at byte 0: Input/output error"));
}

static void a_failing_sink_ends_the_reading_at_once(void **unused)
{
    (void)unused;
    rfm_text text = {0};
    rfm_text_adds(&text, HEADER);
    for (int i = 0; i < 5 * RFM_BATCH_EVENTS; i++)
        rfm_text_adds(&text, ROW);
    const char *path = harness_write("sink.csv", text.bytes, text.length);
    const rfm_error err = read_as(harness_input(), path, (int64_t)text.length, fail_second);
    assert_int_equal(err.status, RFM_NO_MEMORY);
    assert_non_null(strstr(err.message, "sink.csv: the table is full"));
    rfm_text_free(&text);
}

static void rejects_are_counted_exactly_and_kept_up_to_the_cap(void **unused)
{
    (void)unused;
    const rfm_input input = harness_input();
    const char text[] = HEADER "x\nx\nx\n,20240101,view,1\na,soon,view,1\na,soon,view,1\na,soon,view,1\n";
    const char *path = harness_write("cap.csv", text, strlen(text));
    rfm_error err = {0};
    rfm_tally tally = {0};
    rfm_rejects rejects = {.cap = 2};
    rfm_shard_result result;
    rfm_file file = {.path = (char *)path, .size_bytes = (int64_t)strlen(text)};
    const rfm_files files = {&file, 1};
    const rfm_shard shard = {.end = file.size_bytes};
    const rfm_reading wanted = {.input = &input,
                                .files = &files,
                                .shard = &shard,
                                .sink = ignore,
                                .context = NULL,
                                .tally = &tally,
                                .rejects = &rejects,
                                .result = &result};
    rfm_shard_read(&wanted, &err);
    assert_int_equal(rejects.count[RFM_REASON_FIELDS], 3);
    assert_int_equal(rejects.count[RFM_REASON_CUSTOMER], 1);
    assert_int_equal(rejects.count[RFM_REASON_TIME], 3);
    assert_int_equal(rejects.n_kept, 5);
    assert_int_equal(tally.n_rows, 7);
    rfm_rejects_free(&rejects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_become_files_in_the_order_of_their_paths),
        cmocka_unit_test(one_file_by_two_names_is_read_once),
        cmocka_unit_test(what_is_not_there_is_named),
        cmocka_unit_test(a_directory_stands_for_the_event_files_in_and_below_it),
        cmocka_unit_test(what_a_directory_names_and_has_not_is_missed),
        cmocka_unit_test(two_stars_stand_for_any_number_of_folders),
        cmocka_unit_test(a_list_names_a_file_or_pattern_a_line),
        cmocka_unit_test(a_name_and_the_first_bytes_must_say_the_same_format),
        cmocka_unit_test(letters_that_begin_other_formats_may_begin_a_text),
        cmocka_unit_test(what_is_no_regular_file_is_refused),
        cmocka_unit_test(a_file_without_permission_is_denied),
        cmocka_unit_test(quoted_line_ends_in_the_first_block_mark_a_file_whole),
        cmocka_unit_test(a_list_of_files_travels_as_bytes),
        cmocka_unit_test(content_is_the_bytes_and_neither_the_name_nor_the_ranks),
        cmocka_unit_test(a_file_of_another_size_has_changed),
        cmocka_unit_test(a_file_that_shrinks_or_grows_under_the_reader_has_changed),
        cmocka_unit_test(a_file_that_vanished_is_an_input_error),
        cmocka_unit_test(a_read_error_is_an_io_error_with_its_place),
        cmocka_unit_test(a_failing_sink_ends_the_reading_at_once),
        cmocka_unit_test(rejects_are_counted_exactly_and_kept_up_to_the_cap),
    };
    return cmocka_run_group_tests(tests, harness_open, harness_close);
}
