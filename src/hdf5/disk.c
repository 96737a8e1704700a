/* disk: see disk.h. */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <sys/stat.h>
#include <unistd.h>

static rfm_status open_file(rfm_h5_disk *disk, const char *path, int flags, rfm_error *err)
{
    *disk = (rfm_h5_disk){.path = path, .fd = rfm_open_together(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags)};
    if (disk->fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot %s", path, flags & O_CREAT ? "create" : "open");
    return RFM_OK;
}

rfm_status rfm_h5_disk_create(rfm_h5_disk *disk, const char *path, rfm_error *err)
{
    /* A new inode: who still reads the old file keeps it, and a link is not followed. */
    if (unlink(path) != 0 && errno != ENOENT)
        return rfm_fail_errno(err, errno, "%s: cannot replace", path);
    return open_file(disk, path, O_CREAT | O_EXCL, err);
}

rfm_status rfm_h5_disk_join(rfm_h5_disk *disk, const char *path, rfm_error *err)
{
    return open_file(disk, path, 0, err);
}

void rfm_h5_disk_write(rfm_h5_disk *disk, const void *bytes, size_t n, int64_t offset)
{
    const char *at = bytes;
    while (n > 0 && !disk->failed) {
        const ssize_t written = pwrite(disk->fd, at, n, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            disk->failed = written < 0 ? errno : ENOSPC;
            return;
        }
        at += written;
        n -= (size_t)written;
        offset += written;
    }
}

void rfm_h5_disk_cut(rfm_h5_disk *disk, int64_t length)
{
    if (!disk->failed && ftruncate(disk->fd, (off_t)length) != 0)
        disk->failed = errno;
}

rfm_status rfm_h5_disk_check(const rfm_h5_disk *disk, rfm_error *err)
{
    return disk->failed ? rfm_fail_errno(err, disk->failed, "%s: cannot write", disk->path) : RFM_OK;
}

rfm_status rfm_h5_disk_close(rfm_h5_disk *disk, rfm_error *err)
{
    if (disk->fd < 0)
        return err->status;
    if (!disk->failed && fsync(disk->fd) != 0)
        disk->failed = errno;
    if (close(disk->fd) != 0 && !disk->failed)
        disk->failed = errno;
    disk->fd = -1;
    return rfm_h5_disk_check(disk, err);
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
    const htri_t is_hdf5 = H5Fis_hdf5(path);
    if (is_hdf5 < 0)
        return rfm_fail(err, RFM_IO, "%s: cannot be read", path);
    return is_hdf5 ? RFM_OK : rfm_fail(err, RFM_DATA, "%s: is not an HDF5 file", path);
}
