/* sigv4: signatures of requests to S3 (AWS Signature Version 4). Knows no stage and sends nothing. Local. */
#ifndef RFM_UPLOAD_SIGV4_H
#define RFM_UPLOAD_SIGV4_H

#include "rfmpi/base.h"

enum { RFM_SIGV4_TIME_BYTES = 17 };

typedef struct rfm_signed_header {
    const char *name; /* lower case */
    const char *value;
} rfm_signed_header;

typedef struct rfm_sigv4 {
    const char *method;
    const char *path;                 /* as it is sent: every byte but letters, digits and "-_.~/" as %XX, once */
    const char *query;                /* sorted and encoded; "" */
    const rfm_signed_header *headers; /* in the order of their names; host is among them */
    size_t n_headers;
    const char *payload_hash; /* hex, or UNSIGNED-PAYLOAD */
    const char *region, *service;
    const char *key_id, *secret;
    char time[RFM_SIGV4_TIME_BYTES]; /* 20150830T123600Z */
} rfm_sigv4;

/* UTC seconds since 1970 as such a time. */
void rfm_sigv4_time(int64_t utc_s, char time[RFM_SIGV4_TIME_BYTES]);

/* Append the value of the header Authorization. */
rfm_status rfm_sigv4_sign(const rfm_sigv4 *request, rfm_text *authorization, rfm_error *err);

#endif
