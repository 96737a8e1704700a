/* Learning a scaling: transforms with their cuts, then centre and scale of each column. Every number learnt is an exact
 * function of the set of values: selection, extremes, or sums of integers; never a floating sum in the order of rows.
 */
#include <math.h>
#include <stdlib.h>

#include "rfmpi/scaling.h"

/* Columns in hand at a time, values of one behind each other: a row of so many is a cache line. */
enum { GROUP = 8 };

/* One column that is being scaled in place. */
typedef struct column {
    rfm_comm *comm;
    const char *name;
    double *values; /* [n], those of `of` */
    rfm_column of;
} column;

/* ---- kinds of scaling; Collective ------------------------------------------------------------------------------- */

static void fit_standard(const column *c, const rfm_spread *spread, struct rfm_scaling_column *learnt)
{
    learnt->center = rfm_column_mean(c->comm, &c->of, spread);
    learnt->scale = rfm_column_deviation(c->comm, &c->of, spread, learnt->center);
}

static rfm_status fit_robust(const column *c, const rfm_spread *spread, struct rfm_scaling_column *learnt,
                             rfm_error *err)
{
    static const double quarters[] = {0.25, 0.5, 0.75};
    double quartiles[3];
    if (rfm_quantiles(c->comm, &c->of, 3, quarters, quartiles, err) != RFM_OK)
        return err->status;
    learnt->center = quartiles[1];
    learnt->scale = quartiles[2] - quartiles[0];
    if (learnt->scale > 0)
        return RFM_OK;
    const double mean = rfm_column_mean(c->comm, &c->of, spread);
    learnt->scale = rfm_column_deviation(c->comm, &c->of, spread, mean);
    rfm_log(RFM_LOG_WARN, "column %s: its quartiles are equal; scaled by the standard deviation instead", c->name);
    return RFM_OK;
}

static rfm_status fit_column(const column *c, rfm_scale kind, struct rfm_scaling_column *learnt, rfm_error *err)
{
    const rfm_spread spread = rfm_column_spread(c->comm, &c->of);
    const double range = spread.greatest - spread.least;
    learnt->center = 0;
    learnt->scale = 1;
    if (kind == RFM_SCALE_NONE)
        return RFM_OK;
    learnt->center = spread.least;
    if (!(range > 0)) {
        rfm_log(RFM_LOG_WARN, "column %s: all values are equal; it tells no rows apart", c->name);
        return RFM_OK;
    }
    if (!isfinite(range))
        return rfm_fail(err, RFM_DATA, "column %s: its range is beyond what a double holds", c->name);
    if (kind == RFM_SCALE_MINMAX)
        learnt->scale = range;
    else if (kind == RFM_SCALE_STANDARD)
        fit_standard(c, &spread, learnt);
    else
        fit_robust(c, &spread, learnt, err);
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

static rfm_status fit_chain(const column *c, const rfm_chain *chain, struct rfm_scaling_column *learnt, rfm_error *err)
{
    learnt->n_steps = chain ? chain->n : 0;
    for (int s = 0; s < learnt->n_steps; s++)
        if (fit_step(c, &chain->transforms[s], &learnt->steps[s], err) != RFM_OK)
            return err->status;
    return RFM_OK;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static rfm_status prepare(const rfm_values *of, rfm_scale kind, rfm_scaling *scaling, double **scaled, double **group,
                          rfm_error *err)
{
    *scaling = (rfm_scaling){.d = of->d, .kind = kind};
    scaling->columns = rfm_alloc((size_t)of->d, sizeof *scaling->columns, err);
    *scaled = rfm_alloc(of->n, (size_t)of->d * sizeof **scaled, err);
    *group = rfm_alloc(of->n, (of->d < GROUP ? (size_t)of->d : GROUP) * sizeof **group, err);
    return err->status;
}

/* Collective. */
static rfm_status fit_whole_column(const column *c, const rfm_chain *chain, rfm_scale kind,
                                   struct rfm_scaling_column *learnt, rfm_error *err)
{
    if (fit_chain(c, chain, learnt, err) != RFM_OK || fit_column(c, kind, learnt, err) != RFM_OK)
        return err->status;
    for (size_t i = 0; i < c->of.n; i++)
        c->values[i] = rfm_scaling_column_scale(learnt, c->values[i]);
    return RFM_OK;
}

static void take_group(const rfm_values *of, size_t first, size_t columns, double *group)
{
    for (size_t i = 0; i < of->n; i++)
        for (size_t j = 0; j < columns; j++)
            group[j * of->n + i] = of->values[i * (size_t)of->d + first + j];
}

static void put_group(const rfm_values *of, size_t first, size_t columns, const double *group, double *scaled)
{
    for (size_t i = 0; i < of->n; i++)
        for (size_t j = 0; j < columns; j++)
            scaled[i * (size_t)of->d + first + j] = group[j * of->n + i];
}

/* Collective. */
static rfm_status fit_columns(rfm_comm *comm, const rfm_values *of, rfm_scaling *scaling, double *group, double *scaled,
                              rfm_error *err)
{
    const size_t d = (size_t)of->d;
    for (size_t first = 0; first < d; first += GROUP) {
        const size_t columns = d - first < GROUP ? d - first : GROUP;
        take_group(of, first, columns, group);
        for (size_t j = first; j < first + columns; j++) {
            double *values = group + (j - first) * of->n;
            const column c = {comm, of->names[j], values, {of->n, 1, values, of->weights}};
            const rfm_chain *chain = of->chains ? &of->chains[j] : NULL;
            if (fit_whole_column(&c, chain, scaling->kind, &scaling->columns[j], err) != RFM_OK)
                return err->status;
        }
        put_group(of, first, columns, group, scaled);
    }
    return RFM_OK;
}

rfm_status rfm_scaling_learn(rfm_comm *comm, const rfm_values *of, rfm_scale kind, rfm_scaling *scaling,
                             double **scaled, rfm_error *err)
{
    double *group = NULL;
    *scaling = (rfm_scaling){0};
    *scaled = NULL;
    if (err->status == RFM_OK)
        prepare(of, kind, scaling, scaled, &group, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        rfm_assert(*scaled != NULL && group != NULL);
        fit_columns(comm, of, scaling, group, *scaled, err);
    }
    free(group);
    if (err->status != RFM_OK) {
        rfm_scaling_free(scaling);
        free(*scaled);
        *scaled = NULL;
    }
    return err->status;
}
