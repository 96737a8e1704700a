/* span: days (or weeks) that lie close together, in one word: the first of 40 and a bit for each.
 *
 *   | 24 bits: the first day, signed | 40 bits: bit i says that day first + i is there |
 *
 * A customer's days mostly fit one span, where a list would have an entry for each.
 */
#ifndef RFMPI_CUSTOMER_SPAN_H
#define RFMPI_CUSTOMER_SPAN_H

#include <stdbool.h>
#include <stdint.h>

enum { RFM_SPAN_DAYS = 40, RFM_SPAN_BEFORE = 7, RFM_SPAN_FARTHEST = 1 << 22 };

static inline uint64_t rfm_span_bits(int64_t span)
{
    return (uint64_t)span & ((UINT64_C(1) << RFM_SPAN_DAYS) - 1);
}

static inline int64_t rfm_span_first(int64_t span)
{
    return span >> RFM_SPAN_DAYS;
}

/* Whether a span can begin at a day: those of the next eleven thousand years can. */
static inline bool rfm_span_reaches(int64_t day)
{
    return day > -RFM_SPAN_FARTHEST && day < RFM_SPAN_FARTHEST;
}

static inline bool rfm_span_has_room(int64_t span, int64_t day)
{
    return (uint64_t)(day - rfm_span_first(span)) < RFM_SPAN_DAYS;
}

/* With this day, for which there is room. */
static inline int64_t rfm_span_with(int64_t span, int64_t day)
{
    return span | INT64_C(1) << (day - rfm_span_first(span));
}

/* A span of this day alone: most that follow are later, some a few days earlier. */
static inline int64_t rfm_span_of(int64_t day)
{
    int64_t first = (int64_t)((uint64_t)(day - RFM_SPAN_BEFORE) << RFM_SPAN_DAYS);
    return first | INT64_C(1) << RFM_SPAN_BEFORE;
}

#endif
