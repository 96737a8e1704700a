/* store: the run directory. Names, lock, what is finished and from what it was made, atomic publish, CSV parts,
 * run.json.
 *
 * Knows files and rows of text; knows nothing of customers or clusters. A product appears whole: written under a
 * temporary name that carries the attempt's number, synced, renamed, then noted in run.json, which is itself replaced
 * whole.
 */
#ifndef RFMPI_STORE_H
#define RFMPI_STORE_H

#include "rfmpi/comm.h"

/* ---- origin: what a product was made from ----------------------------------------------------------------------- */

/* Keys with values, in an order; two origins differ at the first key whose value differs or is missing. */
typedef struct rfm_origin {
    size_t n, capacity;
    char **keys, **values;
} rfm_origin;

rfm_status rfm_origin_add(rfm_origin *origin, const char *key, const char *value, rfm_error *err); /* Local; copies */
void rfm_origin_free(rfm_origin *origin);

/* Of keys and values. Local. */
rfm_status rfm_origin_hash(const rfm_origin *origin, rfm_hash128 *hash, rfm_error *err);

/* ---- run directory ---------------------------------------------------------------------------------------------- */

typedef struct rfm_run rfm_run;

/* Collective. Make DIR (0700, parents too), lock it (rank 0 exclusively, waiting up to 30 s, else RFM_USAGE that names
 * the holder; then shared by every rank for as long as it can write), read run.json, sweep temporaries of earlier
 * attempts. A directory that is not empty and not ours: RFM_USAGE. */
rfm_status rfm_run_open(rfm_comm *comm, const char *dir, rfm_run **run, rfm_error *err);
void rfm_run_close(rfm_run *run); /* Local; NULL is fine */

const char *rfm_run_dir(const rfm_run *run); /* Local, borrowed */

/* Collective. *present: the product is there and its origin is this one. There with another origin: RFM_USAGE that
 * names the first key that differs and both values, unless force (then it is as absent). */
rfm_status rfm_run_find(rfm_run *run, const char *product, const rfm_origin *origin, bool force, bool *present,
                        rfm_error *err);

/* Path of a product, or of the temporary it is to be written under (valid until close; borrowed). Local. */
const char *rfm_run_path(rfm_run *run, const char *product);
const char *rfm_run_temporary(rfm_run *run, const char *product);

/* Collective. Sync the temporary (a file or a directory of files), rename it over the product, sync the directory, note
 * the origin in run.json. The caller has closed what it wrote, on all ranks. */
rfm_status rfm_run_publish(rfm_run *run, const char *product, const rfm_origin *origin, rfm_error *err);

/* Collective. Note in run.json what a product that grows is going to be made from, before anything of it is there. */
rfm_status rfm_run_note(rfm_run *run, const char *product, const rfm_origin *origin, rfm_error *err);

/* Collective. Write bytes (rank 0's) as a small product in one step. */
rfm_status rfm_run_put(rfm_run *run, const char *product, const rfm_origin *origin, const rfm_text *bytes,
                       rfm_error *err);

/* Local. Write a small file of mode 0600, whole, and sync it; one of that name is overwritten. */
rfm_status rfm_file_write(const char *path, const rfm_text *bytes, rfm_error *err);

/* Local. The same in place of what has that name, all at once: under a temporary name beside it until it is whole. */
rfm_status rfm_file_replace(const char *path, const rfm_text *bytes, rfm_error *err);

/* Local. All of it, behind what the text has. */
rfm_status rfm_file_read(const char *path, rfm_text *text, rfm_error *err);

/* Local. "dir/name"; NULL with err set. The caller frees. */
char *rfm_folder_path(const char *dir, const char *name, rfm_error *err);

/* Local. pwrite all of it. path names the file in messages. */
rfm_status rfm_folder_put(int fd, const char *path, const void *bytes, size_t length, int64_t offset, rfm_error *err);

/* Local. A file or a directory with all that is in it; what is not there is fine. */
rfm_status rfm_folder_remove(const char *path, rfm_error *err);

/* Local. mkdir -p, every new directory 0700; and names that were given or taken in one, safe on the disk. */
rfm_status rfm_folder_make(const char *dir, rfm_error *err);
rfm_status rfm_folder_sync_names(const char *dir, rfm_error *err);

/* Local. Open path and lock it alone, waiting up to wait_s; RFM_USAGE that names the holder when it stays locked. *fd
 * is -1 on failure. The lock ends with the process, whatever ends that. */
