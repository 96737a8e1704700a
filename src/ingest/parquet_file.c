/* parquet_file: carquet's reader of a file and its readers of column chunks, behind checks of our own.
 *
 *   file    PAR1 [ row group 0: chunk of leaf 0 | chunk of leaf 1 | ... ][ row group 1: ... ] ... [ schema, places ]
 * PAR1 chunk   [ dictionary ][ page ][ page ] ...
 */
#include "parquet_file.h"

#include <carquet/carquet.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <threads.h>

#include "cells.h"
#include "rfmpi/ingest.h"

/* What honest files stay below. */
enum { GROUP_MAX_ROWS = 1 << 27, FIXED_MAX_BYTES = 4096, ALLOCATION_MAX_BYTES = 1 << 30 };

enum { MAGIC_BYTES = 4, TAIL_BYTES = 8 };

_Static_assert(sizeof(rfm_parquet_bytes) == sizeof(carquet_byte_array_t) &&
                   offsetof(rfm_parquet_bytes, length) == offsetof(carquet_byte_array_t, length),
               "values of variable length are read where carquet puts them");

const char *rfm_parquet_library(void)
{
    return carquet_version();
}

/* ---- carquet's allocations and failures ------------------------------------------------------------------------- */

/* Pages come and go by the megabyte; taken from the system each time, they would cost more than what lies in them. What
 * is given back is kept for what is taken next, until the file is closed. */
enum { KEPT_BLOCKS = 32, KEPT_MIN_BYTES = 64 << 10 };

static _Thread_local struct {
    void *blocks[KEPT_BLOCKS];
    size_t n;
} kept;

static void *take_kept(size_t bytes)
{
    for (size_t i = kept.n; i-- > 0;) {
        void *block = kept.blocks[i];
        const size_t size = malloc_usable_size(block);
        if (size >= bytes && size / 2 <= bytes) {
            kept.blocks[i] = kept.blocks[--kept.n];
            return block;
        }
    }
    return NULL;
}

/* errno tells memory that is not there from a size that no honest file asks for, and from an array of nothing, which
 * carquet takes for a failure too. */
static void *take_bytes(size_t bytes, void *unused)
{
    (void)unused;
    if (bytes > ALLOCATION_MAX_BYTES) {
        errno = EFBIG;
        return NULL;
    }
    void *block = bytes >= KEPT_MIN_BYTES ? take_kept(bytes) : NULL;
    return block ? block : malloc(bytes);
}

static void *retake_bytes(void *old, size_t bytes, void *unused)
{
    (void)unused;
    if (bytes <= ALLOCATION_MAX_BYTES)
        return realloc(old, bytes);
    errno = EFBIG;
    return NULL;
}

static void give_bytes(void *block, void *unused)
{
    (void)unused;
    if (kept.n < KEPT_BLOCKS && malloc_usable_size(block) >= KEPT_MIN_BYTES)
        kept.blocks[kept.n++] = block;
    else
        free(block);
}

static void free_kept(void)
{
    while (kept.n > 0)
        free(kept.blocks[--kept.n]);
}

static void limit_allocations(void)
{
    const carquet_allocator_t limited = {.malloc = take_bytes, .realloc = retake_bytes, .free = give_bytes};
    carquet_set_allocator(&limited);
}

static rfm_status status_of(const rfm_parquet_file *file, const carquet_error_t *error)
{
    if (error->code == CARQUET_ERROR_OUT_OF_MEMORY)
        return errno == ENOMEM ? RFM_NO_MEMORY : RFM_DATA;
    return ferror(file->stream) ? RFM_IO : RFM_DATA;
}

static const char *words_of(const carquet_error_t *error)
{
    if (error->code == CARQUET_OK)
        return "it ends before its rows do";
    return error->message[0] != '\0' ? error->message : carquet_status_string(error->code);
}

/* ---- what a column holds: each returns why it cannot be read, or NULL ------------------------------------------- */

static const char *set_decimal(rfm_parquet_type *type, rfm_parquet_form form, const carquet_logical_type_t *logical)
{
    type->form = form;
    type->scale = logical->params.decimal.scale;
    return type->scale >= 0 && type->scale <= RFM_CELL_MAX_SCALE ? NULL : "decimals of its scale are not read";
}

