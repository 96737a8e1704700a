/* parquet_parts: rows into numbered Parquet files, as many rows a file as a part of CSV has. A file is one rank's: the
 * rows of it that others have are sent to the rank that has its first row, which holds them until they are written. So
 * the bytes are the same at any number of ranks; as many ranks work as there are parts. Knows no Parquet.
 */
#include "parquet_writer.h"
#include "parts.h"

#include <stdlib.h>
#include <string.h>

typedef struct files {
    rfm_comm *comm;
    const char *dir;
    const rfm_parts *parts;
    rfm_cut cut; /* a block is a whole part */
    rfm_part_notes *notes;
    int64_t *odd;   /* [n_columns] 1: a text of it is no UTF-8 */
    bool *is_bytes; /* [n_columns] the same of all ranks */
    rfm_cell *cells;
    rfm_text tail; /* what other ranks have of this rank's last part */
} files;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool is_text(const rfm_part_column *column)
{
    return column->type == RFM_COLUMN_TEXT || column->type == RFM_COLUMN_TIME;
}

/* ---- strings or bytes ------------------------------------------------------------------------------------------- */

/* Collective. Readers refuse a string that is none, so one odd id makes all ids bytes. */
static void find_bytes(files *f)
{
    const rfm_parts *parts = f->parts;
    for (size_t row = 0; row < parts->n_local; row++) {
        parts->read(parts->context, row, f->cells);
        for (size_t j = 0; j < parts->n_columns; j++)
            f->odd[j] |= is_text(&parts->columns[j]) && !rfm_utf8_is(f->cells[j].text.bytes, f->cells[j].text.length);
    }
    rfm_comm_reduce_i64(f->comm, RFM_MAX, f->odd, parts->n_columns);
    for (size_t j = 0; j < parts->n_columns; j++)
        f->is_bytes[j] = f->odd[j] != 0;
}

/* ---- rows on their way ------------------------------------------------------------------------------------------ */

/* A cell is 8 bytes, and those of a text follow its length. An rfm_row_writer. */
static rfm_status send_row(void *context, size_t row, rfm_text *bytes, rfm_error *err)
{
    files *f = context;
    f->parts->read(f->parts->context, row, f->cells);
    for (size_t j = 0; j < f->parts->n_columns; j++) {
        const rfm_cell *cell = &f->cells[j];
        const bool text = is_text(&f->parts->columns[j]);
        const int64_t length = text ? (int64_t)cell->text.length : 0;
        rfm_text_add(bytes, text ? (const void *)&length : cell, sizeof length);
        rfm_text_add(bytes, text ? cell->text.bytes : NULL, (size_t)length);
    }
    return rfm_text_check(bytes, err);
}

/* Returns where the next row begins. */
static const char *receive_row(files *f, const char *at)
{
    for (size_t j = 0; j < f->parts->n_columns; j++) {
        rfm_cell *cell = &f->cells[j];
        memcpy(cell, at, sizeof(int64_t));
        at += sizeof(int64_t);
        if (is_text(&f->parts->columns[j])) {
            const size_t length = (size_t)cell->integer;
            cell->text.bytes = at;
            cell->text.length = length;
            at += length;
        }
    }
    return at;
}

static rfm_status exchange(files *f, rfm_error *err)
{
    const rfm_parts sent = {.header = "", .n_local = f->parts->n_local, .write = send_row, .context = f};
    return rfm_blocks_exchange(f->comm, &f->cut, &sent, &f->tail, err);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static rfm_status write_rows(files *f, int64_t start, rfm_parquet_writer *writer, rfm_error *err)
{
    const rfm_parts *parts = f->parts;
    const int64_t end = rfm_cut_block_end(&f->cut, start), own_end = least(end, f->cut.end);
    const char *at = f->tail.bytes;
    for (int64_t row = start; row < own_end && err->status == RFM_OK; row++) {
        parts->read(parts->context, (size_t)(row - f->cut.first), f->cells);
        rfm_parquet_writer_add(writer, f->cells, err);
    }
    for (int64_t row = own_end; row < end && err->status == RFM_OK; row++) {
        at = receive_row(f, at);
        rfm_parquet_writer_add(writer, f->cells, err);
    }
    return err->status;
}

static rfm_status write_part(files *f, int64_t start, rfm_error *err)
{
    const int64_t part = start / f->cut.part_rows;
    rfm_parquet_writer *writer = NULL;
    char *path = rfm_part_path(f->dir, part, f->notes->suffix, err);
    if (path && rfm_part_notes_add(f->notes, part, rfm_cut_part_end(&f->cut, part) - start, err) == RFM_OK &&
        rfm_parquet_writer_open(path, f->parts->columns, f->parts->n_columns, f->is_bytes, &writer, err) == RFM_OK &&
        f->cut.n_global > 0)
        write_rows(f, start, writer, err);
    rfm_parquet_writer_close(writer, err);
    free(path);
    return err->status;
}

/* Local. Of no rows at all there is one file, which says what there would be. */
static rfm_status write_own(files *f, rfm_error *err)
{
    const rfm_cut *cut = &f->cut;
    if (cut->n_global == 0)
        return rfm_comm_rank(f->comm) == 0 ? write_part(f, 0, err) : RFM_OK;
    rfm_meter_open("parquet", "rows", (double)cut->n_global, 0);
    for (int64_t start = rfm_cut_owned(cut); start < cut->end && !err->status; start = rfm_cut_block_end(cut, start)) {
        write_part(f, start, err);
        rfm_meter_show(
            (double)least(rfm_cut_block_end(cut, start), cut->end) / (double)cut->end * (double)cut->n_global, NULL);
    }
    rfm_meter_close();
    return err->status;
}

rfm_status rfm_parquet_parts_write(rfm_comm *comm, const char *dir, const rfm_parts *parts, const rfm_cut *cut,
                                   rfm_part_notes *notes, rfm_error *err)
{
    files f = {.comm = comm, .dir = dir, .parts = parts, .cut = *cut, .notes = notes};
    f.cut.block_rows = cut->part_rows;
    f.odd = rfm_alloc(parts->n_columns, sizeof *f.odd, err);
    f.is_bytes = rfm_alloc(parts->n_columns, sizeof *f.is_bytes, err);
    f.cells = rfm_alloc(parts->n_columns, sizeof *f.cells, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        goto done;
    find_bytes(&f);
    if (exchange(&f, err) == RFM_OK) {
        write_own(&f, err);
        rfm_comm_agree(comm, err);
    }
done:
    free(f.odd);
    free(f.is_bytes);
    free(f.cells);
    rfm_text_free(&f.tail);
    return err->status;
}
