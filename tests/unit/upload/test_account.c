/* Whom to log in as: which source holds, how to log in, and where to. Host names and account names are those of
 * Snowflake's connector (construct_hostname, parse_account). */
#include "session.h"

#include "accounts.h"
#include "keys.h"

/* ---- sources ---------------------------------------------------------------------------------------------------- */

/* Field by field: the environment, then connections.toml, then credentials.yml. */
static void the_first_source_that_has_a_field_holds(void **state)
{
    (void)state;
    rfm_account account;
    setenv("SNOWFLAKE_USER", "user-of-environment", 1);
    setenv("SNOWFLAKE_ROLE", "", 1); /* as none */
    put_file(".snowflake/connections.toml", "[default]\naccount = \"acct-of-toml\"\nuser = \"user-of-toml\"\n"
                                            "password = \"pw-from-toml\"\nrole = \"role-of-toml\"\nport = 444\n");
    put_file("conf/local/credentials.yml",
             "snowflake: {account: acct-of-yml, user: user-of-yml, password: pw-from-yml, "
             "role: role-of-yml, warehouse: wh-of-yml, port: 445}\n");
    must_open(&account);
    expect_field(&account, RFM_USER, "user-of-environment", "SNOWFLAKE_USER");
    expect_field(&account, RFM_ACCOUNT, "acct-of-toml", ".snowflake/connections.toml");
    expect_field(&account, RFM_PASSWORD, "pw-from-toml", ".snowflake/connections.toml");
    expect_field(&account, RFM_ROLE, "role-of-toml", ".snowflake/connections.toml");
    expect_field(&account, RFM_PORT, "444", ".snowflake/connections.toml");
    expect_field(&account, RFM_WAREHOUSE, "wh-of-yml", "conf/local/credentials.yml");
    assert_null(rfm_account_text(&account, RFM_DATABASE));
    rfm_account_free(&account);
}

static void fields_have_the_names_of_snowflakes_tools(void **state)
{
    (void)state;
    rfm_account account;
    put_file("key.p8", KEY_PKCS8);
    put_file(".snowflake/connections.toml",
             "[default]\naccountname = 'a'\nusername = 'u'\nrolename = 'r'\nwarehousename = 'w'\ndbname = 'd'\n"
             "schemaname = 's'\nauthenticator = 'SNOWFLAKE_JWT'\nprivate_key_path = 'key.p8'\n"
             "private_key_file_pwd = 'p'\ntoken_file_path = 't'\npasscode = '123456'\noauth_client_id = "
             "'ci'\noauth_client_secret = 'cs'\n"
             "oauth_token_request_url = 'cu'\noauth_scope = 'co'\nhost = 'h'\nport = '1'\nprotocol = 'https'\n"
             "unknown = 1\n[default.session_parameters]\nQUERY_TAG = 'x'\n");
    must_open(&account);
    static const char *const texts[RFM_ACCOUNT_FIELDS] = {
        [RFM_ACCOUNT] = "a",        [RFM_USER] = "u",
        [RFM_PASSCODE] = "123456",  [RFM_ROLE] = "r",
        [RFM_WAREHOUSE] = "w",      [RFM_DATABASE] = "d",
        [RFM_SCHEMA] = "s",         [RFM_AUTHENTICATOR] = "SNOWFLAKE_JWT",
        [RFM_KEY_FILE] = "key.p8",  [RFM_KEY_PASSPHRASE] = "p",
        [RFM_TOKEN_FILE] = "t",     [RFM_CLIENT_ID] = "ci",
        [RFM_CLIENT_SECRET] = "cs", [RFM_CLIENT_URL] = "cu",
        [RFM_CLIENT_SCOPE] = "co",  [RFM_HOST] = "h",
        [RFM_PORT] = "1",           [RFM_PROTOCOL] = "https"};
    for (int field = 0; field < RFM_ACCOUNT_FIELDS; field++)
        if (texts[field])
            expect_field(&account, (rfm_account_field)field, texts[field], "connections.toml");
    rfm_account_free(&account);
}

