/* text: a string that grows. Knows nothing of what is written with it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfmpi/base.h"

/* Room for `more` bytes and the NUL; false, and `failed`, when there is none. */
static bool make_room(rfm_text *text, size_t more)
{
    if (text->failed)
        return false;
    if (more < text->capacity - text->length)
        return true;
    rfm_error err = {0};
    size_t need = more < SIZE_MAX - text->length - 1 ? text->length + more + 1 : SIZE_MAX;
    if (need < 64)
        need = 64;
    text->failed = rfm_reserve(&text->bytes, &text->capacity, need, 1, &err) != RFM_OK;
    return !text->failed;
}

void rfm_text_add(rfm_text *text, const void *bytes, size_t length)
{
    if (!make_room(text, length))
        return;
    if (length > 0)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

char *rfm_text_room(rfm_text *text, size_t length)
{
    return make_room(text, length) ? text->bytes + text->length : NULL;
}

void rfm_text_end(rfm_text *text, char *end)
{
    *end = '\0';
    text->length = (size_t)(end - text->bytes);
}

void rfm_text_adds(rfm_text *text, const char *string)
{
    rfm_text_add(text, string, strlen(string));
}

void rfm_text_addf(rfm_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    size_t room = text->failed ? 0 : text->capacity - text->length;
    char *at = room == 0 ? NULL : text->bytes + text->length;
    int length = vsnprintf(at, room, format, arguments);
    if (length < 0) {
        text->failed = true;
    } else if ((size_t)length < room) {
        text->length += (size_t)length;
    } else if (make_room(text, (size_t)length)) {
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    } else if (at != NULL) {
        *at = '\0';
    }
    va_end(again);
    va_end(arguments);
}

void rfm_text_add_word(rfm_text *text, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+-=,@%";
    if (*word && *word != '-' && strspn(word, plain) == strlen(word)) {
        rfm_text_adds(text, word);
        return;
    }
    rfm_text_adds(text, "'");
    for (const char *at = word; *at; at++)
        rfm_text_addf(text, *at == '\'' ? "'\\%c'" : "%c", *at);
    rfm_text_adds(text, "'");
}

rfm_status rfm_text_check(const rfm_text *text, rfm_error *err)
{
    if (text->failed)
        return rfm_fail(err, RFM_NO_MEMORY, "out of memory for a text of more than %zu bytes", text->length);
    return RFM_OK;
}

void rfm_text_free(rfm_text *text)
{
    free(text->bytes);
    *text = (rfm_text){0};
}

size_t rfm_utf8_bytes(const char *at, size_t left)
{
    const unsigned char *c = (const unsigned char *)at;
    const size_t n = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;
    if (n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    const bool too_long = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    return too_long || (c[0] == 0xed && c[1] >= 0xa0) || (c[0] == 0xf4 && c[1] >= 0x90) ? 0 : n;
}

bool rfm_utf8_is(const char *text, size_t length)
{
    for (size_t n; length > 0; text += n, length -= n)
        if ((n = rfm_utf8_bytes(text, length)) == 0)
            return false;
    return true;
}

uint32_t rfm_utf8_next(const char **at)
{
    enum { MOST = 4, REPLACEMENT = 0xfffd };
    const unsigned char *c = (const unsigned char *)*at;
    const size_t n = rfm_utf8_bytes(*at, MOST); /* looks at nothing behind a NUL */
    *at += n > 0 ? n : 1;
    if (n == 0)
        return REPLACEMENT;
    uint32_t character = n == 1 ? c[0] : c[0] & (0x7fU >> n);
    for (size_t i = 1; i < n; i++)
        character = character << 6 | (c[i] & 0x3f);
    return character;
}

void rfm_text_add_character(rfm_text *text, uint32_t character)
{
    const int more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    char bytes[4];
    bytes[0] = (char)(more == 0 ? character : (0xff00U >> (more + 1) & 0xffU) | character >> 6 * more);
    for (int i = 1; i <= more; i++)
        bytes[i] = (char)(0x80U | (character >> 6 * (more - i) & 0x3fU));
    rfm_text_add(text, bytes, (size_t)more + 1);
}
