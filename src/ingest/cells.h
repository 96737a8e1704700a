/* cells: single values -> the texts that stand for them, so that a column of numbers and a column of text mean the same
 * events. For every format that holds values instead of text. Knows no columns and no files.
 *
 * Each function writes the text at `at`, where there must be room for RFM_CELL_BYTES, without a NUL, and returns where
 * it ends. A column is written text behind text:
 *
 *     char *end = rfm_cell_integer(at, values[i]);
 *     cells[i] = (rfm_field){.bytes = at, .length = (uint32_t)(end - at)};
 *     at = end;
 */
#ifndef RFMPI_INGEST_CELLS_H
#define RFMPI_INGEST_CELLS_H

#include "rfmpi/base.h"

enum { RFM_CELL_BYTES = 48, RFM_CELL_MAX_SCALE = 38 };

char *rfm_cell_integer(char *at, int64_t value);
char *rfm_cell_unsigned(char *at, uint64_t value);
char *rfm_cell_boolean(char *at, bool value); /* true, false */

/* value / 10^scale with all the digits of the scale, 0 to RFM_CELL_MAX_SCALE: 1250 of scale 2 is "12.50". */
char *rfm_cell_decimal(char *at, rfm_i128 value, int scale);

/* The shortest decimal that gives the value back; "inf" and "-inf", which no amount is; nothing for NaN. */
char *rfm_cell_double(char *at, double value);
char *rfm_cell_single(char *at, float value);

/* A day since 1970-01-01 as RFM_TIME_DATE reads it, a time of day on it as RFM_TIME_ISO does: "2019-10-31",
 * "2019-10-31T23:59:59.999999". What lies outside the years 1 to 9999 becomes a text that no time format reads. A time
 * with a zone is best written as an integer, microseconds UTC, for RFM_TIME_MICROSECONDS. */
char *rfm_cell_date(char *at, int64_t day);
char *rfm_cell_local_time(char *at, int64_t local_us);

/* From other units to microseconds: the one it lies in, and the nearest there is of what 64 bits do not hold. */
int64_t rfm_cell_us_of_ns(int64_t ns);
int64_t rfm_cell_us_of_ms(int64_t ms);

#endif
