/* The page for people at the end of a batch: report.html. Rank 0 alone makes it, from files that are finished. It costs
 * milliseconds, so every start makes it, and one that is the same stays as it lies there. */
#include "batch.h"

#include "rfmpi/report.h"

#include <string.h>
#include <sys/stat.h>

static bool holds(const char *path, const rfm_text *html)
{
    struct stat at;
    rfm_text there = {0};
    rfm_error ignored = {0};
    const bool same = stat(path, &at) == 0 && S_ISREG(at.st_mode) && at.st_size == (off_t)html->length &&
                      rfm_file_read(path, &there, &ignored) == RFM_OK && there.length == html->length &&
                      memcmp(there.bytes, html->bytes, html->length) == 0;
    rfm_text_free(&there);
    return same;
}

static rfm_status put(const rfm_batch *batch, const char *path, bool changed, rfm_error *err)
{
    const rfm_page_options options = {rfm_config_string(batch->config, "report.language"),
                                      rfm_config_string(batch->config, "report.title")};
    rfm_text html = {0};
    if (rfm_page_make(rfm_run_dir(batch->run), &options, &html, err) == RFM_OK && !holds(path, &html) &&
        rfm_file_replace(path, &html, err) == RFM_OK && !changed)
        rfm_log(RFM_LOG_INFO, "%s is made anew", path);
    rfm_text_free(&html);
    return err->status;
}

/* Rank 0. A page of what is there no more would tell a lie. */
static rfm_status leave(const rfm_batch *batch, bool changed, rfm_error *err)
{
    char *path = rfm_folder_path(rfm_run_dir(batch->run), RFM_REPORT, err);
    const bool wanted = rfm_config_boolean(batch->config, "report.write") && batch->job.task != RFM_TASK_PREPARE;
    if (path && wanted)
        put(batch, path, changed, err);
    else if (path && changed)
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
