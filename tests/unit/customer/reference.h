/* reference: what a state must hold, worked out slowly from the events by other means than the
 * table's. */
#ifndef RFM_TEST_CUSTOMER_REFERENCE_H
#define RFM_TEST_CUSTOMER_REFERENCE_H

#include "sample.h"

/* Assert that the state holds exactly what the events say. */
void reference_check(const rfm_state *state, rfm_id_kind kind, const sample_event *events, size_t n);

/* Assert that two states are equal in every array. */
void reference_equal(const rfm_state *a, const rfm_state *b);

#endif
