/* values_stretch: a run of rows -> events, column by column, so that each loop is short, its branches go one way and
 * nothing waits for the row before. Does what values.c does for rows that are as they should be, and stops in front of
 * any other. Knows no quotes and refuses nothing.
 *
 *   read every checked column of all rows -> drop rows that are filtered or late -> put what is left into the batch
 *
 * The rows are plain ones of a text, or those of a file of columns, whose values are read as they are.
 */
#include "values.h"

#include <string.h>

typedef enum fate { KEPT, FILTERED, LATE } fate;

typedef struct stretch {
    rfm_values *v;
    const rfm_plain *plain; /* or NULL, and then */
    rfm_columnar *columnar; /* its rows from `first` on */
    size_t first;
    rfm_event_batch *batch;
    size_t at;                 /* the batch's next place */
    size_t n;                  /* rows without a complaint, as far as columns were read */
    size_t n_kept;             /* of them, once the others are dropped */
    uint8_t kept[RFM_STRETCH]; /* [n_kept]: which */
    uint8_t fates[RFM_STRETCH], dates_only[RFM_STRETCH];
    rfm_field texts[RFM_STRETCH]; /* of the column at hand */
} stretch;

/* The cells of a slot; of texts only where there are no others, or what means NULL is to be looked for. */
static rfm_typed cells_of(const stretch *s, int slot)
{
    static const rfm_typed none = {.kind = RFM_TYPED_TEXT};
    if (s->plain || s->v->null_may_be_value)
        return none;
    return rfm_typed_from(&s->columnar->cells[slot], s->first);
}

static const rfm_field *texts_of(const stretch *s, int slot)
{
    return rfm_columnar_texts(s->columnar, (size_t)slot) + s->first;
}

/* All texts of a column, or those of the rows that are kept. */
static void fetch(stretch *s, int slot)
{
    const size_t field = s->v->columns.fields[slot], n = s->n;
    if (s->plain) {
        for (size_t i = 0; i < n; i++)
            s->texts[i] = rfm_values_text(s->v, rfm_plain_text(s->plain, i, field));
        return;
    }
    const rfm_field *texts = texts_of(s, slot);
    for (size_t i = 0; i < n; i++)
        s->texts[i] = rfm_values_text(s->v, texts[i]);
}

static void fetch_kept(stretch *s, int slot)
{
    const size_t field = s->v->columns.fields[slot], n = s->n_kept;
    if (s->plain) {
        for (size_t k = 0; k < n; k++)
            s->texts[k] = rfm_values_text(s->v, rfm_plain_text(s->plain, s->kept[k], field));
        return;
    }
    const rfm_field *texts = texts_of(s, slot);
    for (size_t k = 0; k < n; k++)
        s->texts[k] = rfm_values_text(s->v, texts[s->kept[k]]);
}

/* ---- read ------------------------------------------------------------------------------------------------------- */

/* Is there room behind the texts, so that eight bytes at a time can be read? */
static bool has_room(const stretch *s)
{
    return s->plain != NULL;
}

static void check_text_ids(stretch *s)
{
    size_t i = 0;
    fetch(s, s->v->customer);
    for (; i < s->n; i++) {
        const rfm_field text = s->texts[i];
        if (text.length - 1 >= RFM_ID_MAX_BYTES || (!s->plain && memchr(text.bytes, '\0', text.length)))
            break;
    }
    s->n = i;
}

static void read_integer_texts(stretch *s, int64_t *ids)
{
    const rfm_notation notation = s->v->notations[s->v->customer];
    const bool room = has_room(s);
    size_t i = 0;
    fetch(s, s->v->customer);
    for (; i < s->n; i++) {
        const rfm_field text = s->texts[i];
        if (!(room && rfm_swar_integer(text.bytes, text.length, &ids[i])) &&
            rfm_integer_parse_as(notation, text.bytes, text.length, &ids[i]) != RFM_PARSE_OK)
            break;
    }
    s->n = i;
}

static void read_integers(stretch *s, const rfm_typed *cells, int64_t *ids)
{
    uint32_t present[RFM_STRETCH];
    const size_t n = rfm_typed_numbers(cells, s->n, 0, ids, present);
    size_t i = 0;
    while (i < n && present[i])
        i++;
    s->n = i;
}

static void read_customers(stretch *s)
{
    const rfm_typed cells = cells_of(s, s->v->customer);
    if (!s->batch->id_number)
        check_text_ids(s);
    else if (rfm_typed_has_numbers(&cells))
        read_integers(s, &cells, s->batch->id_number + s->at);
    else
        read_integer_texts(s, s->batch->id_number + s->at);
}

