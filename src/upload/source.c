/* source: a file, and a cipher over it where one is wanted. */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PLAIN_BYTES = 64 << 10, SEALED_BYTES = PLAIN_BYTES + 2 * RFM_AES_BLOCK };

struct rfm_source {
    int fd;
    int64_t offset;      /* where it begins in the file */
    int64_t n_bytes, at; /* all, read */
    int64_t sent;
    rfm_seal seal; /* key and vector only */
    rfm_cipher *cipher;
    unsigned char *plain, *sealed; /* a piece, before and after; [from, end) of the latter is still to go */
    int from, end;
    bool is_last;
};

static rfm_status begin_cipher(rfm_source *source, rfm_error *err)
{
    rfm_cipher_close(source->cipher);
    source->cipher = NULL;
    source->from = source->end = 0;
    source->is_last = false;
    return rfm_cipher_open(source->seal.key, source->seal.key_bytes, source->seal.iv, &source->cipher, err);
}

static rfm_status begin_seal(rfm_source *source, const rfm_seal *seal, rfm_error *err)
{
    source->seal.key_bytes = seal->key_bytes;
    memcpy(source->seal.key, seal->key, sizeof seal->key);
    memcpy(source->seal.iv, seal->iv, sizeof seal->iv);
    source->plain = rfm_alloc(PLAIN_BYTES, 1, err);
    source->sealed = rfm_alloc(SEALED_BYTES, 1, err);
    return err->status == RFM_OK ? begin_cipher(source, err) : err->status;
}

rfm_status rfm_source_open(const char *path, int64_t n_bytes, const rfm_seal *seal, rfm_source **source, rfm_error *err)
{
    rfm_source *made = rfm_alloc(1, sizeof *made, err);
    *source = made;
    if (!made)
        return err->status;
    made->n_bytes = n_bytes;
    made->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (made->fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot read", path);
    return seal && seal->key_bytes > 0 ? begin_seal(made, seal, err) : RFM_OK;
}

rfm_status rfm_source_open_piece(const char *path, int64_t offset, int64_t n_bytes, rfm_source **source, rfm_error *err)
{
    if (rfm_source_open(path, n_bytes, NULL, source, err) == RFM_OK && *source)
        (*source)->offset = offset;
    return err->status;
}

void rfm_source_close(rfm_source *source)
{
    if (!source)
        return;
    if (source->fd >= 0)
        close(source->fd);
    rfm_cipher_close(source->cipher);
    rfm_seal_free(&source->seal);
    free(source->plain);
    free(source->sealed);
    free(source);
}

int64_t rfm_source_bytes(const rfm_source *source)
{
    return source->cipher ? rfm_sealed_bytes(source->n_bytes) : source->n_bytes;
}

int64_t rfm_source_sent(const rfm_source *source)
{
    return source->sent;
}

/* n bytes, or all that are left. */
static int64_t read_plain(rfm_source *source, void *room, size_t n)
{
    const int64_t left = source->n_bytes - source->at;
    const size_t wanted = left < (int64_t)n ? (size_t)left : n;
    size_t done = 0;
    while (done < wanted) {
        const ssize_t got = pread(source->fd, (char *)room + done, wanted - done, source->offset + source->at);
        if (got <= 0)
            return -1;
        done += (size_t)got;
        source->at += got;
    }
    return (int64_t)done;
}

static bool seal_more(rfm_source *source)
{
    const int64_t n = read_plain(source, source->plain, PLAIN_BYTES);
    if (n < 0)
        return false;
    source->is_last = source->at == source->n_bytes;
    source->from = 0;
    source->end = rfm_cipher_feed(source->cipher, source->plain, (int)n, source->is_last, source->sealed);
    return source->end >= 0;
}

int64_t rfm_source_read(rfm_source *source, void *room, size_t n)
{
    int64_t taken = 0;
    if (!source->cipher) {
        taken = read_plain(source, room, n);
    } else {
        while (source->from == source->end && !source->is_last)
            if (!seal_more(source))
                return -1;
        const size_t left = (size_t)(source->end - source->from);
        taken = (int64_t)(left < n ? left : n);
        memcpy(room, source->sealed + source->from, (size_t)taken);
        source->from += (int)taken;
    }
    source->sent += taken > 0 ? taken : 0;
    return taken;
}

bool rfm_source_rewind(rfm_source *source)
{
    rfm_error err = {0};
    source->at = source->sent = 0;
    return !source->cipher || begin_cipher(source, &err) == RFM_OK;
}
