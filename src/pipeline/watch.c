/* How far the reading of this rank's shards is, for who watches. Other ranks are not asked: shares are alike, and to
 * ask would make them wait. So what is shown of all is this rank's part, times what all have to read. */
#include "pass.h"

static const double MB = 1e6;

static int64_t bytes_of(const rfm_batch *batch, const rfm_shard *shard)
{
    const rfm_file *file = &batch->files.files[shard->file];
    const int64_t extent = file->n_rows > 0 ? file->n_rows : file->size_bytes;
    return extent > 0 ? (int64_t)((double)file->size_bytes * (double)(shard->end - shard->begin) / (double)extent) : 0;
}

static int64_t read_so_far(const rfm_pass *pass)
{
    return pass->kept.tally.n_bytes + pass->fresh.tally.n_bytes;
}

void watch_open(const rfm_pass *pass, rfm_watch *watch)
{
    const rfm_batch *batch = pass->batch;
    int64_t own = 0, all = 0;
    for (size_t i = 0; i < pass->plan.n; i++) {
        const rfm_shard *shard = &pass->plan.shards[i];
        const int64_t bytes = shard->relayed ? 0 : bytes_of(batch, shard);
        all += bytes;
        own += shard->rank == rfm_comm_rank(batch->comm) ? bytes : 0;
    }
    *watch = (rfm_watch){.pass = pass, .before = read_so_far(pass)};
    watch->times = own > 0 ? (double)all / (double)own / MB : 0;
    rfm_meter_open("ingest", "MB", (double)all / MB, 0);
}

void watch_show(void *watch, int64_t n_bytes)
{
    const rfm_watch *self = watch;
    rfm_meter_show((double)(read_so_far(self->pass) - self->before + n_bytes) * self->times, NULL);
}
