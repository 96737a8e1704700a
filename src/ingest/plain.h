/* plain: plain rows that follow each other, so that they can be taken column by column. */
#ifndef RFMPI_INGEST_PLAIN_H
#define RFMPI_INGEST_PLAIN_H

#include "scanner.h"

/* n rows of n_fields fields each, without anything odd, none of them blank. Behind each row can be read RFM_PLAIN_ROOM
 * bytes more. All borrowed from the scanner's window. */
typedef struct rfm_plain {
    const char *bytes;
    const uint32_t *marks; /* field f of row r ends at marks[r * n_fields + f] */
    size_t begin;          /* of the first row */
    size_t n, n_fields;
} rfm_plain;

enum { RFM_PLAIN_ROOM = 64 };

/* The rows from where the scanner is, at most `most`, that begin before position `stop` of the window. None is an
 * answer too: then the next row needs rfm_scanner_next. */
rfm_plain rfm_plain_find(rfm_scanner *scanner, size_t most, size_t stop);

/* Where the first n rows end: at their last line end. n > 0. */
size_t rfm_plain_end(const rfm_plain *rows, size_t n);

/* Let the scanner go on behind the first n rows. */
void rfm_plain_pass(const rfm_plain *rows, size_t n, rfm_scanner *scanner);

static inline rfm_field rfm_plain_text(const rfm_plain *rows, size_t row, size_t field)
{
    const uint32_t *mark = rows->marks + row * rows->n_fields + field;
    const size_t begin = row + field == 0 ? rows->begin : mark[-1] + (size_t)1;
    size_t end = *mark;
    if (field + 1 == rows->n_fields && end > begin && rows->bytes[end - 1] == '\r')
        end--;
    return (rfm_field){.bytes = rows->bytes + begin, .length = (uint32_t)(end - begin)};
}

#endif
