/* Checkpoints of a fit: when one is due, and where it goes. Knows nothing of what is in it. */
#include "batch.h"

static const double SHARE = 50; /* times the last one's own duration between two */

struct rfm_checkpoint {
    rfm_batch *batch;
    rfm_origin origin;
    double least_s;          /* between two; 0: none but to stop */
    double last_s, lasted_s; /* when the last one was done, and how long it took */
};

static rfm_wish wish(void *context)
{
    rfm_checkpoint *self = context;
    if (stop_reason(self->batch))
        return RFM_WISH_STOP;
    const double wait = SHARE * self->lasted_s > self->least_s ? SHARE * self->lasted_s : self->least_s;
    const bool due = self->least_s > 0 && rfm_comm_rank(self->batch->comm) == 0 && rfm_clock_s() - self->last_s >= wait;
    return due ? RFM_WISH_KEEP : RFM_WISH_NOTHING;
}

/* A checkpoint that cannot be written costs nothing but the way back, unless this is the end. */
static rfm_status keep(void *context, const rfm_text *bytes, bool stops, rfm_error *err)
{
    rfm_checkpoint *self = context;
    rfm_error failed = {0};
    const double start = rfm_clock_s();
    if (rfm_checkpoint_write(self->batch->run, &self->origin, bytes, &failed) != RFM_OK && stops)
        return rfm_fail(err, failed.status, "stopped without a checkpoint: %s", failed.message);
    if (failed.status)
        rfm_log(RFM_LOG_WARN, "no checkpoint: %s", failed.message);
    self->last_s = rfm_clock_s();
    self->lasted_s = self->last_s - start;
    self->batch->kept.seconds += self->lasted_s;
    if (failed.status == RFM_OK && rfm_comm_rank(self->batch->comm) == 0) {
        self->batch->kept.n_written++;
        self->batch->kept.n_bytes += (int64_t)bytes->length;
    }
    rfm_log(RFM_LOG_DEBUG, "checkpoint of %zu bytes, %.3f s", bytes->length, self->lasted_s);
    return RFM_OK;
}

/* What an earlier start left, unless it is of no use: then the fit begins anew. */
static rfm_status open_progress(rfm_checkpoint *self, const rfm_matrix *matrix, rfm_error *err)
{
    rfm_progress **progress = &self->batch->job.kmeans.progress;
    const rfm_keeper keeper = {self, wish, keep};
    rfm_error useless = {0};
    void *bytes = NULL;
    size_t n_bytes = 0;
    if (rfm_checkpoint_claim(self->batch->run, &self->origin, self->batch->force, err) != RFM_OK ||
        rfm_checkpoint_read(self->batch->run, &self->origin, &bytes, &n_bytes, err) != RFM_OK)
        return err->status;
    if (bytes && rfm_progress_open(&keeper, matrix, bytes, n_bytes, progress, &useless) == RFM_DATA)
        rfm_log(RFM_LOG_WARN, "the checkpoint in %s is not used: %s", rfm_run_dir(self->batch->run), useless.message);
    else if (useless.status)
        *err = useless;
    if (!*progress)
        rfm_progress_open(&keeper, matrix, NULL, 0, progress, err);
    free(bytes);
    return rfm_comm_agree(self->batch->comm, err);
}

rfm_status checkpoint_open(rfm_batch *batch, const rfm_matrix *matrix, rfm_checkpoint **checkpoint, rfm_error *err)
{
    rfm_checkpoint *self = rfm_alloc(1, sizeof *self, err);
    *checkpoint = self;
    if (self) {
        self->batch = batch;
        self->least_s = rfm_config_number(batch->config, "output.checkpoint");
        self->last_s = rfm_clock_s();
        make_unfinished_origin(batch, UP_TO_MODEL, &self->origin, err);
    }
    if (rfm_comm_agree(batch->comm, err) != RFM_OK)
        return err->status;
    rfm_assert(self != NULL);
    return open_progress(self, matrix, err);
}

void report_kept(rfm_batch *batch)
{
    int64_t sums[] = {batch->kept.n_written, batch->kept.n_bytes};
    double seconds = batch->kept.seconds;
    rfm_comm_reduce_i64(batch->comm, RFM_SUM, sums, 2);
    rfm_comm_reduce_f64(batch->comm, RFM_MAX, &seconds, 1);
    rfm_report_integer(batch->run, "checkpoints.written", sums[0]);
    rfm_report_integer(batch->run, "checkpoints.bytes", sums[1]);
    rfm_report_number(batch->run, "checkpoints.seconds", seconds);
}

void checkpoint_close(rfm_checkpoint *checkpoint)
{
    rfm_checkpoint *self = checkpoint;
    if (!self)
        return;
    rfm_progress_close(self->batch->job.kmeans.progress);
    self->batch->job.kmeans.progress = NULL;
    rfm_origin_free(&self->origin);
    free(self);
}
