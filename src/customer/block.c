/* block: see block.h. */
#include "block.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "offsets travel as they are");

enum { HEAD_SIZE, HEAD_N, HEAD_ID_BYTES, HEAD_ENTRIES };

/* Point the arrays of a view at the parts of a block whose head is written; returns the end of it. */
static uint64_t *lay_out(uint64_t *block, const rfm_layout *layout, rfm_id_kind kind, rfm_state *view, rfm_list *lists)
{
    size_t n = block[HEAD_N];
    uint64_t *at = block + HEAD_ENTRIES + layout->n_lists;
    *view = (rfm_state){.layout = layout, .ids = {.kind = kind, .n = n, .hash = at}, .lists = lists};
    at += n;
    if (kind == RFM_ID_INTEGER) {
        view->ids.number = (int64_t *)at;
        at += n;
    } else {
        view->ids.offset = (size_t *)at;
        view->ids.bytes = (char *)(at + n + 1);
        at += n + 1 + (block[HEAD_ID_BYTES] + 7) / 8;
    }
    view->words = (int64_t *)at;
    at += n * (size_t)layout->words.n_words;
    for (int l = 0; l < layout->n_lists; l++) {
        size_t entries = block[HEAD_ENTRIES + l], width = (size_t)layout->payloads[l].n_words;
        lists[l] = (rfm_list){.start = (size_t *)at, .key = at + n + 1};
        lists[l].payload = width > 0 ? (int64_t *)(at + n + 1 + entries) : NULL;
        at += n + 1 + entries * (1 + width);
    }
    return at;
}

size_t rfm_block_words(const rfm_layout *layout, rfm_id_kind kind, size_t n, size_t id_bytes)
{
    const size_t n_lists = (size_t)layout->n_lists, ids = kind == RFM_ID_INTEGER ? n : n + 1 + (id_bytes + 7) / 8;
    return HEAD_ENTRIES + n_lists + n * (1 + (size_t)layout->words.n_words) + ids + n_lists * (n + 1);
}

size_t rfm_block_entry_words(const rfm_layout *layout, int list, size_t entries)
{
    return entries * (1 + (size_t)layout->payloads[list].n_words);
}

rfm_status rfm_block_add(rfm_blocks *blocks, const rfm_layout *layout, rfm_id_kind kind, const rfm_block_size *size,
                         rfm_state *view, rfm_list *lists, rfm_error *err)
{
    size_t words = rfm_block_words(layout, kind, size->n, size->id_bytes);
    for (int l = 0; l < layout->n_lists; l++)
        words += rfm_block_entry_words(layout, l, size->entries[l]);
    if (rfm_reserve(&blocks->words, &blocks->capacity, blocks->n + words, sizeof *blocks->words, err))
        return RFM_NO_MEMORY;
    uint64_t *block = blocks->words + blocks->n;
    block[HEAD_SIZE] = words;
    block[HEAD_N] = size->n;
    block[HEAD_ID_BYTES] = size->id_bytes;
    for (int l = 0; l < layout->n_lists; l++)
        block[HEAD_ENTRIES + l] = size->entries[l];
    if (kind == RFM_ID_TEXT) /* the padding of the bytes */
        memset(block + HEAD_ENTRIES + layout->n_lists + size->n, 0,
               (size->n + 1 + (size->id_bytes + 7) / 8) * sizeof *block);
    lay_out(block, layout, kind, view, lists);
    blocks->n += words;
    return RFM_OK;
}

const uint64_t *rfm_block_view(const uint64_t *block, const rfm_layout *layout, rfm_id_kind kind, rfm_state *view,
                               rfm_list *lists)
{
    /* The arrays of a state are not const; who borrows them does not write. */
    return lay_out((uint64_t *)(uintptr_t)block, layout, kind, view, lists);
}

void rfm_blocks_free(rfm_blocks *blocks)
{
    free(blocks->words);
    memset(blocks, 0, sizeof *blocks);
}

/* ---- a part of a state ------------------------------------------------------------------------------------------ */

static void copy(void *to, const void *from, size_t n, size_t size)
{
    if (n > 0)
        memcpy(to, from, n * size);
}

static void copy_edges(size_t *to, const size_t *from, rfm_range range)
{
    for (size_t i = range.first; i <= range.end; i++)
        *to++ = from[i] - from[range.first];
}

static void copy_list(rfm_list *to, const rfm_list *from, rfm_range range, size_t width)
{
    size_t first = from->start[range.first], n = from->start[range.end] - first;
    copy_edges(to->start, from->start, range);
    copy(to->key, from->key + first, n, sizeof *to->key);
    if (width > 0)
        copy(to->payload, from->payload + first * width, n * width, sizeof *to->payload);
}

static void copy_range(rfm_state *to, const rfm_state *from, rfm_range range)
{
    const rfm_layout *layout = from->layout;
    size_t n = range.end - range.first, width = (size_t)layout->words.n_words;
    copy(to->ids.hash, from->ids.hash + range.first, n, sizeof *to->ids.hash);
    if (from->ids.kind == RFM_ID_INTEGER) {
        copy(to->ids.number, from->ids.number + range.first, n, sizeof *to->ids.number);
    } else {
        size_t first = from->ids.offset[range.first];
        copy_edges(to->ids.offset, from->ids.offset, range);
        copy(to->ids.bytes, from->ids.bytes + first, from->ids.offset[range.end] - first, 1);
    }
    if (width > 0)
        copy(to->words, from->words + range.first * width, n * width, sizeof *to->words);
    for (int l = 0; l < layout->n_lists; l++)
        copy_list(&to->lists[l], &from->lists[l], range, (size_t)layout->payloads[l].n_words);
}

rfm_status rfm_block_add_range(rfm_blocks *blocks, const rfm_state *state, rfm_range range, rfm_error *err)
{
    size_t n_lists = (size_t)state->layout->n_lists;
    rfm_list *lists = rfm_alloc(n_lists, sizeof *lists, err);
    size_t *entries = rfm_alloc(n_lists, sizeof *entries, err);
    rfm_block_size size = {.n = range.end - range.first, .entries = entries};
    rfm_state view = {0};
    if (!lists || !entries)
        goto done;
    if (state->ids.kind == RFM_ID_TEXT)
        size.id_bytes = state->ids.offset[range.end] - state->ids.offset[range.first];
    for (size_t l = 0; l < n_lists; l++)
        entries[l] = state->lists[l].start[range.end] - state->lists[l].start[range.first];
    if (rfm_block_add(blocks, state->layout, state->ids.kind, &size, &view, lists, err) == RFM_OK)
        copy_range(&view, state, range);
done:
    free(lists);
    free(entries);
    return err->status;
}
