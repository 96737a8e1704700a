/* unload: rows of the warehouse into a stage, from there into files here.
 *
 *     watermark -> COPY INTO the stage -> GET -> unload.json
 *
 * Each step is in the journal, so that another start goes on; what a step leaves is the same when it is done again. */
#include "connection.h"
#include "fetch.h"
#include "journal.h"
#include "load.h"
#include "rfmpi/sql.h"
#include "rfmpi/store.h"
#include "stage.h"
#include "watermark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct unloading {
    const rfm_upload_options *options;
    const rfm_unload_options *wanted;
    rfm_connection connection;
    rfm_journal *journal;
    rfm_sql_name table, stage;
    char *from;   /* SQL: the table's name, or the query in parentheses */
    char *prefix; /* @stage/id/ */
    rfm_watermark after, until;
    char **names; /* of the files */
    int64_t *bytes;
    bool *is_there;
    size_t n_files;
    int64_t n_rows;
} unloading;

static const char CSV[] =
    "TYPE = CSV COMPRESSION = GZIP FIELD_DELIMITER = ',' FIELD_OPTIONALLY_ENCLOSED_BY = '\"' NULL_IF = ('\\\\N') "
    "EMPTY_FIELD_AS_NULL = FALSE DATE_FORMAT = 'YYYY-MM-DD' TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF6'";

static const char *format_of(const char *name)
{
    return strcmp(name, "csv") == 0 ? CSV : "TYPE = PARQUET";
}

/* ---- what is asked ---------------------------------------------------------------------------------------------- */

static rfm_status check_wanted(const rfm_unload_options *wanted, rfm_error *err)
{
    if (!wanted->table == !wanted->query)
        rfm_fail(err, RFM_USAGE, "unload.table or unload.query: one of them says which rows");
    else if (!wanted->dir)
        rfm_fail(err, RFM_USAGE, "unload.dir is missing: the directory that gets the files");
    else if (wanted->after && !wanted->time_column)
        rfm_fail(err, RFM_USAGE, "unload.after: unload.time_column has to say by which column rows are later");
    return err->status;
}

/* A table beside the own stage; a query has the login's database and schema. */
static rfm_status name_all(unloading *u, rfm_error *err)
{
    const rfm_session *session = u->connection.session;
    rfm_text from = {0};
    if (rfm_sql_name_make(u->wanted->table ? u->wanted->table : "NONE", "unload.table", session, &u->table, err) !=
            RFM_OK ||
        rfm_stage_name_make(u->options->stage, &u->table, session, &u->stage, err) != RFM_OK)
        return err->status;
    if (u->wanted->table)
        rfm_text_adds(&from, u->table.sql);
    else
        rfm_text_addf(&from, "(%s)", u->wanted->query);
    u->from = from.bytes;
    return rfm_text_check(&from, err);
}

/* Where an earlier unload of the same rows ended. */
static rfm_status read_after(unloading *u, rfm_error *err)
{
    rfm_text path = {0};
    json_error_t reason;
    json_t *root = NULL;
    if (!u->wanted->after)
        return RFM_OK;
    rfm_text_addf(&path, "%s/unload.json", u->wanted->after);
    if (rfm_text_check(&path, err) == RFM_OK && !(root = json_load_file(path.bytes, 0, &reason)))
        rfm_fail(err, RFM_USAGE, "unload.after: %s: %s: is it the directory of an unload that came to its end?",
                 path.bytes, reason.text);
    const char *from = json_string_value(json_object_get(root, "from"));
    const char *column = json_string_value(json_object_get(root, "time_column"));
    if (root && (!from || strcmp(from, u->from) != 0 || !column || strcmp(column, u->wanted->time_column) != 0))
        rfm_fail(err, RFM_USAGE, "unload.after: %s is of other rows, or of another unload.time_column", path.bytes);
    if (err->status == RFM_OK)
        rfm_watermark_read(json_object_get(root, "until"), path.bytes, &u->after, err);
    json_decref(root);
    rfm_text_free(&path);
    return err->status;
}

