/* table: finding and making customers. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1 << 4, WORDS_PER_LINE = 8, LEAST_PIECES = 256, LEAST_PIECES_EACH = 4 };

typedef struct short_id {
    int64_t words[2];
} short_id;

/* ---- open and close --------------------------------------------------------------------------------------------- */

static rfm_status init_rows(rfm_table *table, rfm_error *err)
{
    table->header = table->kind == RFM_ID_TEXT ? 3 : 2;
    table->last = table->header + (size_t)table->layout->words.n_words;
    table->stride = table->last + (size_t)table->layout->n_lists;
    size_t row = table->stride * sizeof(int64_t);
    if (row > RFM_CHUNK_BYTES)
        return rfm_fail(err, RFM_USAGE, "the features take %zu bytes a customer, more than %d: ask for fewer", row,
                        RFM_CHUNK_BYTES);
    while (row << (table->chunk_bits + 1) <= RFM_CHUNK_BYTES)
        table->chunk_bits++;
    return RFM_OK;
}

/* As many for each group of owners: a piece has memory of its own, so there is none for each of very many owners. */
static rfm_status init_pieces(rfm_table *table, int n_owners, rfm_error *err)
{
    size_t groups = rfm_groups(n_owners);
    size_t each = (LEAST_PIECES + groups - 1) / groups;
    table->n_pieces = groups * (each > LEAST_PIECES_EACH ? each : LEAST_PIECES_EACH);
    table->pieces = rfm_alloc(table->n_pieces, sizeof *table->pieces, err);
    for (size_t p = 0; table->pieces && p < table->n_pieces; p++) {
        table->pieces[p].n_slots = FIRST_SLOTS;
        table->pieces[p].slots = rfm_alloc(FIRST_SLOTS, sizeof(rfm_slot), err);
    }
    return err->status;
}

static rfm_status init_table(rfm_table *table, int n_owners, rfm_error *err)
{
    const rfm_layout *layout = table->layout;
    if (init_rows(table, err) || init_pieces(table, n_owners, err))
        return err->status;
    table->lists = rfm_alloc((size_t)layout->n_lists, sizeof *table->lists, err);
    table->gathered = rfm_alloc((size_t)layout->n_lists, sizeof *table->gathered, err);
    for (int l = 0; table->lists && l < layout->n_lists; l++)
        rfm_pairs_init(&table->lists[l], &layout->payloads[l], table->n_pieces, &table->pool, err);
    if (err->status)
        return err->status;
    return rfm_program_init(&table->program, layout, err);
}

rfm_status rfm_table_open(const rfm_layout *layout, rfm_id_kind kind, int n_owners, rfm_table **table, rfm_error *err)
{
    *table = rfm_alloc(1, sizeof **table, err);
    if (!*table)
        return err->status;
    (*table)->layout = layout;
    (*table)->kind = kind;
    if (init_table(*table, n_owners, err)) {
        rfm_table_close(*table);
        *table = NULL;
    }
    return err->status;
}

static void free_piece(rfm_piece *piece)
{
    free(piece->slots);
    free(piece->chunks);
    free(piece->bytes);
    memset(piece, 0, sizeof *piece);
}

