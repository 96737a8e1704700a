/* schedule: how many customers arrive, sessions start and events fall in each slice of time,
 * exactly.
 *
 * Totals are shared out by rounding cumulated shares, so they come out exactly, and each slice can
 * be made knowing no other:
 *
 *   customers -> types -> arrivals by slice        (a customer's first session)
 *   sessions - customers -> types -> slices        (later sessions)
 *   events - sessions -> types -> slices           (a session's events after the first)
 *
 * A session stays inside its slice. Knows nothing of text, files or ranks.
 */
#ifndef RFM_GENERATE_SCHEDULE_H
#define RFM_GENERATE_SCHEDULE_H

#include "behaviour.h"

/* One type's counts before each slice; n_slices + 1 entries. */
typedef struct rfm_type_schedule {
    int64_t customers, visits, extra_events; /* totals: first sessions, later ones, events after a session's first */
    int64_t first_customer, first_session;   /* where the numbers of this type begin */
    int64_t *arrivals;
    int64_t *sessions; /* arrivals included */
} rfm_type_schedule;

typedef struct rfm_schedule {
    int64_t n_slices;
    int slice_s;     /* length */
    int64_t *events; /* before each slice, all types */
    rfm_type_schedule types[RFM_N_TYPES];
} rfm_schedule;

/* options must have been checked. free accepts zero and half-built values. */
rfm_status rfm_schedule_init(rfm_schedule *schedule, const rfm_generate_options *options, rfm_error *err);
void rfm_schedule_free(rfm_schedule *schedule);

/* Events of a type before a slice, beyond the first of each session. */
int64_t rfm_schedule_extra_events(const rfm_type_schedule *type, int64_t n_slices, int64_t slice);

int rfm_schedule_type_of(const rfm_schedule *schedule, int64_t customer);

#endif
