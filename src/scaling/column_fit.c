/* Learning centre and scale of one column. Every number learnt is an exact function of the set of values: selection,
 * extremes, or sums of integers; never a floating sum in the order of rows. */
#include <math.h>

#include "rfmpi/scaling.h"

/* What is being fitted. */
typedef struct fitting {
    rfm_comm *comm;
    const char *name;
    const rfm_column *of;
} fitting;

static void fit_standard(const fitting *f, const rfm_spread *spread, struct rfm_scaling_column *learnt)
{
    learnt->center = rfm_column_mean(f->comm, f->of, spread);
    learnt->scale = rfm_column_deviation(f->comm, f->of, spread, learnt->center);
}

static rfm_status fit_robust(const fitting *f, const rfm_spread *spread, struct rfm_scaling_column *learnt,
                             rfm_error *err)
{
    static const double quarters[] = {0.25, 0.5, 0.75};
    double quartiles[3];
    if (rfm_quantiles(f->comm, f->of, 3, quarters, quartiles, err) != RFM_OK)
        return err->status;
    learnt->center = quartiles[1];
    learnt->scale = quartiles[2] - quartiles[0];
    if (learnt->scale > 0)
        return RFM_OK;
    const double mean = rfm_column_mean(f->comm, f->of, spread);
    learnt->scale = rfm_column_deviation(f->comm, f->of, spread, mean);
    rfm_log(RFM_LOG_WARN, "column %s: its quartiles are equal; scaled by the standard deviation instead", f->name);
    return RFM_OK;
}

rfm_status rfm_scaling_column_fit(rfm_comm *comm, const char *name, const rfm_column *column, rfm_scale kind,
                                  struct rfm_scaling_column *learnt, rfm_error *err)
{
    const fitting f = {comm, name, column};
    const rfm_spread spread = rfm_column_spread(comm, column);
    const double range = spread.greatest - spread.least;
    learnt->center = 0;
    learnt->scale = 1;
    if (kind == RFM_SCALE_NONE)
        return RFM_OK;
    learnt->center = spread.least;
    if (!(range > 0)) {
        rfm_log(RFM_LOG_WARN, "column %s: all values are equal; it tells no rows apart", name);
        return RFM_OK;
    }
    if (!isfinite(range))
        return rfm_fail(err, RFM_DATA, "column %s: its range is beyond what a double holds", name);
    if (kind == RFM_SCALE_MINMAX)
        learnt->scale = range;
    else if (kind == RFM_SCALE_STANDARD)
        fit_standard(&f, &spread, learnt);
    else
        fit_robust(&f, &spread, learnt, err);
    if (!(learnt->scale > 0))
        learnt->scale = 1;
    return err->status;
}
