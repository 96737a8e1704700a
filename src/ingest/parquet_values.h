/* parquet_values: the values of a Parquet column, as they lie in memory once decoded, -> typed values and texts. Knows
 * how types are laid out and written; nothing of files, pages and the library that decodes them.
 */
#ifndef RFMPI_INGEST_PARQUET_VALUES_H
#define RFMPI_INGEST_PARQUET_VALUES_H

#include "typed.h"

typedef enum rfm_parquet_form {
    RFM_PARQUET_BOOLEAN, /* a byte */
    RFM_PARQUET_INT32,
    RFM_PARQUET_UINT32,
    RFM_PARQUET_INT64,
    RFM_PARQUET_UINT64,
    RFM_PARQUET_SINGLE,
    RFM_PARQUET_DOUBLE,
    RFM_PARQUET_DECIMAL32,
    RFM_PARQUET_DECIMAL64,
    RFM_PARQUET_DECIMAL_FIXED, /* up to 16 bytes, big-endian */
    RFM_PARQUET_DECIMAL_TEXT,  /* the same, each with its length */
    RFM_PARQUET_DATE,          /* 32 bits: days since 1970 */
    RFM_PARQUET_UTC_MS,        /* 64 bits since 1970-01-01T00:00Z */
    RFM_PARQUET_UTC_US,
    RFM_PARQUET_UTC_NS,
    RFM_PARQUET_LOCAL_MS, /* 64 bits since the first of January 1970 on some clock on a wall */
    RFM_PARQUET_LOCAL_US,
    RFM_PARQUET_LOCAL_NS,
    RFM_PARQUET_LOCAL_INT96, /* nanoseconds of the day (64 bits), Julian day (32 bits) */
    RFM_PARQUET_UUID,
    RFM_PARQUET_FIXED, /* bytes of one length, taken as text */
    RFM_PARQUET_TEXT   /* rfm_parquet_bytes */
} rfm_parquet_form;

typedef struct rfm_parquet_type {
    rfm_parquet_form form;
    size_t value_bytes; /* of one value in memory */
    int scale;          /* of decimals */
} rfm_parquet_type;

/* A value of variable length. */
typedef struct rfm_parquet_bytes {
    const char *bytes;
    int32_t length;
} rfm_parquet_bytes;

/* n values, none of them NULL, -> n fields. `text` has room for n * RFM_CELL_BYTES; FIXED and TEXT are not copied:
 * their fields point to where the values do. False: a value has a length that it cannot have. */
bool rfm_parquet_fields(const rfm_parquet_type *type, const void *values, size_t n, char *text, rfm_field *fields);

/* What the values of a type are: kind and scale of cells. */
rfm_typed rfm_parquet_kind(const rfm_parquet_type *type);

/* n values, none of them NULL, as those of that kind; false: one of them is none. */
bool rfm_parquet_read(const rfm_parquet_type *type, const void *values, size_t n, int64_t *read);

/* The first fields, or values, are those of the rows whose level is not 0: move each to its row, and make the others
 * empty. */
void rfm_parquet_spread(const int16_t *levels, size_t n, rfm_field *fields);
void rfm_parquet_spread_values(const int16_t *levels, size_t n, int64_t *values);

/* How a column of times is to be read; false: as any text. */
bool rfm_parquet_time_format(const rfm_parquet_type *type, rfm_time_format *format);

#endif
