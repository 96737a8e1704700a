/* `where:` of an entry: event names, rules on columns, a window of days. */
#include <stdlib.h>
#include <string.h>

#include "features.h"

enum { MAX_DAYS = 36500 };

static const char *const KEYS[] = {"event",  "rows",       "last",  "column", "equal",   "not",
                                   "prefix", "not_prefix", "above", "below",  "present", NULL};

void rfm_predicate_free(rfm_predicate *predicate)
{
    char **events = (char **)(void *)predicate->events;
    for (size_t i = 0; events && i < predicate->n_events; i++)
        free(events[i]);
    free(events);
    rfm_rules_free((rfm_rule *)(void *)predicate->rules, predicate->n_rules);
    *predicate = (rfm_predicate){0};
}

/* ---- event ------------------------------------------------------------------------------------------------------ */

static rfm_status check_event(const rfm_node *node, const rfm_roles *roles, rfm_error *err)
{
    if (node->kind != RFM_NODE_SCALAR || *node->text == '\0')
        return rfm_node_fail(node, err, "event: must be a name or a list of names");
    if (!roles->event && strcmp(node->text, "purchase") != 0)
        return rfm_node_fail(node, err,
                             "event '%s': without an event column every row is a purchase; map input.columns.event",
                             node->text);
    return RFM_OK;
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted and each once, so that equal conditions are found to be equal. */
static void sort_words(char **words, size_t *n)
{
    qsort(words, *n, sizeof *words, compare_words);
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        if (kept > 0 && strcmp(words[kept - 1], words[i]) == 0)
            free(words[i]);
        else
            words[kept++] = words[i];
    }
    *n = kept;
}

static rfm_status parse_event(const rfm_node *node, const rfm_roles *roles, rfm_predicate *predicate, rfm_error *err)
{
    const bool one = node->kind != RFM_NODE_LIST;
    const size_t n = one ? 1 : node->n_items;
    if (n == 0)
        return rfm_node_fail(node, err, "event: must be a name or a list of names");
    char **words = rfm_alloc(n, sizeof *words, err);
    if (!words)
        return err->status;
    predicate->events = (const char *const *)words;
    for (size_t i = 0; i < n; i++) {
        const rfm_node *item = one ? node : &node->items[i];
        if (check_event(item, roles, err) != RFM_OK)
            return err->status;
        words[i] = rfm_copy_string(item->text, err);
        if (!words[i])
            return err->status;
        predicate->n_events = i + 1;
    }
    sort_words(words, &predicate->n_events);
    return RFM_OK;
}

/* ---- rules ------------------------------------------------------------------------------------------------------ */

static int compare_rules(const void *a, const void *b)
{
    const rfm_rule *x = a, *y = b;
    const int columns = strcmp(x->column, y->column);
    if (columns != 0)
        return columns;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->text, y->text);
}

/* The keys of one rule that stand among those of the where. */
static bool is_rule_key(const char *key)
{
    return strcmp(key, "event") != 0 && strcmp(key, "rows") != 0 && strcmp(key, "last") != 0;
}

static rfm_status parse_inline_rule(const rfm_node *node, rfm_rule **rules, size_t *n_rules, rfm_error *err)
{
    rfm_node rule = {.kind = RFM_NODE_MAP, .line = node->line, .column = node->column, .source = node->source};
    rule.items = rfm_alloc(node->n_items, sizeof *rule.items, err);
    if (!rule.items)
        return err->status;
    for (size_t i = 0; i < node->n_items; i++)
        if (is_rule_key(node->items[i].key))
            rule.items[rule.n_items++] = node->items[i];
    if (rule.n_items > 0)
        rfm_rules_parse(&rule, rules, n_rules, err);
    free(rule.items); /* what they hold stays the node's */
    return err->status;
}

static rfm_status parse_rules(const rfm_node *node, rfm_predicate *predicate, rfm_error *err)
{
    const rfm_node *rows = rfm_node_get(node, "rows");
    rfm_rule *listed = NULL, *single = NULL, *all = NULL;
    size_t n_listed = 0, n_single = 0;
    if (rows && rfm_rules_parse(rows, &listed, &n_listed, err) != RFM_OK)
        return err->status;
    if (parse_inline_rule(node, &single, &n_single, err) == RFM_OK && n_listed + n_single > 0)
        all = rfm_alloc(n_listed + n_single, sizeof *all, err);
    if (!all) {
        rfm_rules_free(listed, n_listed);
        rfm_rules_free(single, n_single);
        return err->status;
    }
    for (size_t i = 0; i < n_listed; i++)
        all[i] = listed[i];
    for (size_t i = 0; i < n_single; i++)
        all[n_listed + i] = single[i];
    free(listed);
    free(single);
    qsort(all, n_listed + n_single, sizeof *all, compare_rules);
    predicate->rules = all;
    predicate->n_rules = n_listed + n_single;
    return RFM_OK;
}

/* ---- window ----------------------------------------------------------------------------------------------------- */

static rfm_status parse_last(const rfm_node *node, int *days, rfm_error *err)
{
    const char *text = node->kind == RFM_NODE_SCALAR ? node->text : "";
    const size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || strcmp(text + digits, "d") != 0)
        return rfm_node_fail(node, err, "last: must be whole calendar days, like 30d; other units are not known");
    *days = (int)strtol(text, NULL, 10);
    if (*days < 1 || *days > MAX_DAYS)
        return rfm_node_fail(node, err, "last: must be from 1d to %dd", (int)MAX_DAYS);
    return RFM_OK;
}

rfm_status rfm_where_parse(const rfm_node *node, const rfm_roles *roles, rfm_where *where, rfm_error *err)
{
    *where = (rfm_where){0};
    if (!node)
        return RFM_OK;
    if (rfm_node_only(node, KEYS, err) != RFM_OK)
        return err->status;
    const rfm_node *event = rfm_node_get(node, "event"), *last = rfm_node_get(node, "last");
    if (event)
        parse_event(event, roles, &where->predicate, err);
    if (last && err->status == RFM_OK)
        parse_last(last, &where->last_days, err);
    if (err->status == RFM_OK)
        parse_rules(node, &where->predicate, err);
    if (err->status != RFM_OK)
        rfm_predicate_free(&where->predicate);
    return err->status;
}
