/* What the warehouse answers, from a login to the columns of a result: whatever comes, it is a result or a failure with
 * a reason, and it ends.
 *
 * Answers with NUL between them, each with a byte in front that chooses its status. The network (rfm_http_send and
 * rfm_http_pause, by -Wl,--wrap) says what the input says, and is away when that is used up.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "session.h"

/* ---- the network ------------------------------------------------------------------------------------------------ */

static fuzz_input left;
static int n_requests;

rfm_status __wrap_rfm_http_send(rfm_http *http, const rfm_http_request *request, rfm_http_answer *answer,
                                rfm_error *err);
rfm_status __wrap_rfm_http_pause(rfm_http *http, double seconds, rfm_error *err);

rfm_status __wrap_rfm_http_send(rfm_http *http, const rfm_http_request *request, rfm_http_answer *answer,
                                rfm_error *err)
{
    static const long statuses[] = {200, 0, 401, 403, 404, 408, 429, 500, 503};
    enum { N = sizeof statuses / sizeof *statuses };
    (void)http;
    *answer = (rfm_http_answer){0};
    must(strncmp(request->url, "https://", 8) == 0 && ++n_requests < 100000);
    if (left.n == 0)
        return rfm_fail(err, RFM_STOPPED, "the network is away");
    const unsigned char chosen = (unsigned char)*left.bytes;
    const char *end = memchr(left.bytes, '\0', left.n);
    const size_t n = end ? (size_t)(end - left.bytes) : left.n;
    answer->status = chosen < N ? statuses[chosen] : 200; /* most begin with the answer itself */
    snprintf(answer->problem, sizeof answer->problem, "reset");
    const size_t skipped = n > 0 && chosen < N;
    rfm_text_add(&answer->body, left.bytes + skipped, n - skipped);
    left.bytes += n + (end != NULL);
    left.n -= n + (end != NULL);
    return RFM_OK;
}

rfm_status __wrap_rfm_http_pause(rfm_http *http, double seconds, rfm_error *err)
{
    (void)http;
    must(seconds >= 0);
    return err->status;
}

/* ---- what is read ----------------------------------------------------------------------------------------------- */

static void must_say_why(const rfm_error *err)
{
    must(err->status == RFM_OK || err->status == RFM_DENIED || err->status == RFM_UNAVAILABLE ||
         err->status == RFM_STOPPED);
    must((err->status == RFM_OK) == (err->message[0] == '\0'));
}

static void check_cells(const rfm_result *result, const char *name)
{
    const int column = rfm_result_column(result, name);
    must(column >= -1);
    for (size_t row = 0; row < result->n_rows + 1; row++) {
        const char *cell = rfm_result_cell(result, row, column);
        const int64_t count = rfm_result_count(result, row, column);
        must(column >= 0 || !cell);
        must(cell || count == -1);
        must(row < result->n_rows || !cell);
    }
}

static void check_result(const rfm_result *result)
{
    static const char *const names[] = {"name", "file", "status", "rows_loaded", "null?", "number of rows inserted",
                                        ""};
    rfm_error err = {0};
    must(memchr(result->code, '\0', sizeof result->code) && memchr(result->message, '\0', sizeof result->message) &&
         memchr(result->query_id, '\0', sizeof result->query_id));
    must((*result->code == '\0') == (*result->message == '\0'));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_cells(result, names[i]);
    rfm_result_need_rows(result, &err);
    must_say_why(&err);
    must(!result->is_arrow || err.status == RFM_UNAVAILABLE);
}

static void run(rfm_session *session, const rfm_statement *statement)
{
    rfm_error err = {0};
    rfm_result result;
    rfm_session_run(session, statement, &result, &err);
    must_say_why(&err);
    if (err.status == RFM_OK) {
        must(statement->may_fail || *result.code == '\0');
        check_result(&result);
    }
    rfm_result_free(&result);
}

/* ---- an account ------------------------------------------------------------------------------------------------- */

static void make_account(rfm_account *account)
{
    rfm_error err = {0};
    *account = (rfm_account){.login = RFM_LOGIN_PASSWORD};
    rfm_account_set(account, RFM_USER, "loader", "fuzz", &err);
    rfm_account_set(account, RFM_PASSWORD, "a password", "fuzz", &err);
    account->base = rfm_copy_string("https://h", &err);
    account->name = rfm_copy_string("ACCOUNT", &err);
    must(err.status == RFM_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rfm_error err = {0};
    rfm_account account;
    rfm_http *http = NULL;
    rfm_session *session = NULL;
    left = (fuzz_input){.bytes = (const char *)bytes, .n = n};
    n_requests = 0;
    make_account(&account);
    must(rfm_http_open(&(rfm_http_options){.retry_s = 3600}, &http, &err) == RFM_OK);
    rfm_session_open(http, &account, "tag", &session, &err);
    must_say_why(&err);
    if (err.status == RFM_OK) {
        run(session, &(rfm_statement){.sql = "DESCRIBE TABLE \"T\"", .may_fail = true});
        run(session, &(rfm_statement){.sql = "PUT 'file:///x' @S", .is_transfer = true});
        run(session, &(rfm_statement){.sql = "COPY INTO T", .request_id = "00000000-0000-4000-8000-000000000000"});
        rfm_session_keep_alive(session, &err);
        must_say_why(&err);
    }
    rfm_session_close(session);
    rfm_http_close(http);
    rfm_account_free(&account);
    return 0;
}
