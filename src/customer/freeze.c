/* freeze: from the order of arrival to the order (hash, id), a piece at a time. */
#include "entries.h"
#include "exchange.h"
#include "ids.h"
#include "order.h"
#include "runs.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

/* ---- order ------------------------------------------------------------------------------------------------------ */

typedef struct placing {
    const rfm_table *table;
    const rfm_piece *piece;
} placing;

static bool number_before(const void *context, size_t a, size_t b)
{
    const placing *in = context;
    return rfm_table_row(in->table, in->piece, (uint32_t)a)[1] < rfm_table_row(in->table, in->piece, (uint32_t)b)[1];
}

static bool text_before(const void *context, size_t a, size_t b)
{
    const placing *in = context;
    size_t a_length, b_length;
    const char *x = rfm_table_text(in->piece, rfm_table_row(in->table, in->piece, (uint32_t)a), &a_length);
    const char *y = rfm_table_text(in->piece, rfm_table_row(in->table, in->piece, (uint32_t)b), &b_length);
    return rfm_id_compare_text(x, a_length, y, b_length) < 0;
}

/* Which customer of the piece is i-th. Within a piece the hashes are ordered as hash * P mod 2^64 is, which is spread
 * over all 64 bits as the sort wants it. */
static rfm_status sort_customers(const placing *in, rfm_ordered *sorted, rfm_error *err)
{
    for (uint32_t c = 0; c < in->piece->n; c++) {
        uint64_t hash = (uint64_t)rfm_table_row(in->table, in->piece, c)[0];
        sorted[c] = (rfm_ordered){hash * in->table->n_pieces, c};
    }
    return rfm_order(sorted, in->piece->n, in->table->kind == RFM_ID_TEXT ? text_before : number_before, in, err);
}

/* ---- a piece as a block ----------------------------------------------------------------------------------------- */

/* Made on the way, freed at the end. */
typedef struct freezing {
    placing in;
    rfm_ordered *sorted;
    uint32_t *order; /* where each customer goes */
    rfm_list *lists; /* of the view */
    size_t *entries;
} freezing;

/* What the rows hold of days and weeks, into the list with the others. */
static rfm_status append_spans(rfm_table *table, size_t index, size_t list, rfm_error *err)
{
    const rfm_piece *piece = &table->pieces[index];
    for (uint32_t c = 0; c < piece->n; c++) {
        rfm_met met = {rfm_table_row(table, piece, c), (uint32_t)index, c};
        if (rfm_pairs_append_span(&table->lists[list], &met, met.row[table->last + list], err))
            return err->status;
    }
    return RFM_OK;
}

static bool is_in_spans(const rfm_aggregate *aggregate)
{
    return aggregate->kind == RFM_DISTINCT && aggregate->source < 0;
}

static rfm_status empty_spans(rfm_table *table, size_t index, rfm_error *err)
{
    const rfm_layout *layout = table->layout;
    for (int i = 0; i < layout->n_aggregates && !err->status; i++)
        if (is_in_spans(&layout->aggregates[i]))
            append_spans(table, index, (size_t)layout->places[i].list, err);
    return err->status;
}

/* The lists whose values are kept, to know how many entries stay. Those that are counted go into the block as they
 * are: who has all of a customer's entries counts them. */
static rfm_status gather_lists(freezing *f, size_t index, rfm_error *err)
{
    const rfm_table *table = f->in.table;
    size_t n = f->in.piece->n;
    for (int l = 0; l < table->layout->n_lists; l++) {
        const rfm_record *record = &table->layout->payloads[l];
        rfm_gathered *gathered = &table->gathered[l];
        f->entries[l] = table->lists[l].logs[index].n;
        if (table->layout->counted[l])
            continue;
        if (rfm_gathered_reserve(record, f->entries[l], n, gathered, err))
            return err->status;
        rfm_pairs_gather(&table->lists[l], index, f->order, n, &gathered->list);
        rfm_list_settle(record, n, &gathered->list);
        f->entries[l] = gathered->list.start[n];
    }
    return RFM_OK;
}

