/* Means of the scaled values of each segment, and products of all pairs of columns, over blocks of rows.
 *
 * Scaled values become integers of 31 bits. Of a product, one factor is cut into halves of 15 bits: either half times
 * the other factor has at most 45 bits, and 256 of those add up to no more than 2^53. So doubles add them exactly, in
 * whatever order vectors do. */
#include "portrait.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 256, HALF_BITS = 15, INDEX_BITS = 30 };

static const double ROWS_MOST = 250e3, PRODUCTS_MOST = 2e10;
static const double PER_HALF = 1.0 / (1 << HALF_BITS);

void rfm_moments_free(rfm_moments *moments)
{
    free(moments->fine.offset);
    free(moments->fine.per_step);
    free(moments->fine.small);
    free(moments->weights);
    free(moments->sums);
    free(moments->products);
    free(moments->covariance);
    free(moments->mean);
    *moments = (rfm_moments){0};
}

/* ---- scaled values as integers ---------------------------------------------------------------------------------- */

double rfm_scaled_value(const rfm_scaling *scaling, int column, double value)
{
    const struct rfm_scaling_column *of = &scaling->columns[column];
    for (int s = 0; s < of->n_steps; s++)
        value = rfm_scaling_step_apply(&of->steps[s], value);
    return rfm_scaling_column_scale(of, value);
}

/* The nearest whole number of |x| < 2^51, ties to even. */
static inline double nearest(double x)
{
    const double large = 0x1.8p52;
    return (x + large) - large;
}

static double index_of(const rfm_sitter *of, const rfm_fine *fine, int column, double value)
{
    const double scaled = rfm_scaled_value(&of->model->scaling, column, value);
    return nearest((scaled - fine->offset[column]) * fine->per_step[column]);
}

/* Scaling keeps the order of values: the ends of a column are the ends of what is scaled. A column that does not vary,
 * or whose range is no number, is 0 throughout. */
static void fit_fine(const rfm_sitter *of, rfm_fine *fine)
{
    for (int j = 0; j < of->columns; j++) {
        const double low = rfm_scaled_value(&of->model->scaling, j, of->least[j]);
        const double range = rfm_scaled_value(&of->model->scaling, j, of->greatest[j]) - low;
        int exponent;
        frexp(range, &exponent);
        fine->offset[j] = 0;
        fine->per_step[j] = 0;
        if (range > 0x1p-900 && range < 0x1p900) {
            fine->offset[j] = low + range / 2;
            fine->per_step[j] = ldexp(1, INDEX_BITS - exponent);
        }
        for (int x = 0; x < RFM_FINE_SMALL; x++)
            fine->small[j * RFM_FINE_SMALL + x] = index_of(of, fine, j, x);
    }
}

/* Most values are small whole numbers, counts and days. */
static inline double look_up(const rfm_sitter *of, const rfm_fine *fine, int column, double value)
{
    const int whole = value > 0 && value < RFM_FINE_SMALL ? (int)value : 0;
    if (value == (double)whole)
        return fine->small[column * RFM_FINE_SMALL + whole];
    return index_of(of, fine, column, value);
}

/* ---- blocks of rows --------------------------------------------------------------------------------------------- */

/* What a thread works in. */
typedef struct block {
    double *whole, *high, *low; /* [columns * BLOCK] indices, and the halves of them */
    int64_t weights[BLOCK];
    size_t n;
} block;

/* Of one thread, and then of all ranks. */
typedef struct part {
    block room;
    int64_t n, weight;
    int64_t *weights;
    rfm_i128 *sums, *products;
} part;

static void fill_block(const rfm_sitter *of, const rfm_moments *m, size_t row, size_t r, part *into)
{
    const double *values = of->frame->values + row * (size_t)of->frame->d;
    const size_t slot = (size_t)of->slot_of[of->labels[row]], columns = (size_t)m->columns;
    const int64_t weight = rfm_sitter_weight(of, row);
    into->n++;
    into->weight += weight;
    into->weights[slot] += weight;
    into->room.weights[r] = weight;
    for (size_t j = 0; j < columns; j++) {
        const double index = look_up(of, &m->fine, (int)j, values[j]), high = nearest(index * PER_HALF);
        into->room.whole[j * BLOCK + r] = index;
        into->room.high[j * BLOCK + r] = high;
        into->room.low[j * BLOCK + r] = index - high * (1 << HALF_BITS);
        into->sums[slot * columns + j] += (rfm_i128)weight * (int64_t)index;
    }
}

