/* jwt: header, claims and signature of a login token. */
#include "jwt.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static rfm_status add_part(rfm_text *token, const json_t *part, rfm_error *err)
{
    char *text = part ? json_dumps(part, JSON_COMPACT) : NULL;
    if (!text)
        return rfm_fail(err, RFM_NO_MEMORY, "no memory for a login token");
    rfm_base64url_add(token, text, strlen(text));
    free(text);
    return rfm_text_check(token, err);
}

static json_t *make_claims(const char *subject, const char *fingerprint, int64_t now_s)
{
    return json_pack("{s:o, s:s, s:I, s:I}", "iss", json_sprintf("%s.%s", subject, fingerprint), "sub", subject, "iat",
                     (json_int_t)now_s, "exp", (json_int_t)now_s + RFM_JWT_LASTS_S);
}

char *rfm_jwt_make(const rfm_key *key, const char *account, const char *user, int64_t now_s, rfm_error *err)
{
    char *fingerprint = rfm_key_fingerprint(key, err);
    rfm_text token = {0}, subject = {0};
    rfm_text_addf(&subject, "%s.%s", account, user);
    json_t *header = json_pack("{s:s, s:s}", "alg", rfm_key_algorithm(key), "typ", "JWT");
    json_t *claims =
        fingerprint && rfm_text_check(&subject, err) == RFM_OK ? make_claims(subject.bytes, fingerprint, now_s) : NULL;
    if (err->status == RFM_OK && add_part(&token, header, err) == RFM_OK) {
        rfm_text_adds(&token, ".");
        if (add_part(&token, claims, err) == RFM_OK) {
            rfm_text signature = {0};
            rfm_key_sign(key, token.bytes, token.length, &signature, err);
            rfm_text_addf(&token, ".%s", signature.bytes ? signature.bytes : "");
            rfm_text_free(&signature);
        }
    }
    json_decref(header);
    json_decref(claims);
    free(fingerprint);
    rfm_text_free(&subject);
    if (err->status != RFM_OK || rfm_text_check(&token, err) != RFM_OK)
        rfm_text_free(&token);
    return token.bytes;
}
