/* lock: who uses a run directory. Knows the lock file and nothing else of the directory. Local. */
#ifndef RFM_STORE_LOCK_H
#define RFM_STORE_LOCK_H

#include "rfmpi/base.h"

/* Open path and lock it alone, waiting up to wait_s; RFM_USAGE that names the holder when it stays locked. *fd is -1 on
 * failure. The lock ends with the process, whatever ends that. */
rfm_status rfm_lock_alone(const char *path, double wait_s, int *fd, rfm_error *err);

/* From alone to shared, without a moment in which it is free. */
rfm_status rfm_lock_downgrade(int fd, const char *path, rfm_error *err);

rfm_status rfm_lock_shared(const char *path, double wait_s, int *fd, rfm_error *err);

#endif
