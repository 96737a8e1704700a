/* snowflake: the sink that is a table of the warehouse, from login to logout. */
#include "connection.h"
#include "load.h"
#include "sink.h"
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>

/* COPY needs one, and says so late. */
static rfm_status need_warehouse(const rfm_connection *c, rfm_error *err)
{
    const char *wanted = rfm_account_text(&c->account, RFM_WAREHOUSE);
    if (!rfm_session_lacks_warehouse(c->session))
        return RFM_OK;
    if (wanted)
        return rfm_fail(err, RFM_DENIED, "the warehouse '%s' is not there, or the role may not use it", wanted);
    return rfm_fail(err, RFM_DENIED, "no warehouse to load with: set SNOWFLAKE_WAREHOUSE, or the user's default");
}

/* ---- one load --------------------------------------------------------------------------------------------------- */

static rfm_status name_stage(rfm_load *load, rfm_error *err)
{
    rfm_text prefix = {0};
    load->own_stage = !load->options->stage;
    if (rfm_stage_name_make(load->options->stage, &load->table, load->session, &load->stage, err) == RFM_OK)
        rfm_text_addf(&prefix, "@%s/%s/", load->stage.sql, rfm_journal_id(load->journal));
    load->prefix = prefix.bytes;
    return err->status == RFM_OK ? rfm_text_check(&prefix, err) : err->status;
}

static rfm_status open_journal(rfm_load *load, const rfm_connection *c, rfm_error *err)
{
    rfm_text target = {0};
    rfm_text_addf(&target, "%s %s", c->account.base, load->table.sql);
    if (load->options->model_table)
        rfm_text_addf(&target, " and %s", load->model_table.sql);
    const rfm_journal_head head = {
        .to = "snowflake", .target = target.bytes, .mode = load->options->mode, .content = load->manifest->hash};
    if (rfm_text_check(&target, err) == RFM_OK)
        rfm_journal_open(load->run_dir, &head, load->options->anew, &load->journal, err);
    rfm_text_free(&target);
    return err->status;
}

static rfm_status name_model_table(rfm_load *load, rfm_error *err)
{
    if (!load->options->model_table)
        return RFM_OK;
    return rfm_sql_name_make(load->options->model_table, "store.model_table", load->session, &load->model_table, err);
}

static rfm_status name_all(rfm_load *load, const rfm_connection *c, rfm_error *err)
{
    if (rfm_sql_name_make(load->options->table, "store.table", load->session, &load->table, err) == RFM_OK &&
        name_model_table(load, err) == RFM_OK && open_journal(load, c, err) == RFM_OK &&
        name_stage(load, err) == RFM_OK)
        rfm_load_find_aside(load, err);
    return err->status;
}

/* What is left of the way once the table has the results: the model's row, and nothing that could change the table. */
static rfm_status tidy_up(rfm_load *load, rfm_error *err)
{
    if (rfm_load_model(load, err) != RFM_OK || rfm_load_drop_aside(load, err) != RFM_OK ||
        rfm_stage_clear(load->session, load->prefix, err) != RFM_OK)
        return err->status;
    return rfm_journal_note(load->journal, "done", NULL, err);
}

/* A matrix has no as_of: then it is the time at which the run came to its end. */
static rfm_status read_run(rfm_load *load, rfm_error *err)
{
    if (rfm_report_read(load->run_dir, "digest", &load->run_id, err) == RFM_OK &&
        rfm_report_read(load->run_dir, "as_of", &load->as_of, err) == RFM_OK && !load->as_of)
        rfm_report_read(load->run_dir, "finished", &load->as_of, err);
    if (err->status == RFM_OK && !(load->run_id && load->as_of))
        rfm_fail(err, RFM_DATA, "%s/run.json has no digest, or no time: make the run anew (--force)", load->run_dir);
    return err->status;
}

