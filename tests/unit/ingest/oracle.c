/* oracle: an obviously correct parser, or as near to one as can be. It shares with the reader only
 * base's numbers, times and hashes. Every field is copied; nothing is cut into windows or shards.
 */
#include "oracle.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_FIELDS = 64 };

typedef struct field {
    char *text;
    size_t length;
} field;

typedef struct record {
    size_t start, begin, end, next; /* with a byte order mark, begin = start + 3 */
    int64_t n_lines;                /* line ends passed */
    size_t n_fields;
    field fields[MAX_FIELDS];
    rfm_reason reason;
    const char *why; /* NULL: a good record */
    bool blank;
} record;

typedef struct document {
    const rfm_input *input;
    const char *text;
    size_t n, limit;
} document;

static void free_record(record *r)
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

static record read_record(const document *d, size_t at)
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

/* ---- meaning --------------------------------------------------------------------------------- */

typedef struct names {
    record first;
    size_t n_fields;
    bool known;
} names;

static int column(const document *d, const names *header, const char *name)
{
    int found = -1;
    if (!d->input->header)
        return atoi(name) > (int)header->n_fields ? -1 : atoi(name) - 1;
    for (size_t i = 0; i < header->n_fields; i++) {
        const field *f = &header->first.fields[i];
        if (f->length == strlen(name) && memcmp(f->text, name, f->length) == 0) {
            if (found >= 0)
                return -1;
            found = (int)i;
        }
    }
    return found;
}

static field cell(const document *d, const names *header, const record *r, const char *name)
{
    return r->fields[column(d, header, name)];
}

static bool rule_holds(const rfm_rule *rule, field f)
{
    const size_t n = rule->text ? strlen(rule->text) : 0;
    const bool equal = f.length == n && memcmp(f.text, rule->text ? rule->text : "", n) == 0;
    const bool prefix = f.length >= n && memcmp(f.text, rule->text ? rule->text : "", n) == 0;
    switch (rule->kind) {
    case RFM_RULE_EQUAL:
        return equal;
    case RFM_RULE_NOT:
        return !equal;
    case RFM_RULE_PREFIX:
        return prefix;
    case RFM_RULE_NOT_PREFIX:
        return !prefix;
    case RFM_RULE_ABOVE:
        return f.length > 0 && strtod(f.text, NULL) > strtod(rule->text, NULL);
    case RFM_RULE_BELOW:
        return f.length > 0 && strtod(f.text, NULL) < strtod(rule->text, NULL);
    case RFM_RULE_PRESENT:
        return f.length > 0;
    }
    return false;
}

static void reject(reading *out, int64_t line, rfm_reason reason, const char *detail, const document *d,
                   const record *r)
{
    rfm_text_addf(&out->rejects, "%" PRId64 " %s: %s | ", line, rfm_reason_name(reason), detail);
    for (size_t i = r->begin; i < r->end && i < r->begin + 1000; i++)
        rfm_text_add(&out->rejects, d->text[i] ? d->text + i : "?", 1);
    rfm_text_adds(&out->rejects, "\n");
}

static void reject_text(reading *out, int64_t line, rfm_reason reason, const char *before, field f, const char *after,
                        const document *d, const record *r)
{
    char detail[300];
    snprintf(detail, sizeof detail, "%s '%.*s%s'%s", before, (int)(f.length > 60 ? 60 : f.length), f.text,
             f.length > 60 ? "..." : "", after);
    reject(out, line, reason, detail, d, r);
}

/* Numbers, rules' numbers too; false after a reject. */
static bool check_numbers(const document *d, const names *header, const record *r, int64_t line, reading *out,
                          int64_t *values, bool *present)
{
    const rfm_input *input = d->input;
    for (size_t i = 0; i < input->n_numbers; i++) {
        present[i] = true;
        values[i] = 1;
        for (int c = 0; c < input->numbers[i].n_columns; c++) {
            const char *name = input->numbers[i].columns[c];
            field f = cell(d, header, r, name);
            int64_t value = 0;
            rfm_parse parse = rfm_decimal_parse(f.text, f.length, input->decimals, &value);
            if (parse == RFM_PARSE_BAD || parse == RFM_PARSE_RANGE) {
                reject_text(out, line, RFM_REASON_NUMBER, name, f,
                            parse == RFM_PARSE_BAD ? " is no number"
                                                   : " is too large or has more digits than input.decimals",
                            d, r);
                return false;
            }
            present[i] &= parse == RFM_PARSE_OK;
            values[i] *= value; /* the tests' products are small */
        }
    }
    for (size_t p = 0; p <= input->n_predicates; p++) {
        const rfm_rule *rules = p == 0 ? input->rules : input->predicates[p - 1].rules;
        const size_t n = p == 0 ? input->n_rules : input->predicates[p - 1].n_rules;
        for (size_t i = 0; i < n; i++) {
            int64_t value;
            if (rules[i].kind != RFM_RULE_ABOVE && rules[i].kind != RFM_RULE_BELOW)
                continue;
            field f = cell(d, header, r, rules[i].column);
            if (rfm_decimal_parse(f.text, f.length, input->decimals, &value) == RFM_PARSE_BAD) {
                reject_text(out, line, RFM_REASON_NUMBER, rules[i].column, f, " is no number", d, r);
                return false;
            }
        }
    }
    return true;
}

