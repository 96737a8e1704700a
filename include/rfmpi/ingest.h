/* ingest: exported event files -> batches of events. No MPI, no customers: it plans, scans, checks, keeps or rejects.
 *
 * Every function is Local.
 *
 *   patterns -> files -> shards (one rank's range of one file) -> rows -> fields -> events -> sink
 */
#ifndef RFMPI_INGEST_H
#define RFMPI_INGEST_H

#include "rfmpi/base.h"

/* ---- what to read ----------------------------------------------------------------------------------------------- */

typedef enum rfm_id_kind { RFM_ID_TEXT, RFM_ID_INTEGER } rfm_id_kind;
enum { RFM_ID_MAX_BYTES = 255 };

typedef enum rfm_rule_kind {
    RFM_RULE_EQUAL,
    RFM_RULE_NOT,
    RFM_RULE_PREFIX,
    RFM_RULE_NOT_PREFIX,
    RFM_RULE_ABOVE, /* numbers: a field that is none is a reject; an empty one fails the rule */
    RFM_RULE_BELOW,
    RFM_RULE_PRESENT /* not empty */
} rfm_rule_kind;

/* One condition on the text of a column. Columns are header names, or numbers from 1 as text where there is no header.
 */
typedef struct rfm_rule {
    rfm_rule_kind kind;
    const char *column;
    const char *text; /* what is compared with; a decimal for ABOVE and BELOW; unused for PRESENT */
} rfm_rule;

/* A conjunction: what a `where` selects. Zero-initialised selects every event. */
typedef struct rfm_predicate {
    const char *const *events; /* event names, any of them; n_events 0: every event */
    size_t n_events;
    const rfm_rule *rules; /* all of them */
    size_t n_rules;
    uint32_t hours;   /* bit h: local hour h counts; 0: all */
    uint8_t weekdays; /* bit 0 Monday .. bit 6 Sunday; 0: all */
} rfm_predicate;

/* A number taken from each event: a column, or the product of two, times 10^(decimals * n_columns). */
typedef struct rfm_number_source {
    const char *columns[2];
    int n_columns;
} rfm_number_source;

enum { RFM_MAX_PREDICATES = 64, RFM_MAX_NUMBERS = 32, RFM_MAX_HASHES = 32 };

typedef enum rfm_dedupe { RFM_DEDUPE_NONE, RFM_DEDUPE_ROW, RFM_DEDUPE_COLUMN } rfm_dedupe;

/* How text is written. */
typedef struct rfm_dialect {
    char delimiter;    /* ' ' means blanks: runs of spaces and tabs, leading ones skipped; no quotes and escapes then */
    int quote, escape; /* characters; -1: none. An escape makes the next character one of the field */
    const char *null;  /* a field that is this is empty; NULL: none */
} rfm_dialect;

/* The `input:` of the job and what the features need of each event. All borrowed; must outlive its use. */
typedef struct rfm_input {
    bool header;
    rfm_dialect dialect;
    const char *customer, *time, *event; /* event NULL: every row is a "purchase" */
    rfm_id_kind id_kind;
    rfm_time_format time_format;
    const rfm_zone *zone;
    int decimals;
    rfm_notation notation;
    const rfm_rule *rules; /* keep rules: all must hold */
    size_t n_rules;
    int64_t as_of_us; /* later events are counted and dropped; INT64_MAX: none are */
    rfm_dedupe dedupe;
    const char *dedupe_column;
    const char *const *mapped; /* every mapped column (what dedupe: row compares), in the order of the contract */
    size_t n_mapped;
    const rfm_number_source *numbers;
    size_t n_numbers;
    const char *const *hashes; /* columns whose values are counted as distinct */
    size_t n_hashes;
    const rfm_predicate *predicates;
    size_t n_predicates;
    const char *fault_file; /* NULL; tests only */
} rfm_input;

/* The version of carquet, which decodes Parquet files; NULL: this build has no Parquet. */
const char *rfm_parquet_library(void);

/* ---- plan ------------------------------------------------------------------------------------------------------- */

