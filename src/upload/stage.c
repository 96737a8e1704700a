/* stage: made, listed, emptied. */
#include "stage.h"

rfm_status rfm_stage_create(rfm_session *session, const char *sql, rfm_error *err)
{
    rfm_text create = {0};
    rfm_text_addf(&create,
                  "CREATE STAGE IF NOT EXISTS %s ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE') COMMENT = 'files on their way, "
                  "by rfmpi'",
                  sql);
    if (rfm_text_check(&create, err) == RFM_OK)
        rfm_session_do(session, create.bytes, err);
    rfm_text_free(&create);
    return err->status;
}

/* "LIST @..." */
static rfm_status run(rfm_session *session, const char *verb, const char *prefix, bool may_fail, rfm_result *result,
                      rfm_error *err)
{
    rfm_text sql = {0};
    *result = (rfm_result){0};
    rfm_text_addf(&sql, "%s %s", verb, prefix);
    if (rfm_text_check(&sql, err) == RFM_OK)
        rfm_session_run(session, &(rfm_statement){.sql = sql.bytes, .may_fail = may_fail}, result, err);
    rfm_text_free(&sql);
    return err->status;
}

rfm_status rfm_stage_list(rfm_session *session, const char *prefix, bool may_fail, rfm_result *found, rfm_error *err)
{
    return run(session, "LIST", prefix, may_fail, found, err);
}

rfm_status rfm_stage_clear(rfm_session *session, const char *prefix, rfm_error *err)
{
    rfm_result result;
    if (run(session, "REMOVE", prefix, true, &result, err) == RFM_OK && *result.code)
        rfm_log(RFM_LOG_WARN, "the files in %s stay there: %s", prefix, result.message);
    rfm_result_free(&result);
    return err->status;
}
