/* writer: see writer.h. */
#include "writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* HDF5's file, and behind it what is ours. */
typedef struct writer {
    H5FD_t common;
    rfm_h5_disk *disk;
    haddr_t end, end_of_file; /* of what HDF5 has given out, and of what it believes is there */
} writer;

/* What the property list carries. HDF5 copies it as it is. */
typedef struct writer_info {
    rfm_h5_disk *disk;
} writer_info;

static H5FD_t *open_writer(const char *name, unsigned flags, hid_t access, haddr_t most)
{
    (void)name, (void)flags, (void)most;
    const writer_info *info = H5Pget_driver_info(access);
    writer *made = info ? calloc(1, sizeof *made) : NULL;
    if (made)
        made->disk = info->disk;
    return (H5FD_t *)made;
}

static herr_t close_writer(H5FD_t *file)
{
    free(file);
    return 0;
}

static herr_t query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

static haddr_t get_end(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const writer *)file)->end;
}

static herr_t set_end(H5FD_t *file, H5FD_mem_t type, haddr_t end)
{
    (void)type;
    ((writer *)file)->end = end;
    return 0;
}

static haddr_t get_end_of_file(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const writer *)file)->end_of_file;
}

/* What was never written is zero. HDF5 reads what it has written itself, so rarely that a wait does not matter. A
 * failure is kept like one of writing. */
static herr_t read_back(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t n, void *bytes)
{
    (void)type, (void)transfer;
    rfm_h5_disk *disk = ((writer *)file)->disk;
    char *into = memset(bytes, 0, n);
    for (ssize_t got = 1; n > 0 && got != 0;) {
        got = pread(disk->fd, into, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            disk->failed = disk->failed ? disk->failed : errno;
            break;
        }
        into += got;
        at += (haddr_t)got;
        n -= (size_t)got;
    }
    return 0;
}

static herr_t write_on(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t n, const void *bytes)
{
    (void)type, (void)transfer;
    writer *to = (writer *)file;
    rfm_h5_disk_write(to->disk, bytes, n, (int64_t)at);
    if (at + n > to->end_of_file)
        to->end_of_file = at + n;
    return 0;
}

/* HDF5 notes in a file how long it is: as long as what was given out. */
static herr_t cut(H5FD_t *file, hid_t transfer, hbool_t closing)
{
    (void)transfer, (void)closing;
    writer *to = (writer *)file;
    if (to->end != to->end_of_file)
        rfm_h5_disk_cut(to->disk, (int64_t)to->end);
    to->end_of_file = to->end;
    return 0;
}

static const H5FD_class_t CLASS = {
    .name = "rfmpi",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(writer_info),
    .open = open_writer,
    .close = close_writer,
    .query = query,
    .get_eoa = get_end,
    .set_eoa = set_end,
    .get_eof = get_end_of_file,
    .read = read_back,
    .write = write_on,
    .truncate = cut,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

herr_t rfm_h5_writer_access(hid_t access, rfm_h5_disk *disk)
{
    /* Once, and for good: closing a file gives its driver back before it calls it for the last time. */
    static hid_t driver = H5I_INVALID_HID;
    const writer_info info = {disk};
    if (driver < 0)
        driver = H5FDregister(&CLASS);
    return driver < 0 ? -1 : H5Pset_driver(access, driver, &info);
}