static rfm_status open_journal(unloading *u, rfm_error *err)
{
    rfm_text target = {0}, content = {0}, prefix = {0};
    rfm_text_addf(&target, "%s %s", u->connection.account.base, u->from);
    rfm_text_addf(&content, "%s\n%s\n%s %s", u->from, u->wanted->time_column ? u->wanted->time_column : "",
                  u->after.type, u->after.value);
    if (rfm_text_check(&target, err) == RFM_OK && rfm_text_check(&content, err) == RFM_OK &&
        rfm_folder_make(u->wanted->dir, err) == RFM_OK) {
        const rfm_journal_head head = {.to = "unload",
                                       .target = target.bytes,
                                       .mode = u->wanted->format,
                                       .content = rfm_hash128_of(content.bytes, content.length)};
        if (rfm_journal_open(u->wanted->dir, &head, u->options->anew, &u->journal, err) == RFM_OK)
            rfm_text_addf(&prefix, "@%s/%s/", u->stage.sql, rfm_journal_id(u->journal));
    }
    u->prefix = prefix.bytes;
    rfm_text_free(&target);
    rfm_text_free(&content);
    return err->status == RFM_OK ? rfm_text_check(&prefix, err) : err->status;
}

/* ---- watermark -------------------------------------------------------------------------------------------------- */

/* A plain name is the warehouse's in capitals. */
static rfm_status add_time_column(const unloading *u, rfm_text *sql, rfm_error *err)
{
    char *parts[3] = {NULL};
    size_t n;
    if (rfm_sql_split_name(u->wanted->time_column, "unload.time_column", parts, &n, err) == RFM_OK && n == 1)
        rfm_sql_add_name(sql, parts[0]);
    else
        rfm_fail(err, RFM_USAGE, "unload.time_column: '%s' is no column's name", u->wanted->time_column);
    for (size_t i = 0; i < n; i++)
        free(parts[i]);
    return err->status;
}

/* Noted before anything is copied: what comes in later is for the next unload. */
static rfm_status set_until(unloading *u, rfm_error *err)
{
    const json_t *line = rfm_journal_find(u->journal, "until");
    rfm_text sql = {0};
    rfm_result result = {0};
    if (!u->wanted->time_column)
        return RFM_OK;
    if (line)
        return rfm_watermark_read(json_object_get(line, "until"), "unload.jsonl", &u->until, err);
    rfm_text_adds(&sql, "SELECT MAX(");
    add_time_column(u, &sql, err);
    rfm_text_addf(&sql, ") FROM %s", u->from);
    if (err->status == RFM_OK && rfm_text_check(&sql, err) == RFM_OK &&
        rfm_session_run(u->connection.session, &(rfm_statement){.sql = sql.bytes}, &result, err) == RFM_OK &&
        rfm_result_need_rows(&result, err) == RFM_OK && rfm_watermark_take(&result, &u->until, err) == RFM_OK)
        rfm_journal_note(u->journal, "until", json_pack("{s:o}", "until", rfm_watermark_print(&u->until)), err);
    rfm_result_free(&result);
    rfm_text_free(&sql);
    return err->status;
}

/* ---- into the stage --------------------------------------------------------------------------------------------- */

static rfm_status add_rows(const unloading *u, rfm_text *sql, rfm_error *err)
{
    rfm_text_addf(sql, "SELECT * FROM %s", u->from);
    if (*u->until.type) {
        rfm_text_adds(sql, " WHERE ");
        add_time_column(u, sql, err);
        rfm_text_adds(sql, " <= ");
        rfm_watermark_add(&u->until, sql);
    }
    if (*u->after.type) {
        rfm_text_adds(sql, *u->until.type ? " AND " : " WHERE ");
        add_time_column(u, sql, err);
        rfm_text_adds(sql, " > ");
        rfm_watermark_add(&u->after, sql);
    }
    return err->status;
}

/* What a start that was killed may have left in the stage goes first. */
static rfm_status make_room(unloading *u, rfm_error *err)
{
    rfm_session *session = u->connection.session;
    if (!u->options->stage && rfm_stage_create(session, u->stage.sql, err) != RFM_OK)
        return err->status;
    return rfm_stage_clear(session, u->prefix, err);
}

