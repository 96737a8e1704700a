/* shard: one shard from end to end, whatever its file's format. */
#include "format.h"
#include "rows.h"
#include "table.h"

/* A shard in mid-file looks for the first line end at or after begin - 1. What is compressed has no known end. */
static rfm_status read_text(const rfm_reading *r, rfm_error *err)
{
    const rfm_file *file = &r->files->files[r->shard->file];
    const int64_t begin = r->shard->begin;
    const int64_t end = rfm_format_traits_of(file->format)->codec ? INT64_MAX : r->shard->end;
    rfm_rows rows;
    if (rfm_rows_open(&rows, r, err) == RFM_OK &&
        rfm_reader_open(&rows.reader, file, begin > 0 ? begin - 1 : 0, r->block_bytes, r->input->fault_file, err) ==
            RFM_OK &&
        rfm_reader_fill(&rows.reader, 0, err) == RFM_OK && rfm_rows_read(&rows, begin, end, err) == RFM_OK &&
        rfm_intake_flush(&rows.intake, err) == RFM_OK && rfm_reader_check(&rows.reader, err) == RFM_OK) {
        r->tally->n_bytes += r->shard->end - begin;
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
