/* copy: one file to another place on this machine, safe on the disk. Local. */
#ifndef RFM_UPLOAD_COPY_H
#define RFM_UPLOAD_COPY_H

#include "rfmpi/base.h"

/* flags: O_EXCL where there must be none of that name, O_TRUNC where one may be written over. *n_bytes grows by what
 * was copied. */
rfm_status rfm_file_copy(const char *from, const char *to, int flags, int64_t *n_bytes, rfm_error *err);

#endif
