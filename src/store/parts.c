/* parts: rows into numbered gzip files that all ranks write together. A part whose blocks are all of one rank is
 * written as it is made. Of a part that ranks share (at most two a rank) the members are kept until all ranks know each
 * other's sizes: that, and one block of text, is the memory this takes. Knows nothing of what a row says.
 */
#include "parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gzip.h"

/* Members of one part, of this rank. */
struct piece {
    int64_t part;
    rfm_text bytes;
};

struct writer {
    rfm_comm *comm;
    const char *dir;
    const rfm_parts *parts;
    rfm_cut cut;
    rfm_gzip *gzip;
    rfm_text tail, text;    /* of other ranks; of the block at hand */
    struct piece shared[2]; /* parts other ranks have blocks of, too */
    int n_shared;
    struct piece whole; /* members of the part at hand that are not written yet */
    int fd;             /* of the part at hand; -1: none */
    int64_t offset;
    rfm_part_notes notes;   /* of parts whose first block is this rank's */
    rfm_part_notes parquet; /* of the same rows as Parquet, where that is wanted */
};

static char *path_of(const struct writer *writer, int64_t part, rfm_error *err)
{
    return rfm_part_path(writer->dir, part, writer->notes.suffix, err);
}

static rfm_status open_part(const struct writer *writer, int64_t part, int flags, int *fd, rfm_error *err)
{
    char *path = path_of(writer, part, err);
    *fd = path ? rfm_open_together(path, O_RDWR | O_CLOEXEC | flags) : -1;
    if (path && *fd < 0)
        rfm_fail_errno(err, errno, "%s: cannot create", path);
    free(path);
    return err->status;
}

static rfm_status put(const struct writer *writer, int fd, const struct piece *piece, int64_t offset, rfm_error *err)
{
    char *path = path_of(writer, piece->part, err);
    if (path)
        rfm_folder_put(fd, path, piece->bytes.bytes, piece->bytes.length, offset, err);
    free(path);
    return err->status;
}

/* Sync and close; *fd is -1 then. */
static rfm_status finish_file(const struct writer *writer, int64_t part, int *fd, rfm_error *err)
{
    int number = *fd >= 0 && fsync(*fd) != 0 ? errno : 0;
    if (*fd >= 0 && close(*fd) != 0 && number == 0)
        number = errno;
    *fd = -1;
    char *path = number != 0 ? path_of(writer, part, err) : NULL;
    if (path)
        rfm_fail_errno(err, number, "%s: cannot write", path);
    free(path);
    return err->status;
}

static rfm_status add_note(struct writer *writer, int64_t part, rfm_error *err)
{
    const int64_t rows = rfm_cut_part_end(&writer->cut, part) - part * writer->cut.part_rows;
    return rfm_part_notes_add(&writer->notes, part, rows, err);
}

/* ---- own blocks ------------------------------------------------------------------------------------------------- */

/* A part that is this rank's alone. */
static rfm_status write_whole(struct writer *writer, int64_t start, rfm_error *err)
{
    struct piece *piece = &writer->whole;
    int64_t part = start / writer->cut.part_rows, part_end = rfm_cut_part_end(&writer->cut, part);
    bool begins = start % writer->cut.part_rows == 0;
    bool ends = start == part_end || rfm_cut_block_end(&writer->cut, start) == part_end;
    if (begins) {
        *piece = (struct piece){.part = part, .bytes = piece->bytes};
        writer->offset = 0;
        if (add_note(writer, part, err) || open_part(writer, part, O_CREAT | O_TRUNC, &writer->fd, err))
            return err->status;
    }
    piece->bytes.length = 0;
    if (rfm_gzip_member(writer->gzip, writer->text.bytes, writer->text.length, &piece->bytes, err) ||
        put(writer, writer->fd, piece, writer->offset, err))
        return err->status;
    writer->offset += (int64_t)piece->bytes.length;
    return ends ? finish_file(writer, part, &writer->fd, err) : RFM_OK;
}

/* A part that others have blocks of as well: its file is made by the owner of its first block. */
static rfm_status keep_shared(struct writer *writer, int64_t start, rfm_error *err)
{
    int64_t part = start / writer->cut.part_rows;
    int fd = -1;
    if (writer->n_shared == 0 || writer->shared[writer->n_shared - 1].part != part)
        writer->shared[writer->n_shared++].part = part;
    if (start % writer->cut.part_rows == 0 &&
        (add_note(writer, part, err) || open_part(writer, part, O_CREAT | O_TRUNC, &fd, err)))
        return err->status;
    if (fd >= 0)
        close(fd);
    rfm_text *bytes = &writer->shared[writer->n_shared - 1].bytes;
    return rfm_gzip_member(writer->gzip, writer->text.bytes, writer->text.length, bytes, err);
}

static rfm_status write_block(struct writer *writer, int64_t start, rfm_error *err)
{
    if (rfm_block_text(&writer->cut, writer->parts, start, &writer->tail, &writer->text, err))
        return err->status;
    if (rfm_cut_owns_all(&writer->cut, start / writer->cut.part_rows))
        return write_whole(writer, start, err);
    return keep_shared(writer, start, err);
}

/* All ranks are taken to be as far as this one: their rows are as many. */
static void show(const rfm_cut *cut, int64_t at)
{
    const double own = (double)(cut->end - cut->first), done = (double)((at < cut->end ? at : cut->end) - cut->first);
    rfm_meter_show((double)cut->n_global * (done / own), NULL);
}

