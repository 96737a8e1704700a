/* upload: the table of sinks, and the way into it. */
#include "rfmpi/upload.h"

#include "account.h"
#include "sink.h"

#include <string.h>

static const struct sink {
    const char *name;
    rfm_status (*run)(const rfm_upload_options *options, const char *run_dir, rfm_upload_outcome *outcome,
                      rfm_error *err);
    rfm_status (*check)(const rfm_upload_options *options, rfm_text *text, rfm_error *err);
} SINKS[] = {
    {"files", rfm_folder_sink_run, rfm_folder_sink_check},
    {"snowflake", rfm_snowflake_run, rfm_snowflake_check},
};

static const struct sink *find_sink(const char *name)
{
    for (size_t i = 0; i < sizeof SINKS / sizeof *SINKS; i++)
        if (strcmp(SINKS[i].name, name) == 0)
            return &SINKS[i];
    rfm_assert(!"a sink of the option table");
    return NULL;
}

rfm_status rfm_upload_run(const rfm_upload_options *options, const char *run_dir, rfm_upload_outcome *outcome,
                          rfm_error *err)
{
    *outcome = (rfm_upload_outcome){0};
    return find_sink(options->to)->run(options, run_dir, outcome, err);
}

rfm_status rfm_upload_check(const rfm_upload_options *options, rfm_text *text, rfm_error *err)
{
    return find_sink(options->to)->check(options, text, err);
}

void rfm_upload_forget(void)
{
    rfm_account_forget_environment();
}
