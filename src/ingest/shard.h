/* shard: reading one shard with everything settable, for tests. */
#ifndef RFMPI_INGEST_SHARD_H
#define RFMPI_INGEST_SHARD_H

#include "rfmpi/ingest.h"

/* The arguments of rfm_shard_read. */
typedef struct rfm_reading {
    const rfm_input *input;
    const rfm_files *files;
    const rfm_shard *shard;
    size_t index;
    rfm_event_sink sink;
    void *context;
    rfm_tally *tally;
    rfm_rejects *rejects;
    rfm_shard_result *result;
    size_t block_bytes; /* read at a time */
    size_t limit;       /* bytes a row may have */
} rfm_reading;

rfm_status rfm_reading_run(const rfm_reading *reading, rfm_error *err);

#endif
