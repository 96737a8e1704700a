/* pairs: see pairs.h. Settling distributes the log over its customers by counting, then settles
 * each one's entries. */
#include "pairs.h"

#include "entries.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_LIMIT = 1 << 20 };

rfm_status rfm_pairs_init(rfm_pairs *pairs, const rfm_record *record, rfm_error *err)
{
    *pairs = (rfm_pairs){.record = record, .limit = FIRST_LIMIT};
    pairs->recent = rfm_alloc((size_t)1 << RFM_RECENT_BITS, sizeof *pairs->recent, err);
    return err->status;
}

static void free_log(rfm_pairs *pairs)
{
    free(pairs->customer);
    free(pairs->key);
    free(pairs->payload);
    pairs->customer = NULL;
    pairs->key = NULL;
    pairs->payload = NULL;
    pairs->n = pairs->customer_capacity = pairs->key_capacity = pairs->payload_capacity = 0;
}

void rfm_pairs_free(rfm_pairs *pairs)
{
    free_log(pairs);
    free(pairs->recent);
    memset(pairs, 0, sizeof *pairs);
}

static size_t group_of(const uint32_t *order, uint32_t customer)
{
    return order ? order[customer] : customer;
}

/* The log's entries into list, by group, in no order within one. */
static rfm_status distribute(const rfm_pairs *pairs, const uint32_t *order, size_t n_groups, rfm_list *list,
                             rfm_error *err)
{
    size_t width = (size_t)pairs->record->n_words;
    list->start = rfm_alloc(n_groups + 2, sizeof *list->start, err);
    list->key = rfm_alloc(pairs->n, sizeof *list->key, err);
    if (width > 0)
        list->payload = rfm_alloc(pairs->n, width * sizeof *list->payload, err);
    if (err->status || !list->start || !list->key)
        return err->status;
    size_t *next = list->start + 1; /* next[g]: where g's next entry goes; at the end, where g ends */
    for (size_t i = 0; i < pairs->n; i++)
        next[group_of(order, pairs->customer[i]) + 1]++;
    for (size_t g = 1; g <= n_groups; g++)
        next[g] += next[g - 1];
    for (size_t i = 0; i < pairs->n; i++) {
        size_t to = next[group_of(order, pairs->customer[i])]++;
        list->key[to] = pairs->key[i];
        if (width > 0)
            memcpy(list->payload + to * width, pairs->payload + i * width, width * sizeof *list->payload);
    }
    return RFM_OK;
}

static rfm_status group(const rfm_pairs *pairs, const uint32_t *order, size_t n_groups, rfm_list *list, rfm_error *err)
{
    memset(list, 0, sizeof *list);
    if (distribute(pairs, order, n_groups, list, err)) {
        free(list->start);
        free(list->key);
        free(list->payload);
        memset(list, 0, sizeof *list);
        return err->status;
    }
    rfm_list_settle(pairs->record, n_groups, list);
    return RFM_OK;
}

static rfm_status settle(rfm_pairs *pairs, size_t n_customers, rfm_error *err)
{
    rfm_list list;
    if (group(pairs, NULL, n_customers, &list, err) || !list.start)
        return err->status;
    for (size_t c = 0; c < n_customers; c++)
        for (size_t i = list.start[c]; i < list.start[c + 1]; i++)
            pairs->customer[i] = (uint32_t)c;
    free(pairs->key);
    free(pairs->payload);
    pairs->key = list.key;
    pairs->payload = list.payload;
    pairs->key_capacity = pairs->n;
    pairs->payload_capacity = pairs->payload ? pairs->n : 0;
    pairs->n = list.start[n_customers];
    pairs->limit = 2 * pairs->n > FIRST_LIMIT ? 2 * pairs->n : FIRST_LIMIT;
    memset(pairs->recent, 0, ((size_t)1 << RFM_RECENT_BITS) * sizeof *pairs->recent);
    free(list.start);
    return RFM_OK;
}

rfm_status rfm_pairs_reserve(rfm_pairs *pairs, size_t n_more, size_t n_customers, rfm_error *err)
{
    if (pairs->n >= pairs->limit && settle(pairs, n_customers, err))
        return err->status;
    size_t need = pairs->n + n_more, width = (size_t)pairs->record->n_words;
    rfm_reserve(&pairs->customer, &pairs->customer_capacity, need, sizeof *pairs->customer, err);
    rfm_reserve(&pairs->key, &pairs->key_capacity, need, sizeof *pairs->key, err);
    if (width > 0)
        rfm_reserve(&pairs->payload, &pairs->payload_capacity, need, width * sizeof *pairs->payload, err);
    return err->status;
}

rfm_status rfm_pairs_freeze(rfm_pairs *pairs, const uint32_t *order, size_t n_customers, rfm_list *list, rfm_error *err)
{
    if (group(pairs, order, n_customers, list, err))
        return err->status;
    free_log(pairs);
    pairs->limit = FIRST_LIMIT;
    memset(pairs->recent, 0, ((size_t)1 << RFM_RECENT_BITS) * sizeof *pairs->recent);
    return RFM_OK;
}
