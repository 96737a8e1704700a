/* builder: a heap of runs by (hash, id); the smallest customer is taken from all runs that have it.
 *
 * Room for everything is made before the first customer is moved, so that the moving cannot fail;
 * and one element more than that, so that no array is NULL where there is nothing to hold.
 */
#include "builder.h"

#include "entries.h"
#include "ids.h"
#include "record.h"

#include <stdlib.h>
#include <string.h>

rfm_status rfm_builder_init(rfm_builder *builder, const rfm_layout *layout, rfm_id_kind kind, rfm_error *err)
{
    size_t n_lists = (size_t)layout->n_lists;
    memset(builder, 0, sizeof *builder);
    builder->state.layout = layout;
    builder->state.ids.kind = kind;
    builder->state.lists = rfm_alloc(n_lists, sizeof *builder->state.lists, err);
    builder->lists = rfm_alloc(n_lists, sizeof *builder->lists, err);
    if (err->status) {
        free(builder->state.lists);
        builder->state.lists = NULL;
    }
    /* An empty merge makes the arrays that an empty state has too. */
    if (err->status || rfm_builder_merge(builder, NULL, 0, err))
        rfm_builder_free(builder);
    return err->status;
}

void rfm_builder_free(rfm_builder *builder)
{
    if (builder->state.layout)
        rfm_state_free(&builder->state);
    free(builder->lists);
    memset(builder, 0, sizeof *builder);
}

rfm_state rfm_builder_take(rfm_builder *builder)
{
    rfm_state state = builder->state;
    for (int l = 0; l < state.layout->n_lists; l++) {
        if (state.layout->counted[l]) {
            free(state.lists[l].key);
            state.lists[l].key = NULL;
        }
    }
    free(builder->lists);
    memset(builder, 0, sizeof *builder);
    return state;
}

/* ---- room ------------------------------------------------------------------------------------------------------- */

static rfm_status reserve_ids(rfm_builder *builder, const rfm_stretch *runs, size_t n_runs, size_t n, rfm_error *err)
{
    rfm_ids *ids = &builder->state.ids;
    if (rfm_reserve(&ids->hash, &builder->hash, n + 1, sizeof *ids->hash, err))
        return err->status;
    if (ids->kind == RFM_ID_INTEGER)
        return rfm_reserve(&ids->number, &builder->number, n + 1, sizeof *ids->number, err);
    bool first = ids->offset == NULL;
    if (rfm_reserve(&ids->offset, &builder->offset, n + 1, sizeof *ids->offset, err))
        return err->status;
    if (first)
        ids->offset[0] = 0;
    size_t bytes = ids->offset[ids->n];
    for (size_t r = 0; r < n_runs; r++) {
        const rfm_ids *from = &runs[r].state->ids;
        bytes += from->offset[runs[r].end] - from->offset[runs[r].next];
    }
    return rfm_reserve(&ids->bytes, &builder->bytes, bytes + 1, 1, err);
}

/* Where the keys of a list begin that stand in its array. A list that is counted has those of the customer in hand. */
static size_t first_kept(const rfm_layout *layout, int l, size_t end)
{
    return layout->counted[l] ? end : 0;
}

static rfm_status reserve_list(rfm_builder *builder, int l, const rfm_stretch *runs, size_t n_runs, size_t n,
                               rfm_error *err)
{
    rfm_list *list = &builder->state.lists[l];
    rfm_list_capacity *capacity = &builder->lists[l];
    size_t row = (size_t)builder->state.layout->payloads[l].n_words * sizeof *list->payload;
    bool first = list->start == NULL;
    if (rfm_reserve(&list->start, &capacity->start, n + 1, sizeof *list->start, err))
        return err->status;
    if (first)
        list->start[0] = 0;
    size_t end = list->start[builder->state.ids.n], entries = end - first_kept(builder->state.layout, l, end);
    for (size_t r = 0; r < n_runs; r++) {
        const size_t *start = runs[r].state->lists[l].start;
        entries += start[runs[r].end] - start[runs[r].next];
    }
    rfm_reserve(&list->key, &capacity->key, entries + 1, sizeof *list->key, err);
    if (row > 0)
        rfm_reserve(&list->payload, &capacity->payload, entries + 1, row, err);
    return err->status;
}

