/* upload: finished files -> elsewhere. A table of sinks: a folder, Snowflake. Sees files, never rows. Every function is
 * Local: one rank calls it.
 *
 * What is published appears whole or not at all. How far an upload has come is kept in RUN_DIR/store.jsonl, so that one
 * that was killed, at any point, is finished by another start, once.
 */
#ifndef RFMPI_UPLOAD_H
#define RFMPI_UPLOAD_H

#include "rfmpi/base.h"

/* Others that send parts as well, each with files of its own to read. */
typedef struct rfm_upload_helpers {
    /* Have an order carried out by all, this rank too; *sent: which parts are through. The order is a secret. */
    rfm_status (*send)(void *context, const char *order, bool *sent, size_t n_parts, rfm_error *err);
    void *context;
} rfm_upload_helpers;

typedef struct rfm_upload_options {
    const char *to;          /* name of the sink */
    const char *dir;         /* files: where a copy goes; NULL: nowhere */
    const char *table;       /* snowflake: [DATABASE.][SCHEMA.]NAME */
    const char *mode;        /* replace, overwrite, append */
    const char *model_table; /* a second one, with a row a run; NULL: none */
    const char *stage;       /* a stage that is there; NULL: RFMPI_STAGE beside the table, made where it is not */
    const char *copy;        /* files, prefix: how COPY names what it loads */
    bool create;             /* the table, where it is not there */
    bool local_stage;        /* a stage may be a folder of this machine */
    int parallel;            /* files at once */
    double retry_s;          /* how long the network may be away */
    const char *ca_file, *crl_file, *proxy;
    const char *connection, *credentials;
    const rfm_upload_helpers *helpers; /* NULL: none */
    bool anew;                         /* also what was stored before, or begun */
    bool (*stopped)(void *context);    /* asked now and then; NULL: never */
    void *context;
} rfm_upload_options;

typedef struct rfm_upload_outcome {
    bool already; /* an earlier start had stored it: nothing was done */
    int64_t n_rows, n_bytes, n_parts;
    char where[800];   /* for people, and run.json */
    char query_id[64]; /* of the statement that published it; "" */
} rfm_upload_outcome;

/* Store what a finished run directory has in customers/. RFM_DENIED: credentials or privileges; RFM_UNAVAILABLE: the
 * warehouse refused; RFM_STOPPED: the network is away, or a request to stop: the same again goes on from there. */
rfm_status rfm_upload_run(const rfm_upload_options *options, const char *run_dir, rfm_upload_outcome *outcome,
                          rfm_error *err);

/* Log in, look, write nothing: what is there and what is missing, as text for people. */
rfm_status rfm_upload_check(const rfm_upload_options *options, rfm_text *text, rfm_error *err);

/* An order, on any rank: how many parts it is about, and sending those of them whose number leaves `rank` when divided
 * by n_ranks. Credentials that expire on the way end it early: what is not sent stays so. */
size_t rfm_upload_order_parts(const char *order);
rfm_status rfm_upload_order_run(const rfm_upload_options *options, const char *order, int rank, int n_ranks, bool *sent,
                                rfm_error *err);

/* ---- unload: rows of the warehouse -> files here ----------------------------------------------------------------- */

typedef struct rfm_unload_options {
    const char *table, *query; /* one of them */
    const char *dir;           /* gets the files, unload.json and unload.jsonl */
    const char *format;        /* csv, parquet */
    const char *time_column;   /* NULL: all rows */
    const char *after;         /* an earlier unload's dir: only what came later; NULL: from the beginning */
    int64_t file_bytes;        /* of a file, about */
} rfm_unload_options;

typedef struct rfm_unload_outcome {
    bool already;
    int64_t n_rows, n_files;
    char until[80]; /* the newest time that is in it; "" */
} rfm_unload_outcome;

/* Whom to log in as, the stage and so on are of `options`. What is there already is not fetched again. */
rfm_status rfm_unload_run(const rfm_upload_options *options, const rfm_unload_options *wanted,
                          rfm_unload_outcome *outcome, rfm_error *err);

/* Take the secrets that were given in the environment out of this process. */
void rfm_upload_forget(void);

#endif
