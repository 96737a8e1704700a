/* intake: where the rows of every format meet: fields -> events to the sink, counts and rejects. Knows no files. */
#ifndef RFMPI_INGEST_INTAKE_H
#define RFMPI_INGEST_INTAKE_H

#include "values.h"

typedef struct rfm_intake {
    const rfm_reading *reading; /* borrowed */
    rfm_values values;
    rfm_event_batch batch;
    int64_t begin; /* of the portion that is read */
} rfm_intake;

rfm_status rfm_intake_open(rfm_intake *intake, const rfm_reading *reading, rfm_error *err);
void rfm_intake_close(rfm_intake *intake); /* drops what was not flushed */

/* Count a row and take its event, or not. true: go on; false: *refusal says why the row is to be refused, or err. */
bool rfm_intake_take(rfm_intake *intake, const rfm_field *fields, rfm_refusal *refusal, rfm_error *err);

/* The same for plain rows, as many as rfm_values_stretch said, up to one about which there is something to say. Returns
 * how many were taken; see err. */
size_t rfm_intake_take_plain(rfm_intake *intake, const rfm_plain *rows, rfm_error *err);

/* The same for the rows at hand of a file of columns from number `first` on. The cells of slot i are those of
 * columns.fields[i]. */
size_t rfm_intake_take_columns(rfm_intake *intake, rfm_columnar *columnar, size_t first, rfm_error *err);

/* Count and keep the refusal of a row, itself counted by now. line: 1 is the first from `begin` on. */
rfm_status rfm_intake_refuse(rfm_intake *intake, const rfm_refusal *refusal, int64_t line, rfm_field row,
                             rfm_error *err);

/* Tell who watches how many bytes of the shard are read. */
static inline void rfm_intake_watched(const rfm_intake *intake, int64_t n_bytes)
{
    if (intake->reading->watch)
        intake->reading->watch(intake->reading->watcher, n_bytes);
}

/* Where all that was taken is flushed and noted: the pause that is due. */
rfm_status rfm_intake_pause(const rfm_intake *intake, rfm_error *err);

/* Give the sink what is left. */
rfm_status rfm_intake_flush(rfm_intake *intake, rfm_error *err);

#endif
