/* hdf5_file: what is known of files in HDF5 by what they say of themselves; the rows in them are not read. */
#include "describe.h"
#include "rfmpi/customer.h"
#include "rfmpi/hdf5.h"

#include <stdlib.h>
#include <string.h>

typedef struct h5_file {
    rfm_comm *comm;
    const char *path;
    rfm_h5 *h5;
    json_t *facts;
} h5_file;

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
}

/* ---- shapes and names -------------------------------------------------------------------------------------------- */

static rfm_status find(const h5_file *file, const char *name, rfm_h5_shape *shape, bool *found, rfm_error *err)
{
    *shape = (rfm_h5_shape){0};
    return rfm_h5_shape_of(file->h5, name, shape, found, err);
}

/* A list of names; none where there is no such dataset. */
static rfm_status read_names(const h5_file *file, const char *name, char ***names, size_t *n, rfm_error *err)
{
    rfm_h5_shape shape;
    bool found;
    *names = NULL;
    *n = 0;
    if (find(file, name, &shape, &found, err) != RFM_OK || !found)
        return err->status;
    return rfm_h5_read_names(file->h5, name, names, n, err);
}

static rfm_status put_attribute(const h5_file *file, const char *name, rfm_error *err)
{
    bool found = false;
    char *text = NULL;
    if (rfm_h5_has(file->h5, "/", name, &found, err) == RFM_OK && found &&
        rfm_h5_get_text(file->h5, "/", name, &text, err) == RFM_OK)
        fact_text(file->facts, name, text);
    free(text);
    return err->status;
}

static rfm_status put_ids(const h5_file *file, rfm_error *err)
{
    rfm_h5_shape shape;
    bool found;
    if (find(file, "/customers/id", &shape, &found, err) == RFM_OK)
        fact_text(file->facts, "ids",
                  !found                       ? "none: rows are numbered"
                  : shape.type == RFM_H5_BYTES ? "text"
                                               : "integer");
    return err->status;
}

/* ---- features, and any matrix ------------------------------------------------------------------------------------ */

static rfm_status put_columns(const h5_file *file, size_t d, rfm_error *err)
{
    char **names, **units = NULL;
    size_t n_names, n_units = 0;
    json_t *table = json_array();
    if (read_names(file, "/features/names", &names, &n_names, err) == RFM_OK &&
        read_names(file, "/features/units", &units, &n_units, err) == RFM_OK) {
        for (size_t j = 0; j < d && j < n_names; j++) {
            json_t *row = json_object();
            fact_text(row, "name", names[j]);
            if (j < n_units)
                fact_text(row, "unit", units[j]);
            json_array_append_new(table, row);
        }
    }
    fact_put(file->facts, "columns", table);
    free_names(names, n_names);
    free_names(units, n_units);
    return err->status;
}

static rfm_status put_definitions(const h5_file *file, rfm_error *err)
{
    char **texts;
    size_t n;
    if (read_names(file, "/features/definitions", &texts, &n, err) == RFM_OK && n == 1 && texts[0][0] != '\0')
        fact_text(file->facts, "definitions", texts[0]);
    free_names(texts, n);
    return err->status;
}

static rfm_status describe_matrix(const h5_file *file, const rfm_h5_shape *values, const char *kind, rfm_error *err)
{
    rfm_h5_shape weights;
    bool weighted;
    fact_text(file->facts, "kind", kind);
    if (put_attribute(file, "as_of", err) != RFM_OK || put_definitions(file, err) != RFM_OK)
        return err->status;
    fact_integer(file->facts, "rows", values->rows);
    fact_integer(file->facts, "d", values->columns);
    fact_text(file->facts, "type",
              values->type == RFM_H5_F32   ? "float32"
              : values->type == RFM_H5_F64 ? "float64"
                                           : "integers");
    if (put_ids(file, err) != RFM_OK || find(file, "/features/weights", &weights, &weighted, err) != RFM_OK)
        return err->status;
    fact_put(file->facts, "weights", json_boolean(weighted));
    return put_columns(file, (size_t)values->columns, err);
}

/* ---- customer state ---------------------------------------------------------------------------------------------- */

