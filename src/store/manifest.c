/* manifest: the list of the parts of a product, for who loads them elsewhere. Knows what is told of a part, not how it
 * came about.
 *
 *     {"format": 1, "part_rows": 1000000, "n_rows": 3, "parts": [{"name": ..., "rows": 3, "bytes": 71, "xxh3_128":
 * "..."}]}
 *
 * xxh3_128 is XXH3 (128 bits) of the bytes of the file, as `xxhsum -H2` prints it.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "folder.h"
#include "json.h"
#include "parts.h"

static json_t *tell_part(const rfm_part_note *note)
{
    char name[64], hash[33];
    rfm_part_name(note->part, name);
    snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)note->hash.high,
             (unsigned long long)note->hash.low);
    return json_pack("{s:s, s:I, s:I, s:s}", "name", name, "rows", (json_int_t)note->rows, "bytes",
                     (json_int_t)note->bytes, "xxh3_128", hash);
}

static json_t *tell_parts(int64_t part_rows, const rfm_part_note *notes, size_t n)
{
    json_int_t n_rows = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        n_rows += notes[i].rows;
        if (json_array_append_new(list, tell_part(&notes[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:i, s:I, s:I, s:o}", "format", 1, "part_rows", (json_int_t)part_rows, "n_rows", n_rows, "parts",
                     list);
}

/* Rank 0. */
static rfm_status write_file(const char *dir, int64_t part_rows, const rfm_part_note *notes, size_t n, rfm_error *err)
{
    rfm_text text = {0};
    char *path = rfm_folder_path(dir, "manifest.json", err);
    json_t *manifest = tell_parts(part_rows, notes, n);
    if (!manifest)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for the manifest of %s", dir);
    if (!err->status && rfm_json_print(manifest, &text, err) == RFM_OK)
        rfm_file_write(path, &text, err);
    json_decref(manifest);
    rfm_text_free(&text);
    free(path);
    return err->status;
}

rfm_status rfm_manifest_write(rfm_comm *comm, const char *dir, int64_t part_rows, const rfm_part_note *notes, size_t n,
                              rfm_error *err)
{
    void *all = NULL;
    size_t *offsets = NULL;
    if (rfm_comm_gather_bytes(comm, 0, notes, n * sizeof *notes, &all, &offsets, err))
        return err->status;
    if (rfm_comm_rank(comm) == 0)
        write_file(dir, part_rows, all, offsets[rfm_comm_size(comm)] / sizeof *notes, err);
    free(all);
    free(offsets);
    return rfm_comm_agree(comm, err);
}
