/* workbook: a build without libxlsxwriter writes none. */
#include "rfmpi/store.h"

const char *rfm_workbook_library(void)
{
    return NULL;
}

rfm_status rfm_workbook_open(const char *path, const char *scratch, rfm_workbook **workbook, rfm_error *err)
{
    (void)scratch;
    *workbook = NULL;
    return rfm_fail(err, RFM_USAGE, "%s: this build writes no spreadsheets: it was made without libxlsxwriter", path);
}

rfm_status rfm_workbook_sheet(rfm_workbook *workbook, const char *name, const rfm_column_type *types, size_t n,
                              rfm_error *err)
{
    (void)workbook, (void)name, (void)types, (void)n;
    return err->status;
}

rfm_status rfm_workbook_rows(rfm_workbook *workbook, const char *csv, rfm_error *err)
{
    (void)workbook, (void)csv;
    return err->status;
}

rfm_status rfm_workbook_close(rfm_workbook *workbook, rfm_error *err)
{
    (void)workbook;
    return err->status;
}
