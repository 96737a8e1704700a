/* TOML text -> a tree of nodes: tables, keys, strings of all four kinds, arrays, inline tables; numbers, booleans and
 * times stay the words they are. Arrays of tables are refused. The grammar is that of TOML 1.0 (toml.io). */
#include <stdlib.h>
#include <string.h>

#include "rfmpi/config.h"

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 32, MAX_ITEMS = 10000 };

typedef struct toml_reader {
    const char *at, *end, *line_start;
    const char *source;
    int line;
    size_t n_items;
} toml_reader;

static rfm_status read_value(toml_reader *reader, int depth, rfm_node *node, rfm_error *err);

static rfm_status fail(const toml_reader *reader, rfm_error *err, const char *what)
{
    return rfm_fail(err, RFM_USAGE, "%s:%d:%d: %s", reader->source, reader->line,
                    (int)(reader->at - reader->line_start) + 1, what);
}

static bool is_next(const toml_reader *reader, const char *word)
{
    const size_t n = strlen(word);
    return (size_t)(reader->end - reader->at) >= n && memcmp(reader->at, word, n) == 0;
}

static void skip_blanks(toml_reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
}

static void pass_line_end(toml_reader *reader)
{
    reader->at++;
    reader->line++;
    reader->line_start = reader->at;
}

/* Blanks, comments and line ends. */
static void skip_lines(toml_reader *reader)
{
    for (;;) {
        while (reader->at < reader->end && strchr(" \t\r", *reader->at) && *reader->at != '\0')
            reader->at++;
        if (is_next(reader, "#"))
            while (reader->at < reader->end && *reader->at != '\n')
                reader->at++;
        if (!is_next(reader, "\n"))
            return;
        pass_line_end(reader);
    }
}

/* ---- strings ---------------------------------------------------------------------------------------------------- */

static void add_code_point(rfm_text *text, unsigned long c)
{
    const char bytes[4] = {(char)(c < 0x80      ? c
                                  : c < 0x800   ? 0xc0 | c >> 6
                                  : c < 0x10000 ? 0xe0 | c >> 12
                                                : 0xf0 | c >> 18)};
    rfm_text_add(text, bytes, 1);
    for (int shift = c < 0x80 ? -6 : c < 0x800 ? 0 : c < 0x10000 ? 6 : 12; shift >= 0; shift -= 6) {
        const char next = (char)(0x80 | (c >> shift & 0x3f));
        rfm_text_add(text, &next, 1);
    }
}

static rfm_status read_code_point(toml_reader *reader, int n_digits, rfm_text *text, rfm_error *err)
{
    unsigned long c = 0;
    for (int i = 0; i < n_digits; i++, reader->at++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = reader->at < reader->end && *reader->at ? strchr(digits, *reader->at | 0x20) : NULL;
        if (!digit)
            return fail(reader, err, "an escape wants hexadecimal digits");
        c = c * 16 + (unsigned long)(digit - digits);
    }
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return fail(reader, err, "an escape that is no character");
    add_code_point(text, c);
    return RFM_OK;
}

/* Behind the backslash. */
static rfm_status read_escape(toml_reader *reader, bool many_lines, rfm_text *text, rfm_error *err)
{
    static const char letters[] = "btnfr\"\\", meant[] = "\b\t\n\f\r\"\\";
    const char c = reader->at < reader->end ? *reader->at : '\0';
    if (many_lines && (c == '\n' || c == '\r')) { /* up to the next that is no blank */
        while (reader->at < reader->end && *reader->at && strchr(" \t\r\n", *reader->at))
            *reader->at == '\n' ? pass_line_end(reader) : (void)reader->at++;
        return RFM_OK;
    }
    const char *letter = c != '\0' ? strchr(letters, c) : NULL;
    if (!letter && c != 'u' && c != 'U')
        return fail(reader, err, "an unknown escape");
    reader->at++;
    if (!letter)
        return read_code_point(reader, c == 'u' ? 4 : 8, text, err);
    rfm_text_add(text, &meant[letter - letters], 1);
    return RFM_OK;
}

