/* multipart: one large file to S3 in pieces, several at once. Knows what a place asks for; nothing of stages. Local. */
#ifndef RFM_UPLOAD_MULTIPART_H
#define RFM_UPLOAD_MULTIPART_H

#include "place.h"

typedef struct rfm_multipart {
    rfm_http *http;
    rfm_place *place;
    rfm_object object; /* not sealed */
    const char *path;
    int64_t n_bytes;
    int parallel;
    rfm_status (*refresh)(void *context, rfm_error *err); /* the place has expired: new credentials for it */
    rfm_status (*tick)(void *context, int64_t bytes_under_way, rfm_error *err);
    void *context;
} rfm_multipart;

/* The object is there, whole; after a failure nothing of it is. */
rfm_status rfm_multipart_send(const rfm_multipart *multipart, rfm_error *err);

#endif