static const char *set_timestamp(rfm_parquet_type *type, const carquet_logical_type_t *logical)
{
    static const rfm_parquet_form forms[2][3] = {
        {RFM_PARQUET_LOCAL_MS, RFM_PARQUET_LOCAL_US, RFM_PARQUET_LOCAL_NS},
        {RFM_PARQUET_UTC_MS, RFM_PARQUET_UTC_US, RFM_PARQUET_UTC_NS},
    };
    const unsigned unit = (unsigned)logical->params.timestamp.unit;
    if (unit > CARQUET_TIME_UNIT_NANOS)
        return "its unit of time is unknown";
    type->form = forms[logical->params.timestamp.is_adjusted_to_utc][unit];
    return NULL;
}

static const char *set_int32(rfm_parquet_type *type, const carquet_logical_type_t *logical)
{
    type->value_bytes = 4;
    switch (logical->id) {
    case CARQUET_LOGICAL_DECIMAL:
        return set_decimal(type, RFM_PARQUET_DECIMAL32, logical);
    case CARQUET_LOGICAL_DATE:
        type->form = RFM_PARQUET_DATE;
        return NULL;
    case CARQUET_LOGICAL_TIME:
        return "times of day are not read";
    case CARQUET_LOGICAL_INTEGER:
        type->form = logical->params.integer.is_signed ? RFM_PARQUET_INT32 : RFM_PARQUET_UINT32;
        return NULL;
    default:
        type->form = RFM_PARQUET_INT32;
        return NULL;
    }
}

static const char *set_int64(rfm_parquet_type *type, const carquet_logical_type_t *logical)
{
    type->value_bytes = 8;
    switch (logical->id) {
    case CARQUET_LOGICAL_DECIMAL:
        return set_decimal(type, RFM_PARQUET_DECIMAL64, logical);
    case CARQUET_LOGICAL_TIMESTAMP:
        return set_timestamp(type, logical);
    case CARQUET_LOGICAL_TIME:
        return "times of day are not read";
    case CARQUET_LOGICAL_INTEGER:
        type->form = logical->params.integer.is_signed ? RFM_PARQUET_INT64 : RFM_PARQUET_UINT64;
        return NULL;
    default:
        type->form = RFM_PARQUET_INT64;
        return NULL;
    }
}

static const char *set_fixed(rfm_parquet_type *type, int32_t length, const carquet_logical_type_t *logical)
{
    if (length < 1 || length > FIXED_MAX_BYTES)
        return "values of its length are not read";
    type->value_bytes = (size_t)length;
    switch (logical->id) {
    case CARQUET_LOGICAL_DECIMAL:
        return length > 16 ? "decimals of more than 16 bytes are not read"
                           : set_decimal(type, RFM_PARQUET_DECIMAL_FIXED, logical);
    case CARQUET_LOGICAL_UUID:
        type->form = RFM_PARQUET_UUID;
        return length == 16 ? NULL : "a UUID has 16 bytes";
    case CARQUET_LOGICAL_FLOAT16:
    case CARQUET_LOGICAL_INTERVAL:
        return "half floats and intervals are not read";
    default:
        type->form = RFM_PARQUET_FIXED;
        return NULL;
    }
}

static const char *set_variable(rfm_parquet_type *type, const carquet_logical_type_t *logical)
{
    *type = (rfm_parquet_type){.form = RFM_PARQUET_TEXT, .value_bytes = sizeof(rfm_parquet_bytes)};
    return logical->id == CARQUET_LOGICAL_DECIMAL ? set_decimal(type, RFM_PARQUET_DECIMAL_TEXT, logical) : NULL;
}

static const char *set_type(rfm_parquet_type *type, const carquet_schema_node_t *node)
{
    static const carquet_logical_type_t none = {.id = CARQUET_LOGICAL_UNKNOWN};
    const carquet_logical_type_t *said = carquet_schema_node_logical_type(node), *logical = said ? said : &none;
    switch (carquet_schema_node_physical_type(node)) {
    case CARQUET_PHYSICAL_BOOLEAN:
        *type = (rfm_parquet_type){.form = RFM_PARQUET_BOOLEAN, .value_bytes = 1};
        return NULL;
    case CARQUET_PHYSICAL_INT32:
        return set_int32(type, logical);
    case CARQUET_PHYSICAL_INT64:
        return set_int64(type, logical);
    case CARQUET_PHYSICAL_INT96:
        *type = (rfm_parquet_type){.form = RFM_PARQUET_LOCAL_INT96, .value_bytes = 12};
        return NULL;
    case CARQUET_PHYSICAL_FLOAT:
        *type = (rfm_parquet_type){.form = RFM_PARQUET_SINGLE, .value_bytes = 4};
        return NULL;
    case CARQUET_PHYSICAL_DOUBLE:
        *type = (rfm_parquet_type){.form = RFM_PARQUET_DOUBLE, .value_bytes = 8};
        return NULL;
    case CARQUET_PHYSICAL_BYTE_ARRAY:
        return set_variable(type, logical);
    case CARQUET_PHYSICAL_FIXED_LEN_BYTE_ARRAY:
        return set_fixed(type, carquet_schema_node_type_length(node), logical);
    default:
        return "its type is unknown";
    }
}