/* At the opening quotes, which are `quotes`: one or three of " or '. */
static rfm_status read_string(toml_reader *reader, const char *quotes, rfm_text *text, rfm_error *err)
{
    const bool many_lines = quotes[1] != '\0', escapes = *quotes == '"';
    reader->at += strlen(quotes);
    if (many_lines && is_next(reader, "\r\n"))
        reader->at++;
    if (many_lines && is_next(reader, "\n"))
        pass_line_end(reader);
    rfm_text_adds(text, "");
    while (err->status == RFM_OK) {
        if (reader->at == reader->end || (*reader->at == '\n' && !many_lines) || *reader->at == '\0')
            return fail(reader, err, "a string without its end");
        if (is_next(reader, quotes) && !(many_lines && reader->at + 3 < reader->end && reader->at[3] == *quotes)) {
            reader->at += strlen(quotes);
            return rfm_text_check(text, err);
        }
        if (escapes && *reader->at == '\\') {
            reader->at++;
            read_escape(reader, many_lines, text, err);
            continue;
        }
        rfm_text_add(text, reader->at, 1);
        *reader->at == '\n' ? pass_line_end(reader) : (void)reader->at++;
    }
    return err->status;
}

static const char *quotes_at(const toml_reader *reader)
{
    static const char *const kinds[] = {"\"\"\"", "'''", "\"", "'"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is_next(reader, kinds[i]))
            return kinds[i];
    return NULL;
}

static bool is_bare(char c, bool value)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           (value && (c == '+' || c == '.' || c == ':'));
}

static rfm_status read_bare(toml_reader *reader, bool value, rfm_text *text, rfm_error *err)
{
    const char *from = reader->at;
    while (reader->at < reader->end && is_bare(*reader->at, value))
        reader->at++;
    if (reader->at == from)
        return fail(reader, err, value ? "a value is missing" : "a key is missing");
    rfm_text_add(text, from, (size_t)(reader->at - from));
    return rfm_text_check(text, err);
}

/* ---- tables ----------------------------------------------------------------------------------------------------- */

/* A new last item; its key is taken over. */
static rfm_node *add_item(toml_reader *reader, rfm_node *parent, char *key, rfm_error *err)
{
    rfm_node *items = NULL;
    if (++reader->n_items > MAX_ITEMS)
        fail(reader, err, "too many values");
    else if (!(items = realloc(parent->items, (parent->n_items + 1) * sizeof *items)))
        rfm_fail(err, RFM_NO_MEMORY, "out of memory reading %s", reader->source);
    if (!items) {
        free(key);
        return NULL;
    }
    parent->items = items;
    rfm_node *item = &items[parent->n_items++];
    *item = (rfm_node){.kind = RFM_NODE_MAP,
                       .line = reader->line,
                       .column = (int)(reader->at - reader->line_start) + 1,
                       .key = key,
                       .source = rfm_copy_string(reader->source, err)};
    return item->source ? item : NULL;
}

static rfm_node *find_item(rfm_node *map, const char *key)
{
    for (size_t i = 0; i < map->n_items; i++)
        if (strcmp(map->items[i].key, key) == 0)
            return &map->items[i];
    return NULL;
}

/* One part of a key: the item of that name in *map. is_last: there must be none yet, unless tables may be reopened. */
static rfm_status enter(toml_reader *reader, rfm_node **map, bool is_last, bool reopen, rfm_error *err)
{
    rfm_text name = {0};
    const char *quotes = quotes_at(reader);
    if (quotes && quotes[1] != '\0')
        fail(reader, err, "a key in three quotes");
    else if (quotes)
        read_string(reader, quotes, &name, err);
    else
        read_bare(reader, false, &name, err);
    if (err->status == RFM_OK) {
        rfm_node *item = find_item(*map, name.bytes);
        if (item && (item->kind != RFM_NODE_MAP || (is_last && !reopen)))
            fail(reader, err, "a key that stands twice");
        else if (!item) {
            item = add_item(reader, *map, name.bytes, err);
            name = (rfm_text){0};
        }
        *map = item;
    }
    rfm_text_free(&name);
    return err->status;
}