static void read_time_texts(stretch *s, int64_t *times)
{
    const bool room = has_room(s);
    rfm_timestamp time;
    size_t i = 0;
    fetch(s, s->v->time);
    for (; i < s->n; i++) {
        const rfm_field text = s->texts[i];
        s->dates_only[i] = false;
        if (room && rfm_times_recall(&s->v->times, text.bytes, text.length, &times[i]))
            continue;
        if (rfm_times_parse(&s->v->times, text.bytes, text.length, &time) != RFM_PARSE_OK)
            break;
        times[i] = time.us;
        s->dates_only[i] = time.date_only;
    }
    s->n = i;
}

static void read_times(stretch *s)
{
    int64_t *times = s->batch->time_us + s->at;
    const rfm_typed cells = cells_of(s, s->v->time);
    if (rfm_typed_has_times(&cells, &s->v->times))
        s->n = rfm_typed_times(&cells, s->n, &s->v->times, times, s->dates_only);
    else
        read_time_texts(s, times);
}

static void read_decimal_texts(stretch *s, int slot, int64_t *values, uint32_t *present)
{
    const int decimals = s->v->input->decimals;
    const rfm_notation notation = s->v->notations[slot];
    const char mark = notation.comma ? ',' : '.';
    const bool room = has_room(s);
    size_t i = 0;
    fetch(s, slot);
    for (; i < s->n; i++) {
        const rfm_field text = s->texts[i];
        present[i] = 1;
        if (room && rfm_swar_decimal(text.bytes, text.length, mark, decimals, &values[i]))
            continue;
        const rfm_parse parse = rfm_decimal_parse_as(notation, text.bytes, text.length, decimals, &values[i]);
        if (parse == RFM_PARSE_BAD || parse == RFM_PARSE_RANGE)
            break;
        present[i] = parse == RFM_PARSE_OK;
        if (parse != RFM_PARSE_OK)
            values[i] = 0;
    }
    s->n = i;
}

/* One column of decimals; zeros where there is nothing. */
static void read_decimals(stretch *s, int slot, int64_t *values, uint32_t *present)
{
    const rfm_typed cells = cells_of(s, slot);
    if (rfm_typed_has_numbers(&cells))
        s->n = rfm_typed_numbers(&cells, s->n, s->v->input->decimals, values, present);
    else
        read_decimal_texts(s, slot, values, present);
}

/* Multiply by a second column. */
static void read_factors(stretch *s, int slot, int64_t *values, uint32_t *present)
{
    int64_t factors[RFM_STRETCH] = {0};
    uint32_t there[RFM_STRETCH] = {0};
    size_t i = 0;
    read_decimals(s, slot, factors, there);
    for (; i < s->n; i++) {
        present[i] &= there[i];
        if (!present[i])
            values[i] = 0;
        else if (__builtin_mul_overflow(values[i], factors[i], &values[i]))
            break;
    }
    s->n = i;
}

static void read_numbers(stretch *s)
{
    const rfm_values *v = s->v;
    uint32_t present[RFM_STRETCH] = {0}, *has = s->batch->has_number + s->at;
    memset(has, 0, s->n * sizeof *has);
    for (size_t k = 0; k < s->batch->n_numbers; k++) {
        const int *factors = v->numbers[k].decimals;
        int64_t *values = s->batch->numbers[k] + s->at;
        read_decimals(s, v->decimals[factors[0]].slot, values, present);
        if (factors[1] >= 0)
            read_factors(s, v->decimals[factors[1]].slot, values, present);
        for (size_t i = 0; i < s->n; i++)
            has[i] |= present[i] << k;
    }
}

/* ---- drop ------------------------------------------------------------------------------------------------------- */

/* The texts that rules look at, of one row, by slot. */
static void gather_texts(stretch *s, size_t row)
{
    const rfm_rules *rules = &s->v->rules;
    for (size_t i = 0; i < rules->n_conditions; i++) {
        const int slot = rules->conditions[i].slot;
        const rfm_field text =
            s->plain ? rfm_plain_text(s->plain, row, s->v->columns.fields[slot]) : texts_of(s, slot)[row];
        s->v->texts[slot] = rfm_values_text(s->v, text);
    }
}

static void judge_by_rules(stretch *s)
{
    const rfm_values *v = s->v;
    size_t i = 0;
    for (; i < s->n; i++) {
        gather_texts(s, i);
        if (rfm_rules_find_bad_number(&v->rules, v->texts) >= 0)
            break;
        s->fates[i] = rfm_rules_keep(&v->rules, v->texts) ? KEPT : FILTERED;
    }
    s->n = i;
}

