/* jwt: the token by which a key pair logs in (RFC 7519; the claims are Snowflake's key-pair authentication). Local. */
#ifndef RFM_UPLOAD_JWT_H
#define RFM_UPLOAD_JWT_H

#include "crypto.h"

enum { RFM_JWT_LASTS_S = 60 };

/* account and user in capitals, as the login names them; now_s: UTC seconds. The caller closes it (rfm_secret_close).
 */
char *rfm_jwt_make(const rfm_key *key, const char *account, const char *user, int64_t now_s, rfm_error *err);

#endif