/* Local. */
static rfm_status write_own(struct writer *writer, rfm_error *err)
{
    const rfm_cut *cut = &writer->cut;
    if (rfm_gzip_open(writer->parts->level, &writer->gzip, err))
        return err->status;
    /* No rows at all: one part that says what there would be. */
    if (cut->n_global == 0)
        return rfm_comm_rank(writer->comm) == 0 ? write_block(writer, 0, err) : RFM_OK;
    rfm_meter_open("write", "rows", (double)cut->n_global, 0);
    for (int64_t start = rfm_cut_owned(cut); start < cut->end && !err->status; start = rfm_cut_block_end(cut, start)) {
        write_block(writer, start, err);
        show(cut, rfm_cut_block_end(cut, start));
    }
    rfm_meter_close();
    return err->status;
}

/* ---- shared parts ----------------------------------------------------------------------------------------------- */

struct share {
    int64_t part, bytes;
};

/* Local. Where a piece of this rank begins: after those of lower ranks. */
static int64_t offset_of(const struct share *shares, size_t n_before, int64_t part)
{
    int64_t offset = 0;
    for (size_t i = 0; i < n_before; i++)
        offset += shares[i].part == part ? shares[i].bytes : 0;
    return offset;
}

static rfm_status write_pieces(struct writer *writer, const struct share *shares, size_t n_before, rfm_error *err)
{
    for (int i = 0; i < writer->n_shared && !err->status; i++) {
        const struct piece *piece = &writer->shared[i];
        int fd = -1;
        if (open_part(writer, piece->part, 0, &fd, err) == RFM_OK)
            put(writer, fd, piece, offset_of(shares, n_before, piece->part), err);
        finish_file(writer, piece->part, &fd, err);
    }
    return err->status;
}

static rfm_status write_shared(struct writer *writer, rfm_error *err)
{
    struct share own[2] = {{0}};
    void *all = NULL;
    size_t *offsets = NULL;
    for (int i = 0; i < writer->n_shared; i++)
        own[i] = (struct share){writer->shared[i].part, (int64_t)writer->shared[i].bytes.length};
    if (!rfm_comm_allgather_bytes(writer->comm, own, (size_t)writer->n_shared * sizeof *own, &all, &offsets, err)) {
        write_pieces(writer, all, offsets[rfm_comm_rank(writer->comm)] / sizeof *own, err);
        rfm_comm_agree(writer->comm, err);
    }
    free(all);
    free(offsets);
    return err->status;
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static rfm_status write_manifest(struct writer *writer, rfm_error *err)
{
    if (rfm_part_notes_measure(&writer->notes, writer->dir, err) == RFM_OK)
        rfm_part_notes_measure(&writer->parquet, writer->dir, err);
    if (rfm_comm_agree(writer->comm, err))
        return err->status;
    return rfm_manifest_write(writer->comm, writer->dir, writer->parts, &writer->notes, &writer->parquet, err);
}

/* Collective. */
static rfm_status prepare(struct writer *writer, rfm_error *err)
{
    rfm_cut *cut = &writer->cut;
    int64_t n_local = (int64_t)writer->parts->n_local;
    cut->n_global = n_local;
    rfm_comm_reduce_i64(writer->comm, RFM_SUM, &cut->n_global, 1);
    cut->first = rfm_comm_before_i64(writer->comm, n_local);
    cut->end = cut->first + n_local;
    if (cut->part_rows < 1 || cut->block_rows < 1)
        rfm_fail(err, RFM_INTERNAL, "%s: parts of %lld rows", writer->dir, (long long)cut->part_rows);
    else if (rfm_comm_rank(writer->comm) == 0 && mkdir(writer->dir, 0700) != 0 && errno != EEXIST)
        rfm_fail_errno(err, errno, "%s: cannot make the directory", writer->dir);
    return rfm_comm_agree(writer->comm, err);
}

static void free_writer(struct writer *writer)
{
    rfm_gzip_close(writer->gzip);
    rfm_text_free(&writer->tail);
    rfm_text_free(&writer->text);
    rfm_text_free(&writer->whole.bytes);
    for (int i = 0; i < writer->n_shared; i++)
        rfm_text_free(&writer->shared[i].bytes);
    if (writer->fd >= 0)
        close(writer->fd);
    rfm_part_notes_free(&writer->notes);
    rfm_part_notes_free(&writer->parquet);
}

rfm_status rfm_parts_write_blocks(rfm_comm *comm, const char *dir, const rfm_parts *parts, int64_t block_rows,
                                  rfm_error *err)
{
    struct writer writer = {.comm = comm, .dir = dir, .parts = parts, .fd = -1};
    writer.notes.suffix = ".csv.gz";
    writer.parquet.suffix = ".parquet";
    writer.cut = (rfm_cut){.part_rows = parts->part_rows, .block_rows = block_rows};
    if (prepare(&writer, err) || rfm_blocks_exchange(comm, &writer.cut, parts, &writer.tail, err))
        goto done;
    write_own(&writer, err);
    if (rfm_comm_agree(comm, err) || write_shared(&writer, err))
        goto done;
    if (parts->read && rfm_parquet_parts_write(comm, dir, parts, &writer.cut, &writer.parquet, err))
        goto done;
    write_manifest(&writer, err);
done:
    free_writer(&writer);
    return err->status;
}

rfm_status rfm_parts_write(rfm_comm *comm, const char *dir, const rfm_parts *parts, rfm_error *err)
{
    return rfm_parts_write_blocks(comm, dir, parts, RFM_BLOCK_ROWS, err);
}
