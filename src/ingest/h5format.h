/* h5format: what event tables call things; shared by h5write.c and the files that read. docs/jobs.md has the format.
 *
 *   /events                  format, rows
 *   /events/COLUMN           meaning; name, time_format, scale, decimal_mark, unit, pattern, null, dictionary
 *   /dictionaries/COLUMN     texts
 */
#ifndef RFMPI_INGEST_H5FORMAT_H
#define RFMPI_INGEST_H5FORMAT_H

#define RFM_EVENTS "/events"
#define RFM_DICTIONARIES "/dictionaries"
#define RFM_EVENTS_FORMAT_1 "rfmpi events 1"

/* Attributes of the group. */
#define RFM_EVENTS_FORMAT "format"
#define RFM_EVENTS_ROWS "rows"

/* Attributes of a column. */
#define RFM_EVENTS_NAME "name"
#define RFM_EVENTS_MEANING "meaning"
#define RFM_EVENTS_TIME_FORMAT "time_format" /* as input.time_format, of this column's texts */
#define RFM_EVENTS_NULL "null"
#define RFM_EVENTS_SCALE "scale"
#define RFM_EVENTS_MARK "decimal_mark" /* as input.decimal_mark, of this column's texts */
#define RFM_EVENTS_UNIT "unit"
#define RFM_EVENTS_PATTERN "pattern"
#define RFM_EVENTS_DICTIONARY "dictionary"

/* Meanings of integers, and the attributes that belong to them. */
#define RFM_MEANS_INTEGER "integer"
#define RFM_MEANS_DECIMAL "decimal"       /* scale, decimal_mark */
#define RFM_MEANS_DATE "date"             /* pattern */
#define RFM_MEANS_TIME "time"             /* unit, pattern */
#define RFM_MEANS_DICTIONARY "dictionary" /* dictionary */
#define RFM_MEANS_TEXT "text"             /* of strings */

#endif
