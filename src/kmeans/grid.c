/* The grid: offsets and power-of-two steps that turn scaled values into small integers, from the global extremes.
 * Knows nothing of clusters. */
#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"

static const double SATURATION = 4503599627370496.0; /* 2^52 */
static const int LEAST_EXPONENT = -1022;

void rfm_grid_free(rfm_grid *grid)
{
    if (!grid)
        return;
    free(grid->offset);
    free(grid->step);
    free(grid->low);
    free(grid->high);
    memset(grid, 0, sizeof *grid);
}

static rfm_status allocate(rfm_grid *grid, int d, rfm_error *err)
{
    size_t n = d > 0 ? (size_t)d : 0;
    memset(grid, 0, sizeof *grid);
    grid->d = d;
    grid->offset = rfm_alloc(n, sizeof *grid->offset, err);
    grid->step = rfm_alloc(n, sizeof *grid->step, err);
    grid->low = rfm_alloc(n, sizeof *grid->low, err);
    grid->high = rfm_alloc(n, sizeof *grid->high, err);
    return err->status;
}

rfm_status rfm_grid_copy(const rfm_grid *from, rfm_grid *to, rfm_error *err)
{
    size_t n = (size_t)from->d;
    if (allocate(to, from->d, err) != RFM_OK) {
        rfm_grid_free(to);
        return err->status;
    }
    memcpy(to->offset, from->offset, n * sizeof *to->offset);
    memcpy(to->step, from->step, n * sizeof *to->step);
    memcpy(to->low, from->low, n * sizeof *to->low);
    memcpy(to->high, from->high, n * sizeof *to->high);
    return RFM_OK;
}

int64_t rfm_grid_index(const rfm_grid *grid, int column, double scaled)
{
    double index = rint((scaled - grid->offset[column]) / grid->step[column]);
    if (index >= SATURATION)
        return (int64_t)SATURATION;
    if (!(index > -SATURATION))
        return -(int64_t)SATURATION;
    return (int64_t)index;
}

static rfm_status name_column(rfm_error *err, const char *const *names, int column)
{
    if (names && names[column])
        return rfm_error_context(err, "column %s", names[column]);
    return rfm_error_context(err, "column %d", column);
}

/* least, most: [d] of these rows. False when a value is not finite; *bad is its position then. */
static bool scan_rows(const double *rows, size_t n, size_t d, double *least, double *most, size_t *bad)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            double value = rows[i * d + j];
            if (!(fabs(value) <= DBL_MAX)) {
                *bad = i * d + j;
                return false;
            }
            least[j] = value < least[j] ? value : least[j];
            most[j] = value > most[j] ? value : most[j];
        }
    }
    return true;
}

typedef struct extremes {
    int threads;
    size_t d;
    double *values; /* [threads][2][d]: least, most */
    size_t *bad;    /* [threads] position of the first value that is not finite, or n * d */
} extremes;

static void scan_all(const extremes *found, const double *scaled, size_t n)
{
    size_t d = found->d, threads = (size_t)found->threads;
#pragma omp parallel for num_threads(found->threads) schedule(static, 1) if (n * d > 16384)
    for (int thread = 0; thread < found->threads; thread++) {
        size_t from = n / threads * (size_t)thread;
        size_t to = thread + 1 == found->threads ? n : from + n / threads;
        double *least = found->values + 2 * d * (size_t)thread;
        size_t at = 0;
        for (size_t j = 0; j < d; j++) {
            least[j] = HUGE_VAL;
            least[d + j] = -HUGE_VAL;
        }
        bool fine = scan_rows(scaled + from * d, to - from, d, least, least + d, &at);
        found->bad[thread] = fine ? n * d : from * d + at;
    }
}

