/* stream: pread, and a decoder behind it where the file is compressed. Knows nothing of rows. */
#include "stream.h"

#include "format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RAW_BYTES = 128 << 10 };

static rfm_status fail_changed(const rfm_stream *s, rfm_error *err)
{
    return rfm_fail(err, RFM_DATA,
                    "%s: changed while being read (it had %lld bytes); start again when nothing "
                    "writes to it",
                    s->file->path, (long long)s->file->size_bytes);
}

rfm_status rfm_stream_check(const rfm_stream *s, rfm_error *err)
{
    struct stat info;
    if (fstat(s->fd, &info) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot be looked at", s->file->path);
    return info.st_size == s->file->size_bytes ? RFM_OK : fail_changed(s, err);
}

static rfm_status open_codec(rfm_stream *s, rfm_error *err)
{
    rfm_assert(s->at == 0);
    s->complete = true; /* an empty file */
    s->raw = rfm_alloc(RAW_BYTES, 1, err);
    s->left.bytes = s->raw;
    s->state = s->raw ? s->codec->open(err) : NULL;
    return err->status;
}

rfm_status rfm_stream_open(rfm_stream *s, const rfm_file *file, int64_t offset, const char *fault_file, rfm_error *err)
{
    *s = (rfm_stream){.file = file, .at = offset, .codec = rfm_format_traits_of(file->format)->codec};
    s->broken = fault_file && strcmp(fault_file, file->path) == 0;
    s->fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 && errno == ENOENT)
        return rfm_fail(err, RFM_DATA, "%s: is no longer there", file->path);
    if (s->fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot be opened", file->path);
    posix_fadvise(s->fd, offset, 0, POSIX_FADV_SEQUENTIAL);
    if (s->codec && open_codec(s, err) != RFM_OK)
        return err->status;
    return rfm_stream_check(s, err);
}

void rfm_stream_close(rfm_stream *s)
{
    if (s->file && s->fd >= 0)
        close(s->fd);
    if (s->state)
        s->codec->close(s->state);
    free(s->raw);
    *s = (rfm_stream){.fd = -1};
}

/* At most n of the file's bytes; *n_read is 0 only at its end. */
static rfm_status read_raw(rfm_stream *s, char *bytes, size_t n, size_t *n_read, rfm_error *err)
{
    const int64_t left = s->file->size_bytes - s->at;
    *n_read = 0;
    if ((int64_t)n > left)
        n = left > 0 ? (size_t)left : 0;
    while (n > 0) {
        const ssize_t got = s->broken ? -1 : pread(s->fd, bytes, n, (off_t)s->at);
        if (got < 0 && !s->broken && errno == EINTR)
            continue;
        if (got < 0)
            return rfm_fail_errno(err, s->broken ? EIO : errno, "%s: cannot be read at byte %lld", s->file->path,
                                  (long long)s->at);
        if (got == 0)
            return fail_changed(s, err);
        s->at += got;
        bytes += got;
        n -= (size_t)got;
        *n_read += (size_t)got;
    }
    return RFM_OK;
}

static rfm_status fail_decoding(const rfm_stream *s, const char *why, rfm_error *err)
{
    return rfm_fail(err, RFM_DATA, "%s: near byte %lld of %lld: %s; fetch or make the file again", s->file->path,
                    (long long)(s->at - (int64_t)s->left.n), (long long)s->file->size_bytes, why);
}

static rfm_status decode(rfm_stream *s, rfm_piece *out, rfm_error *err)
{
    for (;;) {
        const size_t in_before = s->left.n, out_before = out->n;
        const char *why = s->codec->step(s->state, &s->left, out, &s->complete);
        if (why)
            return fail_decoding(s, why, err);
        if (out->n == 0)
            return RFM_OK;
        if (s->left.n > 0) {
            if (s->left.n == in_before && out->n == out_before)
                return fail_decoding(s, "the compressed data go nowhere", err);
            continue;
        }
        s->left.bytes = s->raw;
        if (read_raw(s, s->raw, RAW_BYTES, &s->left.n, err) != RFM_OK)
            return err->status;
        if (s->left.n == 0)
            return s->complete ? RFM_OK : fail_decoding(s, "the file ends in the middle of its compressed data", err);
    }
}

rfm_status rfm_stream_read(rfm_stream *s, char *bytes, size_t n, size_t *n_read, rfm_error *err)
{
    if (!s->codec)
        return read_raw(s, bytes, n, n_read, err);
    rfm_piece out = {bytes, n};
    decode(s, &out, err);
    *n_read = n - out.n;
    return err->status;
}

/* With a codec, known for sure only when a read came short; until then one more read brings nothing. */
bool rfm_stream_ended(const rfm_stream *s)
{
    return s->at >= s->file->size_bytes && (!s->codec || (s->complete && s->left.n == 0));
}
