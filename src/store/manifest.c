/* manifest: the list of the parts of a product, for who loads them elsewhere. Knows what is told of a part, not how it
 * came about.
 *
 *     {"format": 2, "part_rows": 1000000, "n_rows": 3, "columns": [{"name": "id", "type": "text"}, ...],
 *      "parts": [{"name": ..., "rows": 3, "bytes": 71, "xxh3_128": "..."}]}
 *
 * A column may be "optional": a table that lacks it is filled without. xxh3_128 is XXH3 (128 bits) of the bytes of the
 * file, as `xxhsum -H2` prints it.
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

const char *rfm_column_type_name(rfm_column_type type)
{
    static const char *const names[] = {[RFM_COLUMN_TEXT] = "text",
                                        [RFM_COLUMN_INTEGER] = "integer",
                                        [RFM_COLUMN_NUMBER] = "number",
                                        [RFM_COLUMN_TIME] = "time"};
    return names[type];
}

static json_t *tell_column(const rfm_part_column *column)
{
    return json_pack("{s:o, s:s, s:o*, s:o*}", "name", rfm_json_string(column->name), "type",
                     rfm_column_type_name(column->type), "comment",
                     column->comment ? rfm_json_string(column->comment) : NULL, "optional",
                     column->optional ? json_true() : NULL);
}

/* A list of n, each told by itself; NULL when memory is out. */
static json_t *tell_columns(const rfm_parts *parts)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < parts->n_columns; i++)
        if (json_array_append_new(list, tell_column(&parts->columns[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *tell_parts(const rfm_parts *parts, const rfm_part_note *notes, size_t n)
{
    json_int_t n_rows = 0;
    json_t *list = json_array();
    for (size_t i = 0; list && i < n; i++) {
        n_rows += notes[i].rows;
        if (json_array_append_new(list, tell_part(&notes[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return json_pack("{s:i, s:I, s:I, s:o, s:o}", "format", RFM_MANIFEST_FORMAT, "part_rows",
                     (json_int_t)parts->part_rows, "n_rows", n_rows, "columns", tell_columns(parts), "parts", list);
}

/* Rank 0. */
static rfm_status write_file(const char *dir, const rfm_parts *parts, const rfm_part_note *notes, size_t n,
                             rfm_error *err)
{
    rfm_text text = {0};
    char *path = rfm_folder_path(dir, "manifest.json", err);
    json_t *manifest = tell_parts(parts, notes, n);
    if (!manifest)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for the manifest of %s", dir);
    if (!err->status && rfm_json_print(manifest, &text, err) == RFM_OK)
        rfm_file_write(path, &text, err);
    json_decref(manifest);
    rfm_text_free(&text);
    free(path);
    return err->status;
}

rfm_status rfm_manifest_write(rfm_comm *comm, const char *dir, const rfm_parts *parts, const rfm_part_note *notes,
                              size_t n, rfm_error *err)
{
    rfm_text all = {0};
    rfm_text_add(&all, notes, n * sizeof *notes);
    rfm_text_check(&all, err);
    if (rfm_comm_collect(comm, &all, NULL, NULL, err) == RFM_OK && rfm_comm_rank(comm) == 0)
        write_file(dir, parts, (const void *)all.bytes, all.length / sizeof *notes, err);
    rfm_text_free(&all);
    return rfm_comm_agree(comm, err);
}
