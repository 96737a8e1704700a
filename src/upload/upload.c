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

/* The option table has no other names. */
static const struct sink *find_sink(const char *name)
{
    const size_t n = sizeof SINKS / sizeof *SINKS;
    size_t i = 0;
    while (i < n && strcmp(SINKS[i].name, name) != 0)
        i++;
    rfm_assert(i < n);
    return &SINKS[i];
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
