/* program: a layout as a flat list of steps, so that folding a batch is a handful of tight loops.
 */
#ifndef RFMPI_CUSTOMER_PROGRAM_H
#define RFMPI_CUSTOMER_PROGRAM_H

#include "rfmpi/customer.h"

/* One aggregate. Steps are sorted by predicate: the events it selects are looked for once. */
typedef struct rfm_step {
    int predicate;
    rfm_aggregate_kind kind;
    int source;
    bool daily;
    int list; /* of RFM_DISTINCT */
    int word; /* of the others: of the customer's words, or, daily, of the payload in list 0 */
} rfm_step;

typedef struct rfm_program {
    rfm_step *steps;
    int n;
    uint64_t daily; /* the predicates that daily scalars use: these events need an entry of their day */
} rfm_program;

rfm_status rfm_program_init(rfm_program *program, const rfm_layout *layout, rfm_error *err);
void rfm_program_free(rfm_program *program);

#endif
