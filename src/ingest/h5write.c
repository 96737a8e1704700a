/* h5write: a file of any format -> an event table. The file is walked twice: once to see what its columns are, once to
 * write them, block by block; so memory is that of the dictionaries and a block of every column.
 */
#include "h5format.h"
#include "h5survey.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_ROWS = 4096, BLOCKS_BYTES = 1 << 24, MOST_LINK_BYTES = 255, MOST_COLUMNS = 10000 };

typedef struct target {
    char *name; /* as the file has it */
    bool has_time_format;
    rfm_time_format time_format;
    char *link; /* as HDF5 has it: unlike all others */
    rfm_survey survey;
    rfm_storage storage;
    rfm_h5_column dataset;
    char *cells; /* [block_rows] */
} target;

typedef struct converter {
    const rfm_input *input;
    const rfm_file *file;
    target *columns;
    size_t n_columns;
    int64_t n_rows; /* of the pass at hand */
    rfm_h5_table *table;
    size_t block_rows, n_in_block;
} converter;

/* ---- the first pass: what the columns are ----------------------------------------------------------------------- */

static bool is_taken(const converter *c, size_t n, const char *link)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(c->columns[i].link, link) == 0)
            return true;
    return false;
}

/* The column's own name where HDF5 can have it, else one made up. */
static rfm_status choose_link(converter *c, size_t i, rfm_error *err)
{
    const char *name = c->columns[i].name;
    rfm_text link = {0};
    rfm_text_adds(&link, name);
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strchr(name, '/') || strlen(name) > MOST_LINK_BYTES ||
        is_taken(c, i, name)) {
        link.length = 0;
        rfm_text_addf(&link, "column-%zu", i + 1);
    }
    while (!link.failed && is_taken(c, i, link.bytes))
        rfm_text_adds(&link, "-");
    c->columns[i].link = link.bytes;
    return rfm_text_check(&link, err);
}

/* How a column's texts are written: as the file says, or else as the job does. */
static rfm_writing writing_of(const rfm_input *input, const rfm_walk_column *column)
{
    return (rfm_writing){.comma = column->numbers == RFM_NUMBERS_AS_TOLD ? input->notation.comma
                                                                         : column->numbers == RFM_NUMBERS_COMMA,
                         .times = column->has_time_format ? column->time_format : input->time_format};
}

static rfm_status take_head(void *context, const rfm_walk_column *columns, size_t n, rfm_error *err)
{
    converter *c = context;
    if (n > MOST_COLUMNS)
        return rfm_fail(err, RFM_DATA, "%s: %zu columns; an event table has up to %d", c->file->path, n, MOST_COLUMNS);
    c->columns = rfm_alloc(n, sizeof *c->columns, err);
    for (size_t i = 0; c->columns && i < n; i++) {
        target *column = &c->columns[i];
        const rfm_field name = columns[i].name;
        rfm_survey_init(&column->survey, n, writing_of(c->input, &columns[i]));
        c->n_columns = i + 1;
        column->has_time_format = columns[i].has_time_format;
        column->time_format = columns[i].time_format;
        column->name = rfm_alloc((size_t)name.length + 1, 1, err);
        if (!column->name)
            break;
        memcpy(column->name, name.bytes, name.length);
        if (choose_link(c, i, err) != RFM_OK)
            break;
    }
    return err->status;
}

static rfm_status survey_row(void *context, const rfm_field *fields, size_t n, rfm_error *err)
{
    converter *c = context;
    c->n_rows++;
    for (size_t i = 0; i < n; i++) {
        const rfm_field text = fields[i];
        if (text.length > 0 && text.bytes[text.length - 1] == '\0')
            return rfm_fail(err, RFM_DATA, "%s: row %lld: column %s: a text that ends with a NUL byte cannot be kept",
                            c->file->path, (long long)c->n_rows, c->columns[i].name);
        if (rfm_survey_add(&c->columns[i].survey, text.bytes, text.length, err) != RFM_OK)
            return err->status;
    }
    return RFM_OK;
}