static rfm_status reserve(rfm_builder *builder, const rfm_stretch *runs, size_t n_runs, rfm_error *err)
{
    rfm_state *state = &builder->state;
    size_t n = state->ids.n, row = (size_t)state->layout->words.n_words * sizeof *state->words;
    for (size_t r = 0; r < n_runs; r++)
        n += runs[r].end - runs[r].next;
    if (reserve_ids(builder, runs, n_runs, n, err))
        return err->status;
    if (row > 0 && rfm_reserve(&state->words, &builder->words, n + 1, row, err))
        return err->status;
    for (int l = 0; l < state->layout->n_lists; l++)
        if (reserve_list(builder, l, runs, n_runs, n, err))
            return err->status;
    return RFM_OK;
}

/* ---- moving ----------------------------------------------------------------------------------------------------- */

static void copy_id(rfm_ids *to, const rfm_ids *from, size_t i)
{
    size_t n = to->n;
    to->hash[n] = from->hash[i];
    if (to->kind == RFM_ID_INTEGER) {
        to->number[n] = from->number[i];
        return;
    }
    size_t length = from->offset[i + 1] - from->offset[i];
    if (length > 0)
        memcpy(to->bytes + to->offset[n], from->bytes + from->offset[i], length);
    to->offset[n + 1] = to->offset[n] + length;
}

/* Put the entries of customer i behind those of the customer being built, which is the n-th. */
static void copy_entries(rfm_list *to, size_t n, bool counted, const rfm_list *from, size_t i, size_t width)
{
    size_t at = to->start[n + 1], first = from->start[i], count = from->start[i + 1] - first;
    if (count == 0)
        return;
    to->start[n + 1] = at + count;
    if (counted)
        at -= to->start[n];
    memcpy(to->key + at, from->key + first, count * sizeof *to->key);
    if (width > 0)
        memcpy(to->payload + at * width, from->payload + first * width, count * width * sizeof *to->payload);
}

static void take_customer(rfm_state *to, const rfm_state *from, size_t i, bool is_first)
{
    const rfm_layout *layout = to->layout;
    size_t n = to->ids.n, width = (size_t)layout->words.n_words;
    if (is_first)
        copy_id(&to->ids, &from->ids, i);
    if (is_first && width > 0)
        memcpy(to->words + n * width, from->words + i * width, width * sizeof *to->words);
    else if (width > 0)
        rfm_record_merge(&layout->words, to->words + n * width, from->words + i * width);
    for (int l = 0; l < layout->n_lists; l++) {
        rfm_list *list = &to->lists[l];
        if (is_first)
            list->start[n + 1] = list->start[n];
        copy_entries(list, n, layout->counted[l], &from->lists[l], i, (size_t)layout->payloads[l].n_words);
    }
}

/* The customer being built has come from so many runs; what comes from one is settled, unless it is to be counted. */
static void settle_lists(rfm_state *state, int parts)
{
    for (int l = 0; l < state->layout->n_lists; l++) {
        const rfm_record *record = &state->layout->payloads[l];
        rfm_list *list = &state->lists[l];
        size_t first = list->start[state->ids.n], n = list->start[state->ids.n + 1] - first;
        int64_t *payload = list->payload;
        if (state->layout->counted[l])
            list->start[state->ids.n + 1] = first + rfm_entries_count(list->key, n);
        if (state->layout->counted[l] || parts == 1)
            continue;
        if (record->n_words > 0)
            payload += first * (size_t)record->n_words;
        list->start[state->ids.n + 1] = first + rfm_entries_settle(record, list->key + first, payload, n);
    }
}

/* ---- the heap --------------------------------------------------------------------------------------------------- */

static bool precedes(const rfm_stretch *a, const rfm_stretch *b)
{
    return rfm_ids_compare(&a->state->ids, a->next, &b->state->ids, b->next) < 0;
}

