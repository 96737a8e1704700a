/* disk: a small file system in the session's folder, to be filled. Root alone may make one. */
#ifndef RFM_TEST_DISK_H
#define RFM_TEST_DISK_H

#include "session.h"

#include <sys/mount.h>

/* Collective: all ranks get whether it is there. options: of mount, such as "size=1m". */
static inline bool mount_disk(const char *options)
{
    int64_t failed = 0;
    if (rfm_comm_rank(comm) == 0) {
        rmdir(in_folder("disk"));
        failed = mkdir(in_folder("disk"), 0700) || mount("none", in_folder("disk"), "tmpfs", 0, options);
        if (failed)
            print_message("no file system can be mounted here: a full disk is not tried\n");
    }
    rfm_comm_bcast(comm, 0, &failed, sizeof failed);
    return !failed;
}

static inline void unmount_disk(void)
{
    rfm_comm_barrier(comm);
    if (rfm_comm_rank(comm) == 0)
        assert_int_equal(umount(in_folder("disk")), 0);
    rfm_comm_barrier(comm);
}

#endif
