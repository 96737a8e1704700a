/* The table of stages and the loop over it: find what is finished, load what is needed of it, make
 * the rest. */
#include "batch.h"

#include <string.h>

enum { INGEST, FEATURES, CLUSTER, LABEL, SCORE, FIGURES, SPREADSHEET, WRITE, N_STAGES };

#define BIT(x) (1U << (x))
#define ALL_TASKS (BIT(RFM_TASK_PREPARE) | BIT(RFM_TASK_TRAIN) | BIT(RFM_TASK_PREDICT) | BIT(RFM_TASK_RUN))
#define FITS (BIT(RFM_TASK_TRAIN) | BIT(RFM_TASK_RUN))
#define LABELLED (BIT(FEATURES) | BIT(CLUSTER) | BIT(LABEL))
#define LABELS (FITS | BIT(RFM_TASK_PREDICT))

enum { MOST_TOLD = 12 };

typedef struct rfm_stage {
    const char *name;
    unsigned tasks;      /* which slices it belongs to */
    unsigned needs;      /* stages whose results it reads in memory */
    const char *product; /* NULL: nothing is kept of it */
    unsigned decides;    /* the options its product depends on */
    rfm_status (*make)(rfm_batch *batch, rfm_error *err);
    rfm_status (*load)(rfm_batch *batch, rfm_error *err);
    const char *tells[MOST_TOLD]; /* members of run.json that are its own; up to NULL */
} rfm_stage;

static const rfm_stage STAGES[N_STAGES] = {
    [INGEST] = {"ingest",
                ALL_TASKS,
                0,
                "state.h5",
                UP_TO_STATE,
                ingest_make,
                ingest_load,
                {"n_bytes", "n_rows", "n_events", "n_filtered", "n_after_as_of", "n_duplicates", "n_rejected",
                 "rejected", "spilled_bytes", "as_of"}},
    [FEATURES] =
        {"features", ALL_TASKS, BIT(INGEST), "features.h5", UP_TO_FEATURES, features_make, features_load, {NULL}},
    [CLUSTER] = {"cluster",
                 FITS,
                 BIT(FEATURES),
                 "model.h5",
                 UP_TO_MODEL,
                 cluster_make,
                 cluster_load,
                 {"missing", "cluster", "quality", "sweep", "drift"}},
    [LABEL] = {"label",
               BIT(RFM_TASK_PREDICT),
               BIT(FEATURES),
               NULL,
               0,
               label_make,
               NULL,
               {"missing", "cluster", "quality", "sweep", "drift"}},
    [SCORE] = {"score",
               LABELS,
               BIT(CLUSTER) | BIT(LABEL),
               "segments.csv",
               UP_TO_RESULT,
               score_make,
               NULL,
               {"scores", "migration"}},
    [FIGURES] = {"figures", LABELS, LABELLED, "figures.json", UP_TO_RESULT, figures_make, NULL, {NULL}},
    [SPREADSHEET] = {"spreadsheet", LABELS, LABELLED, "spreadsheet.xlsx", UP_TO_RESULT, spreadsheet_make, NULL, {NULL}},
    [WRITE] = {"write", LABELS, LABELLED, "customers", UP_TO_RESULT, write_make, NULL, {"store"}},
};

/* A stage's part in this start. */
typedef enum rfm_part { ABSENT, SKIPPED, LOADED, MADE } rfm_part;

/* The name under which a stage's product is kept in this batch; NULL where nothing is. */
static const char *product_of(const rfm_batch *batch, int index)
{
    bool kept = true;
    if (index == INGEST)
        kept = batch->job.source == SOURCE_EVENTS && rfm_config_boolean(batch->config, "output.state");
    if (index == FEATURES)
        kept = batch->job.source != SOURCE_MATRIX;
    if (index == SPREADSHEET)
        kept = rfm_config_boolean(batch->config, "output.spreadsheet");
    return kept ? STAGES[index].product : NULL;
}

/* Which stages are finished, which must be made, and which of the finished ones those read. With
 * done false the last product is made again in any case, since the report was not. */
