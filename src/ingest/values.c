/* values: one row's texts to numbers, times and hashes. Knows no files and no quotes; nothing here
 * allocates but a row with quotes or escapes inside, or one that is hashed, that is longer than any before.
 */
#include "values.h"

#include <string.h>

/* ---- texts ------------------------------------------------------------------------------------------------------ */

static bool is_coded(rfm_field text)
{
    return text.doubled || text.escaped;
}

static rfm_status decode_texts(rfm_values *v, rfm_error *err)
{
    size_t total = 0, used = 0;
    for (size_t i = 0; i < v->columns.n; i++)
        total += is_coded(v->texts[i]) ? v->texts[i].length : 0;
    if (rfm_reserve(&v->decoded, &v->decoded_capacity, total, 1, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < v->columns.n; i++) {
        if (!is_coded(v->texts[i]))
            continue;
        char *text = v->decoded + used;
        const size_t length = rfm_field_decode(v->texts[i], v->input->dialect, text);
        v->texts[i] = (rfm_field){.bytes = text, .length = (uint32_t)length};
        used += length;
    }
    return RFM_OK;
}

/* What means NULL is looked for as it is written: with an escape, \N would be an N. */
static rfm_status gather_texts(rfm_values *v, const rfm_field *fields, rfm_error *err)
{
    bool coded = false;
    for (size_t i = 0; i < v->columns.n; i++) {
        v->texts[i] = rfm_values_text(v, fields[v->columns.fields[i]]);
        coded |= is_coded(v->texts[i]);
    }
    return coded ? decode_texts(v, err) : RFM_OK;
}

/* ---- what is there must be readable ----------------------------------------------------------------------------- */

static bool refuse(rfm_refusal *refusal, rfm_reason reason, const char *before, const rfm_field *text,
                   const char *after)
{
    *refusal = (rfm_refusal){.reason = reason, .before = before, .text = text, .after = after};
    return false;
}

static bool read_customer(rfm_values *v, rfm_refusal *refusal)
{
    const rfm_field *text = &v->texts[v->customer];
    v->has_customer = text->length > 0;
    if (v->input->id_kind == RFM_ID_TEXT) {
        if (text->length > RFM_ID_MAX_BYTES)
            return refuse(refusal, RFM_REASON_CUSTOMER, "customer", text, "is longer than 255 bytes");
        if (text->length > 0 && memchr(text->bytes, '\0', text->length)) /* of columns; in a text the row is none */
            return refuse(refusal, RFM_REASON_BYTES, "a NUL byte", NULL, NULL);
        return true;
    }
    const rfm_parse parse = rfm_integer_parse_as(v->notations[v->customer], text->bytes, text->length, &v->id_number);
    v->has_customer = parse == RFM_PARSE_OK;
    if (parse == RFM_PARSE_BAD)
        return refuse(refusal, RFM_REASON_CUSTOMER, "customer", text, "is no integer");
    if (parse == RFM_PARSE_RANGE)
        return refuse(refusal, RFM_REASON_CUSTOMER, "customer", text, "is beyond 64 bits");
    return true;
}

static bool is_time_in(const rfm_values *v, rfm_time_format format, const rfm_field *text)
{
    rfm_timestamp time;
    return rfm_time_parse(text->bytes, text->length, format, v->input->zone, &time) == RFM_PARSE_OK;
}

/* Of a text that is no time: which option would make it one. */
static const char *explain_time(const rfm_values *v, const rfm_field *text)
{
    const bool day = is_time_in(v, RFM_TIME_DAY_FIRST, text), month = is_time_in(v, RFM_TIME_MONTH_FIRST, text);
    if (day && month)
        return "(input.time_format: day-first or month-first?)";
    if (day || month)
        return day ? "(input.time_format: day-first?)" : "(input.time_format: month-first?)";
    return is_time_in(v, RFM_TIME_AUTO, text) ? "(input.time_format: auto?)" : NULL;
}

static bool read_time(rfm_values *v, rfm_refusal *refusal)
{
    const rfm_field *text = &v->texts[v->time];
    const rfm_parse parse = rfm_times_parse(&v->times, text->bytes, text->length, &v->timestamp);
    v->has_time = parse == RFM_PARSE_OK;
    if (parse == RFM_PARSE_BAD)
        return refuse(refusal, RFM_REASON_TIME, "bad time", text, explain_time(v, text));
    if (parse == RFM_PARSE_RANGE)
        return refuse(refusal, RFM_REASON_TIME, "time", text, "is outside the years 1 to 9999");
    return true;
}

/* Of a text that is no number: so, and which option would make it one. */
static const char *explain_number(rfm_notation notation, const rfm_field *text)
{
    const rfm_notation other = {.comma = !notation.comma};
    int64_t value;
    if (rfm_decimal_parse_as(other, text->bytes, text->length, 0, &value) == RFM_PARSE_BAD)
        return "is no number";
    return other.comma ? "is no number (input.decimal_mark: comma?)" : "is no number (input.decimal_mark: point?)";
}

static bool refuse_number(const rfm_values *v, int slot, rfm_parse parse, rfm_refusal *refusal)
{
    const rfm_field *text = &v->texts[slot];
    refuse(refusal, RFM_REASON_NUMBER, NULL, text,
           parse == RFM_PARSE_BAD ? explain_number(v->notations[slot], text)
                                  : "is too large or has more digits than input.decimals");
    refusal->name = v->columns.names[slot];
    return false;
}

static bool read_decimals(rfm_values *v, rfm_refusal *refusal)
{
    for (size_t i = 0; i < v->n_decimals; i++) {
        rfm_decimal *decimal = &v->decimals[i];
        const rfm_field *text = &v->texts[decimal->slot];
        const rfm_parse parse = rfm_decimal_parse_as(v->notations[decimal->slot], text->bytes, text->length,
                                                     v->input->decimals, &decimal->value);
        decimal->present = parse == RFM_PARSE_OK;
        if (parse == RFM_PARSE_BAD || parse == RFM_PARSE_RANGE)
            return refuse_number(v, decimal->slot, parse, refusal);
    }
    const int bad = rfm_rules_find_bad_number(&v->rules, v->texts);
    return bad < 0 || refuse_number(v, bad, RFM_PARSE_BAD, refusal);
}

/* False when the product does not fit. */
static bool multiply(const rfm_decimal *a, const rfm_decimal *b, int64_t *product)
{
    const rfm_i128 exact = (rfm_i128)a->value * b->value;
    *product = (int64_t)exact;
    return exact == *product;
}

/* The numbers of the event, into the batch's next place. */
static bool make_numbers(const rfm_values *v, rfm_event_batch *batch, rfm_refusal *refusal)
{
    const size_t n = batch->n;
    batch->has_number[n] = 0;
    for (size_t i = 0; i < batch->n_numbers; i++) {
        const int *factors = v->numbers[i].decimals;
        const rfm_decimal *a = &v->decimals[factors[0]];
        bool present = a->present;
        int64_t value = a->value;
        if (factors[1] >= 0) {
            const rfm_decimal *b = &v->decimals[factors[1]];
            present = a->present && b->present;
            if (present && !multiply(a, b, &value))
                return refuse(refusal, RFM_REASON_NUMBER, "product with", &v->texts[b->slot], "is too large");
        }
        batch->numbers[i][n] = present ? value : 0;
        if (present)
            batch->has_number[n] |= UINT32_C(1) << i;
    }
    return true;
}

/* ---- the event -------------------------------------------------------------------------------------------------- */

static void put_customer(const rfm_values *v, rfm_event_batch *batch)
{
    const size_t n = batch->n;
    if (batch->id_number) {
        batch->id_number[n] = v->id_number;
        batch->id_hash[n] = rfm_hash64_integer(v->id_number);
        return;
    }
    const rfm_field text = v->texts[v->customer];
    memcpy(batch->id_bytes + n * RFM_ID_MAX_BYTES, text.bytes, text.length);
    batch->id_length[n] = (uint8_t)text.length;
    batch->id_hash[n] = rfm_hash64(text.bytes, text.length);
}

uint64_t rfm_values_narrow(rfm_values *v, int64_t us, int32_t day, uint64_t where)
{
    if (v->rules.needs_hour)
        where &= v->rules.of_hour[rfm_days_hour(&v->days, us)];
    if (v->rules.needs_weekday)
        where &= v->rules.of_weekday[rfm_day_weekday(day)];
    return where;
}

rfm_field rfm_values_no_event(void)
{
    static const char purchase[] = "purchase";
    return (rfm_field){.bytes = purchase, .length = sizeof purchase - 1};
}

static void put_time(rfm_values *v, rfm_event_batch *batch)
{
    const size_t n = batch->n;
    const int64_t us = v->timestamp.us;
    const int32_t day = rfm_days_day(&v->days, us);
    const uint64_t where = rfm_rules_event(&v->rules, v->event < 0 ? rfm_values_no_event() : v->texts[v->event]);
    batch->time_us[n] = us;
    batch->day[n] = day;
    batch->where[n] = rfm_values_narrow(v, us, day, rfm_rules_narrow(&v->rules, v->texts, where));
}

static void put_hashes(const rfm_values *v, rfm_event_batch *batch)
{
    const size_t n = batch->n;
    uint32_t present = 0;
    for (size_t i = 0; i < batch->n_hashes; i++) {
        const rfm_field text = v->texts[v->hashes[i]];
        batch->hashes[i][n] = text.length > 0 ? rfm_hash64(text.bytes, text.length) : 0;
        present |= (uint32_t)(text.length > 0) << i;
    }
    batch->has_hash[n] = present;
}

static void add_integer(rfm_text *row, int64_t value)
{
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)((uint64_t)value >> (8 * i));
    rfm_text_add(row, bytes, sizeof bytes);
}

