/* workbook: tables of text as a file that spreadsheets open, by libxlsxwriter. Each cell has its type, so that nothing
 * depends on where in the world it is opened: a text is one even where it looks like a number or a formula. Knows
 * nothing of what the tables say.
 */
#include "json.h"
#include "rfmpi/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { DIGITS = 15 }; /* of a number that a spreadsheet keeps */

const char *rfm_workbook_library(void)
{
    return lxw_version();
}

/* ---- fields of CSV ---------------------------------------------------------------------------------------------- */

/* What stands up to the next comma or line end, without its quotes; *at moves onto that. */
static void take_field(const char **at, rfm_text *field)
{
    const char *c = *at;
    const bool quoted = *c == '"';
    field->length = 0;
    rfm_text_adds(field, "");
    for (c += quoted; *c && (quoted ? *c != '"' || c[1] == '"' : *c != ',' && *c != '\n'); c++) {
        c += quoted && *c == '"';
        rfm_text_add(field, c, 1);
    }
    *at = c + (quoted && *c == '"');
}

/* ---- cells ------------------------------------------------------------------------------------------------------ */

typedef struct place {
    lxw_worksheet *sheet;
    lxw_row_t row;
    lxw_col_t column;
} place;

static lxw_error put_text(const place *to, const char *text, lxw_format *format, rfm_error *err)
{
    char *legible = rfm_json_legible(text, err);
    const lxw_error failed =
        legible ? worksheet_write_string(to->sheet, to->row, to->column, legible, format) : LXW_NO_ERROR;
    free(legible);
    return failed;
}

static bool is_long(const char *digits)
{
    return strspn(digits + (*digits == '-'), "0123456789") > DIGITS;
}

static lxw_error put_cell(const place *to, rfm_column_type type, const char *text, rfm_error *err)
{
    if (*text == '\0')
        return LXW_NO_ERROR;
    if (type == RFM_COLUMN_NUMBER || type == RFM_COLUMN_SMALL || (type == RFM_COLUMN_INTEGER && !is_long(text)))
        return worksheet_write_number(to->sheet, to->row, to->column, strtod(text, NULL), NULL);
    return put_text(to, text, NULL, err);
}

static lxw_error put_rows(lxw_worksheet *sheet, const rfm_sheet *from, lxw_format *bold, rfm_error *err)
{
    rfm_text field = {0};
    lxw_error failed = LXW_NO_ERROR;
    lxw_row_t row = 0;
    for (const char *at = from->csv; *at && failed == LXW_NO_ERROR && err->status == RFM_OK; row++) {
        for (size_t i = 0; i < from->n_columns && failed == LXW_NO_ERROR; i++) {
            const place to = {sheet, row, (lxw_col_t)i};
            take_field(&at, &field);
            if (rfm_text_check(&field, err) == RFM_OK)
                failed =
                    row == 0 ? put_text(&to, field.bytes, bold, err) : put_cell(&to, from->types[i], field.bytes, err);
            at += *at == ',';
        }
        at += *at == '\n';
    }
    rfm_text_free(&field);
    return failed;
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

static lxw_error put_sheets(lxw_workbook *book, const rfm_sheet *sheets, size_t n, rfm_error *err)
{
    lxw_error failed = LXW_NO_ERROR;
    lxw_format *bold = workbook_add_format(book);
    if (bold)
        format_set_bold(bold);
    for (size_t i = 0; i < n && failed == LXW_NO_ERROR && err->status == RFM_OK; i++) {
        lxw_worksheet *sheet = bold ? workbook_add_worksheet(book, sheets[i].name) : NULL;
        if (!sheet)
            return LXW_ERROR_MEMORY_MALLOC_FAILED;
        worksheet_freeze_panes(sheet, 1, 0);
        failed = put_rows(sheet, &sheets[i], bold, err);
    }
    return failed;
}

rfm_status rfm_workbook_write(const char *path, const char *scratch, const rfm_sheet *sheets, size_t n, rfm_error *err)
{
    char *folder = rfm_copy_string(scratch, err);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = folder, .use_zip64 = LXW_TRUE};
    lxw_workbook *book = folder && make_private(path, err) == RFM_OK ? workbook_new_opt(path, &options) : NULL;
    if (!book && err->status == RFM_OK)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for %s", path);
    if (book) {
        const lxw_error failed = put_sheets(book, sheets, n, err), at_close = workbook_close(book);
        const lxw_error first = failed != LXW_NO_ERROR ? failed : at_close;
        if (first != LXW_NO_ERROR)
            rfm_fail(err, first == LXW_ERROR_MEMORY_MALLOC_FAILED ? RFM_NO_MEMORY : RFM_IO, "%s: cannot write: %s",
                     path, lxw_strerror(first));
    }
    free(folder);
    return err->status;
}