typedef enum rfm_format {
    RFM_FORMAT_TEXT,
    RFM_FORMAT_GZIP, /* text behind it: one member or many */
    RFM_FORMAT_ZSTD, /* text behind it: one frame or many */
    RFM_FORMAT_PARQUET,
    RFM_FORMAT_HDF5, /* an event table: see docs/jobs.md */
    RFM_N_FORMATS
} rfm_format;

const char *rfm_format_name(rfm_format format); /* "text", "gzip", ... */

/* The length of a file's name without the endings that say its format: of "a.csv.gz", 1. */
size_t rfm_format_stem(const char *name);

/* Rows of a file by where they begin: begin .. end - 1, in the units of shards; of what is compressed, bytes of the
 * text. */
typedef struct rfm_interval {
    int64_t begin, end;
} rfm_interval;

typedef struct rfm_file {
    char *path;
    int64_t size_bytes, modified_us;
    bool whole; /* text that one rank reads from end to end (quoted line ends) */
    rfm_format format;
    bool tabs;      /* its name says that tabs separate its fields (.tsv) */
    int64_t n_rows; /* of columns; 0 of text, whose rows nobody has counted */
    int64_t *cuts;  /* [n_cuts] of columns: rows at which a shard may begin; NULL: at any */
    size_t n_cuts;
    rfm_interval *done; /* [n_done] read by an earlier start, ascending and apart: see rfm_files_mark */
    size_t n_done;
} rfm_file;

typedef struct rfm_files {
    rfm_file *files;
    size_t n;
} rfm_files;

/* Expand patterns: names; globs, in which a folder named ** stands for any number of folders; a directory, which stands
 * for all files in and below it that are named like event files (hidden ones and those that begin with _ are passed
 * over); @list.txt, a file with a name or pattern a line. Sorted by path, each file once. A missing file, a pattern or
 * directory without one, an unreadable file: RFM_DATA (RFM_DENIED) that names it; so is a file whose name and first
 * bytes say different formats. Empty files stay in the list. Also looks into the first block of each text and marks it
 * whole where a quoted line end shows. */
rfm_status rfm_files_find(const rfm_input *input, const char *const *patterns, size_t n_patterns, rfm_files *files,
                          rfm_error *err);

/* The same in two steps, so that ranks can share the second: which files there are, and, of the files first .. end-1,
 * what is in them. */
rfm_status rfm_files_list(const rfm_input *input, const char *const *patterns, size_t n_patterns, rfm_files *files,
                          rfm_error *err);
rfm_status rfm_files_look_into(const rfm_input *input, rfm_files *files, size_t first, size_t end, rfm_error *err);
void rfm_files_free(rfm_files *files);

/* As bytes, to be shared with the other ranks. */
rfm_status rfm_files_pack(const rfm_files *files, rfm_text *bytes, rfm_error *err);
rfm_status rfm_files_unpack(const void *bytes, size_t n_bytes, rfm_files *files, rfm_error *err);

/* Who may interrupt a reading, between rows, every few hundred kilobytes. */
typedef struct rfm_pause {
    void *context;
    bool (*is_due)(void *context);
    /* All that was read is with the sink, in tally, rejects and portions. What it returns but RFM_OK ends the reading.
     */
    rfm_status (*take)(void *context, rfm_error *err);
} rfm_pause;

/* Content, to know a file again whatever its name. Adds to sums[file] the hashes of the blocks that are this rank's
 * share of all files end to end; the sums over all ranks (mod 2^128) do not depend on their number. pause: between two
 * blocks; NULL: none. */
rfm_status rfm_files_content(const rfm_files *files, int rank, int n_ranks, const rfm_pause *pause, rfm_i128 *sums,
                             rfm_error *err);

/* A range of one file, which one rank reads: bytes of plain text (the rows that begin in them belong to it), rows of
 * columns, the whole of what is compressed. Of a file's done parts a reader of what is compressed leaves out the rows;
 * other shards lie between them. */
typedef struct rfm_shard {
    size_t file;
    int64_t begin, end;
    int rank;
    bool relayed; /* the rank decodes it, and all ranks of its node parse what comes */
} rfm_shard;

