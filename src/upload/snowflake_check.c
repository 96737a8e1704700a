/* snowflake_check: what a store would find: login, names, table, stage, privileges. Writes nothing. */
#include "connection.h"
#include "load.h"
#include "rfmpi/sql.h"
#include "sink.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* "yes", or what the server says instead. */
static rfm_status tell_object(rfm_session *session, const char *what, const char *command, const rfm_sql_name *name,
                              rfm_text *text, rfm_error *err)
{
    rfm_text sql = {0};
    rfm_result found = {0};
    rfm_text_addf(&sql, "%s %s", command, name->sql);
    if (rfm_text_check(&sql, err) == RFM_OK &&
        rfm_session_run(session, &(rfm_statement){.sql = sql.bytes, .may_fail = true}, &found, err) == RFM_OK)
        rfm_text_addf(text, "%-10s %s: %s\n", what, name->sql, *found.code ? found.message : "is there");
    rfm_result_free(&found);
    rfm_text_free(&sql);
    return err->status;
}

/* One line an object that the role has privileges on, of those that a store needs some. */
static void tell_grants(const rfm_result *grants, const rfm_sql_name *table, const char *warehouse, rfm_text *text)
{
    const struct {
        const char *kind, *name;
    } objects[] = {{"DATABASE", table->parts[0]},
                   {"SCHEMA", table->parts[1]},
                   {"TABLE", table->parts[2]},
                   {"STAGE", "RFMPI_STAGE"},
                   {"WAREHOUSE", warehouse}};
    const int privileges = rfm_result_column(grants, "privilege"), kinds = rfm_result_column(grants, "granted_on");
    const int names = rfm_result_column(grants, "name");
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        rfm_text found = {0};
        for (size_t row = 0; objects[i].name && row < grants->n_rows; row++) {
            const char *kind = rfm_result_cell(grants, row, kinds), *name = rfm_result_cell(grants, row, names);
            const char *privilege = rfm_result_cell(grants, row, privileges);
            const char *point = name ? strrchr(name, '.') : NULL, *last = point ? point + 1 : name;
            if (kind && name && privilege && strcasecmp(kind, objects[i].kind) == 0 &&
                strcasecmp(last, objects[i].name) == 0)
                rfm_text_addf(&found, "%s%s", found.length > 0 ? ", " : "", privilege);
        }
        rfm_text_addf(text, "privileges on the %s: %s\n", objects[i].kind,
                      found.length > 0 ? found.bytes : "none of the role's own");
        rfm_text_free(&found);
    }
}

static rfm_status tell_privileges(rfm_session *session, const rfm_sql_name *table, rfm_text *text, rfm_error *err)
{
    rfm_text sql = {0};
    rfm_result grants = {0};
    if (!rfm_session_role(session)) {
        rfm_text_adds(text, "privileges: no role, so none\n");
        return err->status;
    }
    rfm_text_adds(&sql, "SHOW GRANTS TO ROLE ");
    rfm_sql_add_name(&sql, rfm_session_role(session));
    if (rfm_text_check(&sql, err) == RFM_OK &&
        rfm_session_run(session, &(rfm_statement){.sql = sql.bytes, .may_fail = true}, &grants, err) == RFM_OK) {
        if (*grants.code || grants.is_arrow)
            rfm_text_addf(text, "privileges: cannot be listed: %s\n",
                          *grants.code ? grants.message : "answer in Arrow");
        else
            tell_grants(&grants, table, rfm_session_warehouse(session), text);
    }
    rfm_result_free(&grants);
    rfm_text_free(&sql);
    return err->status;
}

static void tell_login(const rfm_connection *c, rfm_text *text)
{
    const char *const lines[][2] = {{"account", c->account.name},
                                    {"server", c->account.base},
                                    {"user", rfm_account_text(&c->account, RFM_USER)},
                                    {"role", rfm_session_role(c->session)},
                                    {"warehouse", rfm_session_warehouse(c->session)},
                                    {"database", rfm_session_database(c->session)},
                                    {"schema", rfm_session_schema(c->session)}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        rfm_text_addf(text, "%-10s %s\n", lines[i][0], lines[i][1] ? lines[i][1] : "none, or not told");
}

static rfm_status tell_objects(const rfm_upload_options *options, rfm_session *session, rfm_text *text, rfm_error *err)
{
    rfm_sql_name table = {0}, stage = {0};
    if (!options->table) {
        rfm_text_adds(text, "table      store.table names none\n");
        return rfm_text_check(text, err);
    }
    if (rfm_sql_name_make(options->table, "store.table", session, &table, err) == RFM_OK &&
        rfm_stage_name_make(options->stage, &table, session, &stage, err) == RFM_OK &&
        tell_object(session, "table", "DESCRIBE TABLE", &table, text, err) == RFM_OK &&
        tell_object(session, "stage", "DESCRIBE STAGE", &stage, text, err) == RFM_OK)
        tell_privileges(session, &table, text, err);
    rfm_sql_name_free(&table);
    rfm_sql_name_free(&stage);
    return err->status;
}

rfm_status rfm_snowflake_check(const rfm_upload_options *options, rfm_text *text, rfm_error *err)
{
    rfm_connection c = {0};
    if (rfm_connection_open(options, "rfmpi check", &c, err) == RFM_OK) {
        tell_login(&c, text);
        tell_objects(options, c.session, text, err);
    }
    rfm_connection_close(&c);
    return err->status == RFM_OK ? rfm_text_check(text, err) : err->status;
}
