/* parcel: every array of a state as a column that is packed, exchanged and put back by the same few
 * lines.
 *
 *   each:    one element a customer             hash, number, words
 *   spans:   elements edge[i] .. edge[i+1]-1    bytes of text, keys and payloads of lists
 *   lengths: edge[i+1] - edge[i]                what turns into edges again on the other side
 */
#include "parcel.h"

#include <stdlib.h>
#include <string.h>

typedef enum column_kind { EACH, SPANS, LENGTHS } column_kind;

struct rfm_parcel_column {
    column_kind kind;
    size_t element;      /* bytes of one */
    const void *source;  /* of EACH and SPANS */
    const size_t *edges; /* of SPANS and LENGTHS */
    void *into;          /* address of the pointer it becomes in the received state */
    void *sent, *received;
    size_t *send_counts, *recv_counts;
};

/* ---- which columns there are ------------------------------------------------------------------------------------ */

static void add_column(rfm_parcel *parcel, rfm_parcel_column column)
{
    parcel->columns[parcel->n_columns++] = column;
}

static void add_ids(rfm_parcel *parcel, const rfm_ids *from, rfm_ids *to)
{
    add_column(parcel, (rfm_parcel_column){EACH, sizeof *from->hash, from->hash, .into = &to->hash});
    if (from->kind == RFM_ID_INTEGER) {
        add_column(parcel, (rfm_parcel_column){EACH, sizeof *from->number, from->number, .into = &to->number});
        return;
    }
    add_column(parcel, (rfm_parcel_column){LENGTHS, sizeof(size_t), NULL, from->offset, .into = &to->offset});
    add_column(parcel, (rfm_parcel_column){SPANS, 1, from->bytes, from->offset, .into = &to->bytes});
}

static void add_list(rfm_parcel *parcel, const rfm_list *from, rfm_list *to, int n_words)
{
    size_t row = (size_t)n_words * sizeof *from->payload;
    add_column(parcel, (rfm_parcel_column){LENGTHS, sizeof(size_t), NULL, from->start, .into = &to->start});
    add_column(parcel, (rfm_parcel_column){SPANS, sizeof *from->key, from->key, from->start, .into = &to->key});
    if (row > 0)
        add_column(parcel, (rfm_parcel_column){SPANS, row, from->payload, from->start, .into = &to->payload});
}

static rfm_status list_columns(rfm_parcel *parcel, const rfm_state *state, rfm_error *err)
{
    const rfm_layout *layout = state->layout;
    rfm_state *received = &parcel->received;
    size_t n_lists = (size_t)layout->n_lists, row = (size_t)layout->words.n_words * sizeof(int64_t);
    parcel->columns = rfm_alloc(4 + 3 * n_lists, sizeof *parcel->columns, err);
    received->lists = rfm_alloc(n_lists, sizeof *received->lists, err);
    if (err->status)
        return err->status;
    received->layout = layout;
    received->ids.kind = state->ids.kind;
    add_ids(parcel, &state->ids, &received->ids);
    if (row > 0)
        add_column(parcel, (rfm_parcel_column){EACH, row, state->words, .into = &received->words});
    for (size_t l = 0; l < n_lists; l++)
        add_list(parcel, &state->lists[l], &received->lists[l], layout->payloads[l].n_words);
    return RFM_OK;
}

/* ---- packing ---------------------------------------------------------------------------------------------------- */

static rfm_range span_of(const rfm_parcel_column *column, rfm_range customers)
{
    if (column->kind != SPANS)
        return customers;
    return (rfm_range){column->edges[customers.first], column->edges[customers.end]};
}

static void copy_slice(const rfm_parcel_column *column, rfm_range customers, void *to)
{
    rfm_range span = span_of(column, customers);
    size_t *length = to;
    if (column->kind == LENGTHS)
        for (size_t i = customers.first; i < customers.end; i++)
            *length++ = column->edges[i + 1] - column->edges[i];
    else if (span.end > span.first)
        memcpy(to, (const char *)column->source + span.first * column->element,
               (span.end - span.first) * column->element);
}

