/* pass: one reading of all event files, by all ranks. Private to the ingest stage. */
#ifndef RFMPI_PIPELINE_PASS_H
#define RFMPI_PIPELINE_PASS_H

#include "batch.h"

/* What this rank has of it. */
typedef struct rfm_pass {
    rfm_plan plan;
    rfm_table *table;
    rfm_deduper *deduper; /* NULL without dedupe */
    rfm_tally tally;
    rfm_rejects rejects;
    rfm_rejects relayed; /* apart until this rank has read its own: who parsed what must not decide what is kept */
    int64_t *n_lines;    /* [plan.n] */
    int64_t *quoted;     /* [files]: 1 where a file that was shared out must be read by one rank */
} rfm_pass;

/* watch.c. Local: who watches sees how far this rank's shards are, those before that are in the tally. */
typedef struct rfm_watch {
    const rfm_tally *tally;
    int64_t before; /* its bytes when it began */
    double times;   /* of one byte here, MB of all ranks */
} rfm_watch;
void watch_open(const rfm_batch *batch, const rfm_pass *pass, rfm_watch *watch);
void watch_show(void *watch, int64_t n_bytes); /* of the shard at hand */

/* relay.c. Collective: the shards of the plan that are relayed. `how` has all but shard, index and result. What stands
 * in pass->quoted then stands there on all ranks. */
rfm_status relay_files(rfm_batch *batch, rfm_pass *pass, const rfm_reading *how, rfm_error *err);

#endif
