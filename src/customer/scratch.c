/* scratch: see scratch.h. */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char WHAT[] = "what passes input.memory; output.scratch names another directory";

rfm_status rfm_scratch_open(rfm_scratch *scratch, const char *directory, rfm_error *err)
{
    rfm_text path = {0};
    rfm_text_addf(&path, "%s/.scratch-XXXXXX", directory);
    if (rfm_text_check(&path, err))
        goto failed;
    int file = mkostemp(path.bytes, O_CLOEXEC); /* mode 0600 */
    if (file < 0 || unlink(path.bytes) != 0) {
        rfm_fail_errno(err, errno, "%s: cannot make a file for %s", path.bytes, WHAT);
        if (file >= 0)
            close(file);
        goto failed;
    }
    *scratch = (rfm_scratch){.path = path.bytes, .what = WHAT, .file = file};
    return RFM_OK;
failed:
    rfm_text_free(&path);
    return err->status;
}

void rfm_scratch_close(rfm_scratch *scratch)
{
    if (scratch->path)
        close(scratch->file);
    free(scratch->path);
    *scratch = (rfm_scratch){0};
}

rfm_status rfm_scratch_write(rfm_scratch *scratch, const void *from, size_t n_bytes, rfm_scratch_place *place,
                             rfm_error *err)
{
    const char *bytes = from;
    size_t left = n_bytes;
    *place = (rfm_scratch_place){scratch->n_bytes, n_bytes, rfm_hash64(from, n_bytes)};
    if (scratch->limit > 0 && (int64_t)n_bytes > scratch->limit - scratch->n_bytes)
        return rfm_fail(err, RFM_IO, "%s: no room left in it for %s", scratch->path, scratch->what);
    while (left > 0) {
        ssize_t n = pwrite(scratch->file, bytes, left, scratch->n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return rfm_fail_errno(err, errno, "%s: cannot write %s", scratch->path, scratch->what);
        bytes += n;
        left -= (size_t)n;
        scratch->n_bytes += n;
    }
    return RFM_OK;
}

/* How much there is of it. */
static size_t read_place(const rfm_scratch *scratch, int file, const rfm_scratch_place *place, char *into,
                         rfm_error *err)
{
    size_t done = 0;
    while (done < place->n_bytes) {
        ssize_t n = pread(file, into + done, place->n_bytes - done, place->offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rfm_fail_errno(err, errno, "%s: cannot read back what was written", scratch->path);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return done;
}

rfm_status rfm_scratch_read(const rfm_scratch *scratch, const rfm_scratch_place *place, void *into, rfm_error *err)
{
    const bool open_now = scratch->file < 0;
    const int file = open_now ? open(scratch->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : scratch->file;
    if (file < 0)
        return rfm_fail_errno(err, errno, "%s: cannot be opened", scratch->path);
    const size_t n = read_place(scratch, file, place, into, err);
    if (open_now)
        close(file);
    if (err->status)
        return err->status;
    if (n < place->n_bytes || rfm_hash64(into, place->n_bytes) != place->hash)
        return rfm_fail(err, RFM_IO, "%s: what is read back is not what was written; is the disk in order?",
                        scratch->path);
    return RFM_OK;
}

rfm_status rfm_scratch_check(const rfm_scratch *scratch, const rfm_scratch_place *places, size_t n, rfm_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (places[i].offset < 0 || places[i].offset > scratch->n_bytes ||
            places[i].n_bytes > (size_t)(scratch->n_bytes - places[i].offset))
            return rfm_fail(err, RFM_DATA, "%s: ends before what it is to hold", scratch->path);
    return RFM_OK;
}

uint64_t rfm_scratch_index(const char *index, size_t n_bytes, size_t place_bytes)
{
    uint64_t n = 0;
    if (n_bytes < sizeof n)
        return 0;
    memcpy(&n, index, sizeof n);
    const size_t left = n_bytes - sizeof n;
    return left / place_bytes == n && left % place_bytes == 0 ? n : 0;
}
