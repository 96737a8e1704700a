/* digest: one pass over a file for its hash and for that of the manifest, and a thread that makes such passes. */
#include "digest.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 20 };

/* ---- one file --------------------------------------------------------------------------------------------------- */

static rfm_status feed(const char *path, int fd, rfm_digester *digester, rfm_hasher *hasher, int64_t *bytes,
                       rfm_error *err)
{
    unsigned char *block = rfm_alloc(BLOCK_BYTES, 1, err);
    ssize_t n = 0;
    *bytes = 0;
    while (block && err->status == RFM_OK && (n = read(fd, block, BLOCK_BYTES)) > 0) {
        rfm_hasher_feed(hasher, block, (size_t)n);
        rfm_digester_feed(digester, block, (size_t)n, err);
        *bytes += n;
    }
    if (n < 0)
        rfm_fail_errno(err, errno, "%s: cannot read", path);
    free(block);
    return err->status;
}

static rfm_status digest_file(const char *path, const struct rfm_manifest_part *part, rfm_digest_kind kind,
                              unsigned char *digest, rfm_error *err)
{
    rfm_digester *digester = NULL;
    rfm_hasher *hasher = NULL;
    int64_t bytes = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot read", path);
    if (rfm_digester_open(kind, &digester, err) == RFM_OK && rfm_hasher_open(&hasher, err) == RFM_OK)
        feed(path, fd, digester, hasher, &bytes, err);
    close(fd);
    rfm_digester_close(digester, digest, err);
    const rfm_hash128 hash = rfm_hasher_close(hasher);
    if (err->status == RFM_OK && (bytes != part->bytes || hash.low != part->hash.low || hash.high != part->hash.high))
        rfm_fail(err, RFM_DATA, "%s: not the bytes that manifest.json tells of: make the run anew (--force)", path);
    return err->status;
}

/* *text is freed by the caller; NULL with err set. */
static rfm_status digest_part(const char *dir, const struct rfm_manifest_part *part, rfm_digest_kind kind, char **text,
                              rfm_error *err)
{
    unsigned char digest[RFM_SHA256_BYTES];
    rfm_text made = {0};
    char *path = rfm_folder_path(dir, part->name, err);
    if (path && digest_file(path, part, kind, digest, err) == RFM_OK) {
        if (kind == RFM_MD5)
            rfm_hex_add(&made, digest, RFM_MD5_BYTES);
        else
            rfm_base64_add(&made, digest, RFM_SHA256_BYTES);
        rfm_text_check(&made, err);
    }
    free(path);
    *text = made.bytes;
    return err->status;
}

rfm_status rfm_part_md5(const char *dir, const struct rfm_manifest_part *part, char **md5, rfm_error *err)
{
    return digest_part(dir, part, RFM_MD5, md5, err);
}

/* ---- many ------------------------------------------------------------------------------------------------------- */

struct rfm_digests {
    rfm_digests_order order;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t moved;
    char **texts; /* [n_made] */
    size_t n_made, asked;
    bool leaves;
    rfm_error failed; /* of the n_made-th: the thread has ended with it */
};

static bool is_settled(const rfm_digests *self, size_t i)
{
    return i < self->n_made || self->failed.status != RFM_OK;
}

/* False when there is nothing left to do. */
static bool wait_for_work(rfm_digests *self)
{
    pthread_mutex_lock(&self->lock);
    while (!self->leaves && self->n_made < self->order.n && self->n_made > self->asked + self->order.ahead)
        pthread_cond_wait(&self->moved, &self->lock);
    const bool goes_on = !self->leaves && self->n_made < self->order.n && self->failed.status == RFM_OK;
    pthread_mutex_unlock(&self->lock);
    return goes_on;
}

static void make_next(rfm_digests *self)
{
    const rfm_digests_order *order = &self->order;
    rfm_error err = {0};
    char *text = NULL;
    digest_part(order->dir, &order->manifest->parts[order->parts[self->n_made]], RFM_SHA256, &text, &err);
    pthread_mutex_lock(&self->lock);
    self->texts[self->n_made] = text;
    self->n_made += err.status == RFM_OK;
    self->failed = err;
    pthread_cond_broadcast(&self->moved);
    pthread_mutex_unlock(&self->lock);
    if (order->made)
        order->made(order->context);
}

static void *go_ahead(void *context)
{
    while (wait_for_work(context))
        make_next(context);
    return NULL;
}

rfm_status rfm_digests_open(const rfm_digests_order *order, rfm_digests **digests, rfm_error *err)
{
    rfm_digests *self = rfm_alloc(1, sizeof *self, err);
    *digests = self;
    if (!self)
        return err->status;
    self->order = *order;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->moved, NULL);
    self->texts = rfm_alloc(order->n, sizeof *self->texts, err);
    self->has_thread = self->texts && pthread_create(&self->thread, NULL, go_ahead, self) == 0;
    if (self->texts && !self->has_thread)
        rfm_fail(err, RFM_NO_MEMORY, "no thread can be started");
    return err->status;
}

void rfm_digests_close(rfm_digests *digests)
{
    if (!digests)
        return;
    pthread_mutex_lock(&digests->lock);
    digests->leaves = true;
    pthread_cond_broadcast(&digests->moved);
    pthread_mutex_unlock(&digests->lock);
    if (digests->has_thread)
        pthread_join(digests->thread, NULL);
    pthread_cond_destroy(&digests->moved);
    pthread_mutex_destroy(&digests->lock);
    for (size_t i = 0; digests->texts && i < digests->order.n; i++)
        free(digests->texts[i]);
    free(digests->texts);
    free(digests);
}

/* With the lock held. */
static void ask(rfm_digests *self, size_t i)
{
    self->asked = i > self->asked ? i : self->asked;
    pthread_cond_broadcast(&self->moved);
}

bool rfm_digests_ready(rfm_digests *digests, size_t i)
{
    pthread_mutex_lock(&digests->lock);
    ask(digests, i);
    const bool ready = is_settled(digests, i);
    pthread_mutex_unlock(&digests->lock);
    return ready;
}

const char *rfm_digests_get(rfm_digests *digests, size_t i, rfm_error *err)
{
    pthread_mutex_lock(&digests->lock);
    ask(digests, i);
    while (!is_settled(digests, i))
        pthread_cond_wait(&digests->moved, &digests->lock);
    const char *text = i < digests->n_made ? digests->texts[i] : NULL;
    if (!text)
        *err = digests->failed;
    pthread_mutex_unlock(&digests->lock);
    return text;
}
