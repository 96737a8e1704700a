/* slice: draws who comes in a slice of time and what they do. Knows nothing of rows, files or
 * ranks.
 *
 * Every session has random numbers of its own, keyed by its number, so a slice can be made by any
 * rank at any time.
 */
#include "slice.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"

enum { LONGEST_SLICE_S = 3600, LONGEST_GAP_S = 90, STAY_IN_CATEGORY = 180 /* of 256 */ };

rfm_status rfm_world_init(rfm_world *world, const rfm_generate_options *options, rfm_error *err)
{
    memset(world, 0, sizeof *world);
    world->options = options;
    rfm_purpose purpose = {.use = RFM_RANDOM_GENERATE, .trial = 1};
    world->session_stream = rfm_random_stream(options->seed, purpose);
    uint64_t keys = rfm_random_stream(options->seed, (rfm_purpose){.use = RFM_RANDOM_GENERATE, .trial = 2});
    world->activity_key = rfm_random_bits(keys, 0);
    world->identity = rfm_identity_make(rfm_random_bits(keys, 1), options->customers);
    if (rfm_schedule_init(&world->schedule, options, err) == RFM_OK)
        rfm_catalogue_init(&world->catalogue, err);
    return err->status;
}

void rfm_world_free(rfm_world *world)
{
    rfm_schedule_free(&world->schedule);
    rfm_catalogue_free(&world->catalogue);
}

/* ---- who comes -------------------------------------------------------------------------------------------------- */

static uint8_t format_tail(char *tail, int64_t user, uint64_t high, uint64_t low)
{
    static const char hex[] = "0123456789abcdef";
    static const uint8_t dashes[] = {8, 13, 18, 23};
    char digits[20];
    int n = 0, at = 0;
    for (int64_t rest = user; rest > 0 || n == 0; rest /= 10)
        digits[n++] = (char)('0' + rest % 10);
    tail[at++] = ',';
    while (n > 0)
        tail[at++] = digits[--n];
    tail[at++] = ',';
    char *id = tail + at;
    /* Version 4, variant 1, as random ids have. */
    high = (high & ~UINT64_C(0xf000)) | 0x4000;
    low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
    for (int i = 0, digit = 0; i < 36; i++) {
        if (i == dashes[0] || i == dashes[1] || i == dashes[2] || i == dashes[3]) {
            id[i] = '-';
            continue;
        }
        uint64_t half = digit < 16 ? high : low;
        id[i] = hex[half >> (60 - 4 * (digit % 16)) & 15];
        digit++;
    }
    id[36] = '\n';
    return (uint8_t)(at + 37);
}

/* Among those who have arrived and may still come back; the most active of a few drawn, so that
 * some come often. */
static int64_t draw_returning(const rfm_world *world, int t, int64_t number, uint64_t *state)
{
    const rfm_type_schedule *type = &world->schedule.types[t];
    int64_t stay = world->schedule.n_slices * rfm_types[t].stay / 1000;
    int64_t high = type->arrivals[number + 1];
    int64_t low = number > stay ? type->arrivals[number - stay] : 0;
    if (low >= high)
        low = high - 1;
    int64_t best = 0;
    uint64_t most = 0;
    for (int i = 0; i < rfm_types[t].draws; i++) {
        int64_t candidate = low + (int64_t)rfm_below(state, (uint64_t)(high - low));
        uint64_t activity = rfm_mix(world->activity_key + (uint64_t)(type->first_customer + candidate));
        if (i == 0 || activity > most) {
            best = candidate;
            most = activity;
        }
    }
    return best;
}

/* Most sessions are short, one in fifty is long. */
static uint64_t draw_weight(uint64_t *state, int even)
{
    uint64_t random = rfm_next(state), u = random >> 44;
    uint64_t weight = ((u * u >> 20) * u >> 20) + 1 + ((uint64_t)even << 20) / 1000;
    return (random & 0xff) < 5 ? weight * 6 : weight;
}

