/* Aggregates of a customer -> the numbers of its features. Each is a function of that customer's exact aggregates and
 * as_of alone; integers become double once, by one division, so that equal customers give equal bits anywhere. */
#include <stdlib.h>
#include <string.h>

#include "features.h"
#include "frame.h"

typedef struct reading {
    const rfm_features *features;
    const rfm_state *state;
    const rfm_as_of *as_of;
    int *at; /* aggregate of the features -> aggregate of the state's layout */
} reading;

/* ---- aggregates of one customer --------------------------------------------------------------------------------- */

static bool is_within(const reading *r, int64_t day, int last_days)
{
    return day <= r->as_of->day && day > (int64_t)r->as_of->day - last_days;
}

static rfm_i128 joined(const int64_t *words)
{
    return (rfm_i128)(((rfm_u128)(uint64_t)words[1] << 64) | (uint64_t)words[0]);
}

static rfm_i128 value_of(rfm_aggregate_kind kind, const int64_t *words)
{
    return kind == RFM_TOTAL ? joined(words) : words[0];
}

static rfm_i128 merged(rfm_aggregate_kind kind, rfm_i128 a, rfm_i128 b)
{
    if (kind == RFM_LEAST)
        return b < a ? b : a;
    if (kind == RFM_GREATEST)
        return b > a ? b : a;
    return a + b;
}

/* A scalar aggregate, over the window where it is kept by day. */
static rfm_i128 scalar(const reading *r, int aggregate, size_t customer, int last_days)
{
    const rfm_layout *layout = r->state->layout;
    const int index = r->at[aggregate];
    const rfm_aggregate_kind kind = layout->aggregates[index].kind;
    const rfm_place place = layout->places[index];
    if (place.list < 0)
        return value_of(kind, r->state->words + customer * (size_t)layout->words.n_words + place.word);
    const rfm_list *list = &r->state->lists[place.list];
    const rfm_record *record = &layout->payloads[place.list];
    rfm_i128 value = value_of(kind, record->empty + place.word);
    for (size_t i = list->start[customer]; i < list->start[customer + 1]; i++)
        if (is_within(r, (int64_t)list->key[i], last_days))
            value =
                merged(kind, value, value_of(kind, list->payload + i * (size_t)record->n_words + (size_t)place.word));
    return value;
}

static int64_t integer(const reading *r, int aggregate, size_t customer, int last_days)
{
    return (int64_t)scalar(r, aggregate, customer, last_days);
}

/* How many values a set has, in the window: by the latest day of each, or, of days, by themselves. */
static int64_t distinct(const reading *r, int aggregate, size_t customer, int last_days)
{
    const int index = r->at[aggregate];
    const rfm_place place = r->state->layout->places[index];
    const rfm_list *list = &r->state->lists[place.list];
    const size_t begin = list->start[customer], end = list->start[customer + 1];
    if (last_days == 0)
        return (int64_t)(end - begin);
    const bool daily = r->state->layout->aggregates[index].daily;
    const size_t n_words = (size_t)r->state->layout->payloads[place.list].n_words;
    int64_t n = 0;
    for (size_t i = begin; i < end; i++)
        n += is_within(r, daily ? list->payload[i * n_words + (size_t)place.word] : (int64_t)list->key[i], last_days);
    return n;
}

/* ---- verbs ------------------------------------------------------------------------------------------------------ */

static double never(const reading *r, const rfm_feature *feature)
{
    return feature->never_span ? (double)r->as_of->span_us / (double)feature->unit_us : feature->never;
}

/* Exact while |total| is below 2^53, else rounded before the one division. */
static double scaled(rfm_i128 total, int64_t power)
{
    return rfm_i128_to_double(total) / (double)power;
}

static double elapsed(const reading *r, int64_t from_us, int64_t to_us, int64_t unit_us)
{
    return (double)rfm_as_of_difference_us(r->as_of, from_us, to_us) / (double)unit_us;
}

static double sum(const reading *r, const rfm_feature *f, size_t customer)
{
    if (f->reads.count >= 0 && integer(r, f->reads.count, customer, f->last_days) == 0)
        return never(r, f);
    return scaled(scalar(r, f->reads.number, customer, f->last_days), f->power);
}

