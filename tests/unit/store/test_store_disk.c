/* A full disk: every write into a run ends in a message on all ranks, and what was published stays whole. */
#include "disk.h"
#include "files.h"

#include <sys/statvfs.h>

/* Leave so many pages of the disk free; a file system that is not full yet is filled to there. */
static void fill_disk(unsigned pages)
{
    struct statvfs space;
    if (is_first()) {
        FILE *file = fopen(in_folder("disk/filler"), "a");
        assert_non_null(file);
        char page[4096] = {1};
        while (statvfs(in_folder("disk"), &space) == 0 && space.f_bavail > pages)
            assert_true(fwrite(page, sizeof page, 1, file) == 1 && fflush(file) == 0);
        fclose(file);
    }
    rfm_comm_barrier(comm);
}

static rfm_status write_row(void *context, size_t row, rfm_text *line, rfm_error *err)
{
    const int64_t *first = context;
    rfm_text_addf(line, "%llu\n", (unsigned long long)rfm_hash64_integer(*first + (int64_t)row));
    return rfm_text_check(line, err);
}

static void parts_on_a_full_disk_fail_on_all_ranks(void **state)
{
    (void)state;
    if (!mount_disk("size=1m"))
        skip();
    for (unsigned pages = 0; pages < 60; pages += 7) {
        rfm_error err = {0};
        int64_t n = 40000 / rfm_comm_size(comm), first = n * rfm_comm_rank(comm);
        rfm_parts parts = {.header = "h\n", .part_rows = 15000, .level = 1, .n_local = (size_t)n, .write = write_row};
        parts.context = &first;
        if (is_first())
            unlink(in_folder("disk/filler"));
        fill_disk(pages);
        rfm_parts_write(comm, in_folder("disk/parts"), &parts, &err);
        assert_failed(&err, RFM_IO, "No space left on device");
        if (is_first()) {
            char command[600];
            snprintf(command, sizeof command, "rm -rf '%s'", in_folder("disk/parts"));
            assert_int_equal(system(command), 0);
        }
    }
    unmount_disk();
}

static void what_was_published_survives_a_full_disk(void **state)
{
    (void)state;
    if (!mount_disk("size=1m"))
        skip();
    rfm_error err = {0};
    rfm_run *run = NULL;
    rfm_text bytes = {0};
    rfm_origin origin = {0};
    bool present = false;
    char big[20000];
    memset(big, 'x', sizeof big);
    rfm_text_adds(&bytes, "small");
    rfm_origin_add(&origin, "k", "1", &err);
    rfm_run_open(comm, in_folder("disk/run"), &run, &err);
    rfm_run_put(run, "x", &origin, &bytes, &err);
    assert_fine(&err);
    rfm_text_add(&bytes, big, sizeof big);
    for (unsigned pages = 0; pages < 5; pages++) {
        fill_disk(0);
        if (is_first() && pages > 0)
            assert_int_equal(truncate(in_folder("disk/filler"), 4096 * (128 - (off_t)pages)), 0);
        rfm_comm_barrier(comm);
        fill_disk(pages);
        rfm_run_put(run, "x", &origin, &bytes, &err);
        assert_failed(&err, RFM_IO, "No space left on device");
        rfm_run_find(run, "x", &origin, false, &present, &err);
        assert_fine(&err);
        assert_true(present);
        char *text = read_text(rfm_run_path(run, "x"), NULL);
        assert_string_equal(text, "small");
        free(text);
        rfm_comm_barrier(comm);
        if (is_first())
            unlink(rfm_run_temporary(run, "x"));
    }
    fill_disk(0);
    rfm_report_save(run, &err);
    assert_failed(&err, RFM_IO, "No space left on device");
    assert_true(is_there(in_folder("disk/run/run.json")));
    rfm_run_close(run);
    rfm_text_free(&bytes);
    rfm_origin_free(&origin);
    unmount_disk();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_on_a_full_disk_fail_on_all_ranks),
        cmocka_unit_test(what_was_published_survives_a_full_disk),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
