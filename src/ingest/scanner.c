/* scanner: RFC 4180 rows, or rows of blank-separated words, from the marks of a window. Knows
 * nothing of files, columns and values.
 *
 * Whatever is decided here depends on the row's own bytes only, never on where a window ends: that
 * is why every limit is a distance from the row's first byte, and why a decision that needs a byte
 * behind the window waits for it.
 */
#include "scanner.h"

#include <stdlib.h>
#include <string.h>

static const char *const not_closed = "a quote is not closed";

void rfm_scanner_open(rfm_scanner *s, char delimiter, bool whole, size_t limit)
{
    *s = (rfm_scanner){.delimiter = delimiter, .whole = whole, .limit = limit};
    const unsigned char other = delimiter == ' ' ? '\t' : '"';
    s->set = (rfm_mark_set){.delimiter = (unsigned char)delimiter, .odd = {other, '\0'}};
}

void rfm_scanner_close(rfm_scanner *s)
{
    free(s->fields);
    free(s->marks);
    free(s->line_ends);
    *s = (rfm_scanner){0};
}

rfm_status rfm_scanner_expect(rfm_scanner *s, size_t n_fields, rfm_error *err)
{
    free(s->fields);
    s->capacity = 0;
    s->fields = rfm_alloc(n_fields, sizeof *s->fields, err);
    if (s->fields)
        s->capacity = n_fields;
    return err->status;
}

static rfm_status make_room(rfm_scanner *s, size_t n, rfm_error *err)
{
    const size_t need = n + 1 + RFM_MARKS_ROOM;
    if (!s->find && rfm_marks_choose(&s->find, err) != RFM_OK)
        return err->status;
    if (rfm_reserve(&s->marks, &s->marks_capacity, need, sizeof *s->marks, err) != RFM_OK)
        return err->status;
    return rfm_reserve(&s->line_ends, &s->line_ends_capacity, need, sizeof *s->line_ends, err);
}

static void find_marks(rfm_scanner *s)
{
    const rfm_mark_count count = s->find(s->set, s->bytes, s->n, s->marks, s->line_ends);
    s->n_marks = count.n;
    s->n_line_ends = count.n_line_ends;
    s->line = 0;
    s->odd = count.first_odd;
}

/* A file that does not end with a line end is given one, so that its last row is like any other.
 * It stands behind the window's bytes, at position n, and is not counted as a line. */
rfm_status rfm_scanner_window(rfm_scanner *s, char *bytes, size_t n, bool last, rfm_error *err)
{
    if (make_room(s, n, err) != RFM_OK)
        return err->status;
    s->bytes = bytes;
    s->n = n;
    s->last = last;
    s->at = 0;
    s->mark = 0;
    bytes[n] = '\n';
    find_marks(s);
    if (last) {
        s->line_ends[s->n_line_ends++] = (uint32_t)s->n_marks;
        s->marks[s->n_marks++] = (uint32_t)n;
    }
    return RFM_OK;
}

/* ---- what all rows share ---------------------------------------------------------------------------------------- */

static rfm_row row_at(const rfm_scanner *s)
{
    return (rfm_row){.begin = s->at + s->lead};
}

/* The first complaint about a row stands. */
static void blame(rfm_row *row, rfm_reason reason, const char *why)
{
    if (row->why)
        return;
    row->reason = reason;
    row->why = why;
}

static bool too_far(const rfm_scanner *s, size_t position)
{
    return position - s->at > s->limit;
}

static void add_field(rfm_scanner *s, rfm_row *row, rfm_field field)
{
    if (row->n_fields < s->capacity)
        s->fields[row->n_fields] = field;
    row->n_fields++;
}

static rfm_field field_of(const rfm_scanner *s, size_t begin, size_t end)
{
    return (rfm_field){.bytes = s->bytes + begin, .length = (uint32_t)(end - begin)};
}

/* The end of the text in front of a line end: LF or CR LF. */
static size_t text_end(const rfm_scanner *s, size_t begin, size_t line_end)
{
    return line_end > begin && s->bytes[line_end - 1] == '\r' ? line_end - 1 : line_end;
}

/* Go on behind mark number `mark`, which is a line end. */
static void pass_line_end(rfm_scanner *s, rfm_row *row, size_t mark)
{
    size_t line_end = s->marks[mark];
    row->has_line_end = line_end < s->n;
    s->at = row->has_line_end ? line_end + 1 : s->n;
    s->mark = mark + 1;
    s->lead = 0;
}

static rfm_row_kind finish_row(rfm_scanner *s, rfm_row *row, size_t mark)
{
    row->end = text_end(s, row->begin, s->marks[mark]);
    if (too_far(s, row->end)) /* an unclosed quote's line: show what every window has of it */
        row->end = s->at + s->limit;
    pass_line_end(s, row, mark);
    if (row->why)
        return RFM_ROW_FAULT;
    return row->begin == row->end || row->n_fields == 0 ? RFM_ROW_NONE : RFM_ROW_FIELDS;
}