static rfm_status plan_stages(rfm_batch *batch, bool done, rfm_part parts[N_STAGES], rfm_error *err)
{
    bool present[N_STAGES] = {false};
    for (int i = 0; i < N_STAGES; i++) {
        const char *product = product_of(batch, i);
        if (!(STAGES[i].tasks & BIT(batch->job.task)) || !product)
            continue;
        rfm_origin origin = {0};
        make_origin(batch, STAGES[i].decides, &origin, err);
        if (rfm_comm_agree(batch->comm, err) == RFM_OK)
            rfm_run_find(batch->run, product, &origin, batch->force, &present[i], err);
        rfm_origin_free(&origin);
        if (err->status != RFM_OK)
            return err->status;
    }
    present[batch->job.task == RFM_TASK_PREPARE ? FEATURES : WRITE] &= done;
    unsigned needed = 0;
    for (int i = N_STAGES - 1; i >= 0; i--) {
        const bool asked = STAGES[i].tasks & BIT(batch->job.task);
        const bool wanted = needed & BIT(i) || (product_of(batch, i) && !present[i]);
        if (!asked || !wanted)
            parts[i] = asked && present[i] ? SKIPPED : ABSENT;
        else
            parts[i] = present[i] ? LOADED : MADE;
        if (parts[i] == MADE)
            needed |= STAGES[i].needs;
        if (parts[i] == LOADED && i == CLUSTER) /* labels are made again from the model */
            needed |= STAGES[i].needs;
    }
    return RFM_OK;
}

static rfm_status publish(rfm_batch *batch, int index, rfm_error *err)
{
    const char *product = product_of(batch, index);
    if (!product)
        return RFM_OK;
    rfm_origin origin = {0};
    make_origin(batch, STAGES[index].decides, &origin, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK)
        rfm_run_publish(batch->run, product, &origin, err);
    rfm_origin_free(&origin);
    batch->safe = true;
    if (err->status == RFM_OK && index <= FEATURES) /* what was read can be had from the product */
        rfm_run_drop(batch->run, RFM_ROUNDS, err);
    return err->status;
}

/* What an earlier start told, of other options perhaps: a sweep that there is no more, segments that have gone. */
static void forget(rfm_batch *batch, const rfm_stage *stage)
{
    for (int i = 0; i < MOST_TOLD && stage->tells[i]; i++)
        rfm_report_remove(batch->run, stage->tells[i]);
}

static rfm_status run_stage(rfm_batch *batch, int index, rfm_part part, rfm_error *err)
{
    const rfm_stage *stage = &STAGES[index];
    measure_begin(batch);
    rfm_comm_stage(batch->comm, stage->name);
    trial_enter(&batch->stop.trial, stage->name);
    stop_heed(batch, batch->safe);
    if (part == MADE)
        forget(batch, stage);
    part == LOADED ? stage->load(batch, err) : stage->make(batch, err);
    stop_heed(batch, false);
    if (err->status == RFM_OK && part == MADE)
        publish(batch, index, err);
    rfm_meter_close();
    if (err->status == RFM_OK && part == MADE)
        measure_end(batch, stage->name);
    return err->status;
}

/* From MPI_Init's return to the last product under its name, on the slowest rank. */
static void note_published(rfm_batch *batch)
{
    double seconds = rfm_clock_s() - rfm_comm_started_s(batch->comm);
    rfm_comm_reduce_f64(batch->comm, RFM_MAX, &seconds, 1);
    rfm_report_number(batch->run, "seconds_published", seconds);
}

/* Whether run.json says that the last start in this directory came to its end. Collective. */
static rfm_status is_done(rfm_batch *batch, bool *done, rfm_error *err)
{
    *done = false;
    if (rfm_comm_rank(batch->comm) == 0) {
        char *status = NULL;
        rfm_report_read(rfm_run_dir(batch->run), "status", &status, err);
        *done = status && strcmp(status, "done") == 0;
        free(status);
    }
    rfm_comm_bcast(batch->comm, 0, done, sizeof *done);
    return rfm_comm_agree(batch->comm, err);
}

/* Collective. Between two stages whatever is finished is kept; what has no product and no rounds is gone on with. */
static rfm_status check_stop(rfm_batch *batch, int next, rfm_error *err)
{
    const char *reason = batch->safe ? stop_reason(batch) : NULL;
    if (reason)
        rfm_fail(err, RFM_STOPPED, "stopped on request (%s) before stage %s: run it again to go on", reason,
                 STAGES[next].name);
    return rfm_comm_agree(batch->comm, err);
}

static void tell_stages(const rfm_batch *batch, const rfm_part parts[N_STAGES])
{
    rfm_told told[N_STAGES];
    size_t n = 0;
    for (int i = 0; i < N_STAGES; i++)
        if (parts[i] != ABSENT)
            told[n++] = (rfm_told){STAGES[i].name, parts[i] == MADE};
    tell_plan(batch, told, n);
}

