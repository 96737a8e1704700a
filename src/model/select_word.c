/* select_word: whatever a name or text holds, it stays one token of the statement. */
#include "select.h"

#include <string.h>

static void add_quoted(rfm_text *sql, const char *bytes, size_t n)
{
    rfm_text_adds(sql, "\"");
    for (size_t i = 0; i < n; i++)
        rfm_text_add(sql, bytes[i] == '"' ? "\"\"" : bytes + i, bytes[i] == '"' ? 2 : 1);
    rfm_text_adds(sql, "\"");
}

/* A backslash escapes in the warehouse's texts. */
void rfm_select_text(rfm_text *sql, const char *text)
{
    rfm_text_adds(sql, "'");
    for (const char *c = text; *c; c++) {
        if (*c == '\'' || *c == '\\')
            rfm_text_adds(sql, *c == '\'' ? "'" : "\\");
        rfm_text_add(sql, c, 1);
    }
    rfm_text_adds(sql, "'");
}

/* As a text that is cast: a literal would be a decimal first, and rounded twice. */
void rfm_select_number(rfm_text *sql, double number)
{
    rfm_text_addf(sql, "'%.17g'::DOUBLE", number);
}

/* ---- names as people write them --------------------------------------------------------------------------------- */

static bool is_word_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && ((c >= '0' && c <= '9') || c == '$'));
}

/* How many bytes of a word that needs no quotes stand here. */
static size_t span_word(const char *at)
{
    size_t n = 0;
    while (is_word_byte(at[n], n == 0))
        n++;
    return n;
}

static void add_in_capitals(rfm_text *sql, const char *word, size_t n)
{
    rfm_text_adds(sql, "\"");
    for (size_t i = 0; i < n; i++) {
        const char capital = (char)(word[i] >= 'a' && word[i] <= 'z' ? word[i] - 'a' + 'A' : word[i]);
        rfm_text_add(sql, &capital, 1);
    }
    rfm_text_adds(sql, "\"");
}

/* How many bytes stand here in double quotes, with them; a doubled one is one of the name. 0: none, or no name. */
static size_t span_quoted(const char *at)
{
    size_t n = 1;
    if (*at != '"')
        return 0;
    while (at[n] && (at[n] != '"' || at[n + 1] == '"'))
        n += at[n] == '"' ? 2 : 1;
    return at[n] == '"' && n > 1 ? n + 1 : 0;
}

void rfm_select_name(rfm_text *sql, const char *name)
{
    const size_t n = strlen(name);
    if (span_quoted(name) == n && n > 0)
        rfm_text_add(sql, name, n);
    else if (span_word(name) == n)
        add_in_capitals(sql, name, n);
    else
        add_quoted(sql, name, n);
}

rfm_status rfm_select_path(rfm_text *sql, const char *path, const char *what, rfm_error *err)
{
    const char *at = path;
    for (int parts = 1; parts <= 3; parts++) {
        const size_t quoted = span_quoted(at), word = span_word(at);
        if (quoted > 0)
            rfm_text_add(sql, at, quoted);
        else if (word > 0)
            add_in_capitals(sql, at, word);
        else
            break;
        at += quoted > 0 ? quoted : word;
        if (*at == '\0')
            return RFM_OK;
        if (*at++ != '.')
            break;
        rfm_text_adds(sql, ".");
    }
    return rfm_fail(
        err, RFM_USAGE,
        "%s: '%s' is no name: [DATABASE.][SCHEMA.]NAME, with parts that are not plain words in double quotes", what,
        path);
}

void rfm_select_column(rfm_select *select, const char *name)
{
    const rfm_select_request *request = select->request;
    const char *own = name;
    for (size_t i = 0; i < request->n_renames; i++) {
        if (strcmp(request->renames[i].from, name) != 0)
            continue;
        own = request->renames[i].to;
        select->renamed[i] = true;
    }
    rfm_text_adds(select->sql, "\"t\".");
    rfm_select_name(select->sql, own);
}
