/* A text that is compressed and read again: it comes back, in one member and in many; what is cut short or changed by a
 * bit is RFM_DATA, or still the same text.
 */
#include "fuzz.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "stream.h"

enum { MAX_PARTS = 4 };

typedef struct packed {
    char *bytes;
    size_t n;
    size_t ends[MAX_PARTS]; /* of the parts: where the file may end */
    size_t n_parts;
} packed;

static size_t gzip(const char *text, size_t n, int level, char *bytes, size_t room)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level % 13);
    const size_t made = libdeflate_gzip_compress(compressor, text, n, bytes, room);
    libdeflate_free_compressor(compressor);
    must(made > 0);
    return made;
}

/* Always with a checksum, as zstd's own program makes them. */
static size_t zstd(const char *text, size_t n, int level, char *bytes, size_t room)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level - 5);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    const size_t made = ZSTD_compress2(context, bytes, room, text, n);
    ZSTD_freeCCtx(context);
    must(!ZSTD_isError(made));
    return made;
}

static packed pack(const fuzz_input *text, rfm_format format, size_t n_parts, int level)
{
    const size_t room = 2 * text->n + 4096;
    packed p = {.bytes = malloc(room), .n_parts = n_parts};
    for (size_t i = 0, at = 0; i < n_parts; i++) {
        const size_t end = text->n * (i + 1) / n_parts;
        p.n += (format == RFM_FORMAT_GZIP ? gzip : zstd)(text->bytes + at, end - at, level, p.bytes + p.n, room - p.n);
        p.ends[i] = p.n;
        at = end;
    }
    return p;
}

/* The status; the text where it is OK. */
static rfm_status unpack(const char *bytes, size_t n, rfm_format format, size_t at_once, rfm_text *text)
{
    rfm_error err = {0};
    rfm_stream stream = {0};
    char *piece = malloc(at_once);
    size_t n_read = at_once;
    const char *path = fuzz_file(bytes, n);
    const rfm_file file = {.path = (char *)(uintptr_t)path, .size_bytes = (int64_t)n, .format = format};
    rfm_stream_open(&stream, &file, 0, NULL, &err);
    while (err.status == RFM_OK && n_read == at_once)
        if (rfm_stream_read(&stream, piece, at_once, &n_read, &err) == RFM_OK)
            rfm_text_add(text, piece, n_read);
    rfm_stream_close(&stream);
    free(piece);
    must(err.status == RFM_OK || err.status == RFM_DATA);
    return err.status;
}

static bool is_text(const rfm_text *read, const fuzz_input *text)
{
    return read->length == text->n && (text->n == 0 || memcmp(read->bytes, text->bytes, text->n) == 0);
}

static void check_intact(const packed *p, rfm_format format, size_t at_once, const fuzz_input *text)
{
    rfm_text read = {0};
    must(unpack(p->bytes, p->n, format, at_once, &read) == RFM_OK && is_text(&read, text));
    rfm_text_free(&read);
}

static void check_cut_short(const packed *p, rfm_format format, size_t at_once, size_t n)
{
    rfm_text read = {0};
    bool may_end = n == 0;
    for (size_t i = 0; i < p->n_parts; i++)
        may_end |= n == p->ends[i];
    must(unpack(p->bytes, n, format, at_once, &read) == (may_end ? RFM_OK : RFM_DATA));
    rfm_text_free(&read);
}

/* A bit of a gzip header may say nothing of the text. */
static void check_spoiled(packed *p, rfm_format format, size_t at_once, size_t bit, const fuzz_input *text)
{
    rfm_text read = {0};
    p->bytes[bit / 8] = (char)(p->bytes[bit / 8] ^ 1 << bit % 8);
    const rfm_status status = unpack(p->bytes, p->n, format, at_once, &read);
    must(status != RFM_OK || is_text(&read, text));
    rfm_text_free(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const size_t sizes[] = {1, 7, 64, 1000, 4096, 65536, 300000};
    fuzz_input text = {(const char *)bytes, n};
    const rfm_format format = fuzz_below(&text, 2) ? RFM_FORMAT_ZSTD : RFM_FORMAT_GZIP;
    const size_t n_parts = 1 + fuzz_below(&text, MAX_PARTS), at_once = sizes[fuzz_below(&text, 7)];
    const int level = (int)fuzz_below(&text, 16);
    const size_t place = 256 * fuzz_below(&text, 256) + fuzz_below(&text, 256);
    packed p = pack(&text, format, n_parts, level);
    check_intact(&p, format, at_once, &text);
    check_cut_short(&p, format, at_once, place % p.n);
    check_spoiled(&p, format, at_once, place % (8 * p.n), &text);
    free(p.bytes);
    return 0;
}
