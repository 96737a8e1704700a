/* column: a one-dimensional dataset of a table, read and written by ranges of rows. Checks all that a file says of it;
 * knows nothing of what the cells mean.
 */
#include "table.h"

#include "arena.h"

#include <stdlib.h>
#include <string.h>

/* A chunk is held whole while it is read. */
enum { CHUNK_BYTES = 1 << 28, CACHE_BYTES = 1 << 20, CACHE_SLOTS = 521 };

struct rfm_h5_dataset {
    const rfm_h5 *file; /* borrowed */
    char *name;
    hid_t id, type; /* type: in memory */
    hid_t transfer;
    size_t chunk_bytes; /* 0: it has none */
    rfm_h5_arena texts; /* of the last read */
};

/* ---- types ------------------------------------------------------------------------------------------------------ */

static const struct {
    size_t bytes;
    bool is_signed;
} integers[] = {[RFM_H5_CELL_I8] = {1, true},   [RFM_H5_CELL_U8] = {1, false},  [RFM_H5_CELL_I16] = {2, true},
                [RFM_H5_CELL_U16] = {2, false}, [RFM_H5_CELL_I32] = {4, true},  [RFM_H5_CELL_U32] = {4, false},
                [RFM_H5_CELL_I64] = {8, true},  [RFM_H5_CELL_U64] = {8, false}, [RFM_H5_CELL_BOOLEAN] = {1, false}};

static hid_t text_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

/* In memory and, being little-endian where that is the machine's order, in the files we write. */
static hid_t type_of(rfm_h5_cell cell, size_t width)
{
    static const hid_t none = -1;
    switch (cell) {
    case RFM_H5_CELL_I8:
        return H5Tcopy(H5T_NATIVE_INT8);
    case RFM_H5_CELL_U8:
        return H5Tcopy(H5T_NATIVE_UINT8);
    case RFM_H5_CELL_I16:
        return H5Tcopy(H5T_NATIVE_INT16);
    case RFM_H5_CELL_U16:
        return H5Tcopy(H5T_NATIVE_UINT16);
    case RFM_H5_CELL_I32:
        return H5Tcopy(H5T_NATIVE_INT32);
    case RFM_H5_CELL_U32:
        return H5Tcopy(H5T_NATIVE_UINT32);
    case RFM_H5_CELL_I64:
        return H5Tcopy(H5T_NATIVE_INT64);
    case RFM_H5_CELL_U64:
        return H5Tcopy(H5T_NATIVE_UINT64);
    case RFM_H5_CELL_F32:
        return H5Tcopy(H5T_NATIVE_FLOAT);
    case RFM_H5_CELL_F64:
        return H5Tcopy(H5T_NATIVE_DOUBLE);
    case RFM_H5_CELL_BYTES:
        return text_type(width);
    default:
        return none;
    }
}

static rfm_h5_cell integer_cell(hid_t type, size_t size)
{
    const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    for (rfm_h5_cell cell = RFM_H5_CELL_I8; cell <= RFM_H5_CELL_U64; cell++)
        if (integers[cell].bytes >= size && integers[cell].is_signed == is_signed)
            return cell;
    return RFM_H5_CELL_OTHER;
}

/* h5py's bool: an enumeration of one byte, FALSE 0 and TRUE 1. */
static bool is_boolean(hid_t type)
{
    uint8_t no = 1, yes = 0;
    return H5Tget_size(type) == 1 && H5Tget_nmembers(type) == 2 && H5Tenum_valueof(type, "FALSE", &no) >= 0 &&
           H5Tenum_valueof(type, "TRUE", &yes) >= 0 && no == 0 && yes == 1;
}

static rfm_h5_cell cell_of(hid_t type)
{
    const size_t size = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        return integer_cell(type, size);
    case H5T_FLOAT:
        return size <= 4 ? RFM_H5_CELL_F32 : size <= 8 ? RFM_H5_CELL_F64 : RFM_H5_CELL_OTHER;
    case H5T_ENUM:
        return is_boolean(type) ? RFM_H5_CELL_BOOLEAN : RFM_H5_CELL_OTHER;
    case H5T_STRING:
        if (H5Tis_variable_str(type) > 0)
            return RFM_H5_CELL_TEXT;
        return size <= RFM_H5_TEXT_BYTES ? RFM_H5_CELL_BYTES : RFM_H5_CELL_OTHER;
    default:
        return RFM_H5_CELL_OTHER;
    }
}

/* The type cells have in memory. HDF5 converts the padding of strings, but not their character set: that stays the
 * file's. */
static hid_t memory_type(hid_t stored, rfm_h5_cell cell)
{
    if (cell != RFM_H5_CELL_BYTES && cell != RFM_H5_CELL_TEXT && cell != RFM_H5_CELL_BOOLEAN)
        return type_of(cell, 0);
    hid_t type = H5Tcopy(stored);
    if (cell == RFM_H5_CELL_BYTES)
        H5Tset_strpad(type, H5T_STR_NULLPAD);
    return type;
}

/* ---- what a file says of a dataset ------------------------------------------------------------------------------ */

