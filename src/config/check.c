/* Whether a value suits its option. Leaves it in the one form that equal values share. Knows types,
 * not places. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "values.h"

static rfm_status replace_text(rfm_node *node, const char *text, rfm_error *err)
{
    char *copy = rfm_copy_string(text, err);
    if (!copy)
        return err->status;
    free(node->text);
    node->text = copy;
    return RFM_OK;
}

static rfm_status fail_range(const rfm_option *option, const rfm_node *node, rfm_error *err)
{
    char low[RFM_NUMBER_BYTES], high[RFM_NUMBER_BYTES];
    rfm_number_format(option->low, low);
    rfm_number_format(option->high, high);
    if (option->high >= 1e300)
        return rfm_node_fail(node, err, "%s: must be at least %s, not %.60s", option->key, low, node->text);
    return rfm_node_fail(node, err, "%s: must be from %s to %s, not %.60s", option->key, low, high, node->text);
}

static bool is_outside(const rfm_option *option, double value)
{
    return (option->low < 0 || option->low > 0 || option->high > 0 || option->high < 0) &&
           (value < option->low || value > option->high);
}

static rfm_status check_integer(const rfm_option *option, rfm_node *node, rfm_error *err)
{
    int64_t value;
    if (rfm_node_integer(node, option->key, &value, err) != RFM_OK)
        return err->status;
    if (is_outside(option, (double)value))
        return fail_range(option, node, err);
    char text[RFM_NUMBER_BYTES];
    snprintf(text, sizeof text, "%" PRId64, value);
    return replace_text(node, text, err);
}

static rfm_status check_number(const rfm_option *option, rfm_node *node, rfm_error *err)
{
    double value;
    if (rfm_node_number(node, option->key, &value, err) != RFM_OK)
        return err->status;
    if (is_outside(option, value))
        return fail_range(option, node, err);
    char text[RFM_NUMBER_BYTES];
    rfm_number_format(value == 0 ? 0 : value, text);
    return replace_text(node, text, err);
}

static rfm_status check_boolean(const rfm_option *option, rfm_node *node, rfm_error *err)
{
    bool value;
    if (rfm_node_boolean(node, option->key, &value, err) != RFM_OK)
        return err->status;
    return replace_text(node, value ? "true" : "false", err);
}

static rfm_status check_string(const rfm_option *option, rfm_node *node, rfm_error *err)
{
    if (node->kind != RFM_NODE_SCALAR)
        return rfm_node_fail(node, err, "%s: must be a text, not a %s", option->key,
                             node->kind == RFM_NODE_LIST ? "list" : "map");
    node->quoted = true;
    return RFM_OK;
}

static rfm_status check_choice(const rfm_option *option, rfm_node *node, rfm_error *err)
{
    if (check_string(option, node, err) != RFM_OK)
        return err->status;
    rfm_nearness nearness = {.word = node->text, .distance = SIZE_MAX};
    char words[128], *rest = words;
    const char *nearest = "";
    snprintf(words, sizeof words, "%s", option->choices);
    for (char *word; (word = strsep(&rest, "|"));) {
        if (strcmp(word, node->text) == 0)
            return RFM_OK;
        if (rfm_nearness_try(&nearness, word))
            nearest = word;
    }
    return rfm_node_fail(node, err, "%s: must be one of %s, not '%.200s'; the nearest is '%s'", option->key,
                         option->choices, node->text, nearest);
}

static rfm_status check_strings(const rfm_option *option, rfm_node *node, rfm_error *err)
{
    if (node->kind == RFM_NODE_MAP)
        return rfm_node_fail(node, err, "%s: must be a list of texts, not a map", option->key);
    for (size_t i = 0; i < node->n_items; i++) {
        rfm_node *item = &node->items[i];
        if (item->kind != RFM_NODE_SCALAR || *item->text == '\0')
            return rfm_node_fail(item, err, "%s: every item must be a text", option->key);
        item->quoted = true;
    }
    if (node->kind == RFM_NODE_LIST)
        return RFM_OK;
    rfm_node *only = rfm_alloc(1, sizeof *only, err);
    if (!only)
        return err->status;
    *only = *node;
    only->quoted = true;
    *node = (rfm_node){.kind = RFM_NODE_LIST, .line = only->line, .column = only->column, .items = only, .n_items = 1};
    node->source = rfm_copy_string(only->source, err);
    return err->status;
}

/* ---- counts ----------------------------------------------------------------------------------------------------- */

