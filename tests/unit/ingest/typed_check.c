/* typed_check: see typed_check.h. */
#include "typed_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 200 }; /* read at a time */

static bool complain(const rfm_columnar *c, size_t slot, size_t row, const char *what)
{
    const rfm_field text = rfm_columnar_texts((rfm_columnar *)c, slot)[row];
    fprintf(stderr, "slot %zu, row %zu: %s: %" PRId64 " and '%.*s'\n", slot, row, what, c->cells[slot].values[row],
            (int)text.length, text.bytes);
    return false;
}

static bool check_number(rfm_field text, bool comma, int decimals, int64_t value, uint32_t present)
{
    int64_t wanted = 0;
    const rfm_parse parse =
        rfm_decimal_parse_as((rfm_notation){.comma = comma}, text.bytes, text.length, decimals, &wanted);
    return parse == (present ? RFM_PARSE_OK : RFM_PARSE_EMPTY) && value == wanted;
}

/* What stops the readers is left out here; the general path decides about it. */
static bool check_numbers(rfm_columnar *c, size_t slot, int decimals)
{
    const rfm_field *texts = rfm_columnar_texts(c, slot);
    int64_t values[MOST];
    uint32_t present[MOST];
    for (size_t from = 0; from < c->n;) {
        const rfm_typed cells = rfm_typed_from(&c->cells[slot], from);
        const size_t left = c->n - from, n = left < MOST ? left : MOST;
        const size_t n_read = rfm_typed_numbers(&cells, n, decimals, values, present);
        for (size_t i = 0; i < n_read; i++)
            if (!check_number(texts[from + i], cells.comma, decimals, values[i], present[i]))
                return complain(c, slot, from + i, "another number");
        from += n_read < n ? n_read + 1 : n;
    }
    return true;
}

static bool check_time(rfm_field text, const rfm_times *times, int64_t us, bool date_only)
{
    rfm_timestamp wanted;
    return rfm_time_parse(text.bytes, text.length, times->format, times->zone, &wanted) == RFM_PARSE_OK &&
           wanted.us == us && wanted.date_only == date_only;
}

static bool check_times(rfm_columnar *c, size_t slot, rfm_times *times)
{
    const rfm_field *texts = rfm_columnar_texts(c, slot);
    int64_t us[MOST];
    uint8_t dates_only[MOST];
    for (size_t from = 0; from < c->n;) {
        const rfm_typed cells = rfm_typed_from(&c->cells[slot], from);
        const size_t left = c->n - from, n = left < MOST ? left : MOST;
        const size_t n_read =
            rfm_typed_has_times(&cells, times) ? rfm_typed_times(&cells, n, times, us, dates_only) : 0;
        for (size_t i = 0; i < n_read; i++)
            if (!check_time(texts[from + i], times, us[i], dates_only[i]))
                return complain(c, slot, from + i, "another time");
        from += n_read < n ? n_read + 1 : n;
    }
    return true;
}

static bool check_hashes(rfm_columnar *c, size_t slot)
{
    const rfm_field *texts = rfm_columnar_texts(c, slot);
    rfm_error err = {0};
    rfm_known_hash *known = rfm_alloc(RFM_KNOWN_HASHES, sizeof *known, &err);
    bool agrees = known != NULL;
    for (size_t row = 0; agrees && row < c->n; row++) {
        const rfm_typed cells = rfm_typed_from(&c->cells[slot], row);
        const uint8_t first = 0;
        uint64_t hash;
        rfm_typed_hash(&cells, &first, 1, known, &hash);
        const uint64_t wanted = texts[row].length > 0 ? rfm_hash64(texts[row].bytes, texts[row].length) : 0;
        if (hash != wanted || rfm_typed_is_present(&cells, 0) != (texts[row].length > 0))
            agrees = complain(c, slot, row, "another hash");
    }
    free(known);
    return agrees;
}

bool typed_agrees(rfm_columnar *c, const rfm_zone *zone)
{
    static const int decimals[] = {0, 2, 4, 9};
    bool agrees = true;
    for (size_t slot = 0; slot < c->n_slots && c->n > 0; slot++) {
        const rfm_typed *cells = &c->cells[slot];
        if (cells->kind == RFM_TYPED_TEXT)
            continue;
        for (size_t i = 0; rfm_typed_has_numbers(cells) && i < sizeof decimals / sizeof *decimals; i++)
            agrees &= check_numbers(c, slot, decimals[i]);
        for (int format = RFM_TIME_AUTO; format <= RFM_TIME_MONTH_FIRST; format++)
            agrees &= check_times(c, slot, &(rfm_times){.format = (rfm_time_format)format, .zone = zone});
        if (rfm_typed_has_hashes(cells))
            agrees &= check_hashes(c, slot);
    }
    return agrees;
}