static void add_text(rfm_text *row, rfm_field text)
{
    add_integer(row, text.length);
    rfm_text_add(row, text.bytes, text.length);
}

/* Each part is preceded by its length, so that ("ab", "c") and ("a", "bc") differ. */
static void add_part(rfm_values *v, rfm_row_part part)
{
    const bool integer_id = v->input->id_kind == RFM_ID_INTEGER;
    const rfm_decimal *decimal = part.kind == RFM_ROW_PART_DECIMAL ? &v->decimals[part.index] : NULL;
    if (part.kind == RFM_ROW_PART_TEXT || (part.kind == RFM_ROW_PART_CUSTOMER && !integer_id)) {
        add_text(&v->row, v->texts[part.index]);
        return;
    }
    if (decimal && !decimal->present) {
        add_integer(&v->row, 0);
        return;
    }
    add_integer(&v->row, sizeof(int64_t));
    add_integer(&v->row, decimal                              ? decimal->value
                         : part.kind == RFM_ROW_PART_CUSTOMER ? v->id_number
                                                              : v->timestamp.us);
}

static rfm_status put_keys(rfm_values *v, rfm_event_batch *batch, rfm_error *err)
{
    const size_t n = batch->n;
    v->row.length = 0;
    for (size_t i = 0; i < v->input->n_mapped; i++)
        add_part(v, v->parts[i]);
    if (rfm_text_check(&v->row, err) != RFM_OK)
        return err->status;
    batch->row[n] = rfm_hash128_of(v->row.bytes, v->row.length);
    batch->key[n] = batch->row[n];
    if (v->key >= 0 && v->texts[v->key].length > 0)
        batch->key[n] = rfm_hash128_of(v->texts[v->key].bytes, v->texts[v->key].length);
    return RFM_OK;
}

