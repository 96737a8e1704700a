/* scanner: RFC 4180 rows, or rows of blank-separated words, from the marks of a window. Knows
 * nothing of files, columns and values.
 *
 * Whatever is decided here depends on the row's own bytes only, never on where a window ends: that
 * is why every limit is a distance from the row's first byte, and why a decision that needs a byte
 * behind the window waits for it.
 */
#include "scanner.h"

#include <stdlib.h>

static const char *const not_closed = "a quote is not closed";

void rfm_scanner_open(rfm_scanner *s, rfm_dialect dialect, bool whole, size_t limit)
{
    *s = (rfm_scanner){.dialect = dialect, .whole = whole, .limit = limit};
    s->set.delimiter = (unsigned char)dialect.delimiter;
    if (dialect.delimiter == ' ')
        s->set.odd[0] = '\t';
    else if (dialect.quote >= 0)
        s->set.odd[0] = (unsigned char)dialect.quote;
    if (dialect.delimiter != ' ' && dialect.escape >= 0)
        s->set.odd[2] = (unsigned char)dialect.escape; /* the others stay '\0', which is odd too */
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
    return c == s->set.odd[0] || c == s->set.odd[1] || c == s->set.odd[2];
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

static bool is_quote(const rfm_scanner *s, size_t position)
{
    return (unsigned char)s->bytes[position] == s->dialect.quote;
}

static bool is_escape(const rfm_scanner *s, size_t position)
{
    return (unsigned char)s->bytes[position] == s->dialect.escape;
}

/* Pass over the character behind an escape, which is the mark at hand. One beyond the limit is not passed over: the row
 * is refused there, and its line ends where it ends for everybody. */
static search pass_escaped(const rfm_scanner *s, rfm_row *row, size_t *mark)
{
    const size_t escaped = s->marks[*mark] + (size_t)1;
    if (too_far(s, escaped))
        return FOUND;
    if (escaped == s->n)
        return s->last ? FOUND : NEEDS_MORE;
    if (*mark + 1 == s->n_marks || s->marks[*mark + 1] != escaped)
        return FOUND; /* no mark: nothing to pass over */
    if (s->bytes[escaped] == '\n') {
        if (!s->whole)
            return LINE_END;
        row->n_inner_lines++;
    }
    if (s->bytes[escaped] == '\0')
        blame(row, RFM_REASON_BYTES, "a NUL byte");
    ++*mark;
    return FOUND;
}

/* From an opening quote to its closing one, both marks. What the text between has in it is noted in *field. */
static search find_closing_quote(const rfm_scanner *s, rfm_row *row, size_t *mark, rfm_field *field)
{
    for (++*mark; *mark < s->n_marks; ++*mark) {
        const size_t position = s->marks[*mark];
        if (too_far(s, position) || position == s->n)
            return NOT_CLOSED;
        if (is_escape(s, position)) {
            const search passed = pass_escaped(s, row, mark);
            if (passed != FOUND)
                return passed;
            field->escaped = true;
        } else if (s->bytes[position] == '\n') {
            if (!s->whole)
                return LINE_END;
            row->n_inner_lines++;
        } else if (s->bytes[position] == '\0') {
            blame(row, RFM_REASON_BYTES, "a NUL byte");
        } else if (is_quote(s, position)) {
            if (position + 1 == s->n && !s->last)
                return NEEDS_MORE;
            if (!is_quote(s, position + 1))
                return FOUND;
            field->doubled = true;
            ++*mark;
        } /* a delimiter is the field's */
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
static search find_field_end(const rfm_scanner *s, rfm_row *row, size_t *mark, bool *escaped)
{
    for (; *mark < s->n_marks; ++*mark) {
        const size_t position = s->marks[*mark];
        if (is_escape(s, position)) {
            if (too_far(s, position)) /* as good as an end: the row is refused there */
                return FOUND;
            const search passed = pass_escaped(s, row, mark);
            if (passed != FOUND)
                return passed;
            *escaped = true;
            continue;
        }
        const char c = s->bytes[position];
        if (c == s->dialect.delimiter || c == '\n')
            return FOUND;
        if (c == '\0')
            blame(row, RFM_REASON_BYTES, "a NUL byte");
    }
    return NEEDS_MORE;
}

static rfm_row_kind no_field_end(rfm_scanner *s, rfm_row *row, search found)
{
    return found == LINE_END ? RFM_ROW_QUOTED_LINE_END : run_out(s, row);
}

/* What follows a closing quote is the field's end, or text that must not be there. A CR that ends the
 * window passes for a line end: no mark follows it, so the row is looked at again with more behind. */
static void check_behind_quote(const rfm_scanner *s, rfm_row *row, size_t position)
{
    const char *at = s->bytes + position;
    if (*at != s->dialect.delimiter && *at != '\n' && !(at[0] == '\r' && at[1] == '\n'))
        blame(row, RFM_REASON_QUOTE, "text behind a closing quote");
}

/* One field in quotes; s->marks[*mark] is the opening one. RFM_ROW_FIELDS: go on. */
static rfm_row_kind take_quoted(rfm_scanner *s, rfm_row *row, size_t *mark)
{
    const size_t opening = *mark;
    const int64_t n_lines_before = row->n_inner_lines;
    rfm_field between = {0};
    bool ignored = false; /* what stands behind a quote is refused anyway */
    search found = find_closing_quote(s, row, mark, &between);
    if (found == NOT_CLOSED)
        return refuse_open_quote(s, row, opening, n_lines_before);
    if (found == LINE_END)
        return RFM_ROW_QUOTED_LINE_END;
    if (found == NEEDS_MORE)
        return RFM_ROW_MORE;
    const size_t closing = s->marks[(*mark)++];
    check_behind_quote(s, row, closing + 1);
    rfm_field field = field_of(s, s->marks[opening] + (size_t)1, closing);
    field.doubled = between.doubled;
    field.escaped = between.escaped;
    add_field(s, row, field);
    found = find_field_end(s, row, mark, &ignored);
    return found == FOUND ? RFM_ROW_FIELDS : no_field_end(s, row, found);
}

static rfm_row_kind take_plain(rfm_scanner *s, rfm_row *row, size_t field, size_t *mark)
{
    bool escaped = false;
    const search found = find_field_end(s, row, mark, &escaped);
    if (found != FOUND)
        return no_field_end(s, row, found);
    size_t end = s->marks[*mark];
    if (s->bytes[end] == '\n')
        end = text_end(s, field, end);
    rfm_field text = field_of(s, field, end);
    text.escaped = escaped;
    add_field(s, row, text);
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
            field < s->n && is_quote(s, field) ? take_quoted(s, row, &mark) : take_plain(s, row, field, &mark);
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
    if (s->dialect.delimiter == ' ')
        return split_blanks(s, row);
    return split_plain(s, row) ? RFM_ROW_FIELDS : split_delimited(s, row);
}

/* What an escaped character stands for. */
static char meaning_of(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

size_t rfm_field_decode(rfm_field field, rfm_dialect dialect, char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < field.length; i++) {
        const unsigned char c = (unsigned char)field.bytes[i];
        if (field.escaped && c == dialect.escape && i + 1 < field.length) {
            text[n++] = meaning_of(field.bytes[++i]);
            continue;
        }
        text[n++] = (char)c;
        if (field.doubled && c == dialect.quote)
            i++;
    }
    return n;
}
