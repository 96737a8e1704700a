/* names: a list of strings as a dataset of fixed-length bytes. Knows nothing of what is named. */
#include "file.h"

#include <stdlib.h>
#include <string.h>

/* A list of names is small; a file that says otherwise is not read into memory. */
enum { MOST_NAMES = 1 << 20 };
static const int64_t most_bytes = INT64_C(1) << 28;

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
}

/* Rank 0's names side by side, as wide as the longest. */
static char *pack(const char *const *names, size_t n, size_t width, rfm_error *err)
{
    char *packed = rfm_alloc(n, width, err);
    for (size_t i = 0; packed && i < n; i++)
        memcpy(packed + i * width, names[i], strlen(names[i]));
    return packed;
}

static size_t longest(const char *const *names, size_t n)
{
    size_t width = 1;
    for (size_t i = 0; i < n; i++)
        width = strlen(names[i]) > width ? strlen(names[i]) : width;
    return width;
}

rfm_status rfm_h5_write_names(rfm_h5 *file, const char *name, const char *const *names, size_t n, rfm_error *err)
{
    bool first = rfm_comm_rank(file->comm) == 0;
    uint64_t width = first ? longest(names, n) : 0;
    rfm_comm_bcast(file->comm, 0, &width, sizeof width);
    char *packed = first ? pack(names, n, width, err) : NULL;
    rfm_h5_shape shape = {.type = RFM_H5_BYTES, .columns = (int64_t)width};
    if (!rfm_comm_agree(file->comm, err))
        rfm_h5_write(file, name, &shape, first ? n : 0, packed, err);
    free(packed);
    return err->status;
}

static char **unpack(const char *packed, size_t n, size_t width, rfm_error *err)
{
    char **names = rfm_alloc(n, sizeof *names, err);
    for (size_t i = 0; names && i < n; i++) {
        names[i] = rfm_alloc(width + 1, 1, err);
        if (!names[i]) {
            free_names(names, n);
            return NULL;
        }
        memcpy(names[i], packed + i * width, strnlen(packed + i * width, width));
    }
    return names;
}

/* The lists of files not ours, as h5py writes them. Local: the same on all ranks. */
static char **read_variable(rfm_h5 *file, hid_t dataset, hid_t stored, size_t n, rfm_error *err)
{
    char **names = rfm_alloc(n, sizeof *names, err), **theirs = rfm_alloc(n, sizeof *theirs, err);
    hid_t space = H5Dget_space(dataset);
    bool here = names && theirs && n > 0 && H5Dread(dataset, stored, H5S_ALL, H5S_ALL, file->transfer, theirs) >= 0;
    if (n > 0 && !here)
        rfm_h5_fail(file, err, RFM_DATA, "cannot read a list of names");
    for (size_t i = 0; here && i < n; i++)
        names[i] = rfm_copy_string(theirs[i] ? theirs[i] : "", err);
    if (here)
        H5Dvlen_reclaim(stored, space, H5P_DEFAULT, theirs);
    H5Sclose(space);
    free(theirs);
    return names;
}

/* *done: the dataset is of that kind. */
static char **try_variable(rfm_h5 *file, const char *name, size_t *n, bool *done, rfm_error *err)
{
    char **names = NULL;
    hid_t dataset = H5Dopen2(file->id, name, H5P_DEFAULT);
    if (dataset < 0)
        return NULL;
    hid_t stored = H5Dget_type(dataset), space = H5Dget_space(dataset);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    if (H5Tget_class(stored) == H5T_STRING && H5Tis_variable_str(stored) > 0) {
        *done = true;
        if (H5Sget_simple_extent_ndims(space) != 1 || points < 0 || points > MOST_NAMES)
            rfm_fail(err, RFM_DATA, "%s: dataset %s is not a list of names", file->path, name);
        else
            names = read_variable(file, dataset, stored, *n = (size_t)points, err);
    }
    H5Sclose(space);
    H5Tclose(stored);
    H5Dclose(dataset);
    return names;
}

static rfm_status read_fixed(rfm_h5 *file, const char *name, char ***names, size_t *n, rfm_error *err)
{
    rfm_h5_shape shape;
    bool found = false;
    char *packed = NULL;
    if (rfm_h5_shape_of(file, name, &shape, &found, err))
        return err->status;
    if (!found)
        rfm_fail(err, RFM_DATA, "%s: there is no dataset %s", file->path, name);
    else if (shape.type != RFM_H5_BYTES || shape.rows > MOST_NAMES || shape.rows > most_bytes / shape.columns)
        rfm_fail(err, RFM_DATA, "%s: dataset %s is not a list of names", file->path, name);
    else
        packed = rfm_alloc((size_t)shape.rows, (size_t)shape.columns, err);
    if (!rfm_comm_agree(file->comm, err) && packed &&
        !rfm_h5_read(file, name, RFM_H5_BYTES, 0, (size_t)shape.rows, packed, err)) {
        *n = (size_t)shape.rows;
        *names = unpack(packed, *n, (size_t)shape.columns, err);
    }
    free(packed);
    return err->status;
}

rfm_status rfm_h5_read_names(rfm_h5 *file, const char *name, char ***names, size_t *n, rfm_error *err)
{
    bool done = false;
    *n = 0;
    *names = try_variable(file, name, n, &done, err);
    /* A rank that could not even look must not go another way than the others. */
    int64_t variable = done;
    rfm_comm_reduce_i64(file->comm, RFM_MAX, &variable, 1);
    if (!variable)
        read_fixed(file, name, names, n, err);
    else if (!done)
        rfm_h5_fail(file, err, RFM_DATA, "cannot open dataset %s", name);
    if (rfm_comm_agree(file->comm, err)) {
        free_names(*names, *n);
        *names = NULL;
        *n = 0;
    }
    return err->status;
}
