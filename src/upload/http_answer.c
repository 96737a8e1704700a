/* http_answer: what comes back, apart from how. Knows no libcurl. */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool rfm_http_passing(long status)
{
    return status == 0 || status == 307 || status == 308 || status == 408 || status == 429 || status >= 500;
}

void rfm_http_answer_free(rfm_http_answer *answer)
{
    if (answer->body.bytes)
        explicit_bzero(answer->body.bytes, answer->body.capacity);
    rfm_text_free(&answer->body);
    rfm_text_free(&answer->headers);
    *answer = (rfm_http_answer){0};
}

/* The value of this header, where the line is one. */
static void keep_header(const char *line, size_t length, const char *name, char *value, size_t room)
{
    const size_t n = strlen(name);
    if (length <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
        return;
    const char *from = line + n + 1, *end = line + length;
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
        end--;
    if ((size_t)(end - from) < room)
        snprintf(value, room, "%.*s", (int)(end - from), from);
}

void rfm_http_answer_header(const rfm_http_answer *answer, const char *name, char *value, size_t room)
{
    *value = '\0';
    for (const char *line = answer->headers.bytes, *end; line && *line; line = *end ? end + 1 : end) {
        end = strchrnul(line, '\n');
        keep_header(line, (size_t)(end - line), name, value, room);
    }
}

void rfm_http_answer_keep(rfm_http_answer *answer, const char *line, size_t n)
{
    enum { MOST = 64 << 10 };
    char seconds[32] = "";
    if (n > 5 && strncasecmp(line, "HTTP/", 5) == 0)
        answer->headers.length = 0; /* of a proxy, or of a 100, so far */
    if (n > 0 && line[n - 1] == '\n' && answer->headers.length + n < MOST)
        rfm_text_add(&answer->headers, line, n);
    keep_header(line, n, "x-amz-bucket-region", answer->region, sizeof answer->region);
    keep_header(line, n, "date", answer->date, sizeof answer->date);
    keep_header(line, n, "retry-after", seconds, sizeof seconds);
    if (*seconds != '\0')
        answer->retry_after_s = strtod(seconds, NULL); /* a date reads as a small number or none: then our own wait */
}
