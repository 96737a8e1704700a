/* A disk that is full or broken ends every rank with a message and never in a wait: at each step of a write, on any
 * rank. */
#include "disk.h"
#include "file.h"
#include "ranks.h"

#include <errno.h>

enum { DISK_BYTES = 4 << 20 };

static const char DISK[] = "size=4m";

/* Leave `bytes` of the disk free. */
static void fill_disk(size_t bytes)
{
    if (rfm_comm_rank(comm) == 0) {
        FILE *file = fopen(in_folder("disk/filler"), "w");
        assert_non_null(file);
        assert_int_equal(ftruncate(fileno(file), 0), 0);
        for (size_t i = 0; i < DISK_BYTES - bytes; i += 4096) {
            char block[4096] = {1};
            fwrite(block, 1, sizeof block, file);
        }
        fclose(file);
    }
    rfm_comm_barrier(comm);
}

/* A table, a group, an attribute. On the rank `broken` no write to the disk succeeds. */
static rfm_status write_some(size_t bytes_a_rank, int broken, rfm_error *err)
{
    rfm_error ignored = {0};
    rfm_h5 *file = NULL;
    rfm_h5_shape shape = {.type = RFM_H5_F64, .columns = 2};
    size_t rows = bytes_a_rank / 16;
    double *values = rfm_alloc(rows, 16, &ignored);
    for (size_t i = 0; i < 2 * rows; i++)
        values[i] = (double)i;
    char *text = rfm_alloc(100001, 1, &ignored);
    memset(text, 'x', 100000);
    if (!rfm_h5_create(comm, in_folder("disk/table.h5"), &file, err)) {
        file->disk.failed = rfm_comm_rank(comm) == broken ? EROFS : 0;
        if (!rfm_h5_write(file, "/a/values", &shape, rows, values, err) &&
            !rfm_h5_put_text(file, "/a", "text", text, err))
            rfm_h5_write(file, "/b/c/values", &shape, rows, values, err);
    }
    rfm_h5_close(file, err);
    free(values);
    free(text);
    return err->status;
}

static void a_full_disk_is_an_error_on_all_ranks(void **state)
{
    (void)state;
    if (!mount_disk(DISK))
        skip();
    size_t ranks = (size_t)rfm_comm_size(comm), n_failed = 0;
    /* From no room at all, through room for a part of it, to room for all. */
    for (size_t left = 0; left <= (size_t)2 << 20; left += 65536) {
        rfm_error err = {0};
        fill_disk(left);
        if (write_some(((size_t)512 << 10) / ranks, RFM_NO_RANK, &err)) {
            n_failed++;
            assert_int_not_equal(access(in_folder("disk/table.h5"), F_OK), 0);
            assert_non_null(strstr(err.message, "disk/table.h5: "));
            assert_failed(&err, RFM_IO, "No space left on device");
        } else {
            assert_int_equal(access(in_folder("disk/table.h5"), F_OK), 0);
            rfm_comm_barrier(comm);
            if (rfm_comm_rank(comm) == 0)
                unlink(in_folder("disk/table.h5"));
        }
    }
    assert_in_range(n_failed, 4, 30);
    unmount_disk();
}

static void writes_that_fail_on_one_rank_are_an_error_on_all(void **state)
{
    (void)state;
    if (rfm_comm_rank(comm) == 0)
        mkdir(in_folder("disk"), 0700);
    rfm_comm_barrier(comm);
    for (int broken = 0; broken < rfm_comm_size(comm); broken++) {
        rfm_error err = {0};
        write_some(4096, broken, &err);
        assert_int_equal(err.rank, broken);
        assert_failed(&err, RFM_IO, "disk/table.h5: cannot write: Read-only file system");
        assert_int_not_equal(access(in_folder("disk/table.h5"), F_OK), 0);
        rfm_comm_barrier(comm);
    }
    rfm_error err = {0};
    write_some(4096, RFM_NO_RANK, &err);
    assert_fine(&err);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_is_an_error_on_all_ranks),
        cmocka_unit_test(writes_that_fail_on_one_rank_are_an_error_on_all),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
