/* h5table: event tables in HDF5 as one kind of columnar files. Knows which columns there are and which rows are read;
 * what a column is, is h5column.c's.
 */
#include "h5table.h"

#include <stdlib.h>
#include <string.h>

#include "h5column.h"
#include "h5format.h"

typedef struct h5events {
    rfm_h5_table *table;
    char **links;        /* [columnar->n_fields]: datasets of /events */
    rfm_h5_texts *texts; /* [n_texts], one a slot */
    size_t n_texts;
    int64_t at;        /* the next row */
    int64_t block_end; /* of the block that is loaded */
    size_t block_rows;
    rfm_field *fields;
} h5events;

/* ---- open ------------------------------------------------------------------------------------------------------- */

static rfm_status check_format(const rfm_columnar *columnar, rfm_h5_table *table, rfm_error *err)
{
    char *format = NULL;
    if (rfm_h5_table_text(table, RFM_EVENTS, RFM_EVENTS_FORMAT, &format, err) == RFM_OK && format &&
        strcmp(format, RFM_EVENTS_FORMAT_1) != 0)
        rfm_fail(err, RFM_DATA, "%s: /events is of the format \"%s\"; \"" RFM_EVENTS_FORMAT_1 "\" is known here",
                 columnar->path, format);
    free(format);
    return err->status;
}

/* All columns have the same number of rows, which the group may say too. */
static rfm_status check_rows(rfm_columnar *columnar, rfm_h5_table *table, const char *name, rfm_error *err)
{
    rfm_h5_column column;
    if (rfm_h5_column_open(table, name, &column, err) == RFM_OK) {
        if (columnar->n_rows < 0)
            columnar->n_rows = column.rows;
        if (column.rows != columnar->n_rows)
            rfm_fail(err, RFM_DATA, "%s: dataset %s has %lld rows, and the table %lld", columnar->path, name,
                     (long long)column.rows, (long long)columnar->n_rows);
    }
    rfm_h5_column_close(&column);
    return err->status;
}

/* A column is called by its dataset, unless an attribute gives the name that HDF5 cannot have there. */
static rfm_status take_column(rfm_columnar *columnar, const h5events *own, size_t i, rfm_error *err)
{
    rfm_text path = {0};
    char *name = NULL;
    rfm_text_addf(&path, "%s/%s", RFM_EVENTS, own->links[i]);
    if (rfm_text_check(&path, err) == RFM_OK && check_rows(columnar, own->table, path.bytes, err) == RFM_OK &&
        rfm_h5_table_text(own->table, path.bytes, RFM_EVENTS_NAME, &name, err) == RFM_OK && !name)
        name = rfm_copy_string(own->links[i], err);
    columnar->names[i] = name;
    rfm_text_free(&path);
    return err->status;
}

static rfm_status take_columns(rfm_columnar *columnar, h5events *own, rfm_error *err)
{
    bool found = false;
    if (rfm_h5_table_list(own->table, RFM_EVENTS, &own->links, &columnar->n_fields, err) != RFM_OK ||
        check_format(columnar, own->table, err) != RFM_OK ||
        rfm_h5_table_integer(own->table, RFM_EVENTS, RFM_EVENTS_ROWS, &columnar->n_rows, &found, err) != RFM_OK)
        return err->status;
    if (found && (columnar->n_rows < 0 || (columnar->n_rows > 0 && columnar->n_fields == 0)))
        return rfm_fail(err, RFM_DATA, "%s: /events says that it has %lld rows, in %zu columns", columnar->path,
                        (long long)columnar->n_rows, columnar->n_fields);
    if (!found)
        columnar->n_rows = columnar->n_fields == 0 ? 0 : -1;
    columnar->names = rfm_alloc(columnar->n_fields, sizeof *columnar->names, err);
    for (size_t i = 0; i < columnar->n_fields && err->status == RFM_OK; i++)
        take_column(columnar, own, i, err);
    return err->status;
}

static rfm_status open_events(rfm_columnar *columnar, rfm_error *err)
{
    h5events *own = columnar->own = rfm_alloc(1, sizeof *own, err);
    if (own && rfm_h5_table_open(columnar->path, &own->table, err) == RFM_OK)
        take_columns(columnar, own, err);
    return err->status;
}

static void close_texts(h5events *own)
{
    for (size_t i = 0; i < own->n_texts; i++)
        rfm_h5_texts_close(&own->texts[i]);
    free(own->texts);
    free(own->fields);
    own->texts = NULL;
    own->fields = NULL;
    own->n_texts = 0;
}

