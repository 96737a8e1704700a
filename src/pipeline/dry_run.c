/* dry_run: what each rank would read, as a table for people. Reads no more than the look into the files did. */
#include "batch.h"

/* "rows 0-999", "bytes 0-999", "whole". */
static void print_range(const rfm_file *file, const rfm_shard *shard, char *range, size_t size)
{
    const int64_t extent = file->n_rows > 0 ? file->n_rows : file->size_bytes;
    if (shard->begin == 0 && shard->end == extent)
        snprintf(range, size, "whole");
    else
        snprintf(range, size, "%s %lld-%lld", file->n_rows > 0 ? "rows" : "bytes", (long long)shard->begin,
                 (long long)shard->end - 1);
}

static void print_shard(const rfm_batch *batch, const rfm_shard *shard, double total, rfm_text *table)
{
    const rfm_file *file = &batch->files.files[shard->file];
    char range[64], who[16] = "all";
    print_range(file, shard, range, sizeof range);
    if (!shard->relayed)
        snprintf(who, sizeof who, "%d", shard->rank);
    rfm_text_addf(table, "%4s  %5.1f%%  %-8s %-32s ", who,
                  total > 0 ? 100.0 * (double)rfm_shard_cost(&batch->files, shard) / total : 0.0,
                  rfm_format_name(file->format), range);
    rfm_text_adds(table, file->path);
    if (shard->relayed)
        rfm_text_addf(table, " (decoded by rank %d, parsed by all of its node)", shard->rank);
    rfm_text_adds(table, "\n");
}

rfm_status print_plan(const rfm_batch *batch, rfm_text *table, rfm_error *err)
{
    rfm_plan plan;
    double total = 0;
    const int n_ranks = rfm_comm_size(batch->comm);
    if (batch->job.source != SOURCE_EVENTS) {
        rfm_text_addf(table, "%s is read in equal parts by %d rank%s\n", batch->files.files[0].path, n_ranks,
                      n_ranks == 1 ? "" : "s");
        return rfm_text_check(table, err);
    }
    if (rfm_plan_make(&batch->files, n_ranks, &plan, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < plan.n; i++)
        total += (double)rfm_shard_cost(&batch->files, &plan.shards[i]);
    rfm_text_addf(table, "%zu file%s, %d rank%s; the share is of the estimated work\n", batch->files.n,
                  batch->files.n == 1 ? "" : "s", n_ranks, n_ranks == 1 ? "" : "s");
    rfm_text_addf(table, "%4s  %6s  %-8s %-32s %s\n", "rank", "share", "format", "part", "file");
    for (size_t i = 0; i < plan.n; i++)
        print_shard(batch, &plan.shards[i], total, table);
    rfm_plan_free(&plan);
    return rfm_text_check(table, err);
}
