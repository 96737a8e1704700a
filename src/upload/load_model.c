/* load_model: a row a run in a second table: what the model was made with, how good it is, what its segments are like.
 */
#include "load.h"
#include "rfmpi/sql.h"

#include <stdlib.h>
#include <string.h>

/* Columns, in order; `json` ones are VARIANT. */
static const struct column {
    const char *name, *type;
} COLUMNS[] = {{"RUN_ID", "VARCHAR"},     {"AS_OF", "TIMESTAMP_NTZ"}, {"N_CUSTOMERS", "NUMBER(38, 0)"},
               {"K", "NUMBER(38, 0)"},    {"INERTIA", "DOUBLE"},      {"SILHOUETTE", "DOUBLE"},
               {"PARAMETERS", "VARIANT"}, {"QUALITY", "VARIANT"},     {"SEGMENTS", "VARIANT"}};
enum { N_COLUMNS = sizeof COLUMNS / sizeof *COLUMNS };

/* ---- segments.csv as JSON --------------------------------------------------------------------------------------- */

/* A number where it is one. */
static json_t *value_of(const char *text)
{
    char *end;
    const double number = strtod(text, &end);
    return *text && *end == '\0' ? json_real(number) : json_string(text);
}

static json_t *read_segment(const char *header, const char **at)
{
    json_t *segment = json_object();
    while (segment && *header && *header != '\n') {
        rfm_text name = {0}, field = {0};
        rfm_csv_take(&header, &name);
        rfm_csv_take(at, &field);
        header += *header == ',';
        *at += **at == ',';
        const bool is_name = !name.failed && strcmp(name.bytes, "name") == 0;
        json_t *value = field.failed ? NULL : is_name ? json_string(field.bytes) : value_of(field.bytes);
        if (name.failed || json_object_set_new(segment, name.bytes, value) != 0) {
            json_decref(segment);
            segment = NULL;
        }
        rfm_text_free(&name);
        rfm_text_free(&field);
    }
    *at += **at == '\n';
    return segment;
}

static json_t *read_segments(const char *csv)
{
    const char *at = csv + strcspn(csv, "\n");
    json_t *list = json_array();
    for (at += *at == '\n'; list && *at;)
        if (json_array_append_new(list, read_segment(csv, &at)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static rfm_status print_segments(const char *run_dir, char **text, rfm_error *err)
{
    rfm_text csv = {0};
    char *path = rfm_folder_path(run_dir, "segments.csv", err);
    *text = NULL;
    if (path && rfm_file_read(path, &csv, err) == RFM_OK) {
        json_t *list = read_segments(csv.bytes ? csv.bytes : "");
        *text = list ? json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
        if (!*text)
            rfm_fail(err, RFM_NO_MEMORY, "no memory for the segments of %s, or names that are not UTF-8", run_dir);
        json_decref(list);
    }
    free(path);
    rfm_text_free(&csv);
    return err->status;
}

/* ---- the row ---------------------------------------------------------------------------------------------------- */

static void add_value(const char *value, const char *type, rfm_text *sql)
{
    const bool is_json = strcmp(type, "VARIANT") == 0, is_text = is_json || strcmp(type, "VARCHAR") == 0;
    if (!value) {
        rfm_text_adds(sql, "NULL");
    } else if (is_text) {
        rfm_text_adds(sql, is_json ? "PARSE_JSON(" : "");
        rfm_sql_add_text(sql, value);
        rfm_text_adds(sql, is_json ? ")" : "");
    } else {
        rfm_sql_add_text(sql, value);
        rfm_text_addf(sql, "::%s", type);
    }
}

static rfm_status add_row(const rfm_load *load, rfm_text *sql, rfm_error *err)
{
    static const char *const keys[N_COLUMNS] = {
        "digest",  NULL,      "n_customers", "cluster.k", "cluster.inertia", "quality.silhouette",
        "options", "quality", NULL};
    char *segments = NULL;
    print_segments(load->run_dir, &segments, err);
    rfm_text_adds(sql, "SELECT ");
    for (int i = 0; i < N_COLUMNS && err->status == RFM_OK; i++) {
        char *value = NULL;
        if (keys[i])
            rfm_report_read(load->run_dir, keys[i], &value, err);
        rfm_text_adds(sql, i > 0 ? ", " : "");
        if (i == 1)
            rfm_load_add_as_of(load, sql);
        else
            add_value(i == N_COLUMNS - 1 ? segments : value, COLUMNS[i].type, sql);
        free(value);
    }
    free(segments);
    return err->status == RFM_OK ? rfm_text_check(sql, err) : err->status;
}

static void add_names(rfm_text *sql, bool types)
{
    for (int i = 0; i < N_COLUMNS; i++) {
        rfm_text_adds(sql, i > 0 ? ", " : "(");
        rfm_sql_add_name(sql, COLUMNS[i].name);
        rfm_text_addf(sql, "%s%s", types ? " " : "", types ? COLUMNS[i].type : "");
    }
    rfm_text_adds(sql, ")");
}

/* The same run's row of an earlier start goes first. */
static rfm_status replace_row(rfm_load *load, char query_id[64], rfm_error *err)
{
    (void)query_id;
    rfm_text remove = {0}, insert = {0};
    rfm_text_addf(&remove, "DELETE FROM %s WHERE \"RUN_ID\" = ", load->model_table.sql);
    rfm_sql_add_text(&remove, load->run_id);
    rfm_text_addf(&insert, "INSERT INTO %s ", load->model_table.sql);
    add_names(&insert, false);
    rfm_text_adds(&insert, " ");
    if (add_row(load, &insert, err) == RFM_OK && rfm_text_check(&remove, err) == RFM_OK &&
        rfm_session_do(load->session, remove.bytes, err) == RFM_OK)
        rfm_session_do(load->session, insert.bytes, err);
    rfm_text_free(&remove);
    rfm_text_free(&insert);
    return err->status;
}

static rfm_status replace_row_at_once(rfm_load *load, char query_id[64], rfm_error *err)
{
    return rfm_load_transact(load, replace_row, query_id, err);
}

rfm_status rfm_load_model(rfm_load *load, rfm_error *err)
{
    rfm_text create = {0};
    char query_id[64];
    if (!load->options->model_table)
        return RFM_OK;
    rfm_text_addf(&create, "CREATE TABLE IF NOT EXISTS %s ", load->model_table.sql);
    add_names(&create, true);
    rfm_text_adds(&create, " COMMENT = 'runs, their models and segments, by rfmpi'");
    if (rfm_text_check(&create, err) == RFM_OK && rfm_session_do(load->session, create.bytes, err) == RFM_OK)
        rfm_load_in_session(load, replace_row_at_once, query_id, err);
    rfm_text_free(&create);
    return rfm_error_context(err, "store.model_table");
}