static int64_t count_rows(const rfm_result *result)
{
    const int column = rfm_result_column(result, "row_count");
    int64_t n_rows = 0;
    for (size_t row = 0; row < result->n_rows; row++) {
        const int64_t n = rfm_result_count(result, row, column);
        n_rows += n > 0 ? n : 0;
    }
    return n_rows;
}

static rfm_status copy_out(unloading *u, rfm_error *err)
{
    rfm_text sql = {0};
    rfm_result result = {0};
    if (rfm_journal_find(u->journal, "copied"))
        return RFM_OK;
    rfm_text_addf(&sql, "COPY INTO %spart FROM (", u->prefix);
    add_rows(u, &sql, err);
    rfm_text_addf(
        &sql,
        ") FILE_FORMAT = (%s) HEADER = TRUE OVERWRITE = TRUE SINGLE = FALSE MAX_FILE_SIZE = %lld DETAILED_OUTPUT = "
        "TRUE",
        format_of(u->wanted->format), (long long)u->wanted->file_bytes);
    if (err->status == RFM_OK && rfm_text_check(&sql, err) == RFM_OK && make_room(u, err) == RFM_OK &&
        rfm_session_run(u->connection.session, &(rfm_statement){.sql = sql.bytes}, &result, err) == RFM_OK &&
        rfm_result_need_rows(&result, err) == RFM_OK)
        rfm_journal_note(u->journal, "copied", json_pack("{s:I}", "rows", (json_int_t)count_rows(&result)), err);
    rfm_result_free(&result);
    rfm_text_free(&sql);
    return err->status;
}

/* ---- from the stage --------------------------------------------------------------------------------------------- */

/* Whether the journal has the file, and the folder too. */
static bool is_fetched(const unloading *u, const char *name)
{
    const json_t *lines = rfm_journal_lines(u->journal);
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", u->wanted->dir, name);
    if (stat(path, &status) != 0)
        return false;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        const char *noted = json_string_value(json_object_get(line, "name"));
        if (noted && strcmp(noted, name) == 0 && json_integer_value(json_object_get(line, "bytes")) == status.st_size)
            return true;
    }
    return false;
}

static rfm_status keep_file(unloading *u, const rfm_result *list, size_t row, rfm_error *err)
{
    const char *path = rfm_result_cell(list, row, rfm_result_column(list, "name"));
    const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;
    if (!name || !*name || *name == '.' || strlen(name) > 200)
        return rfm_fail(err, RFM_UNAVAILABLE, "the stage has a file without a usable name");
    u->names[u->n_files] = rfm_copy_string(name, err);
    u->bytes[u->n_files] = rfm_result_count(list, row, rfm_result_column(list, "size"));
    u->is_there[u->n_files++] = is_fetched(u, name);
    return err->status;
}

static rfm_status list_files(unloading *u, rfm_error *err)
{
    rfm_result list;
    if (rfm_stage_list(u->connection.session, u->prefix, false, &list, err) == RFM_OK &&
        rfm_result_need_rows(&list, err) == RFM_OK) {
        u->names = rfm_alloc(list.n_rows, sizeof *u->names, err);
        u->bytes = rfm_alloc(list.n_rows, sizeof *u->bytes, err);
        u->is_there = rfm_alloc(list.n_rows, sizeof *u->is_there, err);
        for (size_t row = 0; row < list.n_rows && err->status == RFM_OK; row++)
            keep_file(u, &list, row, err);
    }
    rfm_result_free(&list);
    return err->status;
}

static rfm_status note_file(void *context, size_t i, rfm_error *err)
{
    const unloading *u = context;
    char path[4096];
    struct stat status = {0};
    snprintf(path, sizeof path, "%s/%s", u->wanted->dir, u->names[i]);
    stat(path, &status);
    return rfm_journal_note(u->journal, "file",
                            json_pack("{s:s, s:I}", "name", u->names[i], "bytes", (json_int_t)status.st_size), err);
}

