/* lexicon: an open hash table over texts that lie end to end. */
#include "lexicon.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

void rfm_lexicon_free(rfm_lexicon *lexicon)
{
    free(lexicon->bytes);
    free(lexicon->ends);
    free(lexicon->slots);
    free(lexicon->hashes);
    *lexicon = (rfm_lexicon){0};
}

const char *rfm_lexicon_text(const rfm_lexicon *lexicon, size_t number, size_t *length)
{
    const size_t begin = number == 0 ? 0 : lexicon->ends[number - 1];
    *length = lexicon->ends[number] - begin;
    return lexicon->bytes + begin;
}

static uint32_t hash_of(const char *text, size_t length)
{
    return (uint32_t)rfm_hash64(text, length);
}

/* The slot that has the text, or the empty one where it belongs. */
static size_t find_slot(const rfm_lexicon *lexicon, uint32_t hash, const char *text, size_t length)
{
    for (size_t at = hash & (lexicon->n_slots - 1);; at = (at + 1) & (lexicon->n_slots - 1)) {
        const uint32_t number = lexicon->slots[at];
        size_t n;
        if (number == 0)
            return at;
        if (lexicon->hashes[number - 1] != hash)
            continue;
        const char *known = rfm_lexicon_text(lexicon, number - 1, &n);
        if (n == length && memcmp(known, text, n) == 0)
            return at;
    }
}

/* At most half full. */
static rfm_status grow(rfm_lexicon *lexicon, rfm_error *err)
{
    const size_t n_slots = lexicon->n_slots ? 2 * lexicon->n_slots : FIRST_SLOTS;
    uint32_t *slots = rfm_alloc(n_slots, sizeof *slots, err);
    if (!slots)
        return err->status;
    for (size_t i = 0; i < lexicon->n; i++) {
        size_t at = lexicon->hashes[i] & (n_slots - 1);
        while (slots[at] != 0)
            at = (at + 1) & (n_slots - 1);
        slots[at] = (uint32_t)i + 1;
    }
    free(lexicon->slots);
    lexicon->slots = slots;
    lexicon->n_slots = n_slots;
    return RFM_OK;
}

static rfm_status append(rfm_lexicon *lexicon, size_t slot, uint32_t hash, const char *text, size_t length,
                         rfm_error *err)
{
    const size_t n = lexicon->n, begin = n == 0 ? 0 : lexicon->ends[n - 1];
    if (rfm_reserve(&lexicon->bytes, &lexicon->bytes_capacity, begin + length + 1, 1, err) != RFM_OK ||
        rfm_reserve(&lexicon->ends, &lexicon->ends_capacity, n + 1, sizeof *lexicon->ends, err) != RFM_OK ||
        rfm_reserve(&lexicon->hashes, &lexicon->hashes_capacity, n + 1, sizeof *lexicon->hashes, err) != RFM_OK)
        return err->status;
    memcpy(lexicon->bytes + begin, text, length);
    lexicon->ends[n] = (uint32_t)(begin + length);
    lexicon->hashes[n] = hash;
    lexicon->slots[slot] = (uint32_t)n + 1;
    lexicon->longest = length > lexicon->longest ? length : lexicon->longest;
    lexicon->n++;
    return RFM_OK;
}

static void give_up(rfm_lexicon *lexicon)
{
    rfm_lexicon_free(lexicon);
    lexicon->full = true;
}

rfm_status rfm_lexicon_add(rfm_lexicon *lexicon, const char *text, size_t length, rfm_error *err)
{
    if (lexicon->full || (2 * (lexicon->n + 1) > lexicon->n_slots && grow(lexicon, err) != RFM_OK))
        return err->status;
    const uint32_t hash = hash_of(text, length);
    const size_t slot = find_slot(lexicon, hash, text, length);
    if (lexicon->slots[slot] != 0)
        return RFM_OK;
    const size_t longest = length > lexicon->longest ? length : lexicon->longest;
    if (lexicon->n == lexicon->most_texts || longest > lexicon->most_bytes / (lexicon->n + 1)) {
        give_up(lexicon);
        return RFM_OK;
    }
    return append(lexicon, slot, hash, text, length, err);
}

int64_t rfm_lexicon_find(const rfm_lexicon *lexicon, const char *text, size_t length)
{
    if (lexicon->n == 0)
        return RFM_LEXICON_NONE;
    const uint32_t number = lexicon->slots[find_slot(lexicon, hash_of(text, length), text, length)];
    return number == 0 ? RFM_LEXICON_NONE : (int64_t)number - 1;
}
