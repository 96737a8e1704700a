/* spill: a table that passes its budget goes to disk, piece by piece, and is empty again. Each time makes a run; at the
 * end the runs of a piece are merged with each other and with what is in memory. */
#include "table.h"

#include <stdlib.h>

void rfm_table_limit(rfm_table *table, size_t memory_bytes, const char *directory)
{
    table->memory_bytes = memory_bytes;
    table->scratch_directory = directory;
}

int64_t rfm_table_spilled_bytes(const rfm_table *table)
{
    return table->scratch.n_bytes;
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

static rfm_status start_run(rfm_table *table, rfm_error *err)
{
    if (!table->scratch.path && rfm_scratch_open(&table->scratch, table->scratch_directory, err))
        return err->status;
    return rfm_reserve(&table->spilled, &table->spilled_capacity, (table->n_runs + 1) * table->n_pieces,
                       sizeof *table->spilled, err);
}

static rfm_status spill(rfm_table *table, rfm_error *err)
{
    rfm_blocks blocks = {0};
    rfm_table_forget(table);
    start_run(table, err);
    for (size_t p = 0; p < table->n_pieces && !err->status; p++) {
        rfm_scratch_place *place = &table->spilled[table->n_runs * table->n_pieces + p];
        blocks.n = 0;
        if (rfm_table_freeze_piece(table, p, &blocks, err) == RFM_OK)
            rfm_scratch_write(&table->scratch, blocks.words, blocks.n * sizeof *blocks.words, place, err);
    }
    table->n_runs += !err->status;
    rfm_blocks_free(&blocks);
    rfm_pool_trim(&table->pool);
    return err->status;
}

rfm_status rfm_table_spill(rfm_table *table, rfm_error *err)
{
    if (table->memory_bytes == 0 || rfm_table_bytes(table) <= table->memory_bytes)
        return RFM_OK;
    return spill(table, err);
}

rfm_status rfm_table_unspill(rfm_table *table, size_t piece, rfm_blocks *blocks, rfm_error *err)
{
    for (size_t r = 0; r < table->n_runs; r++) {
        const rfm_scratch_place *place = &table->spilled[r * table->n_pieces + piece];
        size_t n_words = place->n_bytes / sizeof *blocks->words;
        if (rfm_reserve(&blocks->words, &blocks->capacity, blocks->n + n_words, sizeof *blocks->words, err) ||
            rfm_scratch_read(&table->scratch, place, blocks->words + blocks->n, err))
            return err->status;
        blocks->n += n_words;
    }
    return RFM_OK;
}

void rfm_table_end_runs(rfm_table *table)
{
    rfm_scratch_close(&table->scratch);
    table->n_runs = 0;
}
