/* What does not fit memory comes back as it was written, leaves no file behind, and says so when it cannot. */
#include "reference.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"

static char folder[] = "/tmp/rfmpi-scratch-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static size_t count_files(void)
{
    size_t n = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        n += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(directory);
    return n;
}

enum { N_WORDS = 1000, N_PARTS = 20 };

static void fill(uint64_t *words, size_t part)
{
    for (size_t i = 0; i < N_WORDS; i++)
        words[i] = rfm_hash64_integer((int64_t)(part * N_WORDS + i));
}

static void parts_come_back_in_any_order(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_scratch scratch = {0};
    rfm_scratch_place places[N_PARTS];
    uint64_t words[N_WORDS], back[N_WORDS];
    assert_int_equal(rfm_scratch_open(&scratch, folder, &err), RFM_OK);
    assert_int_equal(count_files(), 0); /* it has no name */
    for (size_t part = 0; part < N_PARTS; part++) {
        fill(words, part);
        assert_int_equal(rfm_scratch_write(&scratch, words, sizeof words - part * 50, &places[part], &err), RFM_OK);
    }
    for (size_t part = N_PARTS; part-- > 0;) {
        fill(words, part);
        assert_int_equal(rfm_scratch_read(&scratch, &places[part], back, &err), RFM_OK);
        assert_memory_equal(words, back, sizeof words - part * 50);
    }
    rfm_scratch_close(&scratch);
    rfm_scratch_close(&scratch);
}

/* Whoever has too many files open closes it, and it is read all the same. */
static void parts_come_back_from_a_file_that_is_closed(void **state)
{
    (void)state;
    rfm_error err = {0};
    char path[100];
    rfm_scratch_place places[N_PARTS];
    uint64_t words[N_WORDS], back[N_WORDS];
    snprintf(path, sizeof path, "%s/kept", folder);
    rfm_scratch scratch = {.path = path, .what = "a test", .file = open(path, O_RDWR | O_CREAT, 0600)};
    for (size_t part = 0; part < N_PARTS; part++) {
        fill(words, part);
        assert_int_equal(rfm_scratch_write(&scratch, words, sizeof words, &places[part], &err), RFM_OK);
    }
    close(scratch.file);
    scratch.file = -1;
    for (size_t part = N_PARTS; part-- > 0;) {
        fill(words, part);
        assert_int_equal(rfm_scratch_read(&scratch, &places[part], back, &err), RFM_OK);
        assert_memory_equal(words, back, sizeof words);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rfm_scratch_read(&scratch, &places[0], back, &err), RFM_IO);
    assert_non_null(strstr(err.message, path));
}

static void what_has_changed_or_ends_early_is_refused(void **state)
{
    (void)state;
    rfm_scratch scratch = {0};
    rfm_scratch_place place;
    uint64_t words[N_WORDS];
    rfm_error fine = {0}, changed = {0}, cut = {0};
    fill(words, 1);
    rfm_scratch_open(&scratch, folder, &fine);
    assert_int_equal(rfm_scratch_write(&scratch, words, sizeof words, &place, &fine), RFM_OK);
    assert_int_equal(pwrite(scratch.file, "x", 1, 77), 1);
    assert_int_equal(rfm_scratch_read(&scratch, &place, words, &changed), RFM_IO);
    assert_non_null(strstr(changed.message, folder));
    assert_int_equal(ftruncate(scratch.file, 5000), 0);
    assert_int_equal(rfm_scratch_read(&scratch, &place, words, &cut), RFM_IO);
    rfm_scratch_close(&scratch);
}

