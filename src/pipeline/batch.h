/* One batch on its way through the stages: what was asked, what is in memory, where it is kept.
 * Private to the pipeline. */
#ifndef RFMPI_PIPELINE_BATCH_H
#define RFMPI_PIPELINE_BATCH_H

#include "rfmpi/customer.h"
#include "rfmpi/ingest.h"
#include "rfmpi/kmeans.h"
#include "rfmpi/model.h"
#include "rfmpi/pipeline.h"
#include "rfmpi/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_MAPPED = 10, REJECTS_KEPT = 1000 };

/* Where the customers come from. */
typedef enum rfm_source {
    SOURCE_EVENTS,
    SOURCE_STATE /* another run's state.h5 */,
    SOURCE_MATRIX /* an HDF5 matrix */
} rfm_source;

/* The typed job: everything the modules are given, made from the configuration once. */
typedef struct rfm_job {
    rfm_task task;
    rfm_source source;
    const char *zone_name; /* borrowed from the configuration or the model */
    rfm_zone *zone;
    rfm_input input; /* borrows the fields below, the configuration and the features */
    rfm_rule *rules;
    size_t n_rules;
    const char *mapped[MAX_MAPPED];
    rfm_roles roles;
    rfm_features *features; /* NULL for a bare matrix */
    rfm_as_of_rule as_of_rule;
    const char *as_of_text;
    rfm_scale scale;
    rfm_missing missing;
    rfm_scores scores;         /* as they are asked for: bins, and cuts that are given */
    rfm_kmeans_options kmeans; /* k: the largest of them */
    int64_t ks[RFM_COUNTS_MOST];
    size_t n_ks;
    bool starts_from_previous; /* cluster.init: previous */
    double *given;             /* the starting centroids of cluster.init, of given_d columns */
    int given_d;
    char *given_hash;     /* of the content of that file */
    char *previous_path;  /* of the model of cluster.previous */
    char *previous_hash;  /* of the content of cluster.previous */
    size_t memory_bytes;  /* a rank's budget for customers; 0: none */
    int64_t stripe_bytes; /* where tables of state.h5 and features.h5 begin; 0: anywhere */
} rfm_job;

/* The options that decide a product, and all that come before it. */
enum {
    UP_TO_STATE = RFM_DECIDES_STATE,
    UP_TO_FEATURES = UP_TO_STATE | RFM_DECIDES_FEATURES,
    UP_TO_MODEL = UP_TO_FEATURES | RFM_DECIDES_MODEL,
    UP_TO_RESULT = UP_TO_MODEL | RFM_DECIDES_RESULT
};

/* What tests ask for (RFMPI_TRIAL): at the n-th look of a rank in a stage it is asked to stop, or killed; and before
 * that every so many looks a round is kept. A look is a pause in reading, or an agreement that heeds requests. */
typedef struct rfm_trial {
    char stage[16];
    int64_t n, every; /* n 0: this rank is not meant; every 0: never */
    bool kills, on;   /* on: this is the stage */
    int64_t n_looks;
} rfm_trial;

typedef enum rfm_trial_wish { TRIAL_NOTHING, TRIAL_KEEP, TRIAL_STOP } rfm_trial_wish;

/* When to stop. */
typedef struct rfm_stop {
    double at_s;   /* of rfm_clock_s; 0: no limit */
    char *file;    /* RUN_DIR/stop; rank 0 alone looks, */
    double seen_s; /* and did so last at this time */
    bool found;
    rfm_trial trial;
} rfm_stop;

/* What checkpoints of all kinds have cost this rank. */
typedef struct rfm_kept {
    int64_t n_written, n_bytes;
    double seconds;
} rfm_kept;

/* What stood when a stage began. */
typedef struct rfm_measure {
    double start_s, processor_s;
    rfm_traffic traffic;
} rfm_measure;

