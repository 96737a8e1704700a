/* heading: find and read the first row of a file, from whatever shard. Knows no values.
 *
 * With a header it is the first line that is not blank; without one, the first row that can be
 * split, since only its number of fields is asked for.
 */
#include "heading.h"

#include <string.h>

#include "format.h"
#include "reader.h"

enum { HEAD_BLOCK_BYTES = 16 << 10 };

typedef struct search {
    rfm_reader reader;
    rfm_scanner scanner;
    rfm_row row;
    int64_t row_at; /* in the file */
    int64_t line;
} search;

size_t rfm_head_mark_bytes(const char *bytes, size_t n)
{
    static const char mark[3] = {'\xEF', '\xBB', '\xBF'};
    return n >= sizeof mark && memcmp(bytes, mark, sizeof mark) == 0 ? sizeof mark : 0;
}

static rfm_status fill(search *s, rfm_error *err)
{
    if (rfm_reader_fill(&s->reader, s->scanner.at, err) != RFM_OK)
        return err->status;
    return rfm_scanner_window(&s->scanner, s->reader.bytes, s->reader.n, rfm_reader_at_end(&s->reader), err);
}

static rfm_status open_search(search *s, const rfm_reading *reading, rfm_error *err)
{
    const rfm_input *input = reading->input;
    const size_t block = reading->block_bytes < HEAD_BLOCK_BYTES ? reading->block_bytes : HEAD_BLOCK_BYTES;
    const rfm_file *file = &reading->files->files[reading->shard->file];
    rfm_scanner_open(&s->scanner, rfm_format_dialect(input, file), true, reading->row_bytes);
    if (rfm_reader_open(&s->reader, file, 0, block, input->fault_file, err) != RFM_OK || fill(s, err) != RFM_OK)
        return err->status;
    s->scanner.lead = rfm_head_mark_bytes(s->reader.bytes, s->reader.n);
    s->line = 1;
    return RFM_OK;
}

static void close_search(search *s)
{
    rfm_reader_close(&s->reader);
    rfm_scanner_close(&s->scanner);
}

/* The next row of the file that is one, or that a header may not be. *kind is RFM_ROW_MORE at the
 * end. */
static rfm_status next_row(search *s, bool header, rfm_row_kind *kind, rfm_error *err)
{
    for (;;) {
        s->row_at = s->reader.offset + (int64_t)s->scanner.at;
        *kind = RFM_ROW_MORE;
        if (s->scanner.at == s->scanner.n && rfm_reader_at_end(&s->reader))
            return RFM_OK;
        *kind = rfm_scanner_next(&s->scanner, &s->row);
        if (*kind == RFM_ROW_FIELDS || (*kind == RFM_ROW_FAULT && header))
            return RFM_OK;
        if (*kind != RFM_ROW_MORE)
            s->line += s->row.n_inner_lines + s->row.has_line_end;
        else if (fill(s, err) != RFM_OK)
            return err->status;
    }
}

/* Scan the row that was just met once more, now with room for its fields. */
static rfm_status split_again(search *s, rfm_error *err)
{
    rfm_scanner *scanner = &s->scanner;
    const size_t at = (size_t)(s->row_at - s->reader.offset);
    if (rfm_scanner_expect(scanner, s->row.n_fields, err) != RFM_OK ||
        rfm_scanner_window(scanner, s->reader.bytes, s->reader.n, scanner->last, err) != RFM_OK)
        return err->status;
    scanner->lead = s->row.begin - at;
    scanner->at = at;
    while (scanner->marks[scanner->mark] < at)
        scanner->mark++;
    rfm_assert(rfm_scanner_next(scanner, &s->row) == RFM_ROW_FIELDS);
    return RFM_OK;
}

static rfm_status bind_columns(search *s, bool header, rfm_columns *columns, rfm_error *err)
{
    if (split_again(s, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < s->scanner.capacity; i++) {
        rfm_field *name = &s->scanner.fields[i];
        if (name->doubled || name->escaped) {
            char *text = s->reader.bytes + (name->bytes - s->reader.bytes);
            name->length = (uint32_t)rfm_field_decode(*name, s->scanner.dialect, text);
        }
    }
    const rfm_heading heading = {.path = s->reader.stream.file->path,
                                 .line = s->line,
                                 .fields = s->scanner.fields,
                                 .n_fields = s->scanner.capacity,
                                 .named = header};
    return rfm_columns_bind(columns, &heading, err);
}

rfm_status rfm_head_read(const rfm_reading *reading, rfm_columns *columns, rfm_head *head, rfm_error *err)
{
    const bool header = reading->input->header;
    search s = {0};
    rfm_row_kind kind;
    *head = (rfm_head){.names_at = -1};
    if (open_search(&s, reading, err) != RFM_OK || next_row(&s, header, &kind, err) != RFM_OK || kind == RFM_ROW_MORE)
        goto done;
    if (kind == RFM_ROW_FAULT) {
        rfm_fail(err, RFM_DATA, "%s: line %lld: the header cannot be read: %s", s.reader.stream.file->path,
                 (long long)s.line, s.row.why);
        goto done;
    }
    head->n_fields = s.row.n_fields;
    head->names_at = header ? s.row_at : -1;
    bind_columns(&s, header, columns, err);
done:
    close_search(&s);
    return err->status;
}
