/* parts: how rows are cut into files and blocks, and what a rank has of them.
 *
 *     rows of a part     |0 ............ block_rows ............ | ... | part_rows|
 *                        `-- header -- one gzip member ----------'
 *
 * Parts and blocks are counted from the global row number, so that nothing depends on how the rows are shared out. A
 * block that lies on several ranks is put together by the rank that has its first row, its owner.
 */
#ifndef RFM_STORE_PARTS_H
#define RFM_STORE_PARTS_H

#include "rfmpi/store.h"

enum { RFM_BLOCK_ROWS = 8192 };

typedef struct rfm_cut {
    int64_t n_global, part_rows, block_rows;
    int64_t first, end; /* rows of this rank */
} rfm_cut;

int64_t rfm_cut_part_end(const rfm_cut *cut, int64_t part);   /* row */
int64_t rfm_cut_block_start(const rfm_cut *cut, int64_t row); /* of the block the row is in */
int64_t rfm_cut_block_end(const rfm_cut *cut, int64_t start);
int64_t rfm_cut_owned(const rfm_cut *cut);               /* start of this rank's first own block, or its end */
bool rfm_cut_owns_all(const rfm_cut *cut, int64_t part); /* every block of it */

/* Collective. Send the rows before this rank's first own block to their owner; *tail gets what other ranks have of this
 * rank's last block. */
rfm_status rfm_blocks_exchange(rfm_comm *comm, const rfm_cut *cut, const rfm_parts *parts, rfm_text *tail,
                               rfm_error *err);

/* The text of the own block at row `start`, replacing what `text` held. Local. */
rfm_status rfm_block_text(const rfm_cut *cut, const rfm_parts *parts, int64_t start, const rfm_text *tail,
                          rfm_text *text, rfm_error *err);

/* "part-00000.csv.gz", and where it lies (the caller frees; NULL with err set). */
void rfm_part_name(int64_t part, const char *suffix, char name[64]);
char *rfm_part_path(const char *dir, int64_t part, const char *suffix, rfm_error *err);

/* A finished part, as the manifest tells it. */
typedef struct rfm_part_note {
    int64_t part, rows, bytes;
    rfm_hash128 hash;
} rfm_part_note;

/* Of parts of one format that this rank answers for. Local. */
typedef struct rfm_part_notes {
    const char *suffix; /* of their names: ".csv.gz" */
    rfm_part_note *list;
    size_t n, capacity;
} rfm_part_notes;

rfm_status rfm_part_notes_add(rfm_part_notes *notes, int64_t part, int64_t rows, rfm_error *err);
void rfm_part_notes_free(rfm_part_notes *notes);

/* Size and hash of what is on the disk, whoever wrote it. */
rfm_status rfm_part_notes_measure(rfm_part_notes *notes, const char *dir, rfm_error *err);

/* Collective. manifest.json of all ranks' notes, in order of the parts over the ranks. */
rfm_status rfm_manifest_write(rfm_comm *comm, const char *dir, const rfm_parts *parts, const rfm_part_notes *csv,
                              const rfm_part_notes *parquet, rfm_error *err);

/* Collective. The same rows as Parquet files, part by part, each by the rank that has its first row. */
rfm_status rfm_parquet_parts_write(rfm_comm *comm, const char *dir, const rfm_parts *parts, const rfm_cut *cut,
                                   rfm_part_notes *notes, rfm_error *err);

/* What a column's type is called in a manifest. */
const char *rfm_column_type_name(rfm_column_type type);

enum { RFM_MANIFEST_FORMAT = 2 };

/* As rfm_parts_write, with blocks of another size: a test has few rows. Collective. */
rfm_status rfm_parts_write_blocks(rfm_comm *comm, const char *dir, const rfm_parts *parts, int64_t block_rows,
                                  rfm_error *err);

#endif
