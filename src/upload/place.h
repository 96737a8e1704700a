/* place: where a stage's files lie, as the answer to PUT says it, and what a request that puts one there looks like. A
 * table of kinds: S3, Google Cloud Storage, Azure, a folder of this machine (test servers). Sends nothing. Local. */
#ifndef RFM_UPLOAD_PLACE_H
#define RFM_UPLOAD_PLACE_H

#include "http.h"
#include "seal.h"

#include <jansson.h>

typedef enum rfm_place_kind { RFM_PLACE_S3, RFM_PLACE_GCS, RFM_PLACE_AZURE, RFM_PLACE_LOCAL } rfm_place_kind;

typedef struct rfm_place {
    rfm_place_kind kind;
    char *bucket;
    char *prefix; /* "" or with a slash at its end; of a folder, its path */
    char *region;
    char *endpoint; /* NULL: the usual one */
    char *storage;  /* Azure: the account */
    bool is_regional, is_virtual;
    rfm_material material;         /* of a stage whose files clients encrypt */
    rfm_secret key_id, key, token; /* S3: all three; GCS: the token; Azure: the signature (SAS) */
    rfm_secret presigned;          /* a URL that carries its permission, good for one file */
    int64_t expires_us;            /* UTC; 0: not told */
    int64_t told_us;               /* when the answer came */
    int64_t clock_us;              /* what the service's clock is ahead of ours */
} rfm_place;

/* data of the answer to a PUT, or to a GET. RFM_UNAVAILABLE for kinds that are not known, and for a folder unless that
 * is allowed.
 */
rfm_status rfm_place_read(const json_t *data, bool local_allowed, rfm_place *place, rfm_error *err);
void rfm_place_free(rfm_place *place);

/* Its credentials last for a while yet. New ones that are about to expire are taken for a moment all the same, so that
 * others are not asked for all the time. */
bool rfm_place_is_fresh(const rfm_place *place);

/* Whether every file needs a PUT of its own. */
bool rfm_place_is_for_one(const rfm_place *place);

/* A file, as its request names it. */
typedef struct rfm_object {
    const char *name;
    const char *digest;   /* base64 of the SHA-256 of its bytes, before they are sealed */
    const rfm_seal *seal; /* one without a key: none */
} rfm_object;

enum { RFM_PLACE_HEADERS = 12 };

/* URL and headers of a request; wiped when freed. */
typedef struct rfm_place_request {
    rfm_text url;
    char *headers[RFM_PLACE_HEADERS]; /* NULL behind the last */
} rfm_place_request;

rfm_status rfm_place_put(const rfm_place *place, const rfm_object *object, rfm_place_request *request, rfm_error *err);

/* Of a file that goes to S3 in pieces. query is sorted and encoded ("uploadId=..."); object NULL: none of its headers.
 */
rfm_status rfm_place_piece(const rfm_place *place, const char *method, const char *name, const char *query,
                           const rfm_object *object, rfm_place_request *request, rfm_error *err);

/* To fetch the file of that name (it may have folders in it). */
rfm_status rfm_place_get(const rfm_place *place, const char *name, rfm_place_request *request, rfm_error *err);

/* Of a fetched file: the digest it was stored with ("": none), and its seal (none where it is not encrypted). */
rfm_status rfm_place_open(const rfm_place *place, const rfm_http_answer *head, char digest[64], rfm_seal *seal,
                          rfm_error *err);
void rfm_place_request_free(rfm_place_request *request);

/* What an answer means. */
typedef enum rfm_verdict {
    RFM_PUT_DONE,
    RFM_PUT_AGAIN,   /* another attempt may help */
    RFM_PUT_EXPIRED, /* with new credentials */
    RFM_PUT_MOVED,   /* place has been put right (region, clock): again, at once */
    RFM_PUT_REFUSED
} rfm_verdict;

/* What stands in <name>...</name> of an answer, as far as there is room; true when there is something, and all of it.
 */
bool rfm_place_element(const char *body, const char *name, char *value, size_t room);

/* The failure of what a stage refuses ("it", "a piece") of the file of that name. */
rfm_status rfm_place_refuse(const rfm_http_answer *answer, const char *name, const char *what, const char *reason,
                            rfm_error *err);

/* May change the place's region or clock. reason: what a refusal says, without secrets. */
rfm_verdict rfm_place_judge(rfm_place *place, const rfm_http_answer *answer, char reason[200]);

#endif