static void judge(stretch *s)
{
    const int64_t as_of_us = s->v->input->as_of_us, *times = s->batch->time_us + s->at;
    memset(s->fates, KEPT, s->n);
    if (s->v->rules.n_conditions > 0)
        judge_by_rules(s);
    size_t n_kept = 0; /* not s->n_kept: bytes are written, which might be it for all that the compiler knows */
    for (size_t i = 0; i < s->n; i++) {
        const bool is_late = s->fates[i] == KEPT && times[i] > as_of_us;
        s->fates[i] = is_late ? LATE : s->fates[i];
        s->kept[n_kept] = (uint8_t)i;
        n_kept += s->fates[i] == KEPT;
    }
    s->n_kept = n_kept;
}

static void close_ranks(const stretch *s, int64_t *column)
{
    for (size_t k = 0; k < s->n_kept; k++)
        column[k] = column[s->kept[k]];
}

/* Of what was read, only what is kept stays. */
static void drop(const stretch *s)
{
    const rfm_event_batch *batch = s->batch;
    uint32_t *has = batch->has_number + s->at;
    if (s->n_kept == s->n)
        return;
    if (batch->id_number)
        close_ranks(s, batch->id_number + s->at);
    close_ranks(s, batch->time_us + s->at);
    for (size_t i = 0; i < batch->n_numbers; i++)
        close_ranks(s, batch->numbers[i] + s->at);
    for (size_t k = 0; k < s->n_kept; k++)
        has[k] = has[s->kept[k]];
}

/* ---- put -------------------------------------------------------------------------------------------------------- */

static void put_customers(stretch *s)
{
    rfm_event_batch *batch = s->batch;
    uint64_t *hashes = batch->id_hash + s->at;
    if (batch->id_number) {
        rfm_hash64_integers(batch->id_number + s->at, s->n_kept, hashes);
        return;
    }
    fetch_kept(s, s->v->customer);
    for (size_t k = 0; k < s->n_kept; k++) {
        const rfm_field text = s->texts[k];
        memcpy(batch->id_bytes + (s->at + k) * RFM_ID_MAX_BYTES, text.bytes, text.length);
        batch->id_length[s->at + k] = (uint8_t)text.length;
        hashes[k] = rfm_hash64(text.bytes, text.length);
    }
}

/* In a column many texts are one and the same, at the same place. */
static void put_column_events(const stretch *s, uint64_t *where)
{
    for (size_t k = 0; k < s->n_kept; k++) {
        const rfm_field text = s->texts[k];
        if (k > 0 && text.bytes == s->texts[k - 1].bytes && text.length == s->texts[k - 1].length)
            where[k] = where[k - 1];
        else
            where[k] = rfm_rules_event(&s->v->rules, text);
    }
}

static void put_events(stretch *s)
{
    const rfm_rules *rules = &s->v->rules;
    uint64_t *where = s->batch->where + s->at;
    if (s->v->event < 0) {
        const uint64_t always = rfm_rules_event(rules, rfm_values_no_event());
        for (size_t k = 0; k < s->n_kept; k++)
            where[k] = always;
    } else {
        fetch_kept(s, s->v->event);
        if (has_room(s))
            rfm_rules_events(rules, s->texts, s->n_kept, where);
        else
            put_column_events(s, where);
    }
    for (size_t k = 0; rules->n_conditions > 0 && k < s->n_kept; k++) {
        gather_texts(s, s->kept[k]);
        where[k] = rfm_rules_narrow(rules, s->v->texts, where[k]);
    }
}

static void put_days(stretch *s)
{
    const int64_t *times = s->batch->time_us + s->at;
    int32_t *days = s->batch->day + s->at;
    uint64_t *where = s->batch->where + s->at;
    rfm_days_of(&s->v->days, times, s->n_kept, days);
    if (s->v->rules.needs_hour || s->v->rules.needs_weekday)
        for (size_t k = 0; k < s->n_kept; k++)
            where[k] = rfm_values_narrow(s->v, times[k], days[k], where[k]);
}

static void put_text_hashes(stretch *s, size_t i)
{
    uint64_t *hashes = s->batch->hashes[i] + s->at;
    uint32_t *has = s->batch->has_hash + s->at;
    fetch_kept(s, s->v->hashes[i]);
    for (size_t k = 0; k < s->n_kept; k++) {
        const rfm_field text = s->texts[k];
        hashes[k] = text.length > 0 ? rfm_hash64(text.bytes, text.length) : 0;
        has[k] |= (uint32_t)(text.length > 0) << i;
    }
}

