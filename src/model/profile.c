/* Where the values of each feature lie: nine cuts into tenths of the training customers, and the share of each. The
 * shift between two profiles is the population stability index, sum (p - q) ln(p / q); no share is taken for less than
 * FLOOR. Below 0.1 is commonly read as stable, above 0.25 as another population. */
#include <math.h>
#include <stdlib.h>

#include "frame.h"

enum { SAMPLE = 20000 };

static const double FLOOR = 1e-4;

/* Who is drawn, by the customers' keys. */
typedef struct lot {
    double share;
    uint64_t stream;
} lot;

static lot lot_of(const rfm_frame *frame)
{
    return (lot){.share = frame->n_global > SAMPLE ? (double)SAMPLE / (double)frame->n_global : 1,
                 .stream = rfm_random_stream(0, (rfm_purpose){.use = RFM_RANDOM_PROFILE})};
}

static bool is_drawn(const lot *by, const rfm_frame *frame, size_t i)
{
    return by->share >= 1 || rfm_random_unit(by->stream, rfm_frame_key(frame, i)) < by->share;
}

/* The rows of a sample, end to end over all ranks, column by column. */
typedef struct sample {
    size_t n, d;
    double *values; /* [d][n] */
} sample;

static rfm_status draw_sample(rfm_comm *comm, const rfm_frame *frame, sample *drawn, rfm_error *err)
{
    const size_t d = (size_t)frame->d;
    const lot by = lot_of(frame);
    rfm_text rows = {0};
    void *all = NULL;
    size_t *offsets = NULL;
    for (size_t i = 0; i < frame->n; i++)
        if (is_drawn(&by, frame, i))
            rfm_text_add(&rows, frame->values + i * d, d * sizeof(double));
    rfm_text_check(&rows, err);
    if (rfm_comm_agree(comm, err) == RFM_OK &&
        rfm_comm_allgather_bytes(comm, rows.bytes, rows.length, &all, &offsets, err) == RFM_OK) {
        *drawn = (sample){.n = offsets[rfm_comm_size(comm)] / (d * sizeof(double)), .d = d};
        drawn->values = rfm_alloc(drawn->n, d * sizeof(double), err);
        for (size_t i = 0; drawn->values && i < drawn->n; i++)
            for (size_t j = 0; j < d; j++)
                drawn->values[j * drawn->n + i] = ((const double *)all)[i * d + j];
        rfm_comm_agree(comm, err);
    }
    rfm_text_free(&rows);
    free(all);
    free(offsets);
    return err->status;
}

static int compare_values(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of type 7 (Hyndman and Fan 1996). */
static void cut_into_tenths(double *values, size_t n, double *cuts)
{
    qsort(values, n, sizeof *values, compare_values);
    for (size_t c = 0; n > 0 && c < RFM_PROFILE_CUTS; c++) {
        const double at = (double)(n - 1) * (double)(c + 1) / RFM_PROFILE_BINS;
        const size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
        cuts[c] = values[below] + (at - (double)below) * (values[above] - values[below]);
    }
}

/* Collective. The same by weight: what is not of the sample weighs nothing. */
static rfm_status cut_by_weight(rfm_comm *comm, const rfm_frame *frame, double *cuts, rfm_error *err)
{
    const lot by = lot_of(frame);
    int64_t *weights = rfm_alloc(frame->n, sizeof *weights, err);
    double tenths[RFM_PROFILE_CUTS];
    for (int c = 0; c < RFM_PROFILE_CUTS; c++)
        tenths[c] = (double)(c + 1) / RFM_PROFILE_BINS;
    for (size_t i = 0; weights && i < frame->n; i++)
        weights[i] = is_drawn(&by, frame, i) ? frame->weights.units[i] : 0;
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        const rfm_columns all = {frame->n, (size_t)frame->d, frame->values, weights, frame->d, NULL};
        rfm_columns_quantiles(comm, &all, RFM_PROFILE_CUTS, tenths, cuts, NULL, err);
    }
    free(weights);
    return err->status;
}

rfm_status rfm_profile_cuts(rfm_comm *comm, const rfm_frame *frame, double *cuts, rfm_error *err)
{
    sample drawn = {0};
    const size_t rank = (size_t)rfm_comm_rank(comm), ranks = (size_t)rfm_comm_size(comm);
    if (frame->weights.units)
        return cut_by_weight(comm, frame, cuts, err);
    if (draw_sample(comm, frame, &drawn, err) == RFM_OK) {
        rfm_assert(drawn.values != NULL);
        for (size_t c = 0; c < drawn.d * RFM_PROFILE_CUTS; c++)
            cuts[c] = drawn.n > 0 ? HUGE_VAL : 0;
        for (size_t j = rank; j < drawn.d; j += ranks)
            cut_into_tenths(drawn.values + j * drawn.n, drawn.n, cuts + j * RFM_PROFILE_CUTS);
        rfm_comm_reduce_f64(comm, RFM_MIN, cuts, drawn.d * RFM_PROFILE_CUTS);
    }
    free(drawn.values);
    return err->status;
}

/* How many cuts lie below a value. */
static int bin_of(const double *cuts, double value)
{
    int bin = 0;
    for (int c = 0; c < RFM_PROFILE_CUTS; c++)
        bin += value > cuts[c];
    return bin;
}

rfm_status rfm_profile_shares(rfm_comm *comm, const rfm_frame *frame, const double *cuts, double *shares,
                              rfm_error *err)
{
    const size_t d = (size_t)frame->d, n = d * RFM_PROFILE_BINS;
    int64_t *counts = rfm_alloc(n, sizeof *counts, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        const int64_t *weights = frame->weights.units;
        for (size_t i = 0; i < frame->n; i++)
            for (size_t j = 0; j < d; j++) {
                const int bin = bin_of(cuts + j * RFM_PROFILE_CUTS, frame->values[i * d + j]);
                counts[j * RFM_PROFILE_BINS + (size_t)bin] += weights ? weights[i] : 1;
            }
        rfm_comm_reduce_i64(comm, RFM_SUM, counts, n);
        for (size_t b = 0; b < n; b++)
            shares[b] = (double)counts[b] / (double)(weights ? frame->weights.total : frame->n_global);
    }
    free(counts);
    return err->status;
}

double rfm_profile_shift(const double *from, const double *to)
{
    double sum = 0;
    for (int b = 0; b < RFM_PROFILE_BINS; b++) {
        const double q = from[b] > FLOOR ? from[b] : FLOOR, p = to[b] > FLOOR ? to[b] : FLOOR;
        sum += (p - q) * rfm_ln(p / q);
    }
    return sum;
}
