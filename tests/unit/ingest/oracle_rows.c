/* oracle_rows: text to records, one byte at a time. Every field is copied; nothing is cut into windows or shards. */
#include "oracle_rows.h"

#include <stdlib.h>
#include <string.h>

void free_record(record *r)
{
    for (size_t i = 0; i < r->n_fields && i < MAX_FIELDS; i++)
        free(r->fields[i].text);
}

static void add_field(record *r, const char *text, size_t length)
{
    if (r->n_fields < MAX_FIELDS) {
        char *copy = calloc(length + 1, 1);
        memcpy(copy, text, length);
        r->fields[r->n_fields] = (field){copy, length};
    }
    r->n_fields++;
}

static void complain(record *r, rfm_reason reason, const char *why)
{
    if (!r->why) {
        r->reason = reason;
        r->why = why;
    }
}

static size_t find_line_end(const document *d, size_t from)
{
    while (from < d->n && d->text[from] != '\n')
        from++;
    return from;
}

/* Close the record at a line end (or the end of the text) at position `at`. */
static void finish(const document *d, record *r, size_t at)
{
    r->end = at;
    if (r->end > r->begin && d->text[r->end - 1] == '\r')
        r->end--;
    if (r->end > r->start + d->limit)
        r->end = r->start + d->limit;
    if (at < d->n)
        r->n_lines++;
    r->next = at < d->n ? at + 1 : d->n;
}

static void refuse_length(const document *d, record *r, size_t at)
{
    r->reason = RFM_REASON_BYTES;
    r->why = "a row is too long";
    finish(d, r, find_line_end(d, at));
    r->end = r->start + d->limit;
}

static bool at_record_end(const document *d, size_t at)
{
    if (at >= d->n || d->text[at] == '\n')
        return true;
    return d->text[at] == '\r' && (at + 1 >= d->n || d->text[at + 1] == '\n');
}

static bool is_escape(const document *d, const record *r, size_t at)
{
    const bool within = at + 1 < d->n && at + 1 - r->start <= d->limit;
    return within && (unsigned char)d->text[at] == d->input->dialect.escape;
}

static bool is_quote(const document *d, size_t at)
{
    return at < d->n && (unsigned char)d->text[at] == d->input->dialect.quote;
}

static char meaning_of(char c)
{
    return (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c);
}

/* What is written as NULL is an empty field. */
static void add_meaning(const document *d, record *r, size_t first, size_t end, const char *text, size_t length)
{
    const char *null = d->input->dialect.null;
    const bool is_null = null && end - first == strlen(null) && memcmp(d->text + first, null, end - first) == 0;
    add_field(r, text, is_null ? 0 : length);
}

/* From an opening quote; *at goes behind the closing one. False: it is never closed. */
static bool read_quoted(const document *d, record *r, size_t *at)
{
    char *text = calloc(d->n - *at + 1, 1);
    size_t length = 0, end = 0;
    bool closed = false, nul = false;
    int64_t n_lines = 0;
    for (size_t i = *at + 1; i < d->n && i - r->start <= d->limit && !closed; i++) {
        if (is_escape(d, r, i)) {
            i++;
            n_lines += d->text[i] == '\n';
            nul |= d->text[i] == '\0';
            text[length++] = meaning_of(d->text[i]);
        } else if (is_quote(d, i) && is_quote(d, i + 1)) {
            text[length++] = d->text[i++];
        } else if (is_quote(d, i)) {
            closed = true;
            end = i;
        } else {
            n_lines += d->text[i] == '\n';
            nul |= d->text[i] == '\0';
            text[length++] = d->text[i];
        }
    }
    if (closed) {
        if (nul)
            complain(r, RFM_REASON_BYTES, "a NUL byte");
        r->n_lines += n_lines;
        add_meaning(d, r, *at + 1, end, text, length);
        *at = end + 1;
    }
    free(text);
    return closed;
}

/* Bytes up to the next delimiter or line end. False: the record became too long. */
static bool pass_plain(const document *d, record *r, size_t *at)
{
    for (; *at < d->n; ++*at) {
        if (*at - r->start > d->limit)
            return false;
        if (is_escape(d, r, *at)) {
            ++*at;
            r->n_lines += d->text[*at] == '\n';
            if (d->text[*at] == '\0')
                complain(r, RFM_REASON_BYTES, "a NUL byte");
            continue;
        }
        if (d->text[*at] == d->input->dialect.delimiter || d->text[*at] == '\n')
            return true;
        if (d->text[*at] == '\0')
            complain(r, RFM_REASON_BYTES, "a NUL byte");
    }
    return *at - r->start <= d->limit;
}

static void add_plain(const document *d, record *r, size_t first, size_t end)
{
    char *text = calloc(end - first + 1, 1);
    size_t length = 0;
    for (size_t i = first; i < end; i++) {
        const bool escaped = is_escape(d, r, i) && i + 1 < end;
        i += escaped;
        text[length++] = escaped ? meaning_of(d->text[i]) : d->text[i];
    }
    add_meaning(d, r, first, end, text, length);
    free(text);
}

static void read_delimited(const document *d, record *r)
{
    size_t at = r->begin;
    for (;;) {
        const size_t first = at;
        if (at - r->start > d->limit) {
            refuse_length(d, r, at);
            return;
        }
        const bool quoted = is_quote(d, at);
        if (quoted && !read_quoted(d, r, &at)) {
            r->reason = RFM_REASON_QUOTE;
            r->why = "a quote is not closed";
            finish(d, r, find_line_end(d, first));
            return;
        }
        if (quoted && !(at < d->n && d->text[at] == d->input->dialect.delimiter) && !at_record_end(d, at))
            complain(r, RFM_REASON_QUOTE, "text behind a closing quote");
        if (!pass_plain(d, r, &at)) {
            refuse_length(d, r, at);
            return;
        }
        const bool last = at >= d->n || d->text[at] == '\n';
        size_t end = at;
        if (last && end > first && d->text[end - 1] == '\r')
            end--;
        if (!quoted)
            add_plain(d, r, first, end);
        if (last)
            break;
        at++;
    }
    finish(d, r, at);
    r->blank = r->begin == r->end && !r->why;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void read_words(const document *d, record *r)
{
    const size_t line_end = find_line_end(d, r->start);
    if (line_end - r->start > d->limit) {
        /* a NUL does not matter then */
        refuse_length(d, r, line_end);
        return;
    }
    finish(d, r, line_end);
    for (size_t i = r->begin; i < r->end;) {
        const size_t first = i;
        while (i < r->end && !is_blank(d->text[i])) {
            if (d->text[i] == '\0')
                complain(r, RFM_REASON_BYTES, "a NUL byte");
            i++;
        }
        if (i > first)
            add_meaning(d, r, first, i, d->text + first, i - first);
        while (i < r->end && is_blank(d->text[i]))
            i++;
    }
    r->blank = r->n_fields == 0 && !r->why;
}

record read_record(const document *d, size_t at)
{
    record r = {.start = at, .begin = at};
    if (at == 0 && d->n >= 3 && memcmp(d->text, "\xEF\xBB\xBF", 3) == 0)
        r.begin = 3;
    if (d->input->dialect.delimiter == ' ')
        read_words(d, &r);
    else
        read_delimited(d, &r);
    return r;
}
