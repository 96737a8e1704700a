/* Keep rules: [{column: price, above: 0}, ...] -> conditions on columns. Knows nothing of what they are for. */
#include <stdlib.h>
#include <string.h>

#include "rfmpi/model.h"

static const char *const KEYS[] = {"equal", "not", "prefix", "not_prefix", "above", "below", "present", "column", NULL};

enum { N_KINDS = RFM_RULE_PRESENT + 1 };

typedef struct rule_list {
    rfm_rule *rules;
    size_t n, capacity;
} rule_list;

static rfm_status add(rule_list *list, rfm_rule_kind kind, const char *column, const char *text, rfm_error *err)
{
    if (rfm_reserve(&list->rules, &list->capacity, list->n + 1, sizeof *list->rules, err) != RFM_OK)
        return err->status;
    rfm_rule *rule = &list->rules[list->n++];
    *rule = (rfm_rule){.kind = kind, .column = rfm_copy_string(column, err), .text = rfm_copy_string(text, err)};
    return err->status;
}

/* "present: false" is an empty field. */
static rfm_status add_present(rule_list *list, const rfm_node *value, const char *column, rfm_error *err)
{
    bool present;
    if (rfm_node_boolean(value, "present", &present, err) != RFM_OK)
        return err->status;
    return add(list, present ? RFM_RULE_PRESENT : RFM_RULE_EQUAL, column, "", err);
}

static rfm_status add_one(rule_list *list, rfm_rule_kind kind, const rfm_node *value, const char *column,
                          rfm_error *err)
{
    double number;
    if (kind == RFM_RULE_PRESENT)
        return add_present(list, value, column, err);
    if (value->kind != RFM_NODE_SCALAR)
        return rfm_node_fail(value, err, "'%s' compares with one text or number", KEYS[kind]);
    if ((kind == RFM_RULE_ABOVE || kind == RFM_RULE_BELOW) &&
        rfm_node_number(value, KEYS[kind], &number, err) != RFM_OK)
        return err->status;
    return add(list, kind, column, value->text, err);
}

static rfm_status parse_one(const rfm_node *node, rule_list *list, rfm_error *err)
{
    if (rfm_node_only(node, KEYS, err) != RFM_OK)
        return err->status;
    const rfm_node *column = rfm_node_get(node, "column");
    if (!column || column->kind != RFM_NODE_SCALAR || *column->text == '\0')
        return rfm_node_fail(node, err, "a rule names its column: {column: price, above: 0}");
    const size_t before = list->n;
    for (int kind = 0; kind < N_KINDS; kind++) {
        const rfm_node *value = rfm_node_get(node, KEYS[kind]);
        if (value && add_one(list, (rfm_rule_kind)kind, value, column->text, err) != RFM_OK)
            return err->status;
    }
    if (list->n == before)
        return rfm_node_fail(node, err,
                             "a rule on column '%s' says one of equal, not, prefix, not_prefix, above, below, present",
                             column->text);
    return RFM_OK;
}

rfm_status rfm_rules_parse(const rfm_node *node, rfm_rule **rules, size_t *n_rules, rfm_error *err)
{
    rule_list list = {0};
    if (node->kind == RFM_NODE_SCALAR)
        rfm_node_fail(node, err, "rules are a list: [{column: price, above: 0}]");
    else if (node->kind == RFM_NODE_MAP)
        parse_one(node, &list, err);
    else
        for (size_t i = 0; i < node->n_items && err->status == RFM_OK; i++)
            parse_one(&node->items[i], &list, err);
    if (err->status != RFM_OK) {
        rfm_rules_free(list.rules, list.n);
        list = (rule_list){0};
    }
    *rules = list.rules;
    *n_rules = list.n;
    return err->status;
}

void rfm_rules_free(rfm_rule *rules, size_t n_rules)
{
    for (size_t i = 0; rules && i < n_rules; i++) {
        free((void *)rules[i].column);
        free((void *)rules[i].text);
    }
    free(rules);
}
