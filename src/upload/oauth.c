/* oauth: one request to a token endpoint, tried again while that may help. */
#include "oauth.h"

#include "crypto.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void wipe(rfm_text *text)
{
    if (text->bytes)
        explicit_bzero(text->bytes, text->capacity);
    rfm_text_free(text);
}

/* id:secret, each as in a form, in base64. */
static rfm_status add_authorization(const rfm_account *account, rfm_text *header, rfm_error *err)
{
    const char *id = rfm_account_text(account, RFM_CLIENT_ID);
    char *secret = rfm_secret_open(&account->fields[RFM_CLIENT_SECRET].secret, err);
    rfm_text pair = {0};
    if (secret) {
        rfm_text_room(&pair, 3 * (strlen(id) + strlen(secret)) + 2); /* at once: nothing is left behind by growing */
        rfm_url_add(&pair, id, strlen(id), false);
        rfm_text_adds(&pair, ":");
        rfm_url_add(&pair, secret, strlen(secret), false);
        rfm_text_room(header, 2 * pair.length + 64);
        rfm_text_adds(header, "Authorization: Basic ");
        rfm_base64_add(header, pair.bytes, pair.length);
    }
    rfm_secret_close(secret);
    rfm_text_check(&pair, err);
    wipe(&pair);
    return err->status == RFM_OK ? rfm_text_check(header, err) : err->status;
}

static rfm_status add_form(const rfm_account *account, rfm_text *form, rfm_error *err)
{
    const char *scope = rfm_account_text(account, RFM_CLIENT_SCOPE), *role = rfm_account_text(account, RFM_ROLE);
    rfm_text_adds(form, "grant_type=client_credentials");
    if (scope || role)
        rfm_text_addf(form, "&scope=%s", scope ? "" : "session%3Arole%3A");
    if (scope || role)
        rfm_url_add(form, scope ? scope : role, strlen(scope ? scope : role), false);
    return rfm_text_check(form, err);
}

static char *read_token(const rfm_account *account, const rfm_http_answer *answer, rfm_error *err)
{
    json_error_t reason;
    json_t *root = answer->body.length > 0 ? json_loadb(answer->body.bytes, answer->body.length, 0, &reason) : NULL;
    const char *token = json_string_value(json_object_get(root, "access_token"));
    const char *why = json_string_value(json_object_get(root, "error"));
    char *copy = NULL;
    if (answer->status == 200 && token)
        copy = rfm_copy_string(token, err);
    else
        rfm_fail(err, RFM_DENIED, "%s gives no token for client %s: answer %ld, %s",
                 rfm_account_text(account, RFM_CLIENT_URL), rfm_account_text(account, RFM_CLIENT_ID), answer->status,
                 why ? why : "no reason");
    json_decref(root);
    return copy;
}

static char *send(rfm_http *http, const rfm_account *account, const char *authorization, const rfm_text *form,
                  rfm_error *err)
{
    const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json",
                                   authorization, NULL};
    const rfm_http_request request = {.method = "POST",
                                      .url = rfm_account_text(account, RFM_CLIENT_URL),
                                      .headers = headers,
                                      .body = form->bytes,
                                      .n_body = form->length,
                                      .quiet_s = 60};
    rfm_retry retry = {.total_s = rfm_http_retry_s(http)};
    rfm_http_answer answer = {0};
    char *token = NULL;
    while (rfm_http_send(http, &request, &answer, err) == RFM_OK) {
        double wait_s;
        if (!rfm_http_passing(answer.status)) {
            token = read_token(account, &answer, err);
            break;
        }
        if (!rfm_retry_failed(&retry, answer.retry_after_s, &wait_s))
            rfm_fail(err, RFM_STOPPED, "%s: %s: run the same command again", request.url,
                     answer.status == 0 ? answer.problem : "no answer of use");
        rfm_http_answer_free(&answer);
        if (err->status != RFM_OK || rfm_http_pause(http, wait_s, err) != RFM_OK)
            break;
    }
    rfm_http_answer_free(&answer);
    return token;
}

char *rfm_oauth_fetch(rfm_http *http, const rfm_account *account, rfm_error *err)
{
    rfm_text authorization = {0}, form = {0};
    char *token = NULL;
    if (add_authorization(account, &authorization, err) == RFM_OK && add_form(account, &form, err) == RFM_OK)
        token = send(http, account, authorization.bytes, &form, err);
    wipe(&authorization);
    rfm_text_free(&form);
    return token;
}
