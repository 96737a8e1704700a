/* session: login, renewal, heartbeat, logout. */
#include "session.h"

#include "jwt.h"
#include "oauth.h"

#include <stdlib.h>
#include <string.h>

static const double HEARTBEAT_MOST_S = 900, COURTESY_S = 5;

struct rfm_session {
    rfm_http *http;             /* borrowed */
    const rfm_account *account; /* borrowed */
    char *tag;
    rfm_secret token, master;
    char *database, *schema, *warehouse, *role;
    double heartbeat_s, beat_s; /* how often; when last */
    bool is_open, lacks_warehouse;
    bool is_held, is_lost;
};

rfm_http *rfm_session_http(const rfm_session *session)
{
    return session->http;
}

const char *rfm_session_base(const rfm_session *session)
{
    return session->account->base;
}

const rfm_secret *rfm_session_token(const rfm_session *session)
{
    return &session->token;
}

const char *rfm_session_database(const rfm_session *session)
{
    return session->database;
}

const char *rfm_session_schema(const rfm_session *session)
{
    return session->schema;
}

const char *rfm_session_warehouse(const rfm_session *session)
{
    return session->warehouse;
}

const char *rfm_session_role(const rfm_session *session)
{
    return session->role;
}

bool rfm_session_lacks_warehouse(const rfm_session *session)
{
    return session->lacks_warehouse;
}

/* ---- what a login sends ----------------------------------------------------------------------------------------- */

/* Another one for each attempt: it lasts a minute. */
static char *make_jwt(const rfm_session *session, rfm_error *err)
{
    const rfm_account *account = session->account;
    const char *path = rfm_account_text(account, RFM_KEY_FILE), *name = rfm_account_text(account, RFM_USER);
    char *user = rfm_copy_string(name, err), *token = NULL;
    if (user)
        rfm_account_capitals(user);
    char *pem = rfm_secret_open(&account->key, err);
    rfm_key *key = NULL;
    if (user && pem && rfm_key_open(pem, &account->fields[RFM_KEY_PASSPHRASE].secret, path, &key, err) == RFM_OK)
        token = rfm_jwt_make(key, account->name, user, rfm_clock_wall_us() / 1000000, err);
    rfm_key_close(key);
    rfm_secret_close(pem);
    free(user);
    return token;
}

/* Takes value over, also NULL. */
static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

/* What proves who logs in; the caller closes it. */
static char *make_proof(const rfm_session *session, rfm_error *err)
{
    const rfm_account *account = session->account;
    switch (account->login) {
    case RFM_LOGIN_PASSWORD:
        return rfm_secret_open(&account->fields[RFM_PASSWORD].secret, err);
    case RFM_LOGIN_KEY:
        return make_jwt(session, err);
    case RFM_LOGIN_CLIENT:
        return rfm_oauth_fetch(session->http, account, err);
    case RFM_LOGIN_TOKEN:
    case RFM_LOGIN_OAUTH:
        break;
    }
    return rfm_secret_open(&account->fields[RFM_TOKEN].secret, err);
}

static bool add_passcode(const rfm_account *account, json_t *data, rfm_error *err)
{
    char *passcode = rfm_secret_open(&account->fields[RFM_PASSCODE].secret, err);
    const bool fine = !passcode || (put(data, "EXT_AUTHN_DUO_METHOD", json_string("passcode")) &&
                                    put(data, "PASSCODE", json_string(passcode)));
    rfm_secret_close(passcode);
    return fine;
}

static rfm_status add_proof(const rfm_session *session, json_t *data, rfm_error *err)
{
    static const char *const authenticators[] = {[RFM_LOGIN_KEY] = "SNOWFLAKE_JWT",
                                                 [RFM_LOGIN_TOKEN] = "PROGRAMMATIC_ACCESS_TOKEN",
                                                 [RFM_LOGIN_OAUTH] = "OAUTH",
                                                 [RFM_LOGIN_CLIENT] = "OAUTH"};
    const rfm_account *account = session->account;
    char *proof = make_proof(session, err);
    bool fine = proof;
    if (fine && account->login == RFM_LOGIN_PASSWORD)
        fine = put(data, "PASSWORD", json_string(proof)) && add_passcode(account, data, err);
    else if (fine)
        fine = put(data, "AUTHENTICATOR", json_string(authenticators[account->login])) &&
               put(data, "TOKEN", json_string(proof));
    rfm_secret_close(proof);
    if (!fine && err->status == RFM_OK)
        rfm_fail(err, RFM_DENIED, "a password or token that is not UTF-8");
    return err->status;
}