/* ---- open ------------------------------------------------------------------------------------------------------- */

static rfm_status open_stream(rfm_parquet_file *file, rfm_error *err)
{
    struct stat info;
    file->stream = fopen(file->path, "rbe");
    if (!file->stream && errno == ENOENT)
        return rfm_fail(err, RFM_DATA, "%s: is no longer there", file->path);
    if (!file->stream || fstat(fileno(file->stream), &info) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot be opened", file->path);
    file->size_bytes = info.st_size;
    return RFM_OK;
}

static rfm_status open_reader(rfm_parquet_file *file, rfm_error *err)
{
    static once_flag limited = ONCE_FLAG_INIT;
    carquet_reader_options_t options;
    carquet_error_t error = CARQUET_ERROR_INIT;
    call_once(&limited, limit_allocations);
    errno = 0;
    carquet_reader_options_init(&options);
    options.verify_checksums = true;
    file->reader = carquet_reader_open_file(file->stream, &options, &error);
    if (!file->reader)
        return rfm_fail(err, status_of(file, &error), "%s: cannot be read as Parquet: %s", file->path,
                        words_of(&error));
    return RFM_OK;
}

/* The leaf's column. The leaves of one group are one column, which cannot be read. False: the schema contradicts
 * itself: carquet's number of the leaf must lead to this very node. */
static bool add_leaf(rfm_parquet_file *file, const carquet_schema_node_t *node, int32_t leaf)
{
    const char *path[2];
    const carquet_schema_t *schema = carquet_reader_schema(file->reader);
    const int32_t depth = carquet_schema_column_path(schema, leaf, path, 2);
    if (depth < 1 || !path[0] || (depth == 1 && path[0] != carquet_schema_node_name(node)))
        return false;
    if (file->n_columns > 0 && file->columns[file->n_columns - 1].name == path[0])
        return true;
    rfm_parquet_column *column = &file->columns[file->n_columns++];
    column->name = path[0];
    column->leaf = leaf;
    column->optional = carquet_schema_max_def_level(schema, leaf) > 0;
    column->refusal = set_type(&column->type, node);
    if (depth > 1 || carquet_schema_max_rep_level(schema, leaf) > 0)
        column->refusal = "it is nested or repeated";
    return true;
}

static rfm_status read_schema(rfm_parquet_file *file, rfm_error *err)
{
    const carquet_schema_t *schema = carquet_reader_schema(file->reader);
    const int32_t n_leaves = carquet_schema_num_columns(schema), n_nodes = carquet_schema_num_elements(schema);
    file->columns = rfm_alloc((size_t)n_leaves, sizeof *file->columns, err);
    if (!file->columns)
        return err->status;
    for (int32_t i = 0, leaf = 0; i < n_nodes; i++) {
        const carquet_schema_node_t *node = carquet_schema_get_element(schema, i);
        if (carquet_schema_node_is_leaf(node) && !add_leaf(file, node, leaf++))
            return rfm_fail(err, RFM_DATA, "%s: cannot be read as Parquet: its schema contradicts itself", file->path);
    }
    return RFM_OK;
}

static rfm_status read_groups(rfm_parquet_file *file, rfm_error *err)
{
    const int64_t n_rows = carquet_reader_num_rows(file->reader);
    file->n_groups = carquet_reader_num_row_groups(file->reader);
    file->first_rows = rfm_alloc((size_t)file->n_groups + 1, sizeof *file->first_rows, err);
    if (!file->first_rows)
        return err->status;
    for (int32_t i = 0; i < file->n_groups; i++) {
        carquet_row_group_metadata_t group = {.num_rows = -1};
        if (carquet_reader_row_group_metadata(file->reader, i, &group) != CARQUET_OK || group.num_rows < 0 ||
            group.num_rows > GROUP_MAX_ROWS)
            return rfm_fail(err, RFM_DATA, "%s: row group %d: it says %lld rows; from 0 to %d can be read", file->path,
                            (int)i, (long long)group.num_rows, (int)GROUP_MAX_ROWS);
        file->first_rows[i + 1] = file->first_rows[i] + group.num_rows;
    }
    if (file->first_rows[file->n_groups] == n_rows)
        return RFM_OK;
    return rfm_fail(err, RFM_DATA, "%s: it says %lld rows, and its row groups hold %lld", file->path, (long long)n_rows,
                    (long long)file->first_rows[file->n_groups]);
}

rfm_status rfm_parquet_file_open(rfm_parquet_file *file, const char *path, rfm_error *err)
{
    *file = (rfm_parquet_file){.path = path};
    if (open_stream(file, err) != RFM_OK || open_reader(file, err) != RFM_OK || read_schema(file, err) != RFM_OK)
        return err->status;
    return read_groups(file, err);
}

void rfm_parquet_file_close(rfm_parquet_file *file)
{
    if (file->reader)
        carquet_reader_close(file->reader);
    free_kept();
    if (file->stream)
        fclose(file->stream);
    free(file->columns);
    free(file->first_rows);
    *file = (rfm_parquet_file){0};
}

/* ---- chunks ----------------------------------------------------------------------------------------------------- */

rfm_status rfm_parquet_chunk_fail(const rfm_parquet_chunk *chunk, rfm_status status, const char *words, rfm_error *err)
{
    return rfm_fail(err, status, "%s: row group %d, column '%s': %s", chunk->file->path, (int)chunk->group,
                    chunk->column->name, words);
}

static rfm_status fail_carquet(const rfm_parquet_chunk *chunk, const carquet_error_t *error, rfm_error *err)
{
    return rfm_parquet_chunk_fail(chunk, status_of(chunk->file, error), words_of(error), err);
}

/* The chunk has a value or a NULL for each row, and lies between the file's two ends. */
static rfm_status check_chunk(const rfm_parquet_chunk *chunk, rfm_error *err)
{
    const rfm_parquet_file *file = chunk->file;
    const int64_t n_rows = file->first_rows[chunk->group + 1] - file->first_rows[chunk->group];
    carquet_column_chunk_metadata_t info;
    if (carquet_reader_column_chunk_metadata(file->reader, chunk->group, chunk->column->leaf, &info) != CARQUET_OK)
        return rfm_parquet_chunk_fail(chunk, RFM_DATA, "nothing is said of where it lies", err);
    if (info.num_values != n_rows)
        return rfm_parquet_chunk_fail(chunk, RFM_DATA, "it does not have one value for each row", err);
    int64_t first = info.data_page_offset;
    if (info.has_dictionary_page && info.dictionary_page_offset < first)
        first = info.dictionary_page_offset;
    if (first < MAGIC_BYTES || info.total_compressed_size < 1 ||
        info.total_compressed_size > file->size_bytes - TAIL_BYTES - first)
        return rfm_parquet_chunk_fail(chunk, RFM_DATA, "it lies outside the file", err);
    return RFM_OK;
}

rfm_status rfm_parquet_chunk_open(rfm_parquet_chunk *chunk, const rfm_parquet_file *file,
                                  const rfm_parquet_column *column, int32_t group, int64_t row, rfm_error *err)
{
    carquet_error_t error = CARQUET_ERROR_INIT;
    *chunk = (rfm_parquet_chunk){.file = file, .column = column, .group = group};
    if (check_chunk(chunk, err) != RFM_OK)
        return err->status;
    errno = 0;
    chunk->reader = carquet_reader_get_column(file->reader, group, column->leaf, &error);
    if (!chunk->reader || carquet_column_skip(chunk->reader, row) != row)
        return fail_carquet(chunk, &error, err);
    return RFM_OK;
}

void rfm_parquet_chunk_close(rfm_parquet_chunk *chunk)
{
    carquet_column_reader_free(chunk->reader);
    chunk->reader = NULL;
}

rfm_status rfm_parquet_chunk_read(rfm_parquet_chunk *chunk, size_t n, void *values, int16_t *levels, rfm_error *err)
{
    carquet_error_t error = CARQUET_ERROR_INIT;
    errno = 0;
    const int64_t got = carquet_column_read_batch_ex(chunk->reader, values, (int64_t)n, levels, NULL, &error);
    return got == (int64_t)n && error.code == CARQUET_OK ? RFM_OK : fail_carquet(chunk, &error, err);
}
