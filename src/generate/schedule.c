/* schedule: exact shares of customers, sessions and events. */
#include "schedule.h"

#include <stdlib.h>
#include <string.h>

enum { HOUR_S = 3600, HOURS = 24, DAY_S = HOURS * HOUR_S, EVENTS_IN_SLICE = 1 << 19 };

/* value * part / whole, rounded down; part <= whole */
static int64_t share_down(int64_t value, int64_t part, int64_t whole)
{
    rfm_assert(whole > 0 && part >= 0);
    return (int64_t)((rfm_u128)value * (rfm_u128)part / (rfm_u128)whole);
}

static int64_t share_up(int64_t value, int64_t part, int64_t whole)
{
    rfm_assert(whole > 0 && part >= 0);
    return (int64_t)(((rfm_u128)value * (rfm_u128)part + (rfm_u128)whole - 1) / (rfm_u128)whole);
}

/* Hours, or shorter where an hour would be more than a rank should hold at a time. */
static int slice_seconds(const rfm_generate_options *options)
{
    static const int lengths[] = {HOUR_S, 900, 300, 60};
    int last = sizeof lengths / sizeof *lengths - 1;
    for (int i = 0; i < last; i++)
        if (options->events / ((int64_t)options->days * DAY_S / lengths[i]) < EVENTS_IN_SLICE)
            return lengths[i];
    return lengths[last];
}

/* Share a total out to the types that have customers, by cumulated weights. */
static void share_to_types(int64_t total, const int weights[RFM_N_TYPES], int64_t shares[RFM_N_TYPES])
{
    int64_t sum = 0, upto = 0, before = 0;
    for (int t = 0; t < RFM_N_TYPES; t++)
        sum += weights[t];
    for (int t = 0; t < RFM_N_TYPES; t++) {
        upto += weights[t];
        int64_t now = share_down(total, upto, sum);
        shares[t] = now - before;
        before = now;
    }
}

static void share_totals(rfm_schedule *schedule, const rfm_generate_options *options)
{
    int customers[RFM_N_TYPES], visits[RFM_N_TYPES], events[RFM_N_TYPES];
    int64_t n_customers[RFM_N_TYPES], n_visits[RFM_N_TYPES], n_events[RFM_N_TYPES];
    int64_t sessions = share_down(options->events, rfm_proportions_of(options->shape)->sessions, 1000);
    if (sessions < options->customers)
        sessions = options->customers;
    for (int t = 0; t < RFM_N_TYPES; t++)
        customers[t] = rfm_types[t].customers;
    share_to_types(options->customers, customers, n_customers);
    for (int t = 0; t < RFM_N_TYPES; t++) {
        visits[t] = n_customers[t] > 0 ? rfm_types[t].visits : 0;
        events[t] = n_customers[t] > 0 ? rfm_types[t].events : 0;
    }
    share_to_types(sessions - options->customers, visits, n_visits);
    share_to_types(options->events - sessions, events, n_events);
    int64_t first_customer = 0, first_session = 0;
    for (int t = 0; t < RFM_N_TYPES; t++) {
        rfm_type_schedule *type = &schedule->types[t];
        type->customers = n_customers[t];
        type->visits = n_visits[t];
        type->extra_events = n_events[t];
        type->first_customer = first_customer;
        type->first_session = first_session;
        first_customer += type->customers;
        first_session += type->customers + type->visits;
    }
}

static int busy_in(const rfm_schedule *schedule, int32_t start_day, int64_t slice)
{
    int64_t second = slice * schedule->slice_s;
    int32_t day = start_day + (int32_t)(second / DAY_S);
    return rfm_busy((int)(second / HOUR_S % HOURS), rfm_day_weekday(day));
}

/* before[s]: how busy the slices from..to (per mille of all) are before slice s. */
static void cumulate(const rfm_schedule *schedule, int32_t start_day, int from, int to, int64_t *before)
{
    int64_t n = schedule->n_slices;
    before[0] = 0;
    for (int64_t s = 0; s < n; s++) {
        bool open = s * 1000 >= from * n && s * 1000 < to * n;
        before[s + 1] = before[s] + (open ? busy_in(schedule, start_day, s) : 0);
    }
}

/* Arrivals are rounded up: someone has arrived wherever somebody comes back. */
static void spread(const rfm_schedule *schedule, int32_t start_day, int t, rfm_type_schedule *type)
{
    const rfm_type *habits = &rfm_types[t];
    int64_t n = schedule->n_slices;
    cumulate(schedule, start_day, habits->arrive_from, habits->arrive_to, type->arrivals);
    cumulate(schedule, start_day, habits->visit_from, habits->visit_to, type->sessions);
    int64_t arrive_whole = type->arrivals[n], visit_whole = type->sessions[n];
    for (int64_t s = 0; s <= n; s++) {
        type->arrivals[s] = share_up(type->customers, type->arrivals[s], arrive_whole);
        type->sessions[s] = type->arrivals[s] + share_down(type->visits, type->sessions[s], visit_whole);
    }
}

int64_t rfm_schedule_extra_events(const rfm_type_schedule *type, int64_t n_slices, int64_t slice)
{
    int64_t all = type->sessions[n_slices];
    return all == 0 ? 0 : share_down(type->extra_events, type->sessions[slice], all);
}

rfm_status rfm_schedule_init(rfm_schedule *schedule, const rfm_generate_options *options, rfm_error *err)
{
    memset(schedule, 0, sizeof *schedule);
    schedule->slice_s = slice_seconds(options);
    schedule->n_slices = (int64_t)options->days * DAY_S / schedule->slice_s;
    size_t n = (size_t)schedule->n_slices + 1;
    share_totals(schedule, options);
    schedule->events = rfm_alloc(n, sizeof *schedule->events, err);
    for (int t = 0; t < RFM_N_TYPES && err->status == RFM_OK; t++) {
        rfm_type_schedule *type = &schedule->types[t];
        type->arrivals = rfm_alloc(n, sizeof *type->arrivals, err);
        type->sessions = rfm_alloc(n, sizeof *type->sessions, err);
        if (err->status != RFM_OK)
            break;
        spread(schedule, options->start_day, t, type);
        for (size_t s = 0; s < n; s++)
            schedule->events[s] += type->sessions[s] + rfm_schedule_extra_events(type, schedule->n_slices, (int64_t)s);
    }
    return err->status;
}

void rfm_schedule_free(rfm_schedule *schedule)
{
    for (int t = 0; t < RFM_N_TYPES; t++) {
        free(schedule->types[t].arrivals);
        free(schedule->types[t].sessions);
    }
    free(schedule->events);
    memset(schedule, 0, sizeof *schedule);
}

int rfm_schedule_type_of(const rfm_schedule *schedule, int64_t customer)
{
    int t = RFM_N_TYPES - 1;
    while (t > 0 && customer < schedule->types[t].first_customer)
        t--;
    return t;
}
