/* YAML text -> a tree of nodes, through libyaml's events, which carry line and column. The one file
 * that knows libyaml. Refuses what a job needs not and what could surprise: anchors, aliases, tags,
 * several documents, keys that stand twice. */
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "rfmpi/config.h"

enum { MAX_BYTES = 16 << 20, MAX_DEPTH = 64, MAX_NODES = 1000000, MAX_KEYS = 1024, MAX_KEY_BYTES = 128 };

typedef struct yaml_reader {
    yaml_parser_t yaml;
    const char *text; /* what is parsed, to find the line of an offset */
    const char *source;
    size_t n_nodes;
} yaml_reader;

static rfm_status read_value(yaml_reader *reader, yaml_event_t *event, int depth, rfm_node *node, rfm_error *err);

/* A node that only says where, for messages. */
static rfm_node place_of(const yaml_reader *reader, const yaml_mark_t *mark)
{
    rfm_node place = {.line = (int)mark->line + 1, .column = (int)mark->column + 1};
    /* rfm_node_fail only reads it; a node that is kept gets its own copy. */
    memcpy(&place.source, &reader->source, sizeof place.source);
    return place;
}

/* libyaml gives an offset and no mark for bytes that are not UTF-8. */
static yaml_mark_t mark_of_offset(const char *text, size_t offset)
{
    yaml_mark_t mark = {.index = offset};
    for (size_t i = 0; i < offset; i++) {
        mark.column++;
        if (text[i] == '\n') {
            mark.line++;
            mark.column = 0;
        }
    }
    return mark;
}

static rfm_status fail_syntax(const yaml_reader *reader, rfm_error *err)
{
    const yaml_parser_t *yaml = &reader->yaml;
    if (yaml->error == YAML_MEMORY_ERROR)
        return rfm_fail(err, RFM_NO_MEMORY, "out of memory reading %s", reader->source);
    yaml_mark_t mark = yaml->problem_mark;
    if (yaml->error == YAML_READER_ERROR)
        mark = mark_of_offset(reader->text, yaml->problem_offset);
    const rfm_node place = place_of(reader, &mark);
    const char *problem = yaml->problem ? yaml->problem : "no YAML";
    if (yaml->context)
        return rfm_node_fail(&place, err, "%s (%s)", problem, yaml->context);
    return rfm_node_fail(&place, err, "%s", problem);
}

static rfm_status next_event(yaml_reader *reader, yaml_event_t *event, rfm_error *err)
{
    memset(event, 0, sizeof *event);
    if (!yaml_parser_parse(&reader->yaml, event))
        return fail_syntax(reader, err);
    return RFM_OK;
}

static rfm_status refuse_extras(const rfm_node *place, const yaml_char_t *anchor, const yaml_char_t *tag,
                                rfm_error *err)
{
    if (anchor)
        return rfm_node_fail(place, err, "anchors are refused: put text that begins with & in quotes");
    if (tag)
        return rfm_node_fail(place, err, "tags are refused: put text that begins with ! in quotes");
    return RFM_OK;
}

static bool is_null_word(const char *text)
{
    return strcmp(text, "") == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 || strcmp(text, "Null") == 0 ||
           strcmp(text, "NULL") == 0;
}

static rfm_status read_scalar(const yaml_event_t *event, rfm_node *node, rfm_error *err)
{
    if (refuse_extras(node, event->data.scalar.anchor, event->data.scalar.tag, err) != RFM_OK)
        return err->status;
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length)
        return rfm_node_fail(node, err, "a NUL character in a text");
    node->kind = RFM_NODE_SCALAR;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = rfm_copy_string(!node->quoted && is_null_word(text) ? "" : text, err);
    return err->status;
}

/* A new last item, where `event` stands. */
static rfm_node *add_item(const yaml_reader *reader, const yaml_event_t *event, rfm_node *parent, size_t *capacity,
                          rfm_error *err)
{
    if (rfm_reserve(&parent->items, capacity, parent->n_items + 1, sizeof *parent->items, err) != RFM_OK)
        return NULL;
    rfm_node *item = &parent->items[parent->n_items++];
    *item = (rfm_node){.line = (int)event->start_mark.line + 1, .column = (int)event->start_mark.column + 1};
    item->source = rfm_copy_string(reader->source, err);
    return item->source ? item : NULL;
}

static rfm_status read_list(yaml_reader *reader, int depth, rfm_node *node, rfm_error *err)
{
    node->kind = RFM_NODE_LIST;
    size_t capacity = 0;
    for (;;) {
        yaml_event_t event;
        if (next_event(reader, &event, err) != RFM_OK)
            return err->status;
        const bool end = event.type == YAML_SEQUENCE_END_EVENT;
        rfm_node *item = end ? NULL : add_item(reader, &event, node, &capacity, err);
        if (item)
            read_value(reader, &event, depth + 1, item, err);
        yaml_event_delete(&event);
        if (end || err->status != RFM_OK)
            return err->status;
    }
}

