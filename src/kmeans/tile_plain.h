/* tile_plain: what a tile_*.c needs and has no vector instructions of its own for, row by row. */
#ifndef RFMPI_KMEANS_TILE_PLAIN_H
#define RFMPI_KMEANS_TILE_PLAIN_H

#include <stddef.h>
#include <stdint.h>

static inline void look_up(const float *table, int k, const int32_t *label, size_t n, float *to)
{
    (void)k;
    for (size_t i = 0; i < n; i++)
        to[i] = table[label[i]];
}

static inline size_t sift_lanes(const float *due, const float *limit, size_t n, uint32_t first, uint32_t *rows)
{
    size_t n_due = 0;
    for (size_t i = 0; i < n; i++) {
        rows[n_due] = first + (uint32_t)i;
        n_due += due[i] > limit[i] ? 0 : 1;
    }
    return n_due;
}

static size_t pick_lanes(const float *value, float below, const int32_t *order, size_t n, int32_t *list)
{
    size_t n_picked = 0;
    for (size_t i = 0; i < n; i++) {
        list[n_picked] = order[i];
        n_picked += value[i] < below;
    }
    return n_picked;
}

static size_t differ_lanes(const int32_t *a, const int32_t *b, size_t n, uint32_t *rows)
{
    size_t n_different = 0;
    for (size_t i = 0; i < n; i++) {
        rows[n_different] = (uint32_t)i;
        n_different += a[i] != b[i];
    }
    return n_different;
}

#endif