static rfm_status merge_extremes(const extremes *found, const double *scaled, size_t n, const char *const *names,
                                 rfm_error *err)
{
    size_t d = found->d;
    for (int thread = 0; thread < found->threads; thread++) {
        const double *least = found->values + 2 * d * (size_t)thread, *most = least + d;
        size_t bad = found->bad[thread];
        if (bad < n * d) {
            rfm_fail(err, RFM_DATA, "row %zu of this rank holds %g, which is not a finite number", bad / d,
                     scaled[bad]);
            return name_column(err, names, (int)(bad % d));
        }
        for (size_t j = 0; j < d; j++) {
            found->values[j] = fmin(found->values[j], least[j]);
            found->values[d + j] = fmax(found->values[d + j], most[j]);
        }
    }
    return RFM_OK;
}

int rfm_grid_bits(int64_t n_global)
{
    int log = 0;
    while (log < 61 && (INT64_C(1) << log) < n_global)
        log++;
    return 62 - log < 30 ? 62 - log : 30;
}

/* A constant column: the step is the last place of its value, so that the offset is the value itself. */
static int choose_constant_exponent(double value)
{
    int exponent = 0;
    if (value == 0)
        return -30;
    frexp(value, &exponent);
    return exponent - 53;
}

/* From one step too fine upwards: rounding the midrange to the step can cost one index. */
static void fit_column(rfm_grid *grid, int j, double least, double most, int bits)
{
    double range = most - least;
    int64_t limit = INT64_C(1) << bits;
    int exponent = 0;
    frexp(range, &exponent);
    exponent = range == 0 ? choose_constant_exponent(least) : exponent - 2 - bits;
    for (;; exponent++) {
        exponent = exponent < LEAST_EXPONENT ? LEAST_EXPONENT : exponent;
        grid->step[j] = ldexp(1.0, exponent);
        grid->offset[j] = rint((least + range / 2) / grid->step[j]) * grid->step[j];
        grid->low[j] = rfm_grid_index(grid, j, least);
        grid->high[j] = rfm_grid_index(grid, j, most);
        if (grid->low[j] >= -limit && grid->high[j] <= limit)
            return;
    }
}

static rfm_status fit_columns(rfm_grid *grid, int64_t n_global, const double *values, const char *const *names,
                              rfm_error *err)
{
    int d = grid->d, bits = rfm_grid_bits(n_global);
    for (int j = 0; j < d; j++) {
        double least = n_global > 0 ? values[j] : 0, most = n_global > 0 ? values[d + j] : 0;
        double range = most - least;
        if (!(range * range * (double)n_global * d <= DBL_MAX)) {
            rfm_fail(err, RFM_DATA,
                     "the values from %g to %g are too far apart for distances in double precision; scale or "
                     "transform them",
                     least, most);
            return name_column(err, names, j);
        }
        fit_column(grid, j, least, most, bits);
    }
    return RFM_OK;
}

rfm_status rfm_grid_fit(rfm_comm *comm, size_t n_local, int d, const double *scaled, const char *const *names,
                        rfm_grid *grid, rfm_error *err)
{
    extremes found = {.threads = omp_get_max_threads(), .d = d > 0 ? (size_t)d : 0};
    int64_t n_global = (int64_t)n_local;
    memset(grid, 0, sizeof *grid);
    if (d < 1)
        rfm_fail(err, RFM_DATA, "a matrix without columns cannot be clustered");
    found.values = rfm_alloc((size_t)found.threads, 2 * found.d * sizeof *found.values, err);
    found.bad = rfm_alloc((size_t)found.threads, sizeof *found.bad, err);
    if (err->status == RFM_OK && allocate(grid, d, err) == RFM_OK) {
        scan_all(&found, scaled, n_local);
        merge_extremes(&found, scaled, n_local, names, err);
    }
    if (rfm_comm_agree(comm, err) != RFM_OK)
        goto done;
    rfm_comm_reduce_i64(comm, RFM_SUM, &n_global, 1);
    rfm_comm_reduce_f64(comm, RFM_MIN, found.values, found.d);
    rfm_comm_reduce_f64(comm, RFM_MAX, found.values + found.d, found.d);
    fit_columns(grid, n_global, found.values, names, err);
    rfm_comm_agree(comm, err);
done:
    free(found.values);
    free(found.bad);
    if (err->status != RFM_OK)
        rfm_grid_free(grid);
    return err->status;
}
