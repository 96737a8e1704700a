/* oauth: an access token for client credentials (RFC 6749, section 4.4). Local. */
#ifndef RFM_UPLOAD_OAUTH_H
#define RFM_UPLOAD_OAUTH_H

#include "account.h"
#include "http.h"

/* The caller closes it (rfm_secret_close). NULL with err set: RFM_DENIED where the server refuses. */
char *rfm_oauth_fetch(rfm_http *http, const rfm_account *account, rfm_error *err);

#endif
