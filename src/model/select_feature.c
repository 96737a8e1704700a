/* select_feature: what each verb says of a customer's events, as an aggregate. The arithmetic is that of
 * features_compute.c: whole numbers as long as there are any, then DOUBLE, then one division. */
#include "select.h"

/* ---- which events ----------------------------------------------------------------------------------------------- */

/* "hour" IN (18, 19, ...) for the bits of a mask; numbers begin with `first`. */
static void add_members(rfm_text *sql, const char *column, uint32_t mask, int first)
{
    const char *before = "";
    rfm_text_addf(sql, "\"%s\" IN (", column);
    for (int i = 0; i < 32; i++) {
        if (!(mask >> i & 1))
            continue;
        rfm_text_addf(sql, "%s%d", before, first + i);
        before = ", ";
    }
    rfm_text_adds(sql, ")");
}

/* False, and nothing added, where every event is meant. */
static bool add_condition(rfm_select *select, int index, int last_days)
{
    const rfm_features *features = select->request->features;
    const rfm_predicate *predicate = &features->needs.predicates[index];
    const char *before = "";
    if (rfm_select_has_condition(features, predicate)) {
        rfm_text_addf(select->sql, "\"where_%d\"", index + 1);
        before = " AND ";
    }
    if (predicate->hours) {
        rfm_text_adds(select->sql, before);
        add_members(select->sql, "hour", predicate->hours, 0);
        before = " AND ";
    }
    if (predicate->weekdays) {
        rfm_text_adds(select->sql, before);
        add_members(select->sql, "weekday", predicate->weekdays, 1);
        before = " AND ";
    }
    if (last_days > 0) {
        rfm_text_addf(select->sql, "%s\"day\" BETWEEN \"as_of_day\" - %d AND \"as_of_day\"", before, last_days - 1);
        before = " AND ";
    }
    return *before != '\0';
}

/* ---- what of them ----------------------------------------------------------------------------------------------- */

/* What an aggregate reads of an event; events are counted by 1. */
static void add_value(rfm_text *sql, const rfm_aggregate *aggregate)
{
    switch (aggregate->kind) {
    case RFM_COUNT:
        rfm_text_adds(sql, "1");
        break;
    case RFM_COUNT_VALUE:
    case RFM_TOTAL:
    case RFM_LEAST:
    case RFM_GREATEST:
        rfm_text_addf(sql, "\"number_%d\"", aggregate->source + 1);
        break;
    case RFM_FIRST:
    case RFM_LAST:
        rfm_text_adds(sql, "\"us\"");
        break;
    case RFM_DISTINCT:
        if (aggregate->source >= 0)
            rfm_text_addf(sql, "\"value_%d\"", aggregate->source + 1);
        else /* weeks from Monday */
            rfm_text_adds(sql, aggregate->source == RFM_SOURCE_DAY ? "\"day\"" : "FLOOR((\"day\" + 3) / 7)");
        break;
    }
}

/* FUNCTION(value) over the events that an aggregate is about; function has its opening parenthesis. */
static void add_call(rfm_select *select, const char *function, int index, int last_days)
{
    const rfm_aggregate *aggregate = &select->request->features->needs.aggregates[index];
    rfm_text condition = {0}, *sql = select->sql;
    rfm_text_adds(sql, function);
    select->sql = &condition;
    const bool some = add_condition(select, aggregate->predicate, last_days);
    select->sql = sql;
    if (some)
        rfm_text_addf(sql, "CASE WHEN %s THEN ", rfm_text_check(&condition, select->err) ? "" : condition.bytes);
    add_value(sql, aggregate);
    rfm_text_adds(sql, some ? " END)" : ")");
    rfm_text_free(&condition);
}

static void add_aggregate(rfm_select *select, int index, int last_days)
{
    static const char *const functions[] = {
        [RFM_COUNT] = "COUNT(", [RFM_COUNT_VALUE] = "COUNT(",      [RFM_TOTAL] = "SUM(",
        [RFM_LEAST] = "MIN(",   [RFM_GREATEST] = "MAX(",           [RFM_FIRST] = "MIN(",
        [RFM_LAST] = "MAX(",    [RFM_DISTINCT] = "COUNT(DISTINCT "};
    add_call(select, functions[select->request->features->needs.aggregates[index].kind], index, last_days);
}

/* ---- verbs: each is NULL of nothing ------------------------------------------------------------------------------ */

static void add_count(rfm_select *select, const rfm_feature *f)
{
    rfm_text_adds(select->sql, "CAST(NULLIF(");
    add_aggregate(select, f->verb == RFM_VERB_DISTINCT ? f->reads.distinct : f->reads.count, f->last_days);
    rfm_text_adds(select->sql, ", 0) AS DOUBLE)");
}

/* sum, min, max */
static void add_number(rfm_select *select, const rfm_feature *f)
{
    rfm_text_adds(select->sql, "CAST(");
    add_aggregate(select, f->reads.number, f->last_days);
    rfm_text_addf(select->sql, " AS DOUBLE) / %lld", (long long)f->power);
}

static void add_mean(rfm_select *select, const rfm_feature *f)
{
    rfm_text_adds(select->sql, "CAST(");
    add_aggregate(select, f->reads.number, f->last_days);
    rfm_text_adds(select->sql, " AS DOUBLE) / CAST(NULLIF(");
    add_aggregate(select, f->reads.count, f->last_days);
    rfm_text_addf(select->sql, ", 0) * %lld AS DOUBLE)", (long long)f->power);
}