static rfm_i128 multiply(const double *restrict whole, const double *restrict high, const double *restrict low)
{
    double by_high = 0, by_low = 0;
#pragma omp simd reduction(+ : by_high, by_low)
    for (size_t r = 0; r < BLOCK; r++) {
        by_high += whole[r] * high[r];
        by_low += whole[r] * low[r];
    }
    return (rfm_i128)(int64_t)by_high * (1 << HALF_BITS) + (int64_t)by_low;
}

static rfm_i128 multiply_by_weight(const double *a, const double *b, const int64_t *weights)
{
    rfm_i128 sum = 0;
    for (size_t r = 0; r < BLOCK; r++)
        sum += (rfm_i128)(weights[r] * (int64_t)a[r]) * (int64_t)b[r];
    return sum;
}

/* The rest of a block counts as nothing. */
static void add_block(const rfm_sitter *of, const rfm_moments *m, size_t n, part *into)
{
    const block *room = &into->room;
    const size_t columns = (size_t)m->columns;
    size_t at = 0;
    for (size_t j = 0; j < columns; j++)
        for (size_t r = n; r < BLOCK; r++)
            room->whole[j * BLOCK + r] = room->high[j * BLOCK + r] = room->low[j * BLOCK + r] = 0;
    for (size_t i = 0; i < columns; i++)
        for (size_t j = i; j < (m->has_products ? columns : i + 1); j++) {
            const double *a = room->whole + i * BLOCK;
            if (of->frame->weights.units)
                into->products[at++] += multiply_by_weight(a, room->whole + j * BLOCK, room->weights);
            else
                into->products[at++] += multiply(a, room->high + j * BLOCK, room->low + j * BLOCK);
        }
}

static void add_rows(const rfm_sitter *of, const rfm_moments *m, const rfm_draw *draw, int thread, part *into)
{
    size_t from, to, n = 0;
    rfm_sitter_share(of, thread, &from, &to);
    for (size_t row = from; row < to; row++) {
        if (rfm_sitter_weight(of, row) == 0 || !rfm_is_drawn(draw, of->frame, row))
            continue;
        fill_block(of, m, row, n++, into);
        if (n == BLOCK) {
            add_block(of, m, n, into);
            n = 0;
        }
    }
    if (n > 0)
        add_block(of, m, n, into);
}

/* ---- of all threads and ranks ----------------------------------------------------------------------------------- */

static size_t count_products(const rfm_moments *m)
{
    const size_t columns = (size_t)m->columns;
    return m->has_products ? columns * (columns + 1) / 2 : columns;
}

static void close_parts(part *parts, int threads)
{
    for (int t = 0; parts && t < threads; t++) {
        free(parts[t].room.whole);
        free(parts[t].weights);
        free(parts[t].sums);
        free(parts[t].products);
    }
    free(parts);
}

static part *open_parts(const rfm_sitter *of, const rfm_moments *m, rfm_error *err)
{
    const size_t slots = rfm_sitter_slots(of), cells = (size_t)m->columns * BLOCK;
    part *parts = rfm_alloc((size_t)of->threads, sizeof *parts, err);
    for (int t = 0; parts && t < of->threads; t++) {
        part *p = &parts[t];
        p->room.whole = rfm_alloc(3 * cells, sizeof(double), err);
        p->room.high = p->room.whole + cells;
        p->room.low = p->room.high + cells;
        p->weights = rfm_alloc(slots, sizeof *p->weights, err);
        p->sums = rfm_alloc(slots, (size_t)m->columns * sizeof *p->sums, err);
        p->products = rfm_alloc(count_products(m), sizeof *p->products, err);
    }
    if (err->status == RFM_OK)
        return parts;
    close_parts(parts, of->threads);
    return NULL;
}

static void take_part(const rfm_sitter *of, const part *from, rfm_moments *m)
{
    const size_t slots = rfm_sitter_slots(of), columns = (size_t)m->columns;
    m->n += from->n;
    m->weight += from->weight;
    for (size_t s = 0; s < slots; s++)
        m->weights[s] += from->weights[s];
    for (size_t i = 0; i < slots * columns; i++)
        m->sums[i] += from->sums[i];
    for (size_t i = 0; i < count_products(m); i++)
        m->products[i] += from->products[i];
}

/* Collective. */
static void sum_all(const rfm_sitter *of, part *parts, rfm_moments *m)
{
    const size_t slots = rfm_sitter_slots(of), columns = (size_t)m->columns;
    const double most = PRODUCTS_MOST / (2 * (double)count_products(m));
    const rfm_draw draw = rfm_draw_of(RFM_DRAW_MOMENTS, most < ROWS_MOST ? most : ROWS_MOST, of->frame->n_global);
#pragma omp parallel for num_threads(of->threads) schedule(static, 1)
    for (int t = 0; t < of->threads; t++)
        add_rows(of, m, &draw, t, &parts[t]);
    for (int t = 0; t < of->threads; t++)
        take_part(of, &parts[t], m);
    int64_t counts[2] = {m->n, m->weight};
    rfm_comm_reduce_i64(of->comm, RFM_SUM, counts, 2);
    m->n = counts[0];
    m->weight = counts[1];
    rfm_comm_reduce_i64(of->comm, RFM_SUM, m->weights, slots);
    rfm_comm_sum_i128(of->comm, m->sums, slots * columns);
    rfm_comm_sum_i128(of->comm, m->products, count_products(m));
}

