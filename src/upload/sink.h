/* sink: where results go. One function a sink; the table is in upload.c. Private to upload. */
#ifndef RFM_UPLOAD_SINK_H
#define RFM_UPLOAD_SINK_H

#include "rfmpi/upload.h"

/* snowflake.c, snowflake_check.c */
rfm_status rfm_snowflake_run(const rfm_upload_options *options, const char *run_dir, rfm_upload_outcome *outcome,
                             rfm_error *err);
rfm_status rfm_snowflake_check(const rfm_upload_options *options, rfm_text *text, rfm_error *err);

/* folder_sink.c */
rfm_status rfm_folder_sink_run(const rfm_upload_options *options, const char *run_dir, rfm_upload_outcome *outcome,
                               rfm_error *err);
rfm_status rfm_folder_sink_check(const rfm_upload_options *options, rfm_text *text, rfm_error *err);

#endif
