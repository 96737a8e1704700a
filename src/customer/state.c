/* state: customers in order, by themselves: freeing and merging. */
#include "rfmpi/customer.h"

#include "builder.h"

#include <stdlib.h>
#include <string.h>

void rfm_state_free(rfm_state *state)
{
    rfm_ids_free(&state->ids);
    free(state->words);
    for (int l = 0; state->lists && l < state->layout->n_lists; l++) {
        free(state->lists[l].start);
        free(state->lists[l].key);
        free(state->lists[l].payload);
    }
    free(state->lists);
    memset(state, 0, sizeof *state);
}

void rfm_extent_merge(rfm_extent *into, const rfm_extent *from)
{
    bool first = into->n_events == 0;
    if (from->n_events > 0) {
        if (first || from->earliest_us < into->earliest_us)
            into->earliest_us = from->earliest_us;
        if (first || from->newest_us > into->newest_us)
            into->newest_us = from->newest_us;
    }
    into->n_events += from->n_events;
    into->n_with_time_of_day += from->n_with_time_of_day;
    into->n_after_as_of += from->n_after_as_of;
}

void rfm_keys_free(rfm_keys *keys)
{
    free(keys->keys);
    memset(keys, 0, sizeof *keys);
}

static bool same_record(const rfm_record *a, const rfm_record *b)
{
    size_t n = (size_t)a->n_words;
    return a->n_words == b->n_words && memcmp(a->merge, b->merge, n * sizeof *a->merge) == 0;
}

static bool same_shape(const rfm_layout *a, const rfm_layout *b)
{
    if (a == b)
        return true;
    if (a->n_lists != b->n_lists || memcmp(a->counted, b->counted, (size_t)a->n_lists * sizeof *a->counted) != 0 ||
        !same_record(&a->words, &b->words))
        return false;
    for (int l = 0; l < a->n_lists; l++)
        if (!same_record(&a->payloads[l], &b->payloads[l]))
            return false;
    return true;
}

rfm_status rfm_state_merge(const rfm_state *a, const rfm_state *b, rfm_state *out, rfm_error *err)
{
    rfm_builder builder = {0};
    rfm_stretch runs[2] = {{a, 0, a->ids.n}, {b, 0, b->ids.n}};
    memset(out, 0, sizeof *out);
    for (int l = 0; l < a->layout->n_lists; l++)
        rfm_assert(!a->layout->counted[l]);
    if (!same_shape(a->layout, b->layout))
        return rfm_fail(err, RFM_INTERNAL, "two states of different layouts cannot merge");
    if (a->ids.kind != b->ids.kind)
        return rfm_fail(err, RFM_USAGE,
                        "customer ids are text in one state and integers in the other: give "
                        "both the same input.id");
    if (rfm_builder_init(&builder, a->layout, a->ids.kind, err) || rfm_builder_merge(&builder, runs, 2, err))
        goto done;
    *out = rfm_builder_take(&builder);
    rfm_extent_merge(&out->extent, &a->extent);
    rfm_extent_merge(&out->extent, &b->extent);
done:
    rfm_builder_free(&builder);
    return err->status;
}
