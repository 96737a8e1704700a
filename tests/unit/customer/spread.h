/* spread: which rank meets which event. */
#ifndef RFM_TEST_CUSTOMER_SPREAD_H
#define RFM_TEST_CUSTOMER_SPREAD_H

#include "draw.h"
#include "sample.h"

typedef enum spread { EVENLY, ALL_ON_LAST, UNEVENLY } spread;

static inline int rank_that_meets(const rfm_comm *ranks, spread how, size_t i)
{
    uint64_t seed = i;
    int last = rfm_comm_size(ranks) - 1, rank = 0;
    if (how == EVENLY)
        return (int)(i % ((size_t)last + 1));
    if (how == ALL_ON_LAST)
        return last;
    while (rank < last && draw(&seed) % 2) /* half on rank 0, a quarter on rank 1, ... */
        rank++;
    return rank;
}

#endif