/* Sums of the products of deviations, exact but for the last division: about whole numbers next to the means, and what
 * these are off is taken away. */
static void find_covariances(const rfm_sitter *of, rfm_moments *m, rfm_i128 *totals)
{
    const size_t slots = rfm_sitter_slots(of), columns = (size_t)m->columns;
    const rfm_i128 weight = m->weight;
    size_t at = 0;
    for (size_t j = 0; j < columns; j++) {
        totals[j] = 0;
        for (size_t s = 0; s < slots; s++)
            totals[j] += m->sums[s * columns + j];
        m->mean[j] = rfm_i128_to_double(totals[j]) / (double)m->weight;
    }
    for (size_t i = 0; i < columns; i++)
        for (size_t j = i; j < (m->has_products ? columns : i + 1); j++, at++) {
            const rfm_i128 a = totals[i] / weight, b = totals[j] / weight;
            const rfm_i128 about = m->products[at] - a * totals[j] - b * totals[i] + a * b * weight;
            const double off = rfm_i128_to_double(totals[i] - a * weight) * rfm_i128_to_double(totals[j] - b * weight);
            const double sum = rfm_i128_to_double(about) - off / (double)m->weight;
            const double steps = m->fine.per_step[i] > 0 && m->fine.per_step[j] > 0
                                     ? m->fine.per_step[i] * m->fine.per_step[j]
                                     : HUGE_VAL;
            m->covariance[at] = sum / (double)m->weight / steps;
        }
}

/* Place of the variance of column j. */
static size_t variance_at(const rfm_moments *m, size_t j)
{
    return m->has_products ? j * (size_t)m->columns - j * (j - 1) / 2 : j;
}

static void tell_standings(const rfm_sitter *of, const rfm_moments *m, rfm_portrait *portrait)
{
    const size_t d = (size_t)of->d, columns = (size_t)m->columns;
    for (size_t s = 0; s < (size_t)of->k; s++)
        for (size_t j = 0; j < d; j++) {
            const double mean = rfm_i128_to_double(m->sums[s * columns + j]) / (double)m->weights[s];
            const double variance = m->covariance[variance_at(m, j)];
            const double away = variance > 0 ? (mean - m->mean[j]) / m->fine.per_step[j] / sqrt(variance) : 0;
            portrait->standings[s * d + j] = m->weights[s] > 0 ? away : NAN;
        }
}

static rfm_status allocate(const rfm_sitter *of, rfm_moments *m, rfm_error *err)
{
    const size_t columns = (size_t)m->columns, slots = rfm_sitter_slots(of);
    m->fine.offset = rfm_alloc(columns, sizeof(double), err);
    m->fine.per_step = rfm_alloc(columns, sizeof(double), err);
    m->fine.small = rfm_alloc(columns, RFM_FINE_SMALL * sizeof(double), err);
    m->weights = rfm_alloc(slots, sizeof *m->weights, err);
    m->sums = rfm_alloc(slots, columns * sizeof *m->sums, err);
    m->products = rfm_alloc(count_products(m), sizeof *m->products, err);
    m->covariance = rfm_alloc(count_products(m), sizeof *m->covariance, err);
    m->mean = rfm_alloc(columns, sizeof *m->mean, err);
    return err->status;
}

rfm_status rfm_portrait_moments(const rfm_sitter *of, rfm_portrait *portrait, rfm_moments *moments, rfm_error *err)
{
    const int d = of->frame->d;
    *moments = (rfm_moments){.columns = of->columns, .has_products = d >= 2 && d == of->columns};
    rfm_i128 *totals = rfm_alloc((size_t)of->columns, sizeof *totals, err);
    part *parts = open_parts(of, moments, err);
    allocate(of, moments, err);
    if (rfm_comm_agree(of->comm, err) == RFM_OK) {
        fit_fine(of, &moments->fine);
        sum_all(of, parts, moments);
        find_covariances(of, moments, totals);
        tell_standings(of, moments, portrait);
        portrait->n_looked_at = moments->n;
    }
    close_parts(parts, of->threads);
    free(totals);
    return err->status;
}
