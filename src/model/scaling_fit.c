/* Learning a scaling: transforms with their cuts, then centre and scale of each column. Every number learnt is an exact
 * function of the set of values: selection, extremes, or sums of integers; never a floating sum in the order of rows.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "frame.h"
#include "scaling.h"

/* Columns in hand at a time, values of one behind each other: a row of so many is a cache line. */
enum { GROUP = 8 };

/* One column that is being scaled in place. */
typedef struct column {
    rfm_comm *comm;
    const char *name;
    double *values; /* [n] */
    size_t n;
    int64_t n_global;
} column;

/* ---- exact statistics; Collective ------------------------------------------------------------------------------- */

static void find_extremes(const column *c, double *least, double *greatest)
{
    double low = INFINITY, negated = INFINITY;
    for (size_t i = 0; i < c->n; i++) {
        const double x = c->values[i];
        low = x < low ? x : low;
        negated = -x < negated ? -x : negated;
    }
    double both[2] = {low, negated};
    rfm_comm_reduce_f64(c->comm, RFM_MIN, both, 2);
    *least = both[0];
    *greatest = -both[1];
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* The sum in 128 bits, the division and the power of two each round once (the last only below 2^-1022). */
static double find_mean(const column *c, double least, double greatest)
{
    const int exponent = rfm_quantum_exponent(larger(fabs(least), fabs(greatest)));
    rfm_i128 sum = 0;
    for (size_t i = 0; i < c->n; i++)
        sum += rfm_quantum_round(c->values[i], exponent);
    rfm_comm_sum_i128(c->comm, &sum, 1);
    return ldexp(rfm_i128_to_double(sum) / (double)c->n_global, exponent);
}

/* Population standard deviation. The largest deviation is brought to [1/2, 1) by a power of two first, so that squares
 * neither overflow nor vanish. */
static double find_deviation(const column *c, double mean, double least, double greatest)
{
    int shift;
    frexp(larger(greatest - mean, mean - least), &shift);
    const int exponent = rfm_quantum_exponent(1);
    const double half = ldexp(1, -shift / 2), rest = ldexp(1, -shift - -shift / 2); /* 2^-shift may not be a double */
    rfm_i128 sum = 0;
    for (size_t i = 0; i < c->n; i++) {
        const double x = (c->values[i] - mean) * half * rest;
        sum += rfm_quantum_round(x * x, exponent);
    }
    rfm_comm_sum_i128(c->comm, &sum, 1);
    return ldexp(sqrt(ldexp(rfm_i128_to_double(sum) / (double)c->n_global, exponent)), shift);
}

/* ---- kinds of scaling; Collective ------------------------------------------------------------------------------- */

static void fit_standard(const column *c, double least, double greatest, struct rfm_scaling_column *learnt)
{
    learnt->center = find_mean(c, least, greatest);
    learnt->scale = find_deviation(c, learnt->center, least, greatest);
}

static rfm_status fit_robust(const column *c, double least, double greatest, struct rfm_scaling_column *learnt,
                             rfm_error *err)
{
    static const double quarters[] = {0.25, 0.5, 0.75};
    const rfm_column values = {.n = c->n, .stride = 1, .values = c->values};
    double quartiles[3];
    if (rfm_quantiles(c->comm, &values, 3, quarters, quartiles, err) != RFM_OK)
        return err->status;
    learnt->center = quartiles[1];
    learnt->scale = quartiles[2] - quartiles[0];
    if (learnt->scale > 0)
        return RFM_OK;
    const double mean = find_mean(c, least, greatest);
    learnt->scale = find_deviation(c, mean, least, greatest);
    rfm_log(RFM_LOG_WARN, "column %s: its quartiles are equal; scaled by the standard deviation instead", c->name);
    return RFM_OK;
}

static rfm_status fit_column(const column *c, rfm_scale kind, struct rfm_scaling_column *learnt, rfm_error *err)
{
    double least, greatest;
    find_extremes(c, &least, &greatest);
    learnt->center = 0;
    learnt->scale = 1;
    if (kind == RFM_SCALE_NONE)
        return RFM_OK;
    learnt->center = least;
    if (!(greatest > least)) {
        rfm_log(RFM_LOG_WARN, "column %s: all values are equal; it tells no customers apart", c->name);
        return RFM_OK;
    }
    if (!isfinite(greatest - least))
        return rfm_fail(err, RFM_DATA, "column %s: its range is beyond what a double holds", c->name);
    if (kind == RFM_SCALE_MINMAX)
        learnt->scale = greatest - least;
    else if (kind == RFM_SCALE_STANDARD)
        fit_standard(c, least, greatest, learnt);
    else
        fit_robust(c, least, greatest, learnt, err);
    if (!(learnt->scale > 0))
        learnt->scale = 1;
    return err->status;
}

/* ---- transforms ------------------------------------------------------------------------------------------------- */

/* Most values are small whole numbers, counts and days: each of these is transformed once. */
static void apply_step(const rfm_scaling_step *step, double *values, size_t n)
{
    enum { SMALL = 512 };
    double of_small[SMALL];
    for (int x = 0; x < SMALL; x++)
        of_small[x] = rfm_scaling_step_apply(step, x);
    for (size_t i = 0; i < n; i++) {
        const bool small = values[i] > 0 && values[i] < SMALL && values[i] == (double)(int)values[i];
        values[i] = small ? of_small[(int)values[i]] : rfm_scaling_step_apply(step, values[i]);
    }
}

/* Collective: a CLIP looks for its cuts. */
static rfm_status fit_step(const column *c, const rfm_transform *transform, rfm_scaling_step *step, rfm_error *err)
{
    *step = (rfm_scaling_step){.kind = transform->kind};
    if (transform->kind == RFM_TRANSFORM_CLIP) {
        const rfm_column values = {.n = c->n, .stride = 1, .values = c->values};
        double cuts[2];
        if (rfm_quantiles(c->comm, &values, 2, transform->quantiles, cuts, err) != RFM_OK)
            return err->status;
        if (!isfinite(cuts[0]) || !isfinite(cuts[1]))
            return rfm_fail(err, RFM_DATA, "column %s: its range is beyond what a double holds", c->name);
        step->low = cuts[0];
        step->high = cuts[1];
    }
    apply_step(step, c->values, c->n);
    return RFM_OK;
}

static rfm_status fit_steps(const column *c, const rfm_features *features, int index, struct rfm_scaling_column *learnt,
                            rfm_error *err)
{
    const rfm_transform *transforms = NULL;
    learnt->n_steps = features ? rfm_features_transforms(features, index, &transforms) : 0;
    for (int s = 0; s < learnt->n_steps; s++)
        if (fit_step(c, &transforms[s], &learnt->steps[s], err) != RFM_OK)
            return err->status;
    return RFM_OK;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static rfm_status check_values(const rfm_frame *frame, rfm_error *err)
{
    const size_t d = (size_t)frame->d;
    for (size_t i = 0; i < frame->n * d; i++) {
        if (isfinite(frame->values[i]))
            continue;
        char where[320];
        rfm_frame_describe(frame, i / d, where, sizeof where);
        return rfm_fail(err, RFM_DATA, "column %s of %s is no finite number", frame->names[i % d], where);
    }
    return RFM_OK;
}

static rfm_status prepare(const rfm_frame *frame, const rfm_features *features, rfm_scale kind, rfm_scaling *scaling,
                          double **scaled, double **group, rfm_error *err)
{
    if (features && rfm_features_n(features) != frame->d)
        return rfm_fail(err, RFM_USAGE, "the features define %d columns, the matrix has %d", rfm_features_n(features),
                        frame->d);
    if (check_values(frame, err) != RFM_OK)
        return err->status;
    *scaling = (rfm_scaling){.d = frame->d, .kind = kind};
    scaling->columns = rfm_alloc((size_t)frame->d, sizeof *scaling->columns, err);
    *scaled = rfm_alloc(frame->n, (size_t)frame->d * sizeof **scaled, err);
    *group = rfm_alloc(frame->n, (frame->d < GROUP ? (size_t)frame->d : GROUP) * sizeof **group, err);
    return err->status;
}

/* Collective. */
static rfm_status fit_whole_column(const column *c, const rfm_features *features, int index, rfm_scaling *scaling,
                                   rfm_error *err)
{
    struct rfm_scaling_column *learnt = &scaling->columns[index];
    if (fit_steps(c, features, index, learnt, err) != RFM_OK || fit_column(c, scaling->kind, learnt, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < c->n; i++)
        c->values[i] = rfm_scaling_column_scale(learnt, c->values[i]);
    return RFM_OK;
}

static void take_group(const rfm_frame *frame, size_t first, size_t columns, double *group)
{
    for (size_t i = 0; i < frame->n; i++)
        for (size_t j = 0; j < columns; j++)
            group[j * frame->n + i] = frame->values[i * (size_t)frame->d + first + j];
}

static void put_group(const rfm_frame *frame, size_t first, size_t columns, const double *group, double *scaled)
{
    for (size_t i = 0; i < frame->n; i++)
        for (size_t j = 0; j < columns; j++)
            scaled[i * (size_t)frame->d + first + j] = group[j * frame->n + i];
}

/* Collective. */
static rfm_status fit_columns(rfm_comm *comm, const rfm_frame *frame, const rfm_features *features,
                              rfm_scaling *scaling, double *group, double *scaled, rfm_error *err)
{
    const size_t d = (size_t)frame->d;
    for (size_t first = 0; first < d; first += GROUP) {
        const size_t columns = d - first < GROUP ? d - first : GROUP;
        take_group(frame, first, columns, group);
        for (size_t j = 0; j < columns; j++) {
            const column c = {comm, frame->names[first + j], group + j * frame->n, frame->n, frame->n_global};
            if (fit_whole_column(&c, features, (int)(first + j), scaling, err) != RFM_OK)
                return err->status;
        }
        put_group(frame, first, columns, group, scaled);
    }
    return RFM_OK;
}

rfm_status rfm_scaling_fit(rfm_comm *comm, const rfm_frame *frame, const rfm_features *features, rfm_scale kind,
                           rfm_scaling *scaling, double **scaled, rfm_error *err)
{
    *scaling = (rfm_scaling){0};
    *scaled = NULL;
    if (frame->n_global < 1)
        return rfm_fail(err, RFM_DATA, "there are no customers to scale");
    double *group = NULL;
    prepare(frame, features, kind, scaling, scaled, &group, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        rfm_assert(*scaled != NULL && group != NULL);
        fit_columns(comm, frame, features, scaling, group, *scaled, err);
    }
    free(group);
    if (err->status != RFM_OK) {
        rfm_scaling_free(scaling);
        free(*scaled);
        *scaled = NULL;
    }
    return err->status;
}
