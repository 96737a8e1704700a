/* ids: customer ids in memory and their order. */
#ifndef RFMPI_CUSTOMER_IDS_H
#define RFMPI_CUSTOMER_IDS_H

#include "rfmpi/customer.h"

/* Bytes as unsigned, a prefix before what it begins. */
int rfm_id_compare_text(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
