/* values_open: an input's wishes turned into slots once, so that no row looks up a name. */
#include "values.h"

#include <stdlib.h>
#include <string.h>

static rfm_status check_limits(const rfm_input *input, rfm_error *err)
{
    if (input->n_predicates > RFM_MAX_PREDICATES)
        return rfm_fail(err, RFM_USAGE,
                        "%zu different conditions on events; at most %d are possible, so split the "
                        "feature list",
                        input->n_predicates, (int)RFM_MAX_PREDICATES);
    if (input->n_numbers > RFM_MAX_NUMBERS)
        return rfm_fail(err, RFM_USAGE, "%zu different numbers of events; at most %d are possible", input->n_numbers,
                        (int)RFM_MAX_NUMBERS);
    if (input->n_hashes > RFM_MAX_HASHES)
        return rfm_fail(err, RFM_USAGE, "%zu columns are counted as distinct; at most %d are possible", input->n_hashes,
                        (int)RFM_MAX_HASHES);
    return RFM_OK;
}

static int optional_slot(rfm_values *v, const char *name, rfm_error *err)
{
    return name ? rfm_columns_slot(&v->columns, name, err) : -1;
}

static int find_decimal(const rfm_values *v, int slot)
{
    for (size_t i = 0; i < v->n_decimals; i++)
        if (v->decimals[i].slot == slot)
            return (int)i;
    return -1;
}

/* The number column of a name, added when it is new. v->decimals has room for all. */
static int add_decimal(rfm_values *v, const char *name, rfm_error *err)
{
    const int slot = rfm_columns_slot(&v->columns, name, err);
    const int found = find_decimal(v, slot);
    if (slot < 0 || found >= 0)
        return found;
    v->decimals[v->n_decimals].slot = slot;
    return (int)v->n_decimals++;
}

static void open_numbers(rfm_values *v, const rfm_input *input, rfm_error *err)
{
    v->decimals = rfm_alloc(2 * input->n_numbers, sizeof *v->decimals, err);
    v->numbers = rfm_alloc(input->n_numbers, sizeof *v->numbers, err);
    if (!v->decimals || !v->numbers)
        return;
    for (size_t i = 0; i < input->n_numbers; i++) {
        const rfm_number_source *source = &input->numbers[i];
        v->numbers[i].decimals[0] = add_decimal(v, source->columns[0], err);
        v->numbers[i].decimals[1] = source->n_columns > 1 ? add_decimal(v, source->columns[1], err) : -1;
    }
}

static rfm_row_part make_part(const rfm_values *v, int slot)
{
    const int decimal = find_decimal(v, slot);
    if (slot == v->customer)
        return (rfm_row_part){RFM_ROW_PART_CUSTOMER, slot};
    if (slot == v->time)
        return (rfm_row_part){RFM_ROW_PART_TIME, slot};
    if (decimal >= 0)
        return (rfm_row_part){RFM_ROW_PART_DECIMAL, decimal};
    return (rfm_row_part){RFM_ROW_PART_TEXT, slot};
}

static void open_parts(rfm_values *v, const rfm_input *input, rfm_error *err)
{
    v->key = -1;
    if (input->dedupe == RFM_DEDUPE_NONE)
        return;
    if (input->dedupe == RFM_DEDUPE_COLUMN)
        v->key = optional_slot(v, input->dedupe_column, err);
    v->parts = rfm_alloc(input->n_mapped, sizeof *v->parts, err);
    for (size_t i = 0; v->parts && i < input->n_mapped; i++)
        v->parts[i] = make_part(v, rfm_columns_slot(&v->columns, input->mapped[i], err));
}

static rfm_field null_of(const rfm_input *input)
{
    const char *text = input->dialect.null ? input->dialect.null : "";
    return (rfm_field){.bytes = text, .length = (uint32_t)strlen(text)};
}

/* Values are written with a digit in front, or a minus. */
static bool may_be_value(rfm_field text)
{
    return text.length > 0 && (text.bytes[0] == '-' || (text.bytes[0] >= '0' && text.bytes[0] <= '9'));
}

static void open_notations(rfm_values *v, const rfm_input *input, rfm_error *err)
{
    v->notations = rfm_alloc(v->columns.n, sizeof *v->notations, err);
    for (size_t i = 0; v->notations && i < v->columns.n; i++)
        v->notations[i] = input->notation;
    v->rules.notations = v->notations;
}

rfm_status rfm_values_open(rfm_values *v, const rfm_input *input, rfm_error *err)
{
    *v = (rfm_values){.input = input,
                      .days = {.zone = input->zone},
                      .null = null_of(input),
                      .null_may_be_value = may_be_value(null_of(input)),
                      .times = {.format = input->time_format, .zone = input->zone},
                      .stretch = RFM_STRETCH};
    if (check_limits(input, err) != RFM_OK)
        return err->status;
    v->customer = rfm_columns_slot(&v->columns, input->customer, err);
    v->time = rfm_columns_slot(&v->columns, input->time, err);
    v->event = optional_slot(v, input->event, err);
    open_numbers(v, input, err);
    v->hashes = rfm_alloc(input->n_hashes, sizeof *v->hashes, err);
    v->known_hashes = rfm_alloc(input->n_hashes, RFM_KNOWN_HASHES * sizeof *v->known_hashes, err);
    for (size_t i = 0; v->hashes && i < input->n_hashes; i++)
        v->hashes[i] = rfm_columns_slot(&v->columns, input->hashes[i], err);
    open_parts(v, input, err);
    if (err->status == RFM_OK)
        rfm_rules_init(&v->rules, input, &v->columns, err);
    open_notations(v, input, err);
    v->texts = rfm_alloc(v->columns.n, sizeof *v->texts, err);
    return err->status;
}

void rfm_values_close(rfm_values *v)
{
    rfm_columns_free(&v->columns);
    rfm_rules_clear(&v->rules);
    free(v->decimals);
    free(v->numbers);
    free(v->hashes);
    free(v->known_hashes);
    free(v->parts);
    free(v->notations);
    free(v->texts);
    free(v->decoded);
    rfm_text_free(&v->row);
    *v = (rfm_values){0};
}
