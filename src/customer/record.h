/* record: a run of words that merge one by one. Knows only how, not what they mean. */
#ifndef RFMPI_CUSTOMER_RECORD_H
#define RFMPI_CUSTOMER_RECORD_H

#include "rfmpi/customer.h"

void rfm_record_clear(const rfm_record *record, int64_t *words); /* each word its neutral value */
void rfm_record_merge(const rfm_record *record, int64_t *into, const int64_t *from);
bool rfm_record_is_empty(const rfm_record *record, const int64_t *words);

/* A 128-bit sum in two words, low first. */
static inline void rfm_words_add(int64_t *into, int64_t low, int64_t high)
{
    uint64_t before = (uint64_t)into[0];
    uint64_t after = before + (uint64_t)low;
    into[0] = (int64_t)after;
    into[1] = (int64_t)((uint64_t)into[1] + (uint64_t)high + (after < before));
}

#endif
