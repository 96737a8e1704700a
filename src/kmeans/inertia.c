/* Inertia from integers. With Q the sum of squared indices of a column, S_c and n_c sum and count of a cluster (all of
 * them by weight):
 *
 *   about the means:      step^2 (Q - sum_c S_c^2 / n_c)
 *   about centroids C_c:  the same plus sum_c n_c (C_c - step S_c / n_c)^2
 *
 * S_c^2 / n_c is taken apart in quotient, subtracted in 128 bits, and remainder, whose fractions are summed as doubles
 * in the order of the clusters: nothing cancels, and nothing depends on where the rows are. Knows nothing of rows. */
#include <math.h>

#include "work.h"

/* floor(S^2 / n), where the square itself may pass 128 bits; *rest: what it leaves of S^2. With S = q n + r it is
 * q^2 n + 2 q r + floor(r^2 / n), and |q| <= 2^52, r < n <= 2^60. */
static rfm_i128 divide_square(rfm_i128 sum, int64_t n, int64_t *rest)
{
    rfm_i128 q = sum / n, r = sum - q * n;
    if (r < 0) {
        r += n;
        q--;
    }
    const rfm_i128 quotient = r * r / n;
    *rest = (int64_t)(r * r - quotient * n);
    return q * q * n + 2 * q * r + quotient;
}

/* Q - sum of S^2 / n, in units of step^2. By the choice of the grid, |S| <= 2^62 and Q <= 2^92; with weights, 2^86 and
 * 2^116. */
static double measure_about_means(const rfm_sums *sums, int k, int j, rfm_i128 squares)
{
    double fractions = 0;
    for (int c = 0; c < k; c++) {
        int64_t n = rfm_sums_count(sums, c), rest;
        if (n == 0)
            continue;
        squares -= divide_square(rfm_sums_value(sums, c, j), n, &rest);
        fractions += (double)rest / (double)n;
    }
    return fmax(rfm_i128_to_double(squares) - fractions, 0);
}

/* mean - centroid in units of the step: both are taken from the whole number below the centroid, so that the difference
 * of two close numbers keeps its digits. */
static double measure_shift(rfm_i128 sum, int64_t n, double centroid)
{
    double whole = floor(centroid);
    if (!(fabs(whole) < 0x1p52))
        return rfm_i128_to_double(sum) / (double)n - centroid;
    rfm_i128 rest = sum - (rfm_i128)n * (int64_t)whole;
    return rfm_i128_to_double(rest) / (double)n - (centroid - whole);
}

static double measure_shifts(const rfm_sums *sums, int k, int j, double step, const double *centroids)
{
    double total = 0;
    for (int c = 0; c < k; c++) {
        int64_t n = rfm_sums_count(sums, c);
        if (n == 0)
            continue;
        double centroid = centroids[(size_t)c * (size_t)sums->d + (size_t)j] / step;
        double shift = measure_shift(rfm_sums_value(sums, c, j), n, centroid);
        total += (double)n * (shift * shift);
    }
    return total;
}

double rfm_inertia_value(const rfm_sums *sums, int k, const rfm_i128 *squares, const double *step,
                         const double *centroids)
{
    double inertia = 0;
    for (int j = 0; j < sums->d; j++) {
        double column = measure_about_means(sums, k, j, squares[j]);
        if (centroids)
            column += measure_shifts(sums, k, j, step[j], centroids);
        inertia += column * step[j] * step[j];
    }
    return inertia;
}

double rfm_inertia_of(const rfm_work *work, int k, const double *centroids)
{
    return rfm_inertia_value(&work->sums, k, work->squares, work->matrix->grid->step, centroids);
}

double rfm_inertia_variance(const rfm_work *work)
{
    int d = work->matrix->d;
    int64_t n = work->matrix->weights.total, rest;
    double total = 0;
    for (int j = 0; j < d; j++) {
        double step = work->matrix->grid->step[j];
        rfm_i128 square = divide_square(work->totals[j], n, &rest);
        total += rfm_i128_to_double(work->squares[j] - square) / (double)n * step * step;
    }
    return total / d;
}
