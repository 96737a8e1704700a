/* batch: events on their way to the sink, column by column. */
#ifndef RFMPI_INGEST_BATCH_H
#define RFMPI_INGEST_BATCH_H

#include "rfmpi/ingest.h"

typedef struct rfm_event_batch {
    size_t n;
    uint64_t *id_hash;
    int64_t *id_number;   /* integer ids, else NULL */
    const char **id_text; /* text ids, else NULL; each points into id_bytes */
    uint8_t *id_length;
    char *id_bytes; /* RFM_ID_MAX_BYTES an event */
    int64_t *time_us;
    int32_t *day;
    uint64_t *where;
    uint32_t *has_number, *has_hash;
    int64_t **numbers; /* [n_numbers][RFM_BATCH_EVENTS] */
    uint64_t **hashes;
    size_t n_numbers, n_hashes;
    rfm_hash128 *key, *row; /* with dedupe, else NULL */
    rfm_event_sink sink;
    void *context;
} rfm_event_batch;

rfm_status rfm_event_batch_open(rfm_event_batch *batch, const rfm_input *input, rfm_event_sink sink, void *context,
                                rfm_error *err);
void rfm_event_batch_close(rfm_event_batch *batch); /* drops what was not flushed */

/* Give what is there to the sink. */
rfm_status rfm_event_batch_flush(rfm_event_batch *batch, rfm_error *err);

#endif