/* The shards of all ranks, in the order of files and offsets. A pure function of the files and the number of ranks:
 * what cannot be cut goes to the least loaded rank, largest first, and plain text fills up what the others have less. A
 * compressed file that is more than a rank's share of all work is relayed. */
typedef struct rfm_plan {
    rfm_shard *shards;
    size_t n;
} rfm_plan;

rfm_status rfm_plan_make(const rfm_files *files, int n_ranks, rfm_plan *plan, rfm_error *err);
void rfm_plan_free(rfm_plan *plan);

/* What a shard is estimated to cost, in bytes of plain text. */
int64_t rfm_shard_cost(const rfm_files *files, const rfm_shard *shard);

/* What is left to read of a file, from `from` on; false: nothing. A compressed text ends at RFM_TEXT_END. */
#define RFM_TEXT_END INT64_MAX
bool rfm_file_gap(const rfm_file *file, int64_t from, rfm_interval *gap);

/* ---- events ----------------------------------------------------------------------------------------------------- */

enum { RFM_BATCH_EVENTS = 1024 };

/* n events, column by column; everything is valid until the sink returns. */
typedef struct rfm_events {
    size_t n; /* at most RFM_BATCH_EVENTS */
    const uint64_t *id_hash;
    const int64_t *id_number;   /* id: integer; else NULL */
    const char *const *id_text; /* id: text; not terminated; else NULL */
    const uint8_t *id_length;
    const int64_t *time_us;        /* UTC */
    const int32_t *day;            /* in the input's zone */
    const uint64_t *where;         /* bit p: predicate p holds */
    const uint32_t *has_number;    /* bit i: number i is not NULL */
    const uint32_t *has_hash;      /* bit i: hash i is not NULL */
    const int64_t *const *numbers; /* [n_numbers][n] */
    const uint64_t *const *hashes; /* [n_hashes][n]: XXH3 of the text */
    const rfm_hash128 *key;        /* with dedupe: what identifies the event; else NULL */
    const rfm_hash128 *row;        /* with dedupe: hash of the mapped fields */
} rfm_events;

typedef rfm_status (*rfm_event_sink)(void *context, const rfm_events *events, rfm_error *err);

/* ---- rejects ---------------------------------------------------------------------------------------------------- */

typedef enum rfm_reason {
    RFM_REASON_FIELDS,   /* another number of fields than the header */
    RFM_REASON_QUOTE,    /* a quote that is not closed, or text behind a closing quote */
    RFM_REASON_CUSTOMER, /* missing, too long, or no integer */
    RFM_REASON_TIME,
    RFM_REASON_NUMBER, /* no number, more digits than decimals, too large */
    RFM_REASON_BYTES,  /* a NUL byte, or a record beyond the limit */
    RFM_N_REASONS
} rfm_reason;

const char *rfm_reason_name(rfm_reason reason); /* "fields", "quote", ... as rejects/ and run.json have it */

typedef struct rfm_reject {
    size_t file;
    int64_t begin, line; /* line (a row's number in columns) from 1, counted from the portion that begins there */
    rfm_reason reason;
    char *detail; /* "bad time '2024-13-01'" */
    char *row;    /* the text refused, at most 1,000 bytes */
} rfm_reject;

/* Counted exactly, kept up to a cap per reason. */
typedef struct rfm_rejects {
    int64_t count[RFM_N_REASONS];
    rfm_reject *kept;
    size_t n_kept, capacity;
    size_t cap; /* per reason; set before reading */
} rfm_rejects;

void rfm_rejects_free(rfm_rejects *rejects);

/* Counts added, what was kept moved; `from` is left empty. */
rfm_status rfm_rejects_move(rfm_rejects *into, rfm_rejects *from, rfm_error *err);

/* As bytes, behind what is there; and back, added. RFM_DATA for bytes that are none, or name a file there is not. */
void rfm_rejects_pack(const rfm_rejects *rejects, rfm_text *bytes);
rfm_status rfm_rejects_unpack(const char *bytes, size_t n_bytes, size_t n_files, rfm_rejects *rejects, rfm_error *err);

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* What one or more shards gave; zero-initialise, then pass to every call: it adds up. earliest/newest count kept events
 * and mean something only where n_events > 0. */
