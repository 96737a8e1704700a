/* dataset: rows of all ranks, end to end, to and from a dataset. Knows rounds and ranges; what a
 * file may hold is shape's. Rows are read through HDF5 and written beside it (writer.h). */
#include "file.h"

/* A run of rows on its way from a dataset. */
struct slab {
    const rfm_h5 *file;
    const char *name;
    hid_t dataset, type; /* type: in memory */
    hid_t transfer;
    int64_t first, count, row_bytes, at_once; /* rows */
    hsize_t columns;
    int dimensions;
    char *rows;
};

static rfm_status read_some(const struct slab *slab, hid_t space, int64_t done, int64_t n, rfm_error *err)
{
    hsize_t start[2] = {(hsize_t)(slab->first + done), 0}, count[2] = {(hsize_t)n, slab->columns};
    hid_t memory = H5Screate_simple(slab->dimensions, count, NULL);
    char *rows = slab->rows + done * slab->row_bytes;
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
        H5Dread(slab->dataset, slab->type, memory, space, slab->transfer, rows) < 0)
        rfm_h5_fail(slab->file, err, RFM_DATA, "cannot read dataset %s", slab->name);
    H5Sclose(memory);
    return err->status;
}

/* Local: transfers are independent, so ranks need not make the same number of rounds. */
static rfm_status read_slab(const struct slab *slab, rfm_error *err)
{
    if (slab->count == 0 || slab->row_bytes == 0)
        return RFM_OK;
    hid_t space = H5Dget_space(slab->dataset);
    if (space < 0)
        return rfm_h5_fail(slab->file, err, RFM_DATA, "cannot measure dataset %s", slab->name);
    for (int64_t done = 0; !err->status && done < slab->count; done += slab->at_once) {
        int64_t left = slab->count - done;
        read_some(slab, space, done, left < slab->at_once ? left : slab->at_once, err);
    }
    H5Sclose(space);
    return err->status;
}

