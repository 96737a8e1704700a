/* program: folding events into the table, step by step, a stretch of events at a time. */
#include "program.h"

#include "table.h"

#include <stdlib.h>
#include <string.h>

/* So many that cache misses overlap, so few that their rows stay in the first level of cache. */
enum { STRETCH = 128 };

/* A stretch of a batch: event i of it is event first + i. */
typedef struct stretch {
    rfm_table *table;
    const rfm_events *events;
    size_t first, n;
    rfm_met met[STRETCH];    /* the customers */
    int64_t *words[STRETCH]; /* of each */
    int64_t *day[STRETCH];   /* payload of (customer, day) in list 0; unset where nothing daily is
                                selected */
    uint16_t selected[STRETCH];
    size_t n_selected; /* by the predicate in hand */
} stretch;

/* ---- compiling -------------------------------------------------------------------------------------------------- */

static int compare_steps(const void *a, const void *b)
{
    const rfm_step *x = a, *y = b;
    return (x->predicate > y->predicate) - (x->predicate < y->predicate);
}

rfm_status rfm_program_init(rfm_program *program, const rfm_layout *layout, rfm_error *err)
{
    *program = (rfm_program){0};
    program->steps = rfm_alloc((size_t)layout->n_aggregates, sizeof *program->steps, err);
    if (!program->steps)
        return err->status;
    program->n = layout->n_aggregates;
    for (int i = 0; i < program->n; i++) {
        const rfm_aggregate *a = &layout->aggregates[i];
        const rfm_place *place = &layout->places[i];
        program->steps[i] = (rfm_step){.predicate = a->predicate,
                                       .kind = a->kind,
                                       .source = a->source,
                                       .daily = a->daily,
                                       .list = place->list,
                                       .word = place->word};
        if (a->daily && a->kind != RFM_DISTINCT)
            program->daily |= UINT64_C(1) << a->predicate;
    }
    qsort(program->steps, (size_t)program->n, sizeof *program->steps, compare_steps);
    return RFM_OK;
}

void rfm_program_free(rfm_program *program)
{
    free(program->steps);
    *program = (rfm_program){0};
}

/* ---- scalars ---------------------------------------------------------------------------------------------------- */

static void select_events(stretch *s, int predicate)
{
    const uint64_t *where = s->events->where + s->first;
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        s->selected[n] = (uint16_t)i;
        n += (where[i] >> predicate) & 1;
    }
    s->n_selected = n;
}

/* Only those whose number is there. Returns how many. */
static size_t select_numbers(const stretch *s, int source, uint16_t *chosen)
{
    const uint32_t *has = s->events->has_number + s->first;
    size_t n = 0;
    for (size_t k = 0; k < s->n_selected; k++) {
        chosen[n] = s->selected[k];
        n += (has[s->selected[k]] >> source) & 1;
    }
    return n;
}

static void count(const uint16_t *chosen, size_t n, int64_t *const *to, int word)
{
    for (size_t k = 0; k < n; k++)
        to[chosen[k]][word]++;
}

static void total(const uint16_t *chosen, size_t n, int64_t *const *to, int word, const int64_t *value)
{
    for (size_t k = 0; k < n; k++) {
        int64_t v = value[chosen[k]];
        rfm_words_add(to[chosen[k]] + word, v, v < 0 ? -1 : 0);
    }
}

static void least(const uint16_t *chosen, size_t n, int64_t *const *to, int word, const int64_t *value)
{
    for (size_t k = 0; k < n; k++) {
        int64_t *into = to[chosen[k]] + word, v = value[chosen[k]];
        *into = v < *into ? v : *into;
    }
}

static void greatest(const uint16_t *chosen, size_t n, int64_t *const *to, int word, const int64_t *value)
{
    for (size_t k = 0; k < n; k++) {
        int64_t *into = to[chosen[k]] + word, v = value[chosen[k]];
        *into = v > *into ? v : *into;
    }
}

