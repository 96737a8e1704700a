/* select_event: a table of events -> a row an event. What predict reads of a row, the keep rules, days and hours in the
 * model's zone, and the moment that is looked back from. */
#include "select.h"

#include <stdio.h>
#include <string.h>

/* ---- columns ---------------------------------------------------------------------------------------------------- */

/* What has no value is an empty text, as in a file. */
static void add_as_text(rfm_select *select, const char *column)
{
    rfm_text_adds(select->sql, "COALESCE(CAST(");
    rfm_select_column(select, column);
    rfm_text_adds(select->sql, " AS VARCHAR), '')");
}

static void add_customer(rfm_select *select)
{
    const bool integer = select->request->id_kind == RFM_ID_INTEGER;
    rfm_text_adds(select->sql, integer ? "CAST(" : "");
    rfm_select_column(select, select->request->customer);
    rfm_text_adds(select->sql, integer ? " AS NUMBER(19, 0))" : "");
}

/* As UTC. */
static void add_time(rfm_select *select)
{
    const bool instant = select->request->times == RFM_TIMES_INSTANT;
    const char *zone = select->model->timezone;
    const bool converted = !instant && strcmp(zone, "UTC") != 0;
    if (converted) {
        rfm_text_adds(select->sql, "CONVERT_TIMEZONE(");
        rfm_sql_add_text(select->sql, zone);
        rfm_text_adds(select->sql, ", 'UTC', ");
    }
    rfm_text_adds(select->sql, instant ? "CAST(CONVERT_TIMEZONE('UTC', " : "CAST(");
    rfm_select_column(select, select->request->time);
    rfm_text_adds(select->sql, instant ? ") AS TIMESTAMP_NTZ)" : " AS TIMESTAMP_NTZ)");
    rfm_text_adds(select->sql, converted ? ")" : "");
}

/* A number, of a column of numbers or of texts with a decimal comma: such a table is what the job's files were loaded
 * into as they are. type: with its brackets. */
static void add_value(rfm_select *select, const char *column, const char *type)
{
    rfm_text_adds(select->sql, "CAST(NULLIF(REPLACE(CAST(");
    rfm_select_column(select, column);
    rfm_text_addf(select->sql, " AS VARCHAR), ',', '.'), '') AS %s)", type);
}

/* A whole number of 10^-decimals, as predict keeps it. */
static void add_factor(rfm_select *select, const char *column, int decimals)
{
    char type[32];
    snprintf(type, sizeof type, "NUMBER(19, %d)", decimals);
    rfm_text_adds(select->sql, decimals > 0 ? "CAST(" : "");
    if (select->request->comma) {
        add_value(select, column, type);
    } else {
        rfm_text_adds(select->sql, "CAST(");
        rfm_select_column(select, column);
        rfm_text_addf(select->sql, " AS %s)", type);
    }
    if (decimals > 0)
        rfm_text_addf(select->sql, " * 1%0*d AS NUMBER(19, 0))", decimals, 0);
}

static void add_number(rfm_select *select, const rfm_number_source *source)
{
    for (int i = 0; i < source->n_columns; i++) {
        rfm_text_adds(select->sql, i > 0 ? " * " : "");
        add_factor(select, source->columns[i], select->request->features->roles.decimals);
    }
}

/* ---- conditions ------------------------------------------------------------------------------------------------- */

/* The number of a rule, exactly, as a decimal: a literal with an exponent could be a DOUBLE. */
static void add_threshold(rfm_select *select, const rfm_rule *rule)
{
    enum { MOST_DECIMALS = 9 };
    const size_t length = strlen(rule->text);
    int64_t value = INT64_MIN;
    int decimals = MOST_DECIMALS;
    char digits[RFM_NUMBER_BYTES];
    while (rfm_decimal_parse(rule->text, length, decimals, &value) != RFM_PARSE_OK && decimals > 0)
        decimals--;
    if (value == INT64_MIN) {
        rfm_fail(select->err, RFM_USAGE,
                 "a rule on column '%s' compares with '%s': a statement takes 18 digits, %d of them behind the point",
                 rule->column, rule->text, (int)MOST_DECIMALS);
        return;
    }
    char *end = rfm_put_digits(digits, (uint64_t)(value < 0 ? -value : value), decimals + 1), *point = end - decimals;
    while (end > point && end[-1] == '0')
        end--;
    rfm_text_addf(select->sql, "%s%.*s%s%.*s", value < 0 ? "-" : "", (int)(point - digits), digits,
                  end > point ? "." : "", (int)(end - point), point);
}