static rfm_status prepare(freezing *f, size_t index, rfm_error *err)
{
    size_t n = f->in.piece->n, n_lists = (size_t)f->in.table->layout->n_lists;
    f->sorted = rfm_alloc(n, sizeof *f->sorted, err);
    f->order = rfm_alloc(n, sizeof *f->order, err);
    f->lists = rfm_alloc(n_lists, sizeof *f->lists, err);
    f->entries = rfm_alloc(n_lists, sizeof *f->entries, err);
    if (err->status || sort_customers(&f->in, f->sorted, err))
        return err->status;
    for (size_t i = 0; i < n; i++)
        f->order[f->sorted[i].row] = (uint32_t)i;
    return gather_lists(f, index, err);
}

static size_t count_id_bytes(const placing *in)
{
    size_t bytes = 0, length;
    for (uint32_t c = 0; in->table->kind == RFM_ID_TEXT && c < in->piece->n; c++) {
        rfm_table_text(in->piece, rfm_table_row(in->table, in->piece, c), &length);
        bytes += length;
    }
    return bytes;
}

/* Days and weeks that rows hold, which are going to be entries of the list. */
static size_t count_spans(const placing *in, int list)
{
    size_t n = 0;
    for (uint32_t c = 0; c < in->piece->n; c++) {
        const int64_t span = rfm_table_row(in->table, in->piece, c)[in->table->last + (size_t)list];
        n += (size_t)__builtin_popcountll(rfm_span_bits(span));
    }
    return n;
}

static size_t count_words(const placing *in, size_t index)
{
    const rfm_layout *layout = in->table->layout;
    size_t words = rfm_block_words(layout, in->table->kind, in->piece->n, count_id_bytes(in));
    for (int l = 0; l < layout->n_lists; l++)
        words += rfm_block_entry_words(layout, l, in->table->lists[l].logs[index].n);
    for (int i = 0; i < layout->n_aggregates; i++)
        if (is_in_spans(&layout->aggregates[i]))
            words += rfm_block_entry_words(layout, layout->places[i].list, count_spans(in, layout->places[i].list));
    return words;
}

size_t rfm_table_frozen_bytes(const rfm_table *table)
{
    size_t words = 0;
    for (size_t p = 0; p < table->n_pieces; p++)
        if (table->pieces[p].n > 0)
            words += count_words(&(placing){table, &table->pieces[p]}, p);
    return words * sizeof(uint64_t);
}

static void put_id(const placing *in, const int64_t *row, rfm_ids *ids, size_t i)
{
    size_t length;
    ids->hash[i] = (uint64_t)row[0];
    if (ids->kind == RFM_ID_INTEGER) {
        ids->number[i] = row[1];
        return;
    }
    const char *text = rfm_table_text(in->piece, row, &length);
    memcpy(ids->bytes + ids->offset[i], text, length);
    ids->offset[i + 1] = ids->offset[i] + length;
}

static void put_list(const rfm_list *from, size_t n, size_t width, rfm_list *to)
{
    memcpy(to->start, from->start, (n + 1) * sizeof *to->start);
    memcpy(to->key, from->key, from->start[n] * sizeof *to->key);
    if (width > 0)
        memcpy(to->payload, from->payload, from->start[n] * width * sizeof *to->payload);
}

static void put_customers(const freezing *f, size_t index, rfm_state *to)
{
    const rfm_table *table = f->in.table;
    size_t n = f->in.piece->n, n_words = (size_t)table->layout->words.n_words;
    for (size_t i = 0; i < n; i++) {
        const int64_t *row = rfm_table_row(table, f->in.piece, (uint32_t)f->sorted[i].row);
        put_id(&f->in, row, &to->ids, i);
        memcpy(to->words + i * n_words, row + table->header, n_words * sizeof *row);
    }
    for (int l = 0; l < table->layout->n_lists; l++) {
        if (table->layout->counted[l])
            rfm_pairs_gather(&table->lists[l], index, f->order, n, &to->lists[l]);
        else
            put_list(&table->gathered[l].list, n, (size_t)table->layout->payloads[l].n_words, &to->lists[l]);
    }
}

