/* Typed tables through HDF5: what is written is read again at any share of rows; misuse and
 * failures are said on all ranks. */
#include "ranks.h"
#include "table.h"

enum { ROWS = 1003 };

static void reads_at_any_share_what_any_share_wrote(void **state)
{
    (void)state;
    for (int written = EVEN; written < N_SHARES; written++) {
        write_file(in_folder("shares.h5"), (share)written, ROWS, RFM_H5_TRANSFER_BYTES);
        for (int read = EVEN; read < N_SHARES; read++)
            assert_table(in_folder("shares.h5"), (share)read, ROWS, RFM_H5_TRANSFER_BYTES);
    }
}

static void a_transfer_limit_splits_rows_into_rounds(void **state)
{
    (void)state;
    /* Less than one row, a few rows, and rows that do not divide. */
    static const int64_t limits[] = {1, 24, 100, 1000};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        write_file(in_folder("rounds.h5"), ALL_ON_LAST, 97, limits[i]);
        assert_table(in_folder("rounds.h5"), EVEN, 97, RFM_H5_TRANSFER_BYTES);
        assert_table(in_folder("rounds.h5"), ALL_ON_LAST, 97, limits[i]);
    }
}

static void no_rows_at_all_make_an_empty_table(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    rfm_h5_shape shape;
    bool found = false;
    write_file(in_folder("nothing.h5"), EVEN, 0, RFM_H5_TRANSFER_BYTES);
    rfm_h5_open(comm, in_folder("nothing.h5"), &file, &err);
    rfm_h5_shape_of(file, "/features/values", &shape, &found, &err);
    assert_fine(&err);
    assert_true(found);
    assert_int_equal(shape.rows, 0);
    assert_int_equal(shape.columns, 3);
    rfm_h5_read(file, "/features/values", RFM_H5_F64, 0, 0, NULL, &err);
    rfm_h5_close(file, &err);
    assert_fine(&err);
}

static void shapes_say_what_was_written(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    static const struct {
        const char *name;
        const rfm_h5_shape *shape;
        bool matrix;
    } expected[] = {{"/customers/id", &SHAPE_IDS, false},     {"/unsigned", &SHAPE_COUNTS, false},
                    {"features/values", &SHAPE_VALUES, true}, {"/singles", &SHAPE_SINGLES, true},
                    {"/small", &SHAPE_SMALL, true},           {"/texts", &SHAPE_TEXTS, false}};
    write_file(in_folder("shapes.h5"), EVEN, ROWS, RFM_H5_TRANSFER_BYTES);
    rfm_h5_open(comm, in_folder("shapes.h5"), &file, &err);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        rfm_h5_shape shape;
        bool found = false;
        rfm_h5_shape_of(file, expected[i].name, &shape, &found, &err);
        assert_fine(&err);
        assert_true(found);
        assert_int_equal(shape.type, expected[i].shape->type);
        assert_int_equal(shape.rows, ROWS);
        assert_int_equal(shape.columns, expected[i].shape->columns);
        assert_int_equal(shape.matrix, expected[i].matrix);
    }
    static const char *const absent[] = {"/features/weights", "/nowhere/id", "/customers/id/x"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        rfm_h5_shape shape;
        bool found = true;
        rfm_h5_shape_of(file, absent[i], &shape, &found, &err);
        assert_fine(&err);
        assert_false(found);
    }
    rfm_h5_close(file, &err);
    assert_fine(&err);
}

static void attributes_and_names_come_back(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    char *text = NULL, **names = NULL;
    int64_t integer = 0;
    double number = 0;
    size_t n = 0;
    bool found = false;
    write_file(in_folder("attributes.h5"), EVEN, ROWS, RFM_H5_TRANSFER_BYTES);
    rfm_h5_open(comm, in_folder("attributes.h5"), &file, &err);
    rfm_h5_get_text(file, "/features", "unit", &text, &err);
    assert_fine(&err);
    assert_string_equal(text, "days");
    free(text);
    rfm_h5_get_text(file, "/", "empty", &text, &err);
    assert_fine(&err);
    assert_string_equal(text, "");
    free(text);
    rfm_h5_get_text(file, "/", "long", &text, &err);
    assert_fine(&err);
    assert_int_equal(strlen(text), 300000);
    free(text);
    rfm_h5_get_integer(file, "/", "rows", &integer, &err);
    rfm_h5_get_number(file, "/features/values", "pi", &number, &err);
    assert_fine(&err);
    assert_int_equal(integer, ROWS);
    assert_true(number == 3.14159265358979323846);
    rfm_h5_has(file, "/", "rows", &found, &err);
    assert_true(found);
    rfm_h5_has(file, "/", "columns", &found, &err);
    assert_false(found);
    rfm_h5_has(file, "/nowhere", "rows", &found, &err);
    assert_false(found);
    rfm_h5_get_text(file, "/", "absent", &text, &err);
    assert_null(text);
    assert_failed(&err, RFM_DATA, "/ has no attribute absent");
    rfm_h5_read_names(file, "/features/names", &names, &n, &err);
    assert_fine(&err);
    assert_int_equal(n, 3);
    assert_string_equal(names[0], "recency_days");
    assert_string_equal(names[2], "mon\xc3\xa9taire");
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    rfm_h5_close(file, &err);
    assert_fine(&err);
}

