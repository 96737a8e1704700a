/* disk: the bytes of a file that is being written. The first write that fails is kept, and nothing is written after it;
 * whoever wrote may ask at any later time. Knows bytes, not datasets. Local.
 */
#ifndef RFM_HDF5_DISK_H
#define RFM_HDF5_DISK_H

#include "rfmpi/base.h"

typedef struct rfm_h5_disk {
    const char *path; /* borrowed */
    int fd;           /* -1: none */
    int failed;       /* errno of the first write that failed; 0: none did */
} rfm_h5_disk;

/* Replace path by an empty file of mode 0600. */
rfm_status rfm_h5_disk_create(rfm_h5_disk *disk, const char *path, rfm_error *err);

/* A file that another rank has created. */
rfm_status rfm_h5_disk_join(rfm_h5_disk *disk, const char *path, rfm_error *err);

void rfm_h5_disk_write(rfm_h5_disk *disk, const void *bytes, size_t n, int64_t offset);
void rfm_h5_disk_cut(rfm_h5_disk *disk, int64_t length);

/* RFM_IO when a write failed. */
rfm_status rfm_h5_disk_check(const rfm_h5_disk *disk, rfm_error *err);

/* All that was written is on the disk; -1 is fine. */
rfm_status rfm_h5_disk_close(rfm_h5_disk *disk, rfm_error *err);

/* That path is a file and HDF5's. */
rfm_status rfm_h5_disk_probe(const char *path, rfm_error *err);

#endif