/* Rows are read as they were written, never as HDF5 makes them up where nothing was. NULL, or what is wrong. */
static const char *check_chunks(struct rfm_h5_dataset *dataset, hid_t space, hid_t layout, hsize_t rows,
                                size_t stored_bytes)
{
    hsize_t chunk = 0, n = 0;
    if (H5Pget_chunk(layout, 1, &chunk) != 1 || chunk == 0)
        return "has chunks of another shape";
    if (chunk > CHUNK_BYTES / stored_bytes)
        return "has chunks of more than 2^28 bytes";
    dataset->chunk_bytes = (size_t)chunk * stored_bytes;
    const hsize_t expected = rows / chunk + (rows % chunk > 0);
    return H5Dget_num_chunks(dataset->id, space, &n) < 0 || n != expected ? "was not written to its end" : NULL;
}

static const char *check_storage(struct rfm_h5_dataset *dataset, hid_t space, hid_t layout, hsize_t rows,
                                 size_t stored_bytes)
{
    if (stored_bytes == 0) /* HDF5 believes a file that says so */
        return "has cells of no size";
    switch (H5Pget_layout(layout)) {
    case H5D_CHUNKED:
        return check_chunks(dataset, space, layout, rows, stored_bytes);
    case H5D_COMPACT:
        return NULL;
    case H5D_CONTIGUOUS:
        if (H5Pget_external_count(layout) != 0)
            return "keeps its rows in another file";
        return H5Dget_storage_size(dataset->id) < rows * stored_bytes ? "was not written to its end" : NULL;
    default:
        return "keeps its rows in another file";
    }
}

static const char *check_extent(hid_t space, hsize_t *rows)
{
    if (H5Sget_simple_extent_type(space) != H5S_SIMPLE || H5Sget_simple_extent_ndims(space) != 1)
        return "must have one dimension";
    H5Sget_simple_extent_dims(space, rows, NULL);
    return *rows > INT64_MAX / RFM_H5_TEXT_BYTES ? "has more than 2^43 rows" : NULL;
}

