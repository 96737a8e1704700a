/* json_file: what is known of files of JSON: a run's report, the list of its customers' parts, its figures. */
#include "describe.h"
#include "rfmpi/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- run.json ---------------------------------------------------------------------------------------------------- */

/* What is taken of it, in the order of cause and effect. */
static const char *const TAKEN[] = {"status",
                                    "command",
                                    "input",
                                    "options",
                                    "as_of",
                                    "n_rows",
                                    "n_events",
                                    "n_filtered",
                                    "n_after_as_of",
                                    "n_duplicates",
                                    "n_rejected",
                                    "rejected",
                                    "n_customers",
                                    "weight",
                                    "n_features",
                                    "digest_parts",
                                    "digest",
                                    "cluster",
                                    "quality",
                                    "sweep",
                                    "drift",
                                    "segments",
                                    "version",
                                    "finished",
                                    "ranks",
                                    "threads",
                                    "seconds",
                                    "stages",
                                    "peak_memory_bytes",
                                    "spilled_bytes",
                                    "store"};

/* {"0": {"name": ...}} as a table. */
static json_t *tabulate(json_t *segments)
{
    json_t *table = json_array();
    for (void *at = json_object_iter(segments); at; at = json_object_iter_next(segments, at)) {
        json_t *row = json_object();
        fact_integer(row, "id", strtoll(json_object_iter_key(at), NULL, 10));
        json_object_update(row, json_object_iter_value(at));
        json_array_append_new(table, row);
    }
    return table;
}

static json_t *take_stages(json_t *stages)
{
    json_t *taken = json_object();
    for (void *at = json_object_iter(stages); at; at = json_object_iter_next(stages, at))
        fact_put(taken, json_object_iter_key(at), json_incref(json_object_get(json_object_iter_value(at), "seconds")));
    return taken;
}

static void take_report(const json_t *report, json_t *facts)
{
    fact_text(facts, "kind", "run");
    for (size_t i = 0; i < sizeof TAKEN / sizeof *TAKEN; i++) {
        json_t *value = json_object_get(report, TAKEN[i]);
        if (!value)
            continue;
        if (strcmp(TAKEN[i], "segments") == 0)
            fact_put(facts, TAKEN[i], tabulate(value));
        else if (strcmp(TAKEN[i], "stages") == 0)
            fact_put(facts, "stage_seconds", take_stages(value));
        else
            fact_put(facts, TAKEN[i], json_incref(value));
    }
}

static bool is_report(const json_t *root)
{
    return json_is_object(json_object_get(root, "products")) && json_is_integer(json_object_get(root, "attempt"));
}

/* ---- manifest.json ----------------------------------------------------------------------------------------------- */

static json_t *take_columns(const rfm_manifest *manifest)
{
    static const char *const types[] = {[RFM_COLUMN_TEXT] = "text",
                                        [RFM_COLUMN_INTEGER] = "integer",
                                        [RFM_COLUMN_NUMBER] = "number",
                                        [RFM_COLUMN_TIME] = "time"};
    json_t *table = json_array();
    for (size_t i = 0; i < manifest->n_columns; i++) {
        json_t *row = json_object();
        fact_text(row, "name", manifest->columns[i].name);
        fact_text(row, "type", types[manifest->columns[i].type]);
        fact_text(row, "comment", manifest->columns[i].comment ? manifest->columns[i].comment : "");
        json_array_append_new(table, row);
    }
    return table;
}

/* Whether a part is there, as long as the manifest has it. */
static bool is_whole(const char *dir, const char *name, int64_t bytes)
{
    struct stat at;
    rfm_error ignored = {0};
    char *path = rfm_folder_path(dir, name, &ignored);
    const bool whole = path && stat(path, &at) == 0 && at.st_size == bytes;
    free(path);
    return whole;
}

static json_t *take_parts(const char *dir, const rfm_manifest *manifest)
{
    json_t *table = json_array();
    for (size_t i = 0; i < manifest->n_parts; i++) {
        char hash[33];
        json_t *row = json_object();
        snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)manifest->parts[i].hash.high,
                 (unsigned long long)manifest->parts[i].hash.low);
        fact_text(row, "name", manifest->parts[i].name);
        fact_integer(row, "rows", manifest->parts[i].rows);
        fact_integer(row, "bytes", manifest->parts[i].bytes);
        fact_put(row, "there", json_boolean(is_whole(dir, manifest->parts[i].name, manifest->parts[i].bytes)));
        fact_text(row, "xxh3_128", hash);
        json_array_append_new(table, row);
    }
    return table;
}

rfm_status describe_customers(const char *dir, json_t *facts, rfm_error *err)
{
    rfm_manifest manifest = {0};
    if (rfm_manifest_read(dir, &manifest, err) == RFM_OK) {
        fact_text(facts, "kind", "customers");
        fact_integer(facts, "rows", manifest.n_rows);
        fact_integer(facts, "n_parts", (json_int_t)manifest.n_parts);
        fact_put(facts, "columns", take_columns(&manifest));
        fact_put(facts, "parts", take_parts(dir, &manifest));
    }
    rfm_manifest_free(&manifest);
    return err->status;
}

/* ---- others ------------------------------------------------------------------------------------------------------ */

/* What has a format of ours and no describer: its plain members, and of lists how long they are. */
static void take_plain(json_t *root, json_t *facts)
{
    fact_text(facts, "kind", json_string_value(json_object_get(root, "format")) + strlen("rfmpi "));
    for (void *at = json_object_iter(root); at; at = json_object_iter_next(root, at)) {
        json_t *value = json_object_iter_value(at);
        rfm_text key = {0};
        rfm_text_addf(&key, "n_%s", json_object_iter_key(at));
        if (json_is_array(value) && !key.failed)
            fact_integer(facts, key.bytes, (json_int_t)json_array_size(value));
        else if (!json_is_object(value))
            fact_put(facts, json_object_iter_key(at), json_incref(value));
        rfm_text_free(&key);
    }
}

static bool has_our_format(const json_t *root)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    return format && strncmp(format, "rfmpi ", strlen("rfmpi ")) == 0;
}

static char *directory_of(const char *path, rfm_error *err)
{
    char *dir = rfm_copy_string(path, err), *slash = dir ? strrchr(dir, '/') : NULL;
    if (slash)
        slash[slash == dir] = '\0';
    else if (dir)
        snprintf(dir, strlen(dir) + 1, "."); /* a name has at least one letter */
    return dir;
}

rfm_status describe_json(const char *path, json_t *facts, rfm_error *err)
{
    json_error_t reason;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &reason);
    char *dir = directory_of(path, err);
    if (!root)
        rfm_fail(err, RFM_DATA, "%s: line %d: %s: is no JSON of ours, or damaged", path, reason.line, reason.text);
    else if (is_report(root))
        take_report(root, facts);
    else if (has_our_format(root))
        take_plain(root, facts);
    else if (dir && json_is_array(json_object_get(root, "parts")))
        describe_customers(dir, facts, err);
    else
        rfm_fail(err, RFM_DATA, "%s: is JSON, but none of rfmpi's (run.json, manifest.json, figures.json)", path);
    json_decref(root);
    free(dir);
    return err->status;
}

rfm_status describe_run(const char *dir, json_t *facts, rfm_error *err)
{
    char *path = rfm_folder_path(dir, "run.json", err);
    if (path)
        describe_json(path, facts, err);
    free(path);
    return err->status;
}
