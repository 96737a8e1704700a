/* marks: where the bytes are that give text its structure. The one place a faster scanner has to replace. */
#ifndef RFMPI_INGEST_MARKS_H
#define RFMPI_INGEST_MARKS_H

#include <stddef.h>
#include <stdint.h>

/* Up to four byte values; repeat one where there are fewer. */
typedef struct rfm_mark_set {
    unsigned char bytes[4];
} rfm_mark_set;

/* Write the positions, ascending, of all bytes of the set; `at` holds n elements. Returns how many.
 * n is below 2^32. */
size_t rfm_marks_find(rfm_mark_set set, const char *bytes, size_t n, uint32_t *at);

#endif
