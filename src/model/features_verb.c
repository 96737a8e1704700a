/* The verbs of the feature language: a table, and for each what it reads of a customer. */
#include <stdlib.h>
#include <string.h>

#include "features.h"

typedef rfm_status (*compile)(rfm_entry *entry, rfm_error *err);

/* ---- what every verb may ask for -------------------------------------------------------------------------------- */

static int need(rfm_entry *entry, rfm_aggregate_kind kind, int source, rfm_error *err)
{
    const bool daily = entry->where.last_days > 0 && !(kind == RFM_DISTINCT && source < 0);
    return err->status == RFM_OK ? rfm_need_aggregate(entry->features, kind, source, entry->predicate, daily, err) : -1;
}

static rfm_status set_unit(rfm_entry *entry, const char *unit, rfm_error *err)
{
    free(entry->feature->unit);
    entry->feature->unit = rfm_copy_string(unit, err);
    return err->status;
}

static rfm_status fail(const rfm_entry *entry, rfm_error *err, const char *text)
{
    return rfm_node_fail(entry->argument, err, "feature '%s': %s: %s", entry->feature->name, entry->argument->key,
                         text);
}

static const char *word_of(const rfm_entry *entry, rfm_error *err)
{
    if (entry->argument->kind == RFM_NODE_SCALAR && *entry->argument->text)
        return entry->argument->text;
    fail(entry, err, "must be one word");
    return NULL;
}

static rfm_status refuse_window(const rfm_entry *entry, rfm_error *err)
{
    if (entry->where.last_days == 0)
        return RFM_OK;
    return fail(entry, err, "knows no window (last:); count, distinct, sum, mean, min, max and share do");
}

/* `amount` or a column: a number of each event. Sets unit and power. */
static int take_number(rfm_entry *entry, rfm_error *err)
{
    const rfm_roles *roles = &entry->features->roles;
    const char *word = word_of(entry, err);
    if (!word)
        return -1;
    const bool amount = strcmp(word, "amount") == 0;
    if (amount && roles->n_amount == 0) {
        fail(entry, err, "no column is mapped to amount; set input.columns.amount");
        return -1;
    }
    const int digits = roles->decimals * (amount ? roles->n_amount : 1);
    entry->feature->power = 1;
    for (int i = 0; i < digits; i++)
        entry->feature->power *= 10;
    set_unit(entry, word, err);
    return rfm_need_number(entry->features, amount ? roles->amount : &word, amount ? roles->n_amount : 1, err);
}

static const struct {
    const char *word, *plural;
    int64_t us;
} UNITS[] = {{"second", "seconds", RFM_DAY_US / 86400},
             {"hour", "hours", RFM_DAY_US / 24},
             {"day", "days", RFM_DAY_US},
             {"week", "weeks", RFM_DAY_US * 7}};

static rfm_status take_unit(rfm_entry *entry, rfm_error *err)
{
    const char *word = word_of(entry, err);
    for (size_t i = 0; word && i < sizeof UNITS / sizeof *UNITS; i++) {
        if (strcmp(UNITS[i].word, word) == 0) {
            entry->feature->unit_us = UNITS[i].us;
            return set_unit(entry, UNITS[i].plural, err);
        }
    }
    return err->status ? err->status : fail(entry, err, "the unit must be one of second, hour, day, week");
}

/* ---- one function a verb ---------------------------------------------------------------------------------------- */

static rfm_status compile_count(rfm_entry *entry, rfm_error *err)
{
    const char *word = word_of(entry, err);
    if (!word)
        return err->status;
    const bool events = strcmp(word, "*") == 0;
    const int number = events ? 0 : take_number(entry, err);
    set_unit(entry, events ? "events" : "values", err);
    entry->feature->reads.count = need(entry, events ? RFM_COUNT : RFM_COUNT_VALUE, number, err);
    return err->status;
}

/* The column of a role; *is_role tells whether the word names one. */
static const char *find_role(const rfm_roles *roles, const char *word, const char **plural, bool *is_role)
{
    const struct {
        const char *word, *plural, *column;
    } known[] = {{"session", "sessions", roles->session},
                 {"order", "orders", roles->order},
                 {"product", "products", roles->product},
                 {"category", "categories", roles->category}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].word, word) == 0) {
            *is_role = true;
            *plural = known[i].plural;
            return known[i].column;
        }
    }
    *is_role = false;
    *plural = "values";
    return word;
}

