/* refuse: how a row in error gets into the rejects. */
#ifndef RFMPI_INGEST_REFUSE_H
#define RFMPI_INGEST_REFUSE_H

#include "scanner.h"

/* Why a row is refused, in parts that are put together only when it is kept: "before name 'text' after". */
typedef struct rfm_refusal {
    rfm_reason reason;
    const char *before, *name, *after; /* NULL: nothing */
    const rfm_field *text;             /* NULL: nothing */
} rfm_refusal;

/* What is kept of a row. */
enum { RFM_REFUSED_ROW_BYTES = 1000 };

/* Would one more of this reason be kept? */
bool rfm_rejects_keeps(const rfm_rejects *rejects, rfm_reason reason);

/* Count it, and keep it while there is room. place: file, begin and line. */
rfm_status rfm_rejects_add(rfm_rejects *rejects, rfm_reject place, const rfm_refusal *refusal, rfm_field row,
                           rfm_error *err);

#endif
