/* flat: facts as a list of leaves with their paths, and a leaf as text. */
#include "describe.h"

#include <math.h>
#include <stdlib.h>

/* ---- making facts ------------------------------------------------------------------------------------------------ */

void fact_put(json_t *facts, const char *key, json_t *value)
{
    json_object_set_new(facts, key, value ? value : json_null());
}

json_t *text_of(const char *text)
{
    json_t *plain = json_string(text);
    if (plain)
        return plain;
    rfm_text legible = {0}; /* bytes that are no UTF-8 */
    for (const char *at = text; *at; at++)
        rfm_text_addf(&legible, (unsigned char)*at < 128 ? "%c" : "\\x%02x", (unsigned char)*at);
    plain = legible.failed || !legible.bytes ? NULL : json_string(legible.bytes);
    rfm_text_free(&legible);
    return plain;
}

json_t *number_of(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void fact_text(json_t *facts, const char *key, const char *text)
{
    fact_put(facts, key, text_of(text));
}

void fact_integer(json_t *facts, const char *key, int64_t value)
{
    fact_put(facts, key, json_integer(value));
}

void fact_number(json_t *facts, const char *key, double value)
{
    fact_put(facts, key, number_of(value));
}

void fact_time(json_t *facts, const char *key, int64_t us)
{
    char text[RFM_NUMBER_BYTES];
    rfm_time_format_utc(us, text);
    fact_text(facts, key, text);
}

/* ---- leaves ------------------------------------------------------------------------------------------------------ */

static bool is_table(const json_t *value)
{
    return json_is_array(value) && json_array_size(value) > 0 && json_is_object(json_array_get(value, 0));
}

static rfm_status add_fact(fact_list *list, const char *prefix, const char *name, const json_t *value, rfm_error *err)
{
    rfm_text key = {0};
    rfm_text_addf(&key, "%s%s%s", prefix, *prefix ? "." : "", name);
    if (rfm_text_check(&key, err) != RFM_OK ||
        rfm_reserve(&list->items, &list->capacity, list->n + 1, sizeof *list->items, err) != RFM_OK)
        rfm_text_free(&key);
    else
        list->items[list->n++] = (fact){key.bytes, value};
    return err->status;
}

static rfm_status add_facts(fact_list *list, const char *prefix, const json_t *of, bool tables, rfm_error *err);

/* An object's or a table's own leaves, below its name. */
static rfm_status add_inner(fact_list *list, const char *prefix, const char *name, const json_t *value, bool tables,
                            rfm_error *err)
{
    rfm_text below = {0};
    rfm_text_addf(&below, "%s%s%s", prefix, *prefix ? "." : "", name);
    if (rfm_text_check(&below, err) == RFM_OK && json_is_object(value))
        add_facts(list, below.bytes, value, tables, err);
    for (size_t i = 0; err->status == RFM_OK && json_is_array(value) && i < json_array_size(value); i++) {
        char number[RFM_NUMBER_BYTES];
        snprintf(number, sizeof number, "%zu", i);
        add_inner(list, below.bytes, number, json_array_get(value, i), tables, err);
    }
    rfm_text_free(&below);
    return err->status;
}

static rfm_status add_facts(fact_list *list, const char *prefix, const json_t *of, bool tables, rfm_error *err)
{
    json_t *object = (json_t *)(uintptr_t)of; /* only read */
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        if (json_is_object(value) || (tables && is_table(value)))
            add_inner(list, prefix, name, value, tables, err);
        else
            add_fact(list, prefix, name, value, err);
        if (err->status != RFM_OK)
            break;
    }
    return err->status;
}

rfm_status list_facts(const json_t *facts, bool tables, fact_list *list, rfm_error *err)
{
    *list = (fact_list){0};
    return add_facts(list, "", facts, tables, err);
}

void free_facts(fact_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].key);
    free(list->items);
}

/* ---- a value as text --------------------------------------------------------------------------------------------- */

void print_value(const json_t *value, rfm_text *text)
{
    char number[RFM_NUMBER_BYTES];
    if (json_is_string(value)) {
        rfm_text_adds(text, json_string_value(value));
    } else if (json_is_real(value)) {
        rfm_text_add(text, number, rfm_number_format(json_real_value(value), number));
    } else if (json_is_integer(value)) {
        rfm_text_addf(text, "%lld", (long long)json_integer_value(value));
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            rfm_text_adds(text, i > 0 ? ", " : "");
            print_value(json_array_get(value, i), text);
        }
    } else {
        rfm_text_adds(text, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "-");
    }
}
