/* reader: a file's text, window by window. */
#ifndef RFMPI_INGEST_READER_H
#define RFMPI_INGEST_READER_H

#include "stream.h"

/* Small enough that a window and its marks stay in the second-level cache. Behind a window lie so many bytes that a
 * vector may be loaded from its last byte. */
enum { RFM_BLOCK_BYTES = 256 << 10, RFM_BLOCK_MIN_BYTES = 4, RFM_WINDOW_PADDING = RFM_BLOCK_PADDING };

typedef struct rfm_reader {
    rfm_stream stream;
    bool lent;      /* the window is somebody else's: all there is to read */
    int64_t offset; /* of bytes[0] in the text */
    char *bytes;    /* holds n + RFM_WINDOW_PADDING */
    size_t n, capacity, block_bytes;
} rfm_reader;

/* fault_file: the path of a file that cannot be read, for tests; or NULL. Close accepts what failed to open. */
rfm_status rfm_reader_open(rfm_reader *reader, const rfm_file *file, int64_t offset, size_t block_bytes,
                           const char *fault_file, rfm_error *err);
void rfm_reader_close(rfm_reader *reader);

/* Towards `offset`, which lies in the window or behind it. true: the window is what follows it, or the end; false: it
 * is nearer by one, which of a compressed text was decoded to be dropped, or err. */
bool rfm_reader_go_to(rfm_reader *reader, int64_t offset, rfm_error *err);

/* Instead of opening: the window is these bytes of the text, at `offset`, and nothing follows. Borrowed. */
void rfm_reader_lend(rfm_reader *reader, char *bytes, size_t n, int64_t offset);

/* Drop the first `used` bytes of the window and read on behind the rest. */
rfm_status rfm_reader_fill(rfm_reader *reader, size_t used, rfm_error *err);

/* The window ends where the text ends. */
bool rfm_reader_at_end(const rfm_reader *reader);

/* Fails when the file is no longer as large as when it was found. */
rfm_status rfm_reader_check(const rfm_reader *reader, rfm_error *err);

#endif