typedef struct rfm_batch {
    rfm_comm *comm;           /* borrowed */
    const rfm_config *config; /* borrowed */
    rfm_job job;
    rfm_run *run;
    rfm_stop stop;
    rfm_kept kept;
    bool force;
    bool safe; /* what ingest has in memory can be had again from rounds, or from a product */
    double start_s;
    rfm_measure measure;
    rfm_text site;      /* where this start runs, as members of a JSON object; rank 0 */
    int64_t bytes_read; /* of event files, by this rank in this stage */

    rfm_files files; /* SOURCE_EVENTS; the same on every rank */
    rfm_files base;  /* state.h5 of input.onto, when there is one */
    rfm_layout layout;
    rfm_provenance provenance; /* of the new state */
    rfm_state state;
    rfm_keys keys;
    rfm_as_of as_of;
    rfm_frame frame;
    rfm_model model;
    rfm_model previous; /* of cluster.previous; k 0: none */
    double *moved;      /* [model.k] how far each segment lies from the old one it continues, in scaled units */
    char *model_hash;   /* of the model file predict was given */
    int32_t *labels;    /* [frame.n] */
    double *squared_distances;
    int64_t *sizes;  /* [model.k] customers of this batch */
    double *weights; /* [model.k] the same by weight */
} rfm_batch;

/* ---- one file each, in the order of work ------------------------------------------------------------------------ */

/* job.c. Collective: the files it names (model, centroids) are read together. */
rfm_status job_init(rfm_batch *batch, rfm_task task, rfm_error *err);
void job_free(rfm_job *job);

/* job.c. Local: how the text of event files is to be read. */
rfm_status job_read_dialect(const rfm_config *config, rfm_input *input, rfm_error *err);

/* job.c. Local: input.columns and input.decimals, borrowed from the configuration. */
rfm_status job_read_roles(const rfm_config *config, rfm_roles *roles, rfm_error *err);

/* origin.c. Collective where files are looked for. */
rfm_status find_inputs(rfm_batch *batch, rfm_error *err);
rfm_status find_event_files(rfm_batch *batch, rfm_error *err);
rfm_status make_origin(const rfm_batch *batch, unsigned decides, rfm_origin *origin, rfm_error *err); /* Local */
rfm_status make_unfinished_origin(const rfm_batch *batch, unsigned decides, rfm_origin *origin,
                                  rfm_error *err); /* Local: of checkpoints, with the version of their form */
rfm_status make_settings(const rfm_config *config, rfm_text *settings, rfm_error *err); /* Local: a line an option */

/* The stages. Collective. */
rfm_status ingest_make(rfm_batch *batch, rfm_error *err);
rfm_status ingest_load(rfm_batch *batch, rfm_error *err);
rfm_status features_make(rfm_batch *batch, rfm_error *err);
rfm_status features_load(rfm_batch *batch, rfm_error *err);
rfm_status cluster_make(rfm_batch *batch, rfm_error *err);
rfm_status cluster_load(rfm_batch *batch, rfm_error *err);
rfm_status label_make(rfm_batch *batch, rfm_error *err);
rfm_status score_make(rfm_batch *batch, rfm_error *err);
rfm_status figures_make(rfm_batch *batch, rfm_error *err);
rfm_status write_make(rfm_batch *batch, rfm_error *err);

/* sweep.c. Collective: the fit, of the best k where several were asked for; its quality goes into run.json. */
rfm_status sweep_fit(rfm_batch *batch, const rfm_matrix *matrix, rfm_clustering *clustering, rfm_error *err);

/* stop.c. Local. From open on SIGUSR1 and SIGTERM are requests to stop; so are the file `stop` in the run directory
 * (one that lies there at open is removed; without a run, none is looked for) and output.time_limit. */
rfm_status stop_open(rfm_batch *batch, rfm_error *err);
void stop_close(rfm_batch *batch);
const char *stop_reason(rfm_batch *batch); /* NULL: go on */

/* The same from now on at every agreement of a stage whose work may be lost; or no longer. */
void stop_heed(rfm_batch *batch, bool heed);

/* trial.c. Local, tests only. */
rfm_status trial_read(const char *text, int rank, rfm_trial *trial, rfm_error *err);
void trial_enter(rfm_trial *trial, const char *stage);
rfm_trial_wish trial_look(rfm_trial *trial);

