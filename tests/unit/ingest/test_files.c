/* Patterns to files, files to bytes and back, files to shards; and files that change, vanish or cannot be read. */
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

static void a_directory_is_an_error_that_shows_the_pattern(void **unused)
{
    (void)unused;
    char rest[700];
    const char *path = harness_path("folder.d");
    mkdir(path, 0700);
    snprintf(rest, sizeof rest, "is a directory; name its files by a pattern, such as %s/*.csv", path);
    check_failure(path, RFM_DATA, rest);
    rfm_error err = {0};
    const char *pattern = harness_path("folder.*");
    rfm_files files = find(&pattern, 1, &err);
    assert_non_null(strstr(err.message, "folder.d: is a directory"));
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
    rfm_file two[] = {{"a/b.csv", INT64_C(5000000000), -7, true}, {"", 0, 0, false}};
    rfm_files files = {two, 2}, back;
    assert_int_equal(rfm_files_pack(&files, &bytes, &err), RFM_OK);
    assert_int_equal(rfm_files_unpack(bytes.bytes, bytes.length, &back, &err), RFM_OK);
    assert_int_equal(back.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(back.files[i].path, two[i].path);
        assert_int_equal(back.files[i].size_bytes, two[i].size_bytes);
        assert_int_equal(back.files[i].modified_us, two[i].modified_us);
        assert_int_equal(back.files[i].whole, two[i].whole);
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
        assert_int_equal(rfm_files_content(&files, rank, n_ranks, &sum, &err), RFM_OK);
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

/* ---- plan ------------------------------------------------------------------------------------ */

static void check_plan(const rfm_files *files, int n_ranks)
{
    rfm_error err = {0};
    rfm_plan plan;
    size_t file = 0;
    int64_t at = 0, total = 0;
    assert_int_equal(rfm_plan_make(files, n_ranks, &plan, &err), RFM_OK);
    assert_int_equal(plan.first[0], 0);
    assert_int_equal(plan.first[n_ranks], plan.n);
    for (size_t i = 0; i < plan.n; i++) { /* every byte once, in order */
        while (at == files->files[file].size_bytes) {
            file++;
            at = 0;
        }
        assert_int_equal(plan.shards[i].file, file);
        assert_int_equal(plan.shards[i].begin, at);
        assert_true(plan.shards[i].end > at);
        at = plan.shards[i].end;
        total += at - plan.shards[i].begin;
        if (files->files[file].whole)
            assert_int_equal(at, files->files[file].size_bytes);
    }
    int64_t all = 0, longest = 0;
    for (size_t i = 0; i < files->n; i++) {
        all += files->files[i].size_bytes;
        if (files->files[i].whole && files->files[i].size_bytes > longest)
            longest = files->files[i].size_bytes;
    }
    assert_int_equal(total, all);
    for (int r = 0; r < n_ranks; r++) {
        int64_t share = 0;
        assert_true(plan.first[r] <= plan.first[r + 1]);
        for (size_t i = plan.first[r]; i < plan.first[r + 1]; i++)
            share += plan.shards[i].end - plan.shards[i].begin;
        assert_true(share <= all / n_ranks + 1 + longest);
    }
    rfm_plan_free(&plan);
}

static void a_plan_shares_every_byte_out_once_and_evenly(void **unused)
{
    (void)unused;
    uint64_t state = 42;
    for (int i = 0; i < 3000; i++) {
        rfm_file some[6];
        rfm_files files = {some, (size_t)i % 7};
        for (size_t f = 0; f < files.n; f++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            some[f] = (rfm_file){
                .path = "x", .size_bytes = (int64_t)(state >> 40) % (i % 3 ? 1000 : 5), .whole = state >> 37 & 1};
        }
        for (int n_ranks = 1; n_ranks <= 9; n_ranks++)
            check_plan(&files, n_ranks);
    }
}

static void an_even_plan_needs_no_more_than_a_shard_a_rank_and_file(void **unused)
{
    (void)unused;
    rfm_error err = {0};
    rfm_plan plan;
    rfm_file some[] = {{"a", INT64_C(4000000000000000000), 0, false}, {"b", 100, 0, true}};
    const rfm_files files = {some, 2};
    assert_int_equal(rfm_plan_make(&files, 4, &plan, &err), RFM_OK);
    assert_int_equal(plan.n, 5);
    assert_int_equal(plan.shards[1].begin, INT64_C(1000000000000000025));
    assert_int_equal(plan.first[3], 3);
    rfm_plan_free(&plan);
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
    const rfm_shard shard = {0, 0, size};
    const rfm_reading wanted = {.input = &input,
                                .files = &files,
                                .shard = &shard,
                                .index = 0,
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
    const rfm_shard shard = {0, 0, file.size_bytes};
    const rfm_reading wanted = {.input = &input,
                                .files = &files,
                                .shard = &shard,
                                .index = 0,
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
        cmocka_unit_test(a_directory_is_an_error_that_shows_the_pattern),
        cmocka_unit_test(what_is_no_regular_file_is_refused),
        cmocka_unit_test(a_file_without_permission_is_denied),
        cmocka_unit_test(quoted_line_ends_in_the_first_block_mark_a_file_whole),
        cmocka_unit_test(a_list_of_files_travels_as_bytes),
        cmocka_unit_test(content_is_the_bytes_and_neither_the_name_nor_the_ranks),
        cmocka_unit_test(a_plan_shares_every_byte_out_once_and_evenly),
        cmocka_unit_test(an_even_plan_needs_no_more_than_a_shard_a_rank_and_file),
        cmocka_unit_test(a_file_of_another_size_has_changed),
        cmocka_unit_test(a_file_that_shrinks_or_grows_under_the_reader_has_changed),
        cmocka_unit_test(a_file_that_vanished_is_an_input_error),
        cmocka_unit_test(a_read_error_is_an_io_error_with_its_place),
        cmocka_unit_test(a_failing_sink_ends_the_reading_at_once),
        cmocka_unit_test(rejects_are_counted_exactly_and_kept_up_to_the_cap),
    };
    return cmocka_run_group_tests(tests, harness_open, harness_close);
}
