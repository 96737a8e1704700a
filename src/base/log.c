/* log: lines for people on stderr, and for a reader who takes them too. Knows neither ranks nor files; who may speak is
 * told once, by rfm_log_open.
 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char PREFIX[] = "rfmpi: ";
static const char CLEAR[] = "\r\033[K"; /* to the front of the line, and nothing from there on */

/* A pipe takes so many bytes of a line in one piece. */
enum { LINE_BYTES = 4096, TEXT_BYTES = LINE_BYTES - 32, EARLY_BYTES = 16384 };

static struct {
    rfm_log_level level;
    bool speaks;
    bool rewritten; /* the last line on the terminal has no end and is to be overwritten */
    void (*take)(void *context, const rfm_log_line *line);
    void *context;
    bool taking; /* take is at work */
    bool had_reader;
    rfm_text early; /* before there was a reader: of each line its time, its level and its text with a NUL */
} log_state = {.level = RFM_LOG_ERROR, .speaks = true};

const char *rfm_log_level_name(rfm_log_level level)
{
    static const char *const names[] = {
        [RFM_LOG_ERROR] = "error", [RFM_LOG_WARN] = "warn", [RFM_LOG_INFO] = "info", [RFM_LOG_DEBUG] = "debug"};
    return names[level];
}

void rfm_log_open(rfm_log_level level, bool speaks)
{
    log_state.level = level;
    log_state.speaks = speaks;
}

/* ---- a sink of one thread --------------------------------------------------------------------------------------- */

static _Thread_local const rfm_log_sink *sink_of_thread;

const rfm_log_sink *rfm_log_divert(const rfm_log_sink *sink)
{
    const rfm_log_sink *before = sink_of_thread;
    sink_of_thread = sink;
    return before;
}

bool rfm_log_diverted(void)
{
    return sink_of_thread != NULL;
}

/* ---- the reader ------------------------------------------------------------------------------------------------- */

static void keep_early(int64_t at_us, rfm_log_level level, const char *text)
{
    rfm_text *early = &log_state.early;
    if (log_state.had_reader || early->length + strlen(text) > EARLY_BYTES)
        return;
    rfm_text_add(early, &at_us, sizeof at_us);
    rfm_text_add(early, &level, sizeof level);
    rfm_text_add(early, text, strlen(text) + 1);
}

static void give(int64_t at_us, rfm_log_level level, const char *text)
{
    const rfm_log_line line = {at_us, level, text};
    log_state.taking = true;
    log_state.take(log_state.context, &line);
    log_state.taking = false;
}

void rfm_log_aside(rfm_log_level level, const char *text)
{
    if (rfm_log_diverted()) {
        if (rfm_log_shows(level))
            sink_of_thread->take(sink_of_thread->context, level, text);
        return;
    }
    if (!log_state.speaks || log_state.taking)
        return;
    if (log_state.take)
        give(rfm_clock_wall_us(), level, text);
    else
        keep_early(rfm_clock_wall_us(), level, text);
}

static void give_early(void)
{
    const rfm_text *early = &log_state.early;
    size_t at = 0;
    while (!early->failed && at < early->length) {
        int64_t at_us;
        rfm_log_level level;
        memcpy(&at_us, early->bytes + at, sizeof at_us);
        memcpy(&level, early->bytes + at + sizeof at_us, sizeof level);
        const char *text = early->bytes + at + sizeof at_us + sizeof level;
        give(at_us, level, text);
        at = (size_t)(text + strlen(text) + 1 - early->bytes);
    }
    rfm_text_free(&log_state.early);
}

void rfm_log_tee(void (*take)(void *context, const rfm_log_line *line), void *context)
{
    log_state.take = take;
    log_state.context = context;
    if (!take)
        return;
    log_state.had_reader = true;
    give_early();
}

/* ---- stderr ----------------------------------------------------------------------------------------------------- */

static const char *level_prefix(rfm_log_level level)
{
    switch (level) {
    case RFM_LOG_ERROR:
        return "error: ";
    case RFM_LOG_WARN:
        return "warning: ";
    default:
        return "";
    }
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        bytes += written;
        length -= (size_t)written;
    }
}

/* One write for the line, so that the lines of several processes do not mix. */
static void write_line(const char *prefix, const char *text, const char *end)
{
    char line[LINE_BYTES];
    const int length = snprintf(line, sizeof line, "%s%s%s%s%s", log_state.rewritten ? CLEAR : "", *end ? PREFIX : "",
                                prefix, text, end);
    log_state.rewritten = false;
    if (length > 0)
        write_all(line, (size_t)length);
}

void rfm_log_rewrite(const char *text)
{
    if (*text == '\0' && !log_state.rewritten)
        return;
    write_line(*text ? PREFIX : "", text, "");
    log_state.rewritten = *text != '\0';
}

/* Names of files and texts of rows may hold line ends, or what a terminal obeys. */
static void blank_controls(char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < 0x20 || *line == 0x7F)
            *line = '?';
}

bool rfm_log_shows(rfm_log_level level)
{
    if (sink_of_thread)
        return sink_of_thread->take && level <= sink_of_thread->level;
    return log_state.speaks && level <= log_state.level;
}

void rfm_log(rfm_log_level level, const char *format, ...)
{
    const bool shown = rfm_log_shows(level);
    if (!shown && (sink_of_thread || !log_state.speaks || level > RFM_LOG_INFO))
        return;
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    blank_controls(text);
    if (shown && !sink_of_thread)
        write_line(level_prefix(level), text, "\n");
    rfm_log_aside(level, text);
}