static void sift_down(rfm_stretch *heap, size_t n, size_t at)
{
    rfm_stretch run = heap[at];
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && precedes(&heap[child + 1], &heap[child]))
            child++;
        if (!precedes(&heap[child], &run))
            break;
        heap[at] = heap[child];
    }
    heap[at] = run;
}

static size_t make_heap(rfm_stretch *runs, size_t n_runs)
{
    size_t n = 0;
    for (size_t r = 0; r < n_runs; r++)
        if (runs[r].next < runs[r].end)
            runs[n++] = runs[r];
    for (size_t at = n / 2; at-- > 0;)
        sift_down(runs, n, at);
    return n;
}

static size_t advance(rfm_stretch *heap, size_t n)
{
    if (++heap[0].next == heap[0].end)
        heap[0] = heap[--n];
    if (n > 0)
        sift_down(heap, n, 0);
    return n;
}

/* ---- a run that is alone ---------------------------------------------------------------------------------------- */

static void shift_edges(size_t *to, const size_t *from, size_t n)
{
    size_t shift = to[0] - from[0]; /* to[0] stands already */
    for (size_t i = 1; i <= n; i++)
        to[i] = from[i] + shift;
}

static void append_ids(rfm_ids *to, const rfm_ids *from, size_t first, size_t n)
{
    memcpy(to->hash + to->n, from->hash + first, n * sizeof *to->hash);
    if (to->kind == RFM_ID_INTEGER) {
        memcpy(to->number + to->n, from->number + first, n * sizeof *to->number);
        return;
    }
    size_t bytes = from->offset[first + n] - from->offset[first];
    shift_edges(to->offset + to->n, from->offset + first, n);
    if (bytes > 0)
        memcpy(to->bytes + to->offset[to->n], from->bytes + from->offset[first], bytes);
}

static void append_counts(rfm_list *to, size_t at, const rfm_list *from, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t count = from->start[first + i + 1] - from->start[first + i];
        memcpy(to->key, from->key + from->start[first + i], count * sizeof *to->key);
        to->start[at + i + 1] = to->start[at + i] + rfm_entries_count(to->key, count);
    }
}

static void append_list(rfm_list *to, size_t at, const rfm_list *from, size_t first, size_t n, size_t width)
{
    size_t entry = from->start[first], entries = from->start[first + n] - entry;
    shift_edges(to->start + at, from->start + first, n);
    if (entries > 0)
        memcpy(to->key + to->start[at], from->key + entry, entries * sizeof *to->key);
    if (entries > 0 && width > 0)
        memcpy(to->payload + to->start[at] * width, from->payload + entry * width,
               entries * width * sizeof *to->payload);
}

static void append_run(rfm_state *to, const rfm_stretch *run)
{
    const rfm_layout *layout = to->layout;
    const rfm_state *from = run->state;
    size_t at = to->ids.n, first = run->next, n = run->end - first, width = (size_t)layout->words.n_words;
    append_ids(&to->ids, &from->ids, first, n);
    if (width > 0)
        memcpy(to->words + at * width, from->words + first * width, n * width * sizeof *to->words);
    for (int l = 0; l < layout->n_lists; l++) {
        if (layout->counted[l])
            append_counts(&to->lists[l], at, &from->lists[l], first, n);
        else
            append_list(&to->lists[l], at, &from->lists[l], first, n, (size_t)layout->payloads[l].n_words);
    }
    to->ids.n += n;
}

rfm_status rfm_builder_merge(rfm_builder *builder, rfm_stretch *runs, size_t n_runs, rfm_error *err)
{
    rfm_state *state = &builder->state;
    if (reserve(builder, runs, n_runs, err))
        return err->status;
    size_t n = make_heap(runs, n_runs);
    while (n > 0) {
        if (n == 1) {
            append_run(state, &runs[0]);
            break;
        }
        int parts = 0;
        do {
            take_customer(state, runs[0].state, runs[0].next, parts++ == 0);
            n = advance(runs, n);
        } while (n > 0 && rfm_ids_compare(&state->ids, state->ids.n, &runs[0].state->ids, runs[0].next) == 0);
        settle_lists(state, parts);
        state->ids.n++;
    }
    return RFM_OK;
}
