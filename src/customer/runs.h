/* runs: the blocks of one piece, from wherever they came, on their way into a builder. */
#ifndef RFMPI_CUSTOMER_RUNS_H
#define RFMPI_CUSTOMER_RUNS_H

#include "block.h"
#include "builder.h"

typedef struct rfm_runs { /* zero-initialised: none */
    rfm_stretch *runs;
    rfm_state *views;
    rfm_list *lists; /* of the views, end to end */
    size_t n, runs_capacity, views_capacity, lists_capacity;
} rfm_runs;

/* Add every block between begin and end, which must stay until they are merged. */
rfm_status rfm_runs_add(rfm_runs *runs, const rfm_builder *builder, const uint64_t *begin, const uint64_t *end,
                        rfm_error *err);

/* Merge what was added; there is nothing in runs afterwards. */
rfm_status rfm_runs_merge(rfm_runs *runs, rfm_builder *builder, rfm_error *err);
void rfm_runs_free(rfm_runs *runs);

#endif
