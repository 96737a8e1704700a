/* parquet_values: two switches over what a value can be, one to write it and one to read it as it is. */
#include "parquet_values.h"

#include <string.h>

#include "cells.h"

enum { JULIAN_DAY_OF_1970 = 2440588, UUID_BYTES = 16, DECIMAL_MAX_BYTES = 16 };

static int32_t get_int32(const char *value)
{
    int32_t x;
    memcpy(&x, value, sizeof x);
    return x;
}

static int64_t get_int64(const char *value)
{
    int64_t x;
    memcpy(&x, value, sizeof x);
    return x;
}

static double get_double(const char *value)
{
    double x;
    memcpy(&x, value, sizeof x);
    return x;
}

static float get_single(const char *value)
{
    float x;
    memcpy(&x, value, sizeof x);
    return x;
}

/* Two's complement, big-endian, at most 16 bytes. */
static rfm_i128 get_big_endian(const char *value, size_t n_bytes)
{
    rfm_u128 bits = n_bytes > 0 && (unsigned char)value[0] >= 0x80 ? ~(rfm_u128)0 : 0;
    for (size_t i = 0; i < n_bytes; i++)
        bits = bits << 8 | (unsigned char)value[i];
    return (rfm_i128)bits;
}

/* The nearest there is of what 64 bits do not hold, which is no time either. */
static int64_t us_of_int96(const char *value)
{
    const int64_t day = (int64_t)(uint32_t)get_int32(value + 8) - JULIAN_DAY_OF_1970;
    const rfm_i128 us = (rfm_i128)day * RFM_DAY_US + rfm_cell_us_of_ns(get_int64(value));
    if (us > INT64_MAX)
        return INT64_MAX;
    return us < INT64_MIN ? INT64_MIN : (int64_t)us;
}

static char *put_uuid(char *at, const char *value)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[(unsigned char)value[i] >> 4];
        *at++ = digits[(unsigned char)value[i] & 15];
    }
    return at;
}

static char *put_value(char *at, const rfm_parquet_type *type, const char *value)
{
    switch (type->form) {
    case RFM_PARQUET_BOOLEAN:
        return rfm_cell_boolean(at, *value != 0);
    case RFM_PARQUET_INT32:
        return rfm_cell_integer(at, get_int32(value));
    case RFM_PARQUET_UINT32:
        return rfm_cell_unsigned(at, (uint32_t)get_int32(value));
    case RFM_PARQUET_INT64:
    case RFM_PARQUET_UTC_US:
        return rfm_cell_integer(at, get_int64(value));
    case RFM_PARQUET_UINT64:
        return rfm_cell_unsigned(at, (uint64_t)get_int64(value));
    case RFM_PARQUET_SINGLE:
        return rfm_cell_single(at, get_single(value));
    case RFM_PARQUET_DOUBLE:
        return rfm_cell_double(at, get_double(value));
    case RFM_PARQUET_DECIMAL32:
        return rfm_cell_decimal(at, get_int32(value), type->scale);
    case RFM_PARQUET_DECIMAL64:
        return rfm_cell_decimal(at, get_int64(value), type->scale);
    case RFM_PARQUET_DECIMAL_FIXED:
        return rfm_cell_decimal(at, get_big_endian(value, type->value_bytes), type->scale);
    case RFM_PARQUET_DATE:
        return rfm_cell_date(at, get_int32(value));
    case RFM_PARQUET_UTC_MS:
        return rfm_cell_integer(at, rfm_cell_us_of_ms(get_int64(value)));
    case RFM_PARQUET_UTC_NS:
        return rfm_cell_integer(at, rfm_cell_us_of_ns(get_int64(value)));
    case RFM_PARQUET_LOCAL_MS:
        return rfm_cell_local_time(at, rfm_cell_us_of_ms(get_int64(value)));
    case RFM_PARQUET_LOCAL_US:
        return rfm_cell_local_time(at, get_int64(value));
    case RFM_PARQUET_LOCAL_NS:
        return rfm_cell_local_time(at, rfm_cell_us_of_ns(get_int64(value)));
    case RFM_PARQUET_LOCAL_INT96:
        return rfm_cell_local_time(at, us_of_int96(value));
    default:
        return put_uuid(at, value);
    }
}