void rfm_table_close(rfm_table *table)
{
    if (!table)
        return;
    for (int l = 0; table->lists && l < table->layout->n_lists; l++)
        rfm_pairs_free(&table->lists[l]);
    for (size_t p = 0; table->pieces && p < table->n_pieces; p++)
        free_piece(&table->pieces[p]);
    rfm_program_free(&table->program);
    rfm_pool_free(&table->pool);
    rfm_table_end_runs(table, 0);
    free(table->runs);
    for (int l = 0; table->gathered && l < table->layout->n_lists; l++)
        rfm_gathered_free(&table->gathered[l]);
    free(table->gathered);
    free(table->lists);
    free(table->pieces);
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

const char *rfm_table_text(const rfm_piece *piece, const int64_t *row, size_t *length)
{
    const char *bytes = (const char *)(row + 1);
    *length = (unsigned char)bytes[0];
    return *length <= RFM_SHORT_ID ? bytes + 1 : piece->bytes + row[2];
}

static bool has_text(const rfm_piece *piece, const int64_t *row, const short_id *id, const char *text, size_t length)
{
    if (row[1] != id->words[0])
        return false;
    return length <= RFM_SHORT_ID ? row[2] == id->words[1] : memcmp(piece->bytes + row[2], text, length) == 0;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

static rfm_status grow_slots(rfm_table *table, rfm_piece *piece, rfm_error *err)
{
    size_t n_slots = 2 * piece->n_slots;
    rfm_slot *slots = rfm_alloc(n_slots, sizeof *slots, err);
    if (!slots)
        return err->status;
    for (uint32_t c = 0; c < piece->n; c++) {
        uint64_t hash = (uint64_t)rfm_table_row(table, piece, c)[0];
        size_t at = hash & (n_slots - 1);
        while (slots[at].customer)
            at = (at + 1) & (n_slots - 1);
        slots[at] = (rfm_slot){(uint32_t)(hash >> 32), c + 1};
    }
    free(piece->slots);
    table->loose_bytes += (n_slots - piece->n_slots) * sizeof *slots;
    piece->slots = slots;
    piece->n_slots = n_slots;
    return RFM_OK;
}

void rfm_table_empty_slots(rfm_table *table, rfm_piece *piece)
{
    rfm_slot *less = realloc(piece->slots, FIRST_SLOTS * sizeof *less);
    if (less) { /* smaller: it is always to be had, but C does not say so */
        table->loose_bytes -= (piece->n_slots - FIRST_SLOTS) * sizeof *less;
        piece->slots = less;
        piece->n_slots = FIRST_SLOTS;
    }
    memset(piece->slots, 0, piece->n_slots * sizeof *piece->slots);
}

static rfm_status add_chunk(rfm_table *table, rfm_piece *piece, rfm_error *err)
{
    if (rfm_reserve(&piece->chunks, &piece->chunks_capacity, (size_t)piece->n_chunks + 1, sizeof *piece->chunks, err))
        return err->status;
    piece->chunks[piece->n_chunks] = rfm_pool_take(&table->pool, err);
    piece->n_chunks += !err->status;
    return err->status;
}

/* The row of a new customer, its id yet to be set. NULL on failure. */
static int64_t *make_customer(rfm_table *table, rfm_piece *piece, uint64_t hash, rfm_error *err)
{
    uint32_t customer = piece->n;
    if (customer >= UINT32_MAX - 1) {
        rfm_fail(err, RFM_NO_MEMORY, "one rank met more customers than its table can number: use more ranks");
        return NULL;
    }
    if ((4 * ((size_t)customer + 1) > 3 * piece->n_slots && grow_slots(table, piece, err)) ||
        (customer >> table->chunk_bits == piece->n_chunks && add_chunk(table, piece, err)))
        return NULL;
    size_t mask = piece->n_slots - 1, at = hash & mask;
    while (piece->slots[at].customer)
        at = (at + 1) & mask;
    piece->slots[at] = (rfm_slot){(uint32_t)(hash >> 32), customer + 1};
    piece->n++;
    int64_t *row = rfm_table_row(table, piece, customer);
    row[0] = (int64_t)hash;
    rfm_record_clear(&table->layout->words, row + table->header);
    memset(row + table->last, 0, (size_t)table->layout->n_lists * sizeof *row);
    return row;
}

static rfm_status keep_text(rfm_table *table, rfm_piece *piece, int64_t *row, const char *text, size_t length,
                            rfm_error *err)
{
    short_id id = shorten(text, length);
    if (length > RFM_SHORT_ID) {
        size_t before = piece->bytes_capacity;
        if (rfm_reserve(&piece->bytes, &piece->bytes_capacity, piece->n_bytes + length, 1, err))
            return err->status;
        table->loose_bytes += piece->bytes_capacity - before;
        id.words[1] = (int64_t)piece->n_bytes;
        memcpy(piece->bytes + piece->n_bytes, text, length);
        piece->n_bytes += length;
    }
    row[1] = id.words[0];
    row[2] = id.words[1];
    return RFM_OK;
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

/* The first slot from `at` on that is free or has the hash's tag. */
static size_t probe(const rfm_piece *piece, uint64_t hash, size_t at)
{
    const size_t mask = piece->n_slots - 1;
    const uint32_t tag = (uint32_t)(hash >> 32);
    for (at &= mask; piece->slots[at].customer && piece->slots[at].tag != tag; at = (at + 1) & mask)
        ;
    return at;
}

/* Ask for all the memory first, then use it: the cache misses of an event overlap with those of the others. */
static void prefetch(const rfm_table *table, const uint64_t *hash, size_t n, rfm_met *met)
{
    for (size_t i = 0; i < n; i++) {
        met[i].piece = (uint32_t)rfm_piece_of(hash[i], table->n_pieces);
        const rfm_piece *piece = &table->pieces[met[i].piece];
        __builtin_prefetch(&piece->slots[hash[i] & (piece->n_slots - 1)]);
    }
    for (size_t i = 0; i < n; i++) {
        const rfm_piece *piece = &table->pieces[met[i].piece];
        met[i].customer = piece->slots[probe(piece, hash[i], hash[i])].customer;
        met[i].row = NULL;
        if (met[i].customer == 0)
            continue;
        met[i].row = rfm_table_row(table, piece, met[i].customer - 1);
        for (size_t w = 0; w < table->stride; w += WORDS_PER_LINE)
            __builtin_prefetch(met[i].row + w, 1);
    }
}

/* Of integer ids the hash is a function that loses nothing, but the id is what counts. */
static bool is_number(const int64_t *row, uint64_t hash, int64_t number)
{
    return row[1] == number && (uint64_t)row[0] == hash;
}

/* Where the first look found another customer with the same tag, or none, which may have come since. */
static int64_t *find_number(rfm_table *table, rfm_met *met, uint64_t hash, int64_t number, rfm_error *err)
{
    rfm_piece *piece = &table->pieces[met->piece];
    for (size_t at = probe(piece, hash, hash); piece->slots[at].customer; at = probe(piece, hash, at + 1)) {
        met->customer = piece->slots[at].customer - 1;
        int64_t *row = rfm_table_row(table, piece, met->customer);
        if (is_number(row, hash, number))
            return row;
    }
    met->customer = piece->n;
    int64_t *row = make_customer(table, piece, hash, err);
    if (row)
        row[1] = number;
    return row;
}

static int64_t *find_text(rfm_table *table, rfm_met *met, uint64_t hash, const char *text, size_t length,
                          rfm_error *err)
{
    rfm_piece *piece = &table->pieces[met->piece];
    short_id id = shorten(text, length);
    for (size_t at = probe(piece, hash, hash); piece->slots[at].customer; at = probe(piece, hash, at + 1)) {
        met->customer = piece->slots[at].customer - 1;
        int64_t *row = rfm_table_row(table, piece, met->customer);
        if ((uint64_t)row[0] == hash && has_text(piece, row, &id, text, length))
            return row;
    }
    met->customer = piece->n;
    int64_t *row = make_customer(table, piece, hash, err);
    return row && keep_text(table, piece, row, text, length, err) ? NULL : row;
}

static void find_numbers(rfm_table *table, const uint64_t *hash, const int64_t *number, size_t n, rfm_met *met,
                         rfm_error *err)
{
    for (size_t i = 0; i < n && !err->status; i++) {
        if (met[i].row && is_number(met[i].row, hash[i], number[i]))
            met[i].customer--;
        else
            met[i].row = find_number(table, &met[i], hash[i], number[i], err);
    }
}

rfm_status rfm_table_find(rfm_table *table, const rfm_events *events, size_t first, size_t n, rfm_met *met,
                          rfm_error *err)
{
    const uint64_t *hash = events->id_hash + first;
    prefetch(table, hash, n, met);
    if (table->kind == RFM_ID_INTEGER) {
        find_numbers(table, hash, events->id_number + first, n, met, err);
        return err->status;
    }
    for (size_t i = 0; i < n && !err->status; i++)
        met[i].row = find_text(table, &met[i], hash[i], events->id_text[first + i], events->id_length[first + i], err);
    return err->status;
}
