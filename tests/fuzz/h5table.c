/* HDF5 event tables: a file that HDF5 itself wrote, with datasets of any type, layout, length and attributes, is the
 * same rows every time, or RFM_DATA. Not any bytes: HDF5 does not survive those.
 */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "h5table.h"

enum { MAX_COLUMNS = 5, MAX_ROWS = 40, MAX_WIDTH = 16, MAX_TEXT = 24 };

#define CHOOSE(input, list) list[fuzz_below(input, sizeof(list) / sizeof *(list))]

/* ---- attributes ------------------------------------------------------------------------------------------------- */

static void write_attribute(hid_t object, const char *name, hid_t type, const void *value)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    must(attribute >= 0 && H5Awrite(attribute, type, value) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

static void write_text(hid_t object, const char *name, const char *text, bool variable)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, variable ? H5T_VARIABLE : strlen(text) + 1);
    write_attribute(object, name, type, variable ? (const void *)&text : text);
    H5Tclose(type);
}

static int64_t choose_integer(fuzz_input *input)
{
    static const int64_t some[] = {0, 1, 2, -1, 18, 19, INT64_MIN, INT64_MAX, -2147483648LL, 255, 65535};
    const size_t n = fuzz_below(input, 3);
    return n == 0 ? (int64_t)fuzz_below(input, 256) - 128 : CHOOSE(input, some);
}

static void write_integer(hid_t object, const char *name, fuzz_input *input)
{
    const int64_t value = choose_integer(input);
    if (fuzz_below(input, 8) == 7)
        write_text(object, name, "7", true);
    else
        write_attribute(object, name, H5T_NATIVE_INT64, &value);
}

/* One of the known words, mostly; or bytes of the input. */
static void write_word(hid_t object, const char *name, const char *word, fuzz_input *input)
{
    char text[MAX_TEXT + 1] = "";
    const size_t how = fuzz_below(input, 16);
    if (how == 15) {
        const size_t n = input->n < MAX_TEXT ? input->n : MAX_TEXT;
        memcpy(text, input->bytes, n);
        input->bytes += n;
        input->n -= n;
        word = text;
    }
    if (how == 14)
        write_attribute(object, name, H5T_NATIVE_INT, &(int){1});
    else
        write_text(object, name, word, how & 1);
}

static void write_meaning(hid_t column, fuzz_input *input)
{
    static const char *const meanings[] = {"integer", "decimal", "date", "time", "dictionary", "text"};
    static const char *const units[] = {"s", "ms", "us", "h"};
    static const char *const patterns[] = {
        "YYYY-MM-DD", "YYYYMMDD",   "YYYY-MM-DD hh:mm:ss UTC", "YYYY-MM-DDThh:mm:ss.ffffff+0130", "hh",
        "",           "DD.MM.YYYY", "MM/DD/YYYY hh:mm:ss"};
    static const char *const dictionaries[] = {"/dictionaries/fixed", "/dictionaries/variable",
                                               "/dictionaries/integers", "/nowhere", "/events"};
    static const char *const formats[] = {"auto", "iso", "seconds", "date", "never", "day-first", "month-first"};
    const size_t said = fuzz_below(input, 256);
    if (said & 1)
        write_word(column, "meaning", CHOOSE(input, meanings), input);
    if (said & 2)
        write_integer(column, "scale", input);
    if (said & 4)
        write_word(column, "unit", CHOOSE(input, units), input);
    if (said & 8)
        write_word(column, "pattern", CHOOSE(input, patterns), input);
    if (said & 16)
        write_integer(column, "null", input);
    if (said & 32)
        write_word(column, "dictionary", CHOOSE(input, dictionaries), input);
    if (said & 64)
        write_word(column, "time_format", CHOOSE(input, formats), input);
    if ((said & 7) == 3 && fuzz_below(input, 4) == 3)
        write_word(column, "decimal_mark", fuzz_below(input, 4) == 3 ? "dot" : "comma", input);
    if (said & 128)
        write_word(column, "name", "another", input);
}

/* ---- columns ---------------------------------------------------------------------------------------------------- */

enum { N_NUMBERS = 14, TYPE_FIXED = N_NUMBERS, TYPE_VARIABLE, TYPE_BOOLEAN, TYPE_ENUMERATION, TYPE_PAIR, N_TYPES };

static hid_t make_enumeration(const char *no, const char *yes)
{
    const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
    H5Tenum_insert(type, no, &(int8_t){0});
    H5Tenum_insert(type, yes, &(int8_t){1});
    return type;
}

