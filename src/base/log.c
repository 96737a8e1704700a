/* log: lines for people on stderr. Knows neither ranks nor files; who may speak is told once, by
 * rfm_log_open.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rfmpi/base.h"

static struct {
    rfm_log_level level;
    bool speaks;
} log_state = {RFM_LOG_ERROR, true};

void rfm_log_open(rfm_log_level level, bool speaks)
{
    log_state.level = level;
    log_state.speaks = speaks;
}

static const char *level_prefix(rfm_log_level level)
{
    switch (level) {
    case RFM_LOG_ERROR:
        return "rfmpi: error: ";
    case RFM_LOG_WARN:
        return "rfmpi: warning: ";
    default:
        return "rfmpi: ";
    }
}

/* One write for the line, so that the lines of several processes do not mix. */
static void write_line(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, line, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        line += written;
        length -= (size_t)written;
    }
}

/* Names of files and texts of rows may hold line ends, or what a terminal obeys. */
static void blank_controls(char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < 0x20 || *line == 0x7F)
            *line = '?';
}

void rfm_log(rfm_log_level level, const char *format, ...)
{
    if (!log_state.speaks || level > log_state.level)
        return;
    char line[4096];
    size_t used = strlen(level_prefix(level));
    memcpy(line, level_prefix(level), used);

    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line + used, sizeof line - used - 1, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    blank_controls(line + used);
    used += strlen(line + used);
    line[used++] = '\n';
    write_line(line, used);
}