static json_t *make_login(const rfm_session *session)
{
    const char *user = rfm_account_text(session->account, RFM_USER);
    json_t *data = json_pack(
        "{s:s, s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:b, s:b}, s:{s:b}}", "ACCOUNT_NAME", session->account->name,
        "CLIENT_APP_ID", "rfmpi", "CLIENT_APP_VERSION", RFMPI_VERSION, "CLIENT_ENVIRONMENT", "APPLICATION", "rfmpi",
        "OS", "Linux", "SESSION_PARAMETERS", "QUERY_TAG", session->tag, "TIMEZONE", "UTC", "C_API_QUERY_RESULT_FORMAT",
        "JSON", "AUTOCOMMIT", 1, "CLIENT_SESSION_KEEP_ALIVE", 1, "CLIENT_CAPABILITIES", "SMK_ID_AS_STRING", 1);
    if (data && user && !put(data, "LOGIN_NAME", json_string(user))) {
        json_decref(data);
        return NULL;
    }
    return data;
}

static char *print_login(const void *context, rfm_error *err)
{
    const rfm_session *session = context;
    json_t *data = make_login(session), *root = NULL;
    char *body = NULL;
    if (!data)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for a login");
    else if (add_proof(session, data, err) == RFM_OK)
        root = json_pack("{s:O}", "data", data);
    if (err->status == RFM_OK && !(root && (body = json_dumps(root, JSON_COMPACT))))
        rfm_fail(err, RFM_NO_MEMORY, "no memory for a login");
    json_decref(data);
    json_decref(root);
    return body;
}

static rfm_status make_parameters(const rfm_session *session, const char *request_id, rfm_text *parameters,
                                  rfm_error *err)
{
    static const struct {
        const char *name;
        rfm_account_field field;
    } wanted[] = {{"databaseName", RFM_DATABASE},
                  {"schemaName", RFM_SCHEMA},
                  {"warehouse", RFM_WAREHOUSE},
                  {"roleName", RFM_ROLE}};
    rfm_text_addf(parameters, "&request_id=%s", request_id); /* drivers use either name */
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const char *value = rfm_account_text(session->account, wanted[i].field);
        if (!value)
            continue;
        rfm_text_addf(parameters, "&%s=", wanted[i].name);
        rfm_url_add(parameters, value, strlen(value), false);
    }
    return rfm_text_check(parameters, err);
}

/* ---- what comes back -------------------------------------------------------------------------------------------- */

static rfm_status fail_login(const rfm_session *session, const rfm_reply *reply, rfm_error *err)
{
    const rfm_account *account = session->account;
    const char *message = rfm_reply_message(reply);
    const bool is_jwt = account->login == RFM_LOGIN_KEY;
    rfm_fail(err, RFM_DENIED, "login of %s at %s by %s: %s (code %s)%s",
             rfm_account_text(account, RFM_USER) ? rfm_account_text(account, RFM_USER) : "the token's user",
             account->base, rfm_login_name(account->login), message, *reply->code ? reply->code : "none",
             is_jwt
                 ? "; compare the key's fingerprint with RSA_PUBLIC_KEY_FP of DESCRIBE USER, and this machine's clock"
                 : "");
    return err->status;
}

static rfm_status keep_secret(const rfm_reply *reply, const char *key, rfm_secret *secret, rfm_error *err)
{
    const char *text = rfm_reply_text(reply, key);
    if (!text)
        return rfm_fail(err, RFM_UNAVAILABLE, "a login that succeeds without '%s': not a server that is known here",
                        key);
    return rfm_secret_set(secret, text, strlen(text), err);
}

