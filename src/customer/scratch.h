/* scratch: a file for what does not stay in memory. Knows nothing of what is in it.
 *
 * One that is opened here has no name from the moment it is made: however the process ends, nothing is left behind.
 */
#ifndef RFMPI_CUSTOMER_SCRATCH_H
#define RFMPI_CUSTOMER_SCRATCH_H

#include "rfmpi/customer.h"

typedef struct rfm_scratch_place {
    int64_t offset;
    size_t n_bytes;
    uint64_t hash; /* of the bytes: what is read must be what was written */
} rfm_scratch_place;

rfm_status rfm_scratch_open(rfm_scratch *scratch, const char *directory, rfm_error *err);
void rfm_scratch_close(rfm_scratch *scratch);

/* Errors are RFM_IO (or what errno says) and name the file. */
rfm_status rfm_scratch_write(rfm_scratch *scratch, const void *from, size_t n_bytes, rfm_scratch_place *place,
                             rfm_error *err);
/* Where it is not open (file -1) it is for this alone. */
rfm_status rfm_scratch_read(const rfm_scratch *scratch, const rfm_scratch_place *place, void *into, rfm_error *err);

/* RFM_DATA unless all of these lie in front of the end of the file. */
rfm_status rfm_scratch_check(const rfm_scratch *scratch, const rfm_scratch_place *places, size_t n, rfm_error *err);

/* An index that was kept: the number of its places in 8 bytes, and they, each of place_bytes. That number; 0: it is
 * none. */
uint64_t rfm_scratch_index(const char *index, size_t n_bytes, size_t place_bytes);

#endif
