/* table: finding and making customers. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1 << 12, WORDS_PER_LINE = 8 };

typedef struct short_id {
    int64_t words[2];
} short_id;

/* ---- open and close --------------------------------------------------------------------------------------------- */

static rfm_status init_table(rfm_table *table, rfm_error *err)
{
    const rfm_layout *layout = table->layout;
    table->header = table->kind == RFM_ID_TEXT ? 3 : 2;
    table->stride = table->header + (size_t)layout->words.n_words;
    table->n_slots = FIRST_SLOTS;
    table->slots = rfm_alloc(table->n_slots, sizeof *table->slots, err);
    table->lists = rfm_alloc((size_t)layout->n_lists, sizeof *table->lists, err);
    for (int l = 0; table->lists && l < layout->n_lists; l++)
        rfm_pairs_init(&table->lists[l], &layout->payloads[l], err);
    if (err->status)
        return err->status;
    return rfm_program_init(&table->program, layout, err);
}

rfm_status rfm_table_open(const rfm_layout *layout, rfm_id_kind kind, rfm_table **table, rfm_error *err)
{
    *table = rfm_alloc(1, sizeof **table, err);
    if (!*table)
        return err->status;
    (*table)->layout = layout;
    (*table)->kind = kind;
    if (init_table(*table, err)) {
        rfm_table_close(*table);
        *table = NULL;
    }
    return err->status;
}

void rfm_table_close(rfm_table *table)
{
    if (!table)
        return;
    for (int l = 0; table->lists && l < table->layout->n_lists; l++)
        rfm_pairs_free(&table->lists[l]);
    rfm_program_free(&table->program);
    free(table->lists);
    free(table->slots);
    free(table->rows);
    free(table->bytes);
    free(table);
}

/* ---- ids -------------------------------------------------------------------------------------------------------- */

static short_id shorten(const char *text, size_t length)
{
    unsigned char bytes[sizeof(short_id)] = {0};
    short_id id;
    bytes[0] = (unsigned char)length;
    if (length > 0)
        memcpy(bytes + 1, text, length <= RFM_SHORT_ID ? length : 7);
    memcpy(&id, bytes, sizeof id);
    return id;
}

const char *rfm_table_text(const rfm_table *table, const int64_t *row, size_t *length)
{
    const char *bytes = (const char *)(row + 1);
    *length = (unsigned char)bytes[0];
    return *length <= RFM_SHORT_ID ? bytes + 1 : table->bytes + row[2];
}

static bool has_text(const rfm_table *table, const int64_t *row, const short_id *id, const char *text, size_t length)
{
    if (row[1] != id->words[0])
        return false;
    return length <= RFM_SHORT_ID ? row[2] == id->words[1] : memcmp(table->bytes + row[2], text, length) == 0;
}

/* ---- room ------------------------------------------------------------------------------------------------------- */

static rfm_status grow_slots(rfm_table *table, size_t need, rfm_error *err)
{
    size_t n_slots = table->n_slots;
    while (n_slots / 2 < need) {
        if (n_slots > SIZE_MAX / 2 / sizeof *table->slots)
            return rfm_fail(err, RFM_NO_MEMORY, "a table of %zu customers has no room", need);
        n_slots *= 2;
    }
    if (n_slots == table->n_slots)
        return RFM_OK;
    rfm_slot *slots = rfm_alloc(n_slots, sizeof *slots, err);
    if (!slots)
        return err->status;
    for (size_t c = 0; c < table->n; c++) {
        uint64_t hash = (uint64_t)table->rows[c * table->stride];
        size_t at = hash & (n_slots - 1);
        while (slots[at].customer)
            at = (at + 1) & (n_slots - 1);
        slots[at] = (rfm_slot){(uint32_t)(hash >> 32), (uint32_t)(c + 1)};
    }
    free(table->slots);
    table->slots = slots;
    table->n_slots = n_slots;
    return RFM_OK;
}

