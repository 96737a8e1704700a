/* order: one distribution by the leading bits of the hash, then a small sort in each bucket. */
#include "order.h"

#include <stdlib.h>
#include <string.h>

enum { FEW = 16, MAX_BUCKET_BITS = 20, ROWS_PER_BUCKET_BITS = 2 };

typedef struct ordering {
    rfm_before before;
    const void *context;
} ordering;

static bool precedes(const ordering *by, const rfm_ordered *a, const rfm_ordered *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash;
    return by->before(by->context, a->row, b->row);
}

static void insert_rows(rfm_ordered *rows, size_t n, const ordering *by)
{
    for (size_t i = 1; i < n; i++) {
        rfm_ordered row = rows[i];
        size_t j = i;
        for (; j > 0 && precedes(by, &row, &rows[j - 1]); j--)
            rows[j] = rows[j - 1];
        rows[j] = row;
    }
}

static void sift_down(rfm_ordered *rows, size_t n, size_t at, const ordering *by)
{
    rfm_ordered row = rows[at];
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && precedes(by, &rows[child], &rows[child + 1]))
            child++;
        if (!precedes(by, &row, &rows[child]))
            break;
        rows[at] = rows[child];
    }
    rows[at] = row;
}

/* Heap sort: in place, and no order of the input makes it slow. */
static void sort_rows(rfm_ordered *rows, size_t n, const ordering *by)
{
    if (n <= FEW) {
        insert_rows(rows, n, by);
        return;
    }
    for (size_t at = n / 2; at-- > 0;)
        sift_down(rows, n, at, by);
    for (size_t end = n - 1; end > 0; end--) {
        rfm_ordered row = rows[0];
        rows[0] = rows[end];
        rows[end] = row;
        sift_down(rows, end, 0, by);
    }
}

static int bucket_bits(size_t n)
{
    int bits = 1;
    while (bits < MAX_BUCKET_BITS && (n >> (bits + ROWS_PER_BUCKET_BITS)) > 0)
        bits++;
    return bits;
}

rfm_status rfm_order(rfm_ordered *rows, size_t n, rfm_before before, const void *context, rfm_error *err)
{
    const ordering by = {before, context};
    int bits = bucket_bits(n), shift = 64 - bits;
    size_t n_buckets = (size_t)1 << bits;
    rfm_ordered *spread = rfm_alloc(n, sizeof *spread, err);
    size_t *end = rfm_alloc(n_buckets + 1, sizeof *end, err);
    if (err->status)
        goto done;
    for (size_t i = 0; i < n; i++)
        end[(rows[i].hash >> shift) + 1]++;
    for (size_t b = 0; b < n_buckets; b++)
        end[b + 1] += end[b];
    for (size_t i = 0; i < n; i++) /* end[b] begins as the start of b and ends as its end */
        spread[end[rows[i].hash >> shift]++] = rows[i];
    for (size_t b = 0, first = 0; b < n_buckets; first = end[b++])
        sort_rows(spread + first, end[b] - first, &by);
    memcpy(rows, spread, n * sizeof *rows);
done:
    free(spread);
    free(end);
    return err->status;
}
