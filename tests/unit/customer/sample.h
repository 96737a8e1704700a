/* sample: events made from a counter, and the layout the tests of this folder fold them with. */
#ifndef RFM_TEST_CUSTOMER_SAMPLE_H
#define RFM_TEST_CUSTOMER_SAMPLE_H

#include "rfmpi/customer.h"

enum { SAMPLE_NUMBERS = 2, SAMPLE_HASHES = 2, SAMPLE_PREDICATES = 3, SAMPLE_TEXT = 48 };

typedef struct sample_event {
    int64_t id_number;
    char id_text[SAMPLE_TEXT];
    uint8_t id_length;
    uint64_t id_hash;
    int64_t time_us;
    int32_t day;
    uint64_t where;
    uint32_t has_number, has_hash;
    int64_t numbers[SAMPLE_NUMBERS];
    uint64_t hashes[SAMPLE_HASHES];
    rfm_hash128 key, row;
} sample_event;

typedef struct sample_plan {
    rfm_id_kind kind;
    uint64_t seed, n_customers;
    bool colliding; /* hashes take few values, so that many ids share one */
} sample_plan;

/* Event number i: the same whoever asks. */
sample_event sample_make(const sample_plan *plan, uint64_t i);

/* Every kind of aggregate, by day and not. */
const rfm_aggregate *sample_aggregates(int *n);

/* The layout of these, every set that can be counted being so or not. */
rfm_status sample_layout(rfm_layout *layout, bool counted, rfm_error *err);

/* Give events to a sink, in batches of at most `batch`. */
rfm_status sample_give(const sample_event *events, size_t n, rfm_id_kind kind, size_t batch, rfm_event_sink sink,
                       void *context, rfm_error *err);

rfm_status sample_fold(void *table, const rfm_events *events, rfm_error *err); /* a sink */

/* Fold events and freeze; the extent too. */
void sample_state(const rfm_layout *layout, rfm_id_kind kind, const sample_event *events, size_t n, rfm_state *state);

#endif