static void draw_session(const rfm_world *world, int t, int64_t number, int64_t in_type, rfm_session *session)
{
    const rfm_type_schedule *type = &world->schedule.types[t];
    int64_t before = type->sessions[number];
    int64_t arriving = type->arrivals[number + 1] - type->arrivals[number];
    uint64_t state = rfm_random_bits(world->session_stream, (uint64_t)(type->first_session + in_type));
    bool first = in_type - before < arriving;
    int64_t customer = first ? type->arrivals[number] + (in_type - before) : draw_returning(world, t, number, &state);
    session->buys = first && rfm_types[t].buys;
    int64_t user = rfm_identity_user(&world->identity, type->first_customer + customer);
    session->type = (uint8_t)t;
    session->weight = draw_weight(&state, rfm_types[t].even);
    uint64_t high = rfm_next(&state), low = rfm_next(&state);
    session->tail_length = format_tail(session->tail, user, high, low);
    session->state = state;
}

/* Each session has one event and its part of the type's further ones, by cumulated weights. */
static void share_events(rfm_session *sessions, size_t n, int64_t extra)
{
    uint64_t whole = 0, upto = 0;
    for (size_t i = 0; i < n; i++)
        whole += sessions[i].weight;
    uint64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        upto += sessions[i].weight;
        uint64_t now = (uint64_t)((rfm_u128)upto * (uint64_t)extra / whole);
        sessions[i].n_events = (uint32_t)(1 + now - before);
        before = now;
    }
}

static void draw_sessions(const rfm_world *world, int64_t number, rfm_slice *slice)
{
    rfm_session *at = slice->sessions;
    int64_t n_slices = world->schedule.n_slices;
    for (int t = 0; t < RFM_N_TYPES; t++) {
        const rfm_type_schedule *type = &world->schedule.types[t];
        int64_t begin = type->sessions[number], end = type->sessions[number + 1];
        for (int64_t i = begin; i < end; i++)
            draw_session(world, t, number, i, &at[i - begin]);
        int64_t extra =
            rfm_schedule_extra_events(type, n_slices, number + 1) - rfm_schedule_extra_events(type, n_slices, number);
        share_events(at, (size_t)(end - begin), extra);
        at += end - begin;
    }
}

/* ---- what they do ----------------------------------------------------------------------------------------------- */

/* Best sellers first: the density falls with the rank to the power of -2/3. */
static uint32_t draw_in_category(const rfm_catalogue *catalogue, uint32_t category, uint64_t *state)
{
    uint32_t first = catalogue->first[category];
    uint64_t u = rfm_next(state) >> 43; /* 21 bits */
    uint64_t skewed = u * u * u >> 31;
    return first + (uint32_t)(skewed * (catalogue->first[category + 1] - first) >> 32);
}

static uint32_t draw_product(const rfm_catalogue *catalogue, int taste, uint32_t category, uint64_t *state)
{
    uint32_t best = draw_in_category(catalogue, category, state);
    for (int i = 1; i < abs(taste); i++) {
        uint32_t other = draw_in_category(catalogue, category, state);
        bool dearer = catalogue->products[other].cents > catalogue->products[best].cents;
        if (dearer == (taste > 0))
            best = other;
    }
    return best;
}

static uint32_t draw_kind(const rfm_type *type, uint64_t random)
{
    int u = (int)((random >> 32) * 100000 >> 32);
    if (u < type->purchase)
        return RFM_PURCHASE;
    return u < type->purchase + type->cart ? RFM_CART : RFM_VIEW;
}

/* A session looks at a product, stays with it or goes on to another, mostly of the same category.
 */
