/* What the features need of every event and of every customer: numbers, hashes, conditions and aggregates, each once.
 * An aggregate is known by a canonical text of column names, so that a state written for one list serves another. */
#include <stdlib.h>
#include <string.h>

#include "features.h"

void rfm_word_print(const char *word, rfm_text *text)
{
    rfm_node node = {.kind = RFM_NODE_SCALAR, .quoted = true};
    memcpy(&node.text, &word, sizeof node.text); /* only read */
    rfm_node_print(&node, text);
}

/* ---- numbers and hashes ----------------------------------------------------------------------------------------- */

static bool is_same_number(const rfm_number_source *source, const char *const *columns, int n_columns)
{
    if (source->n_columns != n_columns)
        return false;
    for (int i = 0; i < n_columns; i++)
        if (strcmp(source->columns[i], columns[i]) != 0)
            return false;
    return true;
}

int rfm_need_number(rfm_features *features, const char *const *columns, int n_columns, rfm_error *err)
{
    rfm_needs *needs = &features->needs;
    for (size_t i = 0; i < needs->n_numbers; i++)
        if (is_same_number(&needs->numbers[i], columns, n_columns))
            return (int)i;
    if (needs->n_numbers == RFM_MAX_NUMBERS) {
        rfm_fail(err, RFM_USAGE, "features.list takes more than %d different numbers of an event",
                 (int)RFM_MAX_NUMBERS);
        return -1;
    }
    rfm_number_source *source = &needs->numbers[needs->n_numbers++];
    *source = (rfm_number_source){.n_columns = n_columns};
    for (int i = 0; i < n_columns; i++)
        source->columns[i] = rfm_copy_string(columns[i], err);
    return err->status == RFM_OK ? (int)needs->n_numbers - 1 : -1;
}

int rfm_need_hash(rfm_features *features, const char *column, rfm_error *err)
{
    rfm_needs *needs = &features->needs;
    for (size_t i = 0; i < needs->n_hashes; i++)
        if (strcmp(needs->hashes[i], column) == 0)
            return (int)i;
    if (needs->n_hashes == RFM_MAX_HASHES) {
        rfm_fail(err, RFM_USAGE, "features.list counts distinct values of more than %d columns", (int)RFM_MAX_HASHES);
        return -1;
    }
    needs->hashes[needs->n_hashes] = rfm_copy_string(column, err);
    return needs->hashes[needs->n_hashes] ? (int)needs->n_hashes++ : -1;
}

/* ---- predicates ------------------------------------------------------------------------------------------------- */

static void print_events(const rfm_predicate *predicate, const char *column, rfm_text *text)
{
    rfm_text_adds(text, "events(");
    if (column)
        rfm_word_print(column, text);
    rfm_text_adds(text, "): [");
    for (size_t i = 0; i < predicate->n_events; i++) {
        rfm_text_adds(text, i > 0 ? ", " : "");
        rfm_word_print(predicate->events[i], text);
    }
    rfm_text_adds(text, "]");
}

static void print_rule(const rfm_rule *rule, rfm_text *text)
{
    static const char *const kinds[] = {"equal", "not", "prefix", "not_prefix", "above", "below", "present"};
    rfm_word_print(rule->column, text);
    rfm_text_addf(text, " %s ", kinds[rule->kind]);
    rfm_word_print(rule->text, text);
}

/* "" selects every event. */
static void print_predicate(const rfm_predicate *predicate, const char *event_column, rfm_text *text)
{
    const char *separator = "";
    rfm_text_adds(text, "");
    if (predicate->n_events > 0) {
        print_events(predicate, event_column, text);
        separator = "; ";
    }
    for (size_t i = 0; i < predicate->n_rules; i++) {
        rfm_text_adds(text, separator);
        print_rule(&predicate->rules[i], text);
        separator = "; ";
    }
    if (predicate->hours) {
        rfm_text_addf(text, "%shours %06x", separator, (unsigned)predicate->hours);
        separator = "; ";
    }
    if (predicate->weekdays)
        rfm_text_addf(text, "%sweekdays %02x", separator, (unsigned)predicate->weekdays);
}

static int add_predicate(rfm_needs *needs, const rfm_predicate *predicate, char *predicate_text, rfm_error *err)
{
    if (needs->n_predicates == RFM_MAX_PREDICATES) {
        rfm_fail(err, RFM_USAGE, "features.list has more than %d different conditions (where:)",
                 (int)RFM_MAX_PREDICATES);
        return -1;
    }
    needs->predicates[needs->n_predicates] = *predicate;
    needs->predicate_texts[needs->n_predicates] = predicate_text;
    return (int)needs->n_predicates++;
}