rfm_status rfm_lock_alone(const char *path, double wait_s, int *fd, rfm_error *err);

/* Collective. Drop a product that no longer holds (forced runs), and its note. */
rfm_status rfm_run_drop(rfm_run *run, const char *product, rfm_error *err);

/* ---- checkpoints: what an unfinished product leaves for the next start ------------------------------------------- */

/* Collective. What lies there is of this origin, or goes: RFM_USAGE that names the first key that differs where it is
 * of another, unless force. What is written from now on is of this one. */
rfm_status rfm_checkpoint_claim(rfm_run *run, const rfm_origin *origin, bool force, rfm_error *err);

/* Collective. The newest whole checkpoint of this origin, on all ranks (the caller frees); NULL where there is none.
 * One that is not whole is warned of and not used. */
rfm_status rfm_checkpoint_read(rfm_run *run, const rfm_origin *origin, void **bytes, size_t *n_bytes, rfm_error *err);

/* Collective. Rank 0's content, over the older of two files: after `read`, which tells it from the newer. */
rfm_status rfm_checkpoint_write(rfm_run *run, const rfm_origin *origin, const rfm_text *content, rfm_error *err);

/* Local. What can be told of such a file without its run. */
typedef struct rfm_checkpoint_note {
    int64_t number, n_bytes; /* of checkpoints in its directory; of its content */
    bool is_whole;
} rfm_checkpoint_note;

bool rfm_checkpoint_is(const void *bytes, size_t n); /* by the first bytes of a file */
rfm_status rfm_checkpoint_look(const char *path, rfm_checkpoint_note *note, rfm_error *err);

/* Collective. Both files go. */
rfm_status rfm_checkpoint_drop(rfm_run *run, rfm_error *err);

/* ---- rounds: what reading has come to, for a later start; see src/store/rounds.c --------------------------------- */

#define RFM_ROUNDS "rounds" /* their directory, in the run's */

/* A rank's rounds of one start: a file of their own, or a region of one that neighbours share. Functions are Local. */
typedef struct rfm_rounds {
    char *path; /* NULL: not open */
    int file;
    int64_t end;   /* of the rounds in it, or of those that were read; in the file, as all offsets */
    int64_t limit; /* which nothing may pass: others have what lies behind; INT64_MAX: a file of its own */
    rfm_hash128 origin;
    bool loose; /* what was appended may still be on its way to the disk */
} rfm_rounds;

/* Where the rounds of one rank lie. */
typedef struct rfm_rounds_place {
    char *path;
    int64_t region, n_regions; /* of the file; 1: a file of its own */
} rfm_rounds_place;

/* This rank's of this start; there must be none. */
rfm_status rfm_rounds_create(rfm_run *run, const rfm_origin *origin, rfm_rounds *rounds, rfm_error *err);

/* To read from. */
rfm_status rfm_rounds_open(const rfm_rounds_place *place, const rfm_origin *origin, rfm_rounds *rounds, rfm_error *err);

/* No more of it is to be asked here. Half of the files that a process may have open are for everything else: where this
 * one is beyond, it is closed (file is -1), and whoever reads bodies opens it whenever there is one to read. */
void rfm_rounds_rest(rfm_rounds *rounds);
void rfm_rounds_close(rfm_rounds *rounds); /* zero-initialised is fine */

/* RFM_IO when disk or region have no room for a round of so many bytes, as far as can be told, or when its meta would
 * be more than rounds can have. */
rfm_status rfm_rounds_reserve(const rfm_rounds *rounds, size_t body_bytes, size_t meta_bytes, rfm_error *err);

/* Where the body of the next round is to be written, up to the limit at most; and the end of it, when that has been
 * done: from then on the round outlives the program. It is on its way to the disk, and sync waits until it is there, so
 * that it outlives the machine too. */
int64_t rfm_rounds_body(const rfm_rounds *rounds);
rfm_status rfm_rounds_append(rfm_rounds *rounds, int64_t body_end, const rfm_text *meta, rfm_error *err);
rfm_status rfm_rounds_sync(rfm_rounds *rounds, rfm_error *err);

/* The next round of this origin; the body is whatever meta says of it. RFM_DATA when what comes is not whole: it, and
 * all behind it, is of no use. */
rfm_status rfm_rounds_next(rfm_rounds *rounds, rfm_text *meta, bool *found, rfm_error *err);

