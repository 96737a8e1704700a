/* pack: a list of files as bytes, for ranks of one run. Knows no MPI.
 *
 *   n | size modified whole length path | size modified whole length path | ...
 */
#include <stdlib.h>
#include <string.h>

#include "rfmpi/ingest.h"

enum { NUMBER_BYTES = sizeof(int64_t) };

static void put_number(rfm_text *bytes, int64_t value)
{
    rfm_text_add(bytes, &value, NUMBER_BYTES);
}

rfm_status rfm_files_pack(const rfm_files *files, rfm_text *bytes, rfm_error *err)
{
    put_number(bytes, (int64_t)files->n);
    for (size_t i = 0; i < files->n; i++) {
        const rfm_file *file = &files->files[i];
        const size_t length = strlen(file->path);
        put_number(bytes, file->size_bytes);
        put_number(bytes, file->modified_us);
        put_number(bytes, file->whole);
        put_number(bytes, (int64_t)length);
        rfm_text_add(bytes, file->path, length);
    }
    return rfm_text_check(bytes, err);
}

typedef struct cursor {
    const char *at;
    size_t left;
} cursor;

static bool take_number(cursor *from, int64_t *value)
{
    if (from->left < NUMBER_BYTES)
        return false;
    memcpy(value, from->at, NUMBER_BYTES);
    from->at += NUMBER_BYTES;
    from->left -= NUMBER_BYTES;
    return true;
}

/* False where the bytes are no list of files; a path that memory is short of is in err. */
static bool take_file(cursor *from, rfm_file *file, rfm_error *err)
{
    int64_t whole, length;
    if (!take_number(from, &file->size_bytes) || !take_number(from, &file->modified_us) || !take_number(from, &whole) ||
        !take_number(from, &length))
        return false;
    if (length < 0 || (uint64_t)length > from->left)
        return false;
    file->whole = whole != 0;
    file->path = rfm_alloc((size_t)length + 1, 1, err);
    if (!file->path)
        return false;
    memcpy(file->path, from->at, (size_t)length);
    from->at += length;
    from->left -= (size_t)length;
    return true;
}

rfm_status rfm_files_unpack(const void *bytes, size_t n_bytes, rfm_files *files, rfm_error *err)
{
    cursor from = {bytes, n_bytes};
    int64_t n = 0;
    *files = (rfm_files){0};
    if (!take_number(&from, &n) || n < 0 || (uint64_t)n > n_bytes / NUMBER_BYTES)
        goto failed;
    files->files = rfm_alloc((size_t)n, sizeof *files->files, err);
    if (!files->files)
        goto failed;
    for (; files->n < (size_t)n; files->n++)
        if (!take_file(&from, &files->files[files->n], err))
            goto failed;
    if (from.left == 0)
        return RFM_OK;
failed:
    rfm_files_free(files);
    return rfm_fail(err, RFM_INTERNAL, "the list of files did not arrive whole");
}
