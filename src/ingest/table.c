/* table: the loop over the rows of a shard of columns. Knows no more of a format than columnar.h says. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "intake.h"

typedef struct table {
    const rfm_reading *reading;
    rfm_columnar columnar;
    rfm_intake intake;
    size_t *fields; /* [slots]: the file's columns */
    rfm_field *row; /* [slots]: one row's cells */
    rfm_text text;  /* of a row that is refused */
    int64_t at;     /* the next row */
    int64_t noted;  /* rows before it are in reading->portions */
} table;

static rfm_status open_columnar(rfm_columnar *columnar, const rfm_file *file, rfm_error *err)
{
    *columnar = (rfm_columnar){.kind = rfm_format_traits_of(file->format)->columnar, .path = file->path};
    return columnar->kind->open(columnar, err);
}

rfm_status rfm_table_look_into(rfm_file *file, rfm_error *err)
{
    rfm_columnar columnar;
    if (open_columnar(&columnar, file, err) == RFM_OK) {
        file->n_rows = columnar.n_rows;
        file->cuts = columnar.cuts;
        file->n_cuts = columnar.n_cuts;
        columnar.cuts = NULL;
    }
    columnar.kind->close(&columnar);
    return err->status;
}

/* Names to columns, as for a text: the heading is the file's list of names. */
static rfm_status bind(table *t, rfm_error *err)
{
    const rfm_columnar *columnar = &t->columnar;
    rfm_field *names = rfm_alloc(columnar->n_fields, sizeof *names, err);
    for (size_t i = 0; names && i < columnar->n_fields; i++)
        names[i] = (rfm_field){.bytes = columnar->names[i], .length = (uint32_t)strlen(columnar->names[i])};
    const rfm_heading heading = {
        .path = columnar->path, .fields = names, .n_fields = columnar->n_fields, .named = t->reading->input->header};
    if (names)
        rfm_columns_bind(&t->intake.values.columns, &heading, err);
    free(names);
    return err->status;
}

/* The cells of a row come by slot, so that from here on slot i is field i. */
static rfm_status choose_fields(table *t, rfm_error *err)
{
    rfm_columns *columns = &t->intake.values.columns;
    t->fields = rfm_alloc(columns->n, sizeof *t->fields, err);
    t->row = rfm_alloc(columns->n, sizeof *t->row, err);
    if (!t->fields || !t->row)
        return err->status;
    for (size_t i = 0; i < columns->n; i++) {
        t->fields[i] = columns->fields[i];
        columns->fields[i] = i;
    }
    t->columnar.fields = t->fields;
    t->columnar.n_slots = columns->n;
    t->columnar.time_slot = t->intake.values.time;
    return RFM_OK;
}

static rfm_status check_size(const table *t, const rfm_file *file, rfm_error *err)
{
    if (t->columnar.n_rows == file->n_rows)
        return RFM_OK;
    return rfm_fail(err, RFM_DATA,
                    "%s: changed while being read (it had %lld rows); start again when nothing writes to it",
                    file->path, (long long)file->n_rows);
}

/* A shard that goes on where another start left off may begin between two cuts. */
static rfm_status begin_rows(table *t, rfm_error *err)
{
    const rfm_columnar *columnar = &t->columnar;
    const int64_t begin = t->reading->shard->begin;
    t->at = columnar->cuts ? 0 : begin;
    for (size_t c = 0; columnar->cuts && c < columnar->n_cuts && columnar->cuts[c] <= begin; c++)
        t->at = columnar->cuts[c];
    columnar->kind->begin(&t->columnar, t->at, err);
    while (err->status == RFM_OK && t->at < begin && rfm_intake_pause(&t->intake, err) == RFM_OK)
        if (columnar->kind->next(&t->columnar, begin - t->at, err) == RFM_OK)
            t->at += (int64_t)columnar->n;
    return err->status;
}

/* What the file says of its columns stands before what the job says of texts. */
static void heed_columns(table *t)
{
    const rfm_columnar *columnar = &t->columnar;
    rfm_values *values = &t->intake.values;
    if (columnar->has_time_format)
        values->times.format = columnar->time_format;
    for (size_t i = 0; i < columnar->n_slots; i++)
        if (columnar->numbers[i] != RFM_NUMBERS_AS_TOLD)
            values->notations[i] = (rfm_notation){.comma = columnar->numbers[i] == RFM_NUMBERS_COMMA};
}