static hid_t make_type(size_t chosen, size_t width)
{
    const hid_t numbers[N_NUMBERS] = {H5T_STD_I8LE,  H5T_STD_U8LE,  H5T_STD_I16LE,  H5T_STD_U16LE,     H5T_STD_I32LE,
                                      H5T_STD_U32LE, H5T_STD_I64LE, H5T_STD_U64LE,  H5T_IEEE_F32LE,    H5T_IEEE_F64LE,
                                      H5T_STD_I32BE, H5T_STD_U64BE, H5T_IEEE_F64BE, H5T_NATIVE_LDOUBLE};
    if (chosen < N_NUMBERS)
        return H5Tcopy(numbers[chosen]);
    if (chosen == TYPE_BOOLEAN || chosen == TYPE_ENUMERATION)
        return make_enumeration("FALSE", chosen == TYPE_BOOLEAN ? "TRUE" : "PERHAPS");
    if (chosen == TYPE_PAIR) {
        const hid_t type = H5Tcreate(H5T_COMPOUND, 2);
        H5Tinsert(type, "x", 0, H5T_STD_I8LE);
        return type;
    }
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, chosen == TYPE_VARIABLE ? H5T_VARIABLE : width);
    H5Tset_strpad(type, width % 2 ? H5T_STR_NULLPAD : H5T_STR_SPACEPAD);
    return type;
}

/* The bytes of the rows are what comes next in the input, over and over; nothing of it is used up. */
static void write_rows(hid_t dataset, hid_t type, size_t rows, const fuzz_input *input)
{
    const size_t width = H5Tget_size(type), n = rows * width;
    char *cells = calloc(n + MAX_WIDTH, 1), *texts = calloc(rows + 1, MAX_WIDTH);
    for (size_t i = 0; i < n && input->n > 0; i++)
        cells[i] = input->bytes[i % input->n];
    for (size_t i = 0; H5Tis_variable_str(type) > 0 && i < rows; i++) {
        char *text = texts + MAX_WIDTH * i;
        memcpy(text, cells + i * width, MAX_WIDTH - 1);
        memcpy(cells + i * width, &text, sizeof text);
    }
    must(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells) >= 0);
    free(cells);
    free(texts);
}

static hid_t make_layout(size_t how, hsize_t rows, hsize_t chunk)
{
    const hid_t layout = H5Pcreate(H5P_DATASET_CREATE);
    if (how == 1)
        H5Pset_layout(layout, H5D_COMPACT);
    if (how >= 2 && rows > 0)
        H5Pset_chunk(layout, 1, &chunk);
    if (how == 3 && rows > 0)
        H5Pset_deflate(layout, 1);
    return layout;
}

/* One dataset in sixteen is never written, and one is a matrix. */
static hid_t make_dataset(hid_t group, const char *name, size_t chosen, hsize_t rows, fuzz_input *input)
{
    const hid_t type = make_type(chosen, 1 + fuzz_below(input, MAX_WIDTH - 1));
    const size_t oddity = fuzz_below(input, 16);
    const hsize_t extent[2] = {rows, 1};
    const hsize_t chunk = 1 + fuzz_below(input, rows > 0 ? rows : 1);
    const hid_t space = H5Screate_simple(oddity == 15 ? 2 : 1, extent, NULL);
    const hid_t layout = make_layout(oddity == 15 ? 0 : fuzz_below(input, 4), rows, chunk);
    const hid_t dataset = H5Dcreate2(group, name, type, space, H5P_DEFAULT, layout, H5P_DEFAULT);
    must(dataset >= 0);
    if (oddity != 14)
        write_rows(dataset, type, rows, input);
    H5Pclose(layout);
    H5Sclose(space);
    H5Tclose(type);
    return dataset;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static void write_dictionaries(hid_t file, fuzz_input *input)
{
    static const char *const names[] = {"fixed", "variable", "integers"};
    static const size_t types[] = {TYPE_FIXED, TYPE_VARIABLE, 4};
    const hid_t group = H5Gcreate2(file, "dictionaries", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hsize_t rows = fuzz_below(input, 8);
    for (int i = 0; i < 3; i++)
        H5Dclose(make_dataset(group, names[i], types[i], rows, input));
    H5Gclose(group);
}

static void write_group(hid_t group, int64_t rows, fuzz_input *input)
{
    const size_t said = fuzz_below(input, 32);
    if (said & 1)
        write_word(group, "format", "rfmpi events 1", input);
    if (said == 31)
        write_integer(group, "rows", input);
    else if (said & 2)
        write_attribute(group, "rows", H5T_NATIVE_INT64, &rows);
}

static void write_table(const char *path, fuzz_input *input)
{
    static const char *const names[MAX_COLUMNS] = {"customer", "time", "event", "amount", "more"};
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    must(file >= 0);
    const hid_t group = H5Gcreate2(file, "events", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hsize_t rows = fuzz_below(input, MAX_ROWS);
    write_group(group, (int64_t)rows, input);
    write_dictionaries(file, input);
    for (size_t i = 0, n = fuzz_below(input, MAX_COLUMNS + 1); i < n; i++) {
        const size_t chosen = fuzz_below(input, N_TYPES), longer = fuzz_below(input, 32) == 31;
        const hid_t column = make_dataset(group, names[i], chosen, rows + longer, input);
        write_meaning(column, input);
        H5Dclose(column);
    }
    H5Gclose(group);
    H5Fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fuzz_input input = {(const char *)bytes, n};
    const fuzz_manner how = fuzz_choose_manner(&input);
    const char *path = fuzz_file("", 0);
    write_table(path, &input);
    fuzz_columns(&rfm_h5_events, path, how);
    return 0;
}
