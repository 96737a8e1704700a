/* file: open, create, close. Knows the order of agreement and HDF5's calls; not what is in a file.
 */
#include "file.h"

#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

size_t rfm_h5_library(char *buffer, size_t size)
{
    /* HDF5 itself is not asked: its start would look for MPI. */
    int length =
        snprintf(buffer, size, "%d.%d.%d, %s", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE, rfm_h5_driver_name());
    return length < 0 ? 0 : (size_t)length;
}

void rfm_h5_share(const rfm_comm *comm, int64_t n_global, int64_t *first, size_t *count)
{
    int64_t rank = rfm_comm_rank(comm), size = rfm_comm_size(comm);
    int64_t each = n_global / size, more = n_global % size;
    *first = rank * each + (rank < more ? rank : more);
    *count = (size_t)(each + (rank < more ? 1 : 0));
}

void rfm_h5_handle_free(rfm_h5 *file)
{
    if (!file)
        return;
    if (file->transfer >= 0)
        H5Pclose(file->transfer);
    rfm_h5_disk_close(&file->disk);
    free(file->path);
    free(file);
}

rfm_h5 *rfm_h5_handle_make(rfm_comm *comm, const char *path, bool writing, rfm_error *err)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    rfm_h5 *file = rfm_alloc(1, sizeof *file, err);
    if (!file)
        return NULL;
    *file = (rfm_h5){.comm = comm, .id = -1, .transfer = -1, .writing = writing};
    file->transfer_bytes = rfm_h5_most_bytes;
    file->disk.fd = -1;
    file->path = rfm_copy_string(path, err);
    file->transfer = H5Pcreate(H5P_DATASET_XFER);
    if (file->transfer < 0 || rfm_h5_driver_transfer(file->transfer) < 0)
        rfm_fail(err, RFM_INTERNAL, "%s: HDF5 does not start", path);
    return file;
}

/* Collective inside HDF5. */
rfm_status rfm_h5_handle_open(rfm_h5 *file, rfm_error *err)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    /* The run directory has a lock of ours; HDF5's own fails on file systems without flock(). */
    herr_t failed = H5Pset_file_locking(access, 0, 1);
    if (file->writing)
        failed |= H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    failed |= H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    failed |= file->comm ? rfm_h5_driver_access(access, file->comm) : H5Pset_fapl_sec2(access);
    if (failed >= 0)
        file->id = H5Fopen(file->path, file->writing ? H5F_ACC_RDWR : H5F_ACC_RDONLY, access);
    if (file->id < 0)
        rfm_h5_fail(file, err, file->writing ? RFM_IO : RFM_DATA, "cannot open");
    H5Pclose(access);
    return err->status;
}

static rfm_status open_file(rfm_comm *comm, const char *path, bool writing, rfm_h5 **out, rfm_error *err)
{
    *out = NULL;
    rfm_h5 *file = rfm_h5_handle_make(comm, path, writing, err);
    if (!err->status && rfm_comm_rank(comm) == 0) {
        if (writing)
            rfm_h5_disk_create(&file->disk, file->path, err);
        else
            rfm_h5_disk_probe(file->path, err);
    }
    if (rfm_comm_agree(comm, err)) {
        if (file && file->disk.fd >= 0)
            unlink(path);
        rfm_h5_handle_free(file);
        return err->status;
    }
    rfm_h5_handle_open(file, err);
    if (rfm_comm_agree(comm, err)) {
        rfm_error ignored = {0};
        file->broken = writing;
        rfm_h5_close(file, &ignored);
        return err->status;
    }
    *out = file;
    return RFM_OK;
}

rfm_status rfm_h5_create(rfm_comm *comm, const char *path, rfm_h5 **file, rfm_error *err)
{
    return open_file(comm, path, true, file, err);
}

rfm_status rfm_h5_open(rfm_comm *comm, const char *path, rfm_h5 **file, rfm_error *err)
{
    return open_file(comm, path, false, file, err);
}

rfm_status rfm_h5_reserve(rfm_h5 *file, int64_t bytes, rfm_error *err)
{
    if (!file->writing)
        rfm_fail(err, RFM_INTERNAL, "%s: is open to read and cannot be written", file->path);
    else if (rfm_comm_rank(file->comm) == 0)
        rfm_h5_disk_reserve(&file->disk, bytes, err);
    return rfm_comm_agree(file->comm, err);
}

rfm_status rfm_h5_agree_written(rfm_h5 *file, rfm_error *err)
{
    if (rfm_comm_agree(file->comm, err))
        file->broken = true;
    return err->status;
}

/* Flush while the file is still whole, so that a failure is seen and the space can be given back
 * before the close. */
static void flush(rfm_h5 *file, rfm_error *err)
{
    if (H5Fflush(file->id, H5F_SCOPE_GLOBAL) < 0)
        rfm_h5_fail(file, err, RFM_IO, "cannot write");
    rfm_h5_agree_written(file, err);
}

static void close_written(rfm_h5 *file, rfm_error *err)
{
    bool first = rfm_comm_rank(file->comm) == 0;
    if (!file->broken)
        flush(file, err);
    if (file->broken && first)
        rfm_h5_disk_abandon(&file->disk);
    rfm_comm_barrier(file->comm);
    if (file->id >= 0 && H5Fclose(file->id) < 0)
        rfm_h5_fail(file, err, RFM_IO, "cannot close");
    if (!rfm_h5_agree_written(file, err) && first && !file->broken)
        rfm_h5_disk_check(&file->disk, err);
    rfm_h5_agree_written(file, err);
    if (file->broken && first)
        unlink(file->path);
    rfm_comm_barrier(file->comm);
}

static void close_read(rfm_h5 *file, rfm_error *err)
{
    if (file->id >= 0 && H5Fclose(file->id) < 0)
        rfm_h5_fail(file, err, RFM_IO, "cannot close");
    rfm_comm_agree(file->comm, err);
}

rfm_status rfm_h5_close(rfm_h5 *file, rfm_error *err)
{
    rfm_error own = {0};
    if (!file)
        return err->status;
    /* A failure of the caller's need not be known on all ranks yet. */
    int64_t broken = file->broken || err->status;
    rfm_comm_reduce_i64(file->comm, RFM_MAX, &broken, 1);
    file->broken = broken;
    if (file->writing)
        close_written(file, &own);
    else
        close_read(file, &own);
    rfm_h5_handle_free(file);
    if (!err->status)
        *err = own;
    return err->status;
}
