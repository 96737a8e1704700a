/* Inertia from integers. With Q the sum of squared indices of a column, S_c and n_c sum and count of a cluster:
 *
 *   about the means:      step^2 (Q - sum_c S_c^2 / n_c)
 *   about centroids C_c:  the same plus sum_c n_c (C_c - step S_c / n_c)^2
 *
 * S_c^2 / n_c is taken apart in quotient, subtracted in 128 bits, and remainder, whose fractions are summed as doubles
 * in the order of the clusters: nothing cancels, and nothing depends on where the rows are. Knows nothing of rows. */
#include <math.h>

#include "work.h"

/* Q - sum of S^2 / n, in units of step^2. |S| <= 2^62 and Q <= 2^92 by the choice of the grid. */
static double measure_about_means(const rfm_sums *sums, int k, int j, rfm_i128 squares)
{
    double fractions = 0;
    for (int c = 0; c < k; c++) {
        const int64_t *word = rfm_sums_of(sums, c);
        int64_t n = word[sums->d];
        if (n == 0)
            continue;
        rfm_i128 square = (rfm_i128)word[j] * word[j], quotient = square / n;
        squares -= quotient;
        fractions += (double)(int64_t)(square - quotient * n) / (double)n;
    }
    return fmax(rfm_i128_to_double(squares) - fractions, 0);
}

/* mean - centroid in units of the step: both are taken from the whole number below the centroid, so that the difference
 * of two close numbers keeps its digits. */
static double measure_shift(int64_t sum, int64_t n, double centroid)
{
    double whole = floor(centroid);
    if (!(fabs(whole) < 0x1p52))
        return (double)sum / (double)n - centroid;
    rfm_i128 rest = (rfm_i128)sum - (rfm_i128)n * (int64_t)whole;
    return rfm_i128_to_double(rest) / (double)n - (centroid - whole);
}

static double measure_shifts(const rfm_sums *sums, int k, int j, double step, const double *centroids)
{
    double total = 0;
    for (int c = 0; c < k; c++) {
        const int64_t *word = rfm_sums_of(sums, c);
        int64_t n = word[sums->d];
        if (n == 0)
            continue;
        double shift = measure_shift(word[j], n, centroids[(size_t)c * (size_t)sums->d + (size_t)j] / step);
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

double rfm_inertia_variance(const rfm_work *work)
{
    int d = work->matrix->d;
    int64_t n = work->matrix->n_global;
    double total = 0;
    for (int j = 0; j < d; j++) {
        double step = work->matrix->grid->step[j];
        rfm_i128 square = (rfm_i128)work->totals[j] * work->totals[j];
        total += rfm_i128_to_double(work->squares[j] - square / n) / (double)n * step * step;
    }
    return total / d;
}