static rfm_status compile_distinct(rfm_entry *entry, rfm_error *err)
{
    const char *word = word_of(entry, err), *plural = "days";
    if (!word)
        return err->status;
    int source = RFM_SOURCE_DAY;
    if (strcmp(word, "day") != 0) {
        bool is_role;
        const char *column = find_role(&entry->features->roles, word, &plural, &is_role);
        if (!column)
            return rfm_node_fail(entry->argument, err,
                                 "feature '%s': distinct: no column is mapped to %s; set input.columns.%s",
                                 entry->feature->name, word, word);
        source = rfm_need_hash(entry->features, column, err);
    }
    set_unit(entry, plural, err);
    entry->feature->reads.distinct = need(entry, RFM_DISTINCT, source, err);
    if (entry->where.last_days > 0)
        rfm_need_values(entry->features, entry->feature->reads.distinct);
    return err->status;
}

/* Without a value of its own for no numbers, a sum of none is 0 anyway. */
static rfm_status compile_sum(rfm_entry *entry, rfm_error *err)
{
    const int number = take_number(entry, err);
    entry->feature->reads.number = need(entry, RFM_TOTAL, number, err);
    if (entry->feature->never_given)
        entry->feature->reads.count = need(entry, RFM_COUNT_VALUE, number, err);
    return err->status;
}

static rfm_status compile_mean(rfm_entry *entry, rfm_error *err)
{
    const int number = take_number(entry, err);
    entry->feature->reads.number = need(entry, RFM_TOTAL, number, err);
    entry->feature->reads.count = need(entry, RFM_COUNT_VALUE, number, err);
    return err->status;
}

static rfm_status compile_min(rfm_entry *entry, rfm_error *err)
{
    entry->feature->reads.number = need(entry, RFM_LEAST, take_number(entry, err), err);
    return err->status;
}

static rfm_status compile_max(rfm_entry *entry, rfm_error *err)
{
    entry->feature->reads.number = need(entry, RFM_GREATEST, take_number(entry, err), err);
    return err->status;
}

static rfm_status compile_times(rfm_entry *entry, bool first, bool last, rfm_error *err)
{
    if (take_unit(entry, err) != RFM_OK || refuse_window(entry, err) != RFM_OK)
        return err->status;
    if (first)
        entry->feature->reads.first = need(entry, RFM_FIRST, 0, err);
    if (last)
        entry->feature->reads.last = need(entry, RFM_LAST, 0, err);
    return err->status;
}

static rfm_status compile_since_last(rfm_entry *entry, rfm_error *err)
{
    return compile_times(entry, false, true, err);
}

static rfm_status compile_since_first(rfm_entry *entry, rfm_error *err)
{
    return compile_times(entry, true, false, err);
}

static rfm_status compile_span(rfm_entry *entry, rfm_error *err)
{
    return compile_times(entry, true, true, err);
}

static rfm_status compile_mean_gap(rfm_entry *entry, rfm_error *err)
{
    static const char *const words[] = {[RFM_GAP_EVENT] = "event", [RFM_GAP_DAY] = "day", [RFM_GAP_WEEK] = "week"};
    rfm_feature *feature = entry->feature;
    const char *word = word_of(entry, err);
    if (!word || refuse_window(entry, err) != RFM_OK)
        return err->status;
    int gap = 0;
    while (gap < 3 && strcmp(words[gap], word) != 0)
        gap++;
    if (gap == 3)
        return fail(entry, err, "must be one of event, day, week");
    feature->gap = (rfm_gap)gap;
    feature->unit_us = gap == RFM_GAP_WEEK ? RFM_DAY_US * 7 : RFM_DAY_US;
    set_unit(entry, gap == RFM_GAP_WEEK ? "weeks" : "days", err);
    if (gap != RFM_GAP_EVENT) {
        const int source = gap == RFM_GAP_DAY ? RFM_SOURCE_DAY : RFM_SOURCE_WEEK;
        feature->reads.distinct = need(entry, RFM_DISTINCT, source, err);
        rfm_need_values(entry->features, feature->reads.distinct);
        return err->status;
    }
    feature->reads.first = need(entry, RFM_FIRST, 0, err);
    feature->reads.last = need(entry, RFM_LAST, 0, err);
    feature->reads.count = need(entry, RFM_COUNT, 0, err);
    return err->status;
}

/* ---- share ------------------------------------------------------------------------------------------------------ */

/* "9" or "18-23", which may pass midnight ("22-3"). */
static rfm_status parse_hours(const rfm_node *node, uint32_t *hours, rfm_error *err)
{
    const char *text = node->kind == RFM_NODE_SCALAR ? node->text : "";
    char *end = NULL;
    long from = strtol(text, &end, 10), to = from;
    bool good = *text >= '0' && *text <= '9';
    if (good && *end == '-') {
        good = end[1] >= '0' && end[1] <= '9';
        to = strtol(end + 1, &end, 10);
    }
    if (!good || *end != '\0' || from > 23 || to > 23)
        return rfm_node_fail(node, err, "hours are 0 to 23, or ranges like \"18-23\"");
    for (long hour = from;; hour = (hour + 1) % 24) {
        *hours |= UINT32_C(1) << hour;
        if (hour == to)
            return RFM_OK;
    }
}

