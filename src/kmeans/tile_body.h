/* tile_body: what is the same for all vector instruction sets. Each tile_*.c defines least_two with take_two, keep_two
 * and give_two, look_up, sift_lanes, pick_lanes, differ_lanes (tile_plain.h has the last four), NAME and RFM_TILES, and
 * then includes this; it is compiled with its own flags, and with contraction: a filter need not round as others do. */
#include "tile.h"

#include <math.h>
#include <string.h>

enum { SIDE = 8, SOME = 128 };

typedef int32_t eight_integers __attribute__((vector_size(32)));
typedef float eight __attribute__((vector_size(32)));

/* ---- load ------------------------------------------------------------------------------------------------------- */

#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define EVEN_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define ODD_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define FIRST_FOURS(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define LAST_FOURS(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)

static inline void put(float *to, eight value)
{
    memcpy(to, &value, sizeof value);
}

/* Eight rows of eight columns become eight columns, RFM_TILE_ROWS apart. */
static inline void transpose(const eight r[SIDE], float *to)
{
    const size_t stride = RFM_TILE_ROWS;
    const eight a0 = LOW(r[0], r[1]), a1 = HIGH(r[0], r[1]), a2 = LOW(r[2], r[3]), a3 = HIGH(r[2], r[3]);
    const eight a4 = LOW(r[4], r[5]), a5 = HIGH(r[4], r[5]), a6 = LOW(r[6], r[7]), a7 = HIGH(r[6], r[7]);
    const eight b0 = EVEN_PAIRS(a0, a2), b1 = ODD_PAIRS(a0, a2), b2 = EVEN_PAIRS(a1, a3), b3 = ODD_PAIRS(a1, a3);
    const eight b4 = EVEN_PAIRS(a4, a6), b5 = ODD_PAIRS(a4, a6), b6 = EVEN_PAIRS(a5, a7), b7 = ODD_PAIRS(a5, a7);
    put(to, FIRST_FOURS(b0, b4));
    put(to + stride, FIRST_FOURS(b1, b5));
    put(to + 2 * stride, FIRST_FOURS(b2, b6));
    put(to + 3 * stride, FIRST_FOURS(b3, b7));
    put(to + 4 * stride, LAST_FOURS(b0, b4));
    put(to + 5 * stride, LAST_FOURS(b1, b5));
    put(to + 6 * stride, LAST_FOURS(b2, b6));
    put(to + 7 * stride, LAST_FOURS(b3, b7));
}

static inline eight convert(const int32_t *index, const int32_t *centre, const float *multiplier)
{
    eight_integers from, origin;
    eight scale;
    memcpy(&from, index, sizeof from);
    memcpy(&origin, centre, sizeof origin);
    memcpy(&scale, multiplier, sizeof scale);
    return __builtin_convertvector(from - origin, eight) * scale;
}

/* SIDE rows into as many lanes of every column. Not inlined: unrolled for a whole tile it runs out of registers. */
static __attribute__((noinline)) void load_side(const rfm_filter *filter, const int32_t *const row[SIDE], float *to)
{
    const size_t d = (size_t)filter->d;
    size_t j = 0;
    for (; j + SIDE <= d; j += SIDE) {
        eight side[SIDE];
        for (size_t r = 0; r < SIDE; r++)
            side[r] = convert(row[r] + j, filter->centre + j, filter->multiplier + j);
        transpose(side, to + j * RFM_TILE_ROWS);
    }
    for (; j < d; j++)
        for (size_t r = 0; r < SIDE; r++)
            to[j * RFM_TILE_ROWS + r] = (float)(row[r][j] - filter->centre[j]) * filter->multiplier[j];
}

static void load(const rfm_filter *filter, const int32_t *index, const uint32_t *rows, size_t n, float *x)
{
    const size_t d = (size_t)filter->d;
    for (size_t l = 0; l < RFM_TILE_ROWS; l += SIDE) {
        const int32_t *row[SIDE];
        for (size_t r = 0; r < SIDE; r++) {
            const size_t i = l + r < n ? l + r : n - 1;
            row[r] = index + (rows ? rows[i] : i) * d;
        }
        load_side(filter, row, x + l);
    }
}

static void start(const rfm_filter *filter, const float *x, rfm_tile *tile)
{
    const size_t d = (size_t)filter->d;
    for (size_t l = 0; l < RFM_TILE_ROWS; l++) {
        tile->squares[l] = 0;
        tile->best[l] = tile->second[l] = HUGE_VALF;
        tile->label[l] = 0;
    }
    for (size_t j = 0; j < d; j++)
        for (size_t l = 0; l < RFM_TILE_ROWS; l++)
            tile->squares[l] += x[j * RFM_TILE_ROWS + l] * x[j * RFM_TILE_ROWS + l];
    tile->x = x;
}

/* ---- look ------------------------------------------------------------------------------------------------------- */

