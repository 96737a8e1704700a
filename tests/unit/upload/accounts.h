/* accounts: files and variables that an account is read from, in a folder that is the whole world of a test. */
#ifndef RFM_TEST_UPLOAD_ACCOUNTS_H
#define RFM_TEST_UPLOAD_ACCOUNTS_H

#include "session.h"

#include <fcntl.h>

#include "account.h"

/* The folder is home and working directory, and nothing of the real environment is left. */
static inline int enter_folder(void **state)
{
    (void)state;
    static const char *const others[] = {"SNOWFLAKE_HOME", "SNOWFLAKE_DEFAULT_CONNECTION_NAME", "XDG_CONFIG_HOME"};
    for (int field = 0; field < RFM_ACCOUNT_FIELDS; field++)
        unsetenv(rfm_account_names[field].variable);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        unsetenv(others[i]);
    return make_folder() && chdir(folder) == 0 && setenv("HOME", folder, 1) == 0 ? 0 : -1;
}

static inline int leave_folder(void **state)
{
    (void)state;
    const int left = chdir("/");
    remove_folder();
    return left;
}

/* A file in the folder, with the folders above it. */
static inline void put_file_with_mode(const char *name, const char *text, mode_t mode)
{
    char command[1000];
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", in_folder(name));
    assert_int_equal(system(command), 0);
    unlink(in_folder(name));
    const int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_EXCL, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

static inline void put_file(const char *name, const char *text)
{
    put_file_with_mode(name, text, 0600);
}

#define CONNECTION(name, user) "[" name "]\naccount = 'a'\npassword = 'p'\nuser = '" user "'\n"

/* What is enough to log in, so that a test says only what it is about. */
static inline void set_login(void)
{
    setenv("SNOWFLAKE_ACCOUNT", "myorg-acct", 1);
    setenv("SNOWFLAKE_USER", "loader", 1);
    setenv("SNOWFLAKE_PASSWORD", "pw-from-environment", 1);
}

static inline rfm_status open_with(const char *connection, const char *credentials, rfm_account *account,
                                   rfm_error *err)
{
    return rfm_account_open(&(rfm_account_options){.connection = connection, .credentials = credentials}, account, err);
}

static inline void must_open(rfm_account *account)
{
    rfm_error err = {0};
    open_with(NULL, NULL, account, &err);
    assert_fine(&err);
}

static inline void expect_failure(rfm_status status, const char *words)
{
    rfm_error err = {0};
    rfm_account account;
    open_with(NULL, NULL, &account, &err);
    assert_null(strstr(err.message, "pw-from"));
    assert_failed(&err, status, words);
    rfm_account_free(&account);
}

static inline void expect_field(const rfm_account *account, rfm_account_field field, const char *text,
                                const char *source)
{
    rfm_error err = {0};
    const bool is_secret = rfm_account_names[field].is_secret;
    char *secret = rfm_secret_open(&account->fields[field].secret, &err);
    const char *found = is_secret ? secret : rfm_account_text(account, field);
    assert_fine(&err);
    assert_non_null(found);
    assert_string_equal(found, text);
    assert_int_equal(is_secret, account->fields[field].text == NULL);
    assert_non_null(strstr(account->fields[field].source, source));
    rfm_secret_close(secret);
}

#define account_test(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)

#endif