static bool all_hold(const document *d, const names *header, const record *r, const rfm_rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!rule_holds(&rules[i], cell(d, header, r, rules[i].column)))
            return false;
    return true;
}

static uint64_t find_where(const document *d, const names *header, const record *r, int64_t us)
{
    const rfm_input *input = d->input;
    field event = {"purchase", 8};
    if (input->event)
        event = cell(d, header, r, input->event);
    uint64_t where = 0;
    for (size_t p = 0; p < input->n_predicates; p++) {
        const rfm_predicate *predicate = &input->predicates[p];
        bool selected = predicate->n_events == 0;
        for (size_t i = 0; i < predicate->n_events; i++)
            selected |= strlen(predicate->events[i]) == event.length &&
                        memcmp(predicate->events[i], event.text, event.length) == 0;
        const int hour = rfm_time_hour(input->zone, us);
        const int weekday = rfm_day_weekday(rfm_time_day(input->zone, us));
        selected &= predicate->hours == 0 || (predicate->hours >> hour & 1);
        selected &= predicate->weekdays == 0 || (predicate->weekdays >> weekday & 1);
        selected &= all_hold(d, header, r, predicate->rules, predicate->n_rules);
        where |= (uint64_t)selected << p;
    }
    return where;
}

static void emit(const document *d, const names *header, const record *r, field id, int64_t id_number,
                 rfm_timestamp time, const int64_t *values, const bool *present, reading *out)
{
    const rfm_input *input = d->input;
    const bool integer = input->id_kind == RFM_ID_INTEGER;
    const uint64_t id_hash = integer ? rfm_hash64_integer(id_number) : rfm_hash64(id.text, id.length);
    const char *id_text = id.text;
    const uint8_t id_length = (uint8_t)id.length;
    const int32_t day = rfm_time_day(input->zone, time.us);
    const uint64_t where = find_where(d, header, r, time.us);
    uint32_t has_number = 0, has_hash = 0;
    const int64_t *numbers[RFM_MAX_NUMBERS];
    const uint64_t *hashes[RFM_MAX_HASHES];
    uint64_t hash_values[RFM_MAX_HASHES];
    for (size_t i = 0; i < input->n_numbers; i++) {
        has_number |= (uint32_t)present[i] << i;
        numbers[i] = &values[i];
    }
    for (size_t i = 0; i < input->n_hashes; i++) {
        field f = cell(d, header, r, input->hashes[i]);
        has_hash |= (uint32_t)(f.length > 0) << i;
        hash_values[i] = rfm_hash64(f.text, f.length);
        hashes[i] = &hash_values[i];
    }
    const rfm_events event = {.n = 1,
                              .id_hash = &id_hash,
                              .id_number = integer ? &id_number : NULL,
                              .id_text = &id_text,
                              .id_length = &id_length,
                              .time_us = &time.us,
                              .day = &day,
                              .where = &where,
                              .has_number = &has_number,
                              .has_hash = &has_hash,
                              .numbers = numbers,
                              .hashes = hashes};
    print_event(&out->events, input, &event, 0);
    if (out->tally.n_events == 0 || time.us < out->tally.earliest_us)
        out->tally.earliest_us = time.us;
    if (out->tally.n_events == 0 || time.us > out->tally.newest_us)
        out->tally.newest_us = time.us;
    out->tally.n_events++;
    out->tally.n_with_time_of_day += !time.date_only;
}

