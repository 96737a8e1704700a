/* block: a compressed file for several parsers: its text cut into blocks of whole rows, and the reading of such blocks.
 * Knows nothing of how they get from one to the other.
 *
 *   text   [ block 0 .......\n | block 1 ......\n | ...
 *   room   [ carried | decoded ........\n torn row ]   the torn row is carried to the front of the next block
 */
#include <stdlib.h>
#include <string.h>

#include "rows.h"

struct rfm_decoder {
    rfm_stream stream;
    char *carried; /* the front of a row, up to where the last block had to end */
    size_t n_carried, carried_capacity;
    int64_t at, n_blocks;
};

rfm_status rfm_decoder_open(const rfm_input *input, const rfm_file *file, rfm_decoder **decoder, rfm_error *err)
{
    *decoder = rfm_alloc(1, sizeof **decoder, err);
    if (*decoder && rfm_stream_open(&(*decoder)->stream, file, 0, input->fault_file, err) != RFM_OK) {
        rfm_decoder_close(*decoder);
        *decoder = NULL;
    }
    return err->status;
}

void rfm_decoder_close(rfm_decoder *decoder)
{
    if (!decoder)
        return;
    rfm_stream_close(&decoder->stream);
    free(decoder->carried);
    free(decoder);
}

/* Keep what stands behind the last line end for the next block; returns what is before. */
static size_t carry(rfm_decoder *d, const char *bytes, size_t n, rfm_error *err)
{
    const char *line_end = n > 0 ? memrchr(bytes, '\n', n) : NULL;
    const size_t whole = line_end ? (size_t)(line_end - bytes) + 1 : 0;
    d->n_carried = 0;
    if (rfm_reserve(&d->carried, &d->carried_capacity, n - whole, 1, err) == RFM_OK && n > whole) {
        d->n_carried = n - whole;
        memcpy(d->carried, bytes + whole, d->n_carried);
    }
    return whole;
}

rfm_status rfm_decoder_next(rfm_decoder *d, char *bytes, size_t room, rfm_block *block, bool *too_long, rfm_error *err)
{
    size_t n = d->n_carried, n_read;
    *too_long = false;
    *block = (rfm_block){.index = d->n_blocks, .at = d->at};
    if (n >= room) {
        *too_long = true;
        return RFM_OK;
    }
    if (n > 0)
        memcpy(bytes, d->carried, n);
    if (rfm_stream_read(&d->stream, bytes + n, room - n, &n_read, err) != RFM_OK)
        return err->status;
    const bool last = n_read < room - n;
    n += n_read;
    d->n_carried = 0;
    if (last)
        rfm_stream_check(&d->stream, err);
    else
        n = carry(d, bytes, n, err);
    *too_long = !last && n == 0;
    block->n = n;
    block->n_file = d->stream.at;
    d->at += (int64_t)n;
    d->n_blocks += n > 0;
    return err->status;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

struct rfm_block_reader {
    rfm_reading reading; /* with the sizes that were left out */
    rfm_rows rows;
};

rfm_status rfm_block_reader_open(const rfm_reading *reading, rfm_block_reader **reader, rfm_error *err)
{
    *reader = rfm_alloc(1, sizeof **reader, err);
    if (!*reader)
        return err->status;
    rfm_block_reader *r = *reader;
    r->reading = *reading;
    r->reading.block_bytes = RFM_BLOCK_BYTES;
    r->reading.row_bytes = RFM_ROW_LIMIT_BYTES;
    *reading->result = (rfm_shard_result){0};
    if (rfm_rows_open(&r->rows, &r->reading, err) != RFM_OK) {
        rfm_block_reader_close(r);
        *reader = NULL;
        return err->status;
    }
    /* A block may have been cut inside quotes, and nobody would see it: as with byte ranges. */
    r->rows.scanner.whole = false;
    return RFM_OK;
}

static rfm_status read_gap(rfm_block_reader *r, const rfm_interval *gap, char *bytes, rfm_error *err)
{
    rfm_rows *rows = &r->rows;
    rfm_reader_lend(&rows->reader, bytes, (size_t)(gap->end - gap->begin), gap->begin);
    if (rfm_rows_read(rows, gap->begin, gap->end, err) == RFM_OK) {
        r->reading.result->n_lines += rows->n_lines;
        r->reading.result->quoted_line_ends |= rows->quoted_line_ends;
    }
    return err->status || rows->quoted_line_ends ? err->status : rfm_rows_note(rows, gap->end, err);
}

rfm_status rfm_block_read(rfm_block_reader *r, const rfm_block *block, char *bytes, rfm_error *err)
{
    const rfm_file *file = &r->reading.files->files[r->reading.shard->file];
    const int64_t end = block->at + (int64_t)block->n;
    rfm_interval gap;
    r->reading.result->n_lines = 0;
    for (int64_t from = block->at; err->status == RFM_OK && from < end && rfm_file_gap(file, from, &gap);
         from = gap.end) {
        if (gap.begin >= end)
            break;
        gap.end = gap.end < end ? gap.end : end;
        read_gap(r, &gap, bytes + (gap.begin - block->at), err);
    }
    return err->status;
}

rfm_status rfm_block_reader_flush(rfm_block_reader *r, rfm_error *err)
{
    return r ? rfm_intake_flush(&r->rows.intake, err) : err->status;
}

void rfm_block_reader_close(rfm_block_reader *r)
{
    if (r)
        rfm_rows_close(&r->rows);
    free(r);
}