/* a.b."c": *map becomes the item it names. reopen: of a header, whose tables may have been named before. */
static rfm_status read_key(toml_reader *reader, rfm_node **map, bool reopen, rfm_error *err)
{
    for (int depth = 0;; depth++) {
        skip_blanks(reader);
        const toml_reader before = *reader;
        /* Which part is the last is seen behind it: so the name is read over first. */
        rfm_text name = {0};
        const char *quotes = quotes_at(reader);
        quotes ? read_string(reader, quotes, &name, err) : read_bare(reader, false, &name, err);
        rfm_text_free(&name);
        skip_blanks(reader);
        const bool is_last = !is_next(reader, ".");
        *reader = before;
        if (err->status == RFM_OK && depth == MAX_DEPTH)
            fail(reader, err, "a key of too many parts");
        if (err->status != RFM_OK || enter(reader, map, is_last, reopen, err) != RFM_OK)
            return err->status;
        skip_blanks(reader);
        if (is_last)
            return RFM_OK;
        reader->at++;
    }
}

static rfm_status read_assignment(toml_reader *reader, int depth, rfm_node *map, rfm_error *err)
{
    rfm_node *item = map;
    if (read_key(reader, &item, false, err) != RFM_OK)
        return err->status;
    if (!is_next(reader, "="))
        return fail(reader, err, "'=' is missing behind a key");
    reader->at++;
    skip_blanks(reader);
    return read_value(reader, depth, item, err);
}

/* Up to `close`, behind `open`: what stands between the commas of an array or an inline table. */
static rfm_status read_items(toml_reader *reader, int depth, rfm_node *node, rfm_error *err)
{
    const bool list = node->kind == RFM_NODE_LIST;
    const char *close = list ? "]" : "}";
    reader->at++;
    while (err->status == RFM_OK) {
        skip_lines(reader);
        if (is_next(reader, close))
            break;
        rfm_node *item = list ? add_item(reader, node, NULL, err) : node;
        if (item)
            list ? read_value(reader, depth + 1, item, err) : read_assignment(reader, depth + 1, item, err);
        skip_lines(reader);
        if (err->status == RFM_OK && is_next(reader, ","))
            reader->at++;
        else if (err->status == RFM_OK && !is_next(reader, close))
            fail(reader, err, "',' or the end of a list is missing");
    }
    reader->at += err->status == RFM_OK;
    return err->status;
}

static rfm_status read_value(toml_reader *reader, int depth, rfm_node *node, rfm_error *err)
{
    rfm_text text = {0};
    const char *quotes = quotes_at(reader);
    if (depth > MAX_DEPTH)
        return fail(reader, err, "nested too deep");
    if (is_next(reader, "[") || is_next(reader, "{")) {
        node->kind = is_next(reader, "[") ? RFM_NODE_LIST : RFM_NODE_MAP;
        return read_items(reader, depth, node, err);
    }
    node->kind = RFM_NODE_SCALAR;
    node->quoted = quotes;
    quotes ? read_string(reader, quotes, &text, err) : read_bare(reader, true, &text, err);
    if (err->status != RFM_OK)
        rfm_text_free(&text);
    node->text = text.bytes;
    return err->status;
}

static rfm_status read_header(toml_reader *reader, rfm_node *root, rfm_node **table, rfm_error *err)
{
    reader->at++;
    if (is_next(reader, "["))
        return fail(reader, err, "arrays of tables are refused");
    *table = root;
    if (read_key(reader, table, true, err) != RFM_OK)
        return err->status;
    if (!is_next(reader, "]"))
        return fail(reader, err, "']' is missing behind a table's name");
    reader->at++;
    return RFM_OK;
}

rfm_status rfm_node_parse_toml(const char *text, size_t length, const char *source, rfm_node *node, rfm_error *err)
{
    *node = (rfm_node){.kind = RFM_NODE_MAP, .line = 1, .column = 1, .source = rfm_copy_string(source, err)};
    toml_reader reader = {.at = text, .end = text + length, .line_start = text, .source = source, .line = 1};
    rfm_node *table = node;
    if (length > MAX_BYTES)
        rfm_fail(err, RFM_USAGE, "%s: larger than 1 MiB", source);
    for (skip_lines(&reader); err->status == RFM_OK && reader.at < reader.end; skip_lines(&reader)) {
        if (is_next(&reader, "["))
            read_header(&reader, node, &table, err);
        else
            read_assignment(&reader, 1, table, err);
        skip_blanks(&reader);
        if (err->status == RFM_OK && reader.at < reader.end && !strchr("\r\n#", *reader.at))
            fail(&reader, err, "something behind a value");
    }
    if (err->status != RFM_OK)
        rfm_node_free(node);
    return err->status;
}
