/* statement: one statement from its text to its result, through answers that say "not yet" and sessions that end
 * meanwhile. */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const double ABORT_S = 5, WIND_UP_S = 15;

typedef struct submission {
    rfm_session *session;
    const rfm_statement *statement;
    char request_id[RFM_UUID_BYTES];
} submission;

static char *print_statement(const void *context, rfm_error *err)
{
    const submission *s = context;
    json_t *root = json_pack("{s:s, s:b, s:i, s:I}", "sqlText", s->statement->sql, "asyncExec", 0, "sequenceId", 1,
                             "querySubmissionTime", (json_int_t)(rfm_clock_wall_us() / 1000));
    char *body = root ? json_dumps(root, JSON_COMPACT) : NULL;
    if (!body)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for a statement, or one that is not UTF-8");
    json_decref(root);
    return body;
}

static char *print_abort(const void *context, rfm_error *err)
{
    const submission *s = context;
    json_t *root = json_pack("{s:s, s:s}", "sqlText", s->statement->sql, "requestId", s->request_id);
    char *body = root ? json_dumps(root, JSON_COMPACT) : NULL;
    if (!body)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for a statement");
    json_decref(root);
    return body;
}

/* Nobody waits for it any longer. */
static void abort_statement(const submission *s)
{
    rfm_error err = {0};
    rfm_reply reply = {0};
    char request_id[RFM_UUID_BYTES];
    rfm_session_wind_up(s->session);
    if (rfm_uuid_make(request_id, &err) != RFM_OK)
        return;
    const rfm_call call = {.what = "abort",
                           .method = "POST",
                           .path = "/queries/v1/abort-request",
                           .request_id = request_id,
                           .token = rfm_session_token(s->session),
                           .once = true,
                           .quiet_s = ABORT_S,
                           .make_body = print_abort,
                           .context = s};
    if (rfm_call_send(rfm_session_http(s->session), rfm_session_base(s->session), &call, &reply, &err) != RFM_OK)
        rfm_log(RFM_LOG_WARN, "the running statement could not be ended: %s", err.message);
    rfm_reply_free(&reply);
}

/* The statement, or a look at one that runs (path). */
static rfm_status ask(const submission *s, const char *path, rfm_reply *reply, rfm_error *err)
{
    const bool winds_up = rfm_http_winds_up(rfm_session_http(s->session));
    const rfm_call call = {.what = "statement",
                           .method = path ? "GET" : "POST",
                           .path = path ? path : "/queries/v1/query-request",
                           .request_id = path ? NULL : s->request_id,
                           .token = rfm_session_token(s->session),
                           .accept = s->statement->is_transfer ? "application/json" : NULL,
                           .counts = !path,
                           .quiet_s = winds_up ? WIND_UP_S : RFM_SESSION_POLL_S,
                           .make_body = path ? NULL : print_statement,
                           .context = s};
    return rfm_call_send(rfm_session_http(s->session), rfm_session_base(s->session), &call, reply, err);
}

static bool runs_still(const rfm_reply *reply)
{
    return strcmp(reply->code, "333333") == 0 || strcmp(reply->code, "333334") == 0;
}

/* A path of the same server, and nothing else. */
static rfm_status take_path(const rfm_reply *reply, char **path, rfm_error *err)
{
    const char *given = rfm_reply_text(reply, "getResultUrl");
    if (!given && *path)
        return RFM_OK;
    if (!given || *given != '/')
        return rfm_fail(err, RFM_UNAVAILABLE, "a statement that still runs, and no path to ask for its result");
    free(*path);
    *path = rfm_copy_string(given, err);
    return err->status;
}

/* In a session opened anew the statement is another one: it is sent again. */
static rfm_status restore(submission *s, const rfm_reply *reply, char **path, rfm_error *err)
{
    bool anew;
    if (rfm_session_restore(s->session, reply, &anew, err) != RFM_OK || !anew)
        return err->status;
    free(*path);
    *path = NULL;
    return rfm_uuid_make(s->request_id, err);
}

/* Ask until there is an answer for good. */
static rfm_status see_through(submission *s, rfm_reply *reply, rfm_error *err)
{
    enum { RESTORES_MOST = 3 };
    char *path = NULL;
    double wait_s = 0;
    int n_restored = 0; /* one after the other */
    while (ask(s, path, reply, err) == RFM_OK) {
        if (rfm_session_is_over(reply)) {
            if (n_restored++ == RESTORES_MOST)
                rfm_fail(err, RFM_DENIED, "the server ends each session at once (code %s)", reply->code);
            else
                restore(s, reply, &path, err);
        } else if (runs_still(reply)) {
            /* The server itself waits for most of a minute; one that does not is not asked all the time. */
            n_restored = 0;
            take_path(reply, &path, err);
            if (err->status == RFM_OK && rfm_clock_s() - reply->began_s < 1)
                rfm_http_pause(rfm_session_http(s->session), wait_s, err);
            wait_s = wait_s < 5 ? wait_s + 0.2 : 5;
        } else {
            break;
        }
        if (err->status != RFM_OK)
            break;
        rfm_reply_free(reply);
    }
    if (err->status == RFM_STOPPED && rfm_http_stopped(rfm_session_http(s->session)))
        abort_statement(s);
    free(path);
    return err->status;
}

/* ---- results ---------------------------------------------------------------------------------------------------- */

static void copy_text(const json_t *value, char *text, size_t room)
{
    const char *given = json_string_value(value);
    snprintf(text, room, "%s", given ? given : "");
}