static rfm_status publish(rfm_load *load, rfm_error *err)
{
    char query_id[64] = "";
    if (rfm_load_look(load, err) != RFM_OK || rfm_load_stage(load, err) != RFM_OK)
        return err->status;
    if (rfm_load_publish(load, query_id, err) == RFM_OK)
        return rfm_journal_note(
            load->journal, "published",
            json_pack("{s:s, s:I}", "query_id", query_id, "rows", (json_int_t)load->manifest->n_rows), err);
    /* The parts stay in the stage for another start; and so does the table aside while rows may be on their way out of
     * it, which only another start can tell, and where dropping it would commit what could not be rolled back. */
    rfm_error other = {0};
    rfm_session_wind_up(load->session);
    if (!rfm_journal_find(load->journal, "moving") && !load->is_in_transaction &&
        rfm_load_drop_aside(load, &other) != RFM_OK)
        rfm_log(RFM_LOG_WARN, "%s stays: %s", load->aside.sql, other.message);
    return rfm_error_context(err, "store in %s", load->table.sql);
}

static void tell(const rfm_load *load, const rfm_connection *c, rfm_upload_outcome *outcome)
{
    const json_t *line = rfm_journal_find(load->journal, "published");
    const char *query_id = json_string_value(json_object_get(line, "query_id"));
    outcome->n_rows = load->manifest->n_rows;
    outcome->n_parts = (int64_t)load->manifest->n_parts;
    for (size_t i = 0; i < load->manifest->n_parts; i++)
        outcome->n_bytes += load->manifest->parts[i].bytes;
    snprintf(outcome->where, sizeof outcome->where, "%s at %s", load->table.sql, c->account.base);
    snprintf(outcome->query_id, sizeof outcome->query_id, "%s", query_id ? query_id : "");
}

static rfm_status load_all(rfm_load *load, const rfm_connection *c, rfm_upload_outcome *outcome, rfm_error *err)
{
    load->mode = rfm_load_mode_find(load->options->mode);
    if (read_run(load, err) != RFM_OK || name_all(load, c, err) != RFM_OK)
        return err->status;
    outcome->already = rfm_journal_find(load->journal, "done");
    if (!outcome->already && !rfm_journal_find(load->journal, "published") &&
        (need_warehouse(c, err) != RFM_OK || publish(load, err) != RFM_OK))
        return err->status;
    if (!outcome->already && tidy_up(load, err) != RFM_OK)
        return err->status;
    tell(load, c, outcome);
    return RFM_OK;
}

static void free_load(rfm_load *load)
{
    for (size_t i = 0; i < load->n_columns; i++)
        free(load->columns[i].own);
    free(load->columns);
    rfm_sql_name_free(&load->table);
    rfm_sql_name_free(&load->aside);
    rfm_sql_name_free(&load->stage);
    rfm_sql_name_free(&load->model_table);
    rfm_journal_close(load->journal);
    free(load->prefix);
    free(load->dir);
    free(load->as_of);
    free(load->run_id);
}

static rfm_status need_table(const rfm_upload_options *options, rfm_error *err)
{
    return options->table ? RFM_OK
                          : rfm_fail(err, RFM_USAGE, "store.table is missing: the table that gets the results");
}

rfm_status rfm_snowflake_run(const rfm_upload_options *options, const char *run_dir, rfm_upload_outcome *outcome,
                             rfm_error *err)
{
    rfm_manifest manifest = {0};
    rfm_connection c = {0};
    rfm_load load = {.options = options, .manifest = &manifest, .run_dir = run_dir};
    rfm_text dir = {0}, tag = {0};
    rfm_text_addf(&dir, "%s/customers", run_dir);
    load.dir = dir.bytes;
    if (need_table(options, err) == RFM_OK && rfm_text_check(&dir, err) == RFM_OK &&
        rfm_manifest_read(load.dir, &manifest, err) == RFM_OK) {
        rfm_text_addf(&tag, "rfmpi %016llx", (unsigned long long)manifest.hash.high);
        if (rfm_text_check(&tag, err) == RFM_OK && rfm_connection_open(options, tag.bytes, &c, err) == RFM_OK) {
            load.session = c.session;
            load_all(&load, &c, outcome, err);
        }
    }
    rfm_text_free(&tag);
    free_load(&load);
    rfm_connection_close(&c);
    rfm_manifest_free(&manifest);
    return err->status;
}