static void put_value_hashes(stretch *s, const rfm_typed *cells, size_t i)
{
    uint32_t *has = s->batch->has_hash + s->at;
    rfm_typed_hash(cells, s->kept, s->n_kept, s->v->known_hashes + i * RFM_KNOWN_HASHES, s->batch->hashes[i] + s->at);
    for (size_t k = 0; k < s->n_kept; k++)
        has[k] |= (uint32_t)rfm_typed_is_present(cells, s->kept[k]) << i;
}

static void put_hashes(stretch *s)
{
    memset(s->batch->has_hash + s->at, 0, s->n_kept * sizeof *s->batch->has_hash);
    for (size_t i = 0; i < s->batch->n_hashes; i++) {
        const rfm_typed cells = cells_of(s, s->v->hashes[i]);
        if (rfm_typed_has_hashes(&cells))
            put_value_hashes(s, &cells, i);
        else
            put_text_hashes(s, i);
    }
}

static void count_times(const stretch *s, rfm_tally *tally)
{
    const int64_t *times = s->batch->time_us + s->at;
    const bool is_first = tally->n_events == 0;
    int64_t earliest = is_first ? INT64_MAX : tally->earliest_us, newest = is_first ? INT64_MIN : tally->newest_us;
    for (size_t k = 0; k < s->n_kept; k++) {
        earliest = times[k] < earliest ? times[k] : earliest;
        newest = times[k] > newest ? times[k] : newest;
    }
    tally->earliest_us = earliest;
    tally->newest_us = newest;
}

static void count(const stretch *s, rfm_tally *tally)
{
    size_t n_dates = 0, n_filtered = 0;
    if (s->n_kept > 0)
        count_times(s, tally);
    for (size_t i = 0; i < s->n; i++) {
        n_dates += s->dates_only[i] & (s->fates[i] == KEPT);
        n_filtered += s->fates[i] == FILTERED;
    }
    tally->n_rows += (int64_t)s->n;
    tally->n_events += (int64_t)s->n_kept;
    tally->n_filtered += (int64_t)n_filtered;
    tally->n_after_as_of += (int64_t)(s->n - s->n_kept - n_filtered);
    tally->n_with_time_of_day += (int64_t)(s->n_kept - n_dates);
}

size_t rfm_values_stretch(rfm_values *v, const rfm_event_batch *batch)
{
    const size_t room = RFM_BATCH_EVENTS - batch->n;
    if (batch->key) /* what is hashed with dedupe is put together row by row */
        return 0;
    if (v->n_careful > 0) {
        v->n_careful--;
        return 0;
    }
    return room < v->stretch ? room : v->stretch;
}

/* Where rows are not as they should be, few are read in vain: no more than twice as many as were good before; and where
 * none was, time after time, 2, 6, 14, 30 are not even tried. */
static void remember_success(rfm_values *v, size_t n, size_t of)
{
    v->stretch = n == of ? 2 * v->stretch : 2 * n + 1;
    if (v->stretch > RFM_STRETCH)
        v->stretch = RFM_STRETCH;
    v->n_in_vain = n > 0 ? 0 : v->n_in_vain < 5 ? v->n_in_vain + 1 : 5;
    v->n_careful = n > 0 ? 0 : ((size_t)1 << v->n_in_vain) - 2;
}

/* s->v, where the rows are from, and n of them. */
static size_t take(stretch *s, rfm_event_batch *batch, rfm_tally *tally)
{
    const size_t n = s->n;
    s->batch = batch;
    s->at = batch->n;
    read_customers(s);
    read_times(s);
    read_numbers(s);
    judge(s);
    drop(s);
    put_customers(s);
    put_events(s);
    put_days(s);
    put_hashes(s);
    count(s, tally);
    batch->n += s->n_kept;
    remember_success(s->v, s->n, n);
    return s->n;
}

size_t rfm_values_take_plain(rfm_values *v, const rfm_plain *rows, rfm_event_batch *batch, rfm_tally *tally)
{
    stretch s; /* its lists are written before they are read */
    s.v = v;
    s.plain = rows;
    s.n = rows->n;
    return take(&s, batch, tally);
}

size_t rfm_values_take_columns(rfm_values *v, rfm_columnar *columnar, size_t first, rfm_event_batch *batch,
                               rfm_tally *tally)
{
    const size_t left = columnar->n - first, most = rfm_values_stretch(v, batch);
    stretch s; /* as above */
    s.v = v;
    s.plain = NULL;
    s.columnar = columnar;
    s.first = first;
    s.n = left < most ? left : most;
    return s.n > 0 ? take(&s, batch, tally) : 0;
}
