/* manifest: the list of the parts of a product, for who loads them elsewhere. Knows what is told of a part, not how it
 * came about.
 *
 *     {"format": 2, "part_rows": 1000000, "n_rows": 3, "columns": [{"name": "id", "type": "text"}, ...],
 *      "parts": [{"name": ..., "rows": 3, "bytes": 71, "xxh3_128": "..."}],
 *      "parquet": [{"name": ..., ...}]}         the same rows once more, only where they were wanted so
 *
 * A column may be "optional": a table that lacks it is filled without. xxh3_128 is XXH3 (128 bits) of the bytes of the
 * file, as `xxhsum -H2` prints it.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "parts.h"

static json_t *tell_part(const rfm_part_note *note, const char *suffix)
{
    char name[64], hash[33];
    rfm_part_name(note->part, suffix, name);
    snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)note->hash.high,
             (unsigned long long)note->hash.low);
    return json_pack("{s:s, s:I, s:I, s:s}", "name", name, "rows", (json_int_t)note->rows, "bytes",
                     (json_int_t)note->bytes, "xxh3_128", hash);
}

const char *rfm_column_type_name(rfm_column_type type)
{
    static const char *const names[] = {[RFM_COLUMN_TEXT] = "text",
                                        [RFM_COLUMN_SMALL] = "integer",
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

static json_t *tell_parts(const rfm_part_notes *notes)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < notes->n; i++)
        if (json_array_append_new(list, tell_part(&notes->list[i], notes->suffix)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *tell_all(const rfm_parts *parts, const rfm_part_notes *csv, const rfm_part_notes *parquet)
{
    json_int_t n_rows = 0;
    for (size_t i = 0; i < csv->n; i++)
        n_rows += csv->list[i].rows;
    json_t *manifest =
        json_pack("{s:i, s:I, s:I, s:o, s:o}", "format", RFM_MANIFEST_FORMAT, "part_rows", (json_int_t)parts->part_rows,
                  "n_rows", n_rows, "columns", tell_columns(parts), "parts", tell_parts(csv));
    if (manifest && parquet->n > 0 && json_object_set_new(manifest, "parquet", tell_parts(parquet)) != 0) {
        json_decref(manifest);
        manifest = NULL;
    }
    return manifest;
}

/* Rank 0. */
static rfm_status write_file(const char *dir, const json_t *manifest, rfm_error *err)
{
    rfm_text text = {0};
    char *path = rfm_folder_path(dir, "manifest.json", err);
    if (!manifest)
        rfm_fail(err, RFM_NO_MEMORY, "no memory for the manifest of %s", dir);
    if (!err->status && rfm_json_print(manifest, &text, err) == RFM_OK)
        rfm_file_write(path, &text, err);
    rfm_text_free(&text);
    free(path);
    return err->status;
}

/* Collective. On rank 0 those of all ranks, in `all`. */
static rfm_status collect(rfm_comm *comm, const rfm_part_notes *notes, rfm_text *all, rfm_error *err)
{
    rfm_text_add(all, notes->list, notes->n * sizeof *notes->list);
    rfm_text_check(all, err);
    return rfm_comm_collect(comm, all, NULL, NULL, err);
}

static rfm_part_notes notes_in(const rfm_text *all, const char *suffix)
{
    return (rfm_part_notes){suffix, (void *)all->bytes, all->length / sizeof(rfm_part_note), 0};
}

rfm_status rfm_manifest_write(rfm_comm *comm, const char *dir, const rfm_parts *parts, const rfm_part_notes *csv,
                              const rfm_part_notes *parquet, rfm_error *err)
{
    rfm_text all_csv = {0}, all_parquet = {0};
    if (collect(comm, csv, &all_csv, err) == RFM_OK && collect(comm, parquet, &all_parquet, err) == RFM_OK &&
        rfm_comm_rank(comm) == 0) {
        const rfm_part_notes csv_notes = notes_in(&all_csv, csv->suffix);
        const rfm_part_notes parquet_notes = notes_in(&all_parquet, parquet->suffix);
        json_t *manifest = tell_all(parts, &csv_notes, &parquet_notes);
        write_file(dir, manifest, err);
        json_decref(manifest);
    }
    rfm_text_free(&all_csv);
    rfm_text_free(&all_parquet);
    return rfm_comm_agree(comm, err);
}
