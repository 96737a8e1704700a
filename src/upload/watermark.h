/* watermark: a value of a column of times, as the warehouse tells it, as it is kept in a file, and as SQL has it.
 * Local. */
#ifndef RFM_UPLOAD_WATERMARK_H
#define RFM_UPLOAD_WATERMARK_H

#include "session.h"

typedef struct rfm_watermark {
    char type[24]; /* TIMESTAMP_NTZ, TIMESTAMP_LTZ, TIMESTAMP_TZ, DATE, FIXED, TEXT; "": none */
    char value[56];
} rfm_watermark;

/* The only cell of a result; NULL gives none. RFM_UNAVAILABLE for a type that has no order in time. */
rfm_status rfm_watermark_take(const rfm_result *result, rfm_watermark *mark, rfm_error *err);

/* From and to {"type": ..., "value": ...}; what is read is checked, since a file can hold anything. */
rfm_status rfm_watermark_read(const json_t *value, const char *where, rfm_watermark *mark, rfm_error *err);
json_t *rfm_watermark_print(const rfm_watermark *mark);

void rfm_watermark_add(const rfm_watermark *mark, rfm_text *sql);

#endif
