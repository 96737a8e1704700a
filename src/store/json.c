/* json: JSON values by dotted path, and JSON files. Knows nothing of what they say. */
#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *rfm_json_load(const char *path, rfm_error *err)
{
    json_error_t reason;
    FILE *file = fopen(path, "re");
    if (!file) {
        if (errno != ENOENT && errno != ENOTDIR)
            rfm_fail_errno(err, errno, "%s: cannot read", path);
        return NULL;
    }
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &reason);
    fclose(file);
    if (!root || !json_is_object(root)) {
        rfm_fail(err, !root && json_error_code(&reason) == json_error_out_of_memory ? RFM_NO_MEMORY : RFM_DATA,
                 "%s: line %d: %s: the file is damaged: put it right, or remove the directory it is in, or use another",
                 path, root ? 1 : reason.line, root ? "not an object" : reason.text);
        json_decref(root);
        return NULL;
    }
    return root;
}

rfm_status rfm_json_print(const json_t *value, rfm_text *text, rfm_error *err)
{
    /* 17 digits: every double reads back as it was. */
    char *bytes = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    if (!bytes)
        return rfm_fail(err, RFM_NO_MEMORY, "no memory for a JSON text");
    rfm_text_adds(text, bytes);
    rfm_text_adds(text, "\n");
    free(bytes);
    return rfm_text_check(text, err);
}

char *rfm_json_legible(const char *text, rfm_error *err)
{
    json_t *probe = json_string(text);
    if (probe) {
        json_decref(probe);
        return rfm_copy_string(text, err);
    }
    rfm_text legible = {0};
    for (const char *at = text; *at; at++)
        rfm_text_addf(&legible, (unsigned char)*at < 128 ? "%c" : "\\x%02x", (unsigned char)*at);
    if (rfm_text_check(&legible, err))
        rfm_text_free(&legible);
    return legible.bytes;
}

json_t *rfm_json_string(const char *text)
{
    rfm_error ignored = {0};
    char *legible = rfm_json_legible(text, &ignored);
    json_t *string = legible ? json_string(legible) : NULL;
    free(legible);
    return string;
}

void rfm_json_add_string(rfm_text *json, const char *text)
{
    json_t *string = rfm_json_string(text);
    char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    if (quoted)
        rfm_text_adds(json, quoted);
    else
        json->failed = true;
    free(quoted);
    json_decref(string);
}

void rfm_json_add_number(rfm_text *json, double value)
{
    char buffer[RFM_NUMBER_BYTES];
    if (isfinite(value))
        rfm_text_add(json, buffer, rfm_number_format(value, buffer));
    else
        rfm_text_adds(json, "null");
}

void rfm_json_add_counts(rfm_text *json, const int64_t *counts, size_t n_rows, size_t n_columns)
{
    rfm_text_adds(json, "[");
    for (size_t r = 0; r < n_rows; r++) {
        rfm_text_adds(json, r > 0 ? ",[" : "[");
        for (size_t c = 0; c < n_columns; c++)
            rfm_text_addf(json, c > 0 ? ",%lld" : "%lld", (long long)counts[r * n_columns + c]);
        rfm_text_adds(json, "]");
    }
    rfm_text_adds(json, "]");
}

bool rfm_json_set(json_t *root, const char *path, json_t *value)
{
    char name[256];
    size_t length = strcspn(path, ".");
    if (!value || length >= sizeof name) {
        json_decref(value);
        return false;
    }
    memcpy(name, path, length);
    name[length] = '\0';
    if (path[length] == '\0')
        return json_object_set_new(root, name, value) == 0;
    json_t *child = json_object_get(root, name);
    if (!json_is_object(child) && json_object_set_new(root, name, json_object()) != 0) {
        json_decref(value);
        return false;
    }
    return rfm_json_set(json_object_get(root, name), path + length + 1, value);
}

const json_t *rfm_json_find(const json_t *root, const char *path)
{
    const json_t *found = json_object_get(root, path);
    for (const char *dot = strchr(path, '.'); !found && dot; dot = strchr(dot + 1, '.')) {
        char name[256];
        size_t length = (size_t)(dot - path);
        if (length >= sizeof name)
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        const json_t *child = json_object_get(root, name);
        found = child ? rfm_json_find(child, dot + 1) : NULL;
    }
    return found;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

void rfm_json_free(rfm_json *root)
{
    json_decref(root);
}

size_t rfm_json_count(const rfm_json *value)
{
    return json_is_array(value) ? json_array_size(value) : json_object_size(value);
}

const rfm_json *rfm_json_item(const rfm_json *array, size_t i)
{
    return json_array_get(array, i);
}

bool rfm_json_is_list(const rfm_json *value)
{
    return json_is_array(value);
}

const char *rfm_json_next(const rfm_json *object, void **at, const rfm_json **value)
{
    /* The library takes an object that it does not change without const. */
    json_t *unchanged = (json_t *)(uintptr_t)object;
    *at = *at ? json_object_iter_next(unchanged, *at) : json_object_iter(unchanged);
    *value = *at ? json_object_iter_value(*at) : NULL;
    return *at ? json_object_iter_key(*at) : NULL;
}

double rfm_json_number(const rfm_json *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *rfm_json_text(const rfm_json *value)
{
    return json_string_value(value);
}

bool rfm_json_is_true(const rfm_json *value)
{
    return json_is_true(value);
}
