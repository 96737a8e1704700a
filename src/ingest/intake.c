/* intake: see intake.h. */
#include "intake.h"

rfm_status rfm_intake_open(rfm_intake *intake, const rfm_reading *reading, rfm_error *err)
{
    *intake = (rfm_intake){.reading = reading};
    if (rfm_values_open(&intake->values, reading->input, err) == RFM_OK)
        rfm_event_batch_open(&intake->batch, reading->input, reading->sink, reading->context, err);
    return err->status;
}

void rfm_intake_close(rfm_intake *intake)
{
    rfm_event_batch_close(&intake->batch);
    rfm_values_close(&intake->values);
}

rfm_status rfm_intake_flush(rfm_intake *intake, rfm_error *err)
{
    const rfm_reading *r = intake->reading;
    if (rfm_event_batch_flush(&intake->batch, err) != RFM_OK)
        rfm_error_context(err, "%s", r->files->files[r->shard->file].path);
    return err->status;
}

rfm_status rfm_intake_pause(const rfm_intake *intake, rfm_error *err)
{
    const rfm_pause *pause = intake->reading->pause;
    if (pause && pause->is_due(pause->context))
        pause->take(pause->context, err);
    return err->status;
}

static rfm_status count_event(rfm_intake *intake, rfm_error *err)
{
    rfm_tally *tally = intake->reading->tally;
    const int64_t us = intake->batch.time_us[intake->batch.n - 1];
    if (tally->n_events == 0 || us < tally->earliest_us)
        tally->earliest_us = us;
    if (tally->n_events == 0 || us > tally->newest_us)
        tally->newest_us = us;
    tally->n_events++;
    tally->n_with_time_of_day += !intake->values.timestamp.date_only;
    return intake->batch.n == RFM_BATCH_EVENTS ? rfm_intake_flush(intake, err) : RFM_OK;
}

bool rfm_intake_take(rfm_intake *intake, const rfm_field *fields, rfm_refusal *refusal, rfm_error *err)
{
    rfm_tally *tally = intake->reading->tally;
    tally->n_rows++;
    switch (rfm_values_take(&intake->values, fields, &intake->batch, refusal, err)) {
    case RFM_VERDICT_EVENT:
        return count_event(intake, err) == RFM_OK;
    case RFM_VERDICT_FILTERED:
        tally->n_filtered++;
        return true;
    case RFM_VERDICT_AFTER_AS_OF:
        tally->n_after_as_of++;
        return true;
    case RFM_VERDICT_REFUSED:
    case RFM_VERDICT_FAILED:
        break;
    }
    return false;
}

static void flush_when_full(rfm_intake *intake, rfm_error *err)
{
    if (intake->batch.n == RFM_BATCH_EVENTS)
        rfm_intake_flush(intake, err);
}

size_t rfm_intake_take_plain(rfm_intake *intake, const rfm_plain *rows, rfm_error *err)
{
    const size_t n = rfm_values_take_plain(&intake->values, rows, &intake->batch, intake->reading->tally);
    flush_when_full(intake, err);
    return n;
}

size_t rfm_intake_take_columns(rfm_intake *intake, rfm_columnar *columnar, size_t first, rfm_error *err)
{
    const size_t n = rfm_values_take_columns(&intake->values, columnar, first, &intake->batch, intake->reading->tally);
    flush_when_full(intake, err);
    return n;
}

rfm_status rfm_intake_refuse(rfm_intake *intake, const rfm_refusal *refusal, int64_t line, rfm_field row,
                             rfm_error *err)
{
    const rfm_reading *r = intake->reading;
    const rfm_reject place = {.file = r->shard->file, .begin = intake->begin, .line = line};
    return rfm_rejects_add(r->rejects, place, refusal, row, err);
}
