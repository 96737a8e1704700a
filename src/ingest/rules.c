/* rules: what is kept and what each predicate selects. Knows no files, times or customers. */
#include "rules.h"

#include "swar.h"

#include <stdlib.h>
#include <string.h>

static bool is_order(rfm_rule_kind kind)
{
    return kind == RFM_RULE_ABOVE || kind == RFM_RULE_BELOW;
}

static rfm_status make_condition(rfm_condition *condition, const rfm_rule *rule, int decimals, rfm_error *err)
{
    condition->kind = rule->kind;
    condition->text = rule->kind == RFM_RULE_PRESENT ? "" : rule->text;
    condition->length = strlen(condition->text);
    if (!is_order(rule->kind))
        return RFM_OK;
    rfm_parse parse = rfm_decimal_parse(condition->text, condition->length, decimals, &condition->value);
    condition->scaled = parse == RFM_PARSE_OK;
    if (parse == RFM_PARSE_BAD || parse == RFM_PARSE_EMPTY)
        return rfm_fail(err, RFM_USAGE, "rule on column '%s': '%s' is no number", rule->column, rule->text);
    return RFM_OK;
}

/* The condition a rule stands for: one that is there already, or a new one. */
static rfm_condition *find_condition(rfm_rules *rules, const rfm_rule *rule, rfm_columns *columns, rfm_error *err)
{
    rfm_condition wanted = {.slot = rfm_columns_slot(columns, rule->column, err)};
    if (wanted.slot < 0 || make_condition(&wanted, rule, rules->decimals, err) != RFM_OK)
        return NULL;
    for (size_t i = 0; i < rules->n_conditions; i++) {
        rfm_condition *other = &rules->conditions[i];
        if (other->kind == wanted.kind && other->slot == wanted.slot && strcmp(other->text, wanted.text) == 0)
            return other;
    }
    if (rfm_reserve(&rules->conditions, &rules->conditions_capacity, rules->n_conditions + 1, sizeof *rules->conditions,
                    err) != RFM_OK)
        return NULL;
    rules->conditions[rules->n_conditions] = wanted;
    return &rules->conditions[rules->n_conditions++];
}

static rfm_status add_event_name(rfm_rules *rules, const char *name, uint64_t predicate, rfm_error *err)
{
    for (size_t i = 0; i < rules->n_names; i++)
        if (strcmp(rules->names[i].name, name) == 0) {
            rules->names[i].predicates |= predicate;
            return RFM_OK;
        }
    if (rfm_reserve(&rules->names, &rules->names_capacity, rules->n_names + 1, sizeof *rules->names, err) != RFM_OK)
        return err->status;
    const size_t length = strlen(name);
    char padded[8] = {0};
    memcpy(padded, name, length < sizeof padded ? length : sizeof padded);
    rules->names[rules->n_names++] =
        (rfm_event_name){.name = name, .length = length, .word = rfm_swar_load(padded), .predicates = predicate};
    return RFM_OK;
}

static void add_times(rfm_rules *rules, const rfm_predicate *predicate, uint64_t bit)
{
    for (int hour = 0; hour < 24; hour++)
        if (predicate->hours == 0 || (predicate->hours >> hour & 1))
            rules->of_hour[hour] |= bit;
    for (int day = 0; day < 7; day++)
        if (predicate->weekdays == 0 || (predicate->weekdays >> day & 1))
            rules->of_weekday[day] |= bit;
    rules->needs_hour |= predicate->hours != 0;
    rules->needs_weekday |= predicate->weekdays != 0;
}

static rfm_status add_predicate(rfm_rules *rules, const rfm_predicate *predicate, uint64_t bit, rfm_columns *columns,
                                rfm_error *err)
{
    rules->all |= bit;
    if (predicate->n_events == 0)
        rules->every_event |= bit;
    for (size_t i = 0; i < predicate->n_events; i++)
        if (add_event_name(rules, predicate->events[i], bit, err) != RFM_OK)
            return err->status;
    for (size_t i = 0; i < predicate->n_rules; i++) {
        rfm_condition *condition = find_condition(rules, &predicate->rules[i], columns, err);
        if (!condition)
            return err->status;
        condition->predicates |= bit;
    }
    add_times(rules, predicate, bit);
    return RFM_OK;
}

rfm_status rfm_rules_init(rfm_rules *rules, const rfm_input *input, rfm_columns *columns, rfm_error *err)
{
    *rules = (rfm_rules){.decimals = input->decimals};
    for (size_t i = 0; i < input->n_rules; i++) {
        rfm_condition *condition = find_condition(rules, &input->rules[i], columns, err);
        if (!condition)
            return err->status;
        condition->keeps = true;
    }
    for (size_t i = 0; i < input->n_predicates; i++)
        if (add_predicate(rules, &input->predicates[i], UINT64_C(1) << i, columns, err) != RFM_OK)
            return err->status;
    return RFM_OK;
}