/* "key: value" lines. */
static json_t *parse_settings(char *lines)
{
    json_t *settings = json_object();
    for (char *rest = NULL, *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *colon = strstr(line, ": ");
        if (!colon)
            continue;
        *colon = '\0';
        fact_text(settings, line, colon + 2);
    }
    return settings;
}

/* "bytes hash name" lines. */
static json_t *parse_inputs(char *lines)
{
    json_t *table = json_array();
    for (char *rest = NULL, *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        json_t *row = json_object();
        char *name = NULL;
        fact_integer(row, "bytes", strtoll(strtok_r(line, " ", &name), NULL, 10));
        char *content = strtok_r(NULL, " ", &name);
        fact_text(row, "content", content ? content : "");
        fact_text(row, "name", content && name ? name : "");
        json_array_append_new(table, row);
    }
    return table;
}

static void put_extent(const h5_file *file, const rfm_state *state, const rfm_provenance *provenance)
{
    if (provenance->settings)
        fact_put(file->facts, "settings", parse_settings(provenance->settings));
    if (provenance->inputs)
        fact_put(file->facts, "inputs", parse_inputs(provenance->inputs));
    if (provenance->as_of_us == INT64_MAX)
        fact_text(file->facts, "as_of", "latest");
    else
        fact_time(file->facts, "as_of", provenance->as_of_us);
    fact_integer(file->facts, "n_events", state->extent.n_events);
    fact_integer(file->facts, "n_after_as_of", state->extent.n_after_as_of);
    if (state->extent.n_events > 0) {
        fact_time(file->facts, "earliest", state->extent.earliest_us);
        fact_time(file->facts, "newest", state->extent.newest_us);
        fact_put(file->facts, "dates_only", json_boolean(state->extent.n_with_time_of_day == 0));
    }
}

static rfm_status put_aggregates(const h5_file *file, rfm_error *err)
{
    char **names;
    size_t n;
    if (read_names(file, "/aggregates/names", &names, &n, err) == RFM_OK) {
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++) {
            json_t *row = json_object();
            fact_text(row, "name", names[i]);
            json_array_append_new(list, row);
        }
        fact_integer(file->facts, "n_aggregates", (json_int_t)n);
        fact_put(file->facts, "aggregates", list);
    }
    free_names(names, n);
    return err->status;
}

static rfm_status describe_state(const h5_file *file, rfm_error *err)
{
    rfm_state state = {0};
    rfm_provenance provenance = {0};
    rfm_h5_shape ids, keys;
    bool has_ids, has_keys;
    fact_text(file->facts, "kind", "customer state");
    if (rfm_state_read(file->comm, file->path, NULL, &state, NULL, &provenance, err) == RFM_OK)
        put_extent(file, &state, &provenance);
    rfm_provenance_free(&provenance);
    if (err->status != RFM_OK || find(file, "/customers/id", &ids, &has_ids, err) != RFM_OK ||
        find(file, "/dedupe/keys", &keys, &has_keys, err) != RFM_OK)
        return err->status;
    fact_integer(file->facts, "n_customers", ids.rows);
    if (has_keys)
        fact_integer(file->facts, "n_event_keys", keys.rows);
    return put_ids(file, err) == RFM_OK ? put_aggregates(file, err) : err->status;
}

/* ---- event tables: Local ----------------------------------------------------------------------------------------- */

static const char *name_cell(rfm_h5_cell cell)
{
    static const char *const names[] = {
        [RFM_H5_CELL_I8] = "int8",     [RFM_H5_CELL_U8] = "uint8",     [RFM_H5_CELL_I16] = "int16",
        [RFM_H5_CELL_U16] = "uint16",  [RFM_H5_CELL_I32] = "int32",    [RFM_H5_CELL_U32] = "uint32",
        [RFM_H5_CELL_I64] = "int64",   [RFM_H5_CELL_U64] = "uint64",   [RFM_H5_CELL_F32] = "float32",
        [RFM_H5_CELL_F64] = "float64", [RFM_H5_CELL_BOOLEAN] = "bool", [RFM_H5_CELL_BYTES] = "bytes",
        [RFM_H5_CELL_TEXT] = "string", [RFM_H5_CELL_OTHER] = "other"};
    return names[cell];
}

