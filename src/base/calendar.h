/* calendar: dates and days, for timestamp.c. The public half is in rfmpi/base.h. */
#ifndef RFMPI_BASE_CALENDAR_H
#define RFMPI_BASE_CALENDAR_H

#include "rfmpi/base.h"

/* Days from 1970-01-01 to a date of the Gregorian calendar; BAD for a date that is none, RANGE for
 * the year 0. */
rfm_parse rfm_date_day(unsigned year, unsigned month, unsigned day, int32_t *days);

#endif