static rfm_status fetch_files(unloading *u, rfm_error *err)
{
    const rfm_fetch fetch = {.session = u->connection.session,
                             .stage = u->prefix,
                             .dir = u->wanted->dir,
                             .names = u->names,
                             .bytes = u->bytes,
                             .is_there = u->is_there,
                             .n = u->n_files,
                             .parallel = u->options->parallel,
                             .local_allowed = u->options->local_stage,
                             .done = note_file,
                             .context = u};
    return rfm_fetch_files(&fetch, err) == RFM_OK ? rfm_folder_sync_names(u->wanted->dir, err) : err->status;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

/* Rows that came in no later than before leave the watermark where it was. */
static const rfm_watermark *last_mark(const unloading *u)
{
    return *u->until.type ? &u->until : &u->after;
}

static rfm_status write_summary(unloading *u, rfm_error *err)
{
    rfm_text path = {0}, text = {0};
    json_t *files = json_array();
    for (size_t i = 0; i < u->n_files; i++)
        json_array_append_new(files, json_string(u->names[i]));
    json_t *root = json_pack("{s:i, s:s, s:s*, s:o, s:o, s:I, s:o}", "format", 1, "from", u->from, "time_column",
                             u->wanted->time_column, "after", rfm_watermark_print(&u->after), "until",
                             rfm_watermark_print(last_mark(u)), "n_rows", (json_int_t)u->n_rows, "files", files);
    char *bytes = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    rfm_text_addf(&path, "%s/unload.json", u->wanted->dir);
    rfm_text_adds(&text, bytes ? bytes : "");
    rfm_text_adds(&text, "\n");
    if (!bytes)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for unload.json");
    else if (rfm_text_check(&path, err) == RFM_OK && rfm_text_check(&text, err) == RFM_OK)
        rfm_file_write(path.bytes, &text, err);
    json_decref(root);
    free(bytes);
    rfm_text_free(&path);
    rfm_text_free(&text);
    return err->status;
}

static rfm_status work(unloading *u, rfm_unload_outcome *outcome, rfm_error *err)
{
    outcome->already = rfm_journal_find(u->journal, "done");
    if (set_until(u, err) != RFM_OK || (!outcome->already && copy_out(u, err) != RFM_OK))
        return err->status;
    u->n_rows = json_integer_value(json_object_get(rfm_journal_find(u->journal, "copied"), "rows"));
    if (!outcome->already &&
        (list_files(u, err) != RFM_OK || fetch_files(u, err) != RFM_OK || write_summary(u, err) != RFM_OK ||
         rfm_journal_note(u->journal, "done", json_pack("{s:I}", "files", (json_int_t)u->n_files), err) != RFM_OK ||
         rfm_stage_clear(u->connection.session, u->prefix, err) != RFM_OK))
        return err->status;
    outcome->n_rows = u->n_rows;
    outcome->n_files = json_integer_value(json_object_get(rfm_journal_find(u->journal, "done"), "files"));
    snprintf(outcome->until, sizeof outcome->until, "%s", last_mark(u)->value);
    return RFM_OK;
}

static void free_unloading(unloading *u)
{
    rfm_sql_name_free(&u->table);
    rfm_sql_name_free(&u->stage);
    rfm_journal_close(u->journal);
    for (size_t i = 0; i < u->n_files; i++)
        free(u->names[i]);
    free(u->names);
    free(u->bytes);
    free(u->is_there);
    free(u->from);
    free(u->prefix);
    rfm_connection_close(&u->connection);
}

rfm_status rfm_unload_run(const rfm_upload_options *options, const rfm_unload_options *wanted,
                          rfm_unload_outcome *outcome, rfm_error *err)
{
    unloading u = {.options = options, .wanted = wanted};
    *outcome = (rfm_unload_outcome){0};
    if (check_wanted(wanted, err) == RFM_OK &&
        rfm_connection_open(options, "rfmpi unload", &u.connection, err) == RFM_OK && name_all(&u, err) == RFM_OK &&
        read_after(&u, err) == RFM_OK && open_journal(&u, err) == RFM_OK)
        work(&u, outcome, err);
    free_unloading(&u);
    return rfm_error_context(err, "unload");
}
