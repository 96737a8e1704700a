/* call: URL, headers, attempts. */
#include "call.h"

#include "crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rfm_reply_free(rfm_reply *reply)
{
    json_decref(reply->root);
    *reply = (rfm_reply){0};
}

const json_t *rfm_reply_data(const rfm_reply *reply)
{
    return json_object_get(reply->root, "data");
}

const char *rfm_reply_text(const rfm_reply *reply, const char *key)
{
    return json_string_value(json_object_get(rfm_reply_data(reply), key));
}

const char *rfm_reply_message(const rfm_reply *reply)
{
    const char *message = json_string_value(json_object_get(reply->root, "message"));
    return message && *message ? message : "no message";
}

/* ---- one attempt ------------------------------------------------------------------------------------------------ */

static rfm_status make_url(const char *base, const rfm_call *call, int attempt, long status, rfm_text *url,
                           rfm_error *err)
{
    char guid[RFM_UUID_BYTES];
    if (rfm_uuid_make(guid, err) != RFM_OK)
        return err->status;
    rfm_text_addf(url, "%s%s%srequest_guid=%s", base, call->path, strchr(call->path, '?') ? "&" : "?", guid);
    if (call->request_id)
        rfm_text_addf(url, "&requestId=%s", call->request_id);
    if (call->parameters)
        rfm_text_adds(url, call->parameters);
    if (call->counts && attempt > 0)
        rfm_text_addf(url, "&retryCount=%d&retryReason=%ld", attempt, status);
    return rfm_text_check(url, err);
}

/* The header with the token; the caller closes it. */
static char *make_authorization(const rfm_call *call, rfm_error *err)
{
    static const char before[] = "Authorization: Snowflake Token=\"";
    char *token = call->token ? rfm_secret_open(call->token, err) : NULL;
    const char *shown = token ? token : "None";
    char *header = rfm_alloc(sizeof before + strlen(shown) + 1, 1, err);
    if (header)
        sprintf(header, "%s%s\"", before, shown);
    rfm_secret_close(token);
    return header;
}

static rfm_status send(rfm_http *http, const char *url, const rfm_call *call, rfm_http_answer *answer, rfm_error *err)
{
    char *authorization = make_authorization(call, err), accept[64];
    char *body = call->make_body ? call->make_body(call->context, err) : rfm_copy_string("{}", err);
    snprintf(accept, sizeof accept, "Accept: %s", call->accept ? call->accept : "application/snowflake");
    if (err->status == RFM_OK) {
        const bool has_body = strcmp(call->method, "GET") != 0;
        const char *const headers[] = {"Content-Type: application/json", accept, ("User-Agent: rfmpi/" RFMPI_VERSION),
                                       authorization, NULL};
        const rfm_http_request request = {.method = call->method,
                                          .url = url,
                                          .headers = headers,
                                          .body = body,
                                          .n_body = has_body ? strlen(body) : 0,
                                          .quiet_s = call->quiet_s > 0 ? call->quiet_s : 60};
        rfm_http_send(http, &request, answer, err);
    }
    rfm_secret_close(authorization);
    rfm_secret_close(body);
    return err->status;
}

/* What the body says; false where it is no JSON object, or not whole. */
static bool read_reply(const rfm_http_answer *answer, rfm_reply *reply)
{
    json_error_t reason;
    json_t *root = answer->body.length > 0 ? json_loadb(answer->body.bytes, answer->body.length, 0, &reason) : NULL;
    if (!json_is_object(root)) {
        json_decref(root);
        return false;
    }
    reply->root = root;
    reply->success = json_is_true(json_object_get(root, "success"));
    const json_t *code = json_object_get(root, "code");
    const char *text = json_string_value(code);
    if (text)
        snprintf(reply->code, sizeof reply->code, "%s", text);
    else if (json_is_integer(code))
        snprintf(reply->code, sizeof reply->code, "%06lld", (long long)json_integer_value(code));
    return true;
}

static rfm_status fail_status(const rfm_call *call, const char *base, long status, rfm_error *err)
{
    switch (status) {
    case 401:
    case 403:
        return rfm_fail(err, RFM_DENIED,
                        "%s: %s answers %ld: no such account on this host, or a network policy keeps this machine out",
                        call->what, base, status);
    case 404:
        return rfm_fail(err, RFM_UNAVAILABLE, "%s: %s knows no %s: is it the right host?", call->what, base,
                        call->path);
    default:
        return rfm_fail(err, RFM_UNAVAILABLE, "%s: %s answers %ld", call->what, base, status);
    }
}

/* Of one call, over its attempts. */
typedef struct attempts {
    rfm_http *http;
    const char *base;
    const rfm_call *call;
    rfm_http_answer answer; /* of the last */
    rfm_retry retry;
} attempts;

/* Says whether another attempt may help. */
static rfm_status attempt(attempts *a, rfm_reply *reply, bool *again, rfm_error *err)
{
    rfm_text url = {0};
    const rfm_call *call = a->call;
    const long before = a->answer.status;
    const double began = rfm_clock_s();
    rfm_http_answer_free(&a->answer);
    if (make_url(a->base, call, a->retry.n, before, &url, err) == RFM_OK &&
        send(a->http, url.bytes, call, &a->answer, err) == RFM_OK) {
        const long status = reply->status = a->answer.status;
        rfm_log(RFM_LOG_DEBUG, "%s %s: %ld in %.2f s", call->method, call->path, status, rfm_clock_s() - began);
        *again = rfm_http_passing(status);
        if (!*again && !read_reply(&a->answer, reply)) {
            *again = status == 200; /* cut off on the way */
            if (status != 200 && status != 401)
                fail_status(call, a->base, status, err);
        }
    }
    rfm_text_free(&url);
    return err->status;
}

static rfm_status fail_away(const attempts *a, rfm_error *err)
{
    char status[48];
    snprintf(status, sizeof status, a->answer.status == 200 ? "an answer that is not whole" : "answer %ld",
             a->answer.status);
    return rfm_fail(err, RFM_STOPPED, "%s: %s: %s (%d attempts in %.0f s): run the same command again", a->call->what,
                    a->base, a->answer.status == 0 ? a->answer.problem : status, a->retry.n,
                    rfm_clock_s() - a->retry.since_s);
}

rfm_status rfm_call_send(rfm_http *http, const char *base, const rfm_call *call, rfm_reply *reply, rfm_error *err)
{
    attempts a = {.http = http, .base = base, .call = call, .retry = {.total_s = rfm_http_retry_s(http)}};
    *reply = (rfm_reply){.began_s = rfm_clock_s()};
    for (bool again = true; again && err->status == RFM_OK;) {
        double wait_s;
        if (attempt(&a, reply, &again, err) != RFM_OK || !again)
            break;
        if (!rfm_retry_failed(&a.retry, a.answer.retry_after_s, &wait_s) || call->once || rfm_http_winds_up(http))
            fail_away(&a, err);
        else
            rfm_http_pause(http, wait_s, err);
    }
    rfm_http_answer_free(&a.answer);
    if (err->status != RFM_OK)
        rfm_reply_free(reply);
    return err->status;
}
