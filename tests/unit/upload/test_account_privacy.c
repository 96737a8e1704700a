/* What others could see of an account: files with secrets that are theirs to read, variables, the log. */
#include "session.h"

#include "accounts.h"
#include "keys.h"

static void files_that_others_may_use_are_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0644, 0640, 0604, 0620, 0601, 0666};
    rfm_error err = {0};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char *text;
        put_file_with_mode("secret", "x", modes[i]);
        rfm_private_file_read(in_folder("secret"), false, &text, &err);
        assert_null(text);
        assert_failed(&err, RFM_DENIED, "others than its owner may use it, and it is for secrets: chmod 600 '");
    }
    set_login();
    put_file_with_mode(".snowflake/connections.toml", CONNECTION("default", "x"), 0644);
    expect_failure(RFM_DENIED, "chmod 600");
    put_file(".snowflake/connections.toml", "");
    put_file_with_mode("conf/local/credentials.yml", "user: x\n", 0640);
    expect_failure(RFM_DENIED, "chmod 600");
    put_file("conf/local/credentials.yml", "");
    put_file_with_mode("key.p8", KEY_PKCS8, 0644);
    setenv("SNOWFLAKE_PRIVATE_KEY_FILE", "key.p8", 1);
    expect_failure(RFM_DENIED, "chmod 600 'key.p8'");
    unsetenv("SNOWFLAKE_PRIVATE_KEY_FILE");
    put_file_with_mode("token", "tok", 0604);
    setenv("SNOWFLAKE_TOKEN_FILE_PATH", "token", 1);
    expect_failure(RFM_DENIED, "chmod 600 'token'");
}

static void files_of_somebody_else_are_refused(void **state)
{
    (void)state;
    rfm_error err = {0};
    char *text;
    put_file("secret", "x");
    if (chown(in_folder("secret"), 4711, (gid_t)-1) != 0)
        skip(); /* root alone can give a file away */
    rfm_private_file_read(in_folder("secret"), false, &text, &err);
    assert_null(text);
    assert_failed(&err, RFM_DENIED, "it belongs to somebody else");
}

static void private_files_are_small_files(void **state)
{
    (void)state;
    rfm_error err = {0};
    char *text;
    for (mode_t mode = 0400; mode <= 0600; mode += 0200) {
        put_file_with_mode("secret", "line\n", mode);
        rfm_private_file_read(in_folder("secret"), false, &text, &err);
        assert_fine(&err);
        assert_string_equal(text, "line\n");
        rfm_secret_close(text);
    }
    put_file("secret", "");
    rfm_private_file_read(in_folder("secret"), false, &text, &err);
    assert_fine(&err);
    assert_string_equal(text, "");
    rfm_secret_close(text);
    rfm_private_file_read(in_folder("absent"), true, &text, &err);
    assert_fine(&err);
    assert_null(text);
    rfm_private_file_read(folder, false, &text, &err);
    assert_failed(&err, RFM_USAGE, "not a file");
    assert_int_equal(truncate(in_folder("secret"), (1 << 20) + 1), 0);
    rfm_private_file_read(in_folder("secret"), false, &text, &err);
    assert_failed(&err, RFM_USAGE, "larger than 1 MiB");
}

static void the_environment_forgets_secrets(void **state)
{
    (void)state;
    static char password[] = "SNOWFLAKE_PASSWORD=pw-in-a-variable", token[] = "SNOWFLAKE_TOKEN=tok-in-a-variable";
    rfm_account account;
    set_login();
    unsetenv("SNOWFLAKE_PASSWORD");
    assert_int_equal(putenv(password) + putenv(token), 0);
    setenv("PRIVATE_KEY_PASSPHRASE", "phrase", 1);
    must_open(&account);
    expect_field(&account, RFM_PASSWORD, "pw-in-a-variable", "SNOWFLAKE_PASSWORD");
    assert_null(getenv("SNOWFLAKE_PASSWORD"));
    assert_null(getenv("SNOWFLAKE_TOKEN"));
    assert_null(getenv("PRIVATE_KEY_PASSPHRASE"));
    assert_string_equal(getenv("SNOWFLAKE_USER"), "loader");
    assert_null(memmem(password, sizeof password, "pw-in", 5));
    assert_null(memmem(token, sizeof token, "tok-in", 6));
    rfm_account_free(&account);
    setenv("SNOWFLAKE_PASSWORD", "pw", 1); /* also when it comes to nothing */
    setenv("SNOWFLAKE_AUTHENTICATOR", "externalbrowser", 1);
    expect_failure(RFM_USAGE, "is not for a batch");
    assert_null(getenv("SNOWFLAKE_PASSWORD"));
}

/* Standard error while an account is opened. */
static void listen(char *heard, size_t room)
{
    rfm_account account;
    const int log = open(in_folder("log"), O_RDWR | O_CREAT | O_TRUNC, 0600), before = dup(STDERR_FILENO);
    assert_true(log >= 0 && before >= 0 && dup2(log, STDERR_FILENO) >= 0);
    rfm_log_open(RFM_LOG_DEBUG, true);
    must_open(&account);
    rfm_log_open(RFM_LOG_ERROR, false);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    const ssize_t n = pread(log, heard, room - 1, 0);
    assert_true(n > 0);
    heard[n] = '\0';
    close(log);
    close(before);
    rfm_account_free(&account);
}

static void the_log_names_sources_and_no_values(void **state)
{
    (void)state;
    char heard[2000];
    set_login();
    put_file(".snowflake/connections.toml",
             "[default]\nrole = 'R'\ntoken = 'tok-from-toml'\nauthenticator = 'snowflake'\n");
    listen(heard, sizeof heard);
    assert_non_null(strstr(heard,
                           "login by password: account from SNOWFLAKE_ACCOUNT, user from SNOWFLAKE_USER, password "
                           "from SNOWFLAKE_PASSWORD, role from "));
    assert_non_null(strstr(heard, "/.snowflake/connections.toml"));
    assert_null(strstr(heard, "pw-from"));
    assert_null(strstr(heard, "tok-from"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        account_test(files_that_others_may_use_are_refused), account_test(files_of_somebody_else_are_refused),
        account_test(private_files_are_small_files),         account_test(the_environment_forgets_secrets),
        account_test(the_log_names_sources_and_no_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