static void add_since(rfm_select *select, const rfm_feature *f)
{
    rfm_text_adds(select->sql, "CAST(\"as_of_us\" - ");
    add_aggregate(select, f->verb == RFM_VERB_SINCE_FIRST ? f->reads.first : f->reads.last, 0);
    rfm_text_addf(select->sql, " AS DOUBLE) / %lld", (long long)f->unit_us);
}

static void add_range(rfm_select *select, const char *upper, int last, const char *lower, int first)
{
    rfm_text_adds(select->sql, "CAST(");
    add_call(select, upper, last, 0);
    rfm_text_adds(select->sql, " - ");
    add_call(select, lower, first, 0);
    rfm_text_adds(select->sql, " AS DOUBLE)");
}

static void add_span(rfm_select *select, const rfm_feature *f)
{
    add_range(select, "MAX(", f->reads.last, "MIN(", f->reads.first);
    rfm_text_addf(select->sql, " / %lld", (long long)f->unit_us);
}

static void add_mean_gap(rfm_select *select, const rfm_feature *f)
{
    const bool of_events = f->gap == RFM_GAP_EVENT;
    if (of_events)
        add_range(select, "MAX(", f->reads.last, "MIN(", f->reads.first);
    else
        add_range(select, "MAX(", f->reads.distinct, "MIN(", f->reads.distinct);
    rfm_text_adds(select->sql, " / CAST(NULLIF(");
    add_aggregate(select, of_events ? f->reads.count : f->reads.distinct, 0);
    rfm_text_addf(select->sql, " - 1, 0) * %lld AS DOUBLE)", of_events ? (long long)f->unit_us : 1LL);
}

static void add_share(rfm_select *select, const rfm_feature *f)
{
    rfm_text_adds(select->sql, "CAST(");
    add_aggregate(select, f->reads.part, f->last_days);
    rfm_text_adds(select->sql, " AS DOUBLE) / CAST(NULLIF(");
    add_aggregate(select, f->reads.count, f->last_days);
    rfm_text_adds(select->sql, ", 0) AS DOUBLE)");
}

static void (*const ADD[])(rfm_select *select, const rfm_feature *feature) = {
    [RFM_VERB_COUNT] = add_count,       [RFM_VERB_DISTINCT] = add_count,    [RFM_VERB_SUM] = add_number,
    [RFM_VERB_MEAN] = add_mean,         [RFM_VERB_MIN] = add_number,        [RFM_VERB_MAX] = add_number,
    [RFM_VERB_SINCE_LAST] = add_since,  [RFM_VERB_SINCE_FIRST] = add_since, [RFM_VERB_SPAN] = add_span,
    [RFM_VERB_MEAN_GAP] = add_mean_gap, [RFM_VERB_SHARE] = add_share};

static double never(const rfm_select *select, const rfm_feature *feature)
{
    return feature->never_span ? (double)select->model->as_of.span_us / (double)feature->unit_us : feature->never;
}

static void add_feature(rfm_select *select, const rfm_feature *feature)
{
    rfm_text_adds(select->sql, "COALESCE(");
    ADD[feature->verb](select, feature);
    rfm_text_adds(select->sql, ", ");
    rfm_select_number(select->sql, never(select, feature));
    rfm_text_adds(select->sql, ")");
}

/* ---- the steps -------------------------------------------------------------------------------------------------- */

static void add_customers(rfm_select *select)
{
    const rfm_features *features = select->request->features;
    rfm_select_begin(select, "rfmpi_customers");
    rfm_text_adds(select->sql, "SELECT\n    \"id\"");
    for (int j = 0; j < features->n; j++) {
        if (features->list[j].verb == RFM_VERB_RATIO)
            continue;
        rfm_text_adds(select->sql, ",\n    ");
        add_feature(select, &features->list[j]);
        rfm_text_addf(select->sql, " AS \"f%d\"", j + 1);
    }
    rfm_text_adds(select->sql, "\n  FROM \"rfmpi_events\" CROSS JOIN \"rfmpi_as_of\"\n  WHERE \"us\" <= \"as_of_us\"\n"
                               "  GROUP BY \"id\", \"as_of_us\"");
    if (features->population >= 0) {
        rfm_text_adds(select->sql, "\n  HAVING ");
        add_aggregate(select, features->population, 0);
        rfm_text_adds(select->sql, " > 0");
    }
    rfm_select_end_here(select);
}

static void add_ratio(rfm_select *select, const rfm_feature *ratio, int feature)
{
    const int above = ratio->operands[0] + 1, below = ratio->operands[1] + 1;
    rfm_text_addf(select->sql, ",\n    CASE WHEN \"f%d\" <> 0 THEN \"f%d\" / \"f%d\" ELSE ", below, above, below);
    rfm_select_number(select->sql, ratio->never);
    rfm_text_addf(select->sql, " END AS \"f%d\"", feature);
}

static void add_ratios(rfm_select *select)
{
    const rfm_features *features = select->request->features;
    int n = 0;
    for (int j = 0; j < features->n; j++)
        n += features->list[j].verb == RFM_VERB_RATIO;
    if (n == 0)
        return;
    rfm_select_begin(select, "rfmpi_ratios");
    rfm_text_adds(select->sql, "SELECT *");
    for (int j = 0; j < features->n; j++)
        if (features->list[j].verb == RFM_VERB_RATIO)
            add_ratio(select, &features->list[j], j + 1);
    rfm_select_end(select);
}

void rfm_select_features(rfm_select *select)
{
    add_customers(select);
    add_ratios(select);
}