/* One division; total and divisor are exact while below 2^53, else each is rounded once before it. */
static double mean(const reading *r, const rfm_feature *f, size_t customer)
{
    const int64_t n = integer(r, f->reads.count, customer, f->last_days);
    if (n == 0)
        return never(r, f);
    const rfm_i128 total = scalar(r, f->reads.number, customer, f->last_days);
    return rfm_i128_to_double(total) / rfm_i128_to_double((rfm_i128)n * f->power);
}

static double extreme(const reading *r, const rfm_feature *f, size_t customer)
{
    const int64_t value = integer(r, f->reads.number, customer, f->last_days);
    const int64_t none = f->verb == RFM_VERB_MIN ? INT64_MAX : INT64_MIN;
    return value == none ? never(r, f) : scaled(value, f->power);
}

static double since(const reading *r, const rfm_feature *f, size_t customer)
{
    const bool first = f->verb == RFM_VERB_SINCE_FIRST;
    const int64_t us = integer(r, first ? f->reads.first : f->reads.last, customer, 0);
    return us == (first ? INT64_MAX : INT64_MIN) ? never(r, f) : elapsed(r, us, r->as_of->us, f->unit_us);
}

static double span(const reading *r, const rfm_feature *f, size_t customer)
{
    const int64_t first = integer(r, f->reads.first, customer, 0), last = integer(r, f->reads.last, customer, 0);
    return last == INT64_MIN ? never(r, f) : elapsed(r, first, last, f->unit_us);
}

static double mean_gap_of_events(const reading *r, const rfm_feature *f, size_t customer)
{
    const int64_t n = integer(r, f->reads.count, customer, 0);
    if (n < 2)
        return never(r, f);
    const int64_t first = integer(r, f->reads.first, customer, 0), last = integer(r, f->reads.last, customer, 0);
    return (double)rfm_as_of_difference_us(r->as_of, first, last) / rfm_i128_to_double((rfm_i128)(n - 1) * f->unit_us);
}

/* In days of days, in weeks of weeks. */
static double mean_gap(const reading *r, const rfm_feature *f, size_t customer)
{
    if (f->gap == RFM_GAP_EVENT)
        return mean_gap_of_events(r, f, customer);
    const rfm_list *list = &r->state->lists[r->state->layout->places[r->at[f->reads.distinct]].list];
    const size_t begin = list->start[customer], end = list->start[customer + 1];
    if (end - begin < 2)
        return never(r, f);
    int64_t first = INT64_MAX, last = INT64_MIN; /* keys ascend as unsigned numbers, days have a sign */
    for (size_t i = begin; i < end; i++) {
        const int64_t key = (int64_t)list->key[i];
        first = key < first ? key : first;
        last = key > last ? key : last;
    }
    return (double)(last - first) / (double)(end - begin - 1);
}

static double share(const reading *r, const rfm_feature *f, size_t customer)
{
    const int64_t n = integer(r, f->reads.count, customer, f->last_days);
    return n == 0 ? never(r, f) : (double)integer(r, f->reads.part, customer, f->last_days) / (double)n;
}

static double count(const reading *r, const rfm_feature *f, size_t customer)
{
    const int64_t n = f->verb == RFM_VERB_DISTINCT ? distinct(r, f->reads.distinct, customer, f->last_days)
                                                   : integer(r, f->reads.count, customer, f->last_days);
    return n == 0 ? never(r, f) : (double)n;
}

static double value(const reading *r, const rfm_feature *f, size_t customer)
{
    switch (f->verb) {
    case RFM_VERB_COUNT:
    case RFM_VERB_DISTINCT:
        return count(r, f, customer);
    case RFM_VERB_SUM:
        return sum(r, f, customer);
    case RFM_VERB_MEAN:
        return mean(r, f, customer);
    case RFM_VERB_MIN:
    case RFM_VERB_MAX:
        return extreme(r, f, customer);
    case RFM_VERB_SINCE_LAST:
    case RFM_VERB_SINCE_FIRST:
        return since(r, f, customer);
    case RFM_VERB_SPAN:
        return span(r, f, customer);
    case RFM_VERB_MEAN_GAP:
        return mean_gap(r, f, customer);
    case RFM_VERB_SHARE:
        return share(r, f, customer);
    case RFM_VERB_RATIO:
        break;
    }
    return 0;
}

