/* spill: a table that passes its budget goes to disk, piece by piece, and is empty again. Each time makes a run; at the
 * end the runs of a piece are merged with each other and with what is in memory. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

void rfm_table_limit(rfm_table *table, size_t memory_bytes, const char *directory)
{
    table->memory_bytes = memory_bytes;
    table->scratch_directory = directory;
}

int64_t rfm_table_spilled_bytes(const rfm_table *table)
{
    return table->spilled_bytes;
}

size_t rfm_table_bytes(const rfm_table *table)
{
    size_t bytes = table->loose_bytes, rows = 0;
    for (size_t p = 0; p < table->n_pieces; p++)
        rows += table->pieces[p].n;
    for (int l = 0; l < table->layout->n_lists; l++)
        bytes += rfm_pairs_bytes(&table->lists[l]);
    return bytes + rows * table->stride * sizeof(int64_t);
}

size_t rfm_table_bytes_on_disk(const rfm_table *table)
{
    size_t bytes = 0;
    for (size_t r = 0; r < table->n_runs; r++)
        for (size_t p = 0; p < table->runs[r].n_pieces; p++)
            bytes += table->runs[r].places[p].n_bytes;
    return bytes;
}

/* ---- out -------------------------------------------------------------------------------------------------------- */

/* The run that comes next, without places yet. */
static rfm_run_on_disk *start_run(rfm_table *table, const rfm_scratch *file, size_t n_pieces, rfm_error *err)
{
    if (rfm_reserve(&table->runs, &table->runs_capacity, table->n_runs + 1, sizeof *table->runs, err))
        return NULL;
    rfm_run_on_disk *run = &table->runs[table->n_runs];
    *run = (rfm_run_on_disk){.file = file, .n_pieces = n_pieces};
    run->places = rfm_alloc(n_pieces, sizeof *run->places, err);
    if (!run->places)
        return NULL;
    table->n_runs++;
    return run;
}

/* All that is in memory, with what runs from number `first` on have of it. */
static rfm_status write_pieces(rfm_table *table, size_t first, rfm_scratch *to, rfm_scratch_place *places,
                               rfm_error *err)
{
    rfm_blocks blocks = {0};
    for (size_t p = 0; p < table->n_pieces && !err->status; p++) {
        blocks.n = 0;
        if (rfm_table_freeze_piece(table, p, &blocks, err) == RFM_OK &&
            rfm_table_unspill(table, first, p, &blocks, err) == RFM_OK)
            rfm_scratch_write(to, blocks.words, blocks.n * sizeof *blocks.words, &places[p], err);
    }
    rfm_blocks_free(&blocks);
    if (table->memory_bytes > 0) /* else the pages are soon in use again */
        rfm_pool_trim(&table->pool);
    return err->status;
}

static rfm_status spill(rfm_table *table, rfm_error *err)
{
    if (!table->scratch.path && rfm_scratch_open(&table->scratch, table->scratch_directory, err))
        return err->status;
    const int64_t before = table->scratch.n_bytes;
    rfm_run_on_disk *run = start_run(table, &table->scratch, table->n_pieces, err);
    rfm_table_forget(table);
    if (run)
        write_pieces(table, table->n_runs, &table->scratch, run->places, err);
    table->spilled_bytes += table->scratch.n_bytes - before;
    return err->status;
}

rfm_status rfm_table_spill(rfm_table *table, rfm_error *err)
{
    if (table->memory_bytes == 0 || rfm_table_bytes(table) <= table->memory_bytes)
        return RFM_OK;
    return spill(table, err);
}

/* ---- back ------------------------------------------------------------------------------------------------------- */

/* What is of a piece of the table among these blocks, which are of other pieces. */
static rfm_status slice(const rfm_table *table, size_t piece, const rfm_blocks *from, rfm_blocks *to, rfm_error *err)
{
    rfm_list *lists = rfm_alloc((size_t)table->layout->n_lists, sizeof *lists, err);
    for (const uint64_t *at = from->words; lists && at < from->words + from->n && !err->status;) {
        rfm_state view;
        at = rfm_block_view(at, table->layout, table->kind, &view, lists);
        const rfm_range range = {rfm_piece_begin(&view.ids, 1, piece, table->n_pieces),
                                 rfm_piece_begin(&view.ids, 1, piece + 1, table->n_pieces)};
        if (range.end > range.first)
            rfm_block_add_range(to, &view, range, err);
    }
    free(lists);
    return err->status;
}

static rfm_status read_place(const rfm_run_on_disk *run, size_t piece, rfm_blocks *blocks, rfm_error *err)
{
    const rfm_scratch_place *place = &run->places[piece];
    const size_t n_words = place->n_bytes / sizeof *blocks->words;
    if (rfm_reserve(&blocks->words, &blocks->capacity, blocks->n + n_words, sizeof *blocks->words, err) == RFM_OK &&
        rfm_scratch_read(run->file, place, blocks->words + blocks->n, err) == RFM_OK)
        blocks->n += n_words;
    return err->status;
}

