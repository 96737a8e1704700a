/* state_rows: this rank's share of state.h5, with every number checked before it is used. */
#include "state_file.h"

#include "entries.h"
#include "ids.h"

#include <stdlib.h>

enum { BLOCK_WORDS = 1 << 20 };

/* Events lie in the years 1 to 9999. */
static const int64_t EARLIEST_US = -62135596800 * INT64_C(1000000), LATEST_US = 253402300800 * INT64_C(1000000);

/* ---- ids -------------------------------------------------------------------------------------------------------- */

/* before: the customer before the first, if there is one. */
static rfm_status check_order(const rfm_state_file *file, const rfm_ids *before, const rfm_ids *ids, rfm_error *err)
{
    bool ordered = before->n == 0 || ids->n == 0 || rfm_ids_compare(before, 0, ids, 0) < 0;
    for (size_t i = 1; ordered && i < ids->n; i++)
        ordered = rfm_ids_compare(ids, i - 1, ids, i) < 0;
    return ordered ? RFM_OK : rfm_state_damaged(file, err, RFM_STATE_IDS " is not in order");
}

rfm_status rfm_state_read_ids(const rfm_state_file *file, rfm_ids *ids, rfm_error *err)
{
    rfm_ids before = {0};
    size_t n_before = file->first > 0 && file->count > 0;
    rfm_ids_place place = {.path = file->path, .name = RFM_STATE_IDS, .kind = file->id_kind, .width = file->id_columns};
    *ids = (rfm_ids){0};
    place.first = file->first - (int64_t)n_before;
    place.count = n_before;
    if (rfm_ids_read(file->comm, file->h5, &place, &before, err))
        goto done;
    place.first = file->first;
    place.count = file->count;
    if (rfm_ids_read(file->comm, file->h5, &place, ids, err))
        goto done;
    check_order(file, &before, ids, err);
    rfm_comm_agree(file->comm, err);
done:
    rfm_ids_free(&before);
    return err->status;
}

/* ---- rows of words ---------------------------------------------------------------------------------------------- */

struct request {
    const char *name;
    int64_t first, n_columns;
    size_t count;
    const int *columns; /* which of them */
    int n_words;
};

static void pick(const struct request *request, const int64_t *block, size_t n, int64_t *rows)
{
    for (size_t i = 0; i < n; i++)
        for (int w = 0; w < request->n_words; w++)
            *rows++ = block[i * (size_t)request->n_columns + (size_t)request->columns[w]];
}

/* Block by block, so that what is left out needs no memory. As many blocks on each rank. Collective. */
static rfm_status read_rows(const rfm_state_file *file, const struct request *request, int64_t *rows, rfm_error *err)
{
    rfm_assert(request->n_columns > 0);
    int64_t at_once = BLOCK_WORDS / request->n_columns + 1, most = (int64_t)request->count;
    int64_t *block = rfm_alloc((size_t)at_once, (size_t)request->n_columns * sizeof *block, err);
    rfm_comm_reduce_i64(file->comm, RFM_MAX, &most, 1);
    if (rfm_comm_agree(file->comm, err))
        goto done;
    for (int64_t done = 0; done < most; done += at_once) {
        int64_t left = (int64_t)request->count - done, n = left < 0 ? 0 : left < at_once ? left : at_once;
        int64_t first = n > 0 ? request->first + done : 0;
        if (rfm_h5_read(file->h5, request->name, RFM_H5_I64, first, (size_t)n, block, err))
            goto done;
        if (n > 0)
            pick(request, block, (size_t)n, rows + done * request->n_words);
    }
done:
    free(block);
    return err->status;
}

/* Finds the matrix and checks that it has the columns. Collective. */
static rfm_status find_matrix(const rfm_state_file *file, struct request *request, int64_t n_rows, rfm_error *err)
{
    rfm_h5_shape shape;
    if (rfm_state_shape(file, request->name, RFM_H5_I64, &shape, err))
        return err->status;
    bool fits = shape.rows == n_rows;
    for (int w = 0; w < request->n_words; w++)
        fits = fits && request->columns[w] < shape.columns;
    request->n_columns = shape.columns;
    return fits ? RFM_OK : rfm_state_damaged(file, err, "%s has another shape", request->name);
}

static bool is_possible(rfm_aggregate_kind kind, int64_t value)
{
    if (kind == RFM_COUNT || kind == RFM_COUNT_VALUE)
        return value >= 0;
    if (kind == RFM_FIRST)
        return value == INT64_MAX || (value >= EARLIEST_US && value < LATEST_US);
    if (kind == RFM_LAST)
        return value == INT64_MIN || (value >= EARLIEST_US && value < LATEST_US);
    return kind != RFM_DISTINCT || (value >= INT32_MIN && value <= INT32_MAX); /* a day */
}

/* Those of the layout's aggregates that lie in this list (-1: in the words). */
static rfm_status check_rows(const rfm_state_file *file, const rfm_layout *layout, int list, const int64_t *rows,
                             size_t n, rfm_error *err)
{
    const rfm_record *record = list < 0 ? &layout->words : &layout->payloads[list];
    if (record->n_words == 0)
        return RFM_OK;
    for (int a = 0; a < layout->n_aggregates; a++) {
        if (layout->places[a].list != list)
            continue;
        const int64_t *word = rows + layout->places[a].word;
        for (size_t i = 0; i < n; i++, word += record->n_words)
            if (!is_possible(layout->aggregates[a].kind, *word))
                return rfm_state_damaged(file, err, "'%s' has an impossible value", layout->aggregates[a].name);
    }
    return RFM_OK;
}

