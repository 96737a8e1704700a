/* encoding: the first bytes of a file: is this text whose rows rfmpi reads? */
#include <string.h>

#include "guess.h"

static bool begins_with(const rfm_text *bytes, const char *magic, size_t n)
{
    return bytes->length >= n && memcmp(bytes->bytes, magic, n) == 0;
}

/* Where every second byte is a NUL, text is in two bytes a letter, whether it says so or not. */
static const char *wide_encoding(const rfm_text *bytes)
{
    size_t n[2] = {0};
    if (begins_with(bytes, "\xFF\xFE", 2))
        return "UTF-16LE";
    if (begins_with(bytes, "\xFE\xFF", 2))
        return "UTF-16BE";
    for (size_t i = 0; i < bytes->length; i++)
        n[i % 2] += bytes->bytes[i] == '\0';
    if (10 * n[1] > 4 * bytes->length && n[0] == 0)
        return "UTF-16LE";
    return 10 * n[0] > 4 * bytes->length && n[1] == 0 ? "UTF-16BE" : NULL;
}

/* "shop-utf8.csv" of "a/shop.csv": where the file goes in another form. */
static void add_other_name(const char *path, const char *what, rfm_text *name)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    rfm_text plain = {0};
    rfm_text_add(&plain, base, rfm_format_stem(base));
    rfm_text_addf(&plain, "-%s.csv", what);
    if (!plain.failed)
        rfm_text_add_word(name, plain.bytes);
    rfm_text_free(&plain);
}

static size_t count_controls(const rfm_text *bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes->length; i++)
        n += (unsigned char)bytes->bytes[i] < 0x20 && !strchr("\t\r\n\f\x1A", bytes->bytes[i]);
    for (size_t i = 0; i < bytes->length; i++)
        n += bytes->bytes[i] == '\0';
    return n;
}

static const char *skip_blanks(const rfm_text *bytes)
{
    const char *at = bytes->bytes + (begins_with(bytes, "\xEF\xBB\xBF", 3) ? 3 : 0);
    return at + strspn(at, " \t\r\n");
}

/* Texts of another kind than rows. */
static const char *other_kind(const rfm_text *bytes)
{
    const char *at = skip_blanks(bytes);
    if (*at == '{' || (*at == '[' && strchr("{[\"", at[1 + strspn(at + 1, " \t\r\n")])))
        return "JSON";
    if (*at == '<')
        return "XML or HTML";
    return begins_with(bytes, "%PDF", 4) ? "PDF" : NULL;
}

/* As some old systems end lines: a CR, and no LF. */
static bool has_lone_returns(const rfm_text *bytes)
{
    return memchr(bytes->bytes, '\r', bytes->length) && !memchr(bytes->bytes, '\n', bytes->length);
}

/* One command that writes the file to another, and what to try next. */
static void add_remedy(const char *path, const char *what, const char *command, rfm_text *remedy)
{
    rfm_text name = {0};
    add_other_name(path, what, &name);
    rfm_text_adds(remedy, command);
    rfm_text_add_word(remedy, path);
    rfm_text_addf(remedy, " > %s\nrfmpi init %s\n", name.failed ? "" : name.bytes, name.failed ? "" : name.bytes);
    rfm_text_free(&name);
}

rfm_status check_encoding(const char *path, const rfm_text *bytes, rfm_text *remedy, rfm_error *err)
{
    if (bytes->length == 0)
        return rfm_fail(err, RFM_DATA, "%s: there is nothing in it: name a file with events", path);
    const char *encoding = wide_encoding(bytes), *kind = other_kind(bytes);
    if (encoding) {
        add_remedy(path, "utf8", "iconv -f UTF-16 -t UTF-8 ", remedy);
        return rfm_fail(err, RFM_DATA, "%s: is text in %s, which is not read: make UTF-8 of it by the lines above",
                        path, encoding);
    }
    if (count_controls(bytes) * 100 > bytes->length)
        return rfm_fail(
            err, RFM_DATA,
            "%s: is no text, and no Parquet or HDF5 file: export the events as CSV or Parquet, and name that", path);
    if (kind)
        return rfm_fail(err, RFM_DATA,
                        "%s: is %s, which is not read: write it as CSV or Parquet first (DuckDB: COPY (SELECT * FROM "
                        "'FILE') TO 'events.parquet')",
                        path, kind);
    if (strncasecmp(skip_blanks(bytes), "sep=", 4) == 0) {
        add_remedy(path, "plain", "tail -n +2 ", remedy);
        return rfm_fail(err, RFM_DATA,
                        "%s: its first line is a spreadsheet's (sep=), not the header: take it away by the lines above",
                        path);
    }
    if (has_lone_returns(bytes)) {
        add_remedy(path, "plain", "tr '\\r' '\\n' < ", remedy);
        return rfm_fail(
            err, RFM_DATA,
            "%s: its lines end with carriage returns alone, which is not read: write it anew by the lines above", path);
    }
    return RFM_OK;
}