/* Room for n_more customers, all of them new, so that making one cannot fail. */
static rfm_status reserve(rfm_table *table, const rfm_events *events, size_t first, size_t n_more, rfm_error *err)
{
    size_t need = table->n + n_more, bytes = table->n_bytes;
    if (need >= UINT32_MAX)
        return rfm_fail(err, RFM_NO_MEMORY,
                        "one rank met 2^32 customers, more than its table can number: use more "
                        "ranks");
    if (grow_slots(table, need, err) ||
        rfm_reserve(&table->rows, &table->capacity, need, table->stride * sizeof *table->rows, err))
        return err->status;
    for (size_t i = first; table->kind == RFM_ID_TEXT && i < first + n_more; i++)
        bytes += events->id_length[i] > RFM_SHORT_ID ? events->id_length[i] : 0;
    return rfm_reserve(&table->bytes, &table->bytes_capacity, bytes, 1, err);
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

static uint32_t make_customer(rfm_table *table, rfm_slot *slot, uint64_t hash)
{
    int64_t *row = table->rows + table->n * table->stride;
    row[0] = (int64_t)hash;
    rfm_record_clear(&table->layout->words, row + table->header);
    *slot = (rfm_slot){(uint32_t)(hash >> 32), (uint32_t)(table->n + 1)};
    return (uint32_t)table->n++;
}

static uint32_t find_number(rfm_table *table, uint64_t hash, int64_t number)
{
    size_t mask = table->n_slots - 1, at = hash & mask;
    uint32_t tag = (uint32_t)(hash >> 32);
    for (rfm_slot *slot; (slot = &table->slots[at])->customer; at = (at + 1) & mask) {
        const int64_t *row = table->rows + (slot->customer - 1) * table->stride;
        if (slot->tag == tag && row[1] == number && (uint64_t)row[0] == hash)
            return slot->customer - 1;
    }
    uint32_t customer = make_customer(table, &table->slots[at], hash);
    table->rows[customer * table->stride + 1] = number;
    return customer;
}

static void keep_text(rfm_table *table, int64_t *row, short_id id, const char *text, size_t length)
{
    if (length > RFM_SHORT_ID) {
        id.words[1] = (int64_t)table->n_bytes;
        memcpy(table->bytes + table->n_bytes, text, length);
        table->n_bytes += length;
    }
    row[1] = id.words[0];
    row[2] = id.words[1];
}

static uint32_t find_text(rfm_table *table, uint64_t hash, const char *text, size_t length)
{
    size_t mask = table->n_slots - 1, at = hash & mask;
    uint32_t tag = (uint32_t)(hash >> 32);
    short_id id = shorten(text, length);
    for (rfm_slot *slot; (slot = &table->slots[at])->customer; at = (at + 1) & mask) {
        const int64_t *row = table->rows + (slot->customer - 1) * table->stride;
        if (slot->tag == tag && (uint64_t)row[0] == hash && has_text(table, row, &id, text, length))
            return slot->customer - 1;
    }
    uint32_t customer = make_customer(table, &table->slots[at], hash);
    keep_text(table, table->rows + customer * table->stride, id, text, length);
    return customer;
}

/* Ask for all the memory first, then use it: an event's two cache misses overlap with those of the
 * others. */
static void prefetch(const rfm_table *table, const uint64_t *hash, size_t n)
{
    size_t mask = table->n_slots - 1;
    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(&table->slots[hash[i] & mask]);
    for (size_t i = 0; i < n; i++) {
        uint32_t customer = table->slots[hash[i] & mask].customer;
        if (customer == 0)
            continue;
        const int64_t *row = table->rows + (customer - 1) * table->stride;
        for (size_t w = 0; w < table->stride; w += WORDS_PER_LINE)
            __builtin_prefetch(row + w, 1);
    }
}

rfm_status rfm_table_find(rfm_table *table, const rfm_events *events, size_t first, size_t n, uint32_t *customer,
                          rfm_error *err)
{
    const uint64_t *hash = events->id_hash + first;
    if (reserve(table, events, first, n, err))
        return err->status;
    prefetch(table, hash, n);
    if (table->kind == RFM_ID_INTEGER)
        for (size_t i = 0; i < n; i++)
            customer[i] = find_number(table, hash[i], events->id_number[first + i]);
    else
        for (size_t i = 0; i < n; i++)
            customer[i] = find_text(table, hash[i], events->id_text[first + i], events->id_length[first + i]);
    return RFM_OK;
}
