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

/* Of the ends of lines beyond ASCII that YAML knows (U+0085, U+2028, U+2029), the bytes, and how it writes them; 0. */
static size_t odd_line_end(const char *at, char *letter)
{
    *letter = at[0] == '\xC2' ? 'N' : at[0] == '\xE2' && at[1] == '\x80' && at[2] == '\xA8' ? 'L' : 'P';
    if (at[0] == '\xC2')
        return at[1] == '\x85' ? 2 : 0;
    return at[0] == '\xE2' && at[1] == '\x80' && (at[2] == '\xA8' || at[2] == '\xA9') ? 3 : 0;
}

void add_yaml(rfm_text *yaml, const char *text)
{
    if (is_plain_yaml(text)) {
        rfm_text_adds(yaml, text);
        return;
    }
    rfm_text_adds(yaml, "\"");
    for (const char *at = text; *at; at++) {
        char letter;
        const size_t end = odd_line_end(at, &letter);
        if (end > 0)
            rfm_text_addf(yaml, "\\%c", letter);
        else if (*at == '"' || *at == '\\')
            rfm_text_addf(yaml, "\\%c", *at);
        else if ((unsigned char)*at < 0x20 || *at == 0x7F)
            rfm_text_addf(yaml, "\\x%02X", (unsigned)*at);
        else
            rfm_text_add(yaml, at, 1);
        at += end > 0 ? end - 1 : 0;
    }
    rfm_text_adds(yaml, "\"");
}

static void add_letters(rfm_text *text, const char *string, size_t n)
{
    const bool legible = rfm_utf8_is(string, strlen(string));
    for (size_t i = 0; i < n; i++) {
        char letter;
        const size_t end = odd_line_end(string + i, &letter);
        const unsigned char c = (unsigned char)string[i];
        rfm_text_add(text, end > 0 || c < 0x20 || c == 0x7F ? " " : c >= 0x80 && !legible ? "?" : string + i, 1);
        i += end > 0 ? end - 1 : 0;
    }
}

void add_on_a_line(rfm_text *text, const char *string)
{
    add_letters(text, string, strlen(string));
}

void add_shown(rfm_text *text, const char *cell)
{
    enum { MOST_SHOWN = 40 };
    size_t n = strlen(cell);
    const bool cut = n > MOST_SHOWN;
    if (cut)
        for (n = MOST_SHOWN; n > 0 && ((unsigned char)cell[n] & 0xC0) == 0x80;) /* not within a letter */
            n--;
    add_letters(text, cell, n);
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
