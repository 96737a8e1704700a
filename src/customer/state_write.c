/* state_write: the owners' states, end to end, as state.h5. */
#include "state_file.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct writer {
    rfm_comm *comm;
    rfm_h5 *h5;
    const rfm_state *state;
} writer;

void rfm_state_list_name(int list, const char *part, char name[RFM_STATE_NAME_BYTES])
{
    snprintf(name, RFM_STATE_NAME_BYTES, "/lists/%d/%s", list, part);
}

static rfm_status write_matrix(const writer *w, const char *name, int n_words, size_t rows, const int64_t *words,
                               rfm_error *err)
{
    rfm_h5_shape shape = {.type = RFM_H5_I64, .columns = n_words, .matrix = true};
    return n_words > 0 ? rfm_h5_write(w->h5, name, &shape, rows, words, err) : RFM_OK;
}

/* ---- aggregates ------------------------------------------------------------------------------------------------- */

struct places {
    const char **names;
    int32_t *kind, *list, *word;
};

static rfm_status describe(const rfm_layout *layout, struct places *places, rfm_error *err)
{
    size_t n = (size_t)layout->n_aggregates;
    places->names = rfm_alloc(n, sizeof *places->names, err);
    places->kind = rfm_alloc(n, sizeof *places->kind, err);
    places->list = rfm_alloc(n, sizeof *places->list, err);
    places->word = rfm_alloc(n, sizeof *places->word, err);
    for (size_t i = 0; !err->status && i < n; i++) {
        places->names[i] = layout->aggregates[i].name;
        places->kind[i] = (int32_t)layout->aggregates[i].kind;
        places->list[i] = layout->places[i].list;
        places->word[i] = layout->places[i].word;
    }
    return err->status;
}

static rfm_status write_places(const writer *w, rfm_error *err)
{
    const rfm_h5_shape shape = {.type = RFM_H5_I32, .columns = 1};
    struct places places = {0};
    size_t n = (size_t)w->state->layout->n_aggregates;
    describe(w->state->layout, &places, err);
    if (rfm_comm_agree(w->comm, err) || rfm_h5_write_names(w->h5, RFM_STATE_NAMES, places.names, n, err))
        goto done;
    if (rfm_comm_rank(w->comm) != 0)
        n = 0;
    if (!rfm_h5_write(w->h5, RFM_STATE_KINDS, &shape, n, places.kind, err) &&
        !rfm_h5_write(w->h5, RFM_STATE_LISTS, &shape, n, places.list, err))
        rfm_h5_write(w->h5, RFM_STATE_PLACES, &shape, n, places.word, err);
done:
    free(places.names);
    free(places.kind);
    free(places.list);
    free(places.word);
    return err->status;
}

static rfm_status write_counts(const writer *w, const char *name, const rfm_list *list, rfm_error *err)
{
    const rfm_h5_shape shape = {.type = RFM_H5_I64, .columns = 1};
    size_t n = w->state->ids.n;
    int64_t *counts = rfm_alloc(n, sizeof *counts, err);
    for (size_t i = 0; counts && i < n; i++)
        counts[i] = (int64_t)(list->start[i + 1] - list->start[i]);
    if (!rfm_comm_agree(w->comm, err))
        rfm_h5_write(w->h5, name, &shape, n, counts, err);
    free(counts);
    return err->status;
}

static rfm_status write_list(const writer *w, int l, rfm_error *err)
{
    const rfm_h5_shape shape = {.type = RFM_H5_U64, .columns = 1};
    const rfm_list *list = &w->state->lists[l];
    size_t n_entries = list->start[w->state->ids.n];
    char count[RFM_STATE_NAME_BYTES], key[RFM_STATE_NAME_BYTES], payload[RFM_STATE_NAME_BYTES];
    rfm_state_list_name(l, "count", count);
    rfm_state_list_name(l, "key", key);
    rfm_state_list_name(l, "payload", payload);
    if (write_counts(w, count, list, err) || rfm_h5_write(w->h5, key, &shape, n_entries, list->key, err))
        return err->status;
    return write_matrix(w, payload, w->state->layout->payloads[l].n_words, n_entries, list->payload, err);
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

static rfm_status write_keys(const writer *w, const rfm_keys *keys, rfm_error *err)
{
    const rfm_h5_shape shape = {.type = RFM_H5_U64, .columns = 2, .matrix = true};
    uint64_t *halves = rfm_alloc(keys->n, 2 * sizeof *halves, err);
    for (size_t i = 0; halves && i < keys->n; i++) {
        halves[2 * i] = keys->keys[i].high;
        halves[2 * i + 1] = keys->keys[i].low;
    }
    if (!rfm_comm_agree(w->comm, err))
        rfm_h5_write(w->h5, RFM_STATE_KEYS, &shape, keys->n, halves, err);
    free(halves);
    return err->status;
}

static rfm_status write_extent(rfm_h5 *h5, const rfm_extent *extent, rfm_error *err)
{
    if (rfm_h5_put_text(h5, "/", "format", RFM_STATE_FORMAT, err) ||
        rfm_h5_put_integer(h5, "/", "version", RFM_STATE_VERSION, err) ||
        rfm_h5_put_integer(h5, "/", "n_events", extent->n_events, err) ||
        rfm_h5_put_integer(h5, "/", "earliest_us", extent->earliest_us, err) ||
        rfm_h5_put_integer(h5, "/", "newest_us", extent->newest_us, err) ||
        rfm_h5_put_integer(h5, "/", "n_with_time_of_day", extent->n_with_time_of_day, err))
        return err->status;
    return rfm_h5_put_integer(h5, "/", "n_after_as_of", extent->n_after_as_of, err);
}

static rfm_status write_all(const writer *w, const rfm_keys *keys, const rfm_provenance *provenance, rfm_error *err)
{
    const rfm_state *state = w->state;
    if (write_extent(w->h5, &state->extent, err) || rfm_provenance_write(w->comm, w->h5, provenance, err) ||
        rfm_ids_write(w->comm, w->h5, RFM_STATE_IDS, &state->ids, err) || write_places(w, err) ||
        write_matrix(w, RFM_STATE_WORDS, state->layout->words.n_words, state->ids.n, state->words, err))
        return err->status;
    for (int l = 0; l < state->layout->n_lists; l++)
        if (write_list(w, l, err))
            return err->status;
    return keys ? write_keys(w, keys, err) : RFM_OK;
}

rfm_status rfm_state_write(rfm_comm *comm, const char *path, int64_t stripe_bytes, const rfm_state *state,
                           const rfm_keys *keys, const rfm_provenance *provenance, rfm_error *err)
{
    writer w = {.comm = comm, .state = state};
    if (rfm_h5_create_striped(comm, path, stripe_bytes, &w.h5, err))
        return err->status;
    write_all(&w, keys, provenance, err);
    return rfm_h5_close(w.h5, err);
}