static rfm_status keep_text(const json_t *info, const char *key, char **text, rfm_error *err)
{
    const char *value = json_string_value(json_object_get(info, key));
    free(*text);
    *text = value ? rfm_copy_string(value, err) : NULL;
    return err->status;
}

static rfm_status keep_login(rfm_session *session, const rfm_reply *reply, rfm_error *err)
{
    const json_t *info = json_object_get(rfm_reply_data(reply), "sessionInfo");
    const json_t *lasts = json_object_get(rfm_reply_data(reply), "validityInSeconds");
    const double lasts_s = json_is_number(lasts) ? json_number_value(lasts) : 3600;
    if (keep_secret(reply, "token", &session->token, err) != RFM_OK)
        return err->status;
    /* A server may do without renewal. */
    const char *master = rfm_reply_text(reply, "masterToken");
    if (rfm_secret_set(&session->master, master ? master : "", master ? strlen(master) : 0, err) != RFM_OK)
        return err->status;
    keep_text(info, "databaseName", &session->database, err);
    keep_text(info, "schemaName", &session->schema, err);
    keep_text(info, "warehouseName", &session->warehouse, err);
    keep_text(info, "roleName", &session->role, err);
    session->lacks_warehouse = json_is_null(json_object_get(info, "warehouseName"));
    session->heartbeat_s = lasts_s / 4 < HEARTBEAT_MOST_S ? lasts_s / 4 : HEARTBEAT_MOST_S;
    session->beat_s = rfm_clock_s();
    session->is_open = true;
    return err->status;
}

static rfm_status log_in(rfm_session *session, rfm_error *err)
{
    char request_id[RFM_UUID_BYTES];
    rfm_text parameters = {0};
    rfm_reply reply = {0};
    if (rfm_uuid_make(request_id, err) == RFM_OK && make_parameters(session, request_id, &parameters, err) == RFM_OK) {
        const rfm_call call = {.what = "login",
                               .method = "POST",
                               .path = "/session/v1/login-request",
                               .parameters = parameters.bytes,
                               .request_id = request_id,
                               .make_body = print_login,
                               .context = session};
        if (rfm_call_send(session->http, session->account->base, &call, &reply, err) == RFM_OK)
            reply.success ? keep_login(session, &reply, err) : fail_login(session, &reply, err);
    }
    rfm_reply_free(&reply);
    rfm_text_free(&parameters);
    rfm_heap_scrub();
    return err->status;
}

/* ---- renewal ---------------------------------------------------------------------------------------------------- */

static char *print_renewal(const void *context, rfm_error *err)
{
    const rfm_session *session = context;
    char *token = rfm_secret_open(&session->token, err);
    json_t *root = token ? json_pack("{s:s, s:s}", "oldSessionToken", token, "requestType", "RENEW") : NULL;
    char *body = root ? json_dumps(root, JSON_COMPACT) : NULL;
    if (!body && err->status == RFM_OK)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for a renewal");
    json_decref(root);
    rfm_secret_close(token);
    return body;
}

/* *renewed: whether the server did; it does not for a master token that has expired, too. */
static rfm_status renew(rfm_session *session, bool *renewed, rfm_error *err)
{
    char request_id[RFM_UUID_BYTES];
    rfm_reply reply = {0};
    *renewed = false;
    if (rfm_uuid_make(request_id, err) != RFM_OK)
        return err->status;
    const rfm_call call = {.what = "renewal of the session",
                           .method = "POST",
                           .path = "/session/token-request",
                           .request_id = request_id,
                           .token = &session->master,
                           .make_body = print_renewal,
                           .context = session};
    if (rfm_call_send(session->http, session->account->base, &call, &reply, err) == RFM_OK && reply.success) {
        keep_secret(&reply, "sessionToken", &session->token, err);
        const char *master = rfm_reply_text(&reply, "masterToken");
        if (master)
            rfm_secret_set(&session->master, master, strlen(master), err);
        *renewed = err->status == RFM_OK;
        rfm_log(RFM_LOG_DEBUG, "the session is renewed");
    }
    rfm_reply_free(&reply);
    return err->status;
}