rfm_status rfm_state_read_words(const rfm_state_file *file, const rfm_choices *choices, rfm_state *state,
                                rfm_error *err)
{
    int n_words = state->layout->words.n_words;
    struct request request = {
        .name = RFM_STATE_WORDS, .first = file->first, .count = file->count, .columns = choices->words.columns};
    request.n_words = n_words;
    if (n_words == 0)
        return RFM_OK;
    if (find_matrix(file, &request, file->n_customers, err))
        return err->status;
    state->words = rfm_alloc(file->count, (size_t)n_words * sizeof *state->words, err);
    if (rfm_comm_agree(file->comm, err) || read_rows(file, &request, state->words, err))
        return err->status;
    check_rows(file, state->layout, -1, state->words, file->count, err);
    return rfm_comm_agree(file->comm, err);
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

/* Counts to starts; no sum may pass what there is. */
static rfm_status sum_counts(const rfm_state_file *file, const char *name, const int64_t *counts, int64_t n_entries,
                             size_t *start, rfm_error *err)
{
    int64_t sum = 0;
    for (size_t i = 0; i < file->count; i++) {
        if (counts[i] < 0 || counts[i] > n_entries - sum)
            return rfm_state_damaged(file, err, "%s counts more entries than there are", name);
        sum += counts[i];
        start[i + 1] = (size_t)sum;
    }
    return RFM_OK;
}

/* *first: where this rank's entries begin. Collective. */
static rfm_status read_counts(const rfm_state_file *file, int list, int64_t n_entries, rfm_list *to, int64_t *first,
                              rfm_error *err)
{
    char name[RFM_STATE_NAME_BYTES];
    rfm_h5_shape shape;
    rfm_state_list_name(list, "count", name);
    if (rfm_state_shape(file, name, RFM_H5_I64, &shape, err))
        return err->status;
    if (shape.rows != file->n_customers || shape.columns != 1)
        return rfm_state_damaged(file, err, "%s has another length than " RFM_STATE_IDS, name);
    int64_t *counts = rfm_alloc(file->count, sizeof *counts, err), total = 0;
    to->start = rfm_alloc(file->count + 1, sizeof *to->start, err);
    if (rfm_comm_agree(file->comm, err) ||
        rfm_h5_read(file->h5, name, RFM_H5_I64, file->first, file->count, counts, err))
        goto done;
    sum_counts(file, name, counts, n_entries, to->start, err);
    if (rfm_comm_agree(file->comm, err))
        goto done;
    total = (int64_t)to->start[file->count];
    *first = rfm_comm_before_i64(file->comm, total);
    rfm_comm_reduce_i64(file->comm, RFM_SUM, &total, 1);
    if (total != n_entries)
        rfm_state_damaged(file, err, "%s does not add up to the entries there are", name);
done:
    free(counts);
    return err->status;
}

/* Keys ascending within each customer; those that are days or weeks no stranger than those are. */
static rfm_status check_keys(const rfm_state_file *file, const rfm_list *list, bool days, rfm_error *err)
{
    for (size_t c = 0; c < file->count; c++)
        for (size_t i = list->start[c]; i < list->start[c + 1]; i++) {
            int64_t day = (int64_t)list->key[i];
            if (i > list->start[c] && list->key[i] <= list->key[i - 1])
                return rfm_state_damaged(file, err, "keys of a list are not in order");
            if (days && (day < INT32_MIN || day > INT32_MAX))
                return rfm_state_damaged(file, err, "a list has an impossible day");
        }
    return RFM_OK;
}

static bool has_days(const rfm_layout *layout, int list)
{
    for (int a = 0; a < layout->n_aggregates; a++)
        if (layout->places[a].list == list)
            return layout->aggregates[a].kind != RFM_DISTINCT || layout->aggregates[a].source < 0;
    return false;
}

/* Collective. */
static rfm_status read_entries(const rfm_state_file *file, const struct request *request, const char *key,
                               rfm_list *list, rfm_error *err)
{
    list->key = rfm_alloc(request->count, sizeof *list->key, err);
    if (request->n_words > 0)
        list->payload = rfm_alloc(request->count, (size_t)request->n_words * sizeof *list->payload, err);
    if (rfm_comm_agree(file->comm, err) ||
        rfm_h5_read(file->h5, key, RFM_H5_U64, request->first, request->count, list->key, err))
        return err->status;
    return request->n_words > 0 ? read_rows(file, request, list->payload, err) : RFM_OK;
}

rfm_status rfm_state_read_list(const rfm_state_file *file, const rfm_choices *choices, int l, rfm_state *state,
                               rfm_error *err)
{
    const rfm_record *record = &state->layout->payloads[l];
    const rfm_choice *choice = &choices->lists[l];
    rfm_list *list = &state->lists[l];
    char key[RFM_STATE_NAME_BYTES], payload[RFM_STATE_NAME_BYTES];
    rfm_h5_shape shape;
    rfm_state_list_name(choice->list, "key", key);
    rfm_state_list_name(choice->list, "payload", payload);
    struct request request = {.name = payload, .columns = choice->columns, .n_words = record->n_words};
    if (rfm_state_shape(file, key, RFM_H5_U64, &shape, err))
        return err->status;
    if (shape.columns != 1)
        return rfm_state_damaged(file, err, "%s has another shape", key);
    if ((record->n_words > 0 && find_matrix(file, &request, shape.rows, err)) ||
        read_counts(file, choice->list, shape.rows, list, &request.first, err))
        return err->status;
    request.count = list->start[file->count];
    if (read_entries(file, &request, key, list, err))
        return err->status;
    if (!check_keys(file, list, has_days(state->layout, l), err) &&
        !check_rows(file, state->layout, l, list->payload, request.count, err))
        /* Days on which only aggregates happened that this layout leaves out have nothing to say here. */
        rfm_list_settle(record, file->count, list);
    return rfm_comm_agree(file->comm, err);
}
