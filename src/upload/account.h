/* account: whom to log in as, and where. Read from the environment, from the files of Snowflake's own tools, and from a
 * file of credentials; field by field, the first source that has it holds. Local. */
#ifndef RFM_UPLOAD_ACCOUNT_H
#define RFM_UPLOAD_ACCOUNT_H

#include "secret.h"

typedef enum rfm_account_field {
    RFM_ACCOUNT,
    RFM_USER,
    RFM_PASSWORD,
    RFM_PASSCODE,
    RFM_ROLE,
    RFM_WAREHOUSE,
    RFM_DATABASE,
    RFM_SCHEMA,
    RFM_AUTHENTICATOR,
    RFM_KEY_FILE,
    RFM_KEY_PASSPHRASE,
    RFM_TOKEN,
    RFM_TOKEN_FILE,
    RFM_CLIENT_ID,
    RFM_CLIENT_SECRET,
    RFM_CLIENT_URL,
    RFM_CLIENT_SCOPE,
    RFM_HOST,
    RFM_PORT,
    RFM_PROTOCOL,
    RFM_ACCOUNT_FIELDS
} rfm_account_field;

typedef enum rfm_login {
    RFM_LOGIN_PASSWORD,
    RFM_LOGIN_KEY,   /* a key pair: a signed JWT */
    RFM_LOGIN_TOKEN, /* a programmatic access token */
    RFM_LOGIN_OAUTH, /* an access token that is ready */
    RFM_LOGIN_CLIENT /* one that is fetched first, by OAuth's client credentials */
} rfm_login;

typedef struct rfm_account {
    struct rfm_account_value {
        char *text; /* NULL: not given, or a secret */
        rfm_secret secret;
        char *source; /* "SNOWFLAKE_USER", "connections.toml" */
    } fields[RFM_ACCOUNT_FIELDS];
    rfm_login login;
    rfm_secret key; /* RFM_LOGIN_KEY: the PEM text */
    char *base;     /* "https://HOST:PORT" */
    char *name;     /* the account's name, as a login gives it */
} rfm_account;

typedef struct rfm_account_options {
    const char *connection;  /* of connections.toml; NULL: its default, if there is one */
    const char *credentials; /* a YAML file; NULL: conf/local/credentials.yml, if there is one */
} rfm_account_options;

/* Read all sources, decide how to log in, and say (log) where each field came from, never what it is. RFM_DENIED where
 * something is missing or a file with secrets can be read by others. */
rfm_status rfm_account_open(const rfm_account_options *options, rfm_account *account, rfm_error *err);
void rfm_account_free(rfm_account *account);

/* Borrowed; NULL when not given. */
const char *rfm_account_text(const rfm_account *account, rfm_account_field field);

/* A name as a login has it: its letters become capitals, in place. */
void rfm_account_capitals(char *name);

/* "password", "key pair" ... */
const char *rfm_login_name(rfm_login login);

/* Take the variables with secrets out of this process' environment, and out of its memory. */
void rfm_account_forget_environment(void);

/* ---- sources (account_files.c) ---------------------------------------------------------------------------------- */

/* A key of the files, and the variable, of each field. */
typedef struct rfm_account_name {
    const char *variable;
    const char *keys[4]; /* NULL behind the last */
    bool is_secret;
} rfm_account_name;
extern const rfm_account_name rfm_account_names[RFM_ACCOUNT_FIELDS];

/* Set a field that no earlier source had. An empty text is as none. */
rfm_status rfm_account_set(rfm_account *account, rfm_account_field field, const char *text, const char *source,
                           rfm_error *err);

/* What connections.toml or config.toml, and credentials.yml have. */
rfm_status rfm_account_from_connections(rfm_account *account, const char *connection, rfm_error *err);
rfm_status rfm_account_from_credentials(rfm_account *account, const char *path, rfm_error *err);

/* A whole small file that nobody but its owner may read; wiped by rfm_secret_close. *text is NULL where there is none
 * and `missing_is_fine`. */
rfm_status rfm_private_file_read(const char *path, bool missing_is_fine, char **text, rfm_error *err);

#endif