void rfm_rules_clear(rfm_rules *rules)
{
    free(rules->conditions);
    free(rules->names);
    *rules = (rfm_rules){0};
}

/* ---- what holds ------------------------------------------------------------------------------------------------- */

static bool is_equal(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

static bool has_prefix(const rfm_condition *condition, rfm_field text)
{
    return text.length >= condition->length && memcmp(text.bytes, condition->text, condition->length) == 0;
}

/* An empty field is neither above nor below anything. */
static bool is_beyond(const rfm_rules *rules, const rfm_condition *condition, rfm_field text)
{
    const rfm_notation notation = rules->notations[condition->slot];
    int64_t value = 0;
    int order;
    rfm_parse parse = rfm_decimal_parse_as(notation, text.bytes, text.length, rules->decimals, &value);
    if (parse == RFM_PARSE_EMPTY || parse == RFM_PARSE_BAD)
        return false;
    if (parse == RFM_PARSE_OK && condition->scaled)
        order = (value > condition->value) - (value < condition->value);
    else
        order = rfm_decimal_compare(notation, text.bytes, text.length, condition->text, condition->length);
    return condition->kind == RFM_RULE_ABOVE ? order > 0 : order < 0;
}

static bool holds(const rfm_rules *rules, const rfm_condition *condition, rfm_field text)
{
    switch (condition->kind) {
    case RFM_RULE_EQUAL:
        return is_equal(text.bytes, text.length, condition->text, condition->length);
    case RFM_RULE_NOT:
        return !is_equal(text.bytes, text.length, condition->text, condition->length);
    case RFM_RULE_PREFIX:
        return has_prefix(condition, text);
    case RFM_RULE_NOT_PREFIX:
        return !has_prefix(condition, text);
    case RFM_RULE_ABOVE:
    case RFM_RULE_BELOW:
        return is_beyond(rules, condition, text);
    case RFM_RULE_PRESENT:
        return text.length > 0;
    }
    return false;
}

int rfm_rules_find_bad_number(const rfm_rules *rules, const rfm_field *texts)
{
    for (size_t i = 0; i < rules->n_conditions; i++) {
        const rfm_condition *condition = &rules->conditions[i];
        int64_t value;
        if (!is_order(condition->kind))
            continue;
        const rfm_field text = texts[condition->slot];
        if (rfm_decimal_parse_as(rules->notations[condition->slot], text.bytes, text.length, rules->decimals, &value) ==
            RFM_PARSE_BAD)
            return condition->slot;
    }
    return -1;
}

bool rfm_rules_keep(const rfm_rules *rules, const rfm_field *texts)
{
    for (size_t i = 0; i < rules->n_conditions; i++) {
        const rfm_condition *condition = &rules->conditions[i];
        if (condition->keeps && !holds(rules, condition, texts[condition->slot]))
            return false;
    }
    return true;
}

uint64_t rfm_rules_event(const rfm_rules *rules, rfm_field event)
{
    for (size_t i = 0; i < rules->n_names; i++) {
        const rfm_event_name *name = &rules->names[i];
        if (is_equal(event.bytes, event.length, name->name, name->length))
            return rules->every_event | name->predicates;
    }
    return rules->every_event;
}

/* By their length and first eight bytes most names are told apart. */
static bool is_named(const rfm_event_name *name, rfm_field event, uint64_t word)
{
    return name->word == word && name->length == event.length &&
           (event.length <= sizeof word || memcmp(event.bytes, name->name, event.length) == 0);
}

void rfm_rules_events(const rfm_rules *rules, const rfm_field *events, size_t n, uint64_t *where)
{
    for (size_t k = 0; k < n; k++) {
        const uint64_t word = rfm_swar_first(events[k].bytes, events[k].length);
        size_t i = 0;
        while (i < rules->n_names && !is_named(&rules->names[i], events[k], word))
            i++;
        where[k] = rules->every_event | (i < rules->n_names ? rules->names[i].predicates : 0);
    }
}

uint64_t rfm_rules_narrow(const rfm_rules *rules, const rfm_field *texts, uint64_t where)
{
    for (size_t i = 0; i < rules->n_conditions; i++) {
        const rfm_condition *condition = &rules->conditions[i];
        if ((where & condition->predicates) && !holds(rules, condition, texts[condition->slot]))
            where &= ~condition->predicates;
    }
    return where;
}