static rfm_status read_key(const yaml_event_t *event, rfm_node *map, rfm_node *item, rfm_error *err)
{
    if (event->type != YAML_SCALAR_EVENT)
        return rfm_node_fail(item, err, "a key must be a word");
    if (refuse_extras(item, event->data.scalar.anchor, event->data.scalar.tag, err) != RFM_OK)
        return err->status;
    const char *key = (const char *)event->data.scalar.value;
    const size_t length = event->data.scalar.length;
    if (length == 0 || length > MAX_KEY_BYTES || strlen(key) != length)
        return rfm_node_fail(item, err, "a key must have 1 to %d bytes", (int)MAX_KEY_BYTES);
    if (map->n_items > MAX_KEYS)
        return rfm_node_fail(item, err, "more than %d keys in one map", (int)MAX_KEYS);
    const rfm_node *before = rfm_node_get(map, key);
    if (before)
        return rfm_node_fail(item, err, "the key '%s' stands twice, first in line %d", key, before->line);
    item->key = rfm_copy_string(key, err);
    return err->status;
}

static rfm_status read_map(yaml_reader *reader, int depth, rfm_node *node, rfm_error *err)
{
    node->kind = RFM_NODE_MAP;
    size_t capacity = 0;
    for (;;) {
        yaml_event_t event;
        if (next_event(reader, &event, err) != RFM_OK)
            return err->status;
        const bool end = event.type == YAML_MAPPING_END_EVENT;
        rfm_node *item = end ? NULL : add_item(reader, &event, node, &capacity, err);
        if (item)
            read_key(&event, node, item, err);
        yaml_event_delete(&event);
        if (end || err->status != RFM_OK)
            return err->status;
        if (next_event(reader, &event, err) == RFM_OK)
            read_value(reader, &event, depth + 1, item, err);
        yaml_event_delete(&event);
        if (err->status != RFM_OK)
            return err->status;
    }
}

/* `event` begins the value; place and source of the node are set already. */
static rfm_status read_value(yaml_reader *reader, yaml_event_t *event, int depth, rfm_node *node, rfm_error *err)
{
    if (depth > MAX_DEPTH)
        return rfm_node_fail(node, err, "nested deeper than %d levels", (int)MAX_DEPTH);
    if (++reader->n_nodes > MAX_NODES)
        return rfm_node_fail(node, err, "more than %d values", (int)MAX_NODES);
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(event, node, err);
    case YAML_SEQUENCE_START_EVENT:
        if (refuse_extras(node, event->data.sequence_start.anchor, event->data.sequence_start.tag, err) == RFM_OK)
            read_list(reader, depth, node, err);
        return err->status;
    case YAML_MAPPING_START_EVENT:
        if (refuse_extras(node, event->data.mapping_start.anchor, event->data.mapping_start.tag, err) == RFM_OK)
            read_map(reader, depth, node, err);
        return err->status;
    case YAML_ALIAS_EVENT:
        return rfm_node_fail(node, err, "aliases are refused: put text that begins with * in quotes");
    default:
        return rfm_node_fail(node, err, "a value is missing");
    }
}

/* The root, where `event` says what the document begins with. */
static rfm_status read_root(yaml_reader *reader, yaml_event_t *event, rfm_node *node, rfm_error *err)
{
    node->line = (int)event->start_mark.line + 1;
    node->column = (int)event->start_mark.column + 1;
    node->source = rfm_copy_string(reader->source, err);
    if (!node->source)
        return err->status;
    if (event->type != YAML_STREAM_END_EVENT)
        return read_value(reader, event, 1, node, err);
    node->text = rfm_copy_string("", err);
    return err->status;
}

/* Skip events that only say that a stream or document begins. */
static rfm_status first_event(yaml_reader *reader, yaml_event_t *event, rfm_error *err)
{
    while (next_event(reader, event, err) == RFM_OK) {
        if (event->type != YAML_STREAM_START_EVENT && event->type != YAML_DOCUMENT_START_EVENT)
            break;
        yaml_event_delete(event);
    }
    return err->status;
}

static rfm_status read_end(yaml_reader *reader, rfm_error *err)
{
    yaml_event_t event;
    do {
        if (next_event(reader, &event, err) != RFM_OK)
            return err->status;
        const yaml_event_type_t type = event.type;
        const rfm_node place = place_of(reader, &event.start_mark);
        yaml_event_delete(&event);
        if (type == YAML_DOCUMENT_START_EVENT)
            return rfm_node_fail(&place, err, "a second document begins here: there must be one");
        if (type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT)
            return RFM_OK;
    } while (true);
}

rfm_status rfm_node_parse(const char *text, size_t length, const char *source, rfm_node *node, rfm_error *err)
{
    *node = (rfm_node){0};
    yaml_reader reader = {.text = text, .source = source};
    if (length > MAX_BYTES)
        return rfm_fail(err, RFM_USAGE, "%s: larger than 16 MiB", source);
    if (!yaml_parser_initialize(&reader.yaml))
        return rfm_fail(err, RFM_NO_MEMORY, "out of memory reading %s", source);
    yaml_parser_set_input_string(&reader.yaml, (const unsigned char *)text, length);
    yaml_event_t event;
    if (first_event(&reader, &event, err) == RFM_OK) {
        const bool empty = event.type == YAML_STREAM_END_EVENT;
        if (read_root(&reader, &event, node, err) == RFM_OK && !empty)
            read_end(&reader, err);
    }
    yaml_event_delete(&event);
    yaml_parser_delete(&reader.yaml);
    if (err->status != RFM_OK)
        rfm_node_free(node);
    return err->status;
}
