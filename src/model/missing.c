/* What stands in for values that are missing: for each column one number, learnt from the values that are there. Knows
 * nothing of what the columns mean. */
#include <math.h>
#include <stdlib.h>

#include "rfmpi/model.h"

static rfm_status fit_column(rfm_comm *comm, const rfm_column *column, rfm_missing kind, double *fill, rfm_error *err)
{
    static const double half = 0.5;
    const rfm_spread spread = rfm_column_spread(comm, column);
    *fill = 0;
    if (kind == RFM_MISSING_ZERO)
        return RFM_OK;
    if (spread.total == 0)
        return rfm_fail(err, RFM_DATA, "no row that weighs something has a value: there is no mean or median");
    if (kind == RFM_MISSING_MEDIAN)
        return rfm_quantiles(comm, column, 1, &half, fill, err);
    *fill = rfm_column_mean(comm, column, &spread);
    return RFM_OK;
}

rfm_status rfm_missing_fit(rfm_comm *comm, const rfm_frame *frame, rfm_missing kind, double **fills, rfm_error *err)
{
    *fills = NULL;
    if (kind == RFM_MISSING_ERROR)
        return RFM_OK;
    *fills = rfm_alloc((size_t)frame->d, sizeof **fills, err);
    rfm_comm_agree(comm, err);
    for (int j = 0; err->status == RFM_OK && j < frame->d; j++) {
        const rfm_column column = {frame->n, (size_t)frame->d, frame->values + j, frame->weights.units};
        if (fit_column(comm, &column, kind, *fills + j, err) != RFM_OK)
            rfm_error_context(err, "column %s", frame->names[j]);
    }
    if (err->status != RFM_OK) {
        free(*fills);
        *fills = NULL;
    }
    return err->status;
}

void rfm_missing_fill(const double *fills, rfm_frame *frame, int64_t *counts)
{
    const size_t d = (size_t)frame->d;
    for (size_t j = 0; j < d; j++)
        counts[j] = 0;
    for (size_t i = 0; i < frame->n; i++)
        for (size_t j = 0; j < d; j++)
            if (isnan(frame->values[i * d + j])) {
                frame->values[i * d + j] = fills[j];
                counts[j]++;
            }
}
