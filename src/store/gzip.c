/* gzip: bytes -> one gzip member. The only file of store that knows libdeflate, which writes no time into a member. */
#include "gzip.h"

#include <libdeflate.h>
#include <stdlib.h>

struct rfm_gzip {
    struct libdeflate_compressor *compressor;
    unsigned char *buffer;
    size_t capacity;
};

rfm_status rfm_gzip_open(int level, rfm_gzip **gzip, rfm_error *err)
{
    *gzip = NULL;
    if (level < 0 || level > 12)
        return rfm_fail(err, RFM_INTERNAL, "there is no level %d of gzip", level);
    rfm_gzip *opened = rfm_alloc(1, sizeof *opened, err);
    if (!opened)
        return err->status;
    opened->compressor = libdeflate_alloc_compressor(level);
    if (!opened->compressor) {
        free(opened);
        return rfm_fail(err, RFM_NO_MEMORY, "no memory to compress with");
    }
    *gzip = opened;
    return RFM_OK;
}

void rfm_gzip_close(rfm_gzip *gzip)
{
    if (!gzip)
        return;
    libdeflate_free_compressor(gzip->compressor);
    free(gzip->buffer);
    free(gzip);
}

rfm_status rfm_gzip_member(rfm_gzip *gzip, const void *bytes, size_t length, rfm_text *out, rfm_error *err)
{
    size_t bound = libdeflate_gzip_compress_bound(gzip->compressor, length);
    if (rfm_reserve(&gzip->buffer, &gzip->capacity, bound, 1, err))
        return err->status;
    size_t written = libdeflate_gzip_compress(gzip->compressor, bytes, length, gzip->buffer, gzip->capacity);
    if (written == 0)
        return rfm_fail(err, RFM_INTERNAL, "a block of %zu bytes cannot be compressed", length);
    rfm_text_add(out, gzip->buffer, written);
    return rfm_text_check(out, err);
}
