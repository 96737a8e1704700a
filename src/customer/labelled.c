/* labelled: customers with one number each, brought to the owners of their ids. They travel as a state of one aggregate
 * does, so that the way is the same at any number of ranks. Knows nothing of what the numbers mean.
 */
#include "ids.h"
#include "order.h"

#include <stdlib.h>

void rfm_labelled_free(rfm_labelled *rows)
{
    rfm_ids_free(&rows->ids);
    free(rows->numbers);
    *rows = (rfm_labelled){0};
}

static bool is_in_order(const rfm_ids *ids)
{
    for (size_t i = 1; i < ids->n; i++)
        if (rfm_ids_compare(ids, i - 1, ids, i) >= 0)
            return false;
    return true;
}

static bool are_all_own(rfm_comm *comm, const rfm_ids *ids)
{
    const int rank = rfm_comm_rank(comm), size = rfm_comm_size(comm);
    bool own = true;
    for (size_t i = 0; own && i < ids->n; i++)
        own = rfm_owner(ids->hash[i], size) == rank;
    return own;
}

bool rfm_ids_are_settled(rfm_comm *comm, const rfm_ids *ids)
{
    int64_t settled = is_in_order(ids) && are_all_own(comm, ids);
    rfm_comm_reduce_i64(comm, RFM_MIN, &settled, 1);
    return settled != 0;
}

/* ---- sorting ---------------------------------------------------------------------------------------------------- */

static bool precedes(const void *context, size_t a, size_t b)
{
    const rfm_labelled *rows = context;
    const int order = rfm_ids_compare(&rows->ids, a, &rows->ids, b);
    return order != 0 ? order < 0 : rows->numbers[a] < rows->numbers[b];
}

/* Which rows stay, in order: of equal ids the first. */
static size_t list_first(const rfm_labelled *rows, const rfm_ordered *ordered, size_t *picked)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->ids.n; i++)
        if (n == 0 || rfm_ids_compare(&rows->ids, picked[n - 1], &rows->ids, ordered[i].row) != 0)
            picked[n++] = ordered[i].row;
    return n;
}

static rfm_status pick(rfm_labelled *rows, const size_t *picked, size_t n, rfm_error *err)
{
    rfm_labelled sorted = {.numbers = rfm_alloc(n, sizeof *sorted.numbers, err)};
    for (size_t i = 0; sorted.numbers && i < n; i++)
        sorted.numbers[i] = rows->numbers[picked[i]];
    if (sorted.numbers && rfm_ids_pick(&rows->ids, picked, n, &sorted.ids, err) == RFM_OK) {
        rfm_labelled_free(rows);
        *rows = sorted;
        sorted = (rfm_labelled){0};
    }
    rfm_labelled_free(&sorted);
    return err->status;
}

static rfm_status sort(rfm_labelled *rows, rfm_error *err)
{
    const size_t n = rows->ids.n;
    rfm_ordered *ordered = rfm_alloc(n, sizeof *ordered, err);
    size_t *picked = rfm_alloc(n, sizeof *picked, err);
    for (size_t i = 0; ordered && i < n; i++)
        ordered[i] = (rfm_ordered){rows->ids.hash[i], i};
    if (picked && ordered && rfm_order(ordered, n, precedes, rows, err) == RFM_OK)
        pick(rows, picked, list_first(rows, ordered, picked), err);
    free(ordered);
    free(picked);
    return err->status;
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

rfm_status rfm_labelled_settle(rfm_comm *comm, rfm_labelled *rows, rfm_error *err)
{
    const rfm_aggregate number = {.kind = RFM_LEAST, .name = (char[]){"number"}};
    rfm_layout layout;
    rfm_layout_init(&layout, &number, 1, err);
    if (err->status == RFM_OK && !is_in_order(&rows->ids))
        sort(rows, err);
    rfm_state state = {.layout = &layout, .ids = rows->ids, .words = rows->numbers};
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        *rows = (rfm_labelled){0};
        if (rfm_state_exchange(comm, &state, 0, err) == RFM_OK) {
            *rows = (rfm_labelled){state.ids, state.words};
            state.ids = (rfm_ids){0};
            state.words = NULL;
        }
        rfm_state_free(&state);
    }
    rfm_layout_free(&layout);
    return err->status;
}
