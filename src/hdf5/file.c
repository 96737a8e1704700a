/* file: open, create, close. Knows the order of agreement and HDF5's calls; not what is in a file.
 */
#include "file.h"

#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

size_t rfm_h5_library(char *buffer, size_t size)
{
    /* HDF5 itself is not asked: its start would look for MPI. */
    int length = snprintf(buffer, size, "%d.%d.%d", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
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
    if (file->transfer < 0)
        rfm_fail(err, RFM_INTERNAL, "%s: HDF5 does not start", path);
    return file;
}

rfm_status rfm_h5_handle_open(rfm_h5 *file, rfm_error *err)
{
    if (rfm_h5_disk_probe(file->path, err))
        return err->status;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    /* The run directory has a lock of ours; HDF5's own fails on file systems without flock(). */
    if (H5Pset_file_locking(access, 0, 1) >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        file->id = H5Fopen(file->path, H5F_ACC_RDONLY, access);
    if (file->id < 0)
        rfm_h5_fail(file, err, RFM_DATA, "cannot open");
    H5Pclose(access);
    return err->status;
}

static herr_t align(hid_t access, int64_t stripe_bytes)
{
    return stripe_bytes > 0 ? H5Pset_alignment(access, (hsize_t)stripe_bytes, (hsize_t)stripe_bytes) : 0;
}

rfm_status rfm_h5_handle_create(rfm_h5 *file, rfm_error *err)
{
    if (rfm_h5_disk_create(&file->disk, file->path, err))
        return err->status;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), made = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_obj_track_times(made, 0); /* the same content has the same bytes */
    /* Attributes beyond 64 KiB need the format of HDF5 1.8. */
    if (rfm_h5_writer_access(access, &file->disk) >= 0 && align(access, file->stripe_bytes) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        file->id = H5Fcreate(file->path, H5F_ACC_TRUNC, made, access);
    if (file->id < 0)
        rfm_h5_fail(file, err, RFM_IO, "cannot create");
    H5Pclose(made);
    H5Pclose(access);
    return err->status;
}

rfm_status rfm_h5_handle_finish(rfm_h5 *file, rfm_error *err)
{
    if (file->id >= 0 && H5Fclose(file->id) < 0)
        rfm_h5_fail(file, err, RFM_IO, "cannot close");
    file->id = -1;
    return rfm_h5_disk_close(&file->disk, err);
}

/* ---- on all ranks ----------------------------------------------------------------------------------------------- */

/* Each rank opens the file for itself: what fails one of them keeps no other waiting, and MPI-IO reads no faster. */
rfm_status rfm_h5_open(rfm_comm *comm, const char *path, rfm_h5 **file, rfm_error *err)
{
    *file = NULL;
    rfm_h5 *opened = rfm_h5_handle_make(comm, path, false, err);
    if (!err->status)
        rfm_h5_handle_open(opened, err);
    if (!rfm_comm_agree(comm, err)) {
        *file = opened;
        return RFM_OK;
    }
    if (opened && opened->id >= 0)
        H5Fclose(opened->id);
    rfm_h5_handle_free(opened);
    return err->status;
}

rfm_status rfm_h5_create(rfm_comm *comm, const char *path, rfm_h5 **file, rfm_error *err)
{
    return rfm_h5_create_striped(comm, path, 0, file, err);
}

rfm_status rfm_h5_create_striped(rfm_comm *comm, const char *path, int64_t stripe_bytes, rfm_h5 **file, rfm_error *err)
{
    const bool first = rfm_comm_rank(comm) == 0;
    rfm_h5 *opened = rfm_h5_handle_make(comm, path, true, err);
    *file = NULL;
    if (opened)
        opened->stripe_bytes = stripe_bytes;
    if (!err->status && first)
        rfm_h5_handle_create(opened, err);
    if (!rfm_comm_agree(comm, err) && !first)
        rfm_h5_disk_join(&opened->disk, opened->path, err);
    if (!rfm_comm_agree(comm, err)) {
        *file = opened;
        return RFM_OK;
    }
    rfm_error ignored = {0};
    if (opened && opened->disk.fd >= 0 && first)
        unlink(path);
    if (opened)
        rfm_h5_handle_finish(opened, &ignored);
    rfm_h5_handle_free(opened);
    return err->status;
}

rfm_status rfm_h5_check_writing(const rfm_h5 *file, rfm_error *err)
{
    return file->writing ? RFM_OK
                         : rfm_fail(err, RFM_INTERNAL, "%s: is open to read and cannot be written", file->path);
}

rfm_status rfm_h5_agree_written(rfm_h5 *file, rfm_error *err)
{
    rfm_h5_disk_check(&file->disk, err);
    if (rfm_comm_agree(file->comm, err))
        file->broken = true;
    return err->status;
}

static void close_written(rfm_h5 *file, rfm_error *err)
{
    rfm_h5_handle_finish(file, err);
    rfm_h5_agree_written(file, err);
    if (file->broken && rfm_comm_rank(file->comm) == 0)
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
