/* seen: what the sink was given, for tests that look at single values. */
#ifndef RFMPI_TEST_INGEST_SEEN_H
#define RFMPI_TEST_INGEST_SEEN_H

#include "harness.h"

typedef struct seen {
    size_t n;
    struct {
        int64_t id, time_us, numbers[4];
        int32_t day;
        uint64_t id_hash, where, hashes[4];
        uint32_t has_number, has_hash;
        rfm_hash128 key, row;
    } events[64];
} seen;

/* Read text by the public function; the tally and number of rejects of each reason go to the pointers, if any. */
seen read_seen(const rfm_input *input, const char *text, rfm_tally *tally, int64_t *rejected);

#endif