/* checkpoint.c. The progress of the fit over this matrix, from where an earlier start left it. Collective. */
typedef struct rfm_checkpoint rfm_checkpoint;
rfm_status checkpoint_open(rfm_batch *batch, const rfm_matrix *matrix, rfm_checkpoint **checkpoint, rfm_error *err);
void checkpoint_close(rfm_checkpoint *checkpoint); /* Local; NULL is fine */

/* Collective. What checkpoints have cost so far, into run.json. */
void report_kept(rfm_batch *batch);

/* identity.c. Local: what keeps this batch from going on from the previous model. */
rfm_status identity_check(const rfm_batch *batch, rfm_error *err);

/* A table of who went from which segment to which has room in run.json up to so many cells: 1,024 segments to as many.
 * Of a larger one only sums are told. */
enum { FLOW_CELLS = 1 << 20 };

/* Ids and names of a previous model for the segments of the new one (Local), and what has changed since,
 * for run.json (Collective). Nothing without a previous model. */
rfm_status identity_keep(rfm_batch *batch, rfm_error *err);
rfm_status identity_report(rfm_batch *batch, rfm_error *err);

/* scores.c. What the job says of scores, and whether it has the features it names. Local. */
rfm_status scores_read(const rfm_config *config, rfm_scores *scores, rfm_error *err);
rfm_status scores_check(const rfm_batch *batch, rfm_error *err);

/* Collective. The model's, from the customers it is fitted to; none where they lack a feature. */
rfm_status scores_learn(rfm_batch *batch, rfm_error *err);

/* scored.c. What the scores of this batch's customers come to. */
typedef struct rfm_scored {
    int bins, k;     /* bins 0: the model has no scores */
    int64_t *counts; /* the four below, one after the other */
    int64_t *taken;  /* [RFM_N_MEASURES * bins] customers of each score */
    int64_t *heat;   /* [bins * bins] of R and F: row r - 1, column f - 1 */
    int64_t *cross;  /* [RFM_CLASSIC_SEGMENTS * k] of segments of the classic grid and labels */
    int64_t *sums;   /* [k * RFM_N_MEASURES] scores, summed */
    rfm_i128 *money; /* [bins * bins] as heat, then [RFM_CLASSIC_SEGMENTS]: the monetary feature, summed, */
    int exponent;    /* in units of 2^exponent */
} rfm_scored;

rfm_status scored_make(rfm_batch *batch, rfm_scored *scored, rfm_error *err); /* Collective */
void scored_free(rfm_scored *scored);                                         /* Local */
void scored_report(rfm_batch *batch, const rfm_scored *scored);               /* Local: scores in run.json */
int scored_most(const rfm_scored *scored, int label); /* Local: its most frequent classic segment */

/* result.c. Local. The columns of customers/, whose list the caller frees; the line that names them, and those of this
 * rank's rows from..to-1. */
rfm_part_column *customers_columns(const rfm_batch *batch, size_t *n, rfm_error *err);
rfm_status customers_print_head(const rfm_batch *batch, rfm_text *csv, rfm_error *err);
rfm_status customers_print(const rfm_batch *batch, size_t from, size_t to, rfm_text *csv, rfm_error *err);

/* spreadsheet.c. Local: whether this build can write what is asked for, and whether the features have room on a sheet.
 */
rfm_status spreadsheet_check(const rfm_config *config, rfm_error *err);
rfm_status spreadsheet_fits(const rfm_batch *batch, rfm_error *err);
rfm_status spreadsheet_make(rfm_batch *batch, rfm_error *err); /* Collective: a stage */

/* migration.c. Collective. Customers of the previous run and of this one, joined by id, into run.json; and, before a
 * fit, what keeps them from being joined. Nothing where the previous run has left no customers. */
rfm_status migration_check(rfm_batch *batch, rfm_error *err);
rfm_status migration_report(rfm_batch *batch, rfm_error *err);