static void a_file_of_credentials_may_do_without_a_section(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_account account;
    put_file("mine.yml", "account: a\nuser: u\npassword: 12345\n");
    open_with(NULL, "mine.yml", &account, &err);
    assert_fine(&err);
    expect_field(&account, RFM_PASSWORD, "12345", "mine.yml");
    rfm_account_free(&account);
    open_with(NULL, "absent.yml", &account, &err);
    assert_failed(&err, RFM_DENIED, "absent.yml: there is no such file");
    rfm_account_free(&account);
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

static void expect_user(const char *connection, const char *user)
{
    rfm_error err = {0};
    rfm_account account;
    open_with(connection, NULL, &account, &err);
    assert_fine(&err);
    assert_string_equal(rfm_account_text(&account, RFM_USER), user);
    rfm_account_free(&account);
}

static void a_connection_is_chosen_by_name(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_account account;
    put_file(".snowflake/connections.toml",
             CONNECTION("default", "one") CONNECTION("two", "two") CONNECTION("\"3 x\"", "three"));
    expect_user(NULL, "one");
    put_file(".snowflake/config.toml", "default_connection_name = \"two\"\n");
    expect_user(NULL, "two");
    setenv("SNOWFLAKE_DEFAULT_CONNECTION_NAME", "3 x", 1);
    expect_user(NULL, "three");
    expect_user("default", "one");
    open_with("four", NULL, &account, &err);
    assert_failed(&err, RFM_USAGE,
                  "store.connection: neither connections.toml nor config.toml has a connection 'four'");
    rfm_account_free(&account);
}

static void connections_may_stand_in_config_toml(void **state)
{
    (void)state;
    put_file(".snowflake/config.toml", CONNECTION("connections.default", "of config"));
    expect_user(NULL, "of config");
    put_file(".snowflake/connections.toml", CONNECTION("default", "of connections"));
    expect_user(NULL, "of connections");
}

static void without_a_default_connection_there_is_none(void **state)
{
    (void)state;
    put_file(".snowflake/connections.toml", CONNECTION("other", "x"));
    set_login();
    expect_user(NULL, "loader");
}

static void connections_are_looked_for_where_snowflakes_tools_do(void **state)
{
    (void)state;
    put_file(".config/snowflake/connections.toml", CONNECTION("default", "config"));
    expect_user(NULL, "config");
    put_file("xdg/snowflake/connections.toml", CONNECTION("default", "xdg"));
    setenv("XDG_CONFIG_HOME", in_folder("xdg"), 1);
    expect_user(NULL, "xdg");
    put_file(".snowflake/connections.toml", CONNECTION("default", "home"));
    expect_user(NULL, "home");
    put_file("own/connections.toml", CONNECTION("default", "own"));
    setenv("SNOWFLAKE_HOME", "~/own", 1);
    expect_user(NULL, "own");
    setenv("SNOWFLAKE_HOME", in_folder("own"), 1);
    expect_user(NULL, "own");
    setenv("SNOWFLAKE_HOME", in_folder("absent"), 1); /* then not ~/.snowflake either */
    expect_user(NULL, "xdg");
    setenv("SNOWFLAKE_HOME", "", 1);
    expect_user(NULL, "home");
}

static void a_file_that_is_no_toml_is_told_with_its_place_and_not_shown(void **state)
{
    (void)state;
    set_login();
    put_file(".snowflake/connections.toml", "[default]\npassword = \"pw-from-toml\n");
    expect_failure(RFM_USAGE, "connections.toml:2:");
}

/* ---- how to log in ---------------------------------------------------------------------------------------------- */

static void expect_login(rfm_login login, const char *name)
{
    rfm_account account;
    must_open(&account);
    assert_int_equal(account.login, login);
    assert_string_equal(rfm_login_name(login), name);
    rfm_account_free(&account);
}

static void what_is_given_says_how_to_log_in(void **state)
{
    (void)state;
    set_login();
    expect_login(RFM_LOGIN_PASSWORD, "password");
    set_login();
    put_file("token", "tok\n");
    setenv("SNOWFLAKE_TOKEN_FILE_PATH", "token", 1);
    expect_login(RFM_LOGIN_TOKEN, "programmatic access token");
    unsetenv("SNOWFLAKE_TOKEN_FILE_PATH");
    set_login();
    setenv("SNOWFLAKE_TOKEN", "tok", 1);
    expect_login(RFM_LOGIN_TOKEN, "programmatic access token");
    set_login();
    setenv("SNOWFLAKE_TOKEN", "tok", 1);
    put_file("key.p8", KEY_PKCS8);
    setenv("SNOWFLAKE_PRIVATE_KEY_FILE", "key.p8", 1);
    expect_login(RFM_LOGIN_KEY, "key pair");
}

static void set_client(const char *url)
{
    setenv("SNOWFLAKE_OAUTH_CLIENT_ID", "client", 1);
    setenv("SNOWFLAKE_OAUTH_CLIENT_SECRET", "pw-from-client", 1);
    setenv("SNOWFLAKE_OAUTH_TOKEN_REQUEST_URL", url, 1);
}

static void an_authenticator_is_taken_at_its_word(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        rfm_login login;
    } known[] = {{"snowflake", RFM_LOGIN_PASSWORD},
                 {"SNOWFLAKE", RFM_LOGIN_PASSWORD},
                 {"snowflake_jwt", RFM_LOGIN_KEY},
                 {"SNOWFLAKE_JWT", RFM_LOGIN_KEY},
                 {"PROGRAMMATIC_ACCESS_TOKEN", RFM_LOGIN_TOKEN},
                 {"oauth", RFM_LOGIN_OAUTH},
                 {"OAUTH_CLIENT_CREDENTIALS", RFM_LOGIN_CLIENT},
                 {"username_password_mfa", RFM_LOGIN_PASSWORD}}; /* with a passcode */
    put_file("key.p8", KEY_PKCS8);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        set_login();
        setenv("SNOWFLAKE_TOKEN", "tok", 1);
        setenv("SNOWFLAKE_PRIVATE_KEY_FILE", "key.p8", 1);
        set_client("https://idp.example/token");
        setenv("SNOWFLAKE_AUTHENTICATOR", known[i].name, 1);
        expect_login(known[i].login, rfm_login_name(known[i].login));
    }
}

