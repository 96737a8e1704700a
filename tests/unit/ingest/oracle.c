/* oracle: an obviously correct parser, or as near to one as can be. It shares with the reader only
 * base's numbers, times and hashes. oracle_rows.c splits the text; this file finds the meaning.
 */
#include "oracle.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_rows.h"

typedef struct names {
    record first;
    size_t n_fields;
    bool known;
} names;

/* One row, with all that is around it. */
typedef struct place {
    const document *d;
    const names *header;
    const record *r;
    int64_t line;
    reading *out;
} place;

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

static field cell(const place *p, const char *name)
{
    return p->r->fields[column(p->d, p->header, name)];
}

static bool is_blank(field f)
{
    return strspn(f.text, " \t") == f.length;
}

/* The number of a text in the input's notation: without what stands between thousands, and with a point. */
static double number_of(const rfm_input *input, field f)
{
    static const char *const gaps[] = {[RFM_THOUSANDS_NONE] = "",
                                       [RFM_THOUSANDS_POINT] = ".",
                                       [RFM_THOUSANDS_COMMA] = ",",
                                       [RFM_THOUSANDS_BLANK] = " \xC2\xA0\xE2\x80\xAF\x89",
                                       [RFM_THOUSANDS_APOSTROPHE] = "'\xE2\x80\x99"};
    char *plain = calloc(f.length + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < f.length; i++)
        if (!strchr(gaps[input->notation.thousands], f.text[i]) || f.text[i] == '\0')
            plain[n++] = input->notation.comma && f.text[i] == ',' ? '.' : f.text[i];
    const double number = strtod(plain, NULL);
    free(plain);
    return number;
}

static bool rule_holds(const rfm_input *input, const rfm_rule *rule, field f)
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
        return !is_blank(f) && number_of(input, f) > strtod(rule->text, NULL);
    case RFM_RULE_BELOW:
        return !is_blank(f) && number_of(input, f) < strtod(rule->text, NULL);
    case RFM_RULE_PRESENT:
        return f.length > 0;
    }
    return false;
}

static void reject(const place *p, rfm_reason reason, const char *detail)
{
    const record *r = p->r;
    rfm_text *rejects = &p->out->rejects;
    rfm_text_addf(rejects, "%" PRId64 " %s: %s | ", p->line, rfm_reason_name(reason), detail);
    for (size_t i = r->begin; i < r->end && i < r->begin + 1000; i++)
        rfm_text_add(rejects, p->d->text[i] ? p->d->text + i : "?", 1);
    rfm_text_adds(rejects, "\n");
}

static void reject_text(const place *p, rfm_reason reason, const char *before, field f, const char *after)
{
    char detail[300];
    snprintf(detail, sizeof detail, "%s '%.*s%s'%s", before, (int)(f.length > 60 ? 60 : f.length), f.text,
             f.length > 60 ? "..." : "", after);
    reject(p, reason, detail);
}

/* Which option would have read it. */
static const char *no_number(const rfm_input *input, field f)
{
    int64_t value;
    const rfm_notation other = {.comma = !input->notation.comma};
    const bool would_be = rfm_decimal_parse_as(other, f.text, f.length, 0, &value) != RFM_PARSE_BAD;
    return !would_be     ? " is no number"
           : other.comma ? " is no number (input.decimal_mark: comma?)"
                         : " is no number (input.decimal_mark: point?)";
}

static bool is_time(const rfm_input *input, field f, rfm_time_format format)
{
    rfm_timestamp time;
    return rfm_time_parse(f.text, f.length, format, input->zone, &time) == RFM_PARSE_OK;
}

static const char *no_time(const rfm_input *input, field f)
{
    static const char *const words[] = {"", " (input.time_format: day-first?)", " (input.time_format: month-first?)",
                                        " (input.time_format: day-first or month-first?)"};
    if (is_time(input, f, RFM_TIME_AUTO))
        return " (input.time_format: auto?)";
    return words[is_time(input, f, RFM_TIME_DAY_FIRST) + 2 * is_time(input, f, RFM_TIME_MONTH_FIRST)];
}

/* Numbers, rules' numbers too; false after a reject. */
static bool check_numbers(const place *p, int64_t *values, bool *present)
{
    const rfm_input *input = p->d->input;
    for (size_t i = 0; i < input->n_numbers; i++) {
        present[i] = true;
        values[i] = 1;
        for (int c = 0; c < input->numbers[i].n_columns; c++) {
            const char *name = input->numbers[i].columns[c];
            field f = cell(p, name);
            int64_t value = 0;
            rfm_parse parse = rfm_decimal_parse_as(input->notation, f.text, f.length, input->decimals, &value);
            if (parse == RFM_PARSE_BAD || parse == RFM_PARSE_RANGE) {
                reject_text(p, RFM_REASON_NUMBER, name, f,
                            parse == RFM_PARSE_BAD ? no_number(input, f)
                                                   : " is too large or has more digits than input.decimals");
                return false;
            }
            present[i] &= parse == RFM_PARSE_OK;
            values[i] *= value; /* the tests' products are small */
        }
    }
    for (size_t k = 0; k <= input->n_predicates; k++) {
        const rfm_rule *rules = k == 0 ? input->rules : input->predicates[k - 1].rules;
        const size_t n = k == 0 ? input->n_rules : input->predicates[k - 1].n_rules;
        for (size_t i = 0; i < n; i++) {
            int64_t value;
            if (rules[i].kind != RFM_RULE_ABOVE && rules[i].kind != RFM_RULE_BELOW)
                continue;
            field f = cell(p, rules[i].column);
            if (rfm_decimal_parse_as(input->notation, f.text, f.length, input->decimals, &value) == RFM_PARSE_BAD) {
                reject_text(p, RFM_REASON_NUMBER, rules[i].column, f, no_number(input, f));
                return false;
            }
        }
    }
    return true;
}

