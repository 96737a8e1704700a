/* fetch: files of a stage into a folder of this machine; the opposite of transfer. Local.
 *
 * Several at once, decrypted on the way, held against the digest they were stored with; a file appears whole, under a
 * temporary name until it is.
 */
#ifndef RFM_UPLOAD_FETCH_H
#define RFM_UPLOAD_FETCH_H

#include "session.h"

typedef struct rfm_fetch {
    rfm_session *session;
    const char *stage;    /* as SQL has it, with a slash at its end: @"DB"."SC"."STAGE"/id/ */
    const char *dir;      /* of the files; it is there */
    char *const *names;   /* [n] in the stage, and in the folder */
    const int64_t *bytes; /* [n] as the stage has them; -1: not known */
    const bool *is_there; /* [n] not to be fetched */
    size_t n;
    int parallel;
    bool local_allowed;
    rfm_status (*done)(void *context, size_t i, rfm_error *err);
    void *context;
} rfm_fetch;

rfm_status rfm_fetch_files(const rfm_fetch *fetch, rfm_error *err);

#endif
