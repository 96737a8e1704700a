/* filter: distances in single precision with a proven bound. What they cannot decide, the definition decides.
 *
 * Positions are taken from the assignment's centre and scaled by a power of two 2^t so that the largest is about 1:
 * X_j = (index_j - centre_j) step_j 2^t and C_j = (centroid_j - centre_j step_j) 2^t. Distances differ from
 * |C|^2 - 2 X.C by |X|^2, which no centroid changes. Let u = 2^-24, and x_j, c_j be what is computed of X_j, C_j:
 *
 *   - x_j = X_j (1 + a), |a| <= u: the difference of indices is exact, its conversion to float is rounded once.
 *   - c_j = C_j (1 + b), |b| <= u + 2^-53: rounded once in double, once to float.
 *   - The sum over j, in any order, fused or not: error <= gamma_d 2 sum |x_j c_j|, gamma_d = d u / (1 - d u)
 *     (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
 *   - With 2 |X_j C_j| <= X_j^2 + C_j^2 the product is thus within (d + 2) u (|X|^2 + |C|^2) of the truth, to first
 *     order.
 *   - |C|^2, summed in double and rounded to float, adds u |C|^2; the final addition at most u (2 |C|^2 + |X|^2).
 *   - The definition's own rounding is at most (d + 2) 2^-53 2 (|X|^2 + |C|^2), below u (|X|^2 + |C|^2) for d <= 2^16.
 *
 * All of it, and the second-order terms (d u <= 2^-8), is below e = K u (|X|^2 + |C|^2) + e0, K = 1.05 (d + 8), where
 * e0 is for underflow: a column whose step vanishes in float is left out, an error of at most 2^-95 in X_j and C_j,
 * each of them below 4 in magnitude; any operation flushes at most 2^-126; together below d 2^-90. The definition
 * itself loses at most 2^-1074 a column where it underflows, in units that the filter scales by 2^2t.
 *
 * Computed are lower values L_c = |C_c|^2 (1 - K u) - 2 X.C_c. Let b be the centroid of the least and s of the second
 * least. When L_s - L_b > 2 K u (|X|^2 + |C_b|^2) + 2 e0, with the longest C for C_b, every other centroid is farther
 * than b by the definition.
 *
 * Of the squared distances themselves it follows that D_c >= |X|^2 + L_c - K u |X|^2 - e0 for every c, and that D_b <=
 * |X|^2 + L_b + K u |X|^2 + 2 K u |C_b|^2 + e0; |X|^2 as computed is off by at most (d + 1) u |X|^2, which a second
 * 2 K u |X|^2 has room for.
 */
#ifndef RFMPI_KMEANS_FILTER_H
#define RFMPI_KMEANS_FILTER_H

#include "assigner.h"

typedef struct rfm_filter {
    int d, k;
    const double *step;
    const int32_t *centre;
    int scale;         /* t */
    double bound;      /* K u */
    double underflow;  /* 2 e0: what squared distances may lose, in the filter's units */
    float *multiplier; /* [d] step_j 2^t, 0 where that underflows */
    float *c;          /* [k][d] -2 C */
    float *norm;       /* [k] |C|^2 (1 - K u) */
    float slack;       /* 2 K u |C|^2 + 2 e0 of the longest C */
    float row_slack;   /* 2 K u */
    bool serves;       /* false: centroids so far out that floats do not serve; the definition decides all */
    const double *centroids;
    double *transposed; /* [d][k] of them */
    size_t stride;
    double *scratch; /* [threads][stride]: a position and k distances */
} rfm_filter;

/* What a filter finds of n rows: |X|^2, the least and second least of L_c, and whose the least is. */
typedef struct rfm_found {
    float *squares, *best, *second;
    int32_t *label;
} rfm_found;

rfm_status rfm_filter_open(rfm_filter *filter, const rfm_assignment *assignment, rfm_error *err);
void rfm_filter_begin(rfm_filter *filter, int k, const double *centroids); /* positions, borrowed until the next one */
void rfm_filter_close(rfm_filter *filter);

/* The label of the definition. index: of one row. */
int32_t rfm_filter_settle(const rfm_filter *filter, int thread, const int32_t *index);

/* The difference is rounded once, and so is the sum that bounds it: K has room for that. */
static inline bool rfm_filter_decides(const rfm_filter *filter, const rfm_found *found, size_t i)
{
    float room = filter->row_slack * found->squares[i] + filter->slack;
    return found->second[i] - found->best[i] > room;
}

#endif
