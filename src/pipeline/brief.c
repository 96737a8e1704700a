/* brief: what a start is about to do, said before it begins: what is read, which stages are made, where results go. */
#include "batch.h"

void add_bytes(rfm_text *text, int64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    double amount = (double)bytes;
    size_t unit = 0;
    while (amount >= 1000 && unit + 1 < sizeof units / sizeof *units) {
        amount /= 1000;
        unit++;
    }
    rfm_text_addf(text, unit > 0 && amount < 10 ? "%.1f %s" : "%.0f %s", amount, units[unit]);
}

/* ---- what is read ------------------------------------------------------------------------------------------------ */

/* "31 gzip, 2 Parquet" */
static void add_formats(const rfm_files *files, rfm_text *text)
{
    bool any = false;
    for (int format = 0; format < RFM_N_FORMATS; format++) {
        size_t n = 0;
        for (size_t i = 0; i < files->n; i++)
            n += files->files[i].format == (rfm_format)format;
        if (n == 0)
            continue;
        rfm_text_adds(text, any ? ", " : "");
        if (n < files->n)
            rfm_text_addf(text, "%zu ", n);
        rfm_text_adds(text, rfm_format_name((rfm_format)format));
        any = true;
    }
}

static int64_t sum_bytes(const rfm_files *files)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < files->n; i++)
        bytes += files->files[i].size_bytes;
    return bytes;
}

/* The folder that the first and the last of sorted paths have in common; 0 bytes: none. */
static int common_folder(const rfm_files *files)
{
    const char *first = files->files[0].path, *last = files->files[files->n - 1].path;
    int slash = 0;
    for (int i = 0; first[i] && first[i] == last[i]; i++)
        slash = first[i] == '/' ? i : slash;
    return slash;
}

static void tell_input(const rfm_batch *batch)
{
    const rfm_files *files = &batch->files;
    const char *onto = rfm_config_string(batch->config, "input.onto");
    rfm_text text = {0};
    if (files->n == 1)
        rfm_text_addf(&text, "%s, ", files->files[0].path);
    else if (files->n > 1 && common_folder(files) > 0)
        rfm_text_addf(&text, "%zu files in %.*s, ", files->n, common_folder(files), files->files[0].path);
    else if (files->n > 1)
        rfm_text_addf(&text, "%zu files, ", files->n);
    add_bytes(&text, sum_bytes(files));
    rfm_text_adds(&text, " of ");
    if (batch->job.source == SOURCE_EVENTS)
        add_formats(files, &text);
    else
        rfm_text_adds(&text, batch->job.source == SOURCE_STATE ? "customers of another run" : "a matrix");
    if (onto)
        rfm_text_addf(&text, ", folded onto %s", onto);
    if (!text.failed)
        rfm_log(RFM_LOG_INFO, "input    %s", text.bytes);
    rfm_text_free(&text);
}

/* ---- what is done ------------------------------------------------------------------------------------------------ */

static void add_name(rfm_text *list, const char *name)
{
    rfm_text_adds(list, list->length > 0 ? ", " : "");
    rfm_text_adds(list, name);
}

void tell_plan(const rfm_batch *batch, const rfm_told *stages, size_t n)
{
    const int ranks = rfm_comm_size(batch->comm), threads = rfm_kmeans_threads();
    rfm_text made = {0}, there = {0};
    char each[32] = "";
    if (threads > 1)
        snprintf(each, sizeof each, " of %d threads", threads);
    for (size_t i = 0; i < n; i++)
        add_name(stages[i].made ? &made : &there, stages[i].name);
    tell_input(batch);
    if (batch->job.task == RFM_TASK_RUN && store_is_wanted(batch->config))
        add_name(&made, "store");
    if (!made.failed && !there.failed)
        rfm_log(RFM_LOG_INFO, "plan     %s%s%s%s; %d rank%s%s", made.bytes, there.length > 0 ? " (" : "",
                there.length > 0 ? there.bytes : "", there.length > 0 ? ": there already)" : "", ranks,
                ranks == 1 ? "" : "s", each);
    rfm_log(RFM_LOG_INFO, "output   %s", rfm_run_dir(batch->run));
    rfm_text_free(&made);
    rfm_text_free(&there);
}
