/* unzstd: zstd frames, one behind the other, through libzstd. The only file here that knows it. */
#include "codec.h"

#include <stdlib.h>
#include <zstd.h>

typedef struct unzstd {
    ZSTD_DStream *stream;
    bool complete;
} unzstd;

static void close_zstd(void *opened)
{
    unzstd *state = opened;
    if (state)
        ZSTD_freeDStream(state->stream);
    free(state);
}

static void *open_zstd(rfm_error *err)
{
    unzstd *state = rfm_alloc(1, sizeof *state, err);
    if (!state)
        return NULL;
    state->stream = ZSTD_createDStream();
    state->complete = true; /* nothing is a whole file too */
    if (state->stream)
        return state;
    close_zstd(state);
    rfm_fail(err, RFM_NO_MEMORY, "no memory to decompress with");
    return NULL;
}

static const char *step_zstd(void *opened, rfm_piece *in, rfm_piece *out, bool *complete)
{
    unzstd *state = opened;
    ZSTD_inBuffer from = {in->bytes, in->n, 0};
    ZSTD_outBuffer to = {out->bytes, out->n, 0};
    size_t left = 0;
    bool stuck = false;
    /* A full buffer is no end: what the decoder still holds comes with the next step. */
    while (to.pos < to.size && !stuck) {
        const size_t from_before = from.pos, to_before = to.pos;
        left = ZSTD_decompressStream(state->stream, &to, &from);
        if (ZSTD_isError(left))
            return ZSTD_getErrorName(left);
        stuck = from.pos == from_before && to.pos == to_before;
        if (!stuck)
            state->complete = left == 0;
        if (state->complete && from.pos == from.size)
            break;
    }
    in->bytes += from.pos;
    in->n -= from.pos;
    out->bytes += to.pos;
    out->n -= to.pos;
    *complete = state->complete;
    return NULL;
}

const rfm_codec rfm_codec_zstd = {open_zstd, step_zstd, close_zstd};
