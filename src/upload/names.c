/* names: what tables and stages are called in full. */
#include "load.h"
#include "rfmpi/sql.h"

#include <stdlib.h>
#include <string.h>

static rfm_status complete(char **part, const char *found, const char *kind, const char *what, rfm_error *err)
{
    if (*part)
        return RFM_OK;
    if (!found)
        return rfm_fail(
            err, RFM_USAGE,
            "%s names no %s, and the login has none: name it, or set SNOWFLAKE_%s to one that the role may use", what,
            kind, strcmp(kind, "schema") == 0 ? "SCHEMA" : "DATABASE");
    *part = rfm_copy_string(found, err);
    return err->status;
}

rfm_status rfm_sql_name_make(const char *given, const char *what, const rfm_session *session, rfm_sql_name *name,
                             rfm_error *err)
{
    char *parts[3] = {NULL};
    size_t n;
    *name = (rfm_sql_name){0};
    if (rfm_sql_split_name(given, what, parts, &n, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < n; i++) /* the last is the name itself */
        name->parts[3 - n + i] = parts[i];
    if (complete(&name->parts[0], rfm_session_database(session), "database", what, err) != RFM_OK ||
        complete(&name->parts[1], rfm_session_schema(session), "schema", what, err) != RFM_OK)
        return err->status;
    return rfm_sql_name_join(name, err);
}

rfm_status rfm_sql_name_join(rfm_sql_name *name, rfm_error *err)
{
    rfm_text sql = {0};
    for (int i = 0; i < 3; i++) {
        rfm_text_adds(&sql, i > 0 ? "." : "");
        rfm_sql_add_name(&sql, name->parts[i]);
    }
    name->sql = sql.bytes;
    return rfm_text_check(&sql, err);
}

void rfm_sql_name_free(rfm_sql_name *name)
{
    for (int i = 0; i < 3; i++)
        free(name->parts[i]);
    free(name->sql);
    *name = (rfm_sql_name){0};
}

rfm_status rfm_stage_name_make(const char *given, const rfm_sql_name *table, const rfm_session *session,
                               rfm_sql_name *stage, rfm_error *err)
{
    rfm_text own = {0};
    for (int i = 0; i < 2; i++) {
        rfm_sql_add_name(&own, table->parts[i]);
        rfm_text_adds(&own, ".");
    }
    rfm_text_adds(&own, "RFMPI_STAGE");
    if (rfm_text_check(&own, err) == RFM_OK)
        rfm_sql_name_make(given ? given : own.bytes, "store.stage", session, stage, err);
    rfm_text_free(&own);
    return err->status;
}
