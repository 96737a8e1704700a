/* call: one request of the protocol and its answer in JSON, tried again while that may help. Knows codes and tokens, no
 * statements. Local. */
#ifndef RFM_UPLOAD_CALL_H
#define RFM_UPLOAD_CALL_H

#include "http.h"
#include "secret.h"

#include <jansson.h>

typedef struct rfm_call {
    const char *what;   /* for messages: "login" */
    const char *method; /* POST, GET */
    const char *path;
    const char *parameters; /* more of them: "&a=b"; NULL: none */
    const char *request_id; /* the same for each attempt; NULL: none */
    const rfm_secret *token;
    const char *accept;
    bool counts; /* attempts are counted in the URL, as drivers do for statements */
    bool once;   /* a courtesy: one short attempt, nothing depends on it */
    double quiet_s;
    /* The body of an attempt, which rfm_secret_close frees; NULL: "{}". */
    char *(*make_body)(const void *context, rfm_error *err);
    const void *context;
} rfm_call;

typedef struct rfm_reply {
    long status;
    json_t *root;  /* an object */
    char code[16]; /* "" for success without one */
    bool success;
    double began_s;
} rfm_reply;

/* RFM_OK: there is an answer in JSON, whatever it says. RFM_STOPPED: the network, or the server, is away for longer
 * than the time given to retries, or a request to stop came. */
rfm_status rfm_call_send(rfm_http *http, const char *base, const rfm_call *call, rfm_reply *reply, rfm_error *err);
void rfm_reply_free(rfm_reply *reply);

/* A text of data; NULL when absent. Borrowed. */
const char *rfm_reply_text(const rfm_reply *reply, const char *key);
const json_t *rfm_reply_data(const rfm_reply *reply);
const char *rfm_reply_message(const rfm_reply *reply);

#endif
