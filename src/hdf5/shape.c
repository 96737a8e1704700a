/* shape: HDF5's types and extents <-> ours, with every check that a file from elsewhere needs.
 * Moves no data. */
#include "file.h"

#include <string.h>

hid_t rfm_h5_memory_type(rfm_h5_type type, int64_t columns)
{
    switch (type) {
    case RFM_H5_I32:
        return H5Tcopy(H5T_NATIVE_INT32);
    case RFM_H5_I64:
        return H5Tcopy(H5T_NATIVE_INT64);
    case RFM_H5_U64:
        return H5Tcopy(H5T_NATIVE_UINT64);
    case RFM_H5_F32:
        return H5Tcopy(H5T_NATIVE_FLOAT);
    case RFM_H5_F64:
        return H5Tcopy(H5T_NATIVE_DOUBLE);
    case RFM_H5_BYTES:
        return rfm_h5_file_type(type, columns);
    }
    return -1;
}

hid_t rfm_h5_file_type(rfm_h5_type type, int64_t columns)
{
    static const size_t no_width = 1; /* HDF5 knows no strings of no bytes */
    switch (type) {
    case RFM_H5_I32:
        return H5Tcopy(H5T_STD_I32LE);
    case RFM_H5_I64:
        return H5Tcopy(H5T_STD_I64LE);
    case RFM_H5_U64:
        return H5Tcopy(H5T_STD_U64LE);
    case RFM_H5_F32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case RFM_H5_F64:
        return H5Tcopy(H5T_IEEE_F64LE);
    case RFM_H5_BYTES:
        break;
    }
    hid_t string = H5Tcopy(H5T_C_S1);
    H5Tset_size(string, columns > 0 ? (size_t)columns : no_width);
    H5Tset_strpad(string, H5T_STR_NULLPAD);
    H5Tset_cset(string, H5T_CSET_UTF8);
    return string;
}

int64_t rfm_h5_row_bytes(const rfm_h5_shape *shape)
{
    static const int64_t bytes_of[] = {
        [RFM_H5_I32] = 4, [RFM_H5_I64] = 8, [RFM_H5_U64] = 8, [RFM_H5_F32] = 4, [RFM_H5_F64] = 8, [RFM_H5_BYTES] = 1};
    int64_t each = bytes_of[shape->type];
    if (shape->columns < 0 || shape->columns > RFM_H5_TRANSFER_BYTES / each)
        return -1;
    return shape->columns * each;
}

static rfm_h5_type integer_type(hid_t type, size_t size)
{
    bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    if (size < 4 || (size == 4 && is_signed))
        return RFM_H5_I32;
    return size < 8 || is_signed ? RFM_H5_I64 : RFM_H5_U64;
}

/* What the elements are in our terms; NULL, or why they are none of ours. */
static const char *classify(hid_t type, rfm_h5_shape *shape)
{
    size_t size = H5Tget_size(type);
    H5T_class_t class = H5Tget_class(type);
    if (class == H5T_INTEGER && size <= 8) {
        shape->type = integer_type(type, size);
    } else if (class == H5T_FLOAT && size <= 8) {
        shape->type = size <= 4 ? RFM_H5_F32 : RFM_H5_F64;
    } else if (class == H5T_STRING && H5Tis_variable_str(type) == 0) {
        shape->type = RFM_H5_BYTES;
        shape->columns = (int64_t)size;
    } else if (class == H5T_STRING) {
        return "holds strings of variable length; store them with a fixed length (numpy's dtype "
               "'S')";
    } else {
        return "holds neither integers of up to 64 bits, floats of up to 64 bits nor strings";
    }
    return NULL;
}

/* NULL, or what is wrong with the extent. */
static const char *measure(hid_t space, rfm_h5_shape *shape)
{
    hsize_t extent[2] = {0, 1};
    int dimensions = H5Sget_simple_extent_type(space) == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : 0;
    if (dimensions < 1 || dimensions > 2 || (dimensions == 2 && shape->type == RFM_H5_BYTES))
        return shape->type == RFM_H5_BYTES ? "must have one dimension" : "must have one or two dimensions";
    H5Sget_simple_extent_dims(space, extent, NULL);
    shape->matrix = dimensions == 2;
    if (shape->type != RFM_H5_BYTES)
        shape->columns = (int64_t)extent[1];
    shape->rows = (int64_t)extent[0];
    if (extent[0] > INT64_MAX || extent[1] > INT64_MAX || rfm_h5_row_bytes(shape) < 0)
        return "has rows of more than 2^30 bytes";
    if (shape->columns > 0 && shape->rows > INT64_MAX / 8 / shape->columns)
        return "has more than 2^60 elements";
    return NULL;
}

/* Whether a link of that name leads to an object. H5Lexists itself fails where a group on the way
 * is missing. */
static bool find_link(const rfm_h5 *file, const char *name, rfm_error *err)
{
    char part[1024];
    size_t length = strlen(name);
    if (length >= sizeof part)
        return false;
    for (size_t end = 1; end <= length; end++) {
        if (end < length && name[end] != '/')
            continue;
        memcpy(part, name, end);
        part[end] = '\0';
        if (strcmp(part, "/") != 0 && !rfm_h5_is_there(file, H5Lexists(file->id, part, H5P_DEFAULT), name, err))
            return false;
    }
    return rfm_h5_is_there(file, H5Oexists_by_name(file->id, name, H5P_DEFAULT), name, err);
}

rfm_status rfm_h5_dataset_open(rfm_h5 *file, const char *name, hid_t *id, rfm_h5_shape *shape, rfm_error *err)
{
    *id = -1;
    *shape = (rfm_h5_shape){.columns = 1};
    if (!find_link(file, name, err))
        return err->status;
    hid_t dataset = H5Dopen2(file->id, name, H5P_DEFAULT);
    if (dataset < 0)
        return rfm_h5_fail(file, err, RFM_DATA, "cannot open dataset %s", name);
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    const char *wrong = NULL;
    if (type < 0 || space < 0)
        rfm_h5_fail(file, err, RFM_DATA, "cannot open dataset %s", name);
    else if ((wrong = classify(type, shape)) || (wrong = measure(space, shape)))
        rfm_fail(err, RFM_DATA, "%s: dataset %s %s", file->path, name, wrong);
    H5Tclose(type);
    H5Sclose(space);
    if (err->status)
        H5Dclose(dataset);
    else
        *id = dataset;
    return err->status;
}

rfm_status rfm_h5_shape_of(rfm_h5 *file, const char *name, rfm_h5_shape *shape, bool *found, rfm_error *err)
{
    hid_t id = -1;
    rfm_h5_dataset_open(file, name, &id, shape, err);
    *found = id >= 0;
    if (id >= 0)
        H5Dclose(id);
    return rfm_comm_agree(file->comm, err);
}
