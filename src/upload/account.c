/* account: the fields, where they come from, and what follows from them. Knows nothing of the protocol. */
#include "account.h"

#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const rfm_account_name rfm_account_names[RFM_ACCOUNT_FIELDS] = {
    [RFM_ACCOUNT] = {"SNOWFLAKE_ACCOUNT", {"account", "accountname"}, false},
    [RFM_USER] = {"SNOWFLAKE_USER", {"user", "username"}, false},
    [RFM_PASSWORD] = {"SNOWFLAKE_PASSWORD", {"password"}, true},
    [RFM_PASSCODE] = {"SNOWFLAKE_PASSCODE", {"passcode"}, true},
    [RFM_ROLE] = {"SNOWFLAKE_ROLE", {"role", "rolename"}, false},
    [RFM_WAREHOUSE] = {"SNOWFLAKE_WAREHOUSE", {"warehouse", "warehousename"}, false},
    [RFM_DATABASE] = {"SNOWFLAKE_DATABASE", {"database", "dbname"}, false},
    [RFM_SCHEMA] = {"SNOWFLAKE_SCHEMA", {"schema", "schemaname"}, false},
    [RFM_AUTHENTICATOR] = {"SNOWFLAKE_AUTHENTICATOR", {"authenticator"}, false},
    [RFM_KEY_FILE] = {"SNOWFLAKE_PRIVATE_KEY_FILE", {"private_key_file", "private_key_path"}, false},
    [RFM_KEY_PASSPHRASE] = {"PRIVATE_KEY_PASSPHRASE",
                            {"private_key_passphrase", "private_key_file_pwd", "private_key_pwd"},
                            true},
    [RFM_TOKEN] = {"SNOWFLAKE_TOKEN", {"token"}, true},
    [RFM_TOKEN_FILE] = {"SNOWFLAKE_TOKEN_FILE_PATH", {"token_file_path"}, false},
    [RFM_CLIENT_ID] = {"SNOWFLAKE_OAUTH_CLIENT_ID", {"oauth_client_id"}, false},
    [RFM_CLIENT_SECRET] = {"SNOWFLAKE_OAUTH_CLIENT_SECRET", {"oauth_client_secret"}, true},
    [RFM_CLIENT_URL] = {"SNOWFLAKE_OAUTH_TOKEN_REQUEST_URL", {"oauth_token_request_url"}, false},
    [RFM_CLIENT_SCOPE] = {"SNOWFLAKE_OAUTH_SCOPE", {"oauth_scope"}, false},
    [RFM_HOST] = {"SNOWFLAKE_HOST", {"host"}, false},
    [RFM_PORT] = {"SNOWFLAKE_PORT", {"port"}, false},
    [RFM_PROTOCOL] = {"SNOWFLAKE_PROTOCOL", {"protocol"}, false},
};

const char *rfm_login_name(rfm_login login)
{
    static const char *const names[] = {[RFM_LOGIN_PASSWORD] = "password",
                                        [RFM_LOGIN_KEY] = "key pair",
                                        [RFM_LOGIN_TOKEN] = "programmatic access token",
                                        [RFM_LOGIN_OAUTH] = "OAuth token",
                                        [RFM_LOGIN_CLIENT] = "OAuth client credentials"};
    return names[login];
}

const char *rfm_account_text(const rfm_account *account, rfm_account_field field)
{
    return account->fields[field].text;
}

static bool is_given(const rfm_account *account, rfm_account_field field)
{
    return account->fields[field].text || rfm_secret_given(&account->fields[field].secret);
}

rfm_status rfm_account_set(rfm_account *account, rfm_account_field field, const char *text, const char *source,
                           rfm_error *err)
{
    struct rfm_account_value *value = &account->fields[field];
    if (is_given(account, field) || !text || *text == '\0')
        return RFM_OK;
    value->source = rfm_copy_string(source, err);
    if (rfm_account_names[field].is_secret)
        return rfm_secret_set(&value->secret, text, strlen(text), err);
    value->text = rfm_copy_string(text, err);
    return err->status;
}

static rfm_status read_environment(rfm_account *account, rfm_error *err)
{
    for (int field = 0; field < RFM_ACCOUNT_FIELDS && err->status == RFM_OK; field++)
        rfm_account_set(account, (rfm_account_field)field, getenv(rfm_account_names[field].variable),
                        rfm_account_names[field].variable, err);
    return err->status;
}

