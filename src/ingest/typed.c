/* typed: see typed.h. Knows how values are written, in the sense of what their texts would be read as; nothing of
 * files.
 */
#include "typed.h"

#include "cells.h"

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static int64_t ten_to(int exponent)
{
    int64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

bool rfm_typed_has_numbers(const rfm_typed *t)
{
    return t->kind == RFM_TYPED_DECIMAL || t->kind == RFM_TYPED_DOUBLE;
}

static size_t multiply(const int64_t *from, size_t n, int64_t factor, int64_t *values)
{
    size_t i = 0;
    while (i < n && !__builtin_mul_overflow(from[i], factor, &values[i]))
        i++;
    return i;
}

/* As long as nothing but zeros is cut off. */
static size_t divide(const int64_t *from, size_t n, int64_t divisor, int64_t *values)
{
    size_t i = 0;
    for (; i < n && from[i] % divisor == 0; i++)
        values[i] = from[i] / divisor;
    return i;
}

/* The decimal of at most 15 digits that a double was made of is the shortest that gives it back, and no other of so few
 * digits does: so where a quotient of two numbers, both exact, is the double, it is what the text would say. */
static bool scale_double(double x, double power, int64_t *value)
{
    static const double limit = 1e15;
    const double scaled = x * power;
    if (!(scaled > -limit && scaled < limit))
        return false;
    *value = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
    return (double)*value / power == x;
}

static size_t scale_doubles(const int64_t *from, size_t n, int decimals, int64_t *values)
{
    const double power = (double)ten_to(decimals);
    size_t i = 0;
    for (; i < n; i++) {
        double x;
        memcpy(&x, &from[i], sizeof x);
        if (!scale_double(x, power, &values[i]))
            break;
    }
    return i;
}

/* n of the cells, none of which is NULL, as times 10^decimals. */
static size_t scale_values(const rfm_typed *t, const int64_t *from, size_t n, int decimals, int64_t *values)
{
    if (t->kind == RFM_TYPED_DOUBLE)
        return scale_doubles(from, n, decimals, values);
    return t->scale <= decimals ? multiply(from, n, ten_to(decimals - t->scale), values)
                                : divide(from, n, ten_to(t->scale - decimals), values);
}

/* From one NULL to the next. */
static size_t scale_around_nulls(const rfm_typed *t, size_t n, int decimals, int64_t *values, uint32_t *present)
{
    size_t i = 0;
    while (i < n) {
        size_t end = i;
        for (; end < n && t->present[end] != 0; end++)
            present[end] = 1;
        i += scale_values(t, t->values + i, end - i, decimals, values + i);
        if (i < end)
            break;
        for (; i < n && t->present[i] == 0; i++)
            values[i] = present[i] = 0;
    }
    return i;
}

size_t rfm_typed_numbers(const rfm_typed *t, size_t n, int decimals, int64_t *values, uint32_t *present)
{
    if (t->present)
        return scale_around_nulls(t, n, decimals, values, present);
    for (size_t i = 0; i < n; i++)
        present[i] = 1;
    return scale_values(t, t->values, n, decimals, values);
}

/* ---- times ------------------------------------------------------------------------------------------------------ */

/* What a count of seconds, milliseconds or microseconds is read as. */
typedef struct count_shape {
    int64_t low, high; /* of this shape; rfm_time_parse has it by the number of digits */
    int decimals;      /* to microseconds */
} count_shape;

/* NULL: numbers are no times, or the first is of no such shape. */
static const count_shape *find_shape(const rfm_typed *t, rfm_time_format format)
{
    static const count_shape seconds = {INT64_MIN, INT64_MAX, 6}, milliseconds = {INT64_MIN, INT64_MAX, 3},
                             microseconds = {INT64_MIN, INT64_MAX, 0};
    static const count_shape by_shape[] = {{INT64_C(100000000), INT64_C(9999999999), 6},
                                           {INT64_C(100000000000), INT64_C(9999999999999), 3},
                                           {INT64_C(100000000000000), INT64_C(9999999999999999), 0}};
    switch (format) {
    case RFM_TIME_SECONDS:
        return &seconds;
    case RFM_TIME_MILLISECONDS:
        return &milliseconds;
    case RFM_TIME_MICROSECONDS:
        return &microseconds;
    case RFM_TIME_AUTO:
        for (size_t i = 0; t->scale == 0 && i < sizeof by_shape / sizeof *by_shape; i++)
            if (t->values[0] >= by_shape[i].low && t->values[0] <= by_shape[i].high)
                return &by_shape[i];
        return NULL;
    default:
        return NULL;
    }
}

bool rfm_typed_has_times(const rfm_typed *t, const rfm_times *times)
{
    const rfm_time_format format = times->format;
    switch (t->kind) {
    case RFM_TYPED_DECIMAL:
        return !t->comma && find_shape(t, format) != NULL;
    case RFM_TYPED_DATE:
    case RFM_TYPED_LOCAL:
    case RFM_TYPED_UTC:
        if (t->turned != RFM_TIME_AUTO)
            return format == t->turned;
        return format == RFM_TIME_AUTO || format == RFM_TIME_ISO ||
               (format == RFM_TIME_DATE && t->kind == RFM_TYPED_DATE);
    default:
        return false;
    }
}

static size_t count_present(const rfm_typed *t, size_t n)
{
    size_t i = t->present ? 0 : n;
    while (i < n && t->present[i] != 0)
        i++;
    return i;
}

static size_t read_counts(const rfm_typed *t, size_t n, const count_shape *shape, int64_t *us)
{
    size_t i = 0, n_scaled = scale_values(t, t->values, n, shape->decimals, us);
    while (i < n_scaled && t->values[i] >= shape->low && t->values[i] <= shape->high && rfm_times_are_known(us[i]))
        i++;
    return i;
}

static size_t read_utc(const int64_t *from, size_t n, int64_t *us)
{
    size_t i = 0;
    for (; i < n && rfm_times_are_known(from[i]); i++)
        us[i] = from[i];
    return i;
}

static size_t read_local(const int64_t *from, size_t n, rfm_times *times, int64_t *us)
{
    size_t i = 0;
    while (i < n && rfm_times_of_local(times, from[i], &us[i]))
        i++;
    return i;
}

static size_t read_dates(const int64_t *from, size_t n, rfm_times *times, int64_t *us)
{
    size_t i = 0;
    while (i < n && rfm_times_of_date(times, from[i], &us[i]))
        i++;
    return i;
}

size_t rfm_typed_times(const rfm_typed *t, size_t n, rfm_times *times, int64_t *us, uint8_t *dates_only)
{
    n = count_present(t, n);
    memset(dates_only, t->kind == RFM_TYPED_DATE, n);
    switch (t->kind) {
    case RFM_TYPED_DATE:
        return read_dates(t->values, n, times, us);
    case RFM_TYPED_LOCAL:
        return read_local(t->values, n, times, us);
    case RFM_TYPED_UTC:
        return read_utc(t->values, n, us);
    default:
        return read_counts(t, n, find_shape(t, times->format), us);
    }
}

/* ---- hashes ----------------------------------------------------------------------------------------------------- */

bool rfm_typed_has_hashes(const rfm_typed *t)
{
    return t->kind == RFM_TYPED_DECIMAL && !t->comma;
}

/* Short integers are written sooner than they would be found among those that are known. */
static bool is_short(int64_t value, int scale)
{
    return scale == 0 && value >= 0 && value < 100000000;
}

static uint64_t hash_short(int64_t value)
{
    char text[8];
    return rfm_hash64(text, rfm_swar_put(text, (uint64_t)value));
}

static uint64_t hash_decimal(int64_t value, int scale)
{
    char text[RFM_CELL_BYTES];
    const char *end = scale == 0 ? rfm_cell_integer(text, value) : rfm_cell_decimal(text, value, scale);
    return rfm_hash64(text, (size_t)(end - text));
}

static uint64_t find_hash(int64_t value, int scale, rfm_known_hash *known)
{
    rfm_known_hash *place = &known[(uint64_t)value * UINT64_C(0x9E3779B97F4A7C15) >> (64 - RFM_KNOWN_HASH_BITS)];
    if (place->value != value || place->hash == 0)
        *place = (rfm_known_hash){.value = value, .hash = hash_decimal(value, scale)};
    return place->hash;
}

void rfm_typed_hash(const rfm_typed *t, const uint8_t *rows, size_t n, rfm_known_hash *known, uint64_t *hashes)
{
    const int scale = t->scale;
    for (size_t k = 0; k < n; k++) {
        const int64_t value = t->values[rows[k]];
        if (!rfm_typed_is_present(t, rows[k]))
            hashes[k] = 0;
        else
            hashes[k] = is_short(value, scale) ? hash_short(value) : find_hash(value, scale, known);
    }
}
