/* Rows as the caller has them: checked, and made doubles that lie one behind the other. */
#include "library.h"

#include <math.h>

enum { MOST_COLUMNS = 65536, FEW_VALUES = 16384 };

rfm_status rows_take(const rfmpi_rows *theirs, rfmpi_rows *own, rfm_error *err)
{
    if (struct_take(own, sizeof *own, theirs, "rfmpi_rows", err) != RFM_OK)
        return err->status;
    if (own->d < 1 || own->d > MOST_COLUMNS)
        return rfm_fail(err, RFM_USAGE, "d is %d; it must be from 1 to %d", own->d, (int)MOST_COLUMNS);
    if (own->type != RFMPI_DOUBLE && own->type != RFMPI_FLOAT)
        return rfm_fail(err, RFM_USAGE, "%d is no type of values", own->type);
    if (own->stride == 0)
        own->stride = (size_t)own->d;
    if (own->stride < (size_t)own->d)
        return rfm_fail(err, RFM_USAGE, "the stride is %zu, but a row has %d values", own->stride, own->d);
    if (own->n > 0 && !own->values)
        return rfm_fail(err, RFM_USAGE, "%zu rows without values", own->n);
    if (own->n > (size_t)PTRDIFF_MAX / sizeof(double) / own->stride)
        return rfm_fail(err, RFM_USAGE, "%zu rows of %zu values are more than memory can hold", own->n, own->stride);
    return RFM_OK;
}

static double value_at(const rfmpi_rows *rows, size_t i, size_t j)
{
    const size_t at = i * rows->stride + j;
    return rows->type == RFMPI_FLOAT ? (double)((const float *)rows->values)[at] : ((const double *)rows->values)[at];
}

rfm_status rows_check_finite(const rfmpi_rows *rows, rfm_error *err)
{
    const size_t d = (size_t)rows->d;
    size_t bad = rows->n * d;
#pragma omp parallel for schedule(static) reduction(min : bad) if (rows->n * d > FEW_VALUES)
    for (size_t i = 0; i < rows->n; i++)
        for (size_t j = 0; j < d; j++)
            if (!isfinite(value_at(rows, i, j)))
                bad = i * d + j < bad ? i * d + j : bad;
    if (bad == rows->n * d)
        return RFM_OK;
    return rfm_fail(err, RFM_DATA, "row %zu of this rank, column %zu (from 0): %g is no finite number", bad / d,
                    bad % d, value_at(rows, bad / d, bad % d));
}

void rows_copy(const rfmpi_rows *rows, size_t first, size_t n, double *to)
{
    const size_t d = (size_t)rows->d;
#pragma omp parallel for schedule(static) if (n * d > FEW_VALUES)
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            to[i * d + j] = value_at(rows, first + i, j);
}