void rfm_account_forget_environment(void)
{
    for (int field = 0; field < RFM_ACCOUNT_FIELDS; field++) {
        char *value = rfm_account_names[field].is_secret ? getenv(rfm_account_names[field].variable) : NULL;
        if (value) {
            explicit_bzero(value, strlen(value));
            unsetenv(rfm_account_names[field].variable);
        }
    }
}

/* ---- how to log in ---------------------------------------------------------------------------------------------- */

static rfm_status need(const rfm_account *account, rfm_account_field field, rfm_error *err)
{
    if (is_given(account, field))
        return RFM_OK;
    return rfm_fail(err, RFM_DENIED, "no %s is given: set %s, or '%s' in connections.toml or credentials.yml",
                    rfm_account_names[field].keys[0], rfm_account_names[field].variable,
                    rfm_account_names[field].keys[0]);
}

static rfm_status choose_login(rfm_account *account, rfm_error *err)
{
    static const struct {
        const char *name;
        rfm_login login;
    } known[] = {{"snowflake", RFM_LOGIN_PASSWORD},
                 {"snowflake_jwt", RFM_LOGIN_KEY},
                 {"programmatic_access_token", RFM_LOGIN_TOKEN},
                 {"oauth", RFM_LOGIN_OAUTH},
                 {"oauth_client_credentials", RFM_LOGIN_CLIENT},
                 {"username_password_mfa", RFM_LOGIN_PASSWORD}};
    const char *wanted = rfm_account_text(account, RFM_AUTHENTICATOR);
    if (!wanted) {
        account->login = is_given(account, RFM_KEY_FILE)                                     ? RFM_LOGIN_KEY
                         : is_given(account, RFM_TOKEN) || is_given(account, RFM_TOKEN_FILE) ? RFM_LOGIN_TOKEN
                                                                                             : RFM_LOGIN_PASSWORD;
        return RFM_OK;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(wanted, known[i].name) == 0) {
            account->login = known[i].login;
            return RFM_OK;
        }
    return rfm_fail(err, RFM_USAGE,
                    "the authenticator '%s' (from %s) is not for a batch: snowflake (a password), SNOWFLAKE_JWT (a key "
                    "pair), PROGRAMMATIC_ACCESS_TOKEN, OAUTH and OAUTH_CLIENT_CREDENTIALS are",
                    wanted, account->fields[RFM_AUTHENTICATOR].source);
}

static rfm_status read_key(rfm_account *account, rfm_error *err)
{
    char *pem = NULL;
    const char *path = rfm_account_text(account, RFM_KEY_FILE);
    if (rfm_private_file_read(path, false, &pem, err) == RFM_OK)
        rfm_secret_set(&account->key, pem, strlen(pem), err);
    rfm_secret_close(pem);
    return err->status;
}

static rfm_status read_token(rfm_account *account, rfm_error *err)
{
    char *text = NULL;
    const char *path = rfm_account_text(account, RFM_TOKEN_FILE);
    if (is_given(account, RFM_TOKEN) || !path)
        return RFM_OK;
    if (rfm_private_file_read(path, false, &text, err) == RFM_OK) {
        text[strcspn(text, "\r\n")] = '\0';
        rfm_account_set(account, RFM_TOKEN, text, path, err);
    }
    rfm_secret_close(text);
    return err->status;
}

static rfm_status check_client_url(const rfm_account *account, rfm_error *err)
{
    const char *url = rfm_account_text(account, RFM_CLIENT_URL);
    if (rfm_http_allowed(url))
        return RFM_OK;
    return rfm_fail(err, RFM_USAGE, "%s: not a place to send a secret to: https, or http to this machine", url);
}

static rfm_status complete_login(rfm_account *account, rfm_error *err)
{
    if (choose_login(account, err) != RFM_OK || need(account, RFM_ACCOUNT, err) != RFM_OK)
        return err->status;
    switch (account->login) {
    case RFM_LOGIN_PASSWORD:
        need(account, RFM_USER, err);
        return need(account, RFM_PASSWORD, err);
    case RFM_LOGIN_KEY:
        need(account, RFM_USER, err);
        return need(account, RFM_KEY_FILE, err) == RFM_OK ? read_key(account, err) : err->status;
    case RFM_LOGIN_TOKEN:
        need(account, RFM_USER, err);
        break;
    case RFM_LOGIN_CLIENT:
        need(account, RFM_CLIENT_ID, err);
        need(account, RFM_CLIENT_SECRET, err);
        need(account, RFM_CLIENT_URL, err);
        return err->status == RFM_OK ? check_client_url(account, err) : err->status;
    case RFM_LOGIN_OAUTH:
        break;
    }
    return read_token(account, err) == RFM_OK ? need(account, RFM_TOKEN, err) : err->status;
}

