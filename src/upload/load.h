/* load: from parts to a table of the warehouse, step by step. Knows the warehouse's SQL; the bytes go by transfer.
 * Local.
 *
 *     look at the table -> parts into the stage -> COPY -> publish -> tidy up
 *
 * The rows are loaded into a table aside, counted there, and published by one act: SWAP, or one transaction that writes
 * the rows over (INSERT OVERWRITE) or moves them (INSERT and DELETE). Doing any of these again does nothing more: the
 * same rows take the place of themselves, and rows that were moved are no longer there to be moved.
 */
#ifndef RFM_UPLOAD_LOAD_H
#define RFM_UPLOAD_LOAD_H

#include "journal.h"
#include "rfmpi/store.h"
#include "rfmpi/upload.h"
#include "session.h"

/* A table or stage, by its three names. */
typedef struct rfm_sql_name {
    char *parts[3]; /* database, schema, name */
    char *sql;      /* "DB"."SC"."NAME" */
} rfm_sql_name;

typedef struct rfm_load {
    const rfm_upload_options *options; /* borrowed */
    const rfm_manifest *manifest;      /* borrowed */
    const char *run_dir;               /* borrowed */
    rfm_session *session;              /* borrowed */
    rfm_journal *journal;
    rfm_sql_name table, aside, stage;
    char **columns; /* [manifest->n_columns] the table's names of the parts' columns */
    bool is_known;  /* the table could be looked at */
    bool is_same;   /* its columns are the parts', in their order */
    bool is_transient;
    bool own_stage;
    char *prefix; /* @"DB"."SC"."STAGE"/id/ */
    char *dir;    /* run_dir/customers */
} rfm_load;

/* names.c: full names, from the option, then from the login. */
rfm_status rfm_sql_name_make(const char *given, const char *what, const rfm_session *session, rfm_sql_name *name,
                             rfm_error *err);
void rfm_sql_name_free(rfm_sql_name *name);

/* The given stage, or (NULL) the own one beside the table. */
rfm_status rfm_stage_name_make(const char *given, const rfm_sql_name *table, const rfm_session *session,
                               rfm_sql_name *stage, rfm_error *err);

/* load_table.c. The table is there, or is made where that is wished; its columns are matched by name. */
rfm_status rfm_load_look(rfm_load *load, rfm_error *err);
void rfm_load_add_columns(const rfm_load *load, rfm_text *sql); /* ("A", "B") */

/* load_stage.c. Every part in the stage, and only once. */
rfm_status rfm_load_stage(rfm_load *load, rfm_error *err);
rfm_status rfm_load_unstage(rfm_load *load, rfm_error *err);

/* Column names and types as CREATE TABLE has them: ("A" VARCHAR, ...), after the table's own names. */
void rfm_load_add_definitions(const rfm_load *load, bool comments, rfm_text *sql);

/* load_copy.c. COPY all parts into the table aside, which is new; what it says of rows is held against the manifest.
 * by_name: its columns are named, since it has others or another order. */
rfm_status rfm_load_copy(rfm_load *load, bool by_name, rfm_error *err);

/* load_publish.c. The table has what the parts have. query_id: of the statement that made it so. */
rfm_status rfm_load_publish(rfm_load *load, char query_id[64], rfm_error *err);
rfm_status rfm_load_drop_aside(rfm_load *load, rfm_error *err);

#endif
