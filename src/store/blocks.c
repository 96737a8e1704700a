/* blocks: where parts and blocks begin and end, and the text of a block. Knows neither files nor compression. */
#include <stdlib.h>

#include "parts.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t rfm_cut_part_end(const rfm_cut *cut, int64_t part)
{
    int64_t start = part * cut->part_rows;
    return cut->n_global - start < cut->part_rows ? cut->n_global : start + cut->part_rows;
}

int64_t rfm_cut_block_start(const rfm_cut *cut, int64_t row)
{
    int64_t within = row % cut->part_rows;
    return row - within % cut->block_rows;
}

int64_t rfm_cut_block_end(const rfm_cut *cut, int64_t start)
{
    int64_t part_end = rfm_cut_part_end(cut, start / cut->part_rows);
    return part_end - start < cut->block_rows ? part_end : start + cut->block_rows;
}

int64_t rfm_cut_owned(const rfm_cut *cut)
{
    if (cut->first == cut->end)
        return cut->end;
    int64_t start = rfm_cut_block_start(cut, cut->first);
    return start == cut->first ? start : least(rfm_cut_block_end(cut, start), cut->end);
}

bool rfm_cut_owns_all(const rfm_cut *cut, int64_t part)
{
    int64_t start = part * cut->part_rows, end = rfm_cut_part_end(cut, part);
    return start >= cut->first && (end == start || rfm_cut_block_start(cut, end - 1) < cut->end);
}

/* Rows from .. to-1, which this rank has. */
static rfm_status add_rows(const rfm_cut *cut, const rfm_parts *parts, int64_t from, int64_t to, rfm_text *text,
                           rfm_error *err)
{
    for (int64_t row = from; row < to && !err->status; row++)
        parts->write(parts->context, (size_t)(row - cut->first), text, err);
    return rfm_text_check(text, err);
}

rfm_status rfm_block_text(const rfm_cut *cut, const rfm_parts *parts, int64_t start, const rfm_text *tail,
                          rfm_text *text, rfm_error *err)
{
    text->length = 0;
    if (start % cut->part_rows == 0)
        rfm_text_adds(text, parts->header);
    if (start == cut->n_global)
        return rfm_text_check(text, err);
    int64_t end = rfm_cut_block_end(cut, start);
    if (add_rows(cut, parts, start, least(end, cut->end), text, err))
        return err->status;
    if (end > cut->end)
        rfm_text_add(text, tail->bytes, tail->length);
    return rfm_text_check(text, err);
}

/* ---- exchange --------------------------------------------------------------------------------------------------- */

/* The rank that has a row: the last one that begins at or before it and is not empty. */
static int rank_of_row(const int64_t *firsts, int size, int64_t row, int64_t n_global)
{
    int owner = 0;
    for (int r = 0; r < size; r++) {
        int64_t end = r + 1 < size ? firsts[r + 1] : n_global;
        if (firsts[r] <= row && row < end)
            owner = r;
    }
    return owner;
}

static rfm_status send_head(rfm_comm *comm, const rfm_text *head, int owner, rfm_text *tail, rfm_error *err)
{
    const size_t size = (size_t)rfm_comm_size(comm);
    void *received = NULL;
    size_t n_received = 0;
    size_t *counts = rfm_alloc(2 * size, sizeof *counts, err);
    if (rfm_comm_agree(comm, err))
        goto done;
    counts[owner] = head->length;
    if (rfm_comm_exchange(comm, 1, head->bytes, counts, &received, counts + size, err))
        goto done;
    for (size_t r = 0; r < size; r++)
        n_received += counts[size + r];
    rfm_text_add(tail, received, n_received);
    rfm_text_check(tail, err);
done:
    free(received);
    free(counts);
    return rfm_comm_agree(comm, err);
}

rfm_status rfm_blocks_exchange(rfm_comm *comm, const rfm_cut *cut, const rfm_parts *parts, rfm_text *tail,
                               rfm_error *err)
{
    const int size = rfm_comm_size(comm);
    rfm_text head = {0};
    int64_t *firsts = rfm_alloc((size_t)size, sizeof *firsts, err);
    if (!err->status)
        add_rows(cut, parts, cut->first, rfm_cut_owned(cut), &head, err);
    if (!rfm_comm_agree(comm, err)) {
        rfm_comm_gather_i64(comm, cut->first, firsts);
        int owner = head.length ? rank_of_row(firsts, size, rfm_cut_block_start(cut, cut->first), cut->n_global) : 0;
        send_head(comm, &head, owner, tail, err);
    }
    rfm_text_free(&head);
    free(firsts);
    return err->status;
}