static rfm_status open_table(table *t, rfm_error *err)
{
    const rfm_reading *r = t->reading;
    const rfm_file *file = &r->files->files[r->shard->file];
    if (rfm_intake_open(&t->intake, r, err) != RFM_OK || open_columnar(&t->columnar, file, err) != RFM_OK ||
        check_size(t, file, err) != RFM_OK || bind(t, err) != RFM_OK || choose_fields(t, err) != RFM_OK)
        return err->status;
    t->noted = t->intake.begin = r->shard->begin;
    if (begin_rows(t, err) == RFM_OK)
        heed_columns(t);
    return err->status;
}

static void close_table(table *t)
{
    if (t->columnar.kind)
        t->columnar.kind->close(&t->columnar);
    rfm_intake_close(&t->intake);
    free(t->fields);
    free(t->row);
    rfm_text_free(&t->text);
}

/* No more of it than is kept, and a byte that shows that there is more: values may be long. */
static void put_row(table *t)
{
    const size_t most = RFM_REFUSED_ROW_BYTES + 1;
    t->text.length = 0;
    for (size_t i = 0; i < t->columnar.n_slots && t->text.length < most; i++) {
        if (i > 0)
            rfm_text_adds(&t->text, ",");
        rfm_text_add(&t->text, t->row[i].bytes, t->row[i].length < most ? t->row[i].length : most);
    }
}

static rfm_status refuse(table *t, const rfm_refusal *refusal, int64_t row, rfm_error *err)
{
    put_row(t);
    if (rfm_text_check(&t->text, err) != RFM_OK)
        return err->status;
    const rfm_field text = {.bytes = t->text.bytes, .length = (uint32_t)t->text.length};
    return rfm_intake_refuse(&t->intake, refusal, row - t->noted + 1, text, err);
}

static void take_row(table *t, size_t i, rfm_error *err)
{
    rfm_refusal refusal;
    for (size_t slot = 0; slot < t->columnar.n_slots; slot++)
        t->row[slot] = rfm_columnar_texts(&t->columnar, slot)[i];
    if (!rfm_intake_take(&t->intake, t->row, &refusal, err) && err->status == RFM_OK)
        refuse(t, &refusal, t->at + (int64_t)i, err);
}

static int64_t bytes_of(const rfm_file *file, int64_t begin, int64_t end)
{
    const int64_t to = (int64_t)((rfm_i128)file->size_bytes * end / file->n_rows);
    return to - (int64_t)((rfm_i128)file->size_bytes * begin / file->n_rows);
}

/* Many at a time, up to one about which there is something to say. */
static rfm_status take_rows(table *t, rfm_error *err)
{
    for (size_t i = 0; i < t->columnar.n && err->status == RFM_OK;) {
        const size_t n = rfm_intake_take_columns(&t->intake, &t->columnar, i, err);
        if (n == 0 && err->status == RFM_OK)
            take_row(t, i, err);
        i += n > 0 ? n : 1;
    }
    t->at += (int64_t)t->columnar.n;
    const rfm_reading *r = t->reading;
    rfm_intake_watched(&t->intake, bytes_of(&r->files->files[r->shard->file], t->noted, t->at));
    return err->status;
}

static rfm_status note(table *t, rfm_error *err)
{
    const rfm_reading *r = t->reading;
    const rfm_portion portion = {
        .file = (int64_t)r->shard->file, .begin = t->noted, .end = t->at, .n_lines = t->at - t->noted};
    if (rfm_intake_flush(&t->intake, err) != RFM_OK)
        return err->status;
    r->tally->n_bytes += bytes_of(&r->files->files[r->shard->file], t->noted, t->at);
    r->result->n_lines += portion.n_lines;
    t->noted = t->intake.begin = t->at;
    return r->portions ? rfm_portions_add(r->portions, portion, err) : RFM_OK;
}

static rfm_status pause_when_due(table *t, rfm_error *err)
{
    const rfm_pause *pause = t->reading->pause;
    if (pause && t->at < t->reading->shard->end && pause->is_due(pause->context) && note(t, err) == RFM_OK)
        pause->take(pause->context, err);
    return err->status;
}

rfm_status rfm_table_shard_read(const rfm_reading *reading, rfm_error *err)
{
    table t = {.reading = reading};
    if (open_table(&t, err) == RFM_OK) {
        while (err->status == RFM_OK && t.at < reading->shard->end)
            if (t.columnar.kind->next(&t.columnar, reading->shard->end - t.at, err) == RFM_OK &&
                take_rows(&t, err) == RFM_OK)
                pause_when_due(&t, err);
        if (err->status == RFM_OK)
            note(&t, err);
    }
    close_table(&t);
    return err->status;
}
