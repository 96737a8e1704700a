/* scanner: bytes -> rows -> fields. Works on one window of a file at a time and copies nothing. */
#ifndef RFMPI_INGEST_SCANNER_H
#define RFMPI_INGEST_SCANNER_H

#include "marks.h"
#include "rfmpi/ingest.h"

/* A field as it stands in the window, without its outer quotes. */
typedef struct rfm_field {
    const char *bytes;
    uint32_t length;
    bool doubled; /* has two quotes inside, each pair of which means one */
    bool escaped; /* has escapes inside */
} rfm_field;

typedef enum rfm_row_kind {
    RFM_ROW_FIELDS,         /* row.n_fields fields; the first `capacity` of them are in fields */
    RFM_ROW_FAULT,          /* no row: row.reason and row.why */
    RFM_ROW_NONE,           /* a blank line, or the rest of a refused row */
    RFM_ROW_MORE,           /* the window ends first: give one that goes on, from scanner.at */
    RFM_ROW_QUOTED_LINE_END /* and the file is not read as a whole: stop */
} rfm_row_kind;

typedef struct rfm_row {
    size_t begin, end; /* in the window, without the line end */
    size_t n_fields;
    int64_t n_inner_lines; /* line ends within quotes */
    bool has_line_end;     /* the byte before scanner.at ends a line */
    rfm_reason reason;
    const char *why;
} rfm_row;

typedef struct rfm_scanner {
    /* How to read; set by rfm_scanner_open. */
    rfm_dialect dialect;
    bool whole;   /* line ends within quotes, or escaped, are the field's */
    size_t limit; /* bytes a row may have */
    rfm_field *fields;
    size_t capacity; /* of fields: what rows are expected to have */
    rfm_mark_set set;
    rfm_marks_finder find;
    /* The window. bytes[n] is ours to write. */
    char *bytes;
    size_t n;
    bool last;                   /* the file ends with this window */
    uint32_t *marks, *line_ends; /* see marks.h */
    size_t n_marks, n_line_ends, marks_capacity, line_ends_capacity;
    /* Where we are. */
    size_t at;        /* the next row's first byte */
    size_t mark;      /* the first mark at or after it */
    size_t line, odd; /* the first line end, the first odd mark from there on, once caught up */
    size_t lead;      /* bytes of the next row that are not text: a byte order mark */
    bool skipping;    /* up to the next line end */
} rfm_scanner;

enum { RFM_ROW_LIMIT_BYTES = 1 << 20 };

void rfm_scanner_open(rfm_scanner *scanner, rfm_dialect dialect, bool whole, size_t limit);
void rfm_scanner_close(rfm_scanner *scanner);

/* How many fields rows are expected to have. */
rfm_status rfm_scanner_expect(rfm_scanner *scanner, size_t n_fields, rfm_error *err);

/* The next window; its first byte is what scanner.at was before. bytes holds n + 1. */
rfm_status rfm_scanner_window(rfm_scanner *scanner, char *bytes, size_t n, bool last, rfm_error *err);

/* Bring scanner.line and scanner.odd up to where the scanner is. */
void rfm_scanner_catch_up(rfm_scanner *scanner);

rfm_row_kind rfm_scanner_next(rfm_scanner *scanner, rfm_row *row);

/* What a field with doubled quotes or escapes means, at most field.length bytes; returns the length. */
size_t rfm_field_decode(rfm_field field, rfm_dialect dialect, char *text);

#endif