/* Times of a log come in order, many of them more than once: what equals the one before shares its text. */
static void put_values(const rfm_parquet_type *type, const char *value, size_t n, char *at, rfm_field *fields)
{
    const bool wide = type->value_bytes == sizeof(int64_t);
    for (size_t i = 0; i < n; i++, value += type->value_bytes) {
        if (wide && i > 0 && get_int64(value) == get_int64(value - sizeof(int64_t))) {
            fields[i] = fields[i - 1];
            continue;
        }
        char *end = put_value(at, type, value);
        fields[i] = (rfm_field){.bytes = at, .length = (uint32_t)(end - at)};
        at = end;
    }
}

static void point_at_fixed(size_t value_bytes, const char *values, size_t n, rfm_field *fields)
{
    for (size_t i = 0; i < n; i++)
        fields[i] = (rfm_field){.bytes = values + i * value_bytes, .length = (uint32_t)value_bytes};
}

static bool point_at_texts(const char *values, size_t n, rfm_field *fields)
{
    int32_t all_lengths = 0;
    for (size_t i = 0; i < n; i++) {
        rfm_parquet_bytes value;
        memcpy(&value, values + i * sizeof value, sizeof value);
        all_lengths |= value.length;
        __builtin_prefetch(value.bytes); /* somewhere in a page of megabytes, and wanted soon */
        fields[i] = (rfm_field){.bytes = value.length > 0 ? value.bytes : "", .length = (uint32_t)value.length};
    }
    return all_lengths >= 0;
}

static bool put_decimal_texts(int scale, char *at, size_t n, rfm_field *fields)
{
    for (size_t i = 0; i < n; i++) {
        if (fields[i].length > DECIMAL_MAX_BYTES)
            return false;
        char *end = rfm_cell_decimal(at, get_big_endian(fields[i].bytes, fields[i].length), scale);
        fields[i] = (rfm_field){.bytes = at, .length = (uint32_t)(end - at)};
        at = end;
    }
    return true;
}

bool rfm_parquet_fields(const rfm_parquet_type *type, const void *values, size_t n, char *text, rfm_field *fields)
{
    const char *value = values;
    switch (type->form) {
    case RFM_PARQUET_TEXT:
        return point_at_texts(value, n, fields);
    case RFM_PARQUET_DECIMAL_TEXT:
        return point_at_texts(value, n, fields) && put_decimal_texts(type->scale, text, n, fields);
    case RFM_PARQUET_FIXED:
        point_at_fixed(type->value_bytes, value, n, fields);
        return true;
    default:
        break;
    }
    put_values(type, value, n, text, fields);
    return true;
}

/* ---- as they are ------------------------------------------------------------------------------------------------ */

rfm_typed rfm_parquet_kind(const rfm_parquet_type *type)
{
    switch (type->form) {
    case RFM_PARQUET_INT32:
    case RFM_PARQUET_UINT32:
    case RFM_PARQUET_INT64:
    case RFM_PARQUET_UINT64:
    case RFM_PARQUET_UTC_MS:
    case RFM_PARQUET_UTC_US:
    case RFM_PARQUET_UTC_NS:
        return (rfm_typed){.kind = RFM_TYPED_DECIMAL};
    case RFM_PARQUET_DECIMAL32:
    case RFM_PARQUET_DECIMAL64:
    case RFM_PARQUET_DECIMAL_FIXED:
        return (rfm_typed){.kind = type->scale > RFM_TYPED_MAX_SCALE ? RFM_TYPED_TEXT : RFM_TYPED_DECIMAL,
                           .scale = type->scale};
    case RFM_PARQUET_DOUBLE:
        return (rfm_typed){.kind = RFM_TYPED_DOUBLE};
    case RFM_PARQUET_DATE:
        return (rfm_typed){.kind = RFM_TYPED_DATE};
    case RFM_PARQUET_LOCAL_MS:
    case RFM_PARQUET_LOCAL_US:
    case RFM_PARQUET_LOCAL_NS:
    case RFM_PARQUET_LOCAL_INT96:
        return (rfm_typed){.kind = RFM_TYPED_LOCAL};
    default:
        return (rfm_typed){.kind = RFM_TYPED_TEXT};
    }
}

