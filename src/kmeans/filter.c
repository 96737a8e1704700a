/* filter: see filter.h, which derives the bound. */
#include "filter.h"

#include "definition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void choose_scale(rfm_filter *filter, const rfm_grid *grid)
{
    double most = 0;
    for (int j = 0; j < filter->d; j++) {
        int64_t up = grid->high[j] - filter->centre[j], down = filter->centre[j] - grid->low[j];
        most = fmax(most, (double)(up > down ? up : down) * filter->step[j]);
    }
    int exponent = 0;
    frexp(most, &exponent);
    filter->scale = -exponent;
    filter->underflow = 2 * filter->d * (0x1p-90 + ldexp(1.0, 2 * filter->scale - 1074));
    for (int j = 0; j < filter->d; j++) {
        double multiplier = ldexp(filter->step[j], filter->scale);
        filter->multiplier[j] = multiplier < 0x1p-126 ? 0 : (float)multiplier;
    }
}

void rfm_filter_close(rfm_filter *filter)
{
    free(filter->multiplier);
    free(filter->c);
    free(filter->norm);
    free(filter->transposed);
    free(filter->scratch);
    memset(filter, 0, sizeof *filter);
}

rfm_status rfm_filter_open(rfm_filter *filter, const rfm_assignment *assignment, rfm_error *err)
{
    size_t d = (size_t)assignment->grid->d, k = (size_t)assignment->k;
    *filter = (rfm_filter){.d = assignment->grid->d,
                           .step = assignment->grid->step,
                           .centre = assignment->centre,
                           .bound = 1.05 * (assignment->grid->d + 8) * 0x1p-24,
                           .stride = (d + k + 15) / 8 * 8}; /* threads share no cache line */
    filter->row_slack = (float)(2 * filter->bound);
    filter->multiplier = rfm_alloc(d, sizeof *filter->multiplier, err);
    filter->c = rfm_alloc(k, d * sizeof *filter->c, err);
    filter->norm = rfm_alloc(k, sizeof *filter->norm, err);
    filter->transposed = rfm_alloc(k, d * sizeof *filter->transposed, err);
    filter->scratch = rfm_alloc((size_t)assignment->threads, filter->stride * sizeof *filter->scratch, err);
    if (err->status)
        rfm_filter_close(filter);
    else
        choose_scale(filter, assignment->grid);
    return err->status;
}

void rfm_filter_begin(rfm_filter *filter, int k, const double *centroids)
{
    size_t d = (size_t)filter->d;
    double longest = 0;
    filter->k = k;
    filter->centroids = centroids;
    filter->serves = true;
    rfm_definition_transpose(k, filter->d, centroids, filter->transposed);
    for (size_t c = 0; c < (size_t)k; c++) {
        double square = 0;
        for (size_t j = 0; j < d; j++) {
            double value = ldexp(centroids[c * d + j] - (double)filter->centre[j] * filter->step[j], filter->scale);
            filter->serves = filter->serves && fabs(value) < 4;
            filter->c[c * d + j] = (float)(-2 * value);
            square += value * value;
        }
        filter->norm[c] = (float)(square * (1 - filter->bound));
        longest = square > longest ? square : longest;
    }
    filter->slack = (float)(2 * filter->bound * longest + filter->underflow);
}

int32_t rfm_filter_settle(const rfm_filter *filter, int thread, const int32_t *index)
{
    double *position = filter->scratch + (size_t)thread * filter->stride, *distance = position + filter->d;
    rfm_definition_position(filter->d, filter->step, index, position);
    rfm_definition_distances(filter->k, filter->d, position, filter->transposed, distance);
    return rfm_definition_least(filter->k, distance);
}
