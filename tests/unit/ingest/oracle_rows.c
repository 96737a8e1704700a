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

/* From an opening quote; *at goes behind the closing one. False: it is never closed. */
static bool read_quoted(const document *d, record *r, size_t *at)
{
    char *text = calloc(d->n - *at + 1, 1);
    size_t length = 0;
    bool closed = false, nul = false;
    int64_t n_lines = 0;
    for (size_t i = *at + 1; i < d->n && i - r->start <= d->limit && !closed; i++) {
        if (d->text[i] == '"' && i + 1 < d->n && d->text[i + 1] == '"') {
            text[length++] = '"';
            i++;
        } else if (d->text[i] == '"') {
            closed = true;
            *at = i + 1;
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
        add_field(r, text, length);
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
        if (d->text[*at] == d->input->delimiter || d->text[*at] == '\n')
            return true;
        if (d->text[*at] == '\0')
            complain(r, RFM_REASON_BYTES, "a NUL byte");
    }
    return *at - r->start <= d->limit;
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
        const bool quoted = at < d->n && d->text[at] == '"';
        if (quoted && !read_quoted(d, r, &at)) {
            r->reason = RFM_REASON_QUOTE;
            r->why = "a quote is not closed";
            finish(d, r, find_line_end(d, first));
            return;
        }
        if (quoted && !(at < d->n && d->text[at] == d->input->delimiter) && !at_record_end(d, at))
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
            add_field(r, d->text + first, end - first);
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
            add_field(r, d->text + first, i - first);
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
    if (d->input->delimiter == ' ')
        read_words(d, &r);
    else
        read_delimited(d, &r);
    return r;
}