/* ---- between the passes: the datasets --------------------------------------------------------------------------- */

static char *path_of(const char *group, const target *column, rfm_error *err)
{
    rfm_text path = {0};
    rfm_text_addf(&path, "%s/%s", group, column->link);
    if (rfm_text_check(&path, err) != RFM_OK)
        rfm_text_free(&path);
    return path.bytes;
}

static rfm_status write_dictionary(const converter *c, const target *column, const char *path, rfm_error *err)
{
    const rfm_lexicon *texts = &column->survey.lexicon;
    const size_t width = texts->longest > 0 ? texts->longest : 1;
    rfm_h5_column dataset = {.cell = RFM_H5_CELL_BYTES, .width_bytes = width, .rows = (int64_t)texts->n};
    char *cells = rfm_alloc(texts->n, width, err);
    for (size_t i = 0; cells && i < texts->n; i++) {
        size_t length;
        const char *text = rfm_lexicon_text(texts, i, &length);
        memcpy(cells + i * width, text, length);
    }
    if (cells && rfm_h5_column_make(c->table, path, &dataset, err) == RFM_OK)
        rfm_h5_column_write(&dataset, 0, texts->n, cells, err);
    rfm_h5_column_close(&dataset);
    free(cells);
    return err->status;
}

static rfm_status put_time(rfm_h5_table *table, const char *path, const rfm_exact *exact, rfm_error *err)
{
    const bool date = exact->unit_us == RFM_DAY_US;
    const char *unit = exact->unit_us == 1 ? "us" : exact->unit_us == 1000 ? "ms" : "s";
    rfm_h5_table_put_text(table, path, RFM_EVENTS_MEANING, date ? RFM_MEANS_DATE : RFM_MEANS_TIME, err);
    if (!date && err->status == RFM_OK)
        rfm_h5_table_put_text(table, path, RFM_EVENTS_UNIT, unit, err);
    return err->status == RFM_OK ? rfm_h5_table_put_text(table, path, RFM_EVENTS_PATTERN, exact->pattern.text, err)
                                 : err->status;
}

static rfm_status put_number(rfm_h5_table *table, const char *path, const rfm_exact *exact, rfm_error *err)
{
    if (exact->scale == 0)
        return rfm_h5_table_put_text(table, path, RFM_EVENTS_MEANING, RFM_MEANS_INTEGER, err);
    if (rfm_h5_table_put_text(table, path, RFM_EVENTS_MEANING, RFM_MEANS_DECIMAL, err) == RFM_OK &&
        rfm_h5_table_put_integer(table, path, RFM_EVENTS_SCALE, exact->scale, err) == RFM_OK && exact->comma)
        rfm_h5_table_put_text(table, path, RFM_EVENTS_MARK, "comma", err);
    return err->status;
}

static rfm_status put_indices(const converter *c, const target *column, const char *path, rfm_error *err)
{
    char *dictionary = path_of(RFM_DICTIONARIES, column, err);
    if (dictionary && rfm_h5_table_put_text(c->table, path, RFM_EVENTS_MEANING, RFM_MEANS_DICTIONARY, err) == RFM_OK &&
        rfm_h5_table_put_text(c->table, path, RFM_EVENTS_DICTIONARY, dictionary, err) == RFM_OK)
        write_dictionary(c, column, dictionary, err);
    free(dictionary);
    return err->status;
}

/* Of dates with the day or the month first the file says so itself, as the job did. */
static rfm_status put_time_format(const converter *c, const target *column, const char *path, rfm_error *err)
{
    const rfm_exact *exact = &column->survey.exact;
    const bool turned = column->storage.kind == RFM_STORED_INTEGERS && exact->kind == RFM_EXACT_TIME &&
                        exact->pattern.format != RFM_TIME_ISO;
    if (!turned && !column->has_time_format)
        return RFM_OK;
    return rfm_h5_table_put_text(c->table, path, RFM_EVENTS_TIME_FORMAT,
                                 rfm_time_format_name(turned ? exact->pattern.format : column->time_format), err);
}