static void ways_to_log_in_that_want_a_person_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"externalbrowser", "https://org.okta.com", "OAUTH_AUTHORIZATION_CODE",
                                        "snowflake_jwt "};
    set_login();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        setenv("SNOWFLAKE_AUTHENTICATOR", names[i], 1);
        expect_failure(RFM_USAGE, "(from SNOWFLAKE_AUTHENTICATOR) is not for a batch");
    }
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    expect_failure(RFM_DENIED, "no account is given: set SNOWFLAKE_ACCOUNT, or 'account' in connections.toml");
    setenv("SNOWFLAKE_ACCOUNT", "a", 1);
    expect_failure(RFM_DENIED, "no user is given");
    setenv("SNOWFLAKE_USER", "u", 1);
    expect_failure(RFM_DENIED, "no password is given: set SNOWFLAKE_PASSWORD");
    setenv("SNOWFLAKE_AUTHENTICATOR", "snowflake_jwt", 1);
    expect_failure(RFM_DENIED, "no private_key_file is given: set SNOWFLAKE_PRIVATE_KEY_FILE");
    setenv("SNOWFLAKE_PRIVATE_KEY_FILE", "absent.p8", 1);
    expect_failure(RFM_DENIED, "absent.p8: there is no such file");
    setenv("SNOWFLAKE_AUTHENTICATOR", "oauth", 1);
    unsetenv("SNOWFLAKE_USER"); /* the token knows */
    expect_failure(RFM_DENIED, "no token is given: set SNOWFLAKE_TOKEN");
    setenv("SNOWFLAKE_TOKEN", "tok", 1);
    expect_login(RFM_LOGIN_OAUTH, "OAuth token");
}

