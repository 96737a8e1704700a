/* sigv4: canonical request, string to sign, derived key ("Create a signed AWS API request", IAM User Guide). */
#include "sigv4.h"

#include "crypto.h"

#include <string.h>
#include <time.h>

void rfm_sigv4_time(int64_t utc_s, char time[RFM_SIGV4_TIME_BYTES])
{
    struct tm parts;
    const time_t seconds = (time_t)utc_s;
    gmtime_r(&seconds, &parts);
    strftime(time, RFM_SIGV4_TIME_BYTES, "%Y%m%dT%H%M%SZ", &parts);
}

/* Trimmed, and runs of blanks as one. */
static void add_value(rfm_text *text, const char *value)
{
    const size_t before = text->length;
    bool blank = false;
    for (const char *c = value; *c; c++) {
        if (*c != ' ' && blank && text->length > before)
            rfm_text_adds(text, " ");
        if (*c != ' ')
            rfm_text_add(text, c, 1);
        blank = *c == ' ';
    }
}

static void add_names(const rfm_sigv4 *request, rfm_text *text)
{
    for (size_t i = 0; i < request->n_headers; i++)
        rfm_text_addf(text, "%s%s", i > 0 ? ";" : "", request->headers[i].name);
}

static void add_canonical(const rfm_sigv4 *request, rfm_text *text)
{
    rfm_text_addf(text, "%s\n%s\n%s\n", request->method, request->path, request->query);
    for (size_t i = 0; i < request->n_headers; i++) {
        rfm_text_addf(text, "%s:", request->headers[i].name);
        add_value(text, request->headers[i].value);
        rfm_text_adds(text, "\n");
    }
    rfm_text_adds(text, "\n");
    add_names(request, text);
    rfm_text_addf(text, "\n%s", request->payload_hash);
}

static rfm_status add_scope(const rfm_sigv4 *request, rfm_text *text, rfm_error *err)
{
    rfm_text_addf(text, "%.8s/%s/%s/aws4_request", request->time, request->region, request->service);
    return rfm_text_check(text, err);
}

static rfm_status make_key(const rfm_sigv4 *request, unsigned char key[RFM_SHA256_BYTES], rfm_error *err)
{
    const char *const steps[] = {request->region, request->service, "aws4_request"};
    rfm_text first = {0};
    rfm_text_addf(&first, "AWS4%s", request->secret);
    if (rfm_text_check(&first, err) == RFM_OK)
        rfm_crypto_hmac(first.bytes, first.length, request->time, 8, key, err);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && err->status == RFM_OK; i++) {
        unsigned char next[RFM_SHA256_BYTES];
        rfm_crypto_hmac(key, RFM_SHA256_BYTES, steps[i], strlen(steps[i]), next, err);
        memcpy(key, next, sizeof next);
    }
    if (first.bytes)
        explicit_bzero(first.bytes, first.length);
    rfm_text_free(&first);
    return err->status;
}

static rfm_status add_string_to_sign(const rfm_sigv4 *request, rfm_text *text, rfm_error *err)
{
    rfm_text canonical = {0};
    unsigned char hash[RFM_SHA256_BYTES];
    add_canonical(request, &canonical);
    if (rfm_text_check(&canonical, err) == RFM_OK &&
        rfm_crypto_sha256(canonical.bytes, canonical.length, hash, err) == RFM_OK) {
        rfm_text_addf(text, "AWS4-HMAC-SHA256\n%s\n", request->time);
        add_scope(request, text, err);
        rfm_text_adds(text, "\n");
        rfm_hex_add(text, hash, sizeof hash);
    }
    if (canonical.bytes)
        explicit_bzero(canonical.bytes, canonical.length); /* has the session token */
    rfm_text_free(&canonical);
    return rfm_text_check(text, err);
}

rfm_status rfm_sigv4_sign(const rfm_sigv4 *request, rfm_text *authorization, rfm_error *err)
{
    rfm_text text = {0};
    unsigned char key[RFM_SHA256_BYTES], code[RFM_SHA256_BYTES];
    if (add_string_to_sign(request, &text, err) == RFM_OK && make_key(request, key, err) == RFM_OK &&
        rfm_crypto_hmac(key, sizeof key, text.bytes, text.length, code, err) == RFM_OK) {
        rfm_text_addf(authorization, "AWS4-HMAC-SHA256 Credential=%s/", request->key_id);
        add_scope(request, authorization, err);
        rfm_text_adds(authorization, ", SignedHeaders=");
        add_names(request, authorization);
        rfm_text_adds(authorization, ", Signature=");
        rfm_hex_add(authorization, code, sizeof code);
    }
    explicit_bzero(key, sizeof key);
    rfm_text_free(&text);
    return rfm_text_check(authorization, err);
}