static int64_t rows_at_once(const rfm_h5 *file, int64_t row_bytes)
{
    return row_bytes > 0 && file->transfer_bytes > row_bytes ? file->transfer_bytes / row_bytes : 1;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* The ranks say the same of a dataset, and it can be. Collective. */
static rfm_status check_same(rfm_h5 *file, const char *name, const rfm_h5_shape *shape, rfm_error *err)
{
    int64_t said[] = {shape->type,     -(int64_t)shape->type, shape->columns,
                      -shape->columns, shape->matrix,         -(int64_t)shape->matrix};
    rfm_comm_reduce_i64(file->comm, RFM_MAX, said, sizeof said / sizeof *said);
    if (said[0] != -said[1] || said[2] != -said[3] || said[4] != -said[5])
        rfm_fail(err, RFM_INTERNAL, "%s: dataset %s: the ranks differ in its type or columns", file->path, name);
    else if (rfm_h5_row_bytes(shape) < 0)
        rfm_fail(err, RFM_INTERNAL, "%s: dataset %s: rows of %lld columns are too long", file->path, name,
                 (long long)shape->columns);
    return rfm_comm_agree(file->comm, err);
}

static hid_t create_dataset(rfm_h5 *file, const char *name, const rfm_h5_shape *shape, rfm_error *err)
{
    hsize_t extent[2] = {(hsize_t)shape->rows, (hsize_t)shape->columns};
    hid_t space = H5Screate_simple(shape->matrix ? 2 : 1, extent, NULL);
    hid_t type = rfm_h5_memory_type(shape->type, shape->columns); /* rows are written as they are */
    hid_t links = H5Pcreate(H5P_LINK_CREATE), layout = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    H5Pset_layout(layout, H5D_CONTIGUOUS);
    H5Pset_alloc_time(layout, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(layout, H5D_FILL_TIME_NEVER);
    hid_t dataset = H5Dcreate2(file->id, name, type, space, links, layout, H5P_DEFAULT);
    if (dataset < 0)
        rfm_h5_fail(file, err, RFM_IO, "cannot create dataset %s", name);
    H5Pclose(layout);
    H5Pclose(links);
    H5Tclose(type);
    H5Sclose(space);
    return dataset;
}

/* Rank 0. Where in the file its rows go: the space is given out now. */
static rfm_status place_dataset(rfm_h5 *file, const char *name, const rfm_h5_shape *shape, int64_t *offset,
                                rfm_error *err)
{
    int64_t bytes = 0;
    if (__builtin_mul_overflow(shape->rows, rfm_h5_row_bytes(shape), &bytes))
        return rfm_fail(err, RFM_IO, "%s: dataset %s would pass 2^63 bytes", file->path, name);
    hid_t dataset = create_dataset(file, name, shape, err);
    if (dataset < 0)
        return err->status;
    *offset = (int64_t)H5Dget_offset(dataset); /* -1 where there are no bytes */
    if (bytes > 0 && *offset < 0)
        rfm_h5_fail(file, err, RFM_IO, "no space for dataset %s", name);
    if (H5Dclose(dataset) < 0)
        rfm_h5_fail(file, err, RFM_IO, "cannot close dataset %s", name);
    return err->status;
}

rfm_status rfm_h5_write(rfm_h5 *file, const char *name, const rfm_h5_shape *shape, size_t n_local, const void *rows,
                        rfm_error *err)
{
    rfm_h5_shape whole = *shape;
    if (whole.type == RFM_H5_BYTES)
        whole.matrix = false;
    else
        whole.matrix = whole.matrix || whole.columns != 1;
    rfm_h5_check_writing(file, err);
    if (check_same(file, name, &whole, err))
        return err->status;
    whole.rows = (int64_t)n_local;
    rfm_comm_reduce_i64(file->comm, RFM_SUM, &whole.rows, 1);
    const int64_t first = rfm_comm_before_i64(file->comm, (int64_t)n_local), row_bytes = rfm_h5_row_bytes(&whole);
    int64_t offset = -1;
    if (rfm_comm_rank(file->comm) == 0)
        place_dataset(file, name, &whole, &offset, err);
    if (rfm_h5_agree_written(file, err))
        return err->status;
    rfm_comm_bcast(file->comm, 0, &offset, sizeof offset);
    rfm_h5_disk_write(&file->disk, rows, n_local * (size_t)row_bytes, offset + first * row_bytes);
    return rfm_h5_agree_written(file, err);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* A value the wanted type cannot hold is an error, not the nearest value there is. */
static H5T_conv_ret_t refuse_loss(H5T_conv_except_t what, hid_t from, hid_t to, void *source, void *target, void *data)
{
    (void)from, (void)to, (void)source, (void)target;
    if (what == H5T_CONV_EXCEPT_PRECISION)
        return H5T_CONV_UNHANDLED;
    *(bool *)data = true;
    return H5T_CONV_ABORT;
}

static rfm_status check_range(const rfm_h5_shape *shape, rfm_h5_type type, const struct slab *slab, rfm_error *err)
{
    const char *path = slab->file->path;
    if ((type == RFM_H5_BYTES) != (shape->type == RFM_H5_BYTES))
        return rfm_fail(err, RFM_DATA, "%s: dataset %s holds %s", path, slab->name,
                        type == RFM_H5_BYTES ? "numbers where strings are wanted" : "strings where numbers are wanted");
    if (slab->first < 0 || slab->count < 0 || slab->first > shape->rows || slab->count > shape->rows - slab->first)
        return rfm_fail(err, RFM_DATA, "%s: dataset %s has %lld rows; %lld from row %lld on are wanted", path,
                        slab->name, (long long)shape->rows, (long long)slab->count, (long long)slab->first);
    return RFM_OK;
}

/* Local. */
static rfm_status read_rows(struct slab *slab, rfm_error *err)
{
    rfm_error own = {0};
    bool lost = false;
    slab->transfer = H5Pcopy(slab->file->transfer);
    H5Pset_type_conv_cb(slab->transfer, refuse_loss, &lost);
    if (read_slab(slab, &own) && lost)
        rfm_fail(err, RFM_DATA, "%s: dataset %s holds a value that does not fit what is read from it", slab->file->path,
                 slab->name);
    else if (own.status)
        *err = own;
    H5Pclose(slab->transfer);
    return err->status;
}

/* HDF5 converts the padding of strings, but not their character set: that stays the file's. */
static hid_t string_type(hid_t dataset)
{
    hid_t type = H5Dget_type(dataset);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    return type;
}

/* Local. */
static rfm_status read_opened(const rfm_h5_shape *shape, rfm_h5_type type, struct slab *slab, rfm_error *err)
{
    rfm_h5_shape wanted = *shape;
    wanted.type = type;
    slab->dimensions = shape->matrix ? 2 : 1;
    slab->columns = (hsize_t)shape->columns;
    slab->row_bytes = rfm_h5_row_bytes(&wanted);
    if (slab->row_bytes < 0)
        return rfm_fail(err, RFM_DATA, "%s: dataset %s has rows of more than 2^30 bytes", slab->file->path, slab->name);
    slab->at_once = rows_at_once(slab->file, slab->row_bytes);
    if (check_range(shape, type, slab, err))
        return err->status;
    slab->type = type == RFM_H5_BYTES ? string_type(slab->dataset) : rfm_h5_memory_type(type, shape->columns);
    read_rows(slab, err);
    H5Tclose(slab->type);
    return err->status;
}

rfm_status rfm_h5_read(rfm_h5 *file, const char *name, rfm_h5_type type, int64_t first, size_t count, void *rows,
                       rfm_error *err)
{
    rfm_h5_shape shape;
    hid_t dataset = -1;
    if (!rfm_h5_dataset_open(file, name, &dataset, &shape, err) && dataset < 0)
        rfm_fail(err, RFM_DATA, "%s: there is no dataset %s", file->path, name);
    struct slab slab = {.file = file, .name = name, .dataset = dataset, .first = first, .rows = rows};
    slab.count = (int64_t)count;
    if (dataset >= 0) {
        read_opened(&shape, type, &slab, err);
        H5Dclose(dataset);
    }
    return rfm_comm_agree(file->comm, err);
}
