/* h5py reads what we write; what h5py writes is converted without loss or refused. */
#include "table.h"

#include <math.h>

enum { ROWS = 1003 };

/* Rank 0 runs the peer; all ranks get whether it went well. False after a message where there is no
 * Python. */
static bool run_peer(const char *arguments, bool *fine)
{
    int64_t result = 0;
    if (rfm_comm_rank(comm) == 0) {
        const char *python = getenv("RFMPI_PYTHON"), *source = getenv("RFMPI_SOURCE");
        char command[2000];
        snprintf(command, sizeof command, "'%s' '%s/tests/unit/hdf5/peer.py' %s", python ? python : "",
                 source ? source : "", arguments);
        result = python && source && access(python, X_OK) == 0 ? system(command) : -1;
        if (result == -1)
            print_message("RFMPI_PYTHON names no Python: h5py is not asked\n");
    }
    rfm_comm_bcast(comm, 0, &result, sizeof result);
    *fine = result == 0;
    return result != -1;
}

static void h5py_reads_what_we_write(void **state)
{
    (void)state;
    char arguments[800];
    bool fine = false;
    write_file(in_folder("ours.h5"), EVERY_OTHER_EMPTY, ROWS, 1000);
    snprintf(arguments, sizeof arguments, "check '%s' %d", in_folder("ours.h5"), ROWS);
    if (!run_peer(arguments, &fine))
        skip();
    assert_true(fine);
}

static void assert_numbers(rfm_h5 *file, const char *name, rfm_h5_type expected, double first, double step)
{
    rfm_error err = {0};
    rfm_h5_shape shape;
    bool found = false;
    double values[10];
    rfm_h5_shape_of(file, name, &shape, &found, &err);
    assert_fine(&err);
    assert_true(found);
    assert_int_equal(shape.type, expected);
    int64_t from = 10 * rfm_comm_rank(comm);
    rfm_h5_read(file, name, RFM_H5_F64, from, 10, values, &err);
    assert_fine(&err);
    for (int i = 0; i < 10; i++)
        assert_true(values[i] == first + step * (double)(from + i));
}

static void assert_refused(rfm_h5 *file, const char *name, const char *words)
{
    rfm_error err = {0};
    rfm_h5_shape shape;
    bool found = false;
    rfm_h5_shape_of(file, name, &shape, &found, &err);
    assert_failed(&err, RFM_DATA, words);
}

static void assert_lost(rfm_h5 *file, const char *name, rfm_h5_type type)
{
    rfm_error err = {0};
    int64_t values[1000];
    rfm_h5_read(file, name, type, 0, 4, values, &err);
    assert_failed(&err, RFM_DATA, "does not fit");
}

static void check_foreign_numbers(rfm_h5 *file)
{
    rfm_error err = {0};
    int64_t integers[5];
    double special[4];
    assert_numbers(file, "be32", RFM_H5_F32, 0, 0.125);
    assert_numbers(file, "half", RFM_H5_F32, 0, 0.125);
    assert_numbers(file, "u8", RFM_H5_I32, 0, 1);
    assert_numbers(file, "u32", RFM_H5_I64, 4294960000.0, 1);
    assert_numbers(file, "i64", RFM_H5_I64, 0, 1e12);
    assert_numbers(file, "whole", RFM_H5_F64, 0, 1);
    assert_numbers(file, "group/inner", RFM_H5_I64, 0, 1);
    rfm_h5_read(file, "whole", RFM_H5_I64, 5, 5, integers, &err);
    assert_fine(&err);
    assert_int_equal(integers[4], 9);
    rfm_h5_read(file, "special", RFM_H5_F64, 0, 4, special, &err);
    assert_fine(&err);
    assert_true(isnan(special[0]) && special[1] == INFINITY && special[2] == -INFINITY && special[3] == 1);
    assert_lost(file, "fraction", RFM_H5_I64);
    assert_lost(file, "u64", RFM_H5_I64);
    assert_lost(file, "huge", RFM_H5_F32);
    assert_lost(file, "special", RFM_H5_I64);
    rfm_h5_read(file, "packed", RFM_H5_I64, 999, 1, integers, &err);
    assert_fine(&err);
    assert_int_equal(integers[3], 2997);
}