int rfm_need_predicate(rfm_features *features, rfm_predicate *predicate, rfm_error *err)
{
    rfm_needs *needs = &features->needs;
    rfm_text text = {0};
    int index = -1;
    print_predicate(predicate, features->roles.event, &text);
    if (rfm_text_check(&text, err) != RFM_OK)
        goto done;
    const char *wanted = text.bytes ? text.bytes : "";
    for (size_t i = 0; i < needs->n_predicates && index < 0; i++)
        if (strcmp(needs->predicate_texts[i], wanted) == 0)
            index = (int)i;
    if (index >= 0)
        goto done;
    char *copy = rfm_copy_string(wanted, err);
    if (copy)
        index = add_predicate(needs, predicate, copy, err);
    if (index >= 0)
        *predicate = (rfm_predicate){0};
    else
        free(copy);
done:
    rfm_predicate_free(predicate);
    rfm_text_free(&text);
    return index;
}

/* ---- aggregates ------------------------------------------------------------------------------------------------- */

static void print_number(const rfm_features *features, int number, rfm_text *text)
{
    const rfm_number_source *source = &features->needs.numbers[number];
    rfm_text_adds(text, "(");
    for (int i = 0; i < source->n_columns; i++) {
        rfm_text_adds(text, i > 0 ? " * " : "");
        rfm_word_print(source->columns[i], text);
    }
    rfm_text_addf(text, ") decimals %d", features->roles.decimals * source->n_columns);
}

static void print_distinct(const rfm_features *features, int source, rfm_text *text)
{
    if (source == RFM_SOURCE_DAY || source == RFM_SOURCE_WEEK) {
        rfm_text_adds(text, source == RFM_SOURCE_DAY ? " days" : " weeks");
        return;
    }
    rfm_text_adds(text, "(");
    rfm_word_print(features->needs.hashes[source], text);
    rfm_text_adds(text, ")");
}

/* Such as "sum(price) decimals 4 where events(event_type): [purchase] by day". */
static char *name_aggregate(const rfm_features *features, const rfm_aggregate *aggregate, rfm_error *err)
{
    static const char *const kinds[] = {"count", "count", "sum", "min", "max", "first", "last", "distinct"};
    rfm_text text = {0};
    rfm_text_adds(&text, kinds[aggregate->kind]);
    if (aggregate->kind >= RFM_COUNT_VALUE && aggregate->kind <= RFM_GREATEST)
        print_number(features, aggregate->source, &text);
    else if (aggregate->kind == RFM_DISTINCT)
        print_distinct(features, aggregate->source, &text);
    const char *where = features->needs.predicate_texts[aggregate->predicate];
    rfm_text_addf(&text, "%s%s%s", *where ? " where " : "", where, aggregate->daily ? " by day" : "");
    char *name = rfm_text_check(&text, err) == RFM_OK ? rfm_copy_string(text.bytes, err) : NULL;
    rfm_text_free(&text);
    return name;
}

int rfm_need_aggregate(rfm_features *features, rfm_aggregate_kind kind, int source, int predicate, bool daily,
                       rfm_error *err)
{
    rfm_needs *needs = &features->needs;
    rfm_aggregate wanted = {.kind = kind, .source = source, .predicate = predicate, .daily = daily};
    wanted.counted = kind == RFM_DISTINCT && !daily; /* until somebody asks for its values */
    wanted.name = name_aggregate(features, &wanted, err);
    if (!wanted.name)
        return -1;
    for (size_t i = 0; i < needs->n_aggregates; i++) {
        if (strcmp(needs->aggregates[i].name, wanted.name) == 0) {
            free(wanted.name);
            return (int)i;
        }
    }
    if (rfm_reserve(&needs->aggregates, &needs->capacity, needs->n_aggregates + 1, sizeof wanted, err) != RFM_OK) {
        free(wanted.name);
        return -1;
    }
    needs->aggregates[needs->n_aggregates] = wanted;
    return (int)needs->n_aggregates++;
}

void rfm_need_values(rfm_features *features, int aggregate)
{
    if (aggregate >= 0)
        features->needs.aggregates[aggregate].counted = false;
}

void rfm_needs_free(rfm_needs *needs)
{
    for (size_t i = 0; i < needs->n_numbers; i++)
        for (int j = 0; j < 2; j++)
            free((void *)needs->numbers[i].columns[j]);
    for (size_t i = 0; i < needs->n_hashes; i++)
        free((void *)needs->hashes[i]);
    for (size_t i = 0; i < needs->n_predicates; i++) {
        rfm_predicate_free(&needs->predicates[i]);
        free(needs->predicate_texts[i]);
    }
    for (size_t i = 0; i < needs->n_aggregates; i++)
        free(needs->aggregates[i].name);
    free(needs->aggregates);
    *needs = (rfm_needs){0};
}
