/* workbook: tables of text as a file that spreadsheets open, by libxlsxwriter. Each cell has its type, so that nothing
 * depends on where in the world it is opened: a text is one even where it looks like a number or a formula. The same
 * tables give the same bytes. Knows nothing of what the tables say.
 */
#include "json.h"
#include "rfmpi/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum {
    DIGITS = 15,        /* of a number that a spreadsheet keeps */
    CREATED = 315532800 /* 1980-01-01, which the library gives the parts of the file: no moment of today is in it */
};

struct rfm_workbook {
    char *path, *folder;
    lxw_workbook *book;
    lxw_format *bold;
    lxw_worksheet *sheet; /* the one that grows */
    const rfm_column_type *types;
    size_t n_columns;
    lxw_row_t row; /* the next one */
    rfm_text field;
};

const char *rfm_workbook_library(void)
{
    return lxw_version();
}

static rfm_status check(const rfm_workbook *w, lxw_error failed, rfm_error *err)
{
    if (failed == LXW_NO_ERROR)
        return err->status;
    return rfm_fail(err, failed == LXW_ERROR_MEMORY_MALLOC_FAILED ? RFM_NO_MEMORY : RFM_IO, "%s: cannot write: %s",
                    w->path, lxw_strerror(failed));
}

/* ---- cells ------------------------------------------------------------------------------------------------------ */

static lxw_error put_text(const rfm_workbook *w, lxw_col_t column, lxw_format *format, rfm_error *err)
{
    char *legible = rfm_json_legible(w->field.bytes, err);
    const lxw_error failed = legible ? worksheet_write_string(w->sheet, w->row, column, legible, format) : LXW_NO_ERROR;
    free(legible);
    return failed;
}

static bool is_long(const char *digits)
{
    return strspn(digits + (*digits == '-'), "0123456789") > DIGITS;
}

static bool is_number(rfm_column_type type, const char *text)
{
    return type == RFM_COLUMN_NUMBER || type == RFM_COLUMN_SMALL || (type == RFM_COLUMN_INTEGER && !is_long(text));
}

/* What the field has; the first row's names are bold texts. */
static lxw_error put_cell(const rfm_workbook *w, lxw_col_t column, rfm_error *err)
{
    const char *text = w->field.bytes;
    if (w->row == 0)
        return put_text(w, column, w->bold, err);
    if (*text == '\0')
        return LXW_NO_ERROR;
    return is_number(w->types[column], text)
               ? worksheet_write_number(w->sheet, w->row, column, strtod(text, NULL), NULL)
               : put_text(w, column, NULL, err);
}

/* The library does not look at what becomes of the rows it writes, into a file of its own. */
static rfm_status check_rows(const rfm_workbook *w, rfm_error *err)
{
    FILE *rows = w->sheet->optimize_tmpfile;
    if (err->status == RFM_OK && rows && (fflush(rows) != 0 || ferror(rows)))
        rfm_fail_errno(err, errno, "%s: cannot write its rows", w->path);
    return err->status;
}

rfm_status rfm_workbook_rows(rfm_workbook *w, const char *csv, rfm_error *err)
{
    for (const char *at = csv; *at && err->status == RFM_OK; w->row++) {
        for (size_t i = 0; i < w->n_columns && err->status == RFM_OK; i++) {
            rfm_csv_take(&at, &w->field);
            if (rfm_text_check(&w->field, err) == RFM_OK)
                check(w, put_cell(w, (lxw_col_t)i, err), err);
            at += *at == ',';
        }
        at += *at == '\n';
    }
    return check_rows(w, err);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

/* Nobody else may read it: the library opens what is there. */
static rfm_status make_private(const char *path, rfm_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || close(fd) != 0)
        rfm_fail_errno(err, errno, "%s: cannot create", path);
    return err->status;
}

static rfm_status open_book(rfm_workbook *w, rfm_error *err)
{
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = w->folder, .use_zip64 = LXW_TRUE};
    lxw_doc_properties properties = {.created = CREATED};
    w->book = workbook_new_opt(w->path, &options);
    w->bold = w->book ? workbook_add_format(w->book) : NULL;
    if (!w->bold)
        return check(w, LXW_ERROR_MEMORY_MALLOC_FAILED, err);
    format_set_bold(w->bold);
    return check(w, workbook_set_properties(w->book, &properties), err);
}

rfm_status rfm_workbook_open(const char *path, const char *scratch, rfm_workbook **workbook, rfm_error *err)
{
    rfm_workbook *w = *workbook = rfm_alloc(1, sizeof *w, err);
    if (!w)
        return err->status;
    w->path = rfm_copy_string(path, err);
    w->folder = rfm_copy_string(scratch, err);
    if (err->status == RFM_OK && make_private(path, err) == RFM_OK)
        open_book(w, err);
    return err->status;
}

rfm_status rfm_workbook_sheet(rfm_workbook *w, const char *name, const rfm_column_type *types, size_t n, rfm_error *err)
{
    w->sheet = workbook_add_worksheet(w->book, name);
    if (!w->sheet)
        return check(w, LXW_ERROR_MEMORY_MALLOC_FAILED, err);
    w->types = types;
    w->n_columns = n;
    w->row = 0;
    worksheet_freeze_panes(w->sheet, 1, 0);
    return RFM_OK;
}

rfm_status rfm_workbook_close(rfm_workbook *w, rfm_error *err)
{
    if (!w)
        return err->status;
    if (w->book) { /* also after a failure: only this lets go of the library's own files */
        const lxw_error failed = workbook_close(w->book);
        if (err->status == RFM_OK)
            check(w, failed, err);
    }
    rfm_text_free(&w->field);
    free(w->path);
    free(w->folder);
    free(w);
    return err->status;
}
