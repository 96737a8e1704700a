/* notes: what a manifest tells of parts that were written: their rows, and size and hash of what is on the disk. Knows
 * nothing of what is in a part. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "parts.h"

void rfm_part_name(int64_t part, const char *suffix, char name[64])
{
    snprintf(name, 64, "part-%05lld%s", (long long)part, suffix);
}

char *rfm_part_path(const char *dir, int64_t part, const char *suffix, rfm_error *err)
{
    char name[64];
    rfm_part_name(part, suffix, name);
    return rfm_folder_path(dir, name, err);
}

rfm_status rfm_part_notes_add(rfm_part_notes *notes, int64_t part, int64_t rows, rfm_error *err)
{
    if (rfm_reserve(&notes->list, &notes->capacity, notes->n + 1, sizeof *notes->list, err))
        return err->status;
    notes->list[notes->n++] = (rfm_part_note){.part = part, .rows = rows};
    return RFM_OK;
}

void rfm_part_notes_free(rfm_part_notes *notes)
{
    free(notes->list);
    *notes = (rfm_part_notes){.suffix = notes->suffix};
}

/* Feeds a file to a hash. It is read, not mapped: a page that a disk cannot give ends a process. */
static rfm_status hash_file(int fd, rfm_hasher *hasher, int64_t *n_bytes, rfm_error *err)
{
    enum { BLOCK_BYTES = 1 << 18 };
    ssize_t got = 0;
    char *block = rfm_alloc(BLOCK_BYTES, 1, err);
    while (block && ((got = read(fd, block, BLOCK_BYTES)) > 0 || (got < 0 && errno == EINTR))) {
        if (got < 0)
            continue;
        rfm_hasher_feed(hasher, block, (size_t)got);
        *n_bytes += got;
    }
    if (got < 0)
        rfm_fail_errno(err, errno, "cannot be read back");
    free(block);
    return err->status;
}

static rfm_status measure(const char *dir, const char *suffix, rfm_part_note *note, rfm_error *err)
{
    rfm_hasher *hasher = NULL;
    char *path = rfm_part_path(dir, note->part, suffix, err);
    const int fd = path ? rfm_open_together(path, O_RDWR | O_CLOEXEC) : -1;
    if (path && fd < 0)
        rfm_fail_errno(err, errno, "cannot be opened");
    if (fd < 0 || rfm_hasher_open(&hasher, err) || hash_file(fd, hasher, &note->bytes, err))
        rfm_error_context(err, "%s: part %lld", dir, (long long)note->part);
    note->hash = rfm_hasher_close(hasher);
    if (fd >= 0)
        close(fd);
    free(path);
    return err->status;
}

rfm_status rfm_part_notes_measure(rfm_part_notes *notes, const char *dir, rfm_error *err)
{
    for (size_t i = 0; i < notes->n && !err->status; i++)
        measure(dir, notes->suffix, &notes->list[i], err);
    return err->status;
}
