/* digest: of the parts of a run, whose bytes are held against the manifest on the way. Knows nothing of where they go.
 * Local. */
#ifndef RFM_UPLOAD_DIGEST_H
#define RFM_UPLOAD_DIGEST_H

#include "crypto.h"
#include "rfmpi/store.h"

/* The hash of a part's bytes, as lists of stages show it, in hex. *md5 is freed by the caller. RFM_DATA where the file
 * is not what the manifest says. */
rfm_status rfm_part_md5(const char *dir, const struct rfm_manifest_part *part, char **md5, rfm_error *err);

/* The SHA-256 of many parts, made by a thread of their own, a few ahead of the one that is asked for: a request names
 * the digest of what it sends, so that each file is read twice, and its first reading should not hold up what is sent.
 */
typedef struct rfm_digests rfm_digests;

typedef struct rfm_digests_order {
    const char *dir;
    const rfm_manifest *manifest; /* borrowed, as all here, until close */
    const size_t *parts;          /* [n] numbers in the manifest, in the order in which they will be asked for */
    size_t n;
    size_t ahead;                /* how many at most */
    void (*made)(void *context); /* one more is there; called by the thread */
    void *context;
} rfm_digests_order;

rfm_status rfm_digests_open(const rfm_digests_order *order, rfm_digests **digests, rfm_error *err);
void rfm_digests_close(rfm_digests *digests); /* NULL is fine */

/* Whether the i-th is there (or has failed); else it will be made before any behind it. */
bool rfm_digests_ready(rfm_digests *digests, size_t i);

/* The i-th in base64, borrowed; waits for it. NULL with err set. */
const char *rfm_digests_get(rfm_digests *digests, size_t i, rfm_error *err);

#endif