static bool all_hold(const place *p, const rfm_rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!rule_holds(p->d->input, &rules[i], cell(p, rules[i].column)))
            return false;
    return true;
}

static uint64_t find_where(const place *p, int64_t us)
{
    const rfm_input *input = p->d->input;
    field event = {"purchase", 8};
    if (input->event)
        event = cell(p, input->event);
    uint64_t where = 0;
    for (size_t k = 0; k < input->n_predicates; k++) {
        const rfm_predicate *predicate = &input->predicates[k];
        bool selected = predicate->n_events == 0;
        for (size_t i = 0; i < predicate->n_events; i++)
            selected |= strlen(predicate->events[i]) == event.length &&
                        memcmp(predicate->events[i], event.text, event.length) == 0;
        const int hour = rfm_time_hour(input->zone, us);
        const int weekday = rfm_day_weekday(rfm_time_day(input->zone, us));
        selected &= predicate->hours == 0 || (predicate->hours >> hour & 1);
        selected &= predicate->weekdays == 0 || (predicate->weekdays >> weekday & 1);
        selected &= all_hold(p, predicate->rules, predicate->n_rules);
        where |= (uint64_t)selected << k;
    }
    return where;
}

static void emit(const place *p, field id, int64_t id_number, rfm_timestamp time, const int64_t *values,
                 const bool *present)
{
    const rfm_input *input = p->d->input;
    reading *out = p->out;
    const bool integer = input->id_kind == RFM_ID_INTEGER;
    const uint64_t id_hash = integer ? rfm_hash64_integer(id_number) : rfm_hash64(id.text, id.length);
    const char *id_text = id.text;
    const uint8_t id_length = (uint8_t)id.length;
    const int32_t day = rfm_time_day(input->zone, time.us);
    const uint64_t where = find_where(p, time.us);
    uint32_t has_number = 0, has_hash = 0;
    const int64_t *numbers[RFM_MAX_NUMBERS];
    const uint64_t *hashes[RFM_MAX_HASHES];
    uint64_t hash_values[RFM_MAX_HASHES];
    for (size_t i = 0; i < input->n_numbers; i++) {
        has_number |= (uint32_t)present[i] << i;
        numbers[i] = &values[i];
    }
    for (size_t i = 0; i < input->n_hashes; i++) {
        field f = cell(p, input->hashes[i]);
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

static void understand(const place *p)
{
    const rfm_input *input = p->d->input;
    rfm_tally *tally = &p->out->tally;
    int64_t id_number = 0, values[RFM_MAX_NUMBERS];
    bool present[RFM_MAX_NUMBERS];
    rfm_timestamp time = {0};
    field id = cell(p, input->customer), when = cell(p, input->time);
    rfm_parse id_parse = id.length > 0 ? RFM_PARSE_OK : RFM_PARSE_EMPTY;
    if (input->id_kind == RFM_ID_INTEGER)
        id_parse = rfm_integer_parse_as(input->notation, id.text, id.length, &id_number);
    rfm_parse time_parse = rfm_time_parse(when.text, when.length, input->time_format, input->zone, &time);
    if (input->id_kind == RFM_ID_TEXT && id.length > 255)
        reject_text(p, RFM_REASON_CUSTOMER, "customer", id, " is longer than 255 bytes");
    else if (id_parse == RFM_PARSE_BAD)
        reject_text(p, RFM_REASON_CUSTOMER, "customer", id, " is no integer");
    else if (id_parse == RFM_PARSE_RANGE)
        reject_text(p, RFM_REASON_CUSTOMER, "customer", id, " is beyond 64 bits");
    else if (time_parse == RFM_PARSE_BAD)
        reject_text(p, RFM_REASON_TIME, "bad time", when, no_time(input, when));
    else if (time_parse == RFM_PARSE_RANGE)
        reject_text(p, RFM_REASON_TIME, "time", when, " is outside the years 1 to 9999");
    else if (!check_numbers(p, values, present))
        return;
    else if (!all_hold(p, input->rules, input->n_rules))
        tally->n_filtered++;
    else if (id_parse == RFM_PARSE_EMPTY)
        reject(p, RFM_REASON_CUSTOMER, "no customer");
    else if (time_parse == RFM_PARSE_EMPTY)
        reject(p, RFM_REASON_TIME, "no time");
    else if (time.us > input->as_of_us)
        tally->n_after_as_of++;
    else
        emit(p, id, id_number, time, values, present);
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
        const place p = {&d, &header, &r, line, &out};
        const bool is_header = input->header && header.known && r.start == header.first.start;
        char detail[80];
        snprintf(detail, sizeof detail, "%zu fields, not %zu", r.n_fields, header.n_fields);
        if (!r.blank && !is_header) {
            out.tally.n_rows++;
            if (r.why)
                reject(&p, r.reason, r.why);
            else if (r.n_fields != header.n_fields)
                reject(&p, RFM_REASON_FIELDS, detail);
            else
                understand(&p);
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
