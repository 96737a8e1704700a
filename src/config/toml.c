/* TOML text -> a tree of nodes: tables, keys, strings of all four kinds, arrays, inline tables; numbers, booleans and
 * times stay the words they are. The grammar is that of TOML 1.0 (toml.io), but for what config.h says. */
#include <stdlib.h>
#include <string.h>

#include "toml.h"

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 32, MAX_ITEMS = 10000 };

static rfm_status read_value(rfm_toml *reader, int depth, rfm_node *node, rfm_error *err);

/* A new last item; its key is taken over. */
static rfm_node *add_item(rfm_toml *reader, rfm_node *parent, char *key, rfm_error *err)
{
    rfm_node *items = NULL;
    if (++reader->n_items > MAX_ITEMS)
        rfm_toml_fail(reader, err, "too many values");
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
static rfm_status enter(rfm_toml *reader, rfm_node **map, bool is_last, bool reopen, rfm_error *err)
{
    rfm_text name = {0};
    const rfm_toml before = *reader;
    const char *quotes = rfm_toml_quotes(reader);
    if (quotes && quotes[1] != '\0')
        rfm_toml_fail(reader, err, "a key in three quotes");
    else if (quotes)
        rfm_toml_string(reader, quotes, &name, err);
    else
        rfm_toml_bare_key(reader, &name, err);
    if (err->status == RFM_OK) {
        rfm_node *item = find_item(*map, name.bytes);
        if (item && (item->kind != RFM_NODE_MAP || (is_last && !reopen)))
            rfm_toml_fail(&before, err, "a key that stands twice");
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
static rfm_status read_key(rfm_toml *reader, rfm_node **map, bool reopen, rfm_error *err)
{
    for (int depth = 0;; depth++) {
        rfm_toml_skip_blanks(reader);
        const rfm_toml before = *reader;
        /* Which part is the last is seen behind it: so the name is read over first. */
        rfm_text name = {0};
        const char *quotes = rfm_toml_quotes(reader);
        quotes ? rfm_toml_string(reader, quotes, &name, err) : rfm_toml_bare_key(reader, &name, err);
        rfm_text_free(&name);
        rfm_toml_skip_blanks(reader);
        const bool is_last = !rfm_toml_is_next(reader, ".");
        *reader = before;
        if (err->status == RFM_OK && depth == MAX_DEPTH)
            rfm_toml_fail(reader, err, "a key of too many parts");
        if (err->status != RFM_OK || enter(reader, map, is_last, reopen, err) != RFM_OK)
            return err->status;
        rfm_toml_skip_blanks(reader);
        if (is_last)
            return RFM_OK;
        reader->at++;
    }
}

static rfm_status read_assignment(rfm_toml *reader, int depth, rfm_node *map, rfm_error *err)
{
    rfm_node *item = map;
    if (read_key(reader, &item, false, err) != RFM_OK)
        return err->status;
    if (!rfm_toml_is_next(reader, "="))
        return rfm_toml_fail(reader, err, "'=' is missing behind a key");
    reader->at++;
    rfm_toml_skip_blanks(reader);
    return read_value(reader, depth, item, err);
}

/* Behind '[', up to ']'. */
static rfm_status read_list(rfm_toml *reader, int depth, rfm_node *list, rfm_error *err)
{
    for (rfm_toml_skip_lines(reader); err->status == RFM_OK && !rfm_toml_is_next(reader, "]");
         rfm_toml_skip_lines(reader)) {
        rfm_node *item = add_item(reader, list, NULL, err);
        if (!item || read_value(reader, depth + 1, item, err) != RFM_OK)
            break;
        rfm_toml_skip_lines(reader);
        if (rfm_toml_is_next(reader, ","))
            reader->at++;
        else if (!rfm_toml_is_next(reader, "]"))
            rfm_toml_fail(reader, err, "',' or the end of a list is missing");
    }
    reader->at += err->status == RFM_OK;
    return err->status;
}

/* Behind '{', up to '}': on one line, and no comma behind the last. */
static rfm_status read_inline_table(rfm_toml *reader, int depth, rfm_node *map, rfm_error *err)
{
    rfm_toml_skip_blanks(reader);
    bool more = !rfm_toml_is_next(reader, "}");
    while (more && read_assignment(reader, depth + 1, map, err) == RFM_OK) {
        rfm_toml_skip_blanks(reader);
        more = rfm_toml_is_next(reader, ",");
        if (more)
            reader->at++;
        else if (!rfm_toml_is_next(reader, "}"))
            rfm_toml_fail(reader, err, "',' or the end of a table in braces is missing");
    }
    reader->at += err->status == RFM_OK;
    return err->status;
}

static rfm_status read_value(rfm_toml *reader, int depth, rfm_node *node, rfm_error *err)
{
    rfm_text text = {0};
    const char *quotes = rfm_toml_quotes(reader);
    if (depth > MAX_DEPTH)
        return rfm_toml_fail(reader, err, "nested too deep");
    if (rfm_toml_is_next(reader, "[") || rfm_toml_is_next(reader, "{")) {
        const bool list = *reader->at++ == '[';
        node->kind = list ? RFM_NODE_LIST : RFM_NODE_MAP;
        return list ? read_list(reader, depth, node, err) : read_inline_table(reader, depth, node, err);
    }
    node->kind = RFM_NODE_SCALAR;
    node->quoted = quotes;
    quotes ? rfm_toml_string(reader, quotes, &text, err) : rfm_toml_word(reader, &text, err);
    if (err->status != RFM_OK)
        rfm_text_free(&text);
    node->text = text.bytes;
    return err->status;
}

static rfm_status read_header(rfm_toml *reader, rfm_node *root, rfm_node **table, rfm_error *err)
{
    reader->at++;
    if (rfm_toml_is_next(reader, "["))
        return rfm_toml_fail(reader, err, "arrays of tables are refused");
    *table = root;
    if (read_key(reader, table, true, err) != RFM_OK)
        return err->status;
    if (!rfm_toml_is_next(reader, "]"))
        return rfm_toml_fail(reader, err, "']' is missing behind a table's name");
    reader->at++;
    return RFM_OK;
}

static rfm_status read_document(rfm_toml *reader, rfm_node *root, rfm_error *err)
{
    rfm_node *table = root;
    for (rfm_toml_skip_lines(reader); err->status == RFM_OK && reader->at < reader->end; rfm_toml_skip_lines(reader)) {
        if (rfm_toml_is_next(reader, "["))
            read_header(reader, root, &table, err);
        else
            read_assignment(reader, 1, table, err);
        rfm_toml_skip_blanks(reader);
        if (err->status == RFM_OK && reader->at < reader->end && !strchr("\r\n#", *reader->at))
            rfm_toml_fail(reader, err, "something behind a value");
    }
    return err->status;
}

rfm_status rfm_node_parse_toml(const char *text, size_t length, const char *source, rfm_node *node, rfm_error *err)
{
    rfm_toml reader;
    *node = (rfm_node){.kind = RFM_NODE_MAP, .line = 1, .column = 1, .source = rfm_copy_string(source, err)};
    if (length > MAX_BYTES)
        rfm_fail(err, RFM_USAGE, "%s: larger than 1 MiB", source);
    else if (rfm_toml_open(&reader, text, length, source, err) == RFM_OK)
        read_document(&reader, node, err);
    if (err->status != RFM_OK)
        rfm_node_free(node);
    return err->status;
}
