/* secret: a text that must be seen by nobody but the server it is for. Held sealed, as bytes that mean nothing without
 * the pad that lies elsewhere: so a look at this process' memory finds it only while it is being sent. Local. */
#ifndef RFM_UPLOAD_SECRET_H
#define RFM_UPLOAD_SECRET_H

#include "rfmpi/base.h"

typedef struct rfm_secret {
    unsigned char *sealed, *pad;
    size_t length;
} rfm_secret;

/* Replaces what was held. The caller wipes its own copy. An empty text is as none. */
rfm_status rfm_secret_set(rfm_secret *secret, const char *text, size_t length, rfm_error *err);
bool rfm_secret_given(const rfm_secret *secret);
void rfm_secret_free(rfm_secret *secret);

/* The text, NUL terminated; `rfm_secret_close` wipes and frees it (NULL is fine). NULL with err set, or when none is
 * held. */
char *rfm_secret_open(const rfm_secret *secret, rfm_error *err);
void rfm_secret_close(char *text);

/* For libraries: freed memory is wiped first. */
void rfm_wiping_free(void *memory);
void *rfm_wiping_realloc(void *memory, size_t size);

/* Wipe what freed memory still holds of what this process has read, as far as small pieces go; and have larger ones
 * wiped as they are freed from here on. */
void rfm_heap_scrub(void);

#endif
