/* export: a model, and what a job says of the events, as a statement that the warehouse runs itself, or the model alone
 * as PMML. What predict takes from the job is taken from it here, and from the model where the job is silent. */
#include "batch.h"

#include <string.h>

typedef struct exporting {
    const rfm_config *config;
    const rfm_export *wanted;
    rfm_model model;
    rfm_features *features;
    rfm_rule *rules;
    rfm_zone *zone;
    rfm_select_request request; /* borrows all of these */
} exporting;

/* ---- roles ------------------------------------------------------------------------------------------------------ */

static void lay_over(const char *given, const char **column)
{
    *column = given ? given : *column;
}

/* The roles of the model, under those of the job. */
static rfm_status choose_roles(const exporting *e, const rfm_features *recorded, rfm_roles *roles, rfm_error *err)
{
    rfm_roles given = {0};
    if (job_read_roles(e->config, &given, err) != RFM_OK)
        return err->status;
    *roles = *rfm_features_roles(recorded);
    lay_over(given.event, &roles->event);
    lay_over(given.session, &roles->session);
    lay_over(given.order, &roles->order);
    lay_over(given.product, &roles->product);
    lay_over(given.category, &roles->category);
    for (int i = 0; given.n_amount > 0 && i < 2; i++)
        roles->amount[i] = given.amount[i];
    roles->n_amount = given.n_amount > 0 ? given.n_amount : roles->n_amount;
    roles->decimals = rfm_config_given(e->config, "input.decimals") ? given.decimals : roles->decimals;
    return RFM_OK;
}

static rfm_status open_features(exporting *e, rfm_error *err)
{
    rfm_features *recorded = NULL;
    rfm_roles roles;
    if (e->model.definitions[0] == '\0')
        return rfm_fail(err, RFM_USAGE,
                        "the model was fitted to a bare matrix and defines no features: give export a table that has "
                        "them (--features TABLE)");
    if (rfm_features_restore(e->model.definitions, NULL, &recorded, err) == RFM_OK &&
        choose_roles(e, recorded, &roles, err) == RFM_OK)
        rfm_features_restore(e->model.definitions, &roles, &e->features, err);
    rfm_features_close(recorded);
    e->request.features = e->features;
    return err->status;
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static rfm_status read_times(const char *word, rfm_times *times, rfm_error *err)
{
    static const char *const words[] = {
        [RFM_TIMES_CLOCK] = "clock", [RFM_TIMES_INSTANT] = "instant", [RFM_TIMES_DATE] = "date"};
    for (int i = 0; i < 3; i++) {
        if (word && strcmp(word, words[i]) != 0)
            continue;
        *times = (rfm_times)i;
        return RFM_OK;
    }
    return rfm_fail(err, RFM_USAGE, "--times is clock, instant or date, not '%s'", word);
}

static bool is_turned(const char *name)
{
    rfm_time_format format;
    rfm_assert(rfm_time_format_parse(name, &format));
    return format == RFM_TIME_DAY_FIRST || format == RFM_TIME_MONTH_FIRST;
}

/* What the job says that a statement would have to say, and cannot. */
static rfm_status check_job(const exporting *e, rfm_error *err)
{
    if (strcmp(rfm_config_string(e->config, "input.dedupe"), "none") != 0)
        return rfm_config_fail(
            e->config, "input.dedupe", err,
            "the statement takes every row of the table as an event: let duplicates be left out by a "
            "view, and set input.dedupe to none");
    if (strcmp(rfm_config_string(e->config, "input.thousands"), "none") != 0)
        return rfm_config_fail(e->config, "input.thousands", err,
                               "the statement cannot tell thousands from decimals in every column: let a view make "
                               "numbers of texts like 1.234,50, and set input.thousands to none");
    if (is_turned(rfm_config_string(e->config, "input.time_format")))
        return rfm_config_fail(e->config, "input.time_format", err,
                               "the statement takes times as the warehouse has them: where they are timestamps, set "
                               "input.time_format to auto; of texts like 31.12.2024 let a view make timestamps "
                               "(TO_TIMESTAMP_NTZ)");
    if (rfm_config_given(e->config, "input.timezone") &&
        strcmp(rfm_config_string(e->config, "input.timezone"), e->model.timezone) != 0)
        return rfm_config_fail(e->config, "input.timezone", err,
                               "the model counts days in %s; input.timezone must be the same", e->model.timezone);
    return RFM_OK;
}

static rfm_status read_as_of(exporting *e, rfm_error *err)
{
    const bool of_model = !rfm_config_given(e->config, "features.as_of") && e->model.as_of_rule[0] != '\0';
    const char *text = of_model ? e->model.as_of_rule : rfm_config_string(e->config, "features.as_of");
    if (rfm_zone_open(e->model.timezone, &e->zone, err) != RFM_OK)
        return err->status;
    e->request.zone = e->zone;
    return rfm_as_of_parse(text, e->zone, &e->request.as_of, err);
}

static rfm_status read_events(exporting *e, rfm_error *err)
{
    const rfm_node *rows = rfm_config_tree(e->config, "input.rows");
    rfm_select_request *request = &e->request;
    request->time = rfm_config_string(e->config, "input.columns.time");
    request->id_kind = strcmp(rfm_config_string(e->config, "input.id"), "integer") == 0 ? RFM_ID_INTEGER : RFM_ID_TEXT;
    request->comma = strcmp(rfm_config_string(e->config, "input.decimal_mark"), "comma") == 0;
    if (!request->time)
        return rfm_fail(err, RFM_USAGE, "which column has the times? --column time=NAME");
    if (check_job(e, err) != RFM_OK || read_times(e->wanted->times, &request->times, err) != RFM_OK ||
        read_as_of(e, err) != RFM_OK || open_features(e, err) != RFM_OK ||
        (rows && rfm_rules_parse(rows, &e->rules, &request->n_rules, err) != RFM_OK))
        return err->status;
    request->rules = e->rules;
    return RFM_OK;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

/* Local. */
static rfm_status print_sql(exporting *e, rfm_text *sql, rfm_error *err)
{
    const rfm_export *wanted = e->wanted;
    rfm_select_request *request = &e->request;
    request->table = wanted->events ? wanted->events : wanted->features;
    request->view = wanted->view;
    request->renames = wanted->renames;
    request->n_renames = wanted->n_renames;
    request->customer = rfm_config_string(e->config, "input.columns.customer");
    if (!request->customer)
        return rfm_fail(err, RFM_USAGE, "which column has the customers' ids? --column customer=NAME");
    if (wanted->events && read_events(e, err) != RFM_OK)
        return err->status;
    return rfm_select_print(&e->model, request, sql, err);
}

static void free_all(exporting *e)
{
    rfm_features_close(e->features);
    rfm_rules_free(e->rules, e->request.n_rules);
    rfm_zone_close(e->zone);
    rfm_model_free(&e->model);
}

rfm_status rfm_pipeline_export(rfm_comm *comm, const rfm_config *config, const rfm_export *wanted, rfm_text *text,
                               rfm_error *err)
{
    exporting e = {.config = config, .wanted = wanted};
    if (rfm_model_read(comm, wanted->model, &e.model, err) == RFM_OK) {
        wanted->form == RFM_EXPORT_PMML ? rfm_pmml_print(&e.model, text, err) : print_sql(&e, text, err);
        rfm_comm_agree(comm, err);
    }
    free_all(&e);
    return err->status;
}
