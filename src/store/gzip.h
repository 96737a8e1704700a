/* gzip: bytes -> one gzip member. Knows nothing of what the bytes are. Local. */
#ifndef RFM_STORE_GZIP_H
#define RFM_STORE_GZIP_H

#include "rfmpi/base.h"

typedef struct rfm_gzip rfm_gzip;

/* level: 0 (stored) to 12; else RFM_INTERNAL. */
rfm_status rfm_gzip_open(int level, rfm_gzip **gzip, rfm_error *err);
void rfm_gzip_close(rfm_gzip *gzip); /* NULL is fine */

/* Append the member to `out`. The same bytes give the same member, whoever compresses them. */
rfm_status rfm_gzip_member(rfm_gzip *gzip, const void *bytes, size_t length, rfm_text *out, rfm_error *err);

#endif
