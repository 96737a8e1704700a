/* marks: where the bytes are that give text its structure. One way to find them for each vector instruction set; all
 * find the same.
 */
#ifndef RFMPI_INGEST_MARKS_H
#define RFMPI_INGEST_MARKS_H

#include "rfmpi/base.h"

/* Line ends are always marks. The odd ones are those that a plain row has none of; repeat one where there are fewer.
 */
typedef struct rfm_mark_set {
    unsigned char delimiter, odd[3];
} rfm_mark_set;

typedef struct rfm_mark_count {
    size_t n;           /* marks */
    size_t n_line_ends; /* of them */
    size_t first_odd;   /* the number of the first odd mark; n: there is none */
} rfm_mark_count;

/* Write the positions of all marks, ascending, to `at`, and to `line_ends` which of them are line ends. Both lists hold
 * n + RFM_MARKS_ROOM elements, because vectors are written whole. n is below 2^32. Reads nothing behind bytes[n - 1].
 */
enum { RFM_MARKS_ROOM = 64 };
typedef rfm_mark_count (*rfm_marks_finder)(rfm_mark_set set, const char *bytes, size_t n, uint32_t *at,
                                           uint32_t *line_ends);

/* A vector instruction set that this program was built for. */
typedef struct rfm_marks_level {
    rfm_vector_level level;
    rfm_marks_finder find;
} rfm_marks_level;

/* The slowest, "portable", comes first and is there on every machine. */
enum { RFM_MARKS_MAX_LEVELS = 3 };
size_t rfm_marks_levels(rfm_marks_level levels[RFM_MARKS_MAX_LEVELS]);

/* The fastest that is there, or the one that RFMPI_VECTOR names; RFM_USAGE when it names none, or one that is not
 * there.
 */
rfm_status rfm_marks_choose(rfm_marks_finder *find, rfm_error *err);

rfm_mark_count rfm_marks_find_portable(rfm_mark_set set, const char *bytes, size_t n, uint32_t *at,
                                       uint32_t *line_ends);
rfm_mark_count rfm_marks_find_avx2(rfm_mark_set set, const char *bytes, size_t n, uint32_t *at, uint32_t *line_ends);
rfm_mark_count rfm_marks_find_avx512(rfm_mark_set set, const char *bytes, size_t n, uint32_t *at, uint32_t *line_ends);

#endif
