/* catalogue: the products of the shop, the text of their columns ready to be copied. The same for
 * every seed. */
#ifndef RFM_GENERATE_CATALOGUE_H
#define RFM_GENERATE_CATALOGUE_H

#include "behaviour.h"

enum { RFM_PRODUCT_TEXT_BYTES = 128 }; /* the most the text of a product may take */

typedef struct rfm_product {
    uint32_t at;     /* of its text */
    uint32_t length; /* "product_id,category_id,category_code,brand,price" */
    uint32_t cents;
} rfm_product;

typedef struct rfm_catalogue {
    rfm_product *products; /* category by category, best sellers first */
    uint32_t *first;       /* of each category; one more at the end */
    rfm_text text;
    uint8_t category_of_draw[RFM_PRODUCT_DRAWS];
} rfm_catalogue;

/* free accepts zero and half-built values. */
rfm_status rfm_catalogue_init(rfm_catalogue *catalogue, rfm_error *err);
void rfm_catalogue_free(rfm_catalogue *catalogue);

#endif
