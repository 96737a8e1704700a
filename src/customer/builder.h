/* builder: merges sorted runs of customers into one growing state. */
#ifndef RFMPI_CUSTOMER_BUILDER_H
#define RFMPI_CUSTOMER_BUILDER_H

#include "rfmpi/customer.h"

/* A stretch of a state: customers next .. end-1, sorted. */
typedef struct rfm_stretch {
    const rfm_state *state;
    size_t next, end;
} rfm_stretch;

typedef struct rfm_list_capacity {
    size_t start, key, payload;
} rfm_list_capacity;

typedef struct rfm_builder {
    rfm_state state;                           /* what is built so far; its extent is left zero */
    size_t hash, number, offset, bytes, words; /* capacities */
    rfm_list_capacity *lists;
} rfm_builder;

/* Local, all of them. */
rfm_status rfm_builder_init(rfm_builder *builder, const rfm_layout *layout, rfm_id_kind kind, rfm_error *err);

/* Append what the runs hold, each customer once. All of it must come behind what is there already.
 * Uses the runs up. */
rfm_status rfm_builder_merge(rfm_builder *builder, rfm_stretch *runs, size_t n_runs, rfm_error *err);

/* Hand the state over; the builder is then empty and needs no free. */
rfm_state rfm_builder_take(rfm_builder *builder);
void rfm_builder_free(rfm_builder *builder);

#endif
