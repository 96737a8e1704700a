/* select: the whole statement, and the view around it. */
#include "select.h"

#include <stdio.h>
#include <stdlib.h>

/* What the warehouse takes as the text of one statement. */
enum { MOST_BYTES = 1000000 };

/* ---- steps ------------------------------------------------------------------------------------------------------ */

void rfm_select_begin(rfm_select *select, const char *step)
{
    rfm_text_addf(select->sql, "%s\"%s\" AS (\n  ", *select->step ? ",\n" : "WITH ", step);
    snprintf(select->from, sizeof select->from, "%s", select->step);
    snprintf(select->step, sizeof select->step, "%s", step);
}

void rfm_select_end_here(rfm_select *select)
{
    rfm_text_adds(select->sql, "\n)");
}

void rfm_select_end(rfm_select *select)
{
    rfm_text_addf(select->sql, "\n  FROM \"%s\"", select->from);
    rfm_select_end_here(select);
}

/* ---- the rows that come out ------------------------------------------------------------------------------------- */

static void add_names(rfm_select *select)
{
    const rfm_model *model = select->model;
    rfm_select_begin(select, "rfmpi_segments");
    rfm_text_adds(select->sql, "SELECT \"label\", \"segment\", \"segment_name\"\n  FROM (VALUES");
    for (int c = 0; c < model->k; c++) {
        rfm_text_addf(select->sql, "%s\n    (%d, %d, ", c > 0 ? "," : "", c, (int)model->segment_ids[c]);
        rfm_sql_add_text(select->sql, model->names[c]);
        rfm_text_adds(select->sql, ")");
    }
    rfm_text_adds(select->sql, "\n  ) AS \"s\" (\"label\", \"segment\", \"segment_name\")");
    rfm_select_end_here(select);
}

/* Columns are called as in a table that `store` makes. */
static void add_output(rfm_select *select)
{
    const rfm_model *model = select->model;
    rfm_text_adds(select->sql, "\nSELECT\n  \"n\".\"id\" AS \"ID\"");
    for (int j = 0; j < model->d; j++) {
        rfm_text_addf(select->sql, ",\n  \"n\".\"f%d\" AS ", j + 1);
        rfm_sql_add_written(select->sql, model->features[j]);
    }
    rfm_text_adds(select->sql, ",\n  \"s\".\"segment\" AS \"SEGMENT\",\n  \"s\".\"segment_name\" AS \"SEGMENT_NAME\",\n"
                               "  SQRT(\"n\".\"least\") AS \"DISTANCE\"");
    if (model->scores.bins > 0)
        rfm_text_adds(select->sql, ",\n  \"n\".\"r_score\" AS \"R_SCORE\",\n  \"n\".\"f_score\" AS \"F_SCORE\",\n"
                                   "  \"n\".\"m_score\" AS \"M_SCORE\",\n  \"n\".\"rfm_segment\" AS \"RFM_SEGMENT\"");
    rfm_text_adds(select->sql, "\n"
                               "FROM \"rfmpi_nearest\" AS \"n\" LEFT JOIN \"rfmpi_segments\" AS \"s\"\n"
                               "  ON \"s\".\"label\" = CASE \"n\".\"least\"");
    for (int c = 0; c < model->k; c++) /* of equal distances the lowest */
        rfm_text_addf(select->sql, " WHEN \"n\".\"d%d\" THEN %d", c + 1, c);
    rfm_text_adds(select->sql, " END;\n");
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void add_all(rfm_select *select)
{
    if (select->request->view) {
        rfm_text_adds(select->sql, "CREATE OR REPLACE VIEW ");
        rfm_sql_add_path(select->sql, select->request->view, "--view", select->err);
        rfm_text_adds(select->sql, " COPY GRANTS AS\n");
    }
    if (select->request->features) {
        rfm_select_events(select);
        rfm_select_features(select);
    } else {
        rfm_select_values(select);
    }
    rfm_select_scores(select);
    rfm_select_segments(select);
    add_names(select);
    add_output(select);
}

/* A name that nothing is called by is a slip. */
static rfm_status check_renames(const rfm_select *select)
{
    const rfm_select_request *request = select->request;
    for (size_t i = 0; i < request->n_renames && select->err->status == RFM_OK; i++)
        if (!select->renamed[i])
            rfm_fail(select->err, RFM_USAGE,
                     "--column %s=%s: '%s' is neither a role nor a column that the statement reads",
                     request->renames[i].from, request->renames[i].to, request->renames[i].from);
    return select->err->status;
}

rfm_status rfm_select_print(const rfm_model *model, const rfm_select_request *request, rfm_text *sql, rfm_error *err)
{
    rfm_select select = {.model = model, .request = request, .sql = sql, .err = err};
    select.renamed = rfm_alloc(request->n_renames, sizeof *select.renamed, err);
    if (select.renamed) {
        add_all(&select);
        check_renames(&select);
    }
    free(select.renamed);
    if (rfm_text_check(sql, err) == RFM_OK && sql->length > MOST_BYTES)
        rfm_fail(err, RFM_USAGE, "the statement for %d segments of %d features has %zu bytes; the warehouse takes %d",
                 model->k, model->d, sql->length, (int)MOST_BYTES);
    return err->status;
}