/* Refuse what began at s->at, and skip from `position`, whose first mark is number `mark`, to the
 * next line end. */
static rfm_row_kind refuse_and_skip(rfm_scanner *s, rfm_row *row, size_t position, size_t mark)
{
    row->end = s->at + s->limit;
    s->at = position;
    s->mark = mark;
    s->lead = 0;
    s->skipping = true;
    return RFM_ROW_FAULT;
}

static rfm_row_kind refuse_length(rfm_scanner *s, rfm_row *row, size_t position, size_t mark)
{
    row->reason = RFM_REASON_BYTES;
    row->why = "a row is too long";
    return refuse_and_skip(s, row, position, mark);
}

/* The marks ran out before the row ended. */
static rfm_row_kind run_out(rfm_scanner *s, rfm_row *row)
{
    return too_far(s, s->n) ? refuse_length(s, row, s->n, s->n_marks) : RFM_ROW_MORE;
}

static rfm_row_kind skip_line(rfm_scanner *s, rfm_row *row)
{
    *row = row_at(s);
    while (s->mark < s->n_marks && s->bytes[s->marks[s->mark]] != '\n')
        s->mark++;
    if (s->mark == s->n_marks) {
        s->at = s->n;
        return RFM_ROW_MORE;
    }
    s->skipping = false;
    row->end = s->marks[s->mark];
    pass_line_end(s, row, s->mark);
    return RFM_ROW_NONE;
}

/* ---- rows with a delimiter -------------------------------------------------------------------------------------- */

static bool is_odd(const rfm_scanner *s, size_t mark)
{
    const unsigned char c = (unsigned char)s->bytes[s->marks[mark]];
    return c == s->set.odd[0] || c == s->set.odd[1];
}

/* In a window without odd marks there is nothing to look for. */
void rfm_scanner_catch_up(rfm_scanner *s)
{
    while (s->line < s->n_line_ends && s->line_ends[s->line] < s->mark)
        s->line++;
    while (s->odd < s->n_marks && (s->odd < s->mark || !is_odd(s, s->odd)))
        s->odd++;
}

/* The common row: as many fields as expected and nothing odd. False: look again, more carefully. */
static bool split_plain(rfm_scanner *s, rfm_row *row)
{
    const size_t n = s->capacity, last = s->mark + n - 1;
    rfm_scanner_catch_up(s);
    if (n == 0 || s->line == s->n_line_ends || s->line_ends[s->line] != last || s->odd < last)
        return false;
    const uint32_t *marks = s->marks + s->mark;
    const size_t begin = s->at + s->lead, line_end = marks[n - 1];
    size_t field = begin;
    for (size_t i = 0; i + 1 < n; i++) {
        s->fields[i] = field_of(s, field, marks[i]);
        field = marks[i] + (size_t)1;
    }
    const size_t end = text_end(s, field, line_end);
    if (too_far(s, line_end) || end == begin)
        return false;
    s->fields[n - 1] = field_of(s, field, end);
    *row = (rfm_row){.begin = begin, .end = end, .n_fields = n};
    pass_line_end(s, row, last);
    return true;
}

typedef enum search { FOUND, NOT_CLOSED, LINE_END, NEEDS_MORE } search;

/* From an opening quote to its closing one, both marks. */
static search find_closing_quote(const rfm_scanner *s, rfm_row *row, size_t *mark, bool *doubled)
{
    for (++*mark; *mark < s->n_marks; ++*mark) {
        size_t position = s->marks[*mark];
        if (too_far(s, position) || position == s->n)
            return NOT_CLOSED;
        switch (s->bytes[position]) {
        case '\n':
            if (!s->whole)
                return LINE_END;
            row->n_inner_lines++;
            break;
        case '\0':
            blame(row, RFM_REASON_BYTES, "a NUL byte");
            break;
        case '"':
            if (position + 1 == s->n && !s->last)
                return NEEDS_MORE;
            if (s->bytes[position + 1] != '"')
                return FOUND;
            *doubled = true;
            ++*mark;
            break;
        default: /* a delimiter is the field's */
            break;
        }
    }
    return too_far(s, s->n) ? NOT_CLOSED : NEEDS_MORE;
}

/* A quote that is never closed was none: refuse its line alone, and go on behind that. */
static rfm_row_kind refuse_open_quote(rfm_scanner *s, rfm_row *row, size_t mark, int64_t n_lines_before)
{
    row->reason = RFM_REASON_QUOTE;
    row->why = not_closed;
    row->n_inner_lines = n_lines_before;
    for (; mark < s->n_marks; mark++)
        if (s->bytes[s->marks[mark]] == '\n')
            return finish_row(s, row, mark);
    return refuse_and_skip(s, row, s->n, s->n_marks);
}

