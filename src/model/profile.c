/* Where the values of each feature lie: nine cuts into tenths of the training customers, and the share of each. The
 * shift between two profiles is the population stability index, sum (p - q) ln(p / q); no share is taken for less than
 * FLOOR. Below 0.1 is commonly read as stable, above 0.25 as another population. */
#include <stdlib.h>

#include "frame.h"

static const double FLOOR = 1e-4;

rfm_status rfm_profile_cuts(rfm_comm *comm, const rfm_frame *frame, double *cuts, rfm_error *err)
{
    static const double tenths[RFM_PROFILE_CUTS] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
    for (int j = 0; j < frame->d && !err->status; j++) {
        const rfm_column column = {frame->n, (size_t)frame->d, frame->values + j};
        rfm_quantiles(comm, &column, RFM_PROFILE_CUTS, tenths, cuts + (size_t)j * RFM_PROFILE_CUTS, err);
    }
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
        for (size_t i = 0; i < frame->n; i++)
            for (size_t j = 0; j < d; j++)
                counts[j * RFM_PROFILE_BINS + (size_t)bin_of(cuts + j * RFM_PROFILE_CUTS, frame->values[i * d + j])]++;
        rfm_comm_reduce_i64(comm, RFM_SUM, counts, n);
        for (size_t b = 0; b < n; b++)
            shares[b] = (double)counts[b] / (double)frame->n_global;
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