static void add_order(rfm_select *select, const rfm_rule *rule)
{
    rfm_text_adds(select->sql, "COALESCE(");
    if (select->request->comma)
        add_value(select, rule->column, "NUMBER(38, 18)");
    else
        rfm_select_column(select, rule->column);
    rfm_text_adds(select->sql, rule->kind == RFM_RULE_ABOVE ? " > " : " < ");
    add_threshold(select, rule);
    rfm_text_adds(select->sql, ", FALSE)");
}

static void add_comparison(rfm_select *select, const rfm_rule *rule)
{
    const bool prefix = rule->kind == RFM_RULE_PREFIX || rule->kind == RFM_RULE_NOT_PREFIX;
    rfm_text_adds(select->sql, rule->kind == RFM_RULE_NOT_PREFIX ? "NOT " : "");
    rfm_text_adds(select->sql, prefix ? "STARTSWITH(" : "");
    add_as_text(select, rule->column);
    rfm_text_adds(select->sql, prefix ? ", " : rule->kind == RFM_RULE_EQUAL ? " = " : " <> ");
    rfm_sql_add_text(select->sql, rule->kind == RFM_RULE_PRESENT ? "" : rule->text);
    rfm_text_adds(select->sql, prefix ? ")" : "");
}

static void add_rules(rfm_select *select, const rfm_rule *rules, size_t n, const char *before)
{
    for (size_t i = 0; i < n; i++, before = " AND ") {
        rfm_text_adds(select->sql, before);
        if (rules[i].kind == RFM_RULE_ABOVE || rules[i].kind == RFM_RULE_BELOW)
            add_order(select, &rules[i]);
        else
            add_comparison(select, &rules[i]);
    }
}

/* Without an event column every row is a purchase, and no condition names another event. */
bool rfm_select_has_condition(const rfm_features *features, const rfm_predicate *predicate)
{
    return (predicate->n_events > 0 && features->roles.event) || predicate->n_rules > 0;
}

static rfm_status add_condition(rfm_select *select, const rfm_predicate *predicate)
{
    const rfm_features *features = select->request->features;
    const bool named = predicate->n_events > 0 && features->roles.event;
    for (size_t i = 0; named && i < predicate->n_events; i++) {
        if (i == 0)
            add_as_text(select, features->roles.event);
        rfm_text_adds(select->sql, i == 0 ? " IN (" : ", ");
        rfm_sql_add_text(select->sql, predicate->events[i]);
    }
    rfm_text_adds(select->sql, named ? ")" : "");
    add_rules(select, predicate->rules, predicate->n_rules, named ? " AND " : "");
    return select->err->status;
}

static bool reads(const rfm_features *features, const rfm_feature *feature, int predicate)
{
    const rfm_reads *r = &feature->reads;
    const int aggregates[] = {r->count, r->part, r->number, r->first, r->last, r->distinct};
    for (size_t i = 0; i < sizeof aggregates / sizeof *aggregates; i++)
        if (aggregates[i] >= 0 && features->needs.aggregates[aggregates[i]].predicate == predicate)
            return true;
    return false;
}

/* Says whose condition it was that could not be said. */
static void name_feature(rfm_select *select, int predicate)
{
    const rfm_features *features = select->request->features;
    int j = 0;
    while (j < features->n && !reads(features, &features->list[j], predicate))
        j++;
    if (j < features->n)
        rfm_error_context(select->err, "feature '%s'", features->list[j].name);
}

/* ---- the steps -------------------------------------------------------------------------------------------------- */

static void add_readings(rfm_select *select)
{
    const rfm_needs *needs = &select->request->features->needs;
    for (size_t i = 0; i < needs->n_numbers; i++) {
        rfm_text_adds(select->sql, ",\n    ");
        add_number(select, &needs->numbers[i]);
        rfm_text_addf(select->sql, " AS \"number_%zu\"", i + 1);
    }
    for (size_t i = 0; i < needs->n_hashes; i++) {
        rfm_text_adds(select->sql, ",\n    NULLIF(CAST(");
        rfm_select_column(select, needs->hashes[i]);
        rfm_text_addf(select->sql, " AS VARCHAR), '') AS \"value_%zu\"", i + 1);
    }
    for (size_t i = 0; i < needs->n_predicates && select->err->status == RFM_OK; i++) {
        if (!rfm_select_has_condition(select->request->features, &needs->predicates[i]))
            continue;
        rfm_text_adds(select->sql, ",\n    (");
        if (add_condition(select, &needs->predicates[i]) != RFM_OK)
            name_feature(select, (int)i);
        rfm_text_addf(select->sql, ") AS \"where_%zu\"", i + 1);
    }
}