static const char *const OVER[] = {"390112", /* the token has expired */
                                   "390114", /* the master token has, too */
                                   "390111", "390113", "390115", "390104", "390103"};

bool rfm_session_is_over(const rfm_reply *reply)
{
    for (size_t i = 0; i < sizeof OVER / sizeof *OVER; i++)
        if (strcmp(reply->code, OVER[i]) == 0)
            return true;
    return reply->status == 401;
}

rfm_status rfm_session_restore(rfm_session *session, const rfm_reply *reply, bool *anew, rfm_error *err)
{
    bool renewed = false;
    *anew = false;
    const bool may_renew = strcmp(reply->code, "390112") == 0 || reply->status == 401;
    if (may_renew && rfm_secret_given(&session->master) && renew(session, &renewed, err) != RFM_OK)
        return err->status;
    if (renewed)
        return RFM_OK;
    const char *code = *reply->code ? reply->code : "401";
    session->is_lost = session->is_held;
    if (session->is_lost)
        return rfm_fail(err, RFM_STOPPED, "the session has ended (%s): run the same command again", code);
    rfm_log(RFM_LOG_INFO, "the session has ended (%s): logging in again", code);
    *anew = true;
    return log_in(session, err);
}

void rfm_session_hold(rfm_session *session)
{
    session->is_held = true;
}

bool rfm_session_is_lost(const rfm_session *session)
{
    return session->is_lost;
}

rfm_status rfm_session_let_go(rfm_session *session, rfm_error *err)
{
    const bool was_lost = session->is_lost;
    session->is_held = session->is_lost = false;
    return was_lost ? log_in(session, err) : err->status;
}

/* ---- open and close --------------------------------------------------------------------------------------------- */

rfm_status rfm_session_keep_alive(rfm_session *session, rfm_error *err)
{
    if (rfm_clock_s() - session->beat_s < session->heartbeat_s)
        return RFM_OK;
    bool anew;
    rfm_reply reply = {0};
    const rfm_call call = {
        .what = "heartbeat", .method = "POST", .path = "/session/heartbeat", .token = &session->token};
    session->beat_s = rfm_clock_s();
    if (rfm_call_send(session->http, session->account->base, &call, &reply, err) == RFM_OK &&
        rfm_session_is_over(&reply))
        rfm_session_restore(session, &reply, &anew, err);
    rfm_reply_free(&reply);
    return err->status;
}

rfm_status rfm_session_open(rfm_http *http, const rfm_account *account, const char *tag, rfm_session **session,
                            rfm_error *err)
{
    rfm_session *made = rfm_alloc(1, sizeof *made, err);
    *session = made;
    if (!made)
        return err->status;
    *made = (rfm_session){.http = http, .account = account, .tag = rfm_copy_string(tag, err)};
    return made->tag ? log_in(made, err) : err->status;
}

void rfm_session_wind_up(rfm_session *session)
{
    rfm_http_wind_up(session->http);
}

static void log_out(rfm_session *session)
{
    rfm_error err = {0};
    rfm_reply reply = {0};
    const rfm_call call = {.what = "logout",
                           .method = "POST",
                           .path = "/session?delete=true",
                           .token = &session->token,
                           .once = true,
                           .quiet_s = COURTESY_S};
    rfm_http_wind_up(session->http);
    if (rfm_call_send(session->http, session->account->base, &call, &reply, &err) != RFM_OK)
        rfm_log(RFM_LOG_DEBUG, "logout: %s", err.message);
    rfm_reply_free(&reply);
}

void rfm_session_close(rfm_session *session)
{
    if (!session)
        return;
    if (session->is_open)
        log_out(session);
    rfm_secret_free(&session->token);
    rfm_secret_free(&session->master);
    free(session->tag);
    free(session->database);
    free(session->schema);
    free(session->warehouse);
    free(session->role);
    free(session);
}
