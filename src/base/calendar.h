/* calendar: dates and days, for timestamp.c. The public half is in rfmpi/base.h. */
#ifndef RFMPI_BASE_CALENDAR_H
#define RFMPI_BASE_CALENDAR_H

#include "rfmpi/base.h"

/* 0001-01-01T00:00:00Z and the last microsecond of the year 9999. */
#define RFM_TIME_FIRST_US INT64_C(-62135596800000000)
#define RFM_TIME_LAST_US INT64_C(253402300799999999)

/* Days from 1970-01-01 to a date of the Gregorian calendar; BAD for a date that is none, RANGE for
 * the year 0. */
rfm_parse rfm_date_day(unsigned year, unsigned month, unsigned day, int32_t *days);

#endif
