/* The page for people at the end of a batch: report.html. Rank 0 alone makes it, from files that are finished. */
#include "batch.h"

#include "rfmpi/report.h"

#include <unistd.h>

/* Rank 0. A page of what is there no more would tell a lie. */
static rfm_status leave(const rfm_batch *batch, bool changed, rfm_error *err)
{
    const rfm_page_options options = {rfm_config_string(batch->config, "report.language"),
                                      rfm_config_string(batch->config, "report.title")};
    const char *dir = rfm_run_dir(batch->run);
    char *path = rfm_folder_path(dir, RFM_REPORT, err);
    const bool wanted = rfm_config_boolean(batch->config, "report.write") && batch->job.task != RFM_TASK_PREPARE;
    if (path && wanted && (changed || access(path, F_OK) != 0))
        rfm_page_write(dir, &options, path, err);
    else if (path && !wanted && changed)
        rfm_folder_remove(path, err);
    free(path);
    return err->status;
}

rfm_status page_leave(rfm_batch *batch, bool changed, rfm_error *err)
{
    if (rfm_comm_rank(batch->comm) == 0)
        leave(batch, changed, err);
    return rfm_comm_agree(batch->comm, err);
}
