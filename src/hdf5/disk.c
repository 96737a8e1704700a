/* disk: what rank 0 does to a file beside HDF5, so that HDF5 never meets a full disk.
 *
 * HDF5 1.10 does not survive a write of metadata that fails: ranks wait for each other for ever, a
 * file cannot be closed, and the library crashes when MPI ends. So blocks are held before HDF5 is
 * told to add anything, an empty file is made here and not by HDF5, and a file that must be given
 * up gets its space back first. Knows bytes, not datasets; nothing of ranks.
 */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* MPI-IO does not let HDF5 say where a file ends, so the room for metadata is an upper bound: of a file at all, and of
 * one dataset or attribute with its groups, heaps and indexes. */
enum { METADATA_BYTES = 256 << 10, STEP_BYTES = 32 << 10 };

/* A file without objects. Attributes beyond 64 KiB need the format of HDF5 1.8. */
static rfm_status write_empty(const char *path, rfm_error *err)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), made = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_file_locking(access, 0, 1);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_obj_track_times(made, 0); /* the same content has the same bytes */
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, made, access);
    if (file < 0 || H5Fclose(file) < 0)
        rfm_fail(err, RFM_IO, "%s: cannot write; is the disk full?", path);
    H5Pclose(made);
    H5Pclose(access);
    return err->status;
}

rfm_status rfm_h5_disk_create(rfm_h5_disk *disk, const char *path, rfm_error *err)
{
    disk->path = path;
    disk->fd = -1;
    /* A new inode: who still reads the old file keeps it, and a link is not followed. */
    if (unlink(path) != 0 && errno != ENOENT)
        return rfm_fail_errno(err, errno, "%s: cannot replace", path);
    disk->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (disk->fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot create", path);
    /* HDF5 gives what is held back when it begins: the first time shows that there is room. */
    if (!rfm_h5_disk_reserve(disk, 0, err) && !write_empty(path, err)) {
        disk->reserved = 0;
        rfm_h5_disk_reserve(disk, 0, err);
    }
    if (err->status)
        unlink(path);
    return err->status;
}

/* Where blocks cannot be held, at least see that they are there now. */
static rfm_status check_free(rfm_h5_disk *disk, int64_t bytes, rfm_error *err)
{
    struct statvfs space;
    if (fstatvfs(disk->fd, &space) != 0 || space.f_frsize == 0)
        return RFM_OK;
    if ((uint64_t)bytes / space.f_frsize > space.f_bavail)
        return rfm_fail_errno(err, ENOSPC, "%s: %lld bytes more are needed", disk->path, (long long)bytes);
    return RFM_OK;
}

rfm_status rfm_h5_disk_reserve(rfm_h5_disk *disk, int64_t bytes, rfm_error *err)
{
    bytes += disk->reserved == 0 ? METADATA_BYTES : STEP_BYTES;
    if (bytes < 0 || disk->reserved > INT64_MAX - bytes)
        return rfm_fail(err, RFM_IO, "%s: the file would pass 2^63 bytes", disk->path);
    if (disk->skip)
        return RFM_OK;
    int failed;
    do
        failed = fallocate(disk->fd, FALLOC_FL_KEEP_SIZE, (off_t)disk->reserved, (off_t)bytes);
    while (failed && errno == EINTR);
    if (failed && errno != EOPNOTSUPP && errno != ENOSYS)
        return rfm_fail_errno(err, errno, "%s: no room for %lld bytes more", disk->path, (long long)bytes);
    if (failed && check_free(disk, bytes, err))
        return err->status;
    disk->reserved += bytes;
    return RFM_OK;
}

void rfm_h5_disk_abandon(rfm_h5_disk *disk)
{
    if (disk->fd >= 0 && ftruncate(disk->fd, 0) == 0)
        fallocate(disk->fd, FALLOC_FL_KEEP_SIZE, 0, METADATA_BYTES);
}

static herr_t count_object(hid_t id, const char *name, const H5O_info_t *info, void *data)
{
    (void)id, (void)name, (void)info;
    ++*(size_t *)data;
    return 0;
}

/* HDF5 notes the size in the file and refuses one that is shorter; every object's header carries a
 * checksum. So what was lost, unnoticed at the close, shows when all is read again. */
static rfm_status visit_objects(const char *path, rfm_error *err)
{
    size_t n_objects = 0;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    if (file < 0 || H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, count_object, &n_objects) < 0)
        rfm_fail(err, RFM_IO, "%s: what was written cannot be read again; is the disk full?", path);
    if (file >= 0)
        H5Fclose(file);
    H5Pclose(access);
    return err->status;
}

rfm_status rfm_h5_disk_check(rfm_h5_disk *disk, rfm_error *err)
{
    struct stat status;
    if (fstat(disk->fd, &status) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot check the size", disk->path);
    /* Blocks held beyond the end go back. */
    if (ftruncate(disk->fd, status.st_size) != 0 || fsync(disk->fd) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot write", disk->path);
    return visit_objects(disk->path, err);
}

void rfm_h5_disk_close(rfm_h5_disk *disk)
{
    if (disk->fd >= 0)
        close(disk->fd);
    disk->fd = -1;
}

rfm_status rfm_h5_disk_probe(const char *path, rfm_error *err)
{
    struct stat status;
    if (stat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return rfm_fail(err, RFM_DATA, "%s: there is no such file", path);
    if (access(path, R_OK) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot open", path);
    if (!S_ISREG(status.st_mode))
        return rfm_fail(err, RFM_DATA, "%s: is not a file", path);
    if (H5Fis_hdf5(path) <= 0)
        return rfm_fail(err, RFM_DATA, "%s: is not an HDF5 file", path);
    return RFM_OK;
}