static rfm_status examine(rfm_h5_column *column, rfm_error *err)
{
    struct rfm_h5_dataset *dataset = column->dataset;
    hid_t type = H5Dget_type(dataset->id), space = H5Dget_space(dataset->id), layout = H5Dget_create_plist(dataset->id);
    hsize_t rows = 0;
    const char *wrong = NULL;
    if (type < 0 || space < 0 || layout < 0)
        rfm_h5_fail(dataset->file, err, RFM_DATA, "cannot open dataset %s", dataset->name);
    else if ((wrong = check_extent(space, &rows)) ||
             (wrong = check_storage(dataset, space, layout, rows, H5Tget_size(type))))
        rfm_fail(err, RFM_DATA, "%s: dataset %s %s", dataset->file->path, dataset->name, wrong);
    if (!err->status) {
        column->rows = (int64_t)rows;
        column->cell = cell_of(type);
        dataset->type = memory_type(type, column->cell);
        column->width_bytes = dataset->type < 0 ? 0 : H5Tget_size(dataset->type);
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Pclose(layout);
    return err->status;
}

/* ---- open and close --------------------------------------------------------------------------------------------- */

static struct rfm_h5_dataset *make_dataset(const rfm_h5 *file, const char *name, rfm_error *err)
{
    struct rfm_h5_dataset *dataset = rfm_alloc(1, sizeof *dataset, err);
    if (!dataset)
        return NULL;
    *dataset = (struct rfm_h5_dataset){.file = file, .id = -1, .type = -1, .transfer = -1};
    dataset->name = rfm_copy_string(name, err);
    dataset->transfer = H5Pcreate(H5P_DATASET_XFER);
    H5Pset_vlen_mem_manager(dataset->transfer, rfm_h5_arena_take, &dataset->texts, rfm_h5_arena_keep, NULL);
    return dataset;
}

static rfm_status open_dataset(const rfm_h5_table *table, struct rfm_h5_dataset *dataset, size_t cache_bytes,
                               rfm_error *err)
{
    hid_t access = rfm_h5_table_access(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(access, CACHE_SLOTS, cache_bytes, H5D_CHUNK_CACHE_W0_DEFAULT);
    dataset->id = H5Dopen2(table->file->id, dataset->name, access);
    if (dataset->id < 0)
        rfm_h5_fail(table->file, err, RFM_DATA, "cannot open dataset %s", dataset->name);
    H5Pclose(access);
    return err->status;
}

/* A chunk beyond the cache would be unpacked again for every read of some of its rows. */
rfm_status rfm_h5_column_open(rfm_h5_table *table, const char *name, rfm_h5_column *column, rfm_error *err)
{
    *column = (rfm_h5_column){0};
    struct rfm_h5_dataset *dataset = column->dataset = make_dataset(table->file, name, err);
    if (!dataset || err->status || open_dataset(table, dataset, CACHE_BYTES, err) || examine(column, err))
        return err->status;
    if (dataset->chunk_bytes > CACHE_BYTES) {
        H5Dclose(dataset->id);
        open_dataset(table, dataset, dataset->chunk_bytes, err);
    }
    return err->status;
}

void rfm_h5_column_close(rfm_h5_column *column)
{
    struct rfm_h5_dataset *dataset = column->dataset;
    if (dataset) {
        if (dataset->id >= 0)
            H5Dclose(dataset->id);
        if (dataset->type >= 0)
            H5Tclose(dataset->type);
        H5Pclose(dataset->transfer);
        rfm_h5_arena_free(&dataset->texts);
        free(dataset->name);
        free(dataset);
    }
    *column = (rfm_h5_column){0};
}

static hid_t create_dataset(hid_t file, const struct rfm_h5_dataset *dataset, int64_t rows)
{
    hsize_t extent = (hsize_t)rows;
    hid_t space = H5Screate_simple(1, &extent, NULL), layout = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(layout, H5D_CONTIGUOUS);
    H5Pset_alloc_time(layout, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(layout, H5D_FILL_TIME_NEVER);
    H5Pset_obj_track_times(layout, 0);
    hid_t id = H5Dcreate2(file, dataset->name, dataset->type, space, H5P_DEFAULT, layout, H5P_DEFAULT);
    H5Pclose(layout);
    H5Sclose(space);
    return id;
}

rfm_status rfm_h5_column_make(rfm_h5_table *table, const char *name, rfm_h5_column *column, rfm_error *err)
{
    rfm_h5 *file = table->file;
    struct rfm_h5_dataset *dataset = column->dataset = make_dataset(file, name, err);
    if (!dataset || err->status)
        return err->status;
    dataset->type = type_of(column->cell, column->width_bytes);
    column->width_bytes = H5Tget_size(dataset->type);
    int64_t bytes = 0;
    if (__builtin_mul_overflow(column->rows, (int64_t)column->width_bytes, &bytes))
        return rfm_fail(err, RFM_IO, "%s: dataset %s would pass 2^63 bytes", file->path, name);
    dataset->id = create_dataset(file->id, dataset, column->rows);
    return dataset->id < 0 ? rfm_h5_fail(file, err, RFM_IO, "cannot create dataset %s", name) : RFM_OK;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* Select a range in memory and in the dataset; false: it is not there. */
static bool select_rows(const rfm_h5_column *column, int64_t first, size_t count, hid_t *memory, hid_t *space)
{
    hsize_t start = (hsize_t)first, n = count;
    if (first < 0 || first > column->rows || (int64_t)count > column->rows - first)
        return false;
    *memory = H5Screate_simple(1, &n, NULL);
    *space = H5Dget_space(column->dataset->id);
    if (*memory >= 0 && *space >= 0 && H5Sselect_hyperslab(*space, H5S_SELECT_SET, &start, NULL, &n, NULL) >= 0)
        return true;
    H5Sclose(*memory);
    H5Sclose(*space);
    return false;
}

static rfm_status fail_range(const rfm_h5_column *column, int64_t first, size_t count, rfm_error *err)
{
    return rfm_fail(err, RFM_DATA, "%s: dataset %s has %lld rows; %zu from row %lld on are wanted",
                    column->dataset->file->path, column->dataset->name, (long long)column->rows, count,
                    (long long)first);
}

rfm_status rfm_h5_column_read(rfm_h5_column *column, int64_t first, size_t count, void *cells, rfm_error *err)
{
    struct rfm_h5_dataset *dataset = column->dataset;
    hid_t memory, space;
    if (column->cell == RFM_H5_CELL_OTHER)
        return rfm_fail(err, RFM_DATA, "%s: dataset %s holds neither integers nor floats of up to 64 bits, nor texts",
                        dataset->file->path, dataset->name);
    if (count == 0)
        return RFM_OK;
    if (!select_rows(column, first, count, &memory, &space))
        return fail_range(column, first, count, err);
    rfm_h5_arena_reset(&dataset->texts);
    if (H5Dread(dataset->id, dataset->type, memory, space, dataset->transfer, cells) < 0) {
        if (dataset->texts.refused)
            rfm_fail(err, RFM_DATA,
                     "%s: dataset %s: texts of more than 2^20 bytes, or too many long ones, from row %lld on",
                     dataset->file->path, dataset->name, (long long)first + 1);
        rfm_h5_fail(dataset->file, err, RFM_DATA, "cannot read dataset %s from row %lld on", dataset->name,
                    (long long)first + 1);
    }
    H5Sclose(memory);
    H5Sclose(space);
    return err->status;
}

rfm_status rfm_h5_column_write(rfm_h5_column *column, int64_t first, size_t count, const void *cells, rfm_error *err)
{
    const struct rfm_h5_dataset *dataset = column->dataset;
    hid_t memory, space;
    if (count == 0)
        return RFM_OK;
    if (!select_rows(column, first, count, &memory, &space))
        return fail_range(column, first, count, err);
    if (H5Dwrite(dataset->id, dataset->type, memory, space, H5P_DEFAULT, cells) < 0)
        rfm_h5_fail(dataset->file, err, RFM_IO, "cannot write dataset %s", dataset->name);
    rfm_h5_disk_check(&dataset->file->disk, err);
    H5Sclose(memory);
    H5Sclose(space);
    return err->status;
}
