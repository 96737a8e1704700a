/* session: a login that lasts as long as it is needed, and the statements run in it. Knows the protocol that
 * Snowflake's drivers speak; knows nothing of what the statements do. Local.
 *
 * An expired session is renewed, or opened anew, and the request repeated; within a session a statement keeps its
 * request id over all attempts, so that one whose answer was lost is not run twice. A request to stop ends the running
 * statement on the server, too.
 */
#ifndef RFM_UPLOAD_SESSION_H
#define RFM_UPLOAD_SESSION_H

#include "account.h"
#include "call.h"
#include "crypto.h"

typedef struct rfm_session rfm_session;

/* account and http are borrowed. tag: what the server's history shows of each statement (QUERY_TAG). */
rfm_status rfm_session_open(rfm_http *http, const rfm_account *account, const char *tag, rfm_session **session,
                            rfm_error *err);

/* Logs out, whatever has happened; NULL is fine. */
void rfm_session_close(rfm_session *session);

/* What the login found; NULL where the server knows none of that name, or none was given. Borrowed. */
const char *rfm_session_database(const rfm_session *session);
const char *rfm_session_schema(const rfm_session *session);
const char *rfm_session_warehouse(const rfm_session *session);
const char *rfm_session_role(const rfm_session *session);

/* The server says that there is no warehouse to compute with. */
bool rfm_session_lacks_warehouse(const rfm_session *session);

/* Now and then while no statement runs: keeps the session from being closed. */
rfm_status rfm_session_keep_alive(rfm_session *session, rfm_error *err);

/* While it is held, a session is not opened anew: a transaction would be gone, and what had been sent already might run
 * twice. Statements fail then with RFM_STOPPED, and it is lost until it is let go, which opens it anew. */
void rfm_session_hold(rfm_session *session);
bool rfm_session_is_lost(const rfm_session *session);
rfm_status rfm_session_let_go(rfm_session *session, rfm_error *err);

/* ---- statements (statement.c) ----------------------------------------------------------------------------------- */

typedef struct rfm_statement {
    const char *sql;
    const char *request_id; /* NULL: a new one */
    bool is_transfer;       /* PUT or GET */
    bool may_fail;          /* a refusal is told by result->code alone */
} rfm_statement;

typedef struct rfm_result {
    json_t *root;
    char code[16];     /* "" when it went well */
    char query_id[64]; /* "" when unknown */
    char message[400]; /* of a refusal */
    bool is_arrow;     /* rows in a form that is not read here */
    size_t n_rows;
} rfm_result;

/* RFM_UNAVAILABLE with the server's message and query id where it refuses (RFM_DENIED: for want of a privilege). */
rfm_status rfm_session_run(rfm_session *session, const rfm_statement *statement, rfm_result *result, rfm_error *err);

/* The same of plain SQL whose result does not matter. */
rfm_status rfm_session_do(rfm_session *session, const char *sql, rfm_error *err);

void rfm_result_free(rfm_result *result);
const json_t *rfm_result_data(const rfm_result *result);

/* The column of that name, in any case of letters; -1: none. */
int rfm_result_column(const rfm_result *result, const char *name);

/* A cell as text; NULL for NULL, and for a column of -1. Borrowed. */
const char *rfm_result_cell(const rfm_result *result, size_t row, int column);

/* A cell as a count; -1 for what is none. */
int64_t rfm_result_count(const rfm_result *result, size_t row, int column);

/* RFM_UNAVAILABLE that says why the rows cannot be read, where that is so. */
rfm_status rfm_result_need_rows(const rfm_result *result, rfm_error *err);

/* What follows is done for order's sake alone, after a failure: requests to stop are heard no more, and what fails is
 * not tried again. */
void rfm_session_wind_up(rfm_session *session);

/* ---- for statement.c -------------------------------------------------------------------------------------------- */

enum { RFM_SESSION_POLL_S = 120 };

rfm_http *rfm_session_http(const rfm_session *session);
const char *rfm_session_base(const rfm_session *session);
const rfm_secret *rfm_session_token(const rfm_session *session);

/* Whether an answer says that the session's token is no longer good; then it is made good again. *anew: by another
 * session, which knows nothing of the requests of this one. */
bool rfm_session_is_over(const rfm_reply *reply);
rfm_status rfm_session_restore(rfm_session *session, const rfm_reply *reply, bool *anew, rfm_error *err);

#endif