static void fold_number(const stretch *s, const rfm_step *step, int64_t *const *to)
{
    uint16_t chosen[STRETCH] = {0};
    size_t n = select_numbers(s, step->source, chosen);
    if (step->kind == RFM_COUNT_VALUE) {
        count(chosen, n, to, step->word);
        return;
    }
    const int64_t *value = s->events->numbers[step->source] + s->first;
    if (step->kind == RFM_TOTAL)
        total(chosen, n, to, step->word, value);
    else if (step->kind == RFM_LEAST)
        least(chosen, n, to, step->word, value);
    else
        greatest(chosen, n, to, step->word, value);
}

/* ---- distinct --------------------------------------------------------------------------------------------------- */

/* Only those that have a value. Returns how many. */
static size_t select_hashes(const stretch *s, int source, uint16_t *chosen)
{
    const uint32_t *has = s->events->has_hash + s->first;
    size_t n = 0;
    for (size_t k = 0; k < s->n_selected; k++) {
        chosen[n] = s->selected[k];
        n += (has[s->selected[k]] >> source) & 1;
    }
    return n;
}

/* Drop the events whose value is the last one of their customer, which is in the list already. */
static size_t drop_repeats(const stretch *s, int list, const uint64_t *key, uint16_t *chosen, size_t n)
{
    const size_t word = s->table->last + (size_t)list;
    size_t n_left = 0;
    for (size_t k = 0; k < n; k++) {
        const uint16_t i = chosen[k];
        int64_t *last = s->met[i].row + word;
        const bool is_repeat = *last == (int64_t)key[i] && key[i] != 0;
        *last = (int64_t)key[i];
        chosen[n_left] = i;
        n_left += !is_repeat;
    }
    return n_left;
}

static rfm_status put_values(const stretch *s, rfm_pairs *pairs, const uint64_t *key, const uint16_t *chosen, size_t n,
                             rfm_error *err)
{
    for (size_t k = 0; k < n; k++)
        if (rfm_pairs_append(pairs, &s->met[chosen[k]], key[chosen[k]], err))
            return err->status;
    return RFM_OK;
}

/* Each with the latest of its days. */
static rfm_status put_dated_values(const stretch *s, rfm_pairs *pairs, const uint64_t *key, const uint16_t *chosen,
                                   size_t n, rfm_error *err)
{
    const int32_t *day = s->events->day + s->first;
    for (size_t k = 0; k < n; k++)
        rfm_pairs_prefetch(pairs, &s->met[chosen[k]], key[chosen[k]]);
    for (size_t k = 0; k < n; k++) {
        const size_t i = chosen[k];
        int64_t *latest = rfm_pairs_touch(pairs, &s->met[i], key[i], err);
        if (!latest)
            return err->status;
        *latest = *latest < day[i] ? day[i] : *latest;
    }
    return RFM_OK;
}

static rfm_status fold_values(const stretch *s, const rfm_step *step, rfm_error *err)
{
    uint16_t chosen[STRETCH] = {0};
    const uint64_t *key = s->events->hashes[step->source] + s->first;
    size_t n = select_hashes(s, step->source, chosen);
    rfm_pairs *pairs = &s->table->lists[step->list];
    if (step->daily) /* a day that goes with a value may be later now: no repeat is dropped */
        return put_dated_values(s, pairs, key, chosen, n, err);
    return put_values(s, pairs, key, chosen, drop_repeats(s, step->list, key, chosen, n), err);
}

/* A day for which the span has no room: the span goes into the list, and another begins. */
static rfm_status change_span(rfm_pairs *pairs, const rfm_met *met, int64_t *span, int64_t day, rfm_error *err)
{
    if (!rfm_span_reaches(day))
        return rfm_pairs_append(pairs, met, (uint64_t)day, err);
    int64_t before = *span;
    *span = rfm_span_of(day);
    return rfm_pairs_append_span(pairs, met, before, err);
}