static rfm_status run_stages(rfm_batch *batch, rfm_error *err)
{
    rfm_part parts[N_STAGES];
    bool done;
    if (is_done(batch, &done, err) != RFM_OK || plan_stages(batch, done, parts, err) != RFM_OK)
        return err->status;
    int n_made = 0;
    for (int i = 0; i < N_STAGES; i++)
        n_made += parts[i] == MADE;
    if (n_made == 0) {
        rfm_log(RFM_LOG_INFO, "%s is finished already, from the same inputs and options: nothing to do",
                rfm_run_dir(batch->run));
        report_page_options(batch);
        return rfm_report_save(batch->run, err) == RFM_OK ? page_leave(batch, false, err) : err->status;
    }
    tell_stages(batch, parts);
    rfm_report_text(batch->run, "status", "running");
    site_report(batch);
    batch->safe = true;
    for (int i = 0; i < N_STAGES; i++)
        if ((parts[i] == LOADED || parts[i] == MADE) &&
            (check_stop(batch, i, err) != RFM_OK || run_stage(batch, i, parts[i], err) != RFM_OK))
            return err->status;
    if (parts[WRITE] == MADE && !product_of(batch, SPREADSHEET) && /* one of other customers */
        rfm_run_drop(batch->run, STAGES[SPREADSHEET].product, err) != RFM_OK)
        return err->status;
    if (rfm_checkpoint_drop(batch->run, err) != RFM_OK || rfm_run_drop(batch->run, RFM_ROUNDS, err) != RFM_OK)
        return err->status;
    note_published(batch);
    report_kept(batch);
    rfm_comm_stage(batch->comm, "report");
    return report_finish(batch, err) == RFM_OK ? page_leave(batch, true, err) : err->status;
}

static void batch_free(rfm_batch *batch)
{
    job_free(&batch->job);
    rfm_files_free(&batch->files);
    rfm_files_free(&batch->base);
    rfm_state_free(&batch->state);
    rfm_layout_free(&batch->layout);
    rfm_keys_free(&batch->keys);
    rfm_provenance_free(&batch->provenance);
    rfm_frame_free(&batch->frame);
    rfm_model_free(&batch->model);
    rfm_model_free(&batch->previous);
    free(batch->moved);
    free(batch->model_hash);
    free(batch->labels);
    free(batch->squared_distances);
    free(batch->sizes);
    free(batch->weights);
    rfm_text_free(&batch->site);
    stop_close(batch);
    rfm_run_close(batch->run);
}

/* Collective. What was known by then is in run.json. */
static void report_stopped(rfm_batch *batch, rfm_error *err)
{
    rfm_error failed = {0};
    report_kept(batch);
    rfm_report_text(batch->run, "status", "stopped");
    if (rfm_report_save(batch->run, &failed) != RFM_OK)
        rfm_log(RFM_LOG_WARN, "%s", failed.message);
    rfm_error_context(err, "%s", rfm_run_dir(batch->run));
}

static rfm_status work(rfm_batch *batch, rfm_text *table, rfm_error *err)
{
    const char *dir = rfm_config_string(batch->config, "output.dir");
    if (rfm_run_open(batch->comm, dir, &batch->run, err) != RFM_OK)
        return err->status;
    site_begin(batch, task_name(batch->job.task));
    stop_open(batch, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK && run_stages(batch, err) == RFM_OK && batch->labels)
        print_segments(batch, table, err);
    if (err->status == RFM_STOPPED)
        report_stopped(batch, err);
    if (err->status == RFM_OK && batch->job.task == RFM_TASK_RUN && store_is_wanted(batch->config))
        store_results(batch, table, err);
    rfm_trail_end(batch->run, err);
    return err->status;
}

static rfm_status plan_only(const rfm_batch *batch, rfm_text *table, rfm_error *err)
{
    if (rfm_comm_rank(batch->comm) == 0)
        print_plan(batch, table, err);
    return rfm_comm_agree(batch->comm, err);
}

rfm_status rfm_pipeline_run(rfm_comm *comm, const rfm_config *config, rfm_task task, rfm_text *table, rfm_error *err)
{
    rfm_batch batch = {.comm = comm, .config = config, .start_s = rfm_clock_s()};
    batch.force = rfm_config_boolean(config, "output.force");
    rfm_comm_stage(comm, "start");
    if (job_init(&batch, task, err) == RFM_OK && find_inputs(&batch, err) == RFM_OK)
        rfm_config_boolean(config, "output.dry_run") ? plan_only(&batch, table, err) : work(&batch, table, err);
    batch_free(&batch);
    return err->status;
}
