/* Stage features: customers' aggregates, or an HDF5 matrix, -> one row of numbers a customer. */
#include "batch.h"

#include <math.h>
#include <string.h>

rfm_status features_make(rfm_batch *batch, rfm_error *err)
{
    rfm_job *job = &batch->job;
    if (job->source == SOURCE_MATRIX)
        return features_load(batch, err);
    batch->as_of = rfm_as_of_resolve(&job->as_of_rule, &batch->state.extent, job->zone);
    if (job->task == RFM_TASK_PREDICT)
        batch->as_of.span_us = batch->model.as_of.span_us;
    if (rfm_features_compute(batch->comm, job->features, &batch->state, &batch->as_of, &batch->frame, err) != RFM_OK)
        return err->status;
    rfm_state_free(&batch->state);
    if (batch->frame.n_global == 0)
        return rfm_fail(err, RFM_DATA, "no customer belongs to features.population: nothing to segment");
    rfm_log(RFM_LOG_INFO, "features %lld customers x %d", (long long)batch->frame.n_global, batch->frame.d);
    return rfm_frame_write(batch->comm, rfm_run_temporary(batch->run, "features.h5"), job->stripe_bytes, &batch->frame,
                           job->features, &batch->as_of, err);
}

/* The definitions a matrix of ours carries: its transforms belong to it wherever it is used. Local.
 */
static rfm_status take_definitions(rfm_batch *batch, const char *definitions, rfm_error *err)
{
    rfm_job *job = &batch->job;
    if (job->source != SOURCE_MATRIX || definitions[0] == '\0')
        return RFM_OK;
    if (job->task == RFM_TASK_PREDICT && batch->model.definitions[0] != '\0' &&
        strcmp(definitions, batch->model.definitions) != 0)
        return rfm_fail(err, RFM_USAGE,
                        "%s holds features of other definitions than the model's: give predict the "
                        "run directory or the event "
                        "files, so that the model's own are computed",
                        batch->files.files[0].path);
    return rfm_features_restore(definitions, NULL, &job->features, err);
}

/* Local. Scaling has no place for them; said here, where file and row are known. */
static rfm_status check_finite(const rfm_batch *batch, const char *path, rfm_error *err)
{
    const rfm_frame *frame = &batch->frame;
    const bool filled =
        batch->job.task == RFM_TASK_PREDICT ? batch->model.fills != NULL : batch->job.missing != RFM_MISSING_ERROR;
    const size_t d = (size_t)frame->d;
    for (size_t i = 0; i < frame->n * d; i++) {
        const int64_t row = frame->first + (int64_t)(i / d);
        if (!isfinite(frame->values[i]) && !(filled && isnan(frame->values[i])))
            return rfm_fail(err, RFM_DATA, "%s: row %lld (from 0), column %s: %g is not a finite number%s", path,
                            (long long)row, frame->names[i % d], frame->values[i],
                            isnan(frame->values[i]) ? " (cluster.missing of the training says what it counts as)" : "");
    }
    return RFM_OK;
}

rfm_status features_load(rfm_batch *batch, rfm_error *err)
{
    const bool matrix = batch->job.source == SOURCE_MATRIX;
    const char *path = matrix ? batch->files.files[0].path : rfm_run_path(batch->run, "features.h5");
    char *definitions = NULL;
    if (rfm_frame_read(batch->comm, path, &batch->frame, &batch->as_of, &definitions, err) == RFM_OK) {
        if (check_finite(batch, path, err) == RFM_OK)
            take_definitions(batch, definitions, err);
        rfm_comm_agree(batch->comm, err);
    }
    free(definitions);
    return err->status;
}
