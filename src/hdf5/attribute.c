/* attribute: single texts and numbers of groups, datasets and the file ("/"). Knows nothing of
 * rows. */
#include "file.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing ---------------------------------------------------------------------------------------------------- */

rfm_status rfm_h5_attribute_write(rfm_h5 *file, const char *object, const char *name, hid_t type, const void *value,
                                  rfm_error *err)
{
    hid_t owner = H5Oopen(file->id, object, H5P_DEFAULT), space = H5Screate(H5S_SCALAR), attribute = -1;
    if (owner < 0)
        rfm_h5_fail(file, err, RFM_INTERNAL, "there is no %s for attribute %s", object, name);
    if (!err->status && H5Aexists(owner, name) > 0 && H5Adelete(owner, name) < 0)
        rfm_h5_fail(file, err, RFM_IO, "cannot replace attribute %s of %s", name, object);
    if (!err->status) {
        attribute = H5Acreate2(owner, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        if (attribute < 0 || H5Awrite(attribute, type, value) < 0)
            rfm_h5_fail(file, err, RFM_IO, "cannot write attribute %s of %s", name, object);
    }
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    if (owner >= 0)
        H5Oclose(owner);
    return err->status;
}

/* Collective. */
static rfm_status put(rfm_h5 *file, const char *object, const char *name, hid_t type, const void *value, rfm_error *err)
{
    if (!rfm_h5_check_writing(file, err) && rfm_comm_rank(file->comm) == 0)
        rfm_h5_attribute_write(file, object, name, type, value, err);
    H5Tclose(type);
    return rfm_h5_agree_written(file, err);
}

rfm_status rfm_h5_put_text(rfm_h5 *file, const char *object, const char *name, const char *text, rfm_error *err)
{
    return put(file, object, name, rfm_h5_file_type(RFM_H5_BYTES, (int64_t)strlen(text)), text, err);
}

rfm_status rfm_h5_put_integer(rfm_h5 *file, const char *object, const char *name, int64_t value, rfm_error *err)
{
    return put(file, object, name, rfm_h5_file_type(RFM_H5_I64, 1), &value, err);
}

rfm_status rfm_h5_put_number(rfm_h5 *file, const char *object, const char *name, double value, rfm_error *err)
{
    return put(file, object, name, rfm_h5_file_type(RFM_H5_F64, 1), &value, err);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* The attribute, one value of it, and of which class; -1 with err set when it is not so. Caller
 * closes. */
static hid_t open_attribute(const rfm_h5 *file, const char *object, const char *name, rfm_error *err)
{
    if (!rfm_h5_attribute_has(file, object, name, err)) {
        if (!err->status)
            rfm_fail(err, RFM_DATA, "%s: %s has no attribute %s", file->path, object, name);
        return -1;
    }
    hid_t attribute = H5Aopen_by_name(file->id, object, name, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = attribute < 0 ? -1 : H5Aget_space(attribute);
    if (space < 0)
        rfm_h5_fail(file, err, RFM_DATA, "cannot read attribute %s of %s", name, object);
    else if (H5Sget_simple_extent_npoints(space) != 1)
        rfm_fail(err, RFM_DATA, "%s: attribute %s of %s is not a single value", file->path, name, object);
    if (space >= 0)
        H5Sclose(space);
    return attribute;
}

/* Where HDF5 would give the largest integer there is. */
static bool passes_int64(hid_t attribute, hid_t stored)
{
    uint64_t value = 0;
    return H5Tget_sign(stored) == H5T_SGN_NONE && H5Aread(attribute, H5T_NATIVE_UINT64, &value) >= 0 &&
           value > INT64_MAX;
}

rfm_status rfm_h5_attribute_number(const rfm_h5 *file, const char *object, const char *name, rfm_h5_type type,
                                   void *value, rfm_error *err)
{
    hid_t attribute = open_attribute(file, object, name, err);
    hid_t stored = err->status ? -1 : H5Aget_type(attribute), memory = rfm_h5_memory_type(type, 1);
    H5T_class_t class = stored < 0 ? H5T_NO_CLASS : H5Tget_class(stored);
    if (!err->status && class != H5T_INTEGER && (class != H5T_FLOAT || type != RFM_H5_F64))
        rfm_fail(err, RFM_DATA, "%s: attribute %s of %s is not %s", file->path, name, object,
                 type == RFM_H5_F64 ? "a number" : "an integer");
    if (!err->status && H5Aread(attribute, memory, value) < 0)
        rfm_h5_fail(file, err, RFM_DATA, "cannot read attribute %s of %s", name, object);
    if (!err->status && type == RFM_H5_I64 && passes_int64(attribute, stored))
        rfm_fail(err, RFM_DATA, "%s: attribute %s of %s passes 2^63", file->path, name, object);
    if (stored >= 0)
        H5Tclose(stored);
    H5Tclose(memory);
    if (attribute >= 0)
        H5Aclose(attribute);
    return err->status;
}

rfm_status rfm_h5_get_integer(rfm_h5 *file, const char *object, const char *name, int64_t *value, rfm_error *err)
{
    rfm_h5_attribute_number(file, object, name, RFM_H5_I64, value, err);
    return rfm_comm_agree(file->comm, err);
}

rfm_status rfm_h5_get_number(rfm_h5 *file, const char *object, const char *name, double *value, rfm_error *err)
{
    rfm_h5_attribute_number(file, object, name, RFM_H5_F64, value, err);
    return rfm_comm_agree(file->comm, err);
}

/* h5py writes texts with variable length: HDF5 allocates those. */
static char *read_variable(hid_t attribute, rfm_error *err)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    char *theirs = NULL, *text = NULL;
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    if (H5Aread(attribute, type, &theirs) < 0) {
        H5Tset_cset(type, H5T_CSET_ASCII);
        if (H5Aread(attribute, type, &theirs) < 0)
            theirs = NULL;
    }
    if (theirs)
        text = rfm_copy_string(theirs, err);
    H5free_memory(theirs);
    H5Tclose(type);
    return text;
}

static char *read_fixed(hid_t attribute, hid_t stored, rfm_error *err)
{
    /* Storage was checked by HDF5 against the file when it opened the attribute. */
    char *text = rfm_alloc(H5Tget_size(stored) + 1, 1, err);
    if (text && H5Aread(attribute, stored, text) < 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *rfm_h5_attribute_text(const rfm_h5 *file, const char *object, const char *name, rfm_error *err)
{
    char *text = NULL;
    hid_t attribute = open_attribute(file, object, name, err);
    hid_t stored = err->status ? -1 : H5Aget_type(attribute);
    if (!err->status && H5Tget_class(stored) != H5T_STRING)
        rfm_fail(err, RFM_DATA, "%s: attribute %s of %s is not a text", file->path, name, object);
    if (!err->status) {
        text = H5Tis_variable_str(stored) > 0 ? read_variable(attribute, err) : read_fixed(attribute, stored, err);
        if (!text)
            rfm_h5_fail(file, err, RFM_DATA, "cannot read attribute %s of %s", name, object);
    }
    if (stored >= 0)
        H5Tclose(stored);
    if (attribute >= 0)
        H5Aclose(attribute);
    return text;
}

rfm_status rfm_h5_get_text(rfm_h5 *file, const char *object, const char *name, char **text, rfm_error *err)
{
    *text = rfm_h5_attribute_text(file, object, name, err);
    if (rfm_comm_agree(file->comm, err)) {
        free(*text);
        *text = NULL;
    }
    return err->status;
}

bool rfm_h5_attribute_has(const rfm_h5 *file, const char *object, const char *name, rfm_error *err)
{
    return rfm_h5_is_there(file, H5Aexists_by_name(file->id, object, name, H5P_DEFAULT), name, err);
}

rfm_status rfm_h5_has(rfm_h5 *file, const char *object, const char *name, bool *found, rfm_error *err)
{
    *found = rfm_h5_attribute_has(file, object, name, err);
    return rfm_comm_agree(file->comm, err);
}