static void understand(const document *d, const names *header, const record *r, int64_t line, reading *out)
{
    const rfm_input *input = d->input;
    int64_t id_number = 0, values[RFM_MAX_NUMBERS];
    bool present[RFM_MAX_NUMBERS];
    rfm_timestamp time = {0};
    field id = cell(d, header, r, input->customer), when = cell(d, header, r, input->time);
    rfm_parse id_parse = id.length > 0 ? RFM_PARSE_OK : RFM_PARSE_EMPTY;
    if (input->id_kind == RFM_ID_INTEGER)
        id_parse = rfm_integer_parse(id.text, id.length, &id_number);
    rfm_parse time_parse = rfm_time_parse(when.text, when.length, input->time_format, input->zone, &time);
    if (input->id_kind == RFM_ID_TEXT && id.length > 255)
        reject_text(out, line, RFM_REASON_CUSTOMER, "customer", id, " is longer than 255 bytes", d, r);
    else if (id_parse == RFM_PARSE_BAD)
        reject_text(out, line, RFM_REASON_CUSTOMER, "customer", id, " is no integer", d, r);
    else if (id_parse == RFM_PARSE_RANGE)
        reject_text(out, line, RFM_REASON_CUSTOMER, "customer", id, " is beyond 64 bits", d, r);
    else if (time_parse == RFM_PARSE_BAD)
        reject_text(out, line, RFM_REASON_TIME, "bad time", when, "", d, r);
    else if (time_parse == RFM_PARSE_RANGE)
        reject_text(out, line, RFM_REASON_TIME, "time", when, " is outside the years 1 to 9999", d, r);
    else if (!check_numbers(d, header, r, line, out, values, present))
        return;
    else if (!all_hold(d, header, r, input->rules, input->n_rules))
        out->tally.n_filtered++;
    else if (id_parse == RFM_PARSE_EMPTY)
        reject(out, line, RFM_REASON_CUSTOMER, "no customer", d, r);
    else if (time_parse == RFM_PARSE_EMPTY)
        reject(out, line, RFM_REASON_TIME, "no time", d, r);
    else if (time.us > input->as_of_us)
        out->tally.n_after_as_of++;
    else
        emit(d, header, r, id, id_number, time, values, present, out);
}

/* Are all columns there, each once? */
static bool check_columns(const document *d, const names *header)
{
    const rfm_input *input = d->input;
    bool there = column(d, header, input->customer) >= 0 && column(d, header, input->time) >= 0;
    there &= !input->event || column(d, header, input->event) >= 0;
    for (size_t i = 0; i < input->n_numbers; i++)
        for (int c = 0; c < input->numbers[i].n_columns; c++)
            there &= column(d, header, input->numbers[i].columns[c]) >= 0;
    for (size_t i = 0; i < input->n_hashes; i++)
        there &= column(d, header, input->hashes[i]) >= 0;
    for (size_t i = 0; i < input->n_rules; i++)
        there &= column(d, header, input->rules[i].column) >= 0;
    return there;
}

/* The header, or the first good record: how many fields there are. False: it cannot be used. */
static bool find_names(const document *d, names *header)
{
    for (size_t at = 0; at < d->n;) {
        record r = read_record(d, at);
        if (!r.blank && (d->input->header || !r.why)) {
            header->first = r;
            header->n_fields = r.n_fields;
            header->known = true;
            return !r.why && check_columns(d, header);
        }
        at = r.next;
        free_record(&r);
    }
    return true;
}

reading oracle_read(const rfm_input *input, const char *text, size_t n_bytes, size_t limit)
{
    const document d = {input, text, n_bytes, limit};
    reading out = {0};
    names header = {0};
    int64_t line = 1;
    rfm_text_adds(&out.events, "");
    rfm_text_adds(&out.rejects, "");
    if (!find_names(&d, &header)) {
        rfm_fail(&out.err, RFM_DATA, "header");
        free_record(&header.first);
        return out;
    }
    for (size_t at = 0; at < d.n;) {
        record r = read_record(&d, at);
        const bool is_header = input->header && header.known && r.start == header.first.start;
        char detail[80];
        snprintf(detail, sizeof detail, "%zu fields, not %zu", r.n_fields, header.n_fields);
        if (!r.blank && !is_header) {
            out.tally.n_rows++;
            if (r.why)
                reject(&out, line, r.reason, r.why, &d, &r);
            else if (r.n_fields != header.n_fields)
                reject(&out, line, RFM_REASON_FIELDS, detail, &d, &r);
            else
                understand(&d, &header, &r, line, &out);
        }
        line += r.n_lines;
        at = r.next;
        free_record(&r);
    }
    out.n_lines = line - 1;
    out.tally.n_bytes = (int64_t)n_bytes;
    if (header.known)
        free_record(&header.first);
    return out;
}
