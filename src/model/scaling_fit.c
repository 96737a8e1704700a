/* Learning a scaling: transforms with their cuts, then centre and scale of each column. Every number learnt is an exact
 * function of the set of values: selection, extremes, or sums of integers; never a floating sum in the order of rows.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "frame.h"

/* Columns in hand at a time, values of one behind each other: a row of so many is a cache line. */
enum { GROUP = 8 };

/* One column that is being scaled in place. */
typedef struct column {
    rfm_comm *comm;
    const char *name;
    double *values; /* [n], those of `of` */
    rfm_column of;
} column;

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
        double cuts[2];
        if (rfm_quantiles(c->comm, &c->of, 2, transform->quantiles, cuts, err) != RFM_OK)
            return err->status;
        if (!isfinite(cuts[0]) || !isfinite(cuts[1]))
            return rfm_fail(err, RFM_DATA, "column %s: its range is beyond what a double holds", c->name);
        step->low = cuts[0];
        step->high = cuts[1];
    }
    apply_step(step, c->values, c->of.n);
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
    if (fit_steps(c, features, index, learnt, err) != RFM_OK ||
        rfm_scaling_column_fit(c->comm, c->name, &c->of, scaling->kind, learnt, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < c->of.n; i++)
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
            double *values = group + j * frame->n;
            const column c = {comm, frame->names[first + j], values, {frame->n, 1, values, frame->weights.units}};
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