static rfm_status put_event_column(rfm_h5_table *h5, const char *name, json_t *table, int64_t *rows, rfm_error *err)
{
    rfm_h5_column column = {0};
    char *meaning = NULL;
    rfm_text path = {0};
    rfm_text_addf(&path, "/events/%s", name);
    if (rfm_text_check(&path, err) == RFM_OK && rfm_h5_column_open(h5, path.bytes, &column, err) == RFM_OK &&
        rfm_h5_table_text(h5, path.bytes, "meaning", &meaning, err) == RFM_OK) {
        json_t *row = json_object();
        fact_text(row, "name", name);
        fact_text(row, "type", name_cell(column.cell));
        fact_text(row, "meaning", meaning ? meaning : "");
        json_array_append_new(table, row);
        *rows = column.rows;
    }
    rfm_h5_column_close(&column);
    free(meaning);
    rfm_text_free(&path);
    return err->status;
}

static rfm_status describe_events(const char *path, json_t *facts, rfm_error *err)
{
    rfm_h5_table *h5 = NULL;
    char **names = NULL;
    size_t n = 0;
    int64_t rows = 0;
    rfm_error none = {0};
    json_t *table = json_array();
    if (rfm_h5_table_open(path, &h5, err) == RFM_OK && rfm_h5_table_list(h5, "/events", &names, &n, &none) != RFM_OK)
        rfm_fail(err, RFM_DATA, "%s: is HDF5, but none of rfmpi's: no /features/values, /centroids or /events in it",
                 path);
    for (size_t i = 0; i < n && err->status == RFM_OK; i++)
        put_event_column(h5, names[i], table, &rows, err);
    fact_text(facts, "kind", "event table");
    fact_integer(facts, "rows", rows);
    fact_put(facts, "columns", table);
    free_names(names, n);
    rfm_h5_table_close(h5, err);
    return err->status;
}

/* ---- which ------------------------------------------------------------------------------------------------------- */

typedef enum h5_kind { H5_OTHER, H5_MODEL, H5_STATE, H5_FEATURES, H5_MATRIX, H5_CENTROIDS } h5_kind;

static rfm_status find_kind(const h5_file *file, h5_kind *kind, rfm_h5_shape *shape, rfm_error *err)
{
    bool found = false;
    char *format = NULL;
    *kind = H5_OTHER;
    if (rfm_h5_has(file->h5, "/", "format", &found, err) == RFM_OK && found)
        rfm_h5_get_text(file->h5, "/", "format", &format, err);
    if (format && strcmp(format, "rfmpi model") == 0)
        *kind = H5_MODEL;
    else if (format && strcmp(format, "rfmpi customer state") == 0)
        *kind = H5_STATE;
    else if (err->status == RFM_OK && find(file, "/features/values", shape, &found, err) == RFM_OK && found)
        *kind = format ? H5_FEATURES : H5_MATRIX;
    else if (err->status == RFM_OK && find(file, "/centroids", shape, &found, err) == RFM_OK && found)
        *kind = H5_CENTROIDS;
    free(format);
    return err->status;
}

static rfm_status describe_open(const h5_file *file, h5_kind kind, const rfm_h5_shape *shape, rfm_error *err)
{
    switch (kind) {
    case H5_STATE:
        return describe_state(file, err);
    case H5_FEATURES:
        return describe_matrix(file, shape, "features", err);
    case H5_MATRIX:
        return describe_matrix(file, shape, "matrix", err);
    case H5_CENTROIDS:
        fact_text(file->facts, "kind", "centroids");
        fact_integer(file->facts, "k", shape->rows);
        fact_integer(file->facts, "d", shape->columns);
        return RFM_OK;
    default:
        return RFM_OK;
    }
}

rfm_status describe_hdf5(rfm_comm *comm, const char *path, json_t *facts, rfm_error *err)
{
    h5_file file = {.comm = comm, .path = path, .facts = facts};
    rfm_h5_shape shape;
    h5_kind kind = H5_OTHER;
    if (rfm_h5_open(comm, path, &file.h5, err) == RFM_OK && find_kind(&file, &kind, &shape, err) == RFM_OK)
        describe_open(&file, kind, &shape, err);
    rfm_h5_close(file.h5, err);
    if (err->status != RFM_OK)
        return err->status;
    if (kind == H5_MODEL)
        return describe_model(comm, path, facts, err);
    return kind == H5_OTHER ? describe_events(path, facts, err) : RFM_OK;
}
