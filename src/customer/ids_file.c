/* ids_file: customer ids as a dataset. Knows no file in which they lie. */
#include "rfmpi/customer.h"

#include <stdlib.h>
#include <string.h>

/* ---- write ------------------------------------------------------------------------------------------------------ */

static int64_t longest_id(const rfm_ids *ids)
{
    size_t longest = 1;
    for (size_t i = 0; i < ids->n; i++)
        if (ids->offset[i + 1] - ids->offset[i] > longest)
            longest = ids->offset[i + 1] - ids->offset[i];
    return (int64_t)longest;
}

/* Fixed-length bytes, as long as the longest of all ranks: parallel HDF5 writes no others. */
static rfm_status write_texts(rfm_comm *comm, rfm_h5 *file, const char *name, const rfm_ids *ids, rfm_error *err)
{
    rfm_h5_shape shape = {.type = RFM_H5_BYTES, .columns = longest_id(ids)};
    rfm_comm_reduce_i64(comm, RFM_MAX, &shape.columns, 1);
    size_t width = (size_t)shape.columns;
    char *padded = rfm_alloc(ids->n, width, err);
    for (size_t i = 0; padded && i < ids->n; i++)
        memcpy(padded + i * width, ids->bytes + ids->offset[i], ids->offset[i + 1] - ids->offset[i]);
    if (!rfm_comm_agree(comm, err))
        rfm_h5_write(file, name, &shape, ids->n, padded, err);
    free(padded);
    return err->status;
}

rfm_status rfm_ids_write(rfm_comm *comm, rfm_h5 *file, const char *name, const rfm_ids *ids, rfm_error *err)
{
    const rfm_h5_shape shape = {.type = RFM_H5_I64, .columns = 1};
    if (ids->kind == RFM_ID_TEXT)
        return write_texts(comm, file, name, ids, err);
    return rfm_h5_write(file, name, &shape, ids->n, ids->number, err);
}

/* ---- read ------------------------------------------------------------------------------------------------------- */

static rfm_status take_numbers(rfm_ids *ids, rfm_error *err)
{
    ids->hash = rfm_alloc(ids->n, sizeof *ids->hash, err);
    for (size_t i = 0; ids->hash && i < ids->n; i++)
        ids->hash[i] = rfm_hash64_integer(ids->number[i]);
    return err->status;
}

static bool is_padding(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != '\0')
            return false;
    return true;
}

static rfm_status take_texts(const rfm_ids_place *place, const char *padded, rfm_ids *ids, rfm_error *err)
{
    size_t width = (size_t)place->width;
    ids->hash = rfm_alloc(ids->n, sizeof *ids->hash, err);
    ids->offset = rfm_alloc(ids->n + 1, sizeof *ids->offset, err);
    ids->bytes = rfm_alloc(ids->n, width, err);
    for (size_t i = 0; !err->status && i < ids->n; i++) {
        const char *text = padded + i * width;
        size_t length = strnlen(text, width);
        if (!is_padding(text + length, width - length))
            return rfm_fail(err, RFM_DATA, "%s: %s has an id with a NUL byte in it: damaged; make the file again",
                            place->path, place->name);
        memcpy(ids->bytes + ids->offset[i], text, length);
        ids->offset[i + 1] = ids->offset[i] + length;
        ids->hash[i] = rfm_hash64(text, length);
    }
    return err->status;
}

rfm_status rfm_ids_read(rfm_comm *comm, rfm_h5 *file, const rfm_ids_place *place, rfm_ids *ids, rfm_error *err)
{
    bool text = place->kind == RFM_ID_TEXT;
    *ids = (rfm_ids){.kind = place->kind, .n = place->count};
    char *padded = text ? rfm_alloc(ids->n, (size_t)place->width, err) : NULL;
    if (!text)
        ids->number = rfm_alloc(ids->n, sizeof *ids->number, err);
    if (!rfm_comm_agree(comm, err) && !rfm_h5_read(file, place->name, text ? RFM_H5_BYTES : RFM_H5_I64, place->first,
                                                   ids->n, text ? (void *)padded : (void *)ids->number, err)) {
        if (text)
            take_texts(place, padded, ids, err);
        else
            take_numbers(ids, err);
        rfm_comm_agree(comm, err);
    }
    free(padded);
    if (err->status)
        rfm_ids_free(ids);
    return err->status;
}