/* n: a constant, so that the sums stay in registers. */
static inline __attribute__((always_inline)) void look_at(const rfm_filter *filter, const int32_t *c, const int n,
                                                          const float *rows, least_two two[PARTS])
{
    const lanes *x = (const lanes *)(const void *)rows;
    const int d = filter->d;
    const float *from[TOGETHER];
    lanes sum[TOGETHER][PARTS] = {{{0}}};
    for (int q = 0; q < n; q++)
        from[q] = filter->c + (size_t)c[q] * (size_t)d;
    for (int j = 0; j < d; j++) {
        for (int q = 0; q < n; q++) {
            for (int p = 0; p < PARTS; p++)
                sum[q][p] += x[j * PARTS + p] * from[q][j];
        }
    }
    for (int q = 0; q < n; q++)
        for (int p = 0; p < PARTS; p++)
            keep_two(sum[q][p] + filter->norm[c[q]], c[q], &two[p]);
}

static void look(const rfm_filter *filter, const int32_t *list, int n, rfm_tile *tile)
{
    least_two two[PARTS];
    int i = 0;
    for (int p = 0; p < PARTS; p++)
        two[p] = take_two(tile, p);
    for (; i + TOGETHER <= n; i += TOGETHER) {
        int32_t next[TOGETHER];
        for (int q = 0; q < TOGETHER; q++)
            next[q] = list ? list[i + q] : i + q;
        look_at(filter, next, TOGETHER, tile->x, two);
    }
    for (; i < n; i++)
        look_at(filter, list ? list + i : &i, 1, tile->x, two);
    for (int p = 0; p < PARTS; p++)
        give_two(&two[p], p, tile);
}

/* ---- what follows ----------------------------------------------------------------------------------------------- */

static inline float root(float square)
{
    return sqrtf(square > 0 ? square : 0);
}

static const float UP = 1 + 0x1p-21F, DOWN = 1 - 0x1p-21F; /* more than the operations before them round */

/* At most: the distance of a row to its best centroid, from |X|^2 and L. */
static inline float at_most(const rfm_filter *filter, float square, float best)
{
    return root(square + best + filter->slack + 2 * filter->row_slack * square) * UP;
}

/* Of SOME rows. */
typedef struct dating {
    float since[SOME], others[SOME]; /* what each label's sums were, rounded down; others becomes far */
    float beyond[SOME];
} dating;

static void date_lanes(const rfm_filter *filter, float margin, const rfm_found *found, size_t n, dating *of,
                       float *restrict due)
{
    const float *restrict squares = found->squares, *restrict best = found->best, *restrict second = found->second;
    const float *restrict since = of->since, *restrict beyond = of->beyond, slack = filter->slack;
    const float row_slack = filter->row_slack;
    float *restrict far = of->others;
    for (size_t i = 0; i < n; i++) {
        const float room = row_slack * squares[i] + slack;
        float away = root(squares[i] + second[i] - 2 * room) * DOWN;
        away = beyond[i] < away ? beyond[i] : away;
        float gap = away - at_most(filter, squares[i], best[i]) - margin;
        float until = (gap + since[i]) * DOWN;
        until = gap > 0 ? until : -HUGE_VALF;
        until = second[i] - best[i] > room ? until : -HUGE_VALF;
        away = (away + far[i]) * DOWN;
        far[i] = until > 0 ? away : -HUGE_VALF;
        due[i] = until;
    }
}

static void date(const rfm_filter *filter, const rfm_reach *reach, const rfm_found *found, size_t n, float *due)
{
    dating of = {.others = {0}};
    for (size_t i = 0; i < SOME; i++)
        of.beyond[i] = HUGE_VALF;
    for (size_t first = 0, some; first < n; first += some) {
        some = n - first < SOME ? n - first : SOME;
        const rfm_found part = {found->squares + first, found->best + first, found->second + first,
                                found->label + first};
        look_up(reach->before, filter->k, part.label, some, of.since);
        if (reach->far)
            look_up(reach->others, filter->k, part.label, some, of.others);
        if (reach->beyond)
            memcpy(of.beyond, reach->beyond + first, some * sizeof *of.beyond);
        date_lanes(filter, reach->margin, &part, some, &of, due + first);
        if (reach->far)
            memcpy(reach->far + first, of.others, some * sizeof *of.others);
    }
}

static void measure(const rfm_filter *filter, const rfm_found *found, size_t n, float *distance)
{
    const float *restrict squares = found->squares, *restrict best = found->best;
    float *restrict to = distance;
    for (size_t i = 0; i < n; i++)
        to[i] = at_most(filter, squares[i], best[i]);
}

static size_t count_open(const rfm_filter *filter, const rfm_found *found, size_t n)
{
    const float *restrict squares = found->squares, *restrict best = found->best, *restrict second = found->second;
    const float slack = filter->slack, row_slack = filter->row_slack;
    int32_t n_open = 0;
    for (size_t i = 0; i < n; i++)
        n_open += !(second[i] - best[i] > row_slack * squares[i] + slack);
    return (size_t)n_open;
}

static size_t sift(const float *due, const int32_t *label, const float *limit, int k, size_t n, uint32_t *rows)
{
    float limits[SOME];
    size_t n_due = 0;
    for (size_t first = 0, some; first < n; first += some) {
        some = n - first < SOME ? n - first : SOME;
        look_up(limit, k, label + first, some, limits);
        n_due += sift_lanes(due + first, limits, some, (uint32_t)first, rows + n_due);
    }
    return n_due;
}

const rfm_tiles RFM_TILES = {NAME, load, start, look, date, measure, count_open, sift, pick_lanes, differ_lanes};
