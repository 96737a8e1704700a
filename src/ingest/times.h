/* times: memories in front of rfm_time_parse, which they always agree with: of dates, since beside one that was read
 * once only the clock has to be read, and of the last text of any other shape. And of the last day, for times that are
 * no texts.
 */
#ifndef RFMPI_INGEST_TIMES_H
#define RFMPI_INGEST_TIMES_H

#include "swar.h"

#include "rfmpi/base.h"

/* What a text has around its clock, "2019-10-01 ........ UTC", and the time when the clock shows zero. */
typedef struct rfm_date {
    uint64_t date[2]; /* the first eleven bytes, overlapping */
    uint64_t rest;    /* behind the clock; the last byte highest */
    size_t length;    /* of the whole text; 0: no date is remembered here */
    int64_t midnight_us;
} rfm_date;

enum {
    RFM_TIMES_DATES = 64,
    RFM_TIMES_CLOCK = 11,                /* where the clock stands */
    RFM_TIMES_MIN = RFM_TIMES_CLOCK + 8, /* bytes of a text with a date and a clock */
    RFM_TIMES_MAX = RFM_TIMES_MIN + 8    /* and of one with a rest that is remembered */
};

/* Set format and zone (borrowed), and zeros. */
typedef struct rfm_times {
    rfm_time_format format;
    const rfm_zone *zone;
    rfm_date dates[RFM_TIMES_DATES];
    char text[40]; /* the last one of another length */
    size_t length;
    rfm_timestamp time;               /* of that text */
    int64_t day_begin_us, day_end_us; /* a day on the zone's clocks on which they were not changed; none: both 0 */
    int64_t day_ahead_us;             /* of UTC */
} rfm_times;

/* As rfm_time_parse. */
rfm_parse rfm_times_parse(rfm_times *times, const char *text, size_t length, rfm_timestamp *time);

static inline bool rfm_times_are_known(int64_t us)
{
    return us >= RFM_TIME_FIRST_US && us <= RFM_TIME_LAST_US;
}

/* A date, in days since 1970, or what the zone's clocks show, in microseconds since then: as rfm_time_parse of the
 * text. False outside the years 1 to 9999. */
bool rfm_times_of_date(const rfm_times *times, int64_t day, int64_t *us);
bool rfm_times_of_local_day(rfm_times *times, int64_t local_us, int64_t *us);

static inline bool rfm_times_of_local(rfm_times *times, int64_t local_us, int64_t *us)
{
    if (local_us < times->day_begin_us || local_us >= times->day_end_us)
        return rfm_times_of_local_day(times, local_us, us);
    *us = local_us - times->day_ahead_us;
    return true;
}

/* The frame of a text of RFM_TIMES_MIN to RFM_TIMES_MAX bytes; can be read up to text + RFM_TIMES_MAX. */
static inline rfm_date rfm_date_of(const char *text, size_t length)
{
    return (rfm_date){
        .date = {rfm_swar_load(text), rfm_swar_load(text + RFM_TIMES_CLOCK - 8)},
        .rest = length == RFM_TIMES_MIN ? 0 : rfm_swar_load(text + RFM_TIMES_MIN) << 8 * (RFM_TIMES_MAX - length),
        .length = length};
}

/* Where among the dates it is remembered. */
static inline size_t rfm_date_place(const rfm_date *date)
{
    return (size_t)((date->date[1] ^ date->rest) * UINT64_C(0x9E3779B97F4A7C15) >> (64 - 6));
}

static inline bool rfm_date_is(const rfm_date *a, const rfm_date *b)
{
    return ((a->date[0] ^ b->date[0]) | (a->date[1] ^ b->date[1]) | (a->rest ^ b->rest) | (a->length ^ b->length)) == 0;
}

/* The time of a text whose date is remembered; false: ask rfm_times_parse. Behind the text there is room to read
 * RFM_TIMES_MAX bytes. */
static inline bool rfm_times_recall(const rfm_times *times, const char *text, size_t length, int64_t *us)
{
    int64_t seconds;
    if (length - RFM_TIMES_MIN > RFM_TIMES_MAX - RFM_TIMES_MIN)
        return false;
    const rfm_date date = rfm_date_of(text, length), *known = &times->dates[rfm_date_place(&date)];
    if (!rfm_date_is(&date, known) || !rfm_swar_clock(text + RFM_TIMES_CLOCK, &seconds))
        return false;
    *us = known->midnight_us + seconds * 1000000;
    return true;
}

#endif
