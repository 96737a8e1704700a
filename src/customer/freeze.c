/* freeze: from the order of arrival to the order (hash, id). */
#include "ids.h"
#include "order.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static bool number_before(const void *context, size_t a, size_t b)
{
    const rfm_table *table = context;
    return table->rows[a * table->stride + 1] < table->rows[b * table->stride + 1];
}

static bool text_before(const void *context, size_t a, size_t b)
{
    const rfm_table *table = context;
    size_t a_length, b_length;
    const char *x = rfm_table_text(table, table->rows + a * table->stride, &a_length);
    const char *y = rfm_table_text(table, table->rows + b * table->stride, &b_length);
    return rfm_id_compare_text(x, a_length, y, b_length) < 0;
}

/* Which customer is i-th, and where each customer goes. */
static rfm_status sort_customers(const rfm_table *table, rfm_ordered **sorted, uint32_t **order, rfm_error *err)
{
    *sorted = rfm_alloc(table->n, sizeof **sorted, err);
    *order = rfm_alloc(table->n, sizeof **order, err);
    if (err->status)
        return err->status;
    for (size_t c = 0; c < table->n; c++)
        (*sorted)[c] = (rfm_ordered){(uint64_t)table->rows[c * table->stride], c};
    rfm_before before = table->kind == RFM_ID_TEXT ? text_before : number_before;
    if (rfm_order(*sorted, table->n, before, table, err))
        return err->status;
    for (size_t i = 0; i < table->n; i++)
        (*order)[(*sorted)[i].row] = (uint32_t)i;
    return RFM_OK;
}

static rfm_status alloc_ids(const rfm_table *table, rfm_ids *ids, rfm_error *err)
{
    size_t bytes = 0, length = 0;
    ids->kind = table->kind;
    ids->hash = rfm_alloc(table->n, sizeof *ids->hash, err);
    if (ids->kind == RFM_ID_INTEGER) {
        ids->number = rfm_alloc(table->n, sizeof *ids->number, err);
        return err->status;
    }
    for (size_t c = 0; c < table->n; c++) {
        rfm_table_text(table, table->rows + c * table->stride, &length);
        bytes += length;
    }
    ids->offset = rfm_alloc(table->n + 1, sizeof *ids->offset, err);
    ids->bytes = rfm_alloc(bytes, 1, err);
    return err->status;
}

static void put_id(const rfm_table *table, const int64_t *row, rfm_ids *ids, size_t i)
{
    size_t length;
    ids->hash[i] = (uint64_t)row[0];
    if (ids->kind == RFM_ID_INTEGER) {
        ids->number[i] = row[1];
        return;
    }
    const char *text = rfm_table_text(table, row, &length);
    memcpy(ids->bytes + ids->offset[i], text, length);
    ids->offset[i + 1] = ids->offset[i] + length;
}

static rfm_status copy_rows(const rfm_table *table, const rfm_ordered *sorted, rfm_state *state, rfm_error *err)
{
    size_t n_words = (size_t)table->layout->words.n_words;
    state->words = rfm_alloc(table->n, n_words * sizeof *state->words, err);
    if (alloc_ids(table, &state->ids, err))
        return err->status;
    for (size_t i = 0; i < table->n; i++) {
        const int64_t *row = table->rows + sorted[i].row * table->stride;
        put_id(table, row, &state->ids, i);
        memcpy(state->words + i * n_words, row + table->header, n_words * sizeof *row);
    }
    state->ids.n = table->n;
    return RFM_OK;
}

static void empty_table(rfm_table *table)
{
    memset(table->slots, 0, table->n_slots * sizeof *table->slots);
    free(table->rows);
    free(table->bytes);
    table->rows = NULL;
    table->bytes = NULL;
    table->n = table->capacity = table->n_bytes = table->bytes_capacity = 0;
}

rfm_status rfm_table_freeze(rfm_table *table, rfm_state *state, rfm_error *err)
{
    const rfm_layout *layout = table->layout;
    rfm_ordered *sorted = NULL;
    uint32_t *order = NULL;
    memset(state, 0, sizeof *state);
    state->layout = layout;
    state->lists = rfm_alloc((size_t)layout->n_lists, sizeof *state->lists, err);
    if (!state->lists || sort_customers(table, &sorted, &order, err))
        goto done;
    for (int l = 0; l < layout->n_lists; l++)
        if (rfm_pairs_freeze(&table->lists[l], order, table->n, &state->lists[l], err))
            goto done;
    if (copy_rows(table, sorted, state, err))
        goto done;
    empty_table(table);
done:
    free(sorted);
    free(order);
    if (err->status)
        rfm_state_free(state);
    return err->status;
}