typedef struct rfm_tally {
    int64_t n_rows, n_events, n_filtered, n_after_as_of; /* n_rows also counts rejects */
    int64_t earliest_us, newest_us;
    int64_t n_with_time_of_day; /* kept events whose time was more than a date */
    int64_t n_bytes;
} rfm_tally;

void rfm_tally_merge(rfm_tally *into, const rfm_tally *from);

/* A part of a file that was read. */
typedef struct rfm_portion {
    int64_t file, begin, end;
    int64_t n_lines; /* line ends in it, for the numbering of later ones */
    int64_t whole;   /* 1: with line ends inside quotes, see rfm_file; then it may be empty, and say only that */
} rfm_portion;

typedef struct rfm_portions {
    rfm_portion *list;
    size_t n, capacity;
} rfm_portions;

void rfm_portions_free(rfm_portions *portions);
rfm_status rfm_portions_add(rfm_portions *portions, rfm_portion portion, rfm_error *err);

/* As few portions as say the same of what is done, ascending: those that touch become one, and their line ends are told
 * no more. Portions that have a row in common stay apart: joined, nobody would see that it was read twice. */
void rfm_portions_join(rfm_portions *portions);

/* Lines of a file in front of a place. */
typedef struct rfm_line_count {
    int64_t file, begin, n_lines;
} rfm_line_count;

/* Counts, zero at first, ascend by file and place. To each is added what begins between the one before it and it; when
 * all portions of all ranks are in, the sums are the lines in front. */
void rfm_portions_count(const rfm_portions *portions, rfm_line_count *counts, size_t n);
void rfm_line_counts_sum(rfm_line_count *counts, size_t n);

/* What reading gave besides events. Zero-initialised: nothing. */
typedef struct rfm_ledger {
    rfm_tally tally;
    rfm_rejects rejects;
    rfm_portions portions;
} rfm_ledger;

void rfm_ledger_free(rfm_ledger *ledger);
rfm_status rfm_ledger_move(rfm_ledger *into, rfm_ledger *from, rfm_error *err); /* added; `from` is left empty */

/* As bytes, and back (added to what is there); what is unpacked fits these files, or is RFM_DATA. */
rfm_status rfm_ledger_pack(const rfm_ledger *ledger, rfm_text *bytes, rfm_error *err);
rfm_status rfm_ledger_unpack(const char *bytes, size_t n_bytes, const rfm_files *files, rfm_ledger *ledger,
                             rfm_error *err);

/* These portions of the files are done, and nothing else is: they are in no plan, and no reader takes their rows.
 * RFM_DATA where two of them have a row in common. Sorts them. */
rfm_status rfm_files_mark(rfm_files *files, rfm_portions *done, rfm_error *err);

/* What the reader says of one shard. */
typedef struct rfm_shard_result {
    int64_t n_lines;       /* line ends in the shard's own bytes */
    bool quoted_line_ends; /* a quoted line end was met in a shard that is not a whole file: what was given to the sink
                              may be wrong; mark the file whole and read everything again */
} rfm_shard_result;

/* One shard to read, and where what it gives goes. All borrowed. */
typedef struct rfm_reading {
    const rfm_input *input;
    const rfm_files *files;
    const rfm_shard *shard;
    rfm_event_sink sink;
    void *context; /* of the sink */
    rfm_tally *tally;
    rfm_rejects *rejects;
    rfm_shard_result *result;
    rfm_portions *portions;                        /* gets what was read; NULL: nobody wants to know */
    const rfm_pause *pause;                        /* NULL: none */
    void (*watch)(void *watcher, int64_t n_bytes); /* so much of the shard's part of the file is read; NULL: nobody */
    void *watcher;
    size_t block_bytes, row_bytes; /* read at a time, and the most a row may have; 0: the defaults */
} rfm_reading;

/* Read one shard and give its events to the sink, batch by batch. Rows in error go to `rejects` and do not fail the
 * call; a header that lacks a column, names it twice, a file that cannot be read or shrank, and a failing sink do (with
 * path and, where there is one, line). */
rfm_status rfm_shard_read(const rfm_reading *reading, rfm_error *err);

