/* Statistics of one column over all ranks, by weight: exact functions of the set of its values, by extremes and sums of
 * integers. What is NaN, or weighs nothing, does not count. */
#include <math.h>

#include "rfmpi/scaling.h"

static int64_t weight_of(const rfm_column *c, size_t i)
{
    const int64_t weight = c->weights ? c->weights[i] : 1;
    return isnan(c->values[i * c->stride]) ? 0 : weight;
}

rfm_spread rfm_column_spread(rfm_comm *comm, const rfm_column *c)
{
    double low = INFINITY, negated = INFINITY;
    int64_t total = 0;
    for (size_t i = 0; i < c->n; i++) {
        const double x = c->values[i * c->stride];
        const int64_t weight = weight_of(c, i);
        total += weight;
        low = weight > 0 && x < low ? x : low;
        negated = weight > 0 && -x < negated ? -x : negated;
    }
    double both[2] = {low, negated};
    rfm_comm_reduce_f64(comm, RFM_MIN, both, 2);
    rfm_comm_reduce_i64(comm, RFM_SUM, &total, 1);
    return (rfm_spread){both[0], -both[1], total};
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* The sum in 128 bits, the division and the power of two each round once (the last only below 2^-1022). */
double rfm_column_mean(rfm_comm *comm, const rfm_column *c, const rfm_spread *spread)
{
    const int exponent = rfm_quantum_exponent(larger(fabs(spread->least), fabs(spread->greatest)));
    rfm_i128 sum = 0;
    for (size_t i = 0; i < c->n; i++) {
        const int64_t weight = weight_of(c, i);
        if (weight > 0)
            sum += weight * rfm_quantum_round(c->values[i * c->stride], exponent);
    }
    rfm_comm_sum_i128(comm, &sum, 1);
    return ldexp(rfm_i128_to_double(sum) / (double)spread->total, exponent);
}

/* The largest deviation is brought to [1/2, 1) by a power of two first, so that squares neither overflow nor vanish. */
double rfm_column_deviation(rfm_comm *comm, const rfm_column *c, const rfm_spread *spread, double mean)
{
    int shift;
    frexp(larger(spread->greatest - mean, mean - spread->least), &shift);
    const int exponent = rfm_quantum_exponent(1);
    const double half = ldexp(1, -shift / 2), rest = ldexp(1, -shift - -shift / 2); /* 2^-shift may not be a double */
    rfm_i128 sum = 0;
    for (size_t i = 0; i < c->n; i++) {
        const int64_t weight = weight_of(c, i);
        const double x = (c->values[i * c->stride] - mean) * half * rest;
        if (weight > 0)
            sum += weight * rfm_quantum_round(x * x, exponent);
    }
    rfm_comm_sum_i128(comm, &sum, 1);
    return ldexp(sqrt(ldexp(rfm_i128_to_double(sum) / (double)spread->total, exponent)), shift);
}
