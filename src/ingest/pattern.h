/* pattern: how the times of one column are written, such as "YYYY-MM-DD hh:mm:ss UTC". A text becomes an integer, and
 * the integer that text again, to the byte.
 *
 *   YYYY-MM-DD                     a date
 *   DD.MM.YYYY  MM/DD/YYYY         or with a slash or a dash between; and all of these with a clock:
 *   YYYY-MM-DD hh:mm               also with T in the place of the blank,
 *   YYYY-MM-DD hh:mm:ss.ffffff     with or without seconds, and a fraction of 1 to 6 digits behind a point or comma;
 *   ... Z, UTC, +hh, +hhmm, +hh:mm and then, after at most one blank, a zone: the same for the whole column
 */
#ifndef RFMPI_INGEST_PATTERN_H
#define RFMPI_INGEST_PATTERN_H

#include "rfmpi/base.h"

enum { RFM_PATTERN_BYTES = 40 };

typedef struct rfm_pattern {
    char text[RFM_PATTERN_BYTES]; /* with its letters; NUL terminated */
    size_t length, clock_length;  /* of all, and without the zone */
    int n_fraction;               /* digits; 0: none */
    bool has_clock, has_seconds;
    rfm_time_format format; /* ISO, DAY_FIRST or MONTH_FIRST, by the date */
    int64_t offset_us;      /* of the zone: local less UTC; without a zone 0, and the clock is taken as it stands */
    int64_t step_us;        /* all that can be said are multiples of it */
    int64_t day;            /* whose date was written last */
    char date[10];
} rfm_pattern;

/* The pattern of a text, or of a pattern with its letters; false: none of ours. format: DAY_FIRST or MONTH_FIRST where
 * a date may have that order besides ISO's; of patterns each says its order. */
bool rfm_pattern_of(const char *text, size_t length, rfm_time_format format, rfm_pattern *pattern);
bool rfm_pattern_parse(const char *text, rfm_pattern *pattern);

/* The microseconds UTC of a text; false when it is not of this pattern or no time. */
bool rfm_pattern_read(const rfm_pattern *pattern, const char *text, size_t length, int64_t *us);

/* Can the pattern say this time exactly? */
static inline bool rfm_pattern_says(const rfm_pattern *pattern, int64_t us)
{
    return us >= RFM_TIME_FIRST_US - pattern->offset_us && us <= RFM_TIME_LAST_US - pattern->offset_us &&
           us % pattern->step_us == 0;
}

/* The text of microseconds UTC, pattern->length bytes at `at`; false where it cannot say them. */
bool rfm_pattern_write(rfm_pattern *pattern, int64_t us, char *at);

#endif
