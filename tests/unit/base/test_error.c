/* The first failure wins, context goes in front, long messages end cleanly, and log lines reach
 * stderr as they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rfmpi/base.h"

static void first_failure_wins(void **state)
{
    (void)state;
    rfm_error err = {0};
    assert_int_equal(rfm_fail(&err, RFM_DATA, "line %d is bad", 8), RFM_DATA);
    assert_int_equal(rfm_fail(&err, RFM_IO, "later"), RFM_DATA);
    assert_int_equal(rfm_fail_errno(&err, ENOMEM, "later still"), RFM_DATA);
    assert_string_equal(err.message, "line 8 is bad");
}

static void context_goes_in_front(void **state)
{
    (void)state;
    rfm_error err = {0};
    assert_int_equal(rfm_error_context(&err, "reading"), RFM_OK);
    assert_string_equal(err.message, "");
    rfm_fail(&err, RFM_DATA, "bad date '2024-13-01'");
    rfm_error_context(&err, "line %d", 8);
    assert_int_equal(rfm_error_context(&err, "%s", "data/a.csv.gz"), RFM_DATA);
    assert_string_equal(err.message, "data/a.csv.gz: line 8: bad date '2024-13-01'");
}

static void status_follows_errno(void **state)
{
    (void)state;
    static const struct {
        int number;
        rfm_status status;
    } cases[] = {{ENOMEM, RFM_NO_MEMORY}, {EACCES, RFM_DENIED}, {EPERM, RFM_DENIED},
                 {ENOSPC, RFM_IO},        {ENOENT, RFM_IO},     {EIO, RFM_IO}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rfm_error err = {0};
        assert_int_equal(rfm_fail_errno(&err, cases[i].number, "write %s", "x.csv"), cases[i].status);
        char expected[200];
        snprintf(expected, sizeof expected, "write x.csv: %s", strerror(cases[i].number));
        assert_string_equal(err.message, expected);
    }
}

static void long_messages_end_in_dots(void **state)
{
    (void)state;
    char name[3000];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    rfm_error err = {0};
    rfm_fail(&err, RFM_DATA, "%s", name);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_string_equal(err.message + sizeof err.message - 5, "x...");
    rfm_error_context(&err, "front");
    assert_int_equal(strncmp(err.message, "front: xxx", 10), 0);
    assert_string_equal(err.message + sizeof err.message - 5, "x...");
    rfm_error_context(&err, "%s", name);
    assert_string_equal(err.message + sizeof err.message - 5, "x...");
}

/* Whether the text is whole two-byte letters, then "...". */
static void assert_whole_letters(const char *message)
{
    size_t n = strspn(message, "\xC3\xA9");
    assert_int_equal(n % 2, 0);
    assert_string_equal(message + n, "...");
}

static void long_messages_do_not_cut_letters(void **state)
{
    (void)state;
    char name[2001];
    for (size_t i = 0; i < 2000; i += 2)
        memcpy(name + i, "\xC3\xA9", 2); /* e with an acute accent */
    name[2000] = '\0';
    rfm_error even = {0}, odd = {0};
    rfm_fail(&even, RFM_DATA, "%s", name);
    assert_whole_letters(even.message);
    rfm_fail(&odd, RFM_DATA, "x%s", name);
    assert_whole_letters(odd.message + 1);
}

/* What the function writes to stderr, run in a process of its own; returns its wait status. */
static int capture_stderr(void (*function)(void), char *text, size_t capacity)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        function();
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got = 1; got > 0; length += (size_t)got)
        got = read(ends[0], text + length, capacity - 1 - length);
    text[length] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void speak_before_open(void)
{
    rfm_log(RFM_LOG_INFO, "not seen");
    rfm_log(RFM_LOG_ERROR, "a %s", "seen");
}

static void speak_of_all(void)
{
    rfm_log_open(RFM_LOG_INFO, true);
    rfm_log(RFM_LOG_WARN, "w");
    rfm_log(RFM_LOG_INFO, "i %d", 7);
    rfm_log(RFM_LOG_DEBUG, "not seen");
    rfm_log_open(RFM_LOG_DEBUG, false);
    rfm_log(RFM_LOG_ERROR, "another rank");
}

static void log_prints_what_is_asked(void **state)
{
    (void)state;
    char text[1000];
    capture_stderr(speak_before_open, text, sizeof text);
    assert_string_equal(text, "rfmpi: error: a seen\n");
    capture_stderr(speak_of_all, text, sizeof text);
    assert_string_equal(text, "rfmpi: warning: w\nrfmpi: i 7\n");
}

static void speak_long(void)
{
    char word[6000];
    memset(word, 'y', sizeof word);
    word[sizeof word - 1] = '\0';
    rfm_log(RFM_LOG_ERROR, "%s", word);
}

static void long_log_lines_stay_lines(void **state)
{
    (void)state;
    char text[8000];
    capture_stderr(speak_long, text, sizeof text);
    assert_in_range(strlen(text), 4000, 4096);
    assert_string_equal(text + strlen(text) - 2, "y\n");
}

static void speak_of_strange_names(void)
{
    rfm_log(RFM_LOG_ERROR, "%s", "a\nb\x1b[31m\r\x7f \xc3\xa9");
}

static void names_with_line_ends_and_escapes_stay_in_one_plain_line(void **state)
{
    (void)state;
    char text[1000];
    capture_stderr(speak_of_strange_names, text, sizeof text);
    assert_string_equal(text, "rfmpi: error: a?b?[31m?? \xc3\xa9\n");
}

static void break_an_invariant(void)
{
    signal(SIGABRT, SIG_DFL);
    rfm_assert(1 + 1 == 2);
    rfm_assert(1 + 1 == 3);
}

static void broken_invariants_end_the_program(void **state)
{
    (void)state;
    char text[1000];
    int status = capture_stderr(break_an_invariant, text, sizeof text);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == RFM_INTERNAL);
    assert_non_null(strstr(text, "1 + 1 == 3 does not hold at "));
    assert_int_equal(strchr(text, '\n') - text, strlen(text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_failure_wins),
        cmocka_unit_test(context_goes_in_front),
        cmocka_unit_test(status_follows_errno),
        cmocka_unit_test(long_messages_end_in_dots),
        cmocka_unit_test(long_messages_do_not_cut_letters),
        cmocka_unit_test(log_prints_what_is_asked),
        cmocka_unit_test(long_log_lines_stay_lines),
        cmocka_unit_test(names_with_line_ends_and_escapes_stay_in_one_plain_line),
        cmocka_unit_test(broken_invariants_end_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
