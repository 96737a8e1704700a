/* exact: texts as integers, only where the integer gives the same text back. What the columns of an event table are
 * made of, and how they are read. Knows no columns and no files.
 */
#ifndef RFMPI_INGEST_EXACT_H
#define RFMPI_INGEST_EXACT_H

#include "pattern.h"

typedef enum rfm_exact_kind {
    RFM_EXACT_TEXT,   /* no integer stands for it */
    RFM_EXACT_NUMBER, /* "-12.50": 10^scale of it; scale 0: integers */
    RFM_EXACT_TIME    /* units of unit_us since 1970 */
} rfm_exact_kind;

/* How the job says that numbers and times are written; zero-initialised: numbers with a point, dates as in ISO 8601. */
typedef struct rfm_writing {
    bool comma;
    rfm_time_format times; /* DAY_FIRST or MONTH_FIRST: dates of that order are times, too */
} rfm_writing;

typedef struct rfm_exact {
    rfm_exact_kind kind;
    int scale;
    bool comma;      /* of numbers with a scale, in the place of the point */
    int64_t unit_us; /* 1, 1000, 1000000, or a day's */
    rfm_pattern pattern;
} rfm_exact;

enum { RFM_EXACT_MAX_SCALE = 18, RFM_EXACT_BYTES = 48 };

/* How this text, and those like it, can be written as integers. The same for all texts of a kind: numbers with as many
 * digits behind the point, times of one pattern. */
rfm_exact rfm_exact_of(rfm_writing writing, const char *text, size_t length);

/* False when the text is of another kind. */
bool rfm_exact_read(const rfm_exact *exact, const char *text, size_t length, int64_t *value);

/* The text at `at`, where there is room for RFM_EXACT_BYTES: returns its end; NULL: a time that the pattern cannot say,
 * or of no year 1 to 9999. */
char *rfm_exact_write(rfm_exact *exact, int64_t value, char *at);

/* The text of a number, of those that 64 bits do not hold as well. */
char *rfm_exact_number(const rfm_exact *exact, rfm_i128 value, char *at);

#endif