static rfm_status parse_weekday(const rfm_node *node, uint8_t *weekdays, rfm_error *err)
{
    static const char *const words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (int day = 0; node->kind == RFM_NODE_SCALAR && day < 7; day++) {
        if (strcmp(node->text, words[day]) == 0) {
            *weekdays |= (uint8_t)(1 << day);
            return RFM_OK;
        }
    }
    return rfm_node_fail(node, err, "weekdays are mon, tue, wed, thu, fri, sat, sun");
}

static rfm_status parse_part(const rfm_node *node, uint32_t *hours, uint8_t *weekdays, rfm_error *err)
{
    static const char *const keys[] = {"hours", "weekdays", NULL};
    if (rfm_node_only(node, keys, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < node->n_items; i++) {
        const rfm_node *item = &node->items[i];
        const bool of_hours = strcmp(item->key, "hours") == 0;
        const size_t n = item->kind == RFM_NODE_LIST ? item->n_items : 1;
        for (size_t j = 0; j < n && err->status == RFM_OK; j++) {
            const rfm_node *one = item->kind == RFM_NODE_LIST ? &item->items[j] : item;
            if (of_hours)
                parse_hours(one, hours, err);
            else
                parse_weekday(one, weekdays, err);
        }
    }
    if (err->status == RFM_OK && *hours == 0 && *weekdays == 0)
        return rfm_node_fail(node, err, "a share names {hours: [...]} or {weekdays: [...]}");
    return err->status;
}

static rfm_status compile_share(rfm_entry *entry, rfm_error *err)
{
    rfm_where part = {.last_days = entry->where.last_days};
    const rfm_node *where = rfm_node_get(entry->node, "where");
    if (rfm_where_parse(where, &entry->features->roles, &part, err) != RFM_OK)
        return err->status;
    if (parse_part(entry->argument, &part.predicate.hours, &part.predicate.weekdays, err) != RFM_OK) {
        rfm_predicate_free(&part.predicate);
        return err->status;
    }
    set_unit(entry, "share", err);
    entry->feature->reads.count = need(entry, RFM_COUNT, 0, err);
    entry->predicate = rfm_need_predicate(entry->features, &part.predicate, err);
    entry->feature->reads.part = need(entry, RFM_COUNT, 0, err);
    return err->status;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static rfm_status compile_ratio(rfm_entry *entry, rfm_error *err)
{
    if (rfm_node_get(entry->node, "where"))
        return fail(entry, err, "takes no where: it divides one feature by another");
    return RFM_OK;
}

static const compile COMPILE[] = {
    [RFM_VERB_COUNT] = compile_count,
    [RFM_VERB_DISTINCT] = compile_distinct,
    [RFM_VERB_SUM] = compile_sum,
    [RFM_VERB_MEAN] = compile_mean,
    [RFM_VERB_MIN] = compile_min,
    [RFM_VERB_MAX] = compile_max,
    [RFM_VERB_SINCE_LAST] = compile_since_last,
    [RFM_VERB_SINCE_FIRST] = compile_since_first,
    [RFM_VERB_SPAN] = compile_span,
    [RFM_VERB_MEAN_GAP] = compile_mean_gap,
    [RFM_VERB_SHARE] = compile_share,
    [RFM_VERB_RATIO] = compile_ratio,
};

const char *const *rfm_verb_words(size_t *n)
{
    static const char *const words[] = {
        [RFM_VERB_COUNT] = "count",
        [RFM_VERB_DISTINCT] = "distinct",
        [RFM_VERB_SUM] = "sum",
        [RFM_VERB_MEAN] = "mean",
        [RFM_VERB_MIN] = "min",
        [RFM_VERB_MAX] = "max",
        [RFM_VERB_SINCE_LAST] = "since_last",
        [RFM_VERB_SINCE_FIRST] = "since_first",
        [RFM_VERB_SPAN] = "span",
        [RFM_VERB_MEAN_GAP] = "mean_gap",
        [RFM_VERB_SHARE] = "share",
        [RFM_VERB_RATIO] = "ratio",
        [RFM_VERB_RATIO + 1] = NULL,
    };
    *n = RFM_VERB_RATIO + 1;
    return words;
}

rfm_status rfm_verb_compile(rfm_entry *entry, rfm_error *err)
{
    return COMPILE[entry->feature->verb](entry, err);
}
