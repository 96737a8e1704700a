/* order: which row comes where when rows are sorted by a hash. */
#ifndef RFMPI_CUSTOMER_ORDER_H
#define RFMPI_CUSTOMER_ORDER_H

#include "rfmpi/base.h"

typedef struct rfm_ordered {
    uint64_t hash;
    size_t row;
} rfm_ordered;

/* Whether row a goes before row b of the same hash: a strict order. */
typedef bool (*rfm_before)(const void *context, size_t a, size_t b);

/* Sort n rows by (hash, before), in place. Fast where hashes are spread as hashes are; correct
 * anyhow. */
rfm_status rfm_order(rfm_ordered *rows, size_t n, rfm_before before, const void *context, rfm_error *err);

#endif
