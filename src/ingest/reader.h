/* reader: a file's bytes, window by window. */
#ifndef RFMPI_INGEST_READER_H
#define RFMPI_INGEST_READER_H

#include "rfmpi/ingest.h"

/* Small enough that a window and its marks stay in the second-level cache. */
enum { RFM_BLOCK_BYTES = 256 << 10, RFM_BLOCK_MIN_BYTES = 4 };

typedef struct rfm_reader {
    const rfm_file *file; /* borrowed */
    int fd;               /* -1: closed */
    bool broken;          /* tests: reading fails */
    int64_t offset;       /* of bytes[0] in the file */
    char *bytes;          /* holds n + 1 */
    size_t n, capacity, block_bytes;
} rfm_reader;

/* fault_file: the path of a file that cannot be read, for tests; or NULL. Close accepts what failed to open. */
rfm_status rfm_reader_open(rfm_reader *reader, const rfm_file *file, int64_t offset, size_t block_bytes,
                           const char *fault_file, rfm_error *err);
void rfm_reader_close(rfm_reader *reader);

/* Drop the first `used` bytes of the window and read on behind the rest. */
rfm_status rfm_reader_fill(rfm_reader *reader, size_t used, rfm_error *err);

/* The window ends where the file ends. */
bool rfm_reader_at_end(const rfm_reader *reader);

/* Fails when the file is no longer as large as when it was found. */
rfm_status rfm_reader_check(const rfm_reader *reader, rfm_error *err);

#endif