/* In one line: the server's message has several. */
static void copy_message(const char *message, char *text, size_t room)
{
    snprintf(text, room, "%s", message);
    for (char *c = strchr(text, '\n'); c; c = strchr(c, '\n'))
        *c = ' ';
}

/* Cells are texts, all of them; a server that writes numbers and truths as JSON has them means the same. NULL when
 * memory is out, or where it is text, or null. */
static json_t *as_text(const json_t *cell)
{
    if (json_is_integer(cell))
        return json_sprintf("%lld", (long long)json_integer_value(cell));
    if (json_is_real(cell))
        return json_sprintf("%.17g", json_real_value(cell));
    return json_is_boolean(cell) ? json_string(json_is_true(cell) ? "1" : "0") : NULL;
}

static void make_texts(json_t *rows)
{
    for (size_t row = 0; row < json_array_size(rows); row++) {
        json_t *cells = json_array_get(rows, row);
        for (size_t column = 0; column < json_array_size(cells); column++) {
            json_t *text = as_text(json_array_get(cells, column));
            if (text)
                json_array_set_new(cells, column, text);
        }
    }
}

static void read_result(rfm_reply *reply, rfm_result *result)
{
    const json_t *data = rfm_reply_data(reply), *rows = json_object_get(data, "rowset");
    const char *format = json_string_value(json_object_get(data, "queryResultFormat"));
    make_texts(json_object_get(json_object_get(reply->root, "data"), "rowset"));
    result->n_rows = json_array_size(rows);
    result->is_arrow = (format && strcmp(format, "arrow") == 0) || json_object_get(data, "rowsetBase64");
    copy_text(json_object_get(data, "queryId"), result->query_id, sizeof result->query_id);
    if (!reply->success) {
        snprintf(result->code, sizeof result->code, "%s", *reply->code ? reply->code : "000000");
        copy_message(rfm_reply_message(reply), result->message, sizeof result->message);
    }
    result->root = reply->root;
    reply->root = NULL;
}

static rfm_status fail_statement(const rfm_statement *statement, const rfm_result *result, rfm_error *err)
{
    const bool denied = strcmp(result->code, "003001") == 0 || strstr(result->message, "Insufficient privileges");
    int shown = (int)strcspn(statement->sql, "(\n");
    while (shown > 0 && statement->sql[shown - 1] == ' ')
        shown--;
    return rfm_fail(err, denied ? RFM_DENIED : RFM_UNAVAILABLE, "%.*s: %s (code %s, query %s)",
                    shown < 100 ? shown : 100, statement->sql, result->message, result->code,
                    *result->query_id ? result->query_id : "unknown");
}

rfm_status rfm_session_run(rfm_session *session, const rfm_statement *statement, rfm_result *result, rfm_error *err)
{
    submission s = {.session = session, .statement = statement};
    rfm_reply reply = {0};
    const double began = rfm_clock_s();
    *result = (rfm_result){0};
    if (statement->request_id)
        snprintf(s.request_id, sizeof s.request_id, "%s", statement->request_id);
    else
        rfm_uuid_make(s.request_id, err);
    if (err->status == RFM_OK && see_through(&s, &reply, err) == RFM_OK) {
        read_result(&reply, result);
        rfm_log(RFM_LOG_DEBUG, "%s -> %s in %.2f s, query %s", statement->sql, *result->code ? result->code : "done",
                rfm_clock_s() - began, *result->query_id ? result->query_id : "unknown");
        if (*result->code && !statement->may_fail)
            fail_statement(statement, result, err);
    }
    rfm_reply_free(&reply);
    if (err->status != RFM_OK)
        rfm_result_free(result);
    return err->status;
}

rfm_status rfm_session_do(rfm_session *session, const char *sql, rfm_error *err)
{
    rfm_result result;
    rfm_session_run(session, &(rfm_statement){.sql = sql}, &result, err);
    rfm_result_free(&result);
    return err->status;
}

void rfm_result_free(rfm_result *result)
{
    json_decref(result->root);
    result->root = NULL;
    result->n_rows = 0;
}

const json_t *rfm_result_data(const rfm_result *result)
{
    return json_object_get(result->root, "data");
}

int rfm_result_column(const rfm_result *result, const char *name)
{
    const json_t *types = json_object_get(rfm_result_data(result), "rowtype");
    for (size_t i = 0; i < json_array_size(types); i++) {
        const char *own = json_string_value(json_object_get(json_array_get(types, i), "name"));
        if (own && strcasecmp(own, name) == 0)
            return (int)i;
    }
    return -1;
}

const char *rfm_result_cell(const rfm_result *result, size_t row, int column)
{
    const json_t *rows = json_object_get(rfm_result_data(result), "rowset");
    return column < 0 ? NULL : json_string_value(json_array_get(json_array_get(rows, row), (size_t)column));
}

int64_t rfm_result_count(const rfm_result *result, size_t row, int column)
{
    const char *text = rfm_result_cell(result, row, column);
    int64_t value = -1;
    return text && rfm_integer_parse(text, strlen(text), &value) == RFM_PARSE_OK ? value : -1;
}

rfm_status rfm_result_need_rows(const rfm_result *result, rfm_error *err)
{
    if (result->is_arrow)
        return rfm_fail(err, RFM_UNAVAILABLE, "the server answers in Arrow, which is not read here (query %s)",
                        result->query_id);
    if (json_array_size(json_object_get(rfm_result_data(result), "chunks")) > 0)
        return rfm_fail(err, RFM_UNAVAILABLE, "the server answers in pieces, which are not fetched (query %s)",
                        result->query_id);
    return RFM_OK;
}