/* Whose secret goes over TLS, or stays on this machine. */
static void client_credentials_are_complete(void **state)
{
    (void)state;
    setenv("SNOWFLAKE_ACCOUNT", "a", 1);
    setenv("SNOWFLAKE_AUTHENTICATOR", "oauth_client_credentials", 1);
    expect_failure(RFM_DENIED, "no oauth_client_id is given");
    setenv("SNOWFLAKE_OAUTH_CLIENT_ID", "client", 1);
    expect_failure(RFM_DENIED, "no oauth_client_secret is given");
    set_client("http://idp.example/token");
    expect_failure(RFM_USAGE, "not a place to send a secret to");
    set_client("http://127.0.0.1:8080/token");
    expect_login(RFM_LOGIN_CLIENT, "OAuth client credentials");
    setenv("SNOWFLAKE_OAUTH_CLIENT_SECRET", "pw-from-client", 1);
    unsetenv("SNOWFLAKE_OAUTH_TOKEN_REQUEST_URL");
    expect_failure(RFM_DENIED, "no oauth_token_request_url is given");
}

static void a_token_is_the_first_line_of_its_file(void **state)
{
    (void)state;
    static const char *const texts[] = {"the-token", "the-token\n", "the-token\r\n", "the-token\n# a note\n"};
    rfm_account account;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        set_login();
        put_file("token", texts[i]);
        setenv("SNOWFLAKE_TOKEN_FILE_PATH", "token", 1);
        must_open(&account);
        expect_field(&account, RFM_TOKEN, "the-token", "token");
        rfm_account_free(&account);
    }
    put_file("token", "\n");
    expect_failure(RFM_DENIED, "no token is given");
}

static void a_key_is_kept_sealed(void **state)
{
    (void)state;
    rfm_error err = {0};
    rfm_account account;
    set_login();
    put_file("key.p8", KEY_PKCS8);
    setenv("SNOWFLAKE_PRIVATE_KEY_FILE", "key.p8", 1);
    must_open(&account);
    char *pem = rfm_secret_open(&account.key, &err);
    assert_string_equal(pem, KEY_PKCS8);
    rfm_secret_close(pem);
    rfm_account_free(&account);
}

/* ---- where ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *account, *base, *name;
} ACCOUNTS[] = {
    {"myorg-acct", "https://myorg-acct.snowflakecomputing.com", "MYORG-ACCT"},
    {"MyOrg-Acct", "https://MyOrg-Acct.snowflakecomputing.com", "MYORG-ACCT"},
    {"xy12345", "https://xy12345.snowflakecomputing.com", "XY12345"},
    {"xy12345.eu-west-1", "https://xy12345.eu-west-1.snowflakecomputing.com", "XY12345"},
    {"xy12345.us-east-2.aws", "https://xy12345.us-east-2.aws.snowflakecomputing.com", "XY12345"},
    {"xy12345.cn-northwest-1", "https://xy12345.cn-northwest-1.snowflakecomputing.cn", "XY12345"},
    {"xy12345.cn-northwest-1.aws", "https://xy12345.cn-northwest-1.aws.snowflakecomputing.cn", "XY12345"},
    {"acct.privatelink", "https://acct.privatelink.snowflakecomputing.com", "ACCT"},
    {"acme-ext123.global", "https://acme-ext123.global.snowflakecomputing.com", "ACME"},
    /* no host name has underscores */
    {"my_org-my_acct", "https://my-org-my-acct.snowflakecomputing.com", "MY_ORG-MY_ACCT"},
};

static void host_and_name_follow_from_the_account(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ACCOUNTS / sizeof *ACCOUNTS; i++) {
        rfm_account account;
        set_login();
        setenv("SNOWFLAKE_ACCOUNT", ACCOUNTS[i].account, 1);
        must_open(&account);
        assert_string_equal(account.base, ACCOUNTS[i].base);
        assert_string_equal(account.name, ACCOUNTS[i].name);
        rfm_account_free(&account);
    }
}