/* The vector instructions that text is scanned with: "portable", "avx2", ... */
const char *rfm_scan_vectors(void);

/* ---- blocks: a compressed file that one rank decodes and several parse ------------------------------------------ */

/* What must be there behind the bytes of a block, to be written to. */
enum { RFM_BLOCK_PADDING = 64 };

/* Text in whole rows, cut where a line ends. */
typedef struct rfm_block {
    int64_t index;  /* in its file, from 0 */
    int64_t at;     /* of the first byte, in the text */
    int64_t n_file; /* bytes of the file that were read for it and those before */
    size_t n;
} rfm_block;

typedef struct rfm_decoder rfm_decoder;

rfm_status rfm_decoder_open(const rfm_input *input, const rfm_file *file, rfm_decoder **decoder, rfm_error *err);

/* The next block into `bytes`, which has room for `room` and RFM_BLOCK_PADDING behind. block->n is 0 at the end.
 * *too_long: a row has no room; nothing more can be given. */
rfm_status rfm_decoder_next(rfm_decoder *decoder, char *bytes, size_t room, rfm_block *block, bool *too_long,
                            rfm_error *err);
void rfm_decoder_close(rfm_decoder *decoder); /* NULL is fine */

typedef struct rfm_block_reader rfm_block_reader;

/* reading->shard is the file's; all of reading is borrowed until the close. */
rfm_status rfm_block_reader_open(const rfm_reading *reading, rfm_block_reader **reader, rfm_error *err);

/* As rfm_shard_read of these rows, without a pause; writes behind them, in the padding. The portion is noted at once,
 * though some events wait for a flush. What is done of the file already is left out. */
rfm_status rfm_block_read(rfm_block_reader *reader, const rfm_block *block, char *bytes, rfm_error *err);

/* Give the sink what waits. NULL is fine. */
rfm_status rfm_block_reader_flush(rfm_block_reader *reader, rfm_error *err);
void rfm_block_reader_close(rfm_block_reader *reader); /* NULL is fine */

/* ---- event tables: columns in an HDF5 file, the texts of each to be given back exactly --------------------------- */

/* Rows that are none, and so are in no table. Zero-initialise. */
typedef struct rfm_left_out {
    int64_t n;
    rfm_text first; /* file, line and why, of the first; the caller frees */
} rfm_left_out;

/* Write all columns of a file of any format as an event table, safe on the disk; *n_rows get into it. The file is read
 * twice. After a failure nothing is left at `path`. */
rfm_status rfm_file_convert(const rfm_input *input, const rfm_file *file, const char *path, int64_t *n_rows,
                            rfm_left_out *left_out, rfm_error *err);

/* ---- a look: the first rows of one file, whatever its format ------------------------------------------------------ */

/* Cells are texts as a CSV file would have them, and end with a NUL; quotes and escapes are decoded, no value is empty.
 * Zero-initialised: no columns. */
typedef struct rfm_look {
    size_t n_columns, n_rows;
    bool ended; /* the file has no more rows */
    rfm_text bytes;
    size_t *at; /* [(1 + n_rows) * n_columns] where the cells begin: the names', then those of the rows */
    size_t at_capacity;
    rfm_left_out left_out; /* rows that are none */
} rfm_look;

/* At most so many rows, and so many bytes of them. Without a header the names are numbers from 1. What the file is has
 * been found (rfm_files_look_into). After a failure there is nothing in it. */
rfm_status rfm_look_at_rows(const rfm_input *input, const rfm_file *file, size_t most_rows, rfm_look *look,
                            rfm_error *err);
void rfm_look_free(rfm_look *look);

static inline const char *rfm_look_name(const rfm_look *look, size_t column)
{
    return look->bytes.bytes + look->at[column];
}

static inline const char *rfm_look_cell(const rfm_look *look, size_t row, size_t column)
{
    return look->bytes.bytes + look->at[(1 + row) * look->n_columns + column];
}

/* The first bytes of the text in a file, decompressed; none of a file of columns. */
rfm_status rfm_look_at_text(const rfm_file *file, size_t most_bytes, rfm_text *bytes, rfm_error *err);

#endif
