/* pipeline: the order of work. One table of stages, one loop that loads or makes what each leaves in the run directory.
 *
 *   ingest -> features -> cluster -> score -> write -> store        (predict: label in the place of cluster)
 */
#ifndef RFMPI_PIPELINE_H
#define RFMPI_PIPELINE_H

#include "rfmpi/comm.h"
#include "rfmpi/config.h"
#include "rfmpi/model.h"

typedef enum rfm_task { RFM_TASK_PREPARE, RFM_TASK_TRAIN, RFM_TASK_PREDICT, RFM_TASK_RUN } rfm_task;

/* Collective. Do a task as the job says, in output.dir. What is finished there already, from the same inputs and
 * options, is not done again. *table gets, on rank 0, the segments as text for people ("" for prepare, or when nothing
 * was left to do). */
rfm_status rfm_pipeline_run(rfm_comm *comm, const rfm_config *config, rfm_task task, rfm_text *table, rfm_error *err);

/* Collective. Store what the finished run directory has, as section `store` of the job says; rank 0 does it, the others
 * wait. *text gets, on rank 0, what was done. */
rfm_status rfm_pipeline_store(rfm_comm *comm, const rfm_config *config, const char *run_dir, rfm_text *text,
                              rfm_error *err);

/* Collective. Log in where the job would store, and look; nothing is written. *text, on rank 0: what is there. */
rfm_status rfm_pipeline_store_check(rfm_comm *comm, const rfm_config *config, rfm_text *text, rfm_error *err);

/* Collective. Rows of the warehouse into files of unload.dir, as section `unload` says; rank 0 does it. *text, on rank
 * 0: what was done. */
rfm_status rfm_pipeline_unload(rfm_comm *comm, const rfm_config *config, rfm_text *text, rfm_error *err);

/* Collective. Convert each file of input.paths, with all its columns, to the event table `out`/NAME.h5; the ranks share
 * the files. `out` is made when absent; a table of that name in it, or two files of one name, are RFM_USAGE. The tables
 * appear whole at the end; after a failure none of the temporary ones is left. Rows that are none are left out, up to
 * input.max_rejected of them. */
rfm_status rfm_pipeline_convert(rfm_comm *comm, const rfm_config *config, const char *out, rfm_error *err);

typedef enum rfm_export_form { RFM_EXPORT_SQL, RFM_EXPORT_PMML } rfm_export_form;

/* What export is asked for besides what the job says. Of PMML nothing but the model counts. */
typedef struct rfm_export {
    rfm_export_form form;
    const char *model;             /* model.h5 */
    const char *events, *features; /* the table that is read, one of them */
    const char *view;              /* NULL: the statement alone */
    const char *times;             /* what the times of events are: clock, instant or date; NULL: clock */
    const rfm_rename *renames;     /* [n_renames] of columns that have no role */
    size_t n_renames;
} rfm_export;

/* Collective. A statement for the warehouse that scores the table as predict would with this model and job, or a PMML
 * document that scores feature values so; *text, on all ranks. Roles, decimals and as_of that the job leaves open are
 * the model's. */
rfm_status rfm_pipeline_export(rfm_comm *comm, const rfm_config *config, const rfm_export *wanted, rfm_text *text,
                               rfm_error *err);

#endif
