/* Weights of rows, as integers. The largest has 24 bits, the others are rounded to the same unit, and the unit is then
 * made as large as all of them allow: weights that are small integers stay what they are, so that a weight of 3 means
 * the same as the row three times. Weights that are all equal say nothing, and are left out. Knows nothing of what is
 * weighed. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "rfmpi/kmeans.h"

enum { BITS = 24, LEAST_EXPONENT = -1074 };

static const int64_t MOST_ROWS = INT64_C(1) << 35; /* sums.c: of products of 54 bits in two words */

void rfm_weights_free(rfm_weights *weights)
{
    free(weights->units);
    *weights = (rfm_weights){0};
}

static rfm_status check_weights(int64_t first, size_t n, const double *values, rfm_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!(values[i] >= 0 && values[i] <= DBL_MAX))
            return rfm_fail(err, RFM_DATA, "row %lld (from 0): a weight must be a finite number, 0 or more, not %g",
                            (long long)first + (long long)i, values[i]);
    return RFM_OK;
}

/* The number of zeros that all units end with, as binary numbers. */
static int count_zeros(rfm_comm *comm, const int64_t *units, size_t n)
{
    int64_t least = BITS;
    for (size_t i = 0; i < n; i++)
        if (units[i] > 0 && __builtin_ctzll((uint64_t)units[i]) < least)
            least = __builtin_ctzll((uint64_t)units[i]);
    rfm_comm_reduce_i64(comm, RFM_MIN, &least, 1);
    return (int)least;
}

/* Collective. */
static void round_weights(rfm_comm *comm, size_t n, const double *values, double most, rfm_weights *weights)
{
    int exponent;
    int64_t sums[2] = {0, 0};
    frexp(most, &exponent);
    exponent = exponent - BITS < LEAST_EXPONENT ? LEAST_EXPONENT : exponent - BITS;
    for (size_t i = 0; i < n; i++)
        weights->units[i] = (int64_t)rint(ldexp(values[i], -exponent));
    const int zeros = count_zeros(comm, weights->units, n);
    for (size_t i = 0; i < n; i++) {
        weights->units[i] >>= zeros;
        sums[0] += weights->units[i] > 0;
        sums[1] += weights->units[i];
    }
    rfm_comm_reduce_i64(comm, RFM_SUM, sums, 2);
    weights->n = sums[0];
    weights->total = sums[1];
    weights->unit = ldexp(1, exponent + zeros);
}

/* What is wrong with all of them together: the same on every rank. */
static rfm_status check_all(double most, int64_t n_global, rfm_error *err)
{
    if (n_global > MOST_ROWS)
        return rfm_fail(err, RFM_DATA, "%lld rows are too many for weights", (long long)n_global);
    if (!(most > 0))
        return rfm_fail(err, RFM_DATA, "all weights are 0");
    if (!(most * (double)n_global <= DBL_MAX))
        return rfm_fail(err, RFM_DATA, "weights of up to %g have no finite sum", most);
    return RFM_OK;
}

rfm_status rfm_weights_init(rfm_comm *comm, size_t n_local, const double *values, rfm_weights *weights, rfm_error *err)
{
    const int64_t first = rfm_comm_before_i64(comm, (int64_t)n_local);
    int64_t n_global = (int64_t)n_local;
    double most = 0, least = HUGE_VAL;
    *weights = (rfm_weights){0};
    check_weights(first, n_local, values, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < n_local; i++) {
        most = values[i] > most ? values[i] : most;
        least = values[i] < least ? values[i] : least;
    }
    rfm_comm_reduce_f64(comm, RFM_MAX, &most, 1);
    rfm_comm_reduce_f64(comm, RFM_MIN, &least, 1);
    rfm_comm_reduce_i64(comm, RFM_SUM, &n_global, 1);
    if (check_all(most, n_global, err) != RFM_OK)
        return err->status;
    *weights = (rfm_weights){.unit = most, .n = n_global, .total = n_global};
    if (!(least < most))
        return RFM_OK;
    weights->units = rfm_alloc(n_local, sizeof *weights->units, err);
    if (rfm_comm_agree(comm, err) == RFM_OK)
        round_weights(comm, n_local, values, most, weights);
    else
        rfm_weights_free(weights);
    return err->status;
}