static void nothing_is_written_past_the_limit(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_scratch scratch = {0};
    rfm_scratch_place place;
    char bytes[100] = "x";
    assert_int_equal(rfm_scratch_open(&scratch, folder, &err), RFM_OK);
    scratch.n_bytes = 50;
    scratch.limit = 250;
    assert_int_equal(rfm_scratch_write(&scratch, bytes, 100, &place, &err), RFM_OK);
    assert_int_equal(rfm_scratch_write(&scratch, bytes, 100, &place, &err), RFM_OK);
    assert_int_equal(rfm_scratch_write(&scratch, bytes, 0, &place, &err), RFM_OK);
    assert_int_equal(rfm_scratch_write(&scratch, bytes, 1, &place, &err), RFM_IO);
    assert_non_null(strstr(err.message, "no room left"));
    assert_int_equal(lseek(scratch.file, 0, SEEK_END), 250);
    rfm_scratch_close(&scratch);
}

static void a_directory_that_is_not_there_is_named(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_scratch scratch = {0};
    assert_int_equal(rfm_scratch_open(&scratch, "/nowhere/at/all", &err), RFM_IO);
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
    assert_non_null(strstr(err.message, "output.scratch"));
}

/* A limit on the size of files stands for a disk that is full after so many bytes. */
static void a_full_disk_ends_the_folding_and_names_the_file(void **state)
{
    (void)state;
    struct rlimit before, limit;
    rfm_error err = {0};
    rfm_layout layout;
    rfm_table *table;
    int n;
    const sample_plan plan = {RFM_ID_TEXT, 1, 300, false};
    const rfm_aggregate *aggregates = sample_aggregates(&n);
    sample_event *events = malloc(3000 * sizeof *events);
    assert_non_null(events);
    for (size_t i = 0; i < 3000; i++)
        events[i] = sample_make(&plan, i);
    assert_int_equal(rfm_layout_init(&layout, aggregates, n, &err), RFM_OK);
    assert_int_equal(rfm_table_open(&layout, plan.kind, 1, &table, &err), RFM_OK);
    rfm_table_limit(table, 10000, folder);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = (struct rlimit){.rlim_cur = 100001, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_equal(sample_give(events, 3000, plan.kind, 100, sample_fold, table, &err), RFM_IO);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_non_null(strstr(err.message, folder));
    assert_non_null(strstr(err.message, "File too large"));
    rfm_table_close(table);
    rfm_layout_free(&layout);
    assert_int_equal(count_files(), 0);
    free(events);
}

static void a_frozen_table_has_what_it_spilled(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_layout layout;
    rfm_table *table;
    rfm_state whole;
    int n;
    const sample_plan plan = {RFM_ID_INTEGER, 2, 100, false};
    const rfm_aggregate *aggregates = sample_aggregates(&n);
    sample_event *events = malloc(2000 * sizeof *events);
    assert_non_null(events);
    for (size_t i = 0; i < 2000; i++)
        events[i] = sample_make(&plan, i);
    assert_int_equal(rfm_layout_init(&layout, aggregates, n, &err), RFM_OK);
    assert_int_equal(rfm_table_open(&layout, plan.kind, 1, &table, &err), RFM_OK);
    rfm_table_limit(table, 50000, folder);
    assert_int_equal(sample_give(events, 2000, plan.kind, 100, sample_fold, table, &err), RFM_OK);
    assert_true(rfm_table_spilled_bytes(table) > 100000);
    assert_int_equal(rfm_table_freeze(table, &whole, &err), RFM_OK);
    reference_check(&whole, plan.kind, events, 2000);
    rfm_state_free(&whole);
    rfm_table_close(table);
    rfm_layout_free(&layout);
    free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_come_back_in_any_order),
        cmocka_unit_test(parts_come_back_from_a_file_that_is_closed),
        cmocka_unit_test(what_has_changed_or_ends_early_is_refused),
        cmocka_unit_test(nothing_is_written_past_the_limit),
        cmocka_unit_test(a_directory_that_is_not_there_is_named),
        cmocka_unit_test(a_full_disk_ends_the_folding_and_names_the_file),
        cmocka_unit_test(a_frozen_table_has_what_it_spilled),
    };
    return cmocka_run_group_tests_name("scratch", tests, make_folder, remove_folder);
}
