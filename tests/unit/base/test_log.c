/* The log: who gets which lines, in which order; the meter: what it says, how often, and that no line is lost in it;
 * processors as a list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rfmpi/base.h"

enum { ROOM = 1 << 16 };

/* ---- stderr, caught in a file ----------------------------------------------------------------------------------- */

static FILE *caught;
static int kept = -1;

static void catch_stderr(void)
{
    caught = tmpfile();
    assert_non_null(caught);
    kept = dup(STDERR_FILENO);
    assert_true(kept >= 0 && dup2(fileno(caught), STDERR_FILENO) >= 0);
}

/* What was written since; stderr is as it was. */
static const char *release_stderr(void)
{
    static char text[ROOM];
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    const ssize_t n = pread(fileno(caught), text, sizeof text - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    fclose(caught);
    return text;
}

/* ---- a reader --------------------------------------------------------------------------------------------------- */

static char taken[ROOM];
static int64_t last_us;

static void take(void *context, const rfm_log_line *line)
{
    size_t used = strlen(taken);
    assert_true(line->at_us >= last_us);
    last_us = line->at_us;
    snprintf(taken + used, sizeof taken - used, "%s|%s\n", rfm_log_level_name(line->level), line->text);
    if (context)
        rfm_log(RFM_LOG_WARN, "the reader fails");
}

static const char *told(void)
{
    static char text[ROOM];
    memcpy(text, taken, sizeof text);
    taken[0] = '\0';
    return text;
}

static void what_was_said_before_there_was_a_reader_comes_first(void **state)
{
    (void)state;
    rfm_log_open(RFM_LOG_WARN, true);
    catch_stderr();
    rfm_log(RFM_LOG_WARN, "one of %d", 2);
    rfm_log(RFM_LOG_INFO, "not shown");
    rfm_log(RFM_LOG_DEBUG, "nobody's");
    rfm_log_tee(take, NULL);
    rfm_log(RFM_LOG_ERROR, "three");
    assert_string_equal(release_stderr(), "rfmpi: warning: one of 2\nrfmpi: error: three\n");
    assert_string_equal(told(), "warn|one of 2\ninfo|not shown\nerror|three\n");
    rfm_log_tee(NULL, NULL);
}

static void a_reader_that_logs_is_not_called_again_for_it(void **state)
{
    (void)state;
    catch_stderr();
    rfm_log_tee(take, &last_us);
    rfm_log(RFM_LOG_WARN, "once");
    rfm_log_tee(NULL, NULL);
    rfm_log(RFM_LOG_WARN, "alone");
    assert_string_equal(release_stderr(),
                        "rfmpi: warning: once\nrfmpi: warning: the reader fails\nrfmpi: warning: alone\n");
    assert_string_equal(told(), "warn|once\n");
}

static void debug_goes_to_the_reader_where_it_is_shown(void **state)
{
    (void)state;
    rfm_log_open(RFM_LOG_DEBUG, true);
    catch_stderr();
    rfm_log_tee(take, NULL);
    rfm_log(RFM_LOG_DEBUG, "how");
    rfm_log_open(RFM_LOG_DEBUG, false);
    rfm_log(RFM_LOG_ERROR, "of a rank that does not speak");
    rfm_log_tee(NULL, NULL);
    assert_string_equal(release_stderr(), "rfmpi: how\n");
    assert_string_equal(told(), "debug|how\n");
}

static void line_ends_and_controls_do_not_get_through(void **state)
{
    (void)state;
    rfm_log_open(RFM_LOG_INFO, true);
    catch_stderr();
    rfm_log_tee(take, NULL);
    rfm_log(RFM_LOG_INFO, "a\nrfmpi: error: b\033[2J\177 \xC3\xA9");
    rfm_log_tee(NULL, NULL);
    assert_string_equal(release_stderr(), "rfmpi: a?rfmpi: error: b?[2J? \xC3\xA9\n");
    assert_string_equal(told(), "info|a?rfmpi: error: b?[2J? \xC3\xA9\n");
}

/* ---- the meter -------------------------------------------------------------------------------------------------- */

static const double AT_ONCE = 1e-9;

static void take_level(void *context, rfm_log_level level, const char *text)
{
    (void)context;
    size_t used = strlen(taken);
    snprintf(taken + used, sizeof taken - used, "%s|%s\n", rfm_log_level_name(level), text);
}

/* No one else hears them, and no meter is begun. */
static void lines_of_a_thread_with_a_sink_go_there_alone(void **state)
{
    const rfm_log_sink outer = {RFM_LOG_DEBUG, take_level, NULL}, inner = {RFM_LOG_ERROR, NULL, NULL};
    (void)state;
    rfm_log_open(RFM_LOG_DEBUG, true);
    rfm_meter_setup(RFM_METER_LINES, 0);
    catch_stderr();
    rfm_log_tee(take, NULL);
    assert_null(rfm_log_divert(&outer));
    rfm_log(RFM_LOG_DEBUG, "a\nb");
    assert_ptr_equal(rfm_log_divert(&inner), &outer);
    rfm_log(RFM_LOG_WARN, "nobody's");
    rfm_meter_open("work", "MB", 0, 0);
    rfm_meter_show(1, NULL);
    rfm_meter_close();
    assert_ptr_equal(rfm_log_divert(&outer), &inner);
    rfm_log(RFM_LOG_WARN, "c");
    assert_ptr_equal(rfm_log_divert(NULL), &outer);
    rfm_log_tee(NULL, NULL);
    assert_string_equal(release_stderr(), "");
    assert_string_equal(told(), "debug|a?b\nwarn|c\n");
}

static void a_line_tells_share_rate_and_time_left(void **state)
{
    (void)state;
    rfm_log_open(RFM_LOG_INFO, true);
    rfm_meter_setup(RFM_METER_LINES, AT_ONCE);
    catch_stderr();
    rfm_meter_open("ingest", "MB", 200, 0);
    usleep(1000);
    rfm_meter_show(86, NULL);
    rfm_meter_show(300, "%d of %d parts", 3, 3);
    rfm_meter_close();
    rfm_meter_show(400, NULL);
    const char *text = release_stderr();
    double rate = 0;
    int left = 0, n = 0;
    assert_int_equal(sscanf(text, "rfmpi: ingest   43 %%, 86 of 200 MB, %lf MB/s, %d s left\n%n", &rate, &left, &n), 2);
    assert_true(rate > 0 && left >= 0 && n > 0);
    assert_int_equal(sscanf(text + n, "rfmpi: ingest   100 %%, 300 of 200 MB, %lf MB/s, %d s left, 3 of 3 parts\n%n",
                            &rate, &left, &n),
                     2);
    assert_int_equal(left, 0);
    assert_int_equal(strlen(strchr(text, '\n') + 1), n);
}

static void without_a_total_there_is_no_share(void **state)
{
    (void)state;
    catch_stderr();
    rfm_meter_open("cluster", "iterations", 0, 0);
    rfm_meter_show(7, "inertia %g", 1.5);
    rfm_meter_close();
    const char *text = release_stderr();
    assert_null(strchr(text, '%'));
    assert_null(strstr(text, "left"));
    assert_memory_equal(text, "rfmpi: cluster  7 iterations, ", strlen("rfmpi: cluster  7 iterations, "));
    assert_non_null(strstr(text, ", inertia 1.5\n"));
}

static void nothing_is_shown_before_it_is_due_or_below_its_level(void **state)
{
    (void)state;
    rfm_log_open(RFM_LOG_INFO, true);
    rfm_meter_setup(RFM_METER_LINES, 3600);
    catch_stderr();
    rfm_meter_open("write", "rows", 10, 0);
    rfm_meter_show(5, NULL);
    rfm_meter_setup(RFM_METER_NONE, AT_ONCE);
    rfm_meter_open("write", "rows", 10, 0);
    rfm_meter_show(5, NULL);
    rfm_meter_setup(RFM_METER_LINES, AT_ONCE);
    rfm_log_open(RFM_LOG_WARN, true);
    rfm_meter_open("write", "rows", 10, 0);
    rfm_meter_show(5, NULL);
    rfm_log_open(RFM_LOG_INFO, false);
    rfm_meter_open("write", "rows", 10, 0);
    rfm_meter_show(5, NULL);
    rfm_meter_close();
    assert_string_equal(release_stderr(), "");
}

/* What a terminal shows of a text in the end. */
static void play(const char *text, char *screen)
{
    size_t front = 0, at = 0;
    for (; *text; text++) {
        if (*text == '\r') {
            at = front;
        } else if (strncmp(text, "\033[K", 3) == 0) {
            screen[at] = '\0';
            text += 2;
        } else {
            screen[at++] = *text;
            screen[at] = '\0';
            front = *text == '\n' ? at : front;
        }
    }
}

static void a_line_that_is_rewritten_gives_way_to_every_other(void **state)
{
    (void)state;
    static char screen[ROOM];
    rfm_log_open(RFM_LOG_INFO, true);
    rfm_meter_setup(RFM_METER_TERMINAL, AT_ONCE);
    catch_stderr();
    rfm_log_tee(take, NULL);
    rfm_meter_open("ingest", "MB", 4, 0);
    rfm_meter_show(1, NULL);
    rfm_meter_show(2, "and a note that is much longer than a terminal of the usual eighty columns is wide");
    rfm_log(RFM_LOG_WARN, "between");
    rfm_meter_show(3, NULL);
    rfm_meter_close();
    rfm_log(RFM_LOG_INFO, "behind");
    rfm_log_tee(NULL, NULL);
    const char *text = release_stderr();
    play(text, screen);
    assert_string_equal(screen, "rfmpi: warning: between\nrfmpi: behind\n");
    for (const char *line = text, *end; (end = strchr(line, '\r')); line = end + 1)
        assert_true(end - line < 80 + (ptrdiff_t)strlen("\033[Krfmpi: warning: between\n"));
    assert_non_null(strstr(text, "50 %, 2 of 4 MB"));
    /* Whoever reads along has them all, and whole. */
    const char *lines = told();
    assert_non_null(strstr(lines, "info|ingest   25 %, 1 of 4 MB"));
    assert_non_null(strstr(lines, "eighty columns is wide\nwarn|between\ninfo|ingest   75 %"));
}

/* ---- processors ------------------------------------------------------------------------------------------------- */

static void assert_list(const rfm_cpus *cpus, const char *list)
{
    rfm_text text = {0};
    rfm_text_adds(&text, "");
    rfm_cpus_list(cpus, &text);
    assert_string_equal(text.bytes, list);
    rfm_text_free(&text);
}

static void processors_are_told_in_ranges(void **state)
{
    (void)state;
    rfm_cpus cpus = {0}, others = {0};
    assert_list(&cpus, "");
    cpus.bits[0] = 0xF1;
    assert_list(&cpus, "0,4-7");
    others.bits[0] = UINT64_C(1) << 63;
    others.bits[1] = 3;
    others.bits[RFM_CPUS_MOST / 64 - 1] = UINT64_C(3) << 62;
    rfm_cpus_join(&cpus, &others);
    assert_list(&cpus, "0,4-7,63-65,4094-4095");
    assert_int_equal(rfm_cpus_count(&cpus), 10);
}

static void this_machine_has_some(void **state)
{
    (void)state;
    rfm_cpus cpus;
    rfm_cpus_allowed(&cpus);
    assert_true(rfm_cpus_count(&cpus) >= 1);
    assert_true(rfm_cpus_online() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_said_before_there_was_a_reader_comes_first),
        cmocka_unit_test(a_reader_that_logs_is_not_called_again_for_it),
        cmocka_unit_test(debug_goes_to_the_reader_where_it_is_shown),
        cmocka_unit_test(line_ends_and_controls_do_not_get_through),
        cmocka_unit_test(lines_of_a_thread_with_a_sink_go_there_alone),
        cmocka_unit_test(a_line_tells_share_rate_and_time_left),
        cmocka_unit_test(without_a_total_there_is_no_share),
        cmocka_unit_test(nothing_is_shown_before_it_is_due_or_below_its_level),
        cmocka_unit_test(a_line_that_is_rewritten_gives_way_to_every_other),
        cmocka_unit_test(processors_are_told_in_ranges),
        cmocka_unit_test(this_machine_has_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