static rfm_status fold_days(const stretch *s, const rfm_step *step, rfm_error *err)
{
    const size_t word = s->table->last + (size_t)step->list;
    const int32_t *days = s->events->day + s->first;
    for (size_t k = 0; k < s->n_selected; k++) {
        const size_t i = s->selected[k];
        int64_t day = step->source == RFM_SOURCE_WEEK ? rfm_day_week(days[i]) : days[i];
        int64_t *span = s->met[i].row + word;
        if (rfm_span_has_room(*span, day))
            *span = rfm_span_with(*span, day);
        else if (change_span(&s->table->lists[step->list], &s->met[i], span, day, err))
            return err->status;
    }
    return RFM_OK;
}

/* ---- a stretch -------------------------------------------------------------------------------------------------- */

static rfm_status run_step(const stretch *s, const rfm_step *step, rfm_error *err)
{
    int64_t *const *to = step->daily ? s->day : s->words;
    switch (step->kind) {
    case RFM_COUNT:
        count(s->selected, s->n_selected, to, step->word);
        break;
    case RFM_FIRST:
        least(s->selected, s->n_selected, to, step->word, s->events->time_us + s->first);
        break;
    case RFM_LAST:
        greatest(s->selected, s->n_selected, to, step->word, s->events->time_us + s->first);
        break;
    case RFM_DISTINCT:
        return step->source < 0 ? fold_days(s, step, err) : fold_values(s, step, err);
    case RFM_COUNT_VALUE:
    case RFM_TOTAL:
    case RFM_LEAST:
    case RFM_GREATEST:
        fold_number(s, step, to);
        break;
    }
    return RFM_OK;
}

/* Where each event's customer, and its day, are. */
static rfm_status locate(stretch *s, rfm_error *err)
{
    rfm_table *table = s->table;
    if (rfm_table_find(table, s->events, s->first, s->n, s->met, err))
        return err->status;
    for (size_t i = 0; i < s->n; i++)
        s->words[i] = s->met[i].row + table->header;
    for (size_t i = 0; table->program.daily && i < s->n; i++) {
        if (!(s->events->where[s->first + i] & table->program.daily))
            continue;
        int64_t day = s->events->day[s->first + i]; /* list 0 is that of the daily scalars */
        s->day[i] = rfm_pairs_touch(table->lists, &s->met[i], (uint64_t)day, err);
        if (!s->day[i])
            return err->status;
    }
    return RFM_OK;
}

static rfm_status fold_stretch(stretch *s, rfm_error *err)
{
    const rfm_program *program = &s->table->program;
    int predicate = -1;
    if (locate(s, err))
        return err->status;
    for (int i = 0; i < program->n; i++) {
        if (program->steps[i].predicate != predicate) {
            predicate = program->steps[i].predicate;
            select_events(s, predicate);
        }
        if (run_step(s, &program->steps[i], err))
            return err->status;
    }
    return RFM_OK;
}

/* Settle the logs that have grown enough. Between stretches: a stretch holds on to payloads. */
static rfm_status settle_due(rfm_table *table, rfm_error *err)
{
    for (int l = 0; l < table->layout->n_lists; l++) {
        rfm_pairs *pairs = &table->lists[l];
        for (size_t p = 0; pairs->due && p < table->n_pieces; p++)
            if (pairs->logs[p].n >= pairs->logs[p].limit && rfm_pairs_settle(pairs, p, &table->gathered[l], err))
                return err->status;
        pairs->due = false;
    }
    return RFM_OK;
}

rfm_status rfm_table_fold(rfm_table *table, const rfm_events *events, rfm_error *err)
{
    stretch s = {.table = table, .events = events};
    for (s.first = 0; s.first < events->n; s.first += s.n) {
        s.n = events->n - s.first < STRETCH ? events->n - s.first : STRETCH;
        if (fold_stretch(&s, err) || settle_due(table, err))
            return err->status;
    }
    return rfm_table_spill(table, err);
}
