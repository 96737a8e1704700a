/* walk: all rows of one file, in their order, as texts, whatever its format. */
#ifndef RFMPI_INGEST_WALK_H
#define RFMPI_INGEST_WALK_H

#include "columnar.h"
#include "scanner.h"

typedef struct rfm_walk_column {
    rfm_field name;
    bool has_time_format; /* how its texts are read as times; false: as the job says */
    rfm_time_format time_format;
    rfm_columnar_numbers numbers;
} rfm_walk_column;

/* Who is told. The texts are valid until the function returns; quotes and escapes are decoded, NULL is empty. */
typedef struct rfm_walker {
    void *context;
    /* Once, before any row. */
    rfm_status (*head)(void *context, const rfm_walk_column *columns, size_t n, rfm_error *err);
    /* n fields, as many as there are columns. */
    rfm_status (*row)(void *context, const rfm_field *fields, size_t n, rfm_error *err);
} rfm_walker;

/* Rows that are none are left out and noted; a header that cannot be read, a file that changes or cannot be read, and a
 * failing walker end the walk. */
rfm_status rfm_file_walk(const rfm_input *input, const rfm_file *file, const rfm_walker *walker, rfm_left_out *left_out,
                         rfm_error *err);

#endif
