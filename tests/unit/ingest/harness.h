/* harness: files to read from, and what was read as text, so that two readings compare as strings. */
#ifndef RFMPI_TEST_INGEST_HARNESS_H
#define RFMPI_TEST_INGEST_HARNESS_H

#include "rfmpi/ingest.h"

/* One directory for a test program, removed with all its files at the end: setup and teardown of a test group. */
int harness_open(void **unused);
int harness_close(void **unused);
const char *harness_path(const char *name); /* valid until the next but three */
const char *harness_write(const char *name, const void *bytes, size_t n_bytes);
const rfm_zone *harness_zone(const char *name); /* kept open until then */

/* customer, time, event, amount by header names; text ids, UTC, 2 decimals. */
rfm_input harness_input(void);

typedef struct reading {
    rfm_text events;  /* a line an event */
    rfm_text rejects; /* "line reason: detail | row", a line a reject */
    rfm_tally tally;
    int64_t n_lines;
    bool quoted_line_ends, was_read_again;
    rfm_error err;
} reading;

void reading_free(reading *reading);

/* How a file is read: cut before each of `cuts` (ascending, inside the file). 0: the reader's own block size, limit. */
typedef struct manner {
    const int64_t *cuts;
    size_t n_cuts;
    bool whole;
    size_t block_bytes, limit;
} manner;

/* Lines within portions become lines within files. */
void harness_number(rfm_rejects *rejects, const rfm_portions *portions);

reading read_file(const rfm_input *input, const char *path, manner how);

/* As a caller does: in pieces, and all again as a whole when a quoted line end was met. */
reading read_as_callers_do(const rfm_input *input, const char *path, manner how);

/* The same, of text, whole, by default settings. */
reading read_text(const rfm_input *input, const char *text);

/* One event as a line of text. */
void print_event(rfm_text *to, const rfm_input *input, const rfm_events *events, size_t i);

/* n_rows = n_events + n_filtered + n_after_as_of + rejects. */
void assert_adds_up(const reading *r, const rfm_rejects *rejects);

#define assert_rejects(reading, expected) assert_string_equal((reading).rejects.bytes, expected)

#endif
