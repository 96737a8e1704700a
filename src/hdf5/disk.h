/* disk: what rank 0 does to a file beside HDF5, so that HDF5 never meets a full disk. Knows bytes,
 * not datasets. Local.
 *
 *     0              written          HDF5's end            reserved
 *     |--- data and metadata ----|------ to be written -----|
 *                                 `--- blocks held by fallocate, beyond the file's size
 */
#ifndef RFM_HDF5_DISK_H
#define RFM_HDF5_DISK_H

#include "rfmpi/base.h"

typedef struct rfm_h5_disk {
    const char *path; /* borrowed */
    int fd;           /* -1: none */
    int64_t reserved; /* blocks below this are ours */
    bool skip;        /* a test's: reserve nothing, as on a file system that cannot */
} rfm_h5_disk;

/* Replace path by an empty HDF5 file of mode 0600. */
rfm_status rfm_h5_disk_create(rfm_h5_disk *disk, const char *path, rfm_error *err);

/* Before HDF5 adds bytes: hold blocks for them, and for the metadata that come with them. RFM_IO when
 * there is no room. */
rfm_status rfm_h5_disk_reserve(rfm_h5_disk *disk, int64_t bytes, rfm_error *err);

/* Give all blocks back, so that HDF5, which must write metadata to let go of a file, can. The
 * content is lost. */
void rfm_h5_disk_abandon(rfm_h5_disk *disk);

/* After HDF5 closed the file: all of it is there, and on the disk. */
rfm_status rfm_h5_disk_check(rfm_h5_disk *disk, rfm_error *err);

void rfm_h5_disk_close(rfm_h5_disk *disk); /* -1 is fine */

/* That path is a file and HDF5's. */
rfm_status rfm_h5_disk_probe(const char *path, rfm_error *err);

#endif