static void expect_base(const char *host, const char *port, const char *protocol, const char *base)
{
    rfm_account account;
    set_login();
    host ? setenv("SNOWFLAKE_HOST", host, 1) : unsetenv("SNOWFLAKE_HOST");
    port ? setenv("SNOWFLAKE_PORT", port, 1) : unsetenv("SNOWFLAKE_PORT");
    protocol ? setenv("SNOWFLAKE_PROTOCOL", protocol, 1) : unsetenv("SNOWFLAKE_PROTOCOL");
    if (!base) {
        expect_failure(RFM_USAGE, "");
        return;
    }
    must_open(&account);
    assert_string_equal(account.base, base);
    assert_string_equal(account.name, "MYORG-ACCT"); /* which the host does not change */
    rfm_account_free(&account);
}

static void a_host_is_taken_as_it_is(void **state)
{
    (void)state;
    expect_base("my_host.example", NULL, NULL, "https://my_host.example");
    expect_base("my_host.example", "8443", "https", "https://my_host.example:8443");
    expect_base(NULL, "443", NULL, "https://myorg-acct.snowflakecomputing.com:443");
    expect_base("127.0.0.1", "8085", "http", "http://127.0.0.1:8085");
    expect_base("localhost", NULL, "http", "http://localhost");
    expect_base("[::1]", "80", "http", "http://[::1]:80");
}

static void no_credentials_go_over_an_open_line_or_astray(void **state)
{
    (void)state;
    expect_base("snowflake.example", NULL, "http", NULL);
    expect_base(NULL, NULL, "http", NULL);
    expect_base("localhost.evil.example", NULL, "http", NULL);
    expect_base("127.0.0.1@evil.example", NULL, "http", NULL);
    expect_base("user@host.example", NULL, NULL, NULL);
    expect_base("host.example/path", NULL, NULL, NULL);
    expect_base("host.example?x", NULL, NULL, NULL);
    expect_base("host.example#x", NULL, NULL, NULL);
    expect_base("host example", NULL, NULL, NULL);
    expect_base("host.example", NULL, "ftp", NULL);
    expect_base("host.example", NULL, "https://evil.example/?", NULL);
    expect_base("127.0.0.1", "80a", "http", NULL);
    expect_base("127.0.0.1", "-1", "http", NULL);
    expect_base("127.0.0.1", "123456", "http", NULL);
    expect_base("127.0.0.1", "1@evil", "http", NULL);
}

static void an_account_that_is_none_leads_nowhere(void **state)
{
    (void)state;
    static const char *const accounts[] = {"evil.example/", "a@evil.example", "a b", "evil.example#", "a?b"};
    for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++) {
        set_login();
        setenv("SNOWFLAKE_ACCOUNT", accounts[i], 1);
        expect_failure(RFM_USAGE, "not a server to send credentials to");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        account_test(the_first_source_that_has_a_field_holds),
        account_test(fields_have_the_names_of_snowflakes_tools),
        account_test(a_file_of_credentials_may_do_without_a_section),
        account_test(a_connection_is_chosen_by_name),
        account_test(connections_may_stand_in_config_toml),
        account_test(without_a_default_connection_there_is_none),
        account_test(connections_are_looked_for_where_snowflakes_tools_do),
        account_test(a_file_that_is_no_toml_is_told_with_its_place_and_not_shown),
        account_test(what_is_given_says_how_to_log_in),
        account_test(an_authenticator_is_taken_at_its_word),
        account_test(ways_to_log_in_that_want_a_person_are_refused),
        account_test(what_is_missing_is_named),
        account_test(client_credentials_are_complete),
        account_test(a_token_is_the_first_line_of_its_file),
        account_test(a_key_is_kept_sealed),
        account_test(host_and_name_follow_from_the_account),
        account_test(a_host_is_taken_as_it_is),
        account_test(no_credentials_go_over_an_open_line_or_astray),
        account_test(an_account_that_is_none_leads_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
