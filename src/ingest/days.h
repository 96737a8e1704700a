/* days: local day, hour and weekday of times that come roughly in order. */
#ifndef RFMPI_INGEST_DAYS_H
#define RFMPI_INGEST_DAYS_H

#include "rfmpi/base.h"

/* The last day asked for, when the clock kept one offset all through it. Zero-initialised with a zone: none. */
typedef struct rfm_days {
    const rfm_zone *zone;     /* borrowed */
    int64_t begin_us, end_us; /* UTC; an hour is 3600 s from begin */
    int32_t day;
} rfm_days;

int32_t rfm_days_day(rfm_days *days, int64_t utc_us);
void rfm_days_of(rfm_days *days, const int64_t *utc_us, size_t n, int32_t *found); /* the day of each time */
int rfm_days_hour(rfm_days *days, int64_t utc_us);

#endif