static void drop_piece(rfm_table *table, size_t index)
{
    rfm_piece *piece = &table->pieces[index];
    for (int l = 0; l < table->layout->n_lists; l++)
        rfm_pairs_drop(&table->lists[l], index);
    for (uint32_t c = 0; c < piece->n_chunks; c++)
        rfm_pool_give(&table->pool, piece->chunks[c]);
    rfm_table_empty_slots(table, piece);
    free(piece->bytes);
    table->loose_bytes -= piece->bytes_capacity;
    piece->bytes = NULL;
    piece->n = piece->n_chunks = 0;
    piece->n_bytes = piece->bytes_capacity = 0;
}

rfm_status rfm_table_freeze_piece(rfm_table *table, size_t index, rfm_blocks *blocks, rfm_error *err)
{
    freezing f = {.in = {table, &table->pieces[index]}};
    rfm_state view;
    if (f.in.piece->n == 0)
        return RFM_OK;
    if (empty_spans(table, index, err) || prepare(&f, index, err))
        goto done;
    const rfm_block_size size = {f.in.piece->n, count_id_bytes(&f.in), f.entries};
    if (rfm_block_add(blocks, table->layout, table->kind, &size, &view, f.lists, err))
        goto done;
    put_customers(&f, index, &view);
    drop_piece(table, index);
done:
    free(f.sorted);
    free(f.order);
    free(f.lists);
    free(f.entries);
    return err->status;
}

/* ---- a table as a state ----------------------------------------------------------------------------------------- */

void rfm_table_forget(rfm_table *table)
{
    for (int l = 0; l < table->layout->n_lists; l++)
        rfm_pairs_forget(&table->lists[l]);
}

static rfm_status put_piece(void *from, size_t piece, rfm_blocks *blocks, rfm_error *err)
{
    rfm_table *table = from;
    if (rfm_table_freeze_piece(table, piece, blocks, err))
        return err->status;
    return rfm_table_unspill(table, 0, piece, blocks, err);
}

static void after_round(void *from)
{
    rfm_table *table = from;
    rfm_pool_trim(&table->pool);
}

/* One piece at a time is in memory twice. */
static rfm_status freeze_pieces(rfm_table *table, rfm_builder *builder, rfm_blocks *blocks, rfm_runs *runs,
                                rfm_error *err)
{
    for (size_t p = 0; p < table->n_pieces; p++) {
        blocks->n = 0;
        if (put_piece(table, p, blocks, err) ||
            rfm_runs_add(runs, builder, blocks->words, blocks->words + blocks->n, err) ||
            rfm_runs_merge(runs, builder, err))
            return err->status;
        rfm_pool_trim(&table->pool);
    }
    return RFM_OK;
}

rfm_status rfm_table_freeze(rfm_table *table, rfm_state *state, rfm_error *err)
{
    rfm_builder builder = {0};
    rfm_blocks blocks = {0};
    rfm_runs runs = {0};
    *state = (rfm_state){0};
    rfm_table_forget(table);
    if (rfm_builder_init(&builder, table->layout, table->kind, err) == RFM_OK &&
        freeze_pieces(table, &builder, &blocks, &runs, err) == RFM_OK)
        *state = rfm_builder_take(&builder);
    rfm_table_end_runs(table, 0);
    rfm_builder_free(&builder);
    rfm_blocks_free(&blocks);
    rfm_runs_free(&runs);
    return err->status;
}

rfm_status rfm_table_settle(rfm_comm *comm, rfm_table *table, size_t round_bytes, rfm_state *state, rfm_error *err)
{
    const rfm_source source = {.layout = table->layout,
                               .kind = table->kind,
                               .n_pieces = table->n_pieces,
                               .bytes = rfm_table_bytes(table) + rfm_table_bytes_on_disk(table),
                               .put = put_piece,
                               .after_round = after_round,
                               .from = table};
    rfm_table_forget(table);
    rfm_source_exchange(comm, &source, round_bytes, state, err);
    rfm_table_end_runs(table, 0);
    return err->status;
}