static rfm_status put_meaning(const converter *c, const target *column, const char *path, rfm_error *err)
{
    const rfm_storage *storage = &column->storage;
    const rfm_exact *exact = &column->survey.exact;
    if (strcmp(column->name, column->link) != 0 &&
        rfm_h5_table_put_text(c->table, path, RFM_EVENTS_NAME, column->name, err) != RFM_OK)
        return err->status;
    if (put_time_format(c, column, path, err) != RFM_OK)
        return err->status;
    if (storage->kind == RFM_STORED_TEXTS)
        return rfm_h5_table_put_text(c->table, path, RFM_EVENTS_MEANING, RFM_MEANS_TEXT, err);
    if (storage->kind == RFM_STORED_INDICES)
        return put_indices(c, column, path, err);
    if (storage->has_null && rfm_h5_table_put_integer(c->table, path, RFM_EVENTS_NULL, storage->null, err) != RFM_OK)
        return err->status;
    return (exact->kind == RFM_EXACT_TIME ? put_time : put_number)(c->table, path, exact, err);
}

static rfm_status make_column(const converter *c, target *column, rfm_error *err)
{
    const rfm_storage *storage = &column->storage;
    column->dataset = (rfm_h5_column){.cell = storage->cell, .width_bytes = storage->width_bytes, .rows = c->n_rows};
    column->cells = rfm_alloc(c->block_rows, storage->width_bytes, err);
    char *path = path_of(RFM_EVENTS, column, err);
    if (err->status == RFM_OK && rfm_h5_column_make(c->table, path, &column->dataset, err) == RFM_OK)
        put_meaning(c, column, path, err);
    free(path);
    return err->status;
}

static rfm_status choose_storage(converter *c, rfm_error *err)
{
    size_t row_bytes = 1;
    for (size_t i = 0; i < c->n_columns; i++) {
        target *column = &c->columns[i];
        if (!rfm_survey_storage(&column->survey, &column->storage))
            return rfm_fail(err, RFM_DATA,
                            "%s: column %s has texts of %zu bytes, and too many for a dictionary; an event table "
                            "holds up to %d each",
                            c->file->path, column->name, column->survey.longest, RFM_TEXT_MAX_BYTES);
        row_bytes += column->storage.width_bytes;
    }
    c->block_rows = row_bytes > BLOCKS_BYTES ? 1 : BLOCKS_BYTES / row_bytes;
    if (c->block_rows > BLOCK_ROWS)
        c->block_rows = BLOCK_ROWS;
    return RFM_OK;
}

