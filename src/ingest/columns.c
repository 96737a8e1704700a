/* columns: names to fields. Knows no values and no rows but the first. */
#include "columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_BYTES = 1000 };

int rfm_columns_slot(rfm_columns *columns, const char *name, rfm_error *err)
{
    for (size_t i = 0; i < columns->n; i++)
        if (strcmp(columns->names[i], name) == 0)
            return (int)i;
    const size_t need = columns->n + 1;
    rfm_reserve(&columns->names, &columns->names_capacity, need, sizeof *columns->names, err);
    rfm_reserve(&columns->fields, &columns->fields_capacity, need, sizeof *columns->fields, err);
    if (err->status != RFM_OK)
        return -1;
    columns->names[columns->n] = name;
    columns->fields[columns->n] = 0;
    return (int)columns->n++;
}

void rfm_columns_free(rfm_columns *columns)
{
    free(columns->names);
    free(columns->fields);
    *columns = (rfm_columns){0};
}

/* "event_time, event_type, ...", as far as a message has room. */
static void list_names(const rfm_heading *heading, char *list, size_t size)
{
    static const char more[] = ", ...";
    size_t used = 0;
    list[0] = '\0';
    for (size_t i = 0; i < heading->n_fields; i++) {
        const rfm_field name = heading->fields[i];
        if (used + name.length + sizeof more + 2 > size) {
            memcpy(list + used, more, sizeof more);
            return;
        }
        if (i > 0) {
            memcpy(list + used, ", ", 2);
            used += 2;
        }
        memcpy(list + used, name.bytes, name.length);
        used += name.length;
        list[used] = '\0';
    }
}

/* "PATH: line N", or the path alone where there are no lines. */
static const char *place_of(const rfm_heading *heading, char *place, size_t size)
{
    if (heading->line == 0)
        return heading->path;
    snprintf(place, size, "%s: line %lld", heading->path, (long long)heading->line);
    return place;
}

static rfm_status bind_name(const rfm_heading *heading, const char *name, size_t *field, rfm_error *err)
{
    const size_t length = strlen(name), n = heading->n_fields;
    size_t found = n;
    char place[PLACE_BYTES];
    for (size_t i = 0; i < n; i++) {
        const rfm_field *other = &heading->fields[i];
        if (other->length != length || memcmp(other->bytes, name, length) != 0)
            continue;
        if (found < n)
            return rfm_fail(err, RFM_DATA, "%s: column '%s' is there twice, as fields %zu and %zu",
                            place_of(heading, place, sizeof place), name, found + 1, i + 1);
        found = i;
    }
    *field = found;
    if (found < n)
        return RFM_OK;
    char list[500];
    list_names(heading, list, sizeof list);
    return rfm_fail(err, RFM_DATA, "%s: no column '%s'; it has: %s%s", place_of(heading, place, sizeof place), name,
                    list, n == 1 && heading->line > 0 ? " (one field: is input.delimiter right?)" : "");
}

static rfm_status bind_number(const rfm_heading *heading, const char *name, size_t *field, rfm_error *err)
{
    int64_t number;
    char place[PLACE_BYTES];
    if (rfm_integer_parse(name, strlen(name), &number) != RFM_PARSE_OK || number < 1)
        return rfm_fail(err, RFM_USAGE, "column '%s': without a header, columns are named by number, from 1", name);
    if ((uint64_t)number > heading->n_fields)
        return rfm_fail(err, RFM_DATA, "%s: no column %s; it has %zu", place_of(heading, place, sizeof place), name,
                        heading->n_fields);
    *field = (size_t)number - 1;
    return RFM_OK;
}

rfm_status rfm_columns_bind(rfm_columns *columns, const rfm_heading *heading, rfm_error *err)
{
    for (size_t i = 0; i < columns->n; i++) {
        rfm_status status = heading->named ? bind_name(heading, columns->names[i], &columns->fields[i], err)
                                           : bind_number(heading, columns->names[i], &columns->fields[i], err);
        if (status != RFM_OK)
            return status;
    }
    return RFM_OK;
}
