/* Compressed files of no meaning: they are text or RFM_DATA, whatever is read at a time, and the same in blocks. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "stream.h"

enum { MAX_TEXT_BYTES = 1 << 20 };

typedef struct outcome {
    char *text;
    size_t n;
    rfm_status status;
    bool too_long; /* a row of it, or all of it */
} outcome;

static void must_say_why(const rfm_error *err)
{
    must(err->status == RFM_OK || err->status == RFM_DATA);
    must((err->status == RFM_OK) == (err->message[0] == '\0'));
}

static outcome read_stream(const rfm_file *file, size_t at_once)
{
    rfm_error err = {0};
    rfm_stream stream = {0};
    outcome out = {.text = malloc(MAX_TEXT_BYTES + at_once)};
    size_t n_read = at_once;
    rfm_stream_open(&stream, file, 0, NULL, &err);
    while (err.status == RFM_OK && n_read == at_once && out.n < MAX_TEXT_BYTES)
        if (rfm_stream_read(&stream, out.text + out.n, at_once, &n_read, &err) == RFM_OK)
            out.n += n_read;
    out.too_long = err.status == RFM_OK && n_read == at_once;
    must(out.too_long || err.status != RFM_OK || rfm_stream_ended(&stream));
    rfm_stream_close(&stream);
    must_say_why(&err);
    out.status = err.status;
    return out;
}

static outcome read_blocks(const rfm_file *file, size_t room)
{
    rfm_error err = {0};
    rfm_decoder *decoder = NULL;
    rfm_block block = {.n = 1};
    const rfm_input input = {.header = true};
    outcome out = {.text = malloc(MAX_TEXT_BYTES + room + RFM_BLOCK_PADDING)};
    rfm_decoder_open(&input, file, &decoder, &err);
    for (int64_t i = 0; err.status == RFM_OK && !out.too_long && block.n > 0 && out.n < MAX_TEXT_BYTES; i++) {
        if (rfm_decoder_next(decoder, out.text + out.n, room, &block, &out.too_long, &err) != RFM_OK)
            break;
        must(block.index == i && block.at == (int64_t)out.n && block.n <= room);
        must(block.n == 0 || block.n == room || out.text[out.n + block.n - 1] == '\n' || !out.too_long);
        out.n += block.n;
    }
    out.too_long |= out.n >= MAX_TEXT_BYTES;
    rfm_decoder_close(decoder);
    must_say_why(&err);
    out.status = err.status;
    return out;
}

/* Where one stopped early, it had the other's beginning. */
static void must_be_same(const outcome *a, const outcome *b)
{
    const size_t n = a->n < b->n ? a->n : b->n;
    if (a->status == RFM_OK && b->status == RFM_OK)
        must(memcmp(a->text, b->text, n) == 0);
    if (!a->too_long && !b->too_long)
        must(a->status == b->status && (a->status != RFM_OK || a->n == b->n));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const size_t sizes[] = {1, 7, 64, 1000, 4096, 65536, 300000};
    fuzz_input input = {(const char *)bytes, n};
    const rfm_format format = (rfm_format)fuzz_below(&input, RFM_FORMAT_ZSTD + 1);
    const size_t at_once = sizes[fuzz_below(&input, 7)];
    const char *path = fuzz_file(input.bytes, input.n);
    const rfm_file file = {.path = (char *)(uintptr_t)path, .size_bytes = (int64_t)input.n, .format = format};
    outcome all = read_stream(&file, MAX_TEXT_BYTES), pieces = read_stream(&file, at_once);
    outcome blocks = read_blocks(&file, at_once);
    must_be_same(&all, &pieces);
    must_be_same(&all, &blocks);
    free(all.text);
    free(pieces.text);
    free(blocks.text);
    return 0;
}