/* The run's first piece with hashes of this one or later ones: floor(piece * Q / P), as it is with hashes. */
static size_t first_piece(const rfm_table *table, const rfm_run_on_disk *run, size_t piece)
{
    return (size_t)((rfm_u128)piece * run->n_pieces / table->n_pieces);
}

static rfm_status read_other_pieces(const rfm_table *table, const rfm_run_on_disk *run, size_t piece,
                                    rfm_blocks *blocks, rfm_error *err)
{
    rfm_blocks whole = {0};
    for (size_t q = first_piece(table, run, piece);
         q < run->n_pieces && q <= first_piece(table, run, piece + 1) && !err->status; q++) {
        whole.n = 0;
        if (read_place(run, q, &whole, err) == RFM_OK)
            slice(table, piece, &whole, blocks, err);
    }
    rfm_blocks_free(&whole);
    return err->status;
}

rfm_status rfm_table_unspill(rfm_table *table, size_t first, size_t piece, rfm_blocks *blocks, rfm_error *err)
{
    for (size_t r = first; r < table->n_runs && !err->status; r++) {
        const rfm_run_on_disk *run = &table->runs[r];
        if (run->n_pieces == table->n_pieces)
            read_place(run, piece, blocks, err);
        else
            read_other_pieces(table, run, piece, blocks, err);
    }
    return err->status;
}

void rfm_table_end_runs(rfm_table *table, size_t first)
{
    for (size_t r = first; r < table->n_runs; r++)
        free(table->runs[r].places);
    rfm_scratch_close(&table->scratch);
    table->n_runs = first < table->n_runs ? first : table->n_runs;
    table->n_shelved = table->n_shelved < first ? table->n_shelved : first;
}

/* ---- shelves ----------------------------------------------------------------------------------------------------
 *
 *     index   | pieces | place of piece 0, 1, ... |
 */

size_t rfm_table_unshelved_bytes(const rfm_table *table, size_t *index_bytes)
{
    *index_bytes = sizeof(uint64_t) + table->n_pieces * sizeof(rfm_scratch_place);
    return rfm_table_frozen_bytes(table) + (size_t)table->scratch.n_bytes;
}

rfm_status rfm_table_shelve(rfm_table *table, rfm_scratch *shelf, rfm_text *index, rfm_error *err)
{
    const uint64_t n_pieces = table->n_pieces;
    rfm_scratch_place *places = rfm_alloc(n_pieces, sizeof *places, err);
    rfm_table_forget(table);
    if (places && write_pieces(table, table->n_shelved, shelf, places, err) == RFM_OK) {
        rfm_table_end_runs(table, table->n_shelved);
        rfm_run_on_disk *run = start_run(table, shelf, n_pieces, err);
        if (run) {
            memcpy(run->places, places, n_pieces * sizeof *places);
            table->n_shelved = table->n_runs;
        }
        rfm_text_add(index, &n_pieces, sizeof n_pieces);
        rfm_text_add(index, places, n_pieces * sizeof *places);
    }
    free(places);
    return err->status ? err->status : rfm_text_check(index, err);
}

/* Read once, so that nothing is built on what is not there. */
static rfm_status check_run(const rfm_run_on_disk *run, rfm_error *err)
{
    rfm_blocks blocks = {0};
    for (size_t p = 0; p < run->n_pieces && !err->status; p++) {
        blocks.n = 0;
        if (run->places[p].n_bytes % sizeof *blocks.words != 0)
            rfm_fail(err, RFM_DATA, "%s: no blocks", run->file->path);
        else
            read_place(run, p, &blocks, err);
    }
    rfm_blocks_free(&blocks);
    return err->status;
}

rfm_status rfm_table_unshelve(rfm_table *table, const rfm_scratch *shelf, const char *index, size_t n_bytes,
                              rfm_error *err)
{
    const uint64_t n_pieces = rfm_scratch_index(index, n_bytes, sizeof(rfm_scratch_place));
    rfm_assert(table->n_runs == table->n_shelved);
    if (n_pieces == 0)
        return rfm_fail(err, RFM_DATA, "%s: no index", shelf->path);
    rfm_run_on_disk *run = start_run(table, shelf, n_pieces, err);
    if (!run)
        return err->status;
    memcpy(run->places, index + sizeof n_pieces, n_pieces * sizeof *run->places);
    if (rfm_scratch_check(shelf, run->places, n_pieces, err) != RFM_OK || check_run(run, err) != RFM_OK)
        free(table->runs[--table->n_runs].places);
    table->n_shelved = table->n_runs;
    return err->status;
}