/* ---- where ------------------------------------------------------------------------------------------------------ */

/* "acct.region.cloud" and "acct" are as they are in the host name, but for underscores, which no host name has. */
static void add_host(const rfm_account *account, rfm_text *base)
{
    const char *host = rfm_account_text(account, RFM_HOST), *name = rfm_account_text(account, RFM_ACCOUNT);
    if (host) {
        rfm_text_adds(base, host);
        return;
    }
    for (const char *c = name; *c; c++)
        rfm_text_add(base, *c == '_' ? "-" : c, 1);
    rfm_text_adds(base, strstr(name, ".cn-") ? ".snowflakecomputing.cn" : ".snowflakecomputing.com");
}

static rfm_status make_base(rfm_account *account, rfm_error *err)
{
    const char *protocol = rfm_account_text(account, RFM_PROTOCOL), *port = rfm_account_text(account, RFM_PORT);
    rfm_text base = {0};
    if (port && (strspn(port, "0123456789") != strlen(port) || strlen(port) > 5))
        return rfm_fail(err, RFM_USAGE, "the port '%s' (from %s) is no number", port, account->fields[RFM_PORT].source);
    rfm_text_addf(&base, "%s://", protocol ? protocol : "https");
    add_host(account, &base);
    if (port)
        rfm_text_addf(&base, ":%s", port);
    if (rfm_text_check(&base, err) != RFM_OK)
        return err->status;
    account->base = base.bytes;
    if (!rfm_http_allowed(base.bytes) || strpbrk(base.bytes + strcspn(base.bytes, ":") + 3, "/?#@ "))
        return rfm_fail(err, RFM_USAGE,
                        "%s: not a server to send credentials to: https, or http to this machine; host and port alone",
                        base.bytes);
    return RFM_OK;
}

void rfm_account_capitals(char *name)
{
    for (char *c = name; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
}

/* What a login calls the account: without region and cloud, in capitals. */
static rfm_status make_name(rfm_account *account, rfm_error *err)
{
    const char *full = rfm_account_text(account, RFM_ACCOUNT);
    const size_t length = strcspn(full, ".");
    const bool global = strcasecmp(full + length, ".global") == 0;
    account->name = rfm_copy_string(full, err);
    if (!account->name)
        return err->status;
    account->name[length] = '\0';
    if (global)
        account->name[strcspn(account->name, "-")] = '\0';
    rfm_account_capitals(account->name);
    return RFM_OK;
}

static void log_sources(const rfm_account *account)
{
    rfm_text line = {0};
    for (int field = 0; field < RFM_ACCOUNT_FIELDS; field++)
        if (account->fields[field].source)
            rfm_text_addf(&line, "%s%s from %s", line.length > 0 ? ", " : "", rfm_account_names[field].keys[0],
                          account->fields[field].source);
    if (!line.failed && line.length > 0)
        rfm_log(RFM_LOG_INFO, "login by %s: %s", rfm_login_name(account->login), line.bytes);
    rfm_text_free(&line);
}

rfm_status rfm_account_open(const rfm_account_options *options, rfm_account *account, rfm_error *err)
{
    *account = (rfm_account){0};
    if (read_environment(account, err) == RFM_OK &&
        rfm_account_from_connections(account, options->connection, err) == RFM_OK &&
        rfm_account_from_credentials(account, options->credentials, err) == RFM_OK &&
        complete_login(account, err) == RFM_OK && make_base(account, err) == RFM_OK &&
        make_name(account, err) == RFM_OK)
        log_sources(account);
    rfm_account_forget_environment();
    return err->status;
}

void rfm_account_free(rfm_account *account)
{
    for (int field = 0; field < RFM_ACCOUNT_FIELDS; field++) {
        free(account->fields[field].text);
        free(account->fields[field].source);
        rfm_secret_free(&account->fields[field].secret);
    }
    rfm_secret_free(&account->key);
    free(account->base);
    free(account->name);
    *account = (rfm_account){0};
}
