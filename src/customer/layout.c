/* layout: which words and lists a customer's aggregates need, and where each lies.
 *
 * Knows kinds of aggregates; not columns, predicates or what a feature makes of them.
 */
#include "rfmpi/customer.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS_EACH = 2 };

static bool uses_number(rfm_aggregate_kind kind)
{
    return kind == RFM_COUNT_VALUE || kind == RFM_TOTAL || kind == RFM_LEAST || kind == RFM_GREATEST;
}

static bool is_known(const rfm_aggregate *aggregate)
{
    int source = aggregate->source;
    if (uses_number(aggregate->kind))
        return source >= 0 && source < RFM_MAX_NUMBERS;
    if (aggregate->kind == RFM_DISTINCT)
        return source >= RFM_SOURCE_WEEK && source < RFM_MAX_HASHES;
    return aggregate->kind == RFM_COUNT || aggregate->kind == RFM_FIRST || aggregate->kind == RFM_LAST;
}

/* Times need no second time beside them: a window over them is their own value. */
static bool may_be_daily(const rfm_aggregate *aggregate)
{
    if (aggregate->kind == RFM_DISTINCT)
        return aggregate->source >= 0;
    return aggregate->kind != RFM_FIRST && aggregate->kind != RFM_LAST;
}

static rfm_status check(const rfm_aggregate *aggregates, int n, rfm_error *err)
{
    for (int i = 0; i < n; i++) {
        const rfm_aggregate *a = &aggregates[i];
        const char *name = a->name ? a->name : "";
        if (!a->name || !is_known(a) || a->predicate < 0 || a->predicate >= RFM_MAX_PREDICATES)
            return rfm_fail(err, RFM_INTERNAL, "aggregate %d '%s' is none the layout knows", i, name);
        if (a->daily && !may_be_daily(a))
            return rfm_fail(err, RFM_INTERNAL, "aggregate '%s' cannot be kept by day", name);
        if (a->counted && (a->kind != RFM_DISTINCT || a->daily))
            return rfm_fail(err, RFM_INTERNAL, "aggregate '%s' has no values that can be counted", name);
        for (int j = 0; j < i; j++)
            if (strcmp(aggregates[j].name, name) == 0)
                return rfm_fail(err, RFM_INTERNAL, "aggregate '%s' is named twice", name);
    }
    return RFM_OK;
}

static rfm_status init_record(rfm_record *record, int max_words, rfm_error *err)
{
    record->merge = rfm_alloc((size_t)max_words, sizeof *record->merge, err);
    record->empty = rfm_alloc((size_t)max_words, sizeof *record->empty, err);
    return err->status;
}

static void add_word(rfm_record *record, rfm_merge merge, int64_t empty)
{
    record->merge[record->n_words] = merge;
    record->empty[record->n_words++] = empty;
}

static void add_scalar(rfm_record *record, rfm_aggregate_kind kind)
{
    switch (kind) {
    case RFM_COUNT:
    case RFM_COUNT_VALUE:
        add_word(record, RFM_MERGE_ADD, 0);
        break;
    case RFM_TOTAL:
        add_word(record, RFM_MERGE_ADD_LOW, 0);
        add_word(record, RFM_MERGE_ADD_HIGH, 0);
        break;
    case RFM_LEAST:
    case RFM_FIRST:
        add_word(record, RFM_MERGE_MIN, INT64_MAX);
        break;
    case RFM_GREATEST:
    case RFM_LAST:
    case RFM_DISTINCT: /* the latest day of a value */
        add_word(record, RFM_MERGE_MAX, INT64_MIN);
        break;
    }
}

/* Lists are counted first: list 0 is for the daily scalars when there are any. */
static int count_lists(const rfm_aggregate *aggregates, int n, bool *daily_scalars)
{
    int n_lists = 0;
    *daily_scalars = false;
    for (int i = 0; i < n; i++) {
        n_lists += aggregates[i].kind == RFM_DISTINCT;
        *daily_scalars |= aggregates[i].kind != RFM_DISTINCT && aggregates[i].daily;
    }
    return n_lists + *daily_scalars;
}

static void place(rfm_layout *layout, int next_list)
{
    for (int i = 0; i < layout->n_aggregates; i++) {
        const rfm_aggregate *a = &layout->aggregates[i];
        bool distinct = a->kind == RFM_DISTINCT;
        int list = distinct ? next_list++ : a->daily ? 0 : -1;
        rfm_record *record = list < 0 ? &layout->words : &layout->payloads[list];
        layout->places[i] = (rfm_place){.list = list, .word = record->n_words};
        if (distinct)
            layout->counted[list] = a->counted;
        if (!distinct || a->daily)
            add_scalar(record, a->kind);
    }
}

static rfm_status copy_aggregates(rfm_layout *layout, const rfm_aggregate *aggregates, int n, rfm_error *err)
{
    layout->aggregates = rfm_alloc((size_t)n, sizeof *layout->aggregates, err);
    layout->places = rfm_alloc((size_t)n, sizeof *layout->places, err);
    if (err->status)
        return err->status;
    layout->n_aggregates = n;
    for (int i = 0; i < n && !err->status; i++) {
        layout->aggregates[i] = aggregates[i];
        layout->aggregates[i].name = rfm_copy_string(aggregates[i].name, err);
    }
    return err->status;
}

rfm_status rfm_layout_init(rfm_layout *layout, const rfm_aggregate *aggregates, int n_aggregates, rfm_error *err)
{
    bool daily_scalars;
    memset(layout, 0, sizeof *layout);
    if (check(aggregates, n_aggregates, err) || copy_aggregates(layout, aggregates, n_aggregates, err))
        goto done;
    int n_lists = count_lists(aggregates, n_aggregates, &daily_scalars);
    int max_words = MAX_WORDS_EACH * n_aggregates;
    layout->payloads = rfm_alloc((size_t)n_lists, sizeof *layout->payloads, err);
    layout->counted = rfm_alloc((size_t)n_lists, sizeof *layout->counted, err);
    if (err->status || init_record(&layout->words, max_words, err))
        goto done;
    layout->n_lists = n_lists;
    for (int l = 0; l < n_lists; l++)
        if (init_record(&layout->payloads[l], max_words, err))
            goto done;
    place(layout, daily_scalars ? 1 : 0);
done:
    if (err->status)
        rfm_layout_free(layout);
    return err->status;
}

void rfm_layout_keep_values(rfm_layout *layout)
{
    for (int l = 0; l < layout->n_lists; l++)
        layout->counted[l] = false;
}

static void free_record(rfm_record *record)
{
    free(record->merge);
    free(record->empty);
}

void rfm_layout_free(rfm_layout *layout)
{
    for (int i = 0; i < layout->n_aggregates; i++)
        free(layout->aggregates[i].name);
    free(layout->aggregates);
    free(layout->places);
    free_record(&layout->words);
    for (int l = 0; l < layout->n_lists; l++)
        free_record(&layout->payloads[l]);
    free(layout->payloads);
    free(layout->counted);
    memset(layout, 0, sizeof *layout);
}
