/* Nodes as values: copies, look-ups, typed scalars, and the messages that say where a value stands.
 * Knows no YAML. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rfmpi/config.h"

void rfm_node_free(rfm_node *node)
{
    for (size_t i = 0; i < node->n_items; i++)
        rfm_node_free(&node->items[i]);
    free(node->items);
    free(node->source);
    free(node->key);
    free(node->text);
    *node = (rfm_node){0};
}

static char *copy_or_null(const char *text, rfm_error *err)
{
    return text ? rfm_copy_string(text, err) : NULL;
}

static void copy_into(const rfm_node *from, rfm_node *to, rfm_error *err)
{
    *to = (rfm_node){.kind = from->kind, .quoted = from->quoted, .line = from->line, .column = from->column};
    to->source = copy_or_null(from->source, err);
    to->key = copy_or_null(from->key, err);
    to->text = copy_or_null(from->text, err);
    if (from->n_items == 0 || err->status != RFM_OK)
        return;
    to->items = rfm_alloc(from->n_items, sizeof *to->items, err);
    if (!to->items)
        return;
    to->n_items = from->n_items;
    for (size_t i = 0; i < from->n_items && err->status == RFM_OK; i++)
        copy_into(&from->items[i], &to->items[i], err);
}

rfm_status rfm_node_copy(const rfm_node *from, rfm_node *to, rfm_error *err)
{
    copy_into(from, to, err);
    if (err->status != RFM_OK)
        rfm_node_free(to);
    return err->status;
}

const rfm_node *rfm_node_get(const rfm_node *map, const char *key)
{
    if (!map || map->kind != RFM_NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->n_items; i++)
        if (map->items[i].key && strcmp(map->items[i].key, key) == 0)
            return &map->items[i];
    return NULL;
}

rfm_status rfm_node_fail(const rfm_node *node, rfm_error *err, const char *format, ...)
{
    char message[sizeof err->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (!node || !node->source)
        return rfm_fail(err, RFM_USAGE, "%s", message);
    if (node->line == 0)
        return rfm_fail(err, RFM_USAGE, "%s: %s", node->source, message);
    return rfm_fail(err, RFM_USAGE, "%s:%d:%d: %s", node->source, node->line, node->column, message);
}

/* "what: must be <wanted>, not <what stands there>" */
static rfm_status fail_type(const rfm_node *node, const char *what, const char *wanted, rfm_error *err)
{
    if (node->kind == RFM_NODE_LIST)
        return rfm_node_fail(node, err, "%s: must be %s, not a list", what, wanted);
    if (node->kind == RFM_NODE_MAP)
        return rfm_node_fail(node, err, "%s: must be %s, not a map", what, wanted);
    if (node->quoted)
        return rfm_node_fail(node, err, "%s: must be %s, not the text \"%.200s\"", what, wanted, node->text);
    return rfm_node_fail(node, err, "%s: must be %s, not '%.200s'", what, wanted, node->text);
}

static size_t span_digits(const char *text)
{
    return strspn(text, "0123456789");
}

rfm_status rfm_node_integer(const rfm_node *node, const char *what, int64_t *value, rfm_error *err)
{
    if (node->kind != RFM_NODE_SCALAR || node->quoted)
        return fail_type(node, what, "an integer", err);
    const char *digits = node->text + (*node->text == '-' || *node->text == '+');
    if (*digits == '\0' || digits[span_digits(digits)] != '\0')
        return fail_type(node, what, "an integer", err);
    errno = 0;
    const intmax_t parsed = strtoimax(node->text, NULL, 10);
    if (errno || parsed > INT64_MAX || parsed < INT64_MIN)
        return fail_type(node, what, "an integer of 64 bits", err);
    *value = (int64_t)parsed;
    return RFM_OK;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before or behind the point */
static bool is_number(const char *text)
{
    text += *text == '-' || *text == '+';
    const size_t whole = span_digits(text);
    text += whole;
    size_t fraction = 0;
    if (*text == '.') {
        fraction = span_digits(++text);
        text += fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        const size_t exponent = span_digits(text);
        text += exponent;
        if (exponent == 0)
            return false;
    }
    return *text == '\0';
}

rfm_status rfm_node_number(const rfm_node *node, const char *what, double *value, rfm_error *err)
{
    if (node->kind != RFM_NODE_SCALAR || node->quoted || !is_number(node->text))
        return fail_type(node, what, "a number", err);
    const double parsed = strtod(node->text, NULL);
    if (!isfinite(parsed))
        return fail_type(node, what, "a number that double holds", err);
    *value = parsed;
    return RFM_OK;
}

rfm_status rfm_node_boolean(const rfm_node *node, const char *what, bool *value, rfm_error *err)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    if (node->kind == RFM_NODE_SCALAR && !node->quoted) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            if (strcasecmp(node->text, words[i]) == 0) {
                *value = i % 2;
                return RFM_OK;
            }
        }
    }
    return fail_type(node, what, "true or false", err);
}

rfm_status rfm_node_only(const rfm_node *map, const char *const *known, rfm_error *err)
{
    if (map->kind != RFM_NODE_MAP)
        return rfm_node_fail(map, err, "a map is wanted here, {key: value}");
    for (size_t i = 0; i < map->n_items; i++) {
        const rfm_node *item = &map->items[i];
        bool found = false;
        for (const char *const *word = known; *word && !found; word++)
            found = strcmp(*word, item->key) == 0;
        if (!found)
            return rfm_node_fail(item, err, "unknown key '%s'; the nearest is '%s'", item->key,
                                 rfm_nearest(item->key, known));
    }
    return RFM_OK;
}
