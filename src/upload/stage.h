/* stage: what is said of a stage itself, for parts that go there and for rows that come from there. Local. */
#ifndef RFM_UPLOAD_STAGE_H
#define RFM_UPLOAD_STAGE_H

#include "session.h"

/* One whose files the service encrypts, where there is none. sql: its name in full. */
rfm_status rfm_stage_create(rfm_session *session, const char *sql, rfm_error *err);

/* What lies below a prefix (@"DB"."SC"."STAGE"/id/). may_fail: see rfm_statement. */
rfm_status rfm_stage_list(rfm_session *session, const char *prefix, bool may_fail, rfm_result *found, rfm_error *err);

/* Remove it; what the server does not remove stays, with a warning. */
rfm_status rfm_stage_clear(rfm_session *session, const char *prefix, rfm_error *err);

#endif