/* onto.c. Collective: read the base's state and refuse what cannot be folded onto it. */
rfm_status onto_read(rfm_batch *batch, rfm_state *base, rfm_keys *keys, rfm_error *err);

/* Local: what keeps a state from being used in this time zone. */
rfm_status check_zone(const char *zone_name, const rfm_provenance *provenance, const char *path, rfm_error *err);

/* Local: what keeps a state from being used with this as_of. */
rfm_status check_as_of(const rfm_as_of_rule *rule, const rfm_extent *extent, const rfm_provenance *provenance,
                       const char *path, rfm_error *err);

/* rejects.c. Local: in the order of files and lines, as many of each reason as are shown; the others go. The first of
 * all are among the first of some. */
void rejects_cut(rfm_rejects *all);

/* Collective: rejects/ from every rank's, and the limit. */
rfm_status rejects_publish(rfm_batch *batch, const rfm_ledger *ledger, rfm_error *err);

/* dry_run.c. Local: who would read what. */
rfm_status print_plan(const rfm_batch *batch, rfm_text *table, rfm_error *err);

/* site.c. Collective: the start's line in log.jsonl, warnings; batch->site, on rank 0. Never fails. */
void site_begin(rfm_batch *batch, const char *command);
void site_report(rfm_batch *batch); /* Local: site in run.json, of a start that makes something */

/* measure.c. Around a stage, for stages.NAME in run.json. begin Local, end Collective. */
void measure_begin(rfm_batch *batch);
void measure_end(rfm_batch *batch, const char *stage);

/* memory.c */
rfm_status memory_budget(const rfm_config *config, size_t *bytes, rfm_error *err); /* Local: of a rank; 0: none */
rfm_status stripe_size(const rfm_config *config, int64_t *bytes, rfm_error *err);  /* Local: 0: none */
/* Local. Where a rank puts what passes its budget: output.scratch, else the run directory; that of the node's own
 * temporary files ($TMPDIR, /tmp) beyond 1,024 ranks. */
const char *scratch_directory(const rfm_batch *batch);
void report_memory(rfm_batch *batch); /* Collective */

/* store.c. Collective: what is finished goes where section `store` says. */
bool store_is_wanted(const rfm_config *config); /* Local */
rfm_status store_results(rfm_batch *batch, rfm_text *text, rfm_error *err);

/* page.c. Collective: report.html of a batch that is done, as it is wanted now. changed: one that lies there is of an
 * earlier state, or may be, and goes where none is wanted. */
rfm_status page_leave(rfm_batch *batch, bool changed, rfm_error *err);

/* summary.c */
const char *task_name(rfm_task task);                       /* Local */
rfm_status report_finish(rfm_batch *batch, rfm_error *err); /* Collective */
void report_page_options(rfm_batch *batch);                 /* Local: those of the page, where all else is as it was */

/* table.c. Collective: the segments for people, on rank 0. */
rfm_status print_segments(const rfm_batch *batch, rfm_text *table, rfm_error *err);

/* revenue.c. What each segment's customers of this batch brought in, by label and by weight. */
typedef struct rfm_revenue {
    int column;     /* the feature that is revenue: scores.monetary; -1: none is, and no sums */
    double *sums;   /* [k] */
    double *shares; /* [k] of all; NaN where all is not above 0 */
} rfm_revenue;

/* Collective. The exponent with which the values of a feature of all customers are summed (rfm_quantum_round). */
int column_exponent(const rfm_batch *batch, int column);

int revenue_column(const rfm_batch *batch);                                               /* Local */
rfm_status revenue_measure(const rfm_batch *batch, rfm_revenue *revenue, rfm_error *err); /* Collective */
void revenue_free(rfm_revenue *revenue); /* Local; also after failure */

/* brief.c. Local: what is read, which stages are made or there already, and where results go. */
typedef struct rfm_told {
    const char *name;
    bool made;
} rfm_told;
void tell_plan(const rfm_batch *batch, const rfm_told *stages, size_t n);
void add_bytes(rfm_text *text, int64_t bytes); /* "2.3 MB" */

#endif
