/* stream: a file as the text in it, front to back. */
#ifndef RFMPI_INGEST_STREAM_H
#define RFMPI_INGEST_STREAM_H

#include "codec.h"
#include "rfmpi/ingest.h"

typedef struct rfm_stream {
    const rfm_file *file; /* borrowed */
    int fd;               /* -1: closed */
    bool broken;          /* tests: reading fails */
    int64_t at;           /* the next byte of the file */
    const rfm_codec *codec;
    void *state;    /* the codec's; NULL where the bytes are the text */
    bool complete;  /* of the codec: the file may end here */
    char *raw;      /* bytes that wait to be decoded */
    rfm_piece left; /* of raw */
} rfm_stream;

/* codec NULL: the bytes are the text, from `offset` on; a compressed file is read from its front. fault_file: the path
 * of a file that cannot be read, for tests; or NULL. Close accepts what failed to open. */
rfm_status rfm_stream_open(rfm_stream *stream, const rfm_file *file, int64_t offset, const char *fault_file,
                           rfm_error *err);
void rfm_stream_close(rfm_stream *stream);

/* n bytes of text, or fewer where the text ends. */
rfm_status rfm_stream_read(rfm_stream *stream, char *bytes, size_t n, size_t *n_read, rfm_error *err);

/* No text is left. */
bool rfm_stream_ended(const rfm_stream *stream);

/* Fails when the file is no longer as large as when it was found. */
rfm_status rfm_stream_check(const rfm_stream *stream, rfm_error *err);

#endif
