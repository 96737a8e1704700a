/* Stage spreadsheet: segments.csv and customers/ once more, as sheets of one workbook. CSV has no types, and what a
 * spreadsheet takes its cells for depends on the country and on how they look: ids lose their zeros, texts become
 * formulas. Rank 0 writes, and gets the customers a stretch of rows at a time, as text.
 */
#include "batch.h"

enum { STRETCH_CELLS = 1 << 20 }; /* that are under way at a time */

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

/* ---- sheets: rank 0 --------------------------------------------------------------------------------------------- */

/* Of the columns of segments.csv. */
static rfm_column_type *list_segment_types(const rfm_batch *batch, size_t *n, rfm_error *err)
{
    const bool weighted = batch->frame.weights.unit > 0, scored = batch->model.scores.bins > 0;
    *n = (size_t)batch->model.d + (weighted ? 6U : 4U) + (scored ? RFM_N_MEASURES + 1U : 0U);
    rfm_column_type *types = rfm_alloc(*n, sizeof *types, err);
    for (size_t i = 0; types && i < *n; i++)
        types[i] = i == 1 || (scored && i == *n - 1) ? RFM_COLUMN_TEXT : RFM_COLUMN_NUMBER;
    return types;
}

static rfm_status write_segments(rfm_batch *batch, rfm_workbook *book, rfm_error *err)
{
    rfm_text csv = {0};
    size_t n;
    rfm_column_type *types = list_segment_types(batch, &n, err);
    if (types && rfm_file_read(rfm_run_path(batch->run, "segments.csv"), &csv, err) == RFM_OK &&
        rfm_workbook_sheet(book, "segments", types, n, err) == RFM_OK)
        rfm_workbook_rows(book, csv.bytes ? csv.bytes : "", err);
    rfm_text_free(&csv);
    free(types);
    return err->status;
}

static rfm_column_type *list_customer_types(const rfm_batch *batch, size_t *n, rfm_error *err)
{
    rfm_part_column *columns = customers_columns(batch, n, err);
    rfm_column_type *types = columns ? rfm_alloc(*n, sizeof *types, err) : NULL;
    for (size_t i = 0; types && i < *n; i++)
        types[i] = columns[i].type;
    free(columns);
    return types;
}

/* Local. Up to the heading of the customers; *types are to be freed when the workbook is closed. */
static rfm_status begin(rfm_batch *batch, rfm_workbook **book, rfm_column_type **types, rfm_error *err)
{
    rfm_text head = {0};
    size_t n;
    *types = list_customer_types(batch, &n, err);
    if (*types && customers_print_head(batch, &head, err) == RFM_OK &&
        rfm_workbook_open(rfm_run_temporary(batch->run, "spreadsheet.xlsx"), rfm_run_dir(batch->run), book, err) ==
            RFM_OK &&
        write_segments(batch, *book, err) == RFM_OK && rfm_workbook_sheet(*book, "customers", *types, n, err) == RFM_OK)
        rfm_workbook_rows(*book, head.bytes, err);
    rfm_text_free(&head);
    return err->status;
}

/* ---- customers: Collective -------------------------------------------------------------------------------------- */

static int64_t within(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* The customers from `first` on, up to `end`, of all ranks. book: rank 0's. */
static rfm_status write_stretch(rfm_batch *batch, int64_t first, int64_t end, rfm_workbook *book, rfm_error *err)
{
    const rfm_frame *frame = &batch->frame;
    const int64_t n = (int64_t)frame->n;
    const int64_t from = within(first - frame->first, 0, n), to = within(end - frame->first, 0, n);
    rfm_text rows = {0};
    customers_print(batch, (size_t)from, (size_t)to, &rows, err);
    if (rfm_comm_collect(batch->comm, &rows, NULL, NULL, err) == RFM_OK && book) {
        rfm_text_adds(&rows, ""); /* with an end */
        if (rfm_text_check(&rows, err) == RFM_OK)
            rfm_workbook_rows(book, rows.bytes, err);
    }
    rfm_text_free(&rows);
    return rfm_comm_agree(batch->comm, err);
}

static rfm_status write_customers(rfm_batch *batch, rfm_workbook *book, rfm_error *err)
{
    const int64_t n = within(batch->frame.n_global, 0, RFM_SHEET_ROWS);
    const int64_t stretch = within(STRETCH_CELLS / (batch->frame.d + 1), 1, RFM_SHEET_ROWS);
    for (int64_t first = 0; first < n && err->status == RFM_OK; first += stretch)
        write_stretch(batch, first, within(first + stretch, 0, n), book, err);
    return err->status;
}

rfm_status spreadsheet_make(rfm_batch *batch, rfm_error *err)
{
    rfm_workbook *book = NULL;
    rfm_column_type *types = NULL;
    if (spreadsheet_fits(batch, err) != RFM_OK)
        return err->status;
    if (batch->frame.n_global > RFM_SHEET_ROWS)
        rfm_log(RFM_LOG_WARN, "spreadsheet.xlsx has the first %d customers: a sheet has no more rows",
                (int)RFM_SHEET_ROWS);
    if (rfm_comm_rank(batch->comm) == 0)
        begin(batch, &book, &types, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK)
        write_customers(batch, book, err);
    rfm_workbook_close(book, err);
    free(types);
    return rfm_comm_agree(batch->comm, err);
}
