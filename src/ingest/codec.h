/* codec: a kind of compression, as three functions that know no files: bytes in, text out. */
#ifndef RFMPI_INGEST_CODEC_H
#define RFMPI_INGEST_CODEC_H

#include "rfmpi/base.h"

/* What a step reads and writes; it moves `bytes` on and takes as much from `n`. */
typedef struct rfm_piece {
    char *bytes;
    size_t n;
} rfm_piece;

typedef struct rfm_codec {
    /* NULL when memory is out. */
    void *(*open)(rfm_error *err);
    /* Decode until `in` is used up or `out` is full. *complete: what came so far is whole, so that the file may end
     * here; more of the kind may follow. NULL, or what is wrong with the bytes in front of in->bytes. */
    const char *(*step)(void *state, rfm_piece *in, rfm_piece *out, bool *complete);
    void (*close)(void *state);
} rfm_codec;

extern const rfm_codec rfm_codec_gzip, rfm_codec_zstd;

#endif