static void check_foreign_texts(rfm_h5 *file)
{
    rfm_error err = {0};
    char padded[15], *text = NULL, **names = NULL;
    size_t n = 0;
    int64_t integer = 0;
    double number = 0;
    rfm_h5_read(file, "padded", RFM_H5_BYTES, 0, 3, padded, &err);
    assert_fine(&err);
    assert_memory_equal(padded, "ab\0\0\0abc\0\0\0\0\0\0", 15);
    rfm_h5_read_names(file, "lists", &names, &n, &err);
    assert_fine(&err);
    assert_int_equal(n, 4);
    assert_string_equal(names[3], "d\xc3\xa9");
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    rfm_h5_get_text(file, "/", "text", &text, &err);
    assert_fine(&err);
    assert_string_equal(text, "v\xc3\xa1ri");
    free(text);
    rfm_h5_get_text(file, "/", "fixed", &text, &err);
    assert_fine(&err);
    assert_string_equal(text, "fixed");
    free(text);
    rfm_h5_get_integer(file, "/", "integer", &integer, &err);
    assert_int_equal(integer, -5);
    rfm_h5_get_integer(file, "/", "single", &integer, &err);
    assert_int_equal(integer, 7);
    rfm_h5_get_number(file, "/", "integer", &number, &err);
    assert_true(number == -5);
    assert_fine(&err);
    rfm_h5_get_integer(file, "/", "number", &integer, &err);
    assert_failed(&err, RFM_DATA, "is not an integer");
    rfm_h5_get_integer(file, "/", "several", &integer, &err);
    assert_failed(&err, RFM_DATA, "is not a single value");
    rfm_h5_get_number(file, "/", "text", &number, &err);
    assert_failed(&err, RFM_DATA, "is not a number");
    rfm_h5_get_text(file, "/", "number", &text, &err);
    assert_failed(&err, RFM_DATA, "is not a text");
    rfm_h5_get_integer(file, "/", "beyond", &integer, &err);
    assert_failed(&err, RFM_DATA, "beyond");
}

static void files_from_h5py_are_converted_or_refused(void **state)
{
    (void)state;
    char arguments[800];
    bool fine = false, found = true;
    rfm_error err = {0};
    rfm_h5 *file = NULL;
    rfm_h5_shape shape;
    snprintf(arguments, sizeof arguments, "write '%s'", in_folder("theirs.h5"));
    if (!run_peer(arguments, &fine))
        skip();
    assert_true(fine);
    rfm_h5_open(comm, in_folder("theirs.h5"), &file, &err);
    assert_fine(&err);
    check_foreign_numbers(file);
    check_foreign_texts(file);
    assert_refused(file, "cube", "one or two dimensions");
    assert_refused(file, "scalar", "one or two dimensions");
    assert_refused(file, "empty", "one or two dimensions");
    assert_refused(file, "flags", "neither integers");
    assert_refused(file, "complex", "neither integers");
    assert_refused(file, "long_double", "neither integers");
    assert_refused(file, "lists", "variable length");
    assert_refused(file, "group", "cannot open dataset group");
    assert_refused(file, "overflow", "more than 2^60 elements");
    assert_refused(file, "wide", "rows of more than 2^30 bytes");
    rfm_h5_shape_of(file, "immense", &shape, &found, &err);
    assert_fine(&err);
    assert_int_equal(shape.rows, INT64_C(1) << 40);
    rfm_h5_shape_of(file, "dangling", &shape, &found, &err);
    assert_fine(&err);
    assert_false(found);
    rfm_h5_close(file, &err);
    assert_fine(&err);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h5py_reads_what_we_write),
        cmocka_unit_test(files_from_h5py_are_converted_or_refused),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