static bool read_uint64(const char *value, size_t n, int64_t *read)
{
    int64_t signs = 0;
    for (size_t i = 0; i < n; i++, value += sizeof *read)
        signs |= read[i] = get_int64(value);
    return signs >= 0;
}

static bool read_big_endian(const char *value, size_t n_bytes, size_t n, int64_t *read)
{
    bool fits = true;
    for (size_t i = 0; i < n; i++, value += n_bytes) {
        const rfm_i128 exact = get_big_endian(value, n_bytes);
        read[i] = (int64_t)exact;
        fits &= exact == read[i];
    }
    return fits;
}

bool rfm_parquet_read(const rfm_parquet_type *type, const void *values, size_t n, int64_t *read)
{
    const char *value = values;
    const size_t bytes = type->value_bytes;
    switch (type->form) {
    case RFM_PARQUET_UINT64:
        return read_uint64(value, n, read);
    case RFM_PARQUET_DECIMAL_FIXED:
        return read_big_endian(value, bytes, n, read);
    case RFM_PARQUET_INT32:
    case RFM_PARQUET_DECIMAL32:
    case RFM_PARQUET_DATE:
        for (size_t i = 0; i < n; i++)
            read[i] = get_int32(value + i * sizeof(int32_t));
        return true;
    case RFM_PARQUET_UINT32:
        for (size_t i = 0; i < n; i++)
            read[i] = (uint32_t)get_int32(value + i * sizeof(int32_t));
        return true;
    case RFM_PARQUET_UTC_MS:
    case RFM_PARQUET_LOCAL_MS:
        for (size_t i = 0; i < n; i++)
            read[i] = rfm_cell_us_of_ms(get_int64(value + i * sizeof(int64_t)));
        return true;
    case RFM_PARQUET_UTC_NS:
    case RFM_PARQUET_LOCAL_NS:
        for (size_t i = 0; i < n; i++)
            read[i] = rfm_cell_us_of_ns(get_int64(value + i * sizeof(int64_t)));
        return true;
    case RFM_PARQUET_LOCAL_INT96:
        for (size_t i = 0; i < n; i++)
            read[i] = us_of_int96(value + i * bytes);
        return true;
    default:
        rfm_assert(bytes == sizeof *read);
        memcpy(read, value, n * bytes);
        return true;
    }
}

/* ---- NULLs ------------------------------------------------------------------------------------------------------ */

/* Both go backwards, and in place: nothing lies before its row. All that is left in front is where it belongs. */
static size_t count_present(const int16_t *levels, size_t n)
{
    size_t n_present = 0;
    for (size_t i = 0; i < n; i++)
        n_present += levels[i] != 0;
    return n_present;
}

void rfm_parquet_spread(const int16_t *levels, size_t n, rfm_field *fields)
{
    size_t n_present = count_present(levels, n);
    for (size_t i = n; i > n_present; i--)
        fields[i - 1] = levels[i - 1] != 0 ? fields[--n_present] : (rfm_field){.bytes = ""};
}

void rfm_parquet_spread_values(const int16_t *levels, size_t n, int64_t *values)
{
    size_t n_present = count_present(levels, n);
    for (size_t i = n; i > n_present; i--)
        values[i - 1] = levels[i - 1] != 0 ? values[--n_present] : 0;
}

bool rfm_parquet_time_format(const rfm_parquet_type *type, rfm_time_format *format)
{
    switch (type->form) {
    case RFM_PARQUET_DATE:
        *format = RFM_TIME_DATE;
        return true;
    case RFM_PARQUET_UTC_MS:
    case RFM_PARQUET_UTC_US:
    case RFM_PARQUET_UTC_NS:
        *format = RFM_TIME_MICROSECONDS;
        return true;
    case RFM_PARQUET_LOCAL_MS:
    case RFM_PARQUET_LOCAL_US:
    case RFM_PARQUET_LOCAL_NS:
    case RFM_PARQUET_LOCAL_INT96:
        *format = RFM_TIME_ISO;
        return true;
    default:
        return false;
    }
}
