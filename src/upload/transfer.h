/* transfer: the parts of a run into a stage. Knows PUT and the places it leads to; knows nothing of tables. Local.
 *
 * Files stream from the disk, several at once; their bytes are held against the manifest on the way. Credentials that
 * expire are asked for again, and only what is not through is sent again.
 */
#ifndef RFM_UPLOAD_TRANSFER_H
#define RFM_UPLOAD_TRANSFER_H

#include "rfmpi/store.h"
#include "rfmpi/upload.h"
#include "session.h"

typedef struct rfm_transfer {
    rfm_http *http;
    rfm_session *session; /* NULL: the place is what it is, and ends the transfer early when its credentials expire */
    const json_t *place;  /* data of the answer to a PUT; NULL: asked for */
    const char *stage;    /* as SQL has it, with a slash at its end: @"DB"."SC"."STAGE"/id/ */
    const char *dir;      /* of the parts */
    const rfm_manifest *manifest;
    const bool *is_there; /* [n_parts] not to be sent */
    int parallel;
    bool local_allowed; /* a stage may be a folder of this machine */
    rfm_status (*done)(void *context, size_t part, rfm_error *err);
    void *context;
    const rfm_upload_helpers *helpers; /* who sends, too; NULL: nobody */
} rfm_transfer;

rfm_status rfm_transfer_send(const rfm_transfer *transfer, rfm_error *err);

/* transfer_order.c: the same by all helpers, in rounds: each has credentials of its own time. */
rfm_status rfm_transfer_share(const rfm_transfer *transfer, rfm_error *err);

/* The answer to a PUT of that name; the caller frees it. */
rfm_status rfm_transfer_ask(const rfm_transfer *transfer, const char *name, rfm_result *result, rfm_error *err);

#endif