static rfm_status make_item(const rfm_node *like, int64_t value, rfm_node *item, rfm_error *err)
{
    char text[RFM_NUMBER_BYTES];
    snprintf(text, sizeof text, "%" PRId64, value);
    *item = (rfm_node){.kind = RFM_NODE_SCALAR, .line = like->line, .column = like->column};
    item->text = rfm_copy_string(text, err);
    item->source = like->source ? rfm_copy_string(like->source, err) : NULL;
    return err->status;
}

/* A scalar that says a range becomes the list of what is in it. */
static rfm_status expand_range(const rfm_option *option, rfm_node *node, int64_t first, int64_t last, rfm_error *err)
{
    if (first < (int64_t)option->low || (double)last > option->high)
        return fail_range(option, node, err);
    if (first > last)
        return rfm_node_fail(node, err, "%s: %s has nothing in it", option->key, node->text);
    if (last - first >= RFM_COUNTS_MOST)
        return rfm_node_fail(node, err, "%s: %s are more than %d", option->key, node->text, RFM_COUNTS_MOST);
    const size_t n = (size_t)(last - first + 1);
    rfm_node list = {.kind = RFM_NODE_LIST, .line = node->line, .column = node->column};
    list.items = rfm_alloc(n, sizeof *list.items, err);
    for (; list.items && list.n_items < n && !err->status; list.n_items++)
        make_item(node, first + (int64_t)list.n_items, &list.items[list.n_items], err);
    list.source = node->source ? rfm_copy_string(node->source, err) : NULL;
    rfm_node_free(err->status ? &list : node);
    if (!err->status)
        *node = list;
    return err->status;
}

/* "2-12". */
static bool parse_range(const char *text, int64_t *first, int64_t *last)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    *first = strtoll(text, &end, 10);
    if (*end != '-' || end[1] < '0' || end[1] > '9')
        return false;
    *last = strtoll(end + 1, &end, 10);
    return *end == '\0';
}

/* They are integers: that has been checked. */
static int compare_items(const void *a, const void *b)
{
    const long long x = strtoll(((const rfm_node *)a)->text, NULL, 10),
                    y = strtoll(((const rfm_node *)b)->text, NULL, 10);
    return (x > y) - (x < y);
}

static rfm_status check_count_list(const rfm_option *option, rfm_node *node, rfm_error *err)
{
    size_t n = 0;
    if (node->n_items == 0 || node->n_items > RFM_COUNTS_MOST)
        return rfm_node_fail(node, err, "%s: a list of 1 to %d integers", option->key, RFM_COUNTS_MOST);
    for (size_t i = 0; i < node->n_items; i++)
        if (check_integer(option, &node->items[i], err) != RFM_OK)
            return err->status;
    qsort(node->items, node->n_items, sizeof *node->items, compare_items);
    for (size_t i = 0; i < node->n_items; i++) {
        if (n > 0 && compare_items(&node->items[n - 1], &node->items[i]) == 0)
            rfm_node_free(&node->items[i]);
        else
            node->items[n++] = node->items[i];
    }
    node->n_items = n;
    return RFM_OK;
}

static rfm_status check_counts(const rfm_option *option, rfm_node *node, rfm_error *err)
{
    int64_t first = RFM_COUNTS_AUTO_FIRST, last = RFM_COUNTS_AUTO_LAST;
    if (node->kind == RFM_NODE_LIST)
        return check_count_list(option, node, err);
    if (node->kind == RFM_NODE_SCALAR && (strcmp(node->text, "auto") == 0 || parse_range(node->text, &first, &last)))
        return expand_range(option, node, first, last, err);
    return check_integer(option, node, err);
}

rfm_status rfm_option_check(const rfm_option *option, rfm_node *node, rfm_error *err)
{
    switch (option->type) {
    case RFM_OPTION_STRING:
        return check_string(option, node, err);
    case RFM_OPTION_INTEGER:
        return check_integer(option, node, err);
    case RFM_OPTION_NUMBER:
        return check_number(option, node, err);
    case RFM_OPTION_BOOLEAN:
        return check_boolean(option, node, err);
    case RFM_OPTION_CHOICE:
        return check_choice(option, node, err);
    case RFM_OPTION_STRINGS:
        return check_strings(option, node, err);
    case RFM_OPTION_COUNTS:
        return check_counts(option, node, err);
    case RFM_OPTION_TREE:
        break;
    }
    return RFM_OK;
}
