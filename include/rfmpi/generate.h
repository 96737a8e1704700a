/* generate: a log of a shop's events to try things on, with hidden types of customers that a
 * clustering should find.
 *
 * The columns are those of the REES46 log:
 * event_time,event_type,product_id,category_id,category_code,brand,price,user_id, user_session.
 * Everything is a function of the options alone: the same bytes at any number of ranks.
 */
#ifndef RFMPI_GENERATE_H
#define RFMPI_GENERATE_H

#include "rfmpi/comm.h"

typedef enum rfm_generate_shape {
    RFM_SHAPE_LOG, /* like the log of October 2019: few sessions an event, products looked at again
                      and again */
    RFM_SHAPE_WIDE /* much distinct state: nearly every event is a session and a product of its own
                    */
} rfm_generate_shape;

typedef struct rfm_generate_options {
    int64_t customers; /* exactly so many have an event; 0: what the shape has for so many events;
                          at most `events` */
    int64_t events;    /* exactly so many rows; 1 .. 10^11 */
    int days;          /* 1 .. 3660 */
    int32_t start_day; /* days since 1970-01-01 */
    int parts;         /* files; at most 100,000 and at most `events` */
    uint64_t seed;
    rfm_generate_shape shape;
    bool gzip;
    const char *out; /* directory; made when absent, refused when there is anything in it */
} rfm_generate_options;

/* 1,000,000 events of 31 days from 2019-10-01 in the shape of the log, one plain part, seed 1;
 * `out` is NULL. Local. */
rfm_generate_options rfm_generate_defaults(void);

/* "log" or "wide"; false for anything else. Local. */
bool rfm_generate_shape_parse(const char *text, rfm_generate_shape *shape);

/* Collective. Writes out/part-00000.csv[.gz] ..., sorted by time over all parts, and
 * out/customers.csv (user_id,type), the hidden types, sorted by user_id. Part i has the events from
 * i * events / parts on; each begins with the header. A compressed part is a chain of gzip members.
 * The files appear whole at the end; after a failure none of the temporary ones is left. A rank
 * needs memory for about 500,000 events at a time, and 15 MB for the catalogue of products. */
rfm_status rfm_generate(rfm_comm *comm, const rfm_generate_options *options, rfm_error *err);

#endif
