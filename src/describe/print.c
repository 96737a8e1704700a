/* print: the facts about one file, for people: a line each, and tables. */
#include "describe.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_COLUMNS = 26, MOST_KEY_COLUMNS = 36, MOST_ROWS = 30, MOST_CELL = 24, MOST_FIELDS = 64 };

/* What would be a page of its own, or says nothing; --json has it. */
static bool is_left_out(const fact *f)
{
    static const char *const hidden[] = {"options.",     "input.files",  "cluster.trace",   "cluster.seconds",
                                         "drift.flows.", "drift.names.", "quality.seconds", "sweep."};
    if (strcmp(f->key, "options.cluster.choose") == 0) /* by which a sweep's fits are compared */
        return false;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (strncmp(f->key, hidden[i], strlen(hidden[i])) == 0)
            return true;
    return strncmp(f->key, "rejected.", strlen("rejected.")) == 0 && json_integer_value(f->value) == 0;
}

static void add_trimmed(rfm_text *text, const char *end)
{
    while (!text->failed && text->length > 0 && text->bytes[text->length - 1] == ' ')
        text->length--;
    rfm_text_adds(text, end);
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

/* Numbers need not have all their digits here. */
static void print_cell(const json_t *value, rfm_text *cell)
{
    if (json_is_real(value))
        rfm_text_addf(cell, "%.6g", json_real_value(value));
    else
        print_value(value, cell);
}

/* "recency_days" of "centroid.recency_days". */
static const char *heading_of(const char *key)
{
    const char *point = strchr(key, '.');
    return point ? point + 1 : key;
}

static int width_of_field(const json_t *table, const char *heading, size_t field, int most, rfm_error *err)
{
    int width = rfm_text_columns(heading, strlen(heading));
    for (size_t row = 0; row < json_array_size(table) && row < MOST_ROWS; row++) {
        fact_list cells = {0};
        rfm_text cell = {0};
        if (list_facts(json_array_get(table, row), false, &cells, err) == RFM_OK && field < cells.n)
            print_cell(cells.items[field].value, &cell);
        const int here = cell.length > 0 && !cell.failed ? rfm_text_columns(cell.bytes, cell.length) : 0;
        width = here > width ? here : width;
        rfm_text_free(&cell);
        free_facts(&cells);
    }
    return width < most ? width : most;
}

/* Of a path that has no room the end is shown. */
static void add_cut(const char *string, int width, rfm_text *text)
{
    const char *at = string;
    while (strchr(string, '/') && *at && rfm_text_columns(at, strlen(at)) > width - (at > string))
        for (at++; ((unsigned char)*at & 0xC0) == 0x80;) /* not within a letter */
            at++;
    rfm_text_adds(text, at > string ? "~" : "");
    rfm_text_fit(text, at, width - (at > string));
}

/* Numbers stand to the right. */
static void add_field(const json_t *value, int width, rfm_text *text)
{
    rfm_text cell = {0};
    print_cell(value, &cell);
    const char *string = cell.length > 0 && !cell.failed ? cell.bytes : "";
    const int columns = rfm_text_columns(string, strlen(string));
    const int pad = json_is_number(value) && columns < width ? width - columns : 0;
    rfm_text_addf(text, "  %*s", pad, "");
    add_cut(string, width - pad, text);
    rfm_text_free(&cell);
}

/* How many fields have room, and how wide each is; the last may take what is left. */
static size_t fit_fields(const json_t *table, const fact_list *first, int columns, int *widths, rfm_error *err)
{
    size_t n = 0;
    for (int used = 0; n < first->n && n < MOST_FIELDS; n++) {
        const int left = n + 1 == first->n ? columns - used - 2 : MOST_CELL;
        widths[n] = width_of_field(table, heading_of(first->items[n].key), n, left > MOST_CELL ? left : MOST_CELL, err);
        used += 2 + widths[n];
        if (used > columns && n > 0)
            break;
    }
    return n;
}

static void add_headings(const fact_list *first, size_t n, const int *widths, rfm_text *text)
{
    for (size_t i = 0; i < n; i++) {
        const char *heading = heading_of(first->items[i].key);
        const int columns = rfm_text_columns(heading, strlen(heading));
        const int pad = json_is_number(first->items[i].value) && columns < widths[i] ? widths[i] - columns : 0;
        rfm_text_addf(text, "  %*s", pad, "");
        rfm_text_fit(text, heading, widths[i] - pad);
    }
    add_trimmed(text, "\n");
}

static rfm_status add_table(const char *key, const json_t *table, int columns, rfm_text *text, rfm_error *err)
{
    fact_list first;
    int widths[MOST_FIELDS];
    if (list_facts(json_array_get(table, 0), false, &first, err) == RFM_OK) {
        const size_t n = fit_fields(table, &first, columns, widths, err), n_rows = json_array_size(table);
        rfm_text_addf(text, "\n%s\n", key);
        add_headings(&first, n, widths, text);
        for (size_t row = 0; row < n_rows && row < MOST_ROWS && err->status == RFM_OK; row++) {
            fact_list cells;
            list_facts(json_array_get(table, row), false, &cells, err);
            for (size_t i = 0; i < n && i < cells.n; i++)
                add_field(cells.items[i].value, widths[i], text);
            add_trimmed(text, "\n");
            free_facts(&cells);
        }
        if (n_rows > MOST_ROWS)
            rfm_text_addf(text, "  and %zu more\n", n_rows - MOST_ROWS);
    }
    free_facts(&first);
    return err->status;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bool is_table(const json_t *value)
{
    return json_is_array(value) && json_is_object(json_array_get(value, 0));
}

static void add_line(const fact *f, int key_columns, int columns, rfm_text *text)
{
    rfm_text value = {0};
    print_value(f->value, &value);
    rfm_text_addf(text, "%-*s ", key_columns, f->key);
    rfm_text_wrap(text, value.failed || !value.bytes ? "" : value.bytes, key_columns + 1, columns);
    rfm_text_free(&value);
}

static int width_of_keys(const fact_list *facts)
{
    size_t width = KEY_COLUMNS;
    for (size_t i = 0; i < facts->n; i++)
        if (!is_table(facts->items[i].value) && !is_left_out(&facts->items[i]) && strlen(facts->items[i].key) > width)
            width = strlen(facts->items[i].key);
    return width < MOST_KEY_COLUMNS ? (int)width : MOST_KEY_COLUMNS;
}

void rfm_description_print(const rfm_description *description, int columns, rfm_text *text)
{
    fact_list facts;
    rfm_error err = {0};
    list_facts(description->facts, false, &facts, &err);
    const int key_columns = width_of_keys(&facts);
    for (size_t i = 0; i < facts.n; i++)
        if (!is_table(facts.items[i].value) && !is_left_out(&facts.items[i]))
            add_line(&facts.items[i], key_columns, columns, text);
    for (size_t i = 0; i < facts.n && err.status == RFM_OK; i++)
        if (is_table(facts.items[i].value) && !is_left_out(&facts.items[i]))
            add_table(facts.items[i].key, facts.items[i].value, columns, text, &err);
    free_facts(&facts);
    text->failed |= err.status != RFM_OK;
}

static void add_json(json_t *object, rfm_text *json)
{
    char *bytes = object ? json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
    if (bytes)
        rfm_text_addf(json, "%s\n", bytes);
    json->failed |= !bytes;
    free(bytes);
}

void rfm_description_print_json(const rfm_description *description, rfm_text *json)
{
    json_t *object = json_object();
    fact_text(object, "path", description->path);
    json_object_update(object, description->facts);
    add_json(object, json);
    json_decref(object);
}
