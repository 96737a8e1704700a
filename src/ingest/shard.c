/* shard: one shard from end to end, whatever its file's format. */
#include "format.h"
#include "rows.h"
#include "table.h"

/* What lies between two gaps is long where much was read by an earlier start, and takes time where it is compressed. */
static rfm_status pass_over(rfm_rows *rows, int64_t offset, rfm_error *err)
{
    while (!rfm_reader_go_to(&rows->reader, offset, err) && err->status == RFM_OK)
        rfm_intake_pause(&rows->intake, err);
    return err->status;
}

/* A gap in mid-file looks for the first line end at or after begin - 1. */
static rfm_status read_gap(rfm_rows *rows, const rfm_interval *gap, rfm_error *err)
{
    if (pass_over(rows, gap->begin > 0 ? gap->begin - 1 : 0, err) != RFM_OK ||
        rfm_rows_read(rows, gap->begin, gap->end, err) != RFM_OK || rfm_intake_flush(&rows->intake, err) != RFM_OK)
        return err->status;
    return rows->quoted_line_ends ? RFM_OK : rfm_rows_note(rows, gap->end, err);
}

/* Where rows behind a gap were read already, as of a text in parts, line ends inside quotes must not go unnoticed. */
static rfm_status read_packed(rfm_rows *rows, const rfm_file *file, rfm_error *err)
{
    rfm_interval gap;
    for (int64_t from = 0; !rows->quoted_line_ends && rfm_file_gap(file, from, &gap); from = gap.end) {
        rows->scanner.whole = file->whole || gap.end == RFM_TEXT_END;
        if (read_gap(rows, &gap, err) != RFM_OK)
            break;
    }
    return err->status;
}

static rfm_status read_text(const rfm_reading *r, rfm_error *err)
{
    const rfm_file *file = &r->files->files[r->shard->file];
    const rfm_interval range = {r->shard->begin, r->shard->end};
    const bool packed = rfm_format_traits_of(file->format)->codec;
    rfm_rows rows;
    if (rfm_rows_open(&rows, r, err) == RFM_OK &&
        rfm_reader_open(&rows.reader, file, packed || range.begin == 0 ? 0 : range.begin - 1, r->block_bytes,
                        r->input->fault_file, err) == RFM_OK &&
        (packed ? read_packed(&rows, file, err) : read_gap(&rows, &range, err)) == RFM_OK &&
        rfm_reader_check(&rows.reader, err) == RFM_OK) {
        r->tally->n_bytes += range.end - range.begin;
        r->result->n_lines = rows.n_lines;
        r->result->quoted_line_ends = rows.quoted_line_ends;
    }
    rfm_rows_close(&rows);
    return err->status;
}

rfm_status rfm_shard_read(const rfm_reading *reading, rfm_error *err)
{
    rfm_reading sized = *reading;
    rfm_assert(reading->shard->begin <= reading->shard->end);
    sized.block_bytes = reading->block_bytes ? reading->block_bytes : RFM_BLOCK_BYTES;
    sized.row_bytes = reading->row_bytes ? reading->row_bytes : RFM_ROW_LIMIT_BYTES;
    *reading->result = (rfm_shard_result){0};
    if (rfm_format_traits_of(reading->files->files[reading->shard->file].format)->columnar)
        return rfm_table_shard_read(&sized, err);
    return read_text(&sized, err);
}
