/* entries: sort and merge in place, without memory of its own, so that it cannot fail.
 *
 * Few entries by rank or insertion, many by radix exchange: split at the highest bit in which the keys
 * differ, at most 64 levels deep whatever the keys are.
 */
#include "entries.h"

#include "record.h"

#include <string.h>

enum { VERY_FEW = 12, FEW = 24 };

static void swap(uint64_t *key, int64_t *payload, size_t width, size_t a, size_t b)
{
    uint64_t k = key[a];
    key[a] = key[b];
    key[b] = k;
    for (size_t w = 0; w < width; w++) {
        int64_t p = payload[a * width + w];
        payload[a * width + w] = payload[b * width + w];
        payload[b * width + w] = p;
    }
}

/* Each key goes where as many are smaller: more comparisons than it needs, but none that has to be guessed. */
static void rank_keys(uint64_t *key, size_t n)
{
    uint64_t before[VERY_FEW];
    memcpy(before, key, n * sizeof *key);
    for (size_t i = 0; i < n; i++) {
        size_t rank = 0;
        for (size_t j = 0; j < i; j++)
            rank += before[j] <= before[i];
        for (size_t j = i + 1; j < n; j++)
            rank += before[j] < before[i];
        key[rank] = before[i];
    }
}

static void insert_keys(uint64_t *key, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t k = key[i];
        size_t j = i;
        for (; j > 0 && key[j - 1] > k; j--)
            key[j] = key[j - 1];
        key[j] = k;
    }
}

static void insert_entries(uint64_t *key, int64_t *payload, size_t width, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && key[j - 1] > key[j]; j--)
            swap(key, payload, width, j - 1, j);
}

static bool is_sorted(const uint64_t *key, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (key[i - 1] > key[i])
            return false;
    return true;
}

/* The highest bit in which keys differ, 0 when all are equal. */
static uint64_t splitting_bit(const uint64_t *key, size_t n)
{
    uint64_t different = 0;
    for (size_t i = 1; i < n; i++)
        different |= key[i] ^ key[0];
    while (different & (different - 1))
        different &= different - 1;
    return different;
}

/* Those without the bit to the front; returns how many. */
static size_t split(uint64_t *key, int64_t *payload, size_t width, size_t n, uint64_t bit)
{
    size_t low = 0, high = n;
    while (low < high) {
        if (!(key[low] & bit))
            low++;
        else
            swap(key, payload, width, low, --high);
    }
    return low;
}

static void sort(uint64_t *key, int64_t *payload, size_t width, size_t n)
{
    while (n > FEW) {
        uint64_t bit = splitting_bit(key, n);
        if (bit == 0 || is_sorted(key, n))
            return;
        size_t low = split(key, payload, width, n, bit);
        sort(key, payload, width, low);
        key += low;
        if (width > 0)
            payload += low * width;
        n -= low;
    }
    if (width == 0 && n <= VERY_FEW)
        rank_keys(key, n);
    else if (width == 0)
        insert_keys(key, n);
    else
        insert_entries(key, payload, width, n);
}

static size_t unique_keys(uint64_t *key, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        key[kept] = key[i];
        kept += i + 1 == n || key[i + 1] != key[i];
    }
    return kept;
}

/* Those that no earlier one equals: without a branch that has to be guessed. */
static size_t count_few(const uint64_t *key, size_t n)
{
    size_t n_distinct = 0;
    for (size_t i = 0; i < n; i++) {
        bool repeated = false;
        for (size_t j = 0; j < i; j++)
            repeated |= key[j] == key[i];
        n_distinct += !repeated;
    }
    return n_distinct;
}

size_t rfm_entries_count(uint64_t *key, size_t n)
{
    if (n <= FEW)
        return count_few(key, n);
    sort(key, NULL, 0, n);
    return unique_keys(key, n);
}

size_t rfm_entries_settle(const rfm_record *record, uint64_t *key, int64_t *payload, size_t n)
{
    size_t width = (size_t)record->n_words, kept = 0;
    sort(key, payload, width, n);
    if (!payload)
        return unique_keys(key, n);
    for (size_t i = 0; i < n;) {
        uint64_t current = key[i];
        int64_t *into = payload + kept * width;
        key[kept] = current;
        memmove(into, payload + i * width, width * sizeof *into);
        while (++i < n && key[i] == current)
            rfm_record_merge(record, into, payload + i * width);
        kept += !rfm_record_is_empty(record, into);
    }
    return kept;
}

void rfm_list_settle(const rfm_record *record, size_t n, rfm_list *list)
{
    size_t width = (size_t)record->n_words, kept = 0, first = 0;
    if (!list->key) /* no entries: every start is zero */
        return;
    for (size_t c = 0; c < n; c++) {
        size_t end = list->start[c + 1];
        int64_t *payload = width > 0 ? list->payload + first * width : NULL;
        size_t stay = rfm_entries_settle(record, list->key + first, payload, end - first);
        if (kept != first) {
            memmove(list->key + kept, list->key + first, stay * sizeof *list->key);
            if (width > 0)
                memmove(list->payload + kept * width, payload, stay * width * sizeof *payload);
        }
        list->start[c] = kept;
        kept += stay;
        first = end;
    }
    list->start[n] = kept;
}