static void close_events(rfm_columnar *columnar)
{
    h5events *own = columnar->own;
    rfm_error ignored = {0};
    if (own) {
        close_texts(own);
        for (size_t i = 0; i < columnar->n_fields; i++)
            free(own->links[i]);
        free(own->links);
        rfm_h5_table_close(own->table, &ignored);
    }
    for (size_t i = 0; columnar->names && i < columnar->n_fields; i++)
        free(columnar->names[i]);
    free(columnar->names);
    free(columnar->cells);
    free(columnar->numbers);
    free(own);
    columnar->own = NULL;
    columnar->names = NULL;
    columnar->cells = NULL;
    columnar->numbers = NULL;
    columnar->n_fields = 0;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static rfm_status open_texts(const rfm_columnar *columnar, h5events *own, rfm_error *err)
{
    own->texts = rfm_alloc(columnar->n_slots, sizeof *own->texts, err);
    own->block_rows = SIZE_MAX;
    for (size_t i = 0; own->texts && i < columnar->n_slots; i++) {
        own->n_texts = i + 1;
        if (rfm_h5_texts_open(&own->texts[i], own->table, columnar->path, own->links[columnar->fields[i]], err) !=
            RFM_OK)
            break;
        const size_t rows = rfm_h5_texts_block_rows(&own->texts[i]);
        own->block_rows = rows < own->block_rows ? rows : own->block_rows;
    }
    return err->status;
}

static rfm_status reserve_cells(rfm_columnar *columnar, h5events *own, rfm_error *err)
{
    free(columnar->cells);
    free(columnar->numbers);
    columnar->cells = rfm_alloc(columnar->n_slots, sizeof *columnar->cells, err);
    columnar->numbers = rfm_alloc(columnar->n_slots, sizeof *columnar->numbers, err);
    own->fields = rfm_alloc(columnar->n_slots, RFM_COLUMNAR_ROWS * sizeof *own->fields, err);
    return err->status;
}

static rfm_columnar_numbers numbers_of(const rfm_h5_texts *t)
{
    if (t->has_dictionary || t->column.cell == RFM_H5_CELL_BYTES || t->column.cell == RFM_H5_CELL_TEXT)
        return RFM_NUMBERS_AS_TOLD;
    return t->exact.comma ? RFM_NUMBERS_COMMA : RFM_NUMBERS_POINT;
}

static rfm_status begin_events(rfm_columnar *columnar, int64_t row, rfm_error *err)
{
    h5events *own = columnar->own;
    close_texts(own);
    own->at = own->block_end = row;
    if (open_texts(columnar, own, err) != RFM_OK || reserve_cells(columnar, own, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < columnar->n_slots; i++)
        columnar->numbers[i] = numbers_of(&own->texts[i]);
    columnar->has_time_format = columnar->time_slot >= 0 && own->texts[columnar->time_slot].has_time_format;
    if (columnar->has_time_format)
        columnar->time_format = own->texts[columnar->time_slot].time_format;
    return RFM_OK;
}

/* All columns' blocks are of the same rows. */
static rfm_status load_block(const rfm_columnar *columnar, h5events *own, rfm_error *err)
{
    const int64_t left = columnar->n_rows - own->at;
    const size_t n = (int64_t)own->block_rows < left ? own->block_rows : (size_t)left;
    for (size_t i = 0; i < own->n_texts; i++)
        if (rfm_h5_texts_load(&own->texts[i], own->at, n, err) != RFM_OK)
            return err->status;
    own->block_end = own->at + (int64_t)n;
    return RFM_OK;
}

static rfm_field *fields_of(const h5events *own, size_t slot)
{
    return own->fields + slot * RFM_COLUMNAR_ROWS;
}

static rfm_status next_events(rfm_columnar *columnar, int64_t max_rows, rfm_error *err)
{
    h5events *own = columnar->own;
    columnar->n = 0;
    if (own->at >= columnar->n_rows || (own->at == own->block_end && load_block(columnar, own, err) != RFM_OK))
        return err->status;
    int64_t n = own->block_end - own->at;
    if (n > max_rows)
        n = max_rows;
    if (n > RFM_COLUMNAR_ROWS)
        n = RFM_COLUMNAR_ROWS;
    for (size_t i = 0; i < own->n_texts; i++)
        if (rfm_h5_texts_give(&own->texts[i], own->at, (size_t)n, fields_of(own, i), &columnar->cells[i], err) !=
            RFM_OK)
            return err->status;
    columnar->n = (size_t)n;
    own->at += n;
    return RFM_OK;
}

static void write_events(rfm_columnar *columnar, size_t slot)
{
    const h5events *own = columnar->own;
    rfm_h5_texts_write(&own->texts[slot], fields_of(own, slot));
    columnar->cells[slot].texts = fields_of(own, slot);
}

const rfm_columnar_kind rfm_h5_events = {
    .name = "an HDF5 event table",
    .open = open_events,
    .begin = begin_events,
    .next = next_events,
    .write = write_events,
    .close = close_events,
};
