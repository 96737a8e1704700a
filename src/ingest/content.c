/* What a file holds, as one number: so that the same events are known again under another name. */
#include "rfmpi/ingest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 20 };

/* A block and its place, so that exchanged blocks make another file. The place stands behind the
 * bytes. */
static rfm_i128 hash_block(unsigned char *block, size_t n, int64_t index)
{
    memcpy(block + n, &index, sizeof index);
    const rfm_hash128 hash = rfm_hash128_of(block, n + sizeof index);
    return (rfm_i128)((rfm_u128)hash.high << 64 | hash.low);
}

static rfm_status read_block(int fd, int64_t offset, size_t n, unsigned char *block, const char *path, rfm_error *err)
{
    for (size_t at = 0; at < n;) {
        const ssize_t got = pread(fd, block + at, n - at, (off_t)(offset + (int64_t)at));
        if (got == 0)
            return rfm_fail(err, RFM_DATA, "%s became shorter while it was read", path);
        if (got < 0 && errno != EINTR)
            return rfm_fail_errno(err, errno, "cannot read %s", path);
        at += got > 0 ? (size_t)got : 0;
    }
    return RFM_OK;
}

static int64_t count_blocks(const rfm_file *file)
{
    return (file->size_bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
}

static rfm_status rest(const rfm_pause *pause, rfm_error *err)
{
    if (err->status == RFM_OK && pause && pause->is_due(pause->context))
        pause->take(pause->context, err);
    return err->status;
}

static rfm_status add_blocks(const rfm_file *file, rfm_interval blocks, const rfm_pause *pause, unsigned char *block,
                             rfm_i128 *sum, rfm_error *err)
{
    const int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return rfm_fail_errno(err, errno, "cannot open %s", file->path);
    for (int64_t index = blocks.begin; index < blocks.end && rest(pause, err) == RFM_OK; index++) {
        const int64_t offset = index * BLOCK_BYTES, left = file->size_bytes - offset;
        const size_t n = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
        if (read_block(fd, offset, n, block, file->path, err) == RFM_OK)
            *sum = (rfm_i128)((rfm_u128)*sum + (rfm_u128)hash_block(block, n, index));
    }
    close(fd);
    return err->status;
}

/* The blocks of all files, end to end, are shared out in ranges: a rank opens the files of its own range only. */
rfm_status rfm_files_content(const rfm_files *files, int rank, int n_ranks, const rfm_pause *pause, rfm_i128 *sums,
                             rfm_error *err)
{
    unsigned char *block = rfm_alloc(BLOCK_BYTES + sizeof(int64_t), 1, err);
    int64_t n_blocks = 0, before = 0;
    for (size_t i = 0; i < files->n; i++)
        n_blocks += count_blocks(&files->files[i]);
    const int64_t own = (int64_t)((rfm_i128)n_blocks * rank / n_ranks);
    const int64_t own_end = (int64_t)((rfm_i128)n_blocks * (rank + 1) / n_ranks);
    for (size_t i = 0; block && i < files->n && err->status == RFM_OK; i++) {
        const int64_t n = count_blocks(&files->files[i]);
        const int64_t first = own > before ? own - before : 0, end = own_end < before + n ? own_end - before : n;
        if (first < end)
            add_blocks(&files->files[i], (rfm_interval){first, end}, pause, block, &sums[i], err);
        before += n;
    }
    free(block);
    return err->status;
}
