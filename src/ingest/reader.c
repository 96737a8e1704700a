/* reader: pread into a window that keeps the torn end of the one before. Knows nothing of rows.
 *
 *   file    ....[ used | torn row ][ next block ]......
 *   window             [ torn row |  next block ]
 */
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static rfm_status fail_changed(const rfm_reader *r, rfm_error *err)
{
    return rfm_fail(err, RFM_DATA,
                    "%s: changed while being read (it had %lld bytes); start again when nothing "
                    "writes to it",
                    r->file->path, (long long)r->file->size_bytes);
}

rfm_status rfm_reader_check(const rfm_reader *r, rfm_error *err)
{
    struct stat info;
    if (fstat(r->fd, &info) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot be looked at", r->file->path);
    return info.st_size == r->file->size_bytes ? RFM_OK : fail_changed(r, err);
}

rfm_status rfm_reader_open(rfm_reader *r, const rfm_file *file, int64_t offset, size_t block_bytes,
                           const char *fault_file, rfm_error *err)
{
    *r = (rfm_reader){.file = file, .offset = offset};
    r->block_bytes = block_bytes > RFM_BLOCK_MIN_BYTES ? block_bytes : RFM_BLOCK_MIN_BYTES;
    r->broken = fault_file && strcmp(fault_file, file->path) == 0;
    r->fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0 && errno == ENOENT)
        return rfm_fail(err, RFM_DATA, "%s: is no longer there", file->path);
    if (r->fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot be opened", file->path);
    posix_fadvise(r->fd, offset, 0, POSIX_FADV_SEQUENTIAL);
    return rfm_reader_check(r, err);
}

void rfm_reader_close(rfm_reader *r)
{
    if (r->file && r->fd >= 0)
        close(r->fd);
    free(r->bytes);
    *r = (rfm_reader){.fd = -1};
}

bool rfm_reader_at_end(const rfm_reader *r)
{
    return r->offset + (int64_t)r->n >= r->file->size_bytes;
}

static rfm_status read_exactly(rfm_reader *r, size_t n_bytes, rfm_error *err)
{
    while (n_bytes > 0) {
        const off_t from = r->offset + (off_t)r->n;
        ssize_t got = r->broken ? -1 : pread(r->fd, r->bytes + r->n, n_bytes, from);
        if (got < 0 && !r->broken && errno == EINTR)
            continue;
        if (got < 0)
            return rfm_fail_errno(err, r->broken ? EIO : errno, "%s: cannot be read at byte %lld", r->file->path,
                                  (long long)from);
        if (got == 0)
            return fail_changed(r, err);
        r->n += (size_t)got;
        n_bytes -= (size_t)got;
    }
    return RFM_OK;
}

/* A torn row that fills the window doubles it, so that a long row costs no more than its length. */
rfm_status rfm_reader_fill(rfm_reader *r, size_t used, rfm_error *err)
{
    const size_t keep = r->n - used;
    if (keep > 0)
        memmove(r->bytes, r->bytes + used, keep);
    r->offset += (int64_t)used;
    r->n = keep;
    size_t want = keep > r->block_bytes ? keep : r->block_bytes;
    const int64_t left = r->file->size_bytes - r->offset - (int64_t)keep;
    if ((int64_t)want > left)
        want = left > 0 ? (size_t)left : 0;
    if (rfm_reserve(&r->bytes, &r->capacity, keep + want + 1, 1, err) != RFM_OK)
        return err->status;
    return read_exactly(r, want, err);
}