static rfm_status pack_column(rfm_parcel_column *column, const rfm_range *slices, size_t n_ranks, rfm_error *err)
{
    size_t total = 0;
    column->send_counts = rfm_alloc(n_ranks, sizeof *column->send_counts, err);
    column->recv_counts = rfm_alloc(n_ranks, sizeof *column->recv_counts, err);
    for (size_t r = 0; r < n_ranks && !err->status; r++) {
        rfm_range span = span_of(column, slices[r]);
        total += column->send_counts[r] = span.end - span.first;
    }
    column->sent = rfm_alloc(total, column->element, err);
    if (err->status)
        return err->status;
    char *to = column->sent;
    for (size_t r = 0; r < n_ranks; r++) {
        copy_slice(column, slices[r], to);
        to += column->send_counts[r] * column->element;
    }
    return RFM_OK;
}

rfm_status rfm_parcel_pack(rfm_comm *comm, const rfm_state *state, const rfm_range *slices, rfm_parcel *parcel,
                           rfm_error *err)
{
    size_t n_ranks = (size_t)rfm_comm_size(comm);
    memset(parcel, 0, sizeof *parcel);
    parcel->comm = comm;
    parcel->n_received = rfm_alloc(n_ranks, sizeof *parcel->n_received, err);
    if (err->status || list_columns(parcel, state, err))
        return err->status;
    for (int c = 0; c < parcel->n_columns; c++)
        if (pack_column(&parcel->columns[c], slices, n_ranks, err))
            return err->status;
    return RFM_OK;
}

/* ---- on the way, and out again ---------------------------------------------------------------------------------- */

rfm_status rfm_parcel_send(rfm_parcel *parcel, rfm_error *err)
{
    for (int c = 0; c < parcel->n_columns; c++) {
        rfm_parcel_column *column = &parcel->columns[c];
        if (rfm_comm_exchange(parcel->comm, column->element, column->sent, column->send_counts, &column->received,
                              column->recv_counts, err))
            return err->status;
        free(column->sent);
        column->sent = NULL;
    }
    return RFM_OK;
}

static rfm_status sum_lengths(rfm_parcel_column *column, size_t n, rfm_error *err)
{
    const size_t *lengths = column->received;
    size_t *edges = rfm_alloc(n + 1, sizeof *edges, err);
    if (!edges)
        return err->status;
    for (size_t i = 0; i < n; i++)
        edges[i + 1] = edges[i] + lengths[i];
    free(column->received);
    column->received = edges;
    return RFM_OK;
}

rfm_status rfm_parcel_unpack(rfm_parcel *parcel, rfm_error *err)
{
    size_t n = 0;
    for (int r = 0; r < rfm_comm_size(parcel->comm); r++)
        n += parcel->n_received[r] = parcel->columns[0].recv_counts[r];
    for (int c = 0; c < parcel->n_columns; c++) {
        rfm_parcel_column *column = &parcel->columns[c];
        if (column->kind == LENGTHS && sum_lengths(column, n, err))
            return err->status;
        /* By bytes: a pointer to any of the element types. */
        memcpy(column->into, &column->received, sizeof column->received);
        column->received = NULL;
    }
    parcel->received.ids.n = n;
    return RFM_OK;
}

void rfm_parcel_free(rfm_parcel *parcel)
{
    for (int c = 0; c < parcel->n_columns; c++) {
        free(parcel->columns[c].sent);
        free(parcel->columns[c].received);
        free(parcel->columns[c].send_counts);
        free(parcel->columns[c].recv_counts);
    }
    free(parcel->columns);
    free(parcel->n_received);
    if (parcel->received.layout)
        rfm_state_free(&parcel->received);
    else
        free(parcel->received.lists);
    memset(parcel, 0, sizeof *parcel);
}
