/* connection: a login and what it stands on. Local. */
#ifndef RFM_UPLOAD_CONNECTION_H
#define RFM_UPLOAD_CONNECTION_H

#include "rfmpi/upload.h"
#include "session.h"

typedef struct rfm_connection {
    rfm_account account;
    rfm_http *http;
    rfm_session *session;
} rfm_connection;

/* From credentials to a session. tag: see rfm_session_open. */
rfm_status rfm_connection_open(const rfm_upload_options *options, const char *tag, rfm_connection *connection,
                               rfm_error *err);
void rfm_connection_close(rfm_connection *connection); /* zeros are fine */

/* What it does first: no memory of this process ends in a file, and what is freed is empty. */
void rfm_connection_guard(void);

/* A client as the options want it. */
rfm_status rfm_connection_http(const rfm_upload_options *options, rfm_http **http, rfm_error *err);

#endif
