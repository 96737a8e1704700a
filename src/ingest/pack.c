/* pack: a list of files as bytes, for ranks of one run. Knows no MPI.
 *
 *   n | size modified whole format tabs n_rows n_cuts length | cuts | path | size ...
 */
#include <stdlib.h>
#include <string.h>

#include "rfmpi/ingest.h"

enum { NUMBER_BYTES = sizeof(int64_t), N_FACTS = 8 };

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
        const int64_t facts[N_FACTS] = {file->size_bytes, file->modified_us, file->whole,           file->format,
                                        file->tabs,       file->n_rows,      (int64_t)file->n_cuts, (int64_t)length};
        for (int f = 0; f < N_FACTS; f++)
            put_number(bytes, facts[f]);
        for (size_t c = 0; c < file->n_cuts; c++)
            put_number(bytes, file->cuts[c]);
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

static bool take_numbers(cursor *from, int64_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!take_number(from, &values[i]))
            return false;
    return true;
}

static bool take_path(cursor *from, int64_t length, rfm_file *file, rfm_error *err)
{
    if (length < 0 || (uint64_t)length > from->left)
        return false;
    file->path = rfm_alloc((size_t)length + 1, 1, err);
    if (!file->path)
        return false;
    memcpy(file->path, from->at, (size_t)length);
    from->at += length;
    from->left -= (size_t)length;
    return true;
}

/* False where the bytes are no list of files; what memory is short of is in err. */
static bool take_file(cursor *from, rfm_file *file, rfm_error *err)
{
    int64_t facts[N_FACTS];
    if (!take_numbers(from, facts, N_FACTS) || facts[3] < 0 || facts[3] >= RFM_N_FORMATS || facts[6] < 0 ||
        (uint64_t)facts[6] > from->left / NUMBER_BYTES)
        return false;
    *file = (rfm_file){.size_bytes = facts[0],
                       .modified_us = facts[1],
                       .whole = facts[2] != 0,
                       .format = (rfm_format)facts[3],
                       .tabs = facts[4] != 0,
                       .n_rows = facts[5],
                       .n_cuts = (size_t)facts[6]};
    if (file->n_cuts > 0)
        file->cuts = rfm_alloc(file->n_cuts, sizeof *file->cuts, err);
    if (file->n_cuts > 0 && (!file->cuts || !take_numbers(from, file->cuts, file->n_cuts)))
        return false;
    return take_path(from, facts[7], file, err);
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
    while (files->n < (size_t)n)
        if (!take_file(&from, &files->files[files->n++], err))
            goto failed;
    if (from.left == 0)
        return RFM_OK;
failed:
    rfm_files_free(files);
    return rfm_fail(err, RFM_INTERNAL, "the list of files did not arrive whole");
}
