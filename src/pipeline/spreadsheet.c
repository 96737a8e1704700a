/* Stage spreadsheet: segments.csv and customers/ once more, as sheets of one workbook. CSV has no types, and what a
 * spreadsheet takes its cells for depends on the country and on how they look: ids lose their zeros, texts become
 * formulas. Rank 0 writes; it has a sheet's rows in memory, as text.
 */
#include "batch.h"

rfm_status spreadsheet_check(const rfm_config *config, rfm_error *err)
{
    if (rfm_config_boolean(config, "output.spreadsheet") && !rfm_workbook_library())
        rfm_config_fail(config, "output.spreadsheet", err,
                        "output.spreadsheet: this build writes none; on Debian, libxlsxwriter-dev is what it lacked");
    return err->status;
}

/* Beside its features a segment has 10 columns at most, a customer 8. */
rfm_status spreadsheet_fits(const rfm_batch *batch, rfm_error *err)
{
    enum { BESIDE = 10, MOST = RFM_SHEET_COLUMNS - BESIDE };
    if (rfm_config_boolean(batch->config, "output.spreadsheet") && batch->frame.d > MOST)
        rfm_config_fail(batch->config, "output.spreadsheet", err,
                        "output.spreadsheet: a sheet has room for %d features, and there are %d", MOST, batch->frame.d);
    return err->status;
}

/* Of the columns of segments.csv. */
static rfm_column_type *list_types(const rfm_batch *batch, size_t *n, rfm_error *err)
{
    const bool weighted = batch->frame.weights.unit > 0, scored = batch->model.scores.bins > 0;
    *n = (size_t)batch->model.d + (weighted ? 6U : 4U) + (scored ? RFM_N_MEASURES + 1U : 0U);
    rfm_column_type *types = rfm_alloc(*n, sizeof *types, err);
    for (size_t i = 0; types && i < *n; i++)
        types[i] = i == 1 || (scored && i == *n - 1) ? RFM_COLUMN_TEXT : RFM_COLUMN_NUMBER;
    return types;
}

/* Rank 0. */
static rfm_status write_workbook(rfm_batch *batch, const rfm_text *rows, rfm_error *err)
{
    rfm_text segments = {0};
    size_t n_segment_columns = 0, n_columns = 0;
    rfm_column_type *segment_types = NULL, *types = NULL;
    rfm_part_column *columns = customers_columns(batch, &n_columns, err);
    if (rfm_file_read(rfm_run_path(batch->run, "segments.csv"), &segments, err) == RFM_OK)
        segment_types = list_types(batch, &n_segment_columns, err);
    types = columns ? rfm_alloc(n_columns, sizeof *types, err) : NULL;
    for (size_t i = 0; types && i < n_columns; i++)
        types[i] = columns[i].type;
    if (err->status == RFM_OK) {
        const rfm_sheet sheets[] = {{"segments", segments.bytes, segment_types, n_segment_columns},
                                    {"customers", rows->bytes, types, n_columns}};
        rfm_workbook_write(rfm_run_temporary(batch->run, "spreadsheet.xlsx"), rfm_run_dir(batch->run), sheets,
                           sizeof sheets / sizeof *sheets, err);
    }
    rfm_text_free(&segments);
    free(segment_types);
    free(types);
    free(columns);
    return err->status;
}

rfm_status spreadsheet_make(rfm_batch *batch, rfm_error *err)
{
    const rfm_frame *frame = &batch->frame;
    const int64_t left = RFM_SHEET_ROWS - frame->first;
    const size_t n = left < 0 ? 0 : left < (int64_t)frame->n ? (size_t)left : frame->n;
    rfm_text rows = {0};
    if (spreadsheet_fits(batch, err) != RFM_OK)
        return err->status;
    if (frame->n_global > RFM_SHEET_ROWS)
        rfm_log(RFM_LOG_WARN, "spreadsheet.xlsx has the first %d customers: a sheet has no more rows",
                (int)RFM_SHEET_ROWS);
    customers_print(batch, n, &rows, err);
    if (rfm_comm_collect(batch->comm, &rows, NULL, NULL, err) == RFM_OK && rfm_comm_rank(batch->comm) == 0) {
        rfm_text_adds(&rows, ""); /* with an end */
        if (rfm_text_check(&rows, err) == RFM_OK)
            write_workbook(batch, &rows, err);
    }
    rfm_text_free(&rows);
    return rfm_comm_agree(batch->comm, err);
}
