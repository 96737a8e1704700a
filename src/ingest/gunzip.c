/* gunzip: gzip members, one behind the other, through ISA-L. The only file here that knows it. */
#include "codec.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

static void begin_member(struct inflate_state *state)
{
    isal_inflate_reset(state);
    state->crc_flag = ISAL_GZIP;
}

static void *open_gzip(rfm_error *err)
{
    struct inflate_state *state = rfm_alloc(1, sizeof *state, err);
    if (!state)
        return NULL;
    isal_inflate_init(state);
    state->block_state = ISAL_BLOCK_FINISH; /* the first member begins like the others */
    return state;
}

static const char *describe(int code)
{
    switch (code) {
    case ISAL_INVALID_WRAPPER:
        return "no gzip header";
    case ISAL_UNSUPPORTED_METHOD:
        return "a gzip header of an unknown kind";
    case ISAL_INCORRECT_CHECKSUM:
        return "the checksum differs";
    default:
        return "the compressed data are damaged";
    }
}

static bool is_between_members(const struct inflate_state *state)
{
    return state->block_state == ISAL_BLOCK_FINISH;
}

/* Some writers pad the end of a file with zeros, which begin no member. */
static void skip_padding(rfm_piece *in)
{
    while (in->n > 0 && *in->bytes == '\0') {
        in->bytes++;
        in->n--;
    }
}

static int inflate_some(struct inflate_state *state, rfm_piece *in, rfm_piece *out)
{
    const uint32_t in_bytes = in->n < UINT32_MAX ? (uint32_t)in->n : UINT32_MAX;
    const uint32_t out_bytes = out->n < UINT32_MAX ? (uint32_t)out->n : UINT32_MAX;
    state->next_in = (uint8_t *)in->bytes;
    state->avail_in = in_bytes;
    state->next_out = (uint8_t *)out->bytes;
    state->avail_out = out_bytes;
    const int code = isal_inflate(state);
    in->bytes += in_bytes - state->avail_in;
    in->n -= in_bytes - state->avail_in;
    out->bytes += out_bytes - state->avail_out;
    out->n -= out_bytes - state->avail_out;
    return code;
}

static const char *step_gzip(void *opened, rfm_piece *in, rfm_piece *out, bool *complete)
{
    struct inflate_state *state = opened;
    for (;;) {
        if (is_between_members(state)) {
            skip_padding(in);
            if (in->n == 0)
                break;
            begin_member(state);
        }
        const size_t in_before = in->n, out_before = out->n;
        const int code = inflate_some(state, in, out);
        if (code < 0)
            return describe(code);
        if (!is_between_members(state) && (out->n == 0 || (in->n == in_before && out->n == out_before)))
            break;
    }
    *complete = is_between_members(state);
    return NULL;
}

static void close_gzip(void *state)
{
    free(state);
}

const rfm_codec rfm_codec_gzip = {open_gzip, step_gzip, close_gzip};
