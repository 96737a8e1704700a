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

/* A column of the target: of the parts, or one that the mode adds. */
typedef struct rfm_load_column {
    rfm_part_column wanted; /* borrowed */
    char *own;              /* what the table calls it; NULL: an optional one, which the table does not have */
} rfm_load_column;

typedef struct rfm_load rfm_load;

/* How results become visible; a row of a table in load_publish.c. */
typedef struct rfm_load_mode {
    const char *name;
    const rfm_part_column *extras; /* columns it adds to the parts' */
    size_t n_extras;
    rfm_status (*publish)(rfm_load *load, char query_id[64], rfm_error *err);
} rfm_load_mode;

struct rfm_load {
    const rfm_upload_options *options; /* borrowed */
    const rfm_manifest *manifest;      /* borrowed */
    const char *run_dir;               /* borrowed */
    rfm_session *session;              /* borrowed */
    rfm_journal *journal;
    rfm_sql_name table, aside, stage, model_table;
    int64_t n_asides; /* that this upload has had; the last is `aside` */
    const rfm_load_mode *mode;
    rfm_load_column *columns; /* the parts' (manifest->n_columns), then the mode's */
    size_t n_columns;
    bool is_known; /* the table could be looked at */
    bool is_same;  /* its columns are the parts', in their order */
    bool is_short; /* it lacks optional ones */
    bool is_transient;
    bool own_stage;
    bool is_in_transaction; /* or may be: then what changes tables would commit it */
    char *prefix;           /* @"DB"."SC"."STAGE"/id/ */
    char *dir;              /* run_dir/customers */
    char *as_of;            /* of the run, as ISO 8601 */
    char *run_id;           /* its digest */
};

/* names.c: full names, from the option, then from the login. */
rfm_status rfm_sql_name_make(const char *given, const char *what, const rfm_session *session, rfm_sql_name *name,
                             rfm_error *err);
rfm_status rfm_sql_name_join(rfm_sql_name *name, rfm_error *err); /* sql from its three parts */
void rfm_sql_name_free(rfm_sql_name *name);

/* The given stage, or (NULL) the own one beside the table. */
rfm_status rfm_stage_name_make(const char *given, const rfm_sql_name *table, const rfm_session *session,
                               rfm_sql_name *stage, rfm_error *err);

/* load_table.c. The table is there, or is made where that is wished; its columns are matched by name. */
rfm_status rfm_load_look(rfm_load *load, rfm_error *err);

/* The names of the parts' columns that the table has: "A", "B"; each behind `before` ("s."). */
void rfm_load_add_columns(const rfm_load *load, const char *before, rfm_text *sql);

/* load_stage.c. Every part in the stage, and only once. */
rfm_status rfm_load_stage(rfm_load *load, rfm_error *err);

/* Column names and types as CREATE TABLE has them: ("A" VARCHAR, ...), after the table's own names.
 * whole: the mode's columns, too, and comments. */
void rfm_load_add_definitions(const rfm_load *load, bool whole, rfm_text *sql);

/* load_copy.c. COPY all parts into the table aside, which is new; what it says of rows is held against the manifest.
 * by_name: its columns are named, since it has others or another order. */
rfm_status rfm_load_copy(rfm_load *load, bool by_name, rfm_error *err);

/* load_aside.c. The last one of an earlier start; another with all rows (to_swap: like the target), in the place of all
 * that were; none any more. */
rfm_status rfm_load_find_aside(rfm_load *load, rfm_error *err);
rfm_status rfm_load_fill_aside(rfm_load *load, bool to_swap, rfm_error *err);
rfm_status rfm_load_drop_aside(rfm_load *load, rfm_error *err);

/* load_publish.c. The table has what the parts have. query_id: of the statement that made it so. */
const rfm_load_mode *rfm_load_mode_find(const char *name);
rfm_status rfm_load_publish(rfm_load *load, char query_id[64], rfm_error *err);

/* What modes are made of. A statement that may be refused; all that `work` does, or nothing; all of it in one session,
 * and done again where that ends on the way; rows put from aside into the target, counted (none_is_fine: an earlier
 * start may have done it); what an answer says of rows (-1: nothing). */
rfm_status rfm_load_run(rfm_load *load, const rfm_text *sql, bool may_fail, rfm_result *result, rfm_error *err);
rfm_status rfm_load_transact(rfm_load *load, rfm_status (*work)(rfm_load *, char[64], rfm_error *), char query_id[64],
                             rfm_error *err);
rfm_status rfm_load_in_session(rfm_load *load, rfm_status (*work)(rfm_load *, char[64], rfm_error *), char query_id[64],
                               rfm_error *err);
rfm_status rfm_load_insert(rfm_load *load, const char *verb, bool none_is_fine, int64_t *n_rows, char query_id[64],
                           rfm_error *err);
int64_t rfm_load_count(const rfm_result *result, const char *stat, const char *name);

/* The run's as_of in SQL: UTC without a zone. */
void rfm_load_add_as_of(const rfm_load *load, rfm_text *sql);

/* load_model.c. The run's row in the table of models, where one is wished for; done again, it is the same row. */
rfm_status rfm_load_model(rfm_load *load, rfm_error *err);

/* load_keep.c: the modes that keep what was there. */
extern const rfm_part_column rfm_merge_extras[4], rfm_history_extras[2];
rfm_status rfm_load_append(rfm_load *load, char query_id[64], rfm_error *err);
rfm_status rfm_load_merge(rfm_load *load, char query_id[64], rfm_error *err);
rfm_status rfm_load_history(rfm_load *load, char query_id[64], rfm_error *err);

#endif