/* Collective. This rank's share of all places of rounds; the caller frees. */
rfm_status rfm_rounds_list(rfm_run *run, rfm_rounds_place **places, size_t *n, rfm_error *err);
void rfm_rounds_list_free(rfm_rounds_place **places, size_t *n); /* Local */

/* ---- run.json: the machine-readable report, kept on rank 0; setters are Local and do nothing elsewhere ---------- */

/* key is a dotted path: "cluster.k". Setting again replaces. A failure to allocate shows at the next save. */
void rfm_report_integer(rfm_run *run, const char *key, int64_t value);
void rfm_report_number(rfm_run *run, const char *key, double value);
void rfm_report_boolean(rfm_run *run, const char *key, bool value);
void rfm_report_text(rfm_run *run, const char *key, const char *value);
void rfm_report_numbers(rfm_run *run, const char *key, const double *values, size_t n);
void rfm_report_integers(rfm_run *run, const char *key, const int64_t *values, size_t n);
void rfm_report_json(rfm_run *run, const char *key,
                     const char *json); /* any JSON text, checked; NULL where memory was out */

void rfm_report_remove(rfm_run *run, const char *key); /* without a point in it; what is not there is fine */

/* Append a number to a JSON text; null for what is none. Local. */
void rfm_json_add_number(rfm_text *json, double value);

/* Append numbers to a JSON text as a list of rows. Local. */
void rfm_json_add_counts(rfm_text *json, const int64_t *counts, size_t n_rows, size_t n_columns);

/* Append a text to a JSON text, in its quotes; bytes that are not UTF-8 as \xNN. Local. */
void rfm_json_add_string(rfm_text *json, const char *text);

rfm_status rfm_report_save(rfm_run *run, rfm_error *err); /* Collective: replace run.json */

/* Local: one value of a run.json, for `info` and tests of what is finished. Caller frees *text; NULL when absent. */
rfm_status rfm_report_read(const char *dir, const char *key, char **text, rfm_error *err);

/* Local: all of a run.json, as it stands. RFM_DATA where there is none. */
rfm_status rfm_report_text_of(const char *dir, rfm_text *json, rfm_error *err);

/* ---- JSON files, to read: all Local ------------------------------------------------------------------------------ */

/* A value. What is asked of one that is not there (NULL), or of another kind, is not there either. */
typedef struct json_t rfm_json;

/* Read a file that holds one object; RFM_DATA for what is none. NULL without an error when there is no such file. The
 * values in it are borrowed, and live until it is freed. */
rfm_json *rfm_json_load(const char *path, rfm_error *err);
void rfm_json_free(rfm_json *root); /* NULL is fine */

/* The value at a dotted path, where names may hold dots themselves. */
const rfm_json *rfm_json_find(const rfm_json *root, const char *path);

size_t rfm_json_count(const rfm_json *value); /* items of an array, members of an object; else 0 */
const rfm_json *rfm_json_item(const rfm_json *array, size_t i);
bool rfm_json_is_list(const rfm_json *value);

/* The members of an object in the file's order: *at is NULL for the first; NULL behind the last. */
const char *rfm_json_next(const rfm_json *object, void **at, const rfm_json **value);

double rfm_json_number(const rfm_json *value);    /* NAN where it is none */
const char *rfm_json_text(const rfm_json *value); /* UTF-8; NULL where it is none */
bool rfm_json_is_true(const rfm_json *value);

/* ---- log.jsonl: what every start said, a JSON object a line; rank 0's alone ------------------------------------- */

/* Local. From here to the end whatever is logged goes into RUN_DIR/log.jsonl too, behind a line that tells of the start
 * with `about`, members of a JSON object. A file that cannot be written is warned of once, and that is all. */
void rfm_trail_begin(rfm_run *run, const char *command, const char *about);

/* Local. The last line of this start: how it ended, with the exit code. NULL, or none begun: nothing. */
void rfm_trail_end(rfm_run *run, const rfm_error *err);

/* ---- customers/: CSV (and Parquet) in parts of a fixed number of rows, the same at any rank count --------------- */

/* Append a field, in quotes where RFC 4180 wants them. Local. */
void rfm_csv_add(rfm_text *csv, const char *bytes, size_t n);

/* The field at *at of what rfm_csv_add and others of its kind have written, without its quotes, in place of what
 * `field` has; *at moves to what stands behind it: a comma, a line end or the end. Local. */
void rfm_csv_take(const char **at, rfm_text *field);

/* Append the line of local row `row`, with its line end. Local. */
typedef rfm_status (*rfm_row_writer)(void *context, size_t row, rfm_text *line, rfm_error *err);

