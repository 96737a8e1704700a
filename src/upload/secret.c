/* secret: sealed texts, and memory that forgets. Knows nothing of what a secret is for. */
#include "secret.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static rfm_status fill_random(unsigned char *bytes, size_t length, rfm_error *err)
{
    for (size_t done = 0; done < length;) {
        const ssize_t n = getrandom(bytes + done, length - done, 0);
        if (n < 0 && errno != EINTR)
            return rfm_fail_errno(err, errno, "no random bytes");
        done += n > 0 ? (size_t)n : 0;
    }
    return RFM_OK;
}

rfm_status rfm_secret_set(rfm_secret *secret, const char *text, size_t length, rfm_error *err)
{
    rfm_secret_free(secret);
    if (length == 0)
        return RFM_OK;
    rfm_secret made = {.length = length};
    made.sealed = rfm_alloc(length, 1, err);
    made.pad = made.sealed ? rfm_alloc(length, 1, err) : NULL;
    if (!made.pad || fill_random(made.pad, length, err) != RFM_OK) {
        rfm_secret_free(&made);
        return err->status;
    }
    for (size_t i = 0; i < length; i++)
        made.sealed[i] = (unsigned char)text[i] ^ made.pad[i];
    *secret = made;
    return RFM_OK;
}

bool rfm_secret_given(const rfm_secret *secret)
{
    return secret->length > 0;
}

void rfm_secret_free(rfm_secret *secret)
{
    free(secret->sealed);
    rfm_wiping_free(secret->pad);
    *secret = (rfm_secret){0};
}

char *rfm_secret_open(const rfm_secret *secret, rfm_error *err)
{
    char *text = secret->length > 0 ? rfm_alloc(secret->length + 1, 1, err) : NULL;
    for (size_t i = 0; text && i < secret->length; i++)
        text[i] = (char)(secret->sealed[i] ^ secret->pad[i]);
    return text;
}

void rfm_secret_close(char *text)
{
    rfm_wiping_free(text); /* to its end: what stands behind a NUL may be secret, too */
}

void rfm_wiping_free(void *memory)
{
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

/* realloc may move the bytes and leave a copy behind; this one never does. */
void *rfm_wiping_realloc(void *memory, size_t size)
{
    if (!memory)
        return malloc(size);
    const size_t old = malloc_usable_size(memory);
    if (size <= old && size > old / 2)
        return memory;
    void *moved = malloc(size);
    if (moved) {
        memcpy(moved, memory, old < size ? old : size);
        rfm_wiping_free(memory);
    }
    return moved;
}

/* The C library keeps a few freed pieces of each small size for the next who asks, and M_PERTURB passes those by: so
 * they are asked for, all at once, and given back empty. */
void rfm_heap_scrub(void)
{
    enum { STEP = 16, SIZES = 68, EACH = 8, ALL = SIZES * EACH };
    void *pieces[ALL];
    mallopt(M_PERTURB, 0x5a);
    for (size_t i = 0; i < ALL; i++) {
        pieces[i] = malloc((i / EACH + 1) * STEP);
        if (pieces[i])
            explicit_bzero(pieces[i], malloc_usable_size(pieces[i]));
    }
    for (size_t i = 0; i < ALL; i++)
        free(pieces[i]);
}