rfm_verdict rfm_values_take(rfm_values *v, const rfm_field *fields, rfm_event_batch *batch, rfm_refusal *refusal,
                            rfm_error *err)
{
    if (gather_texts(v, fields, err) != RFM_OK)
        return RFM_VERDICT_FAILED;
    if (!read_customer(v, refusal) || !read_time(v, refusal) || !read_decimals(v, refusal) ||
        !make_numbers(v, batch, refusal))
        return RFM_VERDICT_REFUSED;
    if (!rfm_rules_keep(&v->rules, v->texts))
        return RFM_VERDICT_FILTERED;
    if (!v->has_customer || !v->has_time) {
        if (!v->has_customer)
            refuse(refusal, RFM_REASON_CUSTOMER, "no customer", NULL, NULL);
        else
            refuse(refusal, RFM_REASON_TIME, "no time", NULL, NULL);
        return RFM_VERDICT_REFUSED;
    }
    if (v->timestamp.us > v->input->as_of_us)
        return RFM_VERDICT_AFTER_AS_OF;
    put_customer(v, batch);
    put_time(v, batch);
    put_hashes(v, batch);
    if (batch->key && put_keys(v, batch, err) != RFM_OK)
        return RFM_VERDICT_FAILED;
    batch->n++;
    return RFM_VERDICT_EVENT;
}
