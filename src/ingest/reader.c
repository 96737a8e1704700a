/* reader: a window over a stream that keeps the torn end of the one before. Knows nothing of rows.
 *
 *   text    ....[ used | torn row ][ next block ]......
 *   window             [ torn row |  next block ]
 */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

rfm_status rfm_reader_open(rfm_reader *r, const rfm_file *file, int64_t offset, size_t block_bytes,
                           const char *fault_file, rfm_error *err)
{
    *r = (rfm_reader){.offset = offset};
    r->block_bytes = block_bytes > RFM_BLOCK_MIN_BYTES ? block_bytes : RFM_BLOCK_MIN_BYTES;
    return rfm_stream_open(&r->stream, file, offset, fault_file, err);
}

void rfm_reader_lend(rfm_reader *r, char *bytes, size_t n, int64_t offset)
{
    *r = (rfm_reader){.lent = true, .offset = offset, .bytes = bytes, .n = n};
}

void rfm_reader_close(rfm_reader *r)
{
    if (!r->lent) {
        rfm_stream_close(&r->stream);
        free(r->bytes);
    }
    *r = (rfm_reader){.lent = true};
}

bool rfm_reader_at_end(const rfm_reader *r)
{
    return r->lent || rfm_stream_ended(&r->stream);
}

rfm_status rfm_reader_check(const rfm_reader *r, rfm_error *err)
{
    return r->lent ? RFM_OK : rfm_stream_check(&r->stream, err);
}

/* A torn row that fills the window doubles it, so that a long row costs no more than its length. */
rfm_status rfm_reader_fill(rfm_reader *r, size_t used, rfm_error *err)
{
    const size_t keep = r->n - used, want = keep > r->block_bytes ? keep : r->block_bytes;
    size_t n_read;
    rfm_assert(!r->lent);
    if (keep > 0)
        memmove(r->bytes, r->bytes + used, keep);
    r->offset += (int64_t)used;
    r->n = keep;
    if (rfm_reserve(&r->bytes, &r->capacity, keep + want + RFM_WINDOW_PADDING, 1, err) != RFM_OK ||
        rfm_stream_read(&r->stream, r->bytes + r->n, want, &n_read, err) != RFM_OK)
        return err->status;
    r->n += n_read;
    return RFM_OK;
}

bool rfm_reader_go_to(rfm_reader *r, int64_t offset, rfm_error *err)
{
    const int64_t used = offset - r->offset, there = (int64_t)r->n;
    rfm_assert(used >= 0);
    const bool arrives = used <= there || rfm_reader_at_end(r);
    return rfm_reader_fill(r, (size_t)(used < there ? used : there), err) == RFM_OK && arrives;
}
