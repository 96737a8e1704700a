/* The scaling of a frame: its features' transforms, and who is told where a value is no number. */
#include <math.h>
#include <stdlib.h>

#include "frame.h"

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

static rfm_status list_chains(const rfm_frame *frame, const rfm_features *features, rfm_chain **chains, rfm_error *err)
{
    if (!features)
        return RFM_OK;
    if (rfm_features_n(features) != frame->d)
        return rfm_fail(err, RFM_USAGE, "the features define %d columns, the matrix has %d", rfm_features_n(features),
                        frame->d);
    *chains = rfm_alloc((size_t)frame->d, sizeof **chains, err);
    for (int j = 0; *chains && j < frame->d; j++)
        (*chains)[j].n = rfm_features_transforms(features, j, &(*chains)[j].transforms);
    return err->status;
}

rfm_status rfm_scaling_fit(rfm_comm *comm, const rfm_frame *frame, const rfm_features *features, rfm_scale kind,
                           rfm_scaling *scaling, double **scaled, rfm_error *err)
{
    *scaling = (rfm_scaling){0};
    *scaled = NULL;
    if (frame->n_global < 1)
        return rfm_fail(err, RFM_DATA, "there are no customers to scale");
    rfm_chain *chains = NULL;
    if (list_chains(frame, features, &chains, err) == RFM_OK)
        check_values(frame, err);
    const rfm_values values = {
        frame->n, frame->d, frame->values, frame->weights.units, (const char *const *)frame->names, chains};
    rfm_scaling_learn(comm, &values, kind, scaling, scaled, err);
    free(chains);
    return err->status;
}
