/* text: how cells and names are put into a job file, a shell command and a table. */
#include <string.h>
#include <strings.h>

#include "guess.h"

const char *certainty_name(rfm_certainty certainty)
{
    static const char *const names[] = {[UNSURE] = "unsure", [LIKELY] = "likely", [SURE] = "sure"};
    return names[certainty];
}

/* Whether YAML reads the word as itself, on a line and inside brackets. */
static bool is_plain_yaml(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./*-";
    if (*text == '\0' || *text == '*' || *text == '-' || strspn(text, letters) != strlen(text))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return false;
    return true;
}

void add_yaml(rfm_text *yaml, const char *text)
{
    if (is_plain_yaml(text)) {
        rfm_text_adds(yaml, text);
        return;
    }
    rfm_text_adds(yaml, "\"");
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\')
            rfm_text_addf(yaml, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7F)
            rfm_text_addf(yaml, "\\x%02X", *at);
        else
            rfm_text_add(yaml, at, 1);
    }
    rfm_text_adds(yaml, "\"");
}

void add_shown(rfm_text *text, const char *cell)
{
    enum { MOST_SHOWN = 40 };
    size_t n = strlen(cell);
    const bool cut = n > MOST_SHOWN, legible = rfm_utf8_is(cell, n);
    if (cut)
        for (n = MOST_SHOWN; n > 0 && ((unsigned char)cell[n] & 0xC0) == 0x80;) /* not within a letter */
            n--;
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)cell[i];
        rfm_text_add(text, c < 0x20 || c == 0x7F ? " " : c >= 0x80 && !legible ? "?" : cell + i, 1);
    }
    rfm_text_adds(text, cut ? "..." : "");
}

void add_count(rfm_text *text, size_t n)
{
    if (n >= 1000) {
        add_count(text, n / 1000);
        rfm_text_addf(text, ",%03zu", n % 1000);
    } else {
        rfm_text_addf(text, "%zu", n);
    }
}
