/* error: failures as values, and the end of the program on a broken invariant. Knows no cause of
 * failure; only how one is told.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* A message that did not fit ends in "...", never inside a UTF-8 character. */
static void mark_cut(char *message, size_t capacity)
{
    size_t at = capacity - sizeof "...";
    while (at > 0 && ((unsigned char)message[at] & 0xC0U) == 0x80U)
        at--;
    memcpy(message + at, "...", sizeof "...");
}

static void write_message(rfm_error *err, const char *format, va_list arguments)
{
    int length = vsnprintf(err->message, sizeof err->message, format, arguments);
    if (length < 0)
        err->message[0] = '\0';
    else if ((size_t)length >= sizeof err->message)
        mark_cut(err->message, sizeof err->message);
}

/* Append, cut where the room ends. */
static void add_message(rfm_error *err, const char *text)
{
    size_t used = strlen(err->message), length = strlen(text);
    size_t room = sizeof err->message - used - 1;
    memcpy(err->message + used, text, length < room ? length : room);
    err->message[used + (length < room ? length : room)] = '\0';
    if (length > room)
        mark_cut(err->message, sizeof err->message);
}

rfm_status rfm_fail(rfm_error *err, rfm_status status, const char *format, ...)
{
    if (err->status != RFM_OK)
        return err->status;
    err->status = status;
    va_list arguments;
    va_start(arguments, format);
    write_message(err, format, arguments);
    va_end(arguments);
    return status;
}

static rfm_status status_of_errno(int number)
{
    switch (number) {
    case ENOMEM:
        return RFM_NO_MEMORY;
    case EACCES:
    case EPERM:
        return RFM_DENIED;
    default:
        return RFM_IO;
    }
}

rfm_status rfm_fail_errno(rfm_error *err, int number, const char *format, ...)
{
    if (err->status != RFM_OK)
        return err->status;
    err->status = status_of_errno(number);
    va_list arguments;
    va_start(arguments, format);
    write_message(err, format, arguments);
    va_end(arguments);
    char text[256];
    add_message(err, ": ");
    add_message(err, strerror_r(number, text, sizeof text));
    return err->status;
}

rfm_status rfm_error_context(rfm_error *err, const char *format, ...)
{
    if (err->status == RFM_OK)
        return RFM_OK;
    char inner[sizeof err->message];
    memcpy(inner, err->message, sizeof inner);
    va_list arguments;
    va_start(arguments, format);
    write_message(err, format, arguments);
    va_end(arguments);
    add_message(err, ": ");
    add_message(err, inner);
    return err->status;
}

static void (*_Atomic end_all_ranks)(void);

void rfm_broken_ends(void (*end_all)(void))
{
    end_all_ranks = end_all;
}

void rfm_broken(const char *condition, const char *file, int line)
{
    char text[512];
    snprintf(text, sizeof text, "internal error: %s does not hold at %s:%d; please report it", condition, file, line);
    fprintf(stderr, "rfmpi: %s\n", text);
    rfm_log_aside(RFM_LOG_ERROR, text);
    void (*end_all)(void) = end_all_ranks;
    if (end_all)
        end_all();
    _exit(RFM_INTERNAL);
}