static void even_shares_cover_all_rows(void **state)
{
    (void)state;
    static const int64_t totals[] = {0, 1, 2, 3, 4, 5, 1003, INT64_C(4000000000000000001)};
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        int64_t first = -1;
        size_t count = 0;
        rfm_h5_share(comm, totals[i], &first, &count);
        assert_int_equal(first, rfm_comm_before_i64(comm, (int64_t)count));
        int64_t sum = (int64_t)count, least = sum, most = sum;
        rfm_comm_reduce_i64(comm, RFM_SUM, &sum, 1);
        rfm_comm_reduce_i64(comm, RFM_MIN, &least, 1);
        rfm_comm_reduce_i64(comm, RFM_MAX, &most, 1);
        assert_true(sum == totals[i]);
        assert_true(most - least <= 1);
    }
}

/* ---- misuse and failures --------------------------------------------------------------------- */

static void what_is_not_an_hdf5_file_is_named(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    if (rfm_comm_rank(comm) == 0) {
        FILE *text = fopen(in_folder("text.h5"), "w");
        fputs("user_id,price\n", text);
        fclose(text);
        fclose(fopen(in_folder("empty.h5"), "w"));
        assert_int_equal(mkfifo(in_folder("fifo.h5"), 0600), 0);
    }
    rfm_comm_barrier(comm);
    static const struct {
        const char *name, *words;
    } cases[] = {{"absent.h5", "there is no such file"}, {"text.h5", "is not an HDF5 file"},
                 {"empty.h5", "is not an HDF5 file"},    {".", "is not a file"},
                 {"fifo.h5", "is not a file"},           {"text.h5/x", "there is no such file"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_h5_open(comm, in_folder(cases[i].name), &file, &err);
        assert_null(file);
        assert_non_null(strstr(err.message, cases[i].name));
        assert_failed(&err, RFM_DATA, cases[i].words);
    }
}

static void a_torn_file_fails_on_all_ranks(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    struct stat status;
    write_file(in_folder("torn.h5"), EVEN, ROWS, RFM_H5_TRANSFER_BYTES);
    assert_int_equal(stat(in_folder("torn.h5"), &status), 0);
    rfm_comm_barrier(comm);
    if (rfm_comm_rank(comm) == 0)
        assert_int_equal(truncate(in_folder("torn.h5"), status.st_size / 2), 0);
    rfm_comm_barrier(comm);
    rfm_h5_open(comm, in_folder("torn.h5"), &file, &err);
    assert_null(file);
    assert_failed(&err, RFM_DATA, "truncated");
}

static void writing_into_a_missing_or_forbidden_folder_fails(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    rfm_h5_create(comm, in_folder("nowhere/x.h5"), &file, &err);
    assert_null(file);
    assert_failed(&err, RFM_IO, "cannot create");
    if (geteuid() == 0)
        return; /* root may write anywhere */
    if (rfm_comm_rank(comm) == 0)
        mkdir(in_folder("closed"), 0500);
    rfm_comm_barrier(comm);
    rfm_h5_create(comm, in_folder("closed/x.h5"), &file, &err);
    assert_failed(&err, RFM_DENIED, "cannot create");
}

static void misuse_is_said_on_all_ranks(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    int64_t id = 1;
    write_file(in_folder("misuse.h5"), EVEN, ROWS, RFM_H5_TRANSFER_BYTES);
    rfm_h5_open(comm, in_folder("misuse.h5"), &file, &err);
    assert_fine(&err);
    rfm_h5_write(file, "/x", &SHAPE_IDS, 1, &id, &err);
    assert_failed(&err, RFM_INTERNAL, "is open to read");
    rfm_h5_read(file, "/customers/id", RFM_H5_I64, ROWS, 1, &id, &err);
    assert_failed(&err, RFM_DATA, "has 1003 rows; 1 from row 1003 on are wanted");
    rfm_h5_read(file, "/customers/id", RFM_H5_I64, -1, 1, &id, &err);
    assert_failed(&err, RFM_DATA, "has 1003 rows");
    rfm_h5_read(file, "/customers/id", RFM_H5_BYTES, 0, 1, &id, &err);
    assert_failed(&err, RFM_DATA, "numbers where strings are wanted");
    rfm_h5_read(file, "/texts", RFM_H5_I64, 0, 1, &id, &err);
    assert_failed(&err, RFM_DATA, "strings where numbers are wanted");
    rfm_h5_read(file, "/customers/x", RFM_H5_I64, 0, 1, &id, &err);
    assert_failed(&err, RFM_DATA, "there is no dataset /customers/x");
    rfm_h5_close(file, &err);
    assert_fine(&err);
}

static void a_name_twice_gives_the_file_up(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    int64_t id = 1;
    rfm_h5_create(comm, in_folder("twice.h5"), &file, &err);
    rfm_h5_write(file, "/x", &SHAPE_IDS, 1, &id, &err);
    assert_fine(&err);
    rfm_h5_write(file, "/x", &SHAPE_IDS, 1, &id, &err);
    assert_int_equal(err.status, RFM_IO);
    assert_non_null(strstr(err.message, "cannot create dataset /x"));
    rfm_h5_close(file, &err);
    assert_failed(&err, RFM_IO, "already exists");
    assert_int_not_equal(access(in_folder("twice.h5"), F_OK), 0);
}

static void ranks_that_differ_in_columns_are_told(void **state)
{
    (void)state;
    if (rfm_comm_size(comm) == 1)
        return;
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    double row[4] = {0};
    rfm_h5_shape shape = {.type = RFM_H5_F64, .columns = rfm_comm_rank(comm) ? 4 : 3};
    rfm_h5_create(comm, in_folder("differ.h5"), &file, &err);
    rfm_h5_write(file, "/x", &shape, 1, row, &err);
    rfm_h5_close(file, &err);
    assert_failed(&err, RFM_INTERNAL, "the ranks differ");
    assert_int_not_equal(access(in_folder("differ.h5"), F_OK), 0);
}

/* Every agreement of a whole write fails once, on the first and on the last rank: all ranks return
 * it and nothing hangs. */
static void a_failure_injected_anywhere_reaches_all_ranks(void **state)
{
    (void)state;
    bool whole = false;
    table t = make_table(rows_of(EVEN, rfm_comm_rank(comm), rfm_comm_size(comm), 50));
    rfm_comm_stage(comm, "write");
    for (int64_t n = 1; !whole; n++) {
        rfm_error err = {0};
        rfm_h5 *file = NULL;
        comm->fault = (rfm_fault){.stage = "write", .rank = n % 2 ? rfm_comm_size(comm) - 1 : 0, .n = n};
        comm->n_agreed = 0;
        if (!rfm_h5_create(comm, in_folder("fault.h5"), &file, &err))
            write_table(file, &t, &err);
        rfm_h5_close(file, &err);
        whole = !err.status;
        comm->fault.n = 0;
        rfm_comm_barrier(comm);
        assert_true(n > 20 || !whole);
        if (!whole)
            assert_failed(&err, RFM_INTERNAL, "failure injected");
        bool there = access(in_folder("fault.h5"), F_OK) == 0;
        rfm_comm_barrier(comm); /* before rank 0 makes the next one */
        assert_int_equal(there, whole);
    }
    free_table(&t);
    assert_table(in_folder("fault.h5"), EVEN, 50, RFM_H5_TRANSFER_BYTES);
}

static void files_are_their_owners_alone(void **state)
{
    (void)state;
    struct stat status;
    write_file(in_folder("mode.h5"), EVEN, 5, RFM_H5_TRANSFER_BYTES);
    assert_int_equal(stat(in_folder("mode.h5"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    /* Blocks held for what was to come are given back. */
    assert_true(status.st_blocks * 512 < status.st_size + 65536);
}

static void the_library_is_named(void **state)
{
    (void)state;
    char text[64] = "";
    size_t length = rfm_h5_library(text, sizeof text);
    assert_int_equal(length, strlen(text));
    assert_non_null(strstr(text, "1."));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_at_any_share_what_any_share_wrote),
        cmocka_unit_test(a_transfer_limit_splits_rows_into_rounds),
        cmocka_unit_test(no_rows_at_all_make_an_empty_table),
        cmocka_unit_test(shapes_say_what_was_written),
        cmocka_unit_test(attributes_and_names_come_back),
        cmocka_unit_test(even_shares_cover_all_rows),
        cmocka_unit_test(what_is_not_an_hdf5_file_is_named),
        cmocka_unit_test(a_torn_file_fails_on_all_ranks),
        cmocka_unit_test(writing_into_a_missing_or_forbidden_folder_fails),
        cmocka_unit_test(misuse_is_said_on_all_ranks),
        cmocka_unit_test(a_name_twice_gives_the_file_up),
        cmocka_unit_test(ranks_that_differ_in_columns_are_told),
        cmocka_unit_test(a_failure_injected_anywhere_reaches_all_ranks),
        cmocka_unit_test(files_are_their_owners_alone),
        cmocka_unit_test(the_library_is_named),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
