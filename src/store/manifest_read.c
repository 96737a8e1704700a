/* manifest_read: a manifest back from its file. Trusts nothing that stands in it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "parts.h"

static rfm_status fail(const char *path, const char *what, rfm_error *err)
{
    return rfm_fail(err, RFM_DATA, "%s: %s: the file is damaged, or of another version: make the run anew (--force)",
                    path, what);
}

/* The manifest's own bytes, hashed. */
static rfm_status hash_file(const char *path, rfm_hash128 *hash, rfm_error *err)
{
    char block[16384];
    size_t n;
    rfm_hasher *hasher = NULL;
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? rfm_fail(err, RFM_USAGE, "%s: there is none: the run has no results yet", path)
                               : rfm_fail_errno(err, errno, "%s: cannot read", path);
    if (rfm_hasher_open(&hasher, err) == RFM_OK)
        while ((n = fread(block, 1, sizeof block, file)) > 0)
            rfm_hasher_feed(hasher, block, n);
    *hash = rfm_hasher_close(hasher);
    if (ferror(file))
        rfm_fail(err, RFM_IO, "%s: cannot read", path);
    fclose(file);
    return err->status;
}

/* A name, not a path: nothing outside of the directory is ever read. */
static bool is_name(const char *name)
{
    return name && *name && *name != '.' && !strchr(name, '/') && strlen(name) < 200;
}

static bool read_hash(const char *hex, rfm_hash128 *hash)
{
    if (!hex || strlen(hex) != 32 || strspn(hex, "0123456789abcdef") != 32)
        return false;
    char high[17];
    snprintf(high, sizeof high, "%.16s", hex);
    *hash = (rfm_hash128){.low = strtoull(hex + 16, NULL, 16), .high = strtoull(high, NULL, 16)};
    return true;
}

/* A whole number that is not negative; -1 for what is none. */
static int64_t read_count(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value) : -1;
}

/* As parts are numbered: part-99999 is before part-100000. */
static int compare_names(const char *a, const char *b)
{
    const size_t n_a = strlen(a), n_b = strlen(b);
    return n_a != n_b ? (n_a > n_b) - (n_a < n_b) : strcmp(a, b);
}

static rfm_status read_parts(const char *path, const json_t *root, rfm_manifest *manifest, rfm_error *err)
{
    const json_t *list = json_object_get(root, "parts");
    int64_t n_rows = 0;
    manifest->parts = rfm_alloc(json_array_size(list), sizeof *manifest->parts, err);
    for (size_t i = 0; i < json_array_size(list) && err->status == RFM_OK; i++) {
        const json_t *part = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(part, "name"));
        struct rfm_manifest_part *to = &manifest->parts[manifest->n_parts++];
        to->rows = read_count(part, "rows");
        to->bytes = read_count(part, "bytes");
        if (!is_name(name) || (i > 0 && compare_names(to[-1].name, name) >= 0) || to->rows < 0 || to->bytes < 0 ||
            to->rows > INT64_MAX - n_rows ||
            !read_hash(json_string_value(json_object_get(part, "xxh3_128")), &to->hash))
            return fail(path, "a part that is none", err);
        to->name = rfm_copy_string(name, err);
        n_rows += to->rows;
    }
    manifest->n_rows = read_count(root, "n_rows");
    if (err->status == RFM_OK && (n_rows != manifest->n_rows || manifest->n_parts == 0))
        return fail(path, "parts that do not sum up", err);
    return err->status;
}

/* Names and comments are borrowed from the tree, which the manifest keeps. */
static rfm_status read_columns(const char *path, const json_t *root, rfm_manifest *manifest, rfm_error *err)
{
    const json_t *list = json_object_get(root, "columns");
    manifest->columns = rfm_alloc(json_array_size(list), sizeof *manifest->columns, err);
    for (size_t i = 0; i < json_array_size(list) && err->status == RFM_OK; i++) {
        const json_t *column = json_array_get(list, i);
        const char *type = json_string_value(json_object_get(column, "type"));
        rfm_part_column *to = &manifest->columns[manifest->n_columns++];
        int kind = RFM_COLUMN_TIME;
        while (kind >= 0 && (!type || strcmp(rfm_column_type_name((rfm_column_type)kind), type) != 0))
            kind--;
        *to = (rfm_part_column){.name = json_string_value(json_object_get(column, "name")),
                                .type = kind < 0 ? RFM_COLUMN_TEXT : (rfm_column_type)kind,
                                .comment = json_string_value(json_object_get(column, "comment")),
                                .optional = json_is_true(json_object_get(column, "optional"))};
        if (!to->name || !*to->name || kind < 0)
            return fail(path, "a column that is none", err);
    }
    if (err->status == RFM_OK && manifest->n_columns == 0)
        return fail(path, "no columns", err);
    return err->status;
}

rfm_status rfm_manifest_read(const char *dir, rfm_manifest *manifest, rfm_error *err)
{
    *manifest = (rfm_manifest){0};
    char *path = rfm_folder_path(dir, "manifest.json", err);
    json_t *root = path && hash_file(path, &manifest->hash, err) == RFM_OK ? rfm_json_load(path, err) : NULL;
    manifest->text = root;
    if (root && json_integer_value(json_object_get(root, "format")) != RFM_MANIFEST_FORMAT)
        fail(path, "not of this format", err);
    else if (root && read_columns(path, root, manifest, err) == RFM_OK)
        read_parts(path, root, manifest, err);
    free(path);
    return err->status;
}

size_t rfm_manifest_find(const rfm_manifest *manifest, const char *name)
{
    size_t low = 0, high = manifest->n_parts;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare_names(name, manifest->parts[middle].name);
        if (order == 0)
            return middle;
        order < 0 ? (high = middle) : (low = middle + 1);
    }
    return manifest->n_parts;
}

void rfm_manifest_free(rfm_manifest *manifest)
{
    for (size_t i = 0; i < manifest->n_parts; i++)
        free(manifest->parts[i].name);
    free(manifest->parts);
    free(manifest->columns);
    json_decref(manifest->text);
    *manifest = (rfm_manifest){0};
}