static void draw_events(const rfm_world *world, const rfm_session *session, uint32_t index, rfm_shop_event *events)
{
    const rfm_catalogue *catalogue = &world->catalogue;
    const rfm_type *type = &rfm_types[session->type];
    int fresh = rfm_proportions_of(world->options->shape)->fresh;
    uint32_t slice_s = (uint32_t)world->schedule.slice_s, n = session->n_events;
    uint32_t longest_gap = (slice_s - 1) / n < LONGEST_GAP_S ? (slice_s - 1) / n : LONGEST_GAP_S;
    uint64_t state = session->state;
    uint32_t second = 0, product = 0, category = 0;
    for (uint32_t e = 0; e < n; e++) {
        uint64_t random = rfm_next(&state), gap = random & 0xffff;
        uint32_t kind = session->buys && e == n - 1 ? RFM_PURCHASE : draw_kind(type, random);
        bool other = kind == RFM_VIEW && (int)((random >> 16 & 0x3ff) * 1000 >> 10) < fresh;
        if (e == 0 || other) {
            uint64_t where = rfm_next(&state);
            if (e == 0 || (where & 0xff) >= STAY_IN_CATEGORY)
                category = catalogue->category_of_draw[where >> 8 & (RFM_PRODUCT_DRAWS - 1)];
            product = draw_product(catalogue, type->taste, category, &state);
        }
        if (e > 0)
            second += (uint32_t)((gap * gap >> 16) * longest_gap >> 16);
        events[e] = (rfm_shop_event){second, index, product, kind};
    }
    uint32_t start = (uint32_t)rfm_below(&state, slice_s - second);
    for (uint32_t e = 0; e < n; e++)
        events[e].second += start;
}

static size_t greatest_divisor(size_t a, size_t b)
{
    while (b != 0) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Sessions take turns in a stride through all types, so that the order within a second says nothing
 * of them. */
static void draw_all_events(const rfm_world *world, rfm_slice *slice)
{
    size_t n = slice->n_sessions, stride = n * 5 / 8 + 1, at = 0;
    while (greatest_divisor(stride, n) != 1)
        stride++;
    rfm_shop_event *events = slice->drawn;
    for (size_t i = 0; i < n; i++, at = (at + stride) % n) {
        draw_events(world, &slice->sessions[at], (uint32_t)at, events);
        events += slice->sessions[at].n_events;
    }
}

/* By counting; events of the same second keep their order. */
static void sort_by_time(rfm_slice *slice, int slice_s)
{
    uint32_t place[LONGEST_SLICE_S + 1] = {0};
    for (size_t i = 0; i < slice->n_events; i++)
        place[slice->drawn[i].second + 1]++;
    for (int s = 0; s < slice_s; s++)
        place[s + 1] += place[s];
    for (size_t i = 0; i < slice->n_events; i++)
        slice->events[place[slice->drawn[i].second]++] = slice->drawn[i];
}

rfm_status rfm_slice_fill(const rfm_world *world, int64_t number, rfm_slice *slice, rfm_error *err)
{
    const rfm_schedule *schedule = &world->schedule;
    int64_t n_sessions = 0;
    for (int t = 0; t < RFM_N_TYPES; t++)
        n_sessions += schedule->types[t].sessions[number + 1] - schedule->types[t].sessions[number];
    slice->n_sessions = (size_t)n_sessions;
    slice->n_events = (size_t)(schedule->events[number + 1] - schedule->events[number]);
    if (slice->n_events > UINT32_MAX)
        return rfm_fail(err, RFM_INTERNAL, "%zu events in one slice of time", slice->n_events);
    rfm_reserve(&slice->sessions, &slice->session_capacity, slice->n_sessions, sizeof *slice->sessions, err);
    rfm_reserve(&slice->drawn, &slice->drawn_capacity, slice->n_events, sizeof *slice->drawn, err);
    rfm_reserve(&slice->events, &slice->event_capacity, slice->n_events, sizeof *slice->events, err);
    if (err->status != RFM_OK || n_sessions == 0)
        return err->status;
    draw_sessions(world, number, slice);
    draw_all_events(world, slice);
    sort_by_time(slice, schedule->slice_s);
    return RFM_OK;
}

void rfm_slice_free(rfm_slice *slice)
{
    free(slice->sessions);
    free(slice->drawn);
    free(slice->events);
    memset(slice, 0, sizeof *slice);
}
