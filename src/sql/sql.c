/* sql: quoting, and its opposite. */
#include "rfmpi/sql.h"

#include <stdlib.h>

enum { NAME_BYTES = 255 };

void rfm_sql_add_name(rfm_text *sql, const char *name)
{
    rfm_text_adds(sql, "\"");
    for (const char *c = name; *c; c++)
        rfm_text_add(sql, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    rfm_text_adds(sql, "\"");
}

/* A backslash escapes in the warehouse's texts. */
void rfm_sql_add_text(rfm_text *sql, const char *text)
{
    rfm_text_adds(sql, "'");
    for (const char *c = text; *c; c++) {
        if (*c == '\'' || *c == '\\')
            rfm_text_adds(sql, *c == '\'' ? "'" : "\\");
        rfm_text_add(sql, c, 1);
    }
    rfm_text_adds(sql, "'");
}

static bool is_plain(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && ((c >= '0' && c <= '9') || c == '$'));
}

/* Moves *at past one part; false where it is none. */
static bool take_part(const char **at, rfm_text *part)
{
    const char *c = *at;
    rfm_text_adds(part, "");
    if (*c == '"') {
        for (c++; *c && (*c != '"' || c[1] == '"'); c++) {
            c += *c == '"';
            rfm_text_add(part, c, 1);
        }
        *at = c + 1;
        return *c == '"' && part->length > 0;
    }
    for (; is_plain(*c, c == *at); c++) {
        const char capital = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        rfm_text_add(part, &capital, 1);
    }
    const bool any = c > *at;
    *at = c;
    return any;
}

rfm_status rfm_sql_split_name(const char *name, const char *what, char *parts[3], size_t *n, rfm_error *err)
{
    const char *at = name;
    for (*n = 0; *n < 3;) {
        rfm_text part = {0};
        const bool fine = take_part(&at, &part) && part.length <= NAME_BYTES;
        if (rfm_text_check(&part, err) != RFM_OK || !fine) {
            rfm_text_free(&part);
            break;
        }
        parts[(*n)++] = part.bytes;
        if (*at == '\0')
            return RFM_OK;
        if (*at++ != '.')
            break;
    }
    for (size_t i = 0; i < *n; i++) {
        free(parts[i]);
        parts[i] = NULL;
    }
    *n = 0;
    return rfm_fail(
        err, RFM_USAGE,
        "%s: '%s' is no name: [DATABASE.][SCHEMA.]NAME, with parts that are not plain words in double quotes", what,
        name);
}

void rfm_sql_add_written(rfm_text *sql, const char *name)
{
    rfm_text part = {0};
    const char *at = name;
    const bool whole = take_part(&at, &part) && *at == '\0';
    rfm_sql_add_name(sql, whole && part.bytes ? part.bytes : name);
    sql->failed |= part.failed;
    rfm_text_free(&part);
}

rfm_status rfm_sql_add_path(rfm_text *sql, const char *path, const char *what, rfm_error *err)
{
    char *parts[3] = {NULL};
    size_t n;
    if (rfm_sql_split_name(path, what, parts, &n, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < n; i++) {
        rfm_text_adds(sql, i > 0 ? "." : "");
        rfm_sql_add_name(sql, parts[i]);
        free(parts[i]);
    }
    return RFM_OK;
}
