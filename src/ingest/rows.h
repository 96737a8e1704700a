/* rows: the loop over the rows of a text: window by window through the scanner into the intake. */
#ifndef RFMPI_INGEST_ROWS_H
#define RFMPI_INGEST_ROWS_H

#include "heading.h"
#include "intake.h"
#include "reader.h"

typedef struct rfm_rows {
    rfm_intake intake;
    rfm_head head;
    rfm_reader reader; /* opened by the caller */
    rfm_scanner scanner;
    int64_t begin, end;           /* bytes of the text whose rows are wanted */
    int64_t n_lines;              /* line ends among them so far */
    int64_t noted, n_lines_noted; /* of these what is in reading->portions */
    bool quoted_line_ends;
} rfm_rows;

/* Reads the file's heading, too. */
rfm_status rfm_rows_open(rfm_rows *rows, const rfm_reading *reading, rfm_error *err);
void rfm_rows_close(rfm_rows *rows); /* the reader, too */

/* The reader's first window is there: take the rows that begin in begin .. end - 1. In the middle of a text they are
 * looked for behind the first line end at or after begin - 1, where the reader must begin. */
rfm_status rfm_rows_read(rfm_rows *rows, int64_t begin, int64_t end, rfm_error *err);

/* Rows up to `end` are taken, since what was noted last. */
rfm_status rfm_rows_note(rfm_rows *rows, int64_t end, rfm_error *err);

#endif