/* On FOUND *mark is the delimiter or line end behind the field. */
static search find_field_end(const rfm_scanner *s, rfm_row *row, size_t *mark)
{
    for (; *mark < s->n_marks; ++*mark) {
        char c = s->bytes[s->marks[*mark]];
        if (c == s->delimiter || c == '\n')
            return FOUND;
        if (c == '\0')
            blame(row, RFM_REASON_BYTES, "a NUL byte");
    }
    return NEEDS_MORE;
}

/* What follows a closing quote is the field's end, or text that must not be there. A CR that ends the
 * window passes for a line end: no mark follows it, so the row is looked at again with more behind. */
static void check_behind_quote(const rfm_scanner *s, rfm_row *row, size_t position)
{
    const char *at = s->bytes + position;
    if (*at != s->delimiter && *at != '\n' && !(at[0] == '\r' && at[1] == '\n'))
        blame(row, RFM_REASON_QUOTE, "text behind a closing quote");
}

/* One field in quotes; s->marks[*mark] is the opening one. RFM_ROW_FIELDS: go on. */
static rfm_row_kind take_quoted(rfm_scanner *s, rfm_row *row, size_t *mark)
{
    const size_t opening = *mark;
    const int64_t n_lines_before = row->n_inner_lines;
    bool doubled = false;
    search found = find_closing_quote(s, row, mark, &doubled);
    if (found == NOT_CLOSED)
        return refuse_open_quote(s, row, opening, n_lines_before);
    if (found == LINE_END)
        return RFM_ROW_QUOTED_LINE_END;
    if (found == NEEDS_MORE)
        return RFM_ROW_MORE;
    const size_t closing = s->marks[(*mark)++];
    check_behind_quote(s, row, closing + 1);
    rfm_field field = field_of(s, s->marks[opening] + (size_t)1, closing);
    field.doubled = doubled;
    add_field(s, row, field);
    return find_field_end(s, row, mark) == FOUND ? RFM_ROW_FIELDS : run_out(s, row);
}

static rfm_row_kind take_plain(rfm_scanner *s, rfm_row *row, size_t field, size_t *mark)
{
    if (find_field_end(s, row, mark) != FOUND)
        return run_out(s, row);
    size_t end = s->marks[*mark];
    if (s->bytes[end] == '\n')
        end = text_end(s, field, end);
    add_field(s, row, field_of(s, field, end));
    return RFM_ROW_FIELDS;
}

static rfm_row_kind split_delimited(rfm_scanner *s, rfm_row *row)
{
    size_t mark = s->mark, field = s->at + s->lead;
    *row = row_at(s);
    for (;;) {
        if (too_far(s, field))
            return refuse_length(s, row, field, mark);
        rfm_row_kind kind =
            field < s->n && s->bytes[field] == '"' ? take_quoted(s, row, &mark) : take_plain(s, row, field, &mark);
        if (kind != RFM_ROW_FIELDS)
            return kind;
        const size_t end = s->marks[mark];
        if (too_far(s, end))
            return refuse_length(s, row, end, mark);
        if (s->bytes[end] == '\n')
            return finish_row(s, row, mark);
        mark++;
        field = end + 1;
    }
}

/* ---- rows of words between blanks ------------------------------------------------------------------------------- */

static rfm_row_kind split_blanks(rfm_scanner *s, rfm_row *row)
{
    size_t word = s->at + s->lead;
    *row = row_at(s);
    for (size_t mark = s->mark; mark < s->n_marks; mark++) {
        size_t end = s->marks[mark];
        const char c = s->bytes[end];
        if (too_far(s, end))
            return refuse_length(s, row, end, mark);
        if (c == '\0') {
            blame(row, RFM_REASON_BYTES, "a NUL byte");
            continue;
        }
        if (c == '\n')
            end = text_end(s, word, end);
        if (end > word)
            add_field(s, row, field_of(s, word, end));
        if (c == '\n')
            return finish_row(s, row, mark);
        word = end + 1;
    }
    return run_out(s, row);
}

rfm_row_kind rfm_scanner_next(rfm_scanner *s, rfm_row *row)
{
    if (s->skipping)
        return skip_line(s, row);
    if (s->delimiter == ' ')
        return split_blanks(s, row);
    return split_plain(s, row) ? RFM_ROW_FIELDS : split_delimited(s, row);
}

size_t rfm_field_undouble(rfm_field field, char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < field.length; i++) {
        text[n++] = field.bytes[i];
        if (field.bytes[i] == '"')
            i++;
    }
    return n;
}
