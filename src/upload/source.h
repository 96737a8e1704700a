/* source: the bytes of a file as they are sent: as they lie there, or sealed on the way. Constant memory; can begin
 * again from the start. Local. */
#ifndef RFM_UPLOAD_SOURCE_H
#define RFM_UPLOAD_SOURCE_H

#include "seal.h"

typedef struct rfm_source rfm_source;

/* n_bytes: what the file has. seal is copied; NULL or without a key: as they lie. */
rfm_status rfm_source_open(const char *path, int64_t n_bytes, const rfm_seal *seal, rfm_source **source,
                           rfm_error *err);

/* n_bytes of a file from an offset on, as they lie. */
rfm_status rfm_source_open_piece(const char *path, int64_t offset, int64_t n_bytes, rfm_source **source,
                                 rfm_error *err);
void rfm_source_close(rfm_source *source); /* NULL is fine */

int64_t rfm_source_bytes(const rfm_source *source); /* as sent */
int64_t rfm_source_sent(const rfm_source *source);  /* so far */

/* Up to n of the next bytes; 0 at the end, -1 where the file is shorter than it was, or cannot be read. */
int64_t rfm_source_read(rfm_source *source, void *room, size_t n);
bool rfm_source_rewind(rfm_source *source);

#endif
