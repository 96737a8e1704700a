/* split: what each cluster would gain by being two. On a sample of the rows, keyed by customer; all clusters at once.
 *
 * A cluster's second centre is drawn among its rows, with probability proportional to the squared distance from its
 * mean, the first is its mirror image; a few iterations of k-means with two centroids follow. With n1 and n2 rows about
 * the means m1 and m2 the inertia falls by n1 n2 / (n1 + n2) |m1 - m2|^2. Knows nothing of what is then done. */
#include "pool.h"
#include "search.h"

#include "definition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_PER_CLUSTER = 1000, LEAST_SAMPLE = 50000, ITERATIONS = 8 };

rfm_status rfm_split_init(rfm_work *work, uint64_t stream, int k, rfm_split *split, rfm_error *err)
{
    const rfm_matrix *matrix = work->matrix;
    size_t d = (size_t)matrix->d, room = (size_t)k;
    double wanted = (double)k * ROWS_PER_CLUSTER;
    double share = (wanted > LEAST_SAMPLE ? wanted : LEAST_SAMPLE) / (double)matrix->n_global;
    *split = (rfm_split){.k_most = k};
    split->row = rfm_alloc(matrix->n, sizeof *split->row, err);
    split->sums = rfm_sums_shape(matrix->d, matrix->weights.units != NULL);
    split->sums.words = rfm_alloc(room, 2 * split->sums.stride * sizeof *split->sums.words, err);
    split->halves = rfm_alloc(room, 2 * d * sizeof *split->halves, err);
    split->gain = rfm_alloc(room, sizeof *split->gain, err);
    split->pick = rfm_alloc(room, sizeof *split->pick, err);
    for (size_t i = 0; !err->status && i < matrix->n; i++)
        if (share >= 1 || rfm_random_unit(stream, matrix->key[i]) < share)
            split->row[split->n++] = i;
    if (rfm_comm_agree(work->comm, err))
        rfm_split_free(split);
    return err->status;
}

void rfm_split_free(rfm_split *split)
{
    free(split->row);
    free(split->sums.words);
    free(split->halves);
    free(split->gain);
    free(split->pick);
    *split = (rfm_split){0};
}

/* ---- first halves ----------------------------------------------------------------------------------------------- */

/* One row of each cluster, by the exponential race. */
static void draw_rows(const rfm_work *work, rfm_split *split, int k, const double *centroids, uint64_t stream)
{
    const rfm_matrix *matrix = work->matrix;
    const int d = matrix->d;
    for (int c = 0; c < k; c++)
        split->pick[c] = (rfm_pick){HUGE_VAL, RFM_POOL_NONE};
    for (size_t s = 0; s < split->n; s++) {
        const size_t i = split->row[s];
        const int32_t c = work->labels[i];
        double distance = rfm_definition_row_distance(d, matrix->grid->step, rfm_work_row(work, i),
                                                      centroids + (size_t)c * (size_t)d);
        distance *= (double)rfm_work_weight(work, i);
        if (distance > 0)
            rfm_pick_offer(&split->pick[c], -rfm_ln(rfm_random_unit(stream, matrix->key[i])) / distance,
                           matrix->first + (int64_t)i);
    }
}

static void agree_on_rows(rfm_work *work, rfm_split *split, int k)
{
    const rfm_pool pool = rfm_pool_of(work);
    for (int first = 0; first < k; first += RFM_TRIALS_MOST)
        rfm_pool_agree(&pool, split->pick + first, k - first < RFM_TRIALS_MOST ? k - first : RFM_TRIALS_MOST);
    rfm_pool_fetch(&pool, split->pick, k, split->sums.words);
}

static void place_halves(const rfm_work *work, rfm_split *split, int k, const double *centroids)
{
    const int d = work->matrix->d;
    for (int c = 0; c < k; c++) {
        const double *mean = centroids + (size_t)c * (size_t)d;
        double *one = rfm_split_half(split, d, c, 0), *two = rfm_split_half(split, d, c, 1);
        for (int j = 0; j < d; j++) {
            double drawn = (double)split->sums.words[(size_t)c * (size_t)d + (size_t)j] * work->matrix->grid->step[j];
            one[j] = split->pick[c].row == RFM_POOL_NONE ? mean[j] : drawn;
            two[j] = 2 * mean[j] - one[j];
        }
    }
}

/* ---- iterations ------------------------------------------------------------------------------------------------- */

static void add_sample(const rfm_work *work, rfm_split *split, int k)
{
    const int d = work->matrix->d;
    const double *step = work->matrix->grid->step;
    memset(split->sums.words, 0, (size_t)k * 2 * split->sums.stride * sizeof *split->sums.words);
    for (size_t s = 0; s < split->n; s++) {
        const size_t i = split->row[s];
        const int32_t *index = rfm_work_row(work, i);
        const int c = work->labels[i];
        double one = rfm_definition_row_distance(d, step, index, rfm_split_half(split, d, c, 0));
        double two = rfm_definition_row_distance(d, step, index, rfm_split_half(split, d, c, 1));
        const int half = 2 * c + (two < one);
        const int64_t weight = rfm_work_weight(work, i);
        for (int j = 0; j < d; j++)
            rfm_sums_add(&split->sums, half, j, weight * index[j]);
        rfm_sums_of(&split->sums, half)[d] += weight;
    }
}

static void move_halves(const rfm_work *work, rfm_split *split, int k)
{
    const size_t d = (size_t)work->matrix->d;
    for (int h = 0; h < 2 * k; h++)
        if (rfm_sums_count(&split->sums, h) > 0)
            rfm_sums_mean(&split->sums, work->matrix->grid->step, h, split->halves + (size_t)h * d);
}

static double gain_of(const rfm_work *work, const rfm_split *split, int c)
{
    const int d = work->matrix->d;
    double n1 = (double)rfm_sums_count(&split->sums, 2 * c), n2 = (double)rfm_sums_count(&split->sums, 2 * c + 1);
    if (!(n1 > 0 && n2 > 0))
        return 0;
    double apart = rfm_definition_distance(d, rfm_split_half(split, d, c, 0), rfm_split_half(split, d, c, 1));
    return n1 * n2 / (n1 + n2) * apart * ((double)rfm_sums_count(&work->sums, c) / (n1 + n2));
}

void rfm_split_find(rfm_work *work, rfm_split *split, int k, const double *centroids, uint64_t stream)
{
    draw_rows(work, split, k, centroids, stream);
    agree_on_rows(work, split, k);
    place_halves(work, split, k, centroids);
    for (int i = 0; i < ITERATIONS; i++) {
        add_sample(work, split, k);
        rfm_comm_reduce_i64(work->comm, RFM_SUM, split->sums.words, (size_t)k * 2 * split->sums.stride);
        move_halves(work, split, k);
    }
    for (int c = 0; c < k; c++)
        split->gain[c] = gain_of(work, split, c);
}
