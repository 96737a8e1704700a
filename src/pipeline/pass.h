/* pass: one reading of all event files, by all ranks. Private to the ingest stage. */
#ifndef RFMPI_PIPELINE_PASS_H
#define RFMPI_PIPELINE_PASS_H

#include "batch.h"

/* Rounds: what this rank has read goes to the run directory from time to time, and when all is to stop. */
typedef struct rfm_round_keeper {
    rfm_origin origin;
    rfm_rounds rounds;   /* of this start; not open before the first round */
    rfm_scratch shelf;   /* the same file, as table and deduper know it */
    rfm_rounds *earlier; /* [n_earlier] this rank's of earlier starts */
    rfm_scratch *shelves;
    size_t n_earlier;
    double least_s;        /* between two rounds; 0: none but to stop */
    double began_s;        /* reading, in this start */
    double last_s, cost_s; /* when the last one was done, and what it costs */
    double spent_s;        /* what all of them cost */
    double looked_s;       /* for a request to stop */
    const char *reason;    /* why this rank has asked all to stop; NULL: it has not */
    rfm_error useless;     /* the first thing that kept a round from being made or used, with which all goes on */
    bool stops;            /* somebody has asked */
    bool whole_noted;      /* a round of this start has the files that are read whole */
    bool failed;           /* this rank gives up, and the others need not go on */
} rfm_round_keeper;

/* What this rank has of it. */
typedef struct rfm_pass {
    rfm_batch *batch; /* borrowed */
    rfm_plan plan;
    rfm_table *table;
    rfm_deduper *deduper;   /* NULL without dedupe */
    rfm_ledger kept;        /* of what is in rounds; at the end, of everything */
    rfm_ledger fresh;       /* since the last round */
    int64_t n_bytes_before; /* what earlier starts have read, of what is this rank's now */
    rfm_rejects relayed;    /* apart until this rank has read its own: who parsed what must not decide what is kept */
    int64_t *quoted;        /* [files]: 1 where a file that was shared out must be read by one rank */
    rfm_round_keeper keeper;
} rfm_pass;

/* watch.c. Local: who watches sees how far this rank's shards are, those before that are in the tally. */
typedef struct rfm_watch {
    const rfm_pass *pass;
    int64_t before; /* bytes read when it began */
    double times;   /* of one byte here, MB of all ranks */
} rfm_watch;
void watch_open(const rfm_pass *pass, rfm_watch *watch);
void watch_show(void *watch, int64_t n_bytes); /* of the shard at hand */

/* ---- rounds.c --------------------------------------------------------------------------------------------------- */

/* Collective. What earlier starts have read becomes part of the pass, and done of the files. Refused with RFM_USAGE
 * when it was made from other inputs or options; with --force it goes. *twice: it told of the same rows twice, and is
 * gone; the pass is to be begun again. */
rfm_status rounds_open(rfm_pass *pass, bool *twice, rfm_error *err);
void rounds_close(rfm_pass *pass); /* Local */

/* Collective. All rounds go, of this start and earlier ones: what they say does not hold. */
rfm_status rounds_drop(rfm_pass *pass, rfm_error *err);

/* Local, of a pass: whether a round is due, or all is to stop (keeper.stops), for a pause in reading or any other
 * moment at which everything that was read is noted; and what to do then: RFM_STOPPED, or a round is made. */
bool rounds_are_due(void *context);
rfm_status rounds_pause(void *context, rfm_error *err);

/* Local. What is fresh becomes a round. */
rfm_status rounds_keep(rfm_pass *pass, rfm_error *err);

/* Local. Whether what is fresh at the end of reading should become one, of all ranks. */
bool rounds_want_rest(const rfm_pass *pass);

/* Collective. All rounds are safe on the disk. */
rfm_status rounds_sync(rfm_pass *pass, rfm_error *err);

/* Collective. What was passed over, once, as a warning. */
void rounds_tell(rfm_pass *pass);

/* Collective. Reading has come to an end on all ranks, or is to stop: false. A rank with err set has given up. */
bool rounds_meet(rfm_pass *pass, const rfm_error *err);

/* ---- relay.c ---------------------------------------------------------------------------------------------------- */

/* Collective: the shards of the plan that are relayed. `how` has all but shard and result. What stands in pass->quoted
 * and keeper.stops then stands there on all ranks; err may be of some alone, as after any reading. */
rfm_status relay_files(rfm_batch *batch, rfm_pass *pass, const rfm_reading *how, rfm_error *err);

#endif
