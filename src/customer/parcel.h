/* parcel: a stretch of each owner's customers on its way, column by column. Nothing is written row
 * by row. */
#ifndef RFMPI_CUSTOMER_PARCEL_H
#define RFMPI_CUSTOMER_PARCEL_H

#include "rfmpi/customer.h"

/* Customers first .. end-1 of a state. */
typedef struct rfm_range {
    size_t first, end;
} rfm_range;

typedef struct rfm_parcel_column rfm_parcel_column;

typedef struct rfm_parcel {
    rfm_comm *comm;
    rfm_parcel_column *columns;
    int n_columns;
    rfm_state received; /* of rank 0, 1, ... end to end; not one sorted state but one sorted run a rank */
    size_t *n_received; /* [size()] customers */
} rfm_parcel;

rfm_status rfm_parcel_pack(rfm_comm *comm, const rfm_state *state, const rfm_range *slices, rfm_parcel *parcel,
                           rfm_error *err);                       /* Local; slices: one a rank */
rfm_status rfm_parcel_send(rfm_parcel *parcel, rfm_error *err);   /* Collective */
rfm_status rfm_parcel_unpack(rfm_parcel *parcel, rfm_error *err); /* Local */
void rfm_parcel_free(rfm_parcel *parcel);

#endif