static rfm_status make_table(converter *c, const char *path, rfm_error *err)
{
    if (choose_storage(c, err) != RFM_OK || rfm_h5_table_create(path, &c->table, err) != RFM_OK ||
        rfm_h5_table_group(c->table, RFM_EVENTS, err) != RFM_OK ||
        rfm_h5_table_group(c->table, RFM_DICTIONARIES, err) != RFM_OK ||
        rfm_h5_table_put_text(c->table, RFM_EVENTS, RFM_EVENTS_FORMAT, RFM_EVENTS_FORMAT_1, err) != RFM_OK ||
        rfm_h5_table_put_integer(c->table, RFM_EVENTS, RFM_EVENTS_ROWS, c->n_rows, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < c->n_columns; i++)
        if (make_column(c, &c->columns[i], err) != RFM_OK)
            return err->status;
    return RFM_OK;
}

/* ---- the second pass: the rows ---------------------------------------------------------------------------------- */

static rfm_status fail_changed(const converter *c, rfm_error *err)
{
    return rfm_fail(err, RFM_DATA, "%s: changed while being read; start again when nothing writes to it",
                    c->file->path);
}

/* Signed or not, a narrow integer is the low end of a wide one. */
static void put_integer(int64_t value, size_t width_bytes, char *at)
{
    const int32_t four = (int32_t)value;
    const int16_t two = (int16_t)value;
    const int8_t one = (int8_t)value;
    const void *as = &value;
    if (width_bytes == 4)
        as = &four;
    else if (width_bytes == 2)
        as = &two;
    else if (width_bytes == 1)
        as = &one;
    memcpy(at, as, width_bytes);
}

/* False: the first pass saw no such text. */
static bool put_cell(const target *column, rfm_field text, char *at)
{
    const rfm_storage *storage = &column->storage;
    const rfm_survey *survey = &column->survey;
    int64_t value = storage->null;
    if (storage->kind == RFM_STORED_TEXTS) {
        if (text.length > storage->width_bytes)
            return false;
        memcpy(at, text.bytes, text.length);
        memset(at + text.length, 0, storage->width_bytes - text.length);
        return true;
    }
    if (storage->kind == RFM_STORED_INDICES)
        value = rfm_lexicon_find(&survey->lexicon, text.bytes, text.length);
    else if (text.length > 0 && (!rfm_exact_read(&survey->exact, text.bytes, text.length, &value) ||
                                 value < survey->low || value > survey->high))
        return false;
    put_integer(value, storage->width_bytes, at);
    return storage->kind == RFM_STORED_INDICES ? value != RFM_LEXICON_NONE : text.length > 0 || storage->has_null;
}

static rfm_status write_block(converter *c, rfm_error *err)
{
    for (size_t i = 0; i < c->n_columns; i++) {
        target *column = &c->columns[i];
        const int64_t first = c->n_rows - (int64_t)c->n_in_block;
        if (rfm_h5_column_write(&column->dataset, first, c->n_in_block, column->cells, err) != RFM_OK)
            return err->status;
    }
    c->n_in_block = 0;
    return RFM_OK;
}

static rfm_status check_head(void *context, const rfm_walk_column *columns, size_t n, rfm_error *err)
{
    const converter *c = context;
    (void)columns;
    return n == c->n_columns ? RFM_OK : fail_changed(c, err);
}

static rfm_status write_row(void *context, const rfm_field *fields, size_t n, rfm_error *err)
{
    converter *c = context;
    if (c->n_columns > 0 && c->n_rows == c->columns[0].dataset.rows)
        return fail_changed(c, err);
    for (size_t i = 0; i < n; i++) {
        const target *column = &c->columns[i];
        if (!put_cell(column, fields[i], column->cells + c->n_in_block * column->storage.width_bytes))
            return fail_changed(c, err);
    }
    c->n_rows++;
    return ++c->n_in_block == c->block_rows ? write_block(c, err) : RFM_OK;
}

static rfm_status write_rows(converter *c, const rfm_input *input, rfm_error *err)
{
    const rfm_walker walker = {.context = c, .head = check_head, .row = write_row};
    const int64_t expected = c->n_rows;
    rfm_left_out again = {0};
    c->n_rows = 0;
    if (rfm_file_walk(input, c->file, &walker, &again, err) == RFM_OK && write_block(c, err) == RFM_OK &&
        c->n_rows != expected)
        fail_changed(c, err);
    rfm_text_free(&again.first);
    return err->status;
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

static void close_converter(converter *c, rfm_error *err)
{
    for (size_t i = 0; i < c->n_columns; i++) {
        target *column = &c->columns[i];
        rfm_h5_column_close(&column->dataset);
        rfm_survey_free(&column->survey);
        free(column->name);
        free(column->link);
        free(column->cells);
    }
    free(c->columns);
    rfm_h5_table_close(c->table, err);
}

rfm_status rfm_file_convert(const rfm_input *input, const rfm_file *file, const char *path, int64_t *n_rows,
                            rfm_left_out *left_out, rfm_error *err)
{
    converter c = {.file = file, .input = input};
    const rfm_walker walker = {.context = &c, .head = take_head, .row = survey_row};
    if (rfm_file_walk(input, file, &walker, left_out, err) == RFM_OK && make_table(&c, path, err) == RFM_OK)
        write_rows(&c, input, err);
    *n_rows = c.n_rows;
    close_converter(&c, err);
    return err->status;
}
