/* neighbours: a heap of the nearest so far keeps most of the others out at one comparison each. */
#include "neighbours.h"

#include "definition.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

enum { MOST = 64, LEAST_SHARE = 16 };

rfm_status rfm_neighbours_open(rfm_neighbours *neighbours, int threads, int k, rfm_error *err)
{
    neighbours->most = k - 1 < MOST ? k - 1 : MOST;
    neighbours->stride = (size_t)neighbours->most;
    neighbours->k_most = (size_t)k;
    neighbours->list = rfm_alloc((size_t)k, neighbours->stride * sizeof *neighbours->list, err);
    neighbours->distance = rfm_alloc((size_t)k, (neighbours->stride + 1) * sizeof *neighbours->distance, err);
    neighbours->scratch = rfm_alloc((size_t)threads, (size_t)k * sizeof *neighbours->scratch, err);
    return err->status;
}

void rfm_neighbours_close(rfm_neighbours *neighbours)
{
    free(neighbours->list);
    free(neighbours->distance);
    free(neighbours->scratch);
    *neighbours = (rfm_neighbours){0};
}

static void sift_down(int32_t *heap, int n, int at, const double *distance)
{
    int32_t moving = heap[at];
    for (int child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && distance[heap[child + 1]] > distance[heap[child]])
            child++;
        if (!(distance[heap[child]] > distance[moving]))
            break;
        heap[at] = heap[child];
    }
    heap[at] = moving;
}

/* The n least of distance[k], but c itself, ascending; returns the least of the others. */
static double choose_least(const double *distance, int k, int32_t c, int32_t *heap, int n)
{
    double next = HUGE_VAL;
    int filled = 0;
    for (int32_t i = 0; i < k; i++) {
        if (i == c)
            continue;
        if (filled < n) {
            heap[filled++] = i;
            for (int at = n / 2; filled == n && at-- > 0;)
                sift_down(heap, n, at, distance);
        } else if (n > 0 && distance[i] < distance[heap[0]]) {
            next = distance[heap[0]] < next ? distance[heap[0]] : next;
            heap[0] = i;
            sift_down(heap, n, 0, distance);
        } else if (distance[i] < next) {
            next = distance[i];
        }
    }
    for (int end = n - 1; end > 0; end--) {
        int32_t largest = heap[0];
        heap[0] = heap[end];
        heap[end] = largest;
        sift_down(heap, end, 0, distance);
    }
    return next;
}

/* A distance in the filter's units, rounded down; the definition's rounding is far below one place of a float, but for
 * what underflows. */
static float to_float(const rfm_filter *filter, double square)
{
    double scaled = ldexp(square, 2 * filter->scale) - filter->underflow;
    return scaled > 0 ? (float)sqrt(scaled) * (1 - 0x1p-21F) : 0;
}

static void find_of(rfm_neighbours *neighbours, const rfm_filter *filter, int32_t c)
{
    double *distance = neighbours->scratch + (size_t)omp_get_thread_num() * neighbours->k_most;
    int32_t *list = neighbours->list + (size_t)c * neighbours->stride;
    float *to = neighbours->distance + (size_t)c * (neighbours->stride + 1);
    rfm_definition_distances(filter->k, filter->d, filter->centroids + (size_t)c * (size_t)filter->d,
                             filter->transposed, distance);
    double next = choose_least(distance, filter->k, c, list, neighbours->n);
    for (int i = 0; i < neighbours->n; i++)
        to[i] = to_float(filter, distance[list[i]]);
    to[neighbours->n] = to_float(filter, next);
}

void rfm_neighbours_find(rfm_neighbours *neighbours, const rfm_filter *filter, int threads)
{
    neighbours->n = filter->k - 1 < neighbours->most ? filter->k - 1 : neighbours->most;
#pragma omp parallel for num_threads(threads) schedule(static, LEAST_SHARE) if (filter->k > LEAST_SHARE)
    for (int32_t c = 0; c < filter->k; c++)
        find_of(neighbours, filter, c);
}