/* What a column of the parts holds, for who loads them elsewhere. */
typedef enum rfm_column_type {
    RFM_COLUMN_TEXT,
    RFM_COLUMN_SMALL /* an integer of 32 bits; read back from a manifest it is INTEGER */,
    RFM_COLUMN_INTEGER,
    RFM_COLUMN_NUMBER,
    RFM_COLUMN_TIME
} rfm_column_type;

typedef struct rfm_part_column {
    const char *name;
    rfm_column_type type;
    const char *comment; /* NULL: none */
    bool optional;       /* a table that lacks it gets the others */
} rfm_part_column;

/* One value of a row, by its column's type. */
typedef union rfm_cell {
    int64_t integer;
    double number;
    struct {
        const char *bytes; /* borrowed until the next row is read */
        size_t length;
    } text; /* times too, as they stand in the line */
} rfm_cell;

/* Fill in the cells of local row `row`, one a column. Local. */
typedef void (*rfm_row_reader)(void *context, size_t row, rfm_cell *cells);

typedef struct rfm_parts {
    const char *header; /* first line of every part, with its line end */
    const rfm_part_column *columns;
    size_t n_columns;
    int64_t part_rows; /* rows a part */
    int level;         /* of gzip */
    size_t n_local;    /* rows of this rank; rows lie end to end in rank order */
    rfm_row_writer write;
    rfm_row_reader read; /* of the same rows, for Parquet; NULL: CSV alone */
    void *context;
} rfm_parts;

/* Collective. Writes DIR/part-00000.csv.gz ... and DIR/manifest.json (columns; name, rows, bytes, XXH3 of each) into an
 * existing or new directory `dir` (a temporary of the run), file mode 0600. A part is a sequence of gzip members of a
 * fixed number of rows. With `read`, DIR/part-00000.parquet ... too: the rank that has a part's first row holds the
 * rows that others have of it, and one row group. */
rfm_status rfm_parts_write(rfm_comm *comm, const char *dir, const rfm_parts *parts, rfm_error *err);

/* Local. Whether this build can write Parquet; where it cannot, `read` is RFM_USAGE. */
bool rfm_parts_may_be_parquet(void);

/* What a manifest says. */
typedef struct rfm_manifest {
    int64_t n_rows;
    rfm_hash128 hash; /* of the manifest's own bytes, and so of everything it tells */
    size_t n_columns, n_parts;
    rfm_part_column *columns;
    struct rfm_manifest_part {
        char *name;
        int64_t rows, bytes;
        rfm_hash128 hash; /* XXH3 of the file */
    } * parts;
    void *text; /* what the columns' names and comments lie in */
} rfm_manifest;

/* Local. RFM_DATA for what is none, or of another format; RFM_USAGE where there is none. */
rfm_status rfm_manifest_read(const char *dir, rfm_manifest *manifest, rfm_error *err);
void rfm_manifest_free(rfm_manifest *manifest);

/* Which part has that name; n_parts: none. */
size_t rfm_manifest_find(const rfm_manifest *manifest, const char *name);

/* ---- workbook: results as a file that spreadsheets open (.xlsx); Local ------------------------------------------- */

enum { RFM_SHEET_ROWS = 1048575, RFM_SHEET_COLUMNS = 16384 }; /* that a sheet has; rows below its header */

typedef struct rfm_workbook rfm_workbook;

const char *rfm_workbook_library(void); /* the version of the library it takes; NULL: this build has none */

/* A file of mode 0600, whole when close says so; in `scratch`, a directory, are its sheets until then, as plain text.
 * *workbook is to be closed also after a failure. */
rfm_status rfm_workbook_open(const char *path, const char *scratch, rfm_workbook **workbook, rfm_error *err);

/* The next sheet, and its rows: lines as in customers/, whole ones, the first of which names columns. They are on the
 * disk, and not in memory, when this returns. Texts stay texts, whatever they look like, and so do whole numbers of
 * more digits than a spreadsheet keeps; numbers are rounded to 16 digits. types: [n], borrowed until the next sheet. */
rfm_status rfm_workbook_sheet(rfm_workbook *workbook, const char *name, const rfm_column_type *types, size_t n,
                              rfm_error *err);
rfm_status rfm_workbook_rows(rfm_workbook *workbook, const char *csv, rfm_error *err);
rfm_status rfm_workbook_close(rfm_workbook *workbook, rfm_error *err); /* NULL is fine */

#endif