/* Ratios last: they divide what stands in the row already. */
static void fill_row(const reading *r, size_t customer, double *row)
{
    const rfm_features *features = r->features;
    for (int j = 0; j < features->n; j++)
        if (features->list[j].verb != RFM_VERB_RATIO)
            row[j] = value(r, &features->list[j], customer);
    for (int j = 0; j < features->n; j++) {
        const rfm_feature *f = &features->list[j];
        if (f->verb != RFM_VERB_RATIO)
            continue;
        const double divisor = row[f->operands[1]];
        row[j] = divisor < 0 || divisor > 0 ? row[f->operands[0]] / divisor : f->never;
    }
}

/* ---- the frame -------------------------------------------------------------------------------------------------- */

static rfm_status find_aggregates(reading *r, rfm_error *err)
{
    const rfm_needs *needs = &r->features->needs;
    const rfm_layout *layout = r->state->layout;
    r->at = rfm_alloc(needs->n_aggregates, sizeof *r->at, err);
    for (size_t i = 0; i < needs->n_aggregates && err->status == RFM_OK; i++) {
        int at = 0;
        while (at < layout->n_aggregates && strcmp(layout->aggregates[at].name, needs->aggregates[i].name) != 0)
            at++;
        if (at == layout->n_aggregates)
            return rfm_fail(err, RFM_INTERNAL, "the customer state lacks '%s'", needs->aggregates[i].name);
        r->at[i] = at;
    }
    return err->status;
}

static bool belongs(const reading *r, size_t customer)
{
    return r->features->population < 0 || scalar(r, r->features->population, customer, 0) != 0;
}

static rfm_status name_columns(const rfm_features *features, rfm_frame *frame, rfm_error *err)
{
    const size_t d = (size_t)features->n;
    frame->d = features->n;
    frame->names = rfm_alloc(d, sizeof *frame->names, err);
    frame->units = rfm_alloc(d, sizeof *frame->units, err);
    for (size_t j = 0; j < d && err->status == RFM_OK; j++) {
        frame->names[j] = rfm_copy_string(features->list[j].name, err);
        frame->units[j] = rfm_copy_string(features->list[j].unit, err);
    }
    return err->status;
}

/* Local. */
static rfm_status compute(reading *r, rfm_frame *frame, rfm_error *err)
{
    const rfm_state *state = r->state;
    if (find_aggregates(r, err) != RFM_OK || name_columns(r->features, frame, err) != RFM_OK)
        return err->status;
    size_t *members = rfm_alloc(state->ids.n, sizeof *members, err);
    size_t n = 0;
    for (size_t i = 0; members && i < state->ids.n; i++)
        if (belongs(r, i))
            members[n++] = i;
    frame->values = rfm_alloc(n, (size_t)frame->d * sizeof *frame->values, err);
    if (members && frame->values && rfm_ids_pick(&state->ids, members, n, &frame->ids, err) == RFM_OK) {
        frame->n = n;
        frame->has_ids = true;
        for (size_t i = 0; i < n; i++)
            fill_row(r, members[i], frame->values + i * (size_t)frame->d);
    }
    free(members);
    return err->status;
}

rfm_status rfm_features_compute(rfm_comm *comm, const rfm_features *features, const rfm_state *state,
                                const rfm_as_of *as_of, rfm_frame *frame, rfm_error *err)
{
    reading r = {.features = features, .state = state, .as_of = as_of};
    *frame = (rfm_frame){0};
    compute(&r, frame, err);
    free(r.at);
    if (rfm_comm_agree(comm, err) != RFM_OK) {
        rfm_frame_free(frame);
        return err->status;
    }
    rfm_frame_place(comm, frame);
    return RFM_OK;
}
