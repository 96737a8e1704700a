/* http: requests to servers over TLS, one at a time or many files at once; the door to libcurl. Knows no protocol that
 * is spoken over it. Local.
 *
 * Peer and host are verified, TLS is 1.2 or later, plain http goes to this machine only. A proxy holds for every
 * request: the given one, or what HTTPS_PROXY and NO_PROXY say.
 */
#ifndef RFM_UPLOAD_HTTP_H
#define RFM_UPLOAD_HTTP_H

#include "retry.h"
#include "source.h"

typedef struct rfm_http rfm_http;

typedef struct rfm_http_options {
    const char *ca_file;  /* whom to trust; NULL: the system's list */
    const char *crl_file; /* what has been revoked; NULL: not asked */
    const char *proxy;    /* NULL: the environment's */
    double retry_s;       /* in total, of one request */
    bool (*stopped)(void *context);
    void *context;
} rfm_http_options;

rfm_status rfm_http_open(const rfm_http_options *options, rfm_http **http, rfm_error *err);
void rfm_http_close(rfm_http *http); /* NULL is fine */
double rfm_http_retry_s(const rfm_http *http);
bool rfm_http_stopped(const rfm_http *http);

/* What follows is done for order's sake: requests to stop are heard no more, and what fails is not tried again. */
void rfm_http_wind_up(rfm_http *http);
bool rfm_http_winds_up(const rfm_http *http);

/* https, or http to this machine. */
bool rfm_http_allowed(const char *url);

/* Append a text as part of a URL: all but letters, digits and "-_.~" as %XX, and '/' as well unless it is kept. */
void rfm_url_add(rfm_text *url, const char *text, size_t length, bool keep_slash);

struct rfm_http_answer;

typedef struct rfm_http_request {
    const char *method;
    const char *url;
    const char *const *headers; /* "Name: value" each; NULL behind the last */
    const void *body;           /* what is sent; or */
    size_t n_body;
    rfm_source *source; /* borrowed; NULL: none */
    /* Takes the body of a 200 as it comes, instead of the answer; false ends it. NULL: the answer keeps it. */
    bool (*take)(void *context, const struct rfm_http_answer *head, const void *bytes, size_t n);
    void *context;
    double quiet_s; /* give up after so long without a byte */
} rfm_http_request;

struct rfm_http_answer {
    long status;          /* 0: none came */
    rfm_text headers;     /* lines, as they came */
    rfm_text body;        /* may hold secrets: rfm_http_answer_free wipes it */
    char problem[256];    /* why none came */
    char region[64];      /* x-amz-bucket-region */
    char date[64];        /* the server's clock, as it writes it */
    double retry_after_s; /* what it asks for; 0: nothing */
};
typedef struct rfm_http_answer rfm_http_answer;

/* The value of a header; "" where there is none, or it is longer. */
void rfm_http_answer_header(const rfm_http_answer *answer, const char *name, char *value, size_t room);
void rfm_http_answer_keep(rfm_http_answer *answer, const char *line, size_t n); /* a line of the head, as it comes */
void rfm_http_answer_free(rfm_http_answer *answer);

/* RFM_OK with the answer, whatever its status; and with status 0 where it did not come for a reason that may pass. Else
 * what will not pass: a certificate that does not hold (RFM_UNAVAILABLE), a request to stop (RFM_STOPPED). */
rfm_status rfm_http_send(rfm_http *http, const rfm_http_request *request, rfm_http_answer *answer, rfm_error *err);

/* From any thread: a batch that waits looks again what can be begun. */
void rfm_http_wake(rfm_http *http);

/* Sleep, unless stopped meanwhile (RFM_STOPPED). */
rfm_status rfm_http_pause(rfm_http *http, double seconds, rfm_error *err);

/* Whether a status is worth another attempt: no answer, 307, 308, 408, 429, 5xx. */
bool rfm_http_passing(long status);

/* ---- many ------------------------------------------------------------------------------------------------------- */

/* n things to send, up to `parallel` at once. */
typedef struct rfm_http_batch {
    size_t n;
    int parallel;
    /* Whether item i can be begun without a wait. NULL: always */
    bool (*ready)(void *context, size_t i);
    /* Make the request of item i, for this attempt; what it points to lives until `end`. */
    rfm_status (*begin)(void *context, size_t i, rfm_http_request *request, rfm_error *err);
    /* The answer came, or none: done, or *again. */
    rfm_status (*end)(void *context, size_t i, const rfm_http_answer *answer, bool *again, rfm_error *err);
    /* Now and then, about five times a second; the bytes sent so far of what is under way. */
    rfm_status (*tick)(void *context, int64_t bytes_under_way, rfm_error *err);
    const bool *enough; /* once it is true no item is begun any more; NULL: never */
    void *context;
} rfm_http_batch;

rfm_status rfm_http_send_all(rfm_http *http, const rfm_http_batch *batch, rfm_error *err);

#endif
