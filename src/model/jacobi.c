/* Eigenvectors of a symmetric matrix by Jacobi's rotations, row by row. No library's: another processor's kernel would
 * give other bits. */
#include "portrait.h"

#include <math.h>

enum { SWEEPS_MOST = 60 };

/* Rotates the columns p and q of rows: (x, y) becomes (c x - s y, s x + c y). */
typedef struct rotation {
    size_t p, q;
    double c, s;
} rotation;

/* The one that makes element (p, q) zero, by the smaller of two angles. */
static rotation find_rotation(const double *a, size_t n, size_t p, size_t q)
{
    const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
    const double size = fabs(theta) + sqrt(theta * theta + 1);
    const double t = theta < 0 ? -1 / size : 1 / size, c = 1 / sqrt(t * t + 1);
    return (rotation){p, q, c, t * c};
}

static void turn(const rotation *by, double *x, double *y)
{
    const double from_x = *x, from_y = *y;
    *x = by->c * from_x - by->s * from_y;
    *y = by->s * from_x + by->c * from_y;
}

static void rotate(double *a, double *vectors, size_t n, const rotation *by)
{
    for (size_t i = 0; i < n; i++)
        turn(by, &a[i * n + by->p], &a[i * n + by->q]);
    for (size_t i = 0; i < n; i++)
        turn(by, &a[by->p * n + i], &a[by->q * n + i]);
    for (size_t i = 0; i < n; i++)
        turn(by, &vectors[i * n + by->p], &vectors[i * n + by->q]);
    a[by->p * n + by->q] = a[by->q * n + by->p] = 0;
}

/* Nothing that is left of an element would show in the diagonal. */
static bool is_nothing(const double *a, size_t n, size_t p, size_t q)
{
    const double small = 0x1p-60 * (fabs(a[p * n + p]) + fabs(a[q * n + q]));
    return fabs(a[p * n + q]) <= small;
}

void rfm_jacobi(size_t n, double *matrix, double *values, double *vectors)
{
    for (size_t i = 0; i < n * n; i++)
        vectors[i] = i % (n + 1) == 0;
    bool changed = true;
    for (int sweep = 0; changed && sweep < SWEEPS_MOST; sweep++) {
        changed = false;
        for (size_t p = 0; p + 1 < n; p++)
            for (size_t q = p + 1; q < n; q++) {
                if (is_nothing(matrix, n, p, q))
                    continue;
                const rotation by = find_rotation(matrix, n, p, q);
                rotate(matrix, vectors, n, &by);
                changed = true;
            }
    }
    for (size_t i = 0; i < n; i++)
        values[i] = matrix[i * n + i];
}
