/* slice: the sessions and the sorted events of one slice of time. */
#ifndef RFM_GENERATE_SLICE_H
#define RFM_GENERATE_SLICE_H

#include "catalogue.h"
#include "identity.h"
#include "schedule.h"

/* All that does not change from slice to slice. Immutable once made. */
typedef struct rfm_world {
    const rfm_generate_options *options;
    rfm_schedule schedule;
    rfm_catalogue catalogue;
    rfm_identity identity;
    uint64_t session_stream, activity_key;
} rfm_world;

rfm_status rfm_world_init(rfm_world *world, const rfm_generate_options *options, rfm_error *err);
void rfm_world_free(rfm_world *world);

enum { RFM_TAIL_BYTES = 64 };

typedef struct rfm_session {
    uint64_t state;  /* of its random numbers */
    uint64_t weight; /* its claim on events after the first */
    uint32_t n_events;
    uint8_t type, tail_length;
    bool buys;                 /* its last event is a purchase */
    char tail[RFM_TAIL_BYTES]; /* ",user_id,user_session\n" */
} rfm_session;

enum { RFM_VIEW, RFM_CART, RFM_PURCHASE };

typedef struct rfm_shop_event {
    uint32_t second; /* within the slice */
    uint32_t session, product;
    uint32_t kind;
} rfm_shop_event;

/* Zero-initialise once, fill again and again; memory is kept. */
typedef struct rfm_slice {
    rfm_session *sessions;
    rfm_shop_event *events; /* sorted by time */
    size_t n_sessions, n_events;
    rfm_shop_event *drawn; /* session by session */
    size_t session_capacity, event_capacity, drawn_capacity;
} rfm_slice;

rfm_status rfm_slice_fill(const rfm_world *world, int64_t number, rfm_slice *slice, rfm_error *err);
void rfm_slice_free(rfm_slice *slice);

#endif
