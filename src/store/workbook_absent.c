/* workbook: a build without libxlsxwriter writes none. */
#include "rfmpi/store.h"

const char *rfm_workbook_library(void)
{
    return NULL;
}

rfm_status rfm_workbook_write(const char *path, const char *scratch, const rfm_sheet *sheets, size_t n, rfm_error *err)
{
    (void)scratch, (void)sheets, (void)n;
    return rfm_fail(err, RFM_USAGE, "%s: this build writes no spreadsheets: it was made without libxlsxwriter", path);
}
