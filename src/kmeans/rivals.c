/* rivals: the order by movement makes "moved by more than" a stretch from the front, so that late in a fit, when few
 * centroids move, there is little to measure; distances between centroids are never kept. No label depends on the
 * weights below: they were chosen by counting what is looked at in fits of 100 to 2000 centroids. */
#include "rivals.h"

#include "vector.h"

#include <math.h>
#include <stdlib.h>

enum { ROOM = 32, MEASURED = 64, FEW_HALVES = 2 };
static const float WORTH_A_LOOK_AROUND = 0.6F, GAP_PRICE = 0.2F, GRADED_GAP = 0.3F, SPARE = 0.01F, LASTING = 4,
                   WORTH_LASTING = 0.25F;

rfm_status rfm_rivals_open(rfm_rivals *rivals, const rfm_assignment *assignment, rfm_error *err)
{
    size_t threads = (size_t)assignment->threads;
    rivals->d = (size_t)assignment->grid->d;
    rivals->stride = ((size_t)assignment->k + ROOM) / ROOM * ROOM + (size_t)ROOM; /* threads share no cache line */
    rivals->order = rfm_alloc(rivals->stride, sizeof *rivals->order, err);
    rivals->moved = rfm_alloc(rivals->stride, sizeof *rivals->moved, err);
    rivals->position = rfm_alloc(rivals->stride, rivals->d * sizeof *rivals->position, err);
    rivals->apart = rfm_alloc(threads, rivals->stride * sizeof *rivals->apart, err);
    rivals->list = rfm_alloc(threads, rivals->stride * sizeof *rivals->list, err);
    return err->status;
}

void rfm_rivals_close(rfm_rivals *rivals)
{
    free(rivals->order);
    free(rivals->moved);
    free(rivals->position);
    free(rivals->apart);
    free(rivals->list);
    *rivals = (rfm_rivals){0};
}

/* The farthest moved first, equals by their numbers. */
static int compare(const void *left, const void *right, void *context)
{
    const double *moved = context;
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    if (moved[a] != moved[b])
        return moved[a] > moved[b] ? -1 : 1;
    return a < b ? -1 : 1;
}

void rfm_rivals_begin(rfm_rivals *rivals, const rfm_filter *filter, const double *moved)
{
    const int k = filter->k;
    rivals->k = k;
    for (int32_t c = 0; c < k; c++)
        rivals->order[c] = c;
    qsort_r(rivals->order, (size_t)k, sizeof *rivals->order, compare, (void *)(uintptr_t)moved);
    for (int i = 0; i < k; i++) {
        const float *from = filter->c + (size_t)rivals->order[i] * rivals->d;
        rivals->moved[i] = (float)moved[rivals->order[i]] * (1 + 0x1p-22F);
        for (size_t j = 0; j < rivals->d; j++)
            rivals->position[j * rivals->stride + (size_t)i] = -0.5F * from[j];
    }
}

rfm_around rfm_rivals_around(const rfm_rivals *rivals, const rfm_filter *filter, int thread, int32_t c)
{
    const size_t room = (size_t)thread * rivals->stride;
    return (rfm_around){
        .c = c, .own = filter->c + (size_t)c * rivals->d, .apart = rivals->apart + room, .list = rivals->list + room};
}

RFM_VECTOR static void add_squares(size_t n, float from, const float *restrict to, float *restrict apart)
{
    for (size_t i = 0; i < n; i++) {
        float difference = to[i] - from;
        apart[i] += difference * difference;
    }
}

static void measure(const rfm_rivals *rivals, rfm_around *around, int n)
{
    const size_t first = (size_t)around->measured, some = (size_t)n - first;
    float *apart = around->apart + first;
    for (size_t i = 0; i < some; i++)
        apart[i] = 0;
    for (size_t j = 0; j < rivals->d; j++)
        add_squares(some, -0.5F * around->own[j], rivals->position + j * rivals->stride + first, apart);
    for (size_t i = 0; i < some; i++)
        if (rivals->order[first + i] == around->c)
            apart[i] = HUGE_VALF;
    around->measured = n;
}

/* How many moved by more. */
static int count_moved(const rfm_rivals *rivals, float by)
{
    int first = 0, end = rivals->k;
    while (first < end) {
        const int middle = first + (end - first) / 2;
        if (rivals->moved[middle] > by)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* A point in single precision is off by at most 2^-24 of its length, which is below 4 sqrt d, and the square of a
 * distance as computed by (d + 3) 2^-24 of itself: what is not below this as computed is at least `radius` away. */
static float square_of(float radius, size_t d)
{
    const double beyond = (radius + 0x1p-19 * sqrt((double)d)) * (1 + (double)(d + 8) * 0x1p-23);
    return (float)(beyond * beyond) * (1 + 0x1p-22F);
}

/* What movement leaves out costs a part of the gap, and a gap that is used up costs a look around: weighed against the
 * share of centroids that have to be looked at instead. Returns how many, or -1: distance leaves out more. */
static int choose_movers(const rfm_rivals *rivals, float gap)
{
    float least = WORTH_A_LOOK_AROUND;
    int movers = -1;
    for (int n = rivals->k / 2, g = 0; g < RFM_RIVAL_HALVES && gap > 0; n /= 2, g++) {
        const float price = (float)n / (float)rivals->k + GAP_PRICE * rivals->moved[n] / gap;
        if (rivals->moved[n] < gap && price < least) {
            least = price;
            movers = count_moved(rivals, rivals->moved[n]);
        }
    }
    return movers;
}

int rfm_rivals_list(const rfm_rivals *rivals, const rfm_tiles *tiles, const rfm_company *of, float margin,
                    rfm_around *around)
{
    float gap = HUGE_VALF, farthest = 0, sum = 0;
    for (size_t l = 0; l < RFM_TILE_ROWS; l++) {
        const float own = of->own[l], others = of->others[l];
        gap = others - own < gap ? others - own : gap;
        farthest = own > farthest ? own : farthest;
        sum = own + others > sum ? own + others : sum;
    }
    /* Gaps that last for a few passes are worth a wider look around, unless that would be most of all. */
    const float lasting = LASTING * of->step, room = lasting < WORTH_LASTING * farthest ? lasting : 0;
    int n = 2 * gap < room ? -1 : choose_movers(rivals, gap * (1 - SPARE) - 2 * margin);
    around->radius = 2 * farthest * (1 + SPARE) + room + 4 * margin;
    around->still = n < 0 ? -HUGE_VALF : rivals->moved[n];
    if (n < 0)
        n = rivals->k;
    else if (sum > around->radius) /* so far that it takes nothing of the gap */
        around->radius = sum;
    if (n > around->measured)
        measure(rivals, around, n + MEASURED < rivals->k ? n + MEASURED : rivals->k);
    return (int)tiles->pick(around->apart, square_of(around->radius, rivals->d), rivals->order, (size_t)n,
                            around->list);
}

uint32_t rfm_rivals_grade(const rfm_rivals *rivals, float own, float gap, float usual)
{
    uint32_t half = 0;
    for (int n = rivals->k / 2, g = 0; g < RFM_RIVAL_HALVES - 1; n /= 2, g++)
        half += gap * GRADED_GAP >= rivals->moved[n];
    if (half >= FEW_HALVES)
        return RFM_RIVAL_BINS + half;
    const float bin = 0.5F * own * RFM_RIVAL_BINS / usual;
    return bin > 0 ? bin < RFM_RIVAL_BINS - 1 ? (uint32_t)bin : RFM_RIVAL_BINS - 1 : 0;
}
