/* The final order of clusters. Knows nothing of rows. */
#include <stdlib.h>

#include "work.h"

typedef struct ordering {
    const double *centroids, *key;
    size_t d;
} ordering;

static int compare(const void *left, const void *right, void *context)
{
    const ordering *order = context;
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    if (order->key[a] != order->key[b])
        return order->key[a] > order->key[b] ? -1 : 1;
    const double *x = order->centroids + (size_t)a * order->d, *y = order->centroids + (size_t)b * order->d;
    for (size_t j = 0; j < order->d; j++)
        if (x[j] != y[j])
            return x[j] < y[j] ? -1 : 1;
    return a < b ? -1 : 1;
}

void rfm_order_clusters(int k, int d, const double *centroids, const double *key, int32_t *rank)
{
    ordering order = {centroids, key, (size_t)d};
    for (int32_t c = 0; c < k; c++)
        rank[c] = c;
    qsort_r(rank, (size_t)k, sizeof *rank, compare, &order);
}