/* Rows without a customer or a time are rejected by predict too. */
static void add_rows(rfm_select *select)
{
    const rfm_select_request *request = select->request;
    rfm_select_begin(select, "rfmpi_rows");
    rfm_text_adds(select->sql, "SELECT\n    ");
    add_customer(select);
    rfm_text_adds(select->sql, " AS \"id\",\n    ");
    add_time(select);
    rfm_text_adds(select->sql, " AS \"utc\"");
    add_readings(select);
    rfm_text_adds(select->sql, "\n  FROM ");
    rfm_sql_add_path(select->sql, request->table, "--events", select->err);
    rfm_text_adds(select->sql, " AS \"t\"\n  WHERE ");
    add_as_text(select, request->customer);
    rfm_text_adds(select->sql, " <> '' AND ");
    rfm_select_column(select, request->time);
    rfm_text_adds(select->sql, " IS NOT NULL");
    add_rules(select, request->rules, request->n_rules, "\n    AND ");
    rfm_select_end_here(select);
}

/* The clock of the model's zone at an event. */
static void add_local(rfm_select *select)
{
    if (strcmp(select->model->timezone, "UTC") == 0) {
        rfm_text_adds(select->sql, "\"utc\"");
        return;
    }
    rfm_text_adds(select->sql, "CONVERT_TIMEZONE('UTC', ");
    rfm_sql_add_text(select->sql, select->model->timezone);
    rfm_text_adds(select->sql, ", \"utc\")");
}

static void add_day(rfm_select *select)
{
    rfm_text_adds(select->sql, "DATEDIFF(DAY, CAST('1970-01-01' AS DATE), CAST(");
    add_local(select);
    rfm_text_adds(select->sql, " AS DATE))");
}

/* Between dates whole days are counted, whatever clocks were put forward. */
static bool has_whole_days(const rfm_select_request *request)
{
    return request->times == RFM_TIMES_DATE && (request->as_of.latest || request->as_of.is_date);
}

static void add_moments(rfm_select *select)
{
    rfm_select_begin(select, "rfmpi_events");
    rfm_text_adds(select->sql, "SELECT *,\n    ");
    add_day(select);
    rfm_text_adds(select->sql, " AS \"day\",\n    ");
    if (has_whole_days(select->request)) {
        add_day(select);
        rfm_text_addf(select->sql, " * %lld", (long long)RFM_DAY_US);
    } else {
        rfm_text_adds(select->sql, "DATE_PART(EPOCH_MICROSECOND, \"utc\")");
    }
    rfm_text_adds(select->sql, " AS \"us\",\n    HOUR(");
    add_local(select);
    rfm_text_adds(select->sql, ") AS \"hour\",\n    DAYOFWEEKISO(");
    add_local(select);
    rfm_text_adds(select->sql, ") AS \"weekday\"");
    rfm_select_end(select);
}

static void add_given_moment(rfm_select *select)
{
    const rfm_select_request *request = select->request;
    const int64_t us = request->as_of.keep_until_us, day = rfm_time_day(request->zone, us);
    rfm_text_addf(select->sql, "SELECT %lld AS \"as_of_us\", %lld AS \"as_of_day\"",
                  (long long)(has_whole_days(request) ? day * RFM_DAY_US : us), (long long)day);
}

static void add_as_of(rfm_select *select)
{
    rfm_select_begin(select, "rfmpi_as_of");
    if (select->request->as_of.latest)
        rfm_text_adds(select->sql, "SELECT MAX(\"us\") AS \"as_of_us\", MAX_BY(\"day\", \"us\") AS \"as_of_day\"\n"
                                   "  FROM \"rfmpi_events\"");
    else
        add_given_moment(select);
    rfm_select_end_here(select);
}

void rfm_select_events(rfm_select *select)
{
    add_rows(select);
    add_moments(select);
    add_as_of(select);
}
