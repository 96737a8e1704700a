/* load_copy: COPY, and whether it has loaded what the parts have. */
#include "load.h"
#include "rfmpi/sql.h"

#include <stdlib.h>
#include <string.h>

enum { FILES_MOST = 1000 }; /* names in one COPY: the warehouse's limit */

/* What the answers have said so far. */
typedef struct copy_tally {
    bool *seen; /* [n_parts] loaded, with as many rows as it has */
    size_t n_seen;
    bool unknown; /* an answer that cannot be read */
} copy_tally;

/* Every option whose default could change a value is set: the parts have no NULLs, no escapes, and a header. What
 * stands for NULL is a text that none of them has: an empty list is not taken everywhere. */
static void add_format(const rfm_load *load, rfm_text *sql)
{
    rfm_text_addf(sql,
                  " FILE_FORMAT = (TYPE = CSV COMPRESSION = GZIP FIELD_DELIMITER = ',' SKIP_HEADER = 1 "
                  "FIELD_OPTIONALLY_ENCLOSED_BY = '\"' ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = ('no value %s') "
                  "EMPTY_FIELD_AS_NULL = FALSE) ON_ERROR = ABORT_STATEMENT",
                  rfm_journal_id(load->journal));
}

static rfm_status make_copy(const rfm_load *load, bool by_name, size_t first, size_t n, rfm_text *sql, rfm_error *err)
{
    rfm_text_addf(sql, "COPY INTO %s ", load->aside.sql);
    if (by_name) {
        rfm_text_adds(sql, "(");
        rfm_load_add_columns(load, "", sql);
        rfm_text_adds(sql, ") ");
    }
    rfm_text_addf(sql, "FROM %s", load->prefix);
    for (size_t i = 0; i < n; i++) {
        rfm_text_adds(sql, i == 0 ? " FILES = (" : ", ");
        rfm_sql_add_text(sql, load->manifest->parts[first + i].name);
    }
    rfm_text_adds(sql, n > 0 ? ")" : "");
    add_format(load, sql);
    return rfm_text_check(sql, err);
}

/* The part an answer's path names; n_parts for none. */
static size_t find_part(const rfm_manifest *manifest, const char *path)
{
    const char *slash = strrchr(path, '/');
    return rfm_manifest_find(manifest, slash ? slash + 1 : path);
}

static rfm_status fail_row(const rfm_result *result, size_t row, const char *file, const char *status, rfm_error *err)
{
    const char *what = rfm_result_cell(result, row, rfm_result_column(result, "first_error"));
    const char *line = rfm_result_cell(result, row, rfm_result_column(result, "first_error_line"));
    return rfm_fail(err, RFM_UNAVAILABLE, "COPY of %s: %s: %s, line %s (query %s)", file, status ? status : "no status",
                    what ? what : "no reason", line ? line : "unknown", result->query_id);
}

/* One file of an answer. */
static rfm_status count_row(const rfm_load *load, const rfm_result *result, size_t row, copy_tally *tally,
                            rfm_error *err)
{
    const char *file = rfm_result_cell(result, row, rfm_result_column(result, "file"));
    const char *status = rfm_result_cell(result, row, rfm_result_column(result, "status"));
    const int64_t n_rows = rfm_result_count(result, row, rfm_result_column(result, "rows_loaded"));
    if (!file)
        return RFM_OK; /* "0 files processed" */
    const size_t i = find_part(load->manifest, file);
    if (i == load->manifest->n_parts)
        return rfm_fail(err, RFM_UNAVAILABLE, "COPY has loaded %s, which is no part of this run (query %s)", file,
                        result->query_id);
    if (!status || strcmp(status, "LOADED") != 0)
        return fail_row(result, row, file, status, err);
    if (n_rows != load->manifest->parts[i].rows)
        return rfm_fail(err, RFM_UNAVAILABLE, "COPY has loaded %lld rows of %s, which has %lld (query %s)",
                        (long long)n_rows, file, (long long)load->manifest->parts[i].rows, result->query_id);
    tally->n_seen += !tally->seen[i];
    tally->seen[i] = true;
    return RFM_OK;
}

static rfm_status run_copy(rfm_load *load, bool by_name, size_t first, size_t n, copy_tally *tally, rfm_error *err)
{
    rfm_text sql = {0};
    rfm_result result = {0};
    char request_id[RFM_UUID_BYTES];
    if (make_copy(load, by_name, first, n, &sql, err) == RFM_OK && rfm_uuid_make(request_id, err) == RFM_OK &&
        rfm_journal_note(load->journal, "copy", json_pack("{s:s}", "request_id", request_id), err) == RFM_OK &&
        rfm_session_run(load->session, &(rfm_statement){.sql = sql.bytes, .request_id = request_id}, &result, err) ==
            RFM_OK) {
        tally->unknown |= result.is_arrow;
        for (size_t row = 0; !result.is_arrow && row < result.n_rows && err->status == RFM_OK; row++)
            count_row(load, &result, row, tally, err);
    }
    rfm_result_free(&result);
    rfm_text_free(&sql);
    return err->status;
}

static rfm_status check_tally(const rfm_load *load, const copy_tally *tally, rfm_error *err)
{
    const size_t n_parts = load->manifest->n_parts;
    size_t i = 0;
    if (tally->unknown) {
        rfm_log(RFM_LOG_WARN, "COPY answers in Arrow, which is not read here: its counts of rows are not checked");
        return RFM_OK;
    }
    if (tally->n_seen == n_parts)
        return RFM_OK;
    while (tally->seen[i])
        i++;
    return rfm_fail(err, RFM_UNAVAILABLE, "COPY has loaded %zu of %zu parts; %s is missing", tally->n_seen, n_parts,
                    load->manifest->parts[i].name);
}

rfm_status rfm_load_copy(rfm_load *load, bool by_name, rfm_error *err)
{
    const size_t n_parts = load->manifest->n_parts;
    const bool by_prefix = strcmp(load->options->copy, "prefix") == 0;
    copy_tally tally = {.seen = rfm_alloc(n_parts, sizeof *tally.seen, err)};
    if (by_prefix && err->status == RFM_OK)
        run_copy(load, by_name, 0, 0, &tally, err);
    for (size_t first = 0; !by_prefix && first < n_parts && err->status == RFM_OK; first += FILES_MOST)
        run_copy(load, by_name, first, n_parts - first < FILES_MOST ? n_parts - first : FILES_MOST, &tally, err);
    if (err->status == RFM_OK)
        check_tally(load, &tally, err);
    free(tally.seen);
    return err->status;
}
