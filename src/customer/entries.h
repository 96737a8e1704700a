/* entries: the (key, payload) pairs of one customer in one list. */
#ifndef RFMPI_CUSTOMER_ENTRIES_H
#define RFMPI_CUSTOMER_ENTRIES_H

#include "rfmpi/customer.h"

/* Bring n entries into the one form a set of events has: keys ascending as unsigned numbers, each
 * once, payloads of equal keys merged; an entry whose payload came out neutral says nothing and is
 * dropped. In place; returns how many stay. */
size_t rfm_entries_settle(const rfm_record *record, uint64_t *key, int64_t *payload, size_t n);

/* The same for each of n customers, closing the gaps. */
void rfm_list_settle(const rfm_record *record, size_t n, rfm_list *list);

/* How many different keys there are; in what order they lie afterwards is not said. */
size_t rfm_entries_count(uint64_t *key, size_t n);

#endif
