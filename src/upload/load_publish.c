/* load_publish: the one act after which the target has the rows of the table aside. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

rfm_status rfm_load_run(rfm_load *load, const rfm_text *sql, bool may_fail, rfm_result *result, rfm_error *err)
{
    *result = (rfm_result){0};
    if (rfm_text_check(sql, err) != RFM_OK)
        return err->status;
    return rfm_session_run(load->session, &(rfm_statement){.sql = sql->bytes, .may_fail = may_fail}, result, err);
}

/* *swapped: whether the warehouse did it. It wants OWNERSHIP of both, and refuses for some kinds of tables. */
static rfm_status swap(rfm_load *load, bool *swapped, char query_id[64], rfm_error *err)
{
    rfm_text sql = {0};
    rfm_result result = {0};
    rfm_text_addf(&sql, "ALTER TABLE %s SWAP WITH %s", load->table.sql, load->aside.sql);
    if (rfm_load_run(load, &sql, true, &result, err) == RFM_OK) {
        *swapped = !*result.code;
        snprintf(query_id, 64, "%s", result.query_id);
        if (!*swapped)
            rfm_log(RFM_LOG_INFO, "SWAP is refused (%s): the rows are written over instead", result.message);
    }
    rfm_result_free(&result);
    rfm_text_free(&sql);
    return err->status;
}

/* ---- rows from aside into the table ----------------------------------------------------------------------------- */

int64_t rfm_load_count(const rfm_result *result, const char *stat, const char *name)
{
    const json_t *stats = json_object_get(json_object_get(rfm_result_data(result), "stats"), stat);
    if (json_is_integer(stats))
        return json_integer_value(stats);
    const int column = rfm_result_column(result, name);
    return result->n_rows > 0 ? rfm_result_count(result, 0, column < 0 ? 0 : column) : -1;
}

rfm_status rfm_load_insert(rfm_load *load, const char *verb, bool none_is_fine, int64_t *n_rows, char query_id[64],
                           rfm_error *err)
{
    *n_rows = -1;
    rfm_text sql = {0}, columns = {0};
    rfm_result result = {0};
    rfm_load_add_columns(load, "", &columns);
    if (rfm_text_check(&columns, err) == RFM_OK)
        rfm_text_addf(&sql, "%s %s (%s) SELECT %s FROM %s", verb, load->table.sql, columns.bytes, columns.bytes,
                      load->aside.sql);
    if (rfm_load_run(load, &sql, false, &result, err) == RFM_OK) {
        *n_rows = rfm_load_count(&result, "numRowsInserted", "number of rows inserted");
        snprintf(query_id, 64, "%s", result.query_id);
        if (*n_rows >= 0 && *n_rows != load->manifest->n_rows && !(none_is_fine && *n_rows == 0))
            rfm_fail(err, RFM_UNAVAILABLE, "%s has put %lld rows into %s, not %lld (query %s)", verb,
                     (long long)*n_rows, load->table.sql, (long long)load->manifest->n_rows, query_id);
    }
    rfm_result_free(&result);
    rfm_text_free(&sql);
    rfm_text_free(&columns);
    return err->status;
}

rfm_status rfm_load_transact(rfm_load *load, rfm_status (*work)(rfm_load *, char[64], rfm_error *), char query_id[64],
                             rfm_error *err)
{
    rfm_error other = {0};
    load->is_in_transaction = rfm_session_do(load->session, "BEGIN", err) == RFM_OK;
    if (load->is_in_transaction && work(load, query_id, err) == RFM_OK)
        rfm_session_do(load->session, "COMMIT", err);
    if (err->status == RFM_OK || rfm_session_is_lost(load->session)) { /* and the transaction with it */
        load->is_in_transaction = false;
    } else if (load->is_in_transaction) {
        rfm_session_wind_up(load->session);
        load->is_in_transaction = rfm_session_do(load->session, "ROLLBACK", &other) != RFM_OK;
    }
    return err->status;
}

rfm_status rfm_load_in_session(rfm_load *load, rfm_status (*work)(rfm_load *, char[64], rfm_error *), char query_id[64],
                               rfm_error *err)
{
    enum { LOST_MOST = 3 };
    rfm_error other = {0};
    for (int n_lost = 0;; n_lost++) {
        rfm_session_hold(load->session);
        work(load, query_id, err);
        if (!rfm_session_is_lost(load->session) || n_lost == LOST_MOST)
            break;
        rfm_log(RFM_LOG_INFO, "the session has ended on the way: once more in another");
        *err = (rfm_error){0};
        if (rfm_session_let_go(load->session, err) != RFM_OK)
            return err->status;
    }
    rfm_session_let_go(load->session, &other); /* at the latest what is done next says what is wrong with it */
    return err->status;
}

/* ---- modes that write over -------------------------------------------------------------------------------------- */

static rfm_status insert_over(rfm_load *load, char query_id[64], rfm_error *err)
{
    int64_t n_rows;
    return rfm_load_insert(load, "INSERT OVERWRITE INTO", false, &n_rows, query_id, err);
}

static rfm_status overwrite(rfm_load *load, char query_id[64], rfm_error *err)
{
    if (rfm_load_fill_aside(load, false, err) != RFM_OK)
        return err->status;
    return rfm_load_transact(load, insert_over, query_id, err);
}

static rfm_status replace(rfm_load *load, char query_id[64], rfm_error *err)
{
    bool swapped = false;
    if (!load->is_known || load->is_short) /* COPY takes all columns of the parts, or none */
        return overwrite(load, query_id, err);
    if (rfm_load_fill_aside(load, true, err) != RFM_OK || swap(load, &swapped, query_id, err) != RFM_OK)
        return err->status;
    return swapped ? RFM_OK : rfm_load_transact(load, insert_over, query_id, err);
}

/* ---- all modes -------------------------------------------------------------------------------------------------- */

#define EXTRAS(list) (list), sizeof(list) / sizeof *(list)

static const rfm_load_mode MODES[] = {
    {"replace", NULL, 0, replace},
    {"overwrite", NULL, 0, overwrite},
    {"append", NULL, 0, rfm_load_append},
    {"merge", EXTRAS(rfm_merge_extras), rfm_load_merge},
    {"history", EXTRAS(rfm_history_extras), rfm_load_history},
};

/* The option table has no other names. */
const rfm_load_mode *rfm_load_mode_find(const char *name)
{
    const size_t n = sizeof MODES / sizeof *MODES;
    size_t i = 0;
    while (i < n && strcmp(MODES[i].name, name) != 0)
        i++;
    rfm_assert(i < n);
    return &MODES[i];
}

rfm_status rfm_load_publish(rfm_load *load, char query_id[64], rfm_error *err)
{
    return rfm_load_in_session(load, load->mode->publish, query_id, err);
}
