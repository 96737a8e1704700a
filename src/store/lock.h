/* lock: who uses a run directory. Knows the lock file and nothing else of the directory. Local. */
#ifndef RFM_STORE_LOCK_H
#define RFM_STORE_LOCK_H

#include "rfmpi/store.h"

/* From alone to shared, without a moment in which it is free. */
rfm_status rfm_lock_downgrade(int fd, const char *path, rfm_error *err);

rfm_status rfm_lock_shared(const char *path, double wait_s, int *fd, rfm_error *err);

#endif
