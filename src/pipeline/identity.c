/* Segments that keep who they are: with a previous model, the new segments nearest to its own take their ids and names,
 * and run.json tells how far all has drifted since. */
#include "batch.h"

#include <math.h>
#include <string.h>

enum { MOST_SEGMENTS = 4096 }; /* the matching takes k^2 numbers and k^3 steps */

rfm_status identity_check(const rfm_batch *batch, rfm_error *err)
{
    const rfm_frame *frame = &batch->frame;
    const rfm_model *previous = &batch->previous;
    const char *path = batch->job.previous_path;
    if (previous->k == 0)
        return RFM_OK;
    if (previous->d != frame->d)
        return rfm_fail(err, RFM_USAGE, "%s has %d features, this batch %d: segments cannot keep their ids", path,
                        previous->d, frame->d);
    for (int j = 0; j < frame->d; j++)
        if (strcmp(previous->features[j], frame->names[j]) != 0)
            return rfm_fail(err, RFM_USAGE, "feature %d is '%s' in %s and '%s' in this batch", j + 1,
                            previous->features[j], path, frame->names[j]);
    if (previous->k > MOST_SEGMENTS || batch->job.kmeans.k > MOST_SEGMENTS)
        return rfm_fail(err, RFM_USAGE, "ids are kept for at most %d segments", MOST_SEGMENTS);
    return RFM_OK;
}

/* ---- who is who ------------------------------------------------------------------------------------------------- */

/* Squared distances in scaled units between every old segment and every new one, the shorter side as rows. */
static rfm_status measure_distances(const rfm_batch *batch, bool by_old, double *cost, rfm_error *err)
{
    const rfm_model *model = &batch->model, *previous = &batch->previous;
    const size_t d = (size_t)model->d, k = (size_t)model->k, m = (size_t)previous->k;
    double *old = rfm_alloc(m, d * sizeof *old, err);
    if (!old)
        return err->status;
    rfm_scaling_apply(&model->scaling, m, previous->centroids_original, old);
    for (size_t c = 0; c < k; c++) {
        for (size_t o = 0; o < m; o++) {
            double square = 0;
            for (size_t j = 0; j < d; j++) {
                double apart = model->centroids_scaled[c * d + j] - old[o * d + j];
                square += apart * apart;
            }
            cost[by_old ? o * k + c : c * m + o] = square;
        }
    }
    free(old);
    return RFM_OK;
}

/* Two places that are closer than this are one, on the grid. */
static double resolution(const rfm_grid *grid)
{
    double square = 0;
    for (int j = 0; j < grid->d; j++)
        square += grid->step[j] * grid->step[j];
    return sqrt(square);
}

/* partner[c]: the old segment that new segment c continues, -1: none; moved[c]: how far it has moved, in scaled units,
 * NAN then. */
static rfm_status find_partners(const rfm_batch *batch, int *partner, double *moved, rfm_error *err)
{
    const int k = batch->model.k, m = batch->previous.k, fewer = k < m ? k : m, more = k < m ? m : k;
    const bool by_old = m < k;
    const double least = resolution(&batch->model.grid);
    double *cost = rfm_alloc((size_t)k, (size_t)m * sizeof *cost, err);
    int *match = rfm_alloc((size_t)fewer, sizeof *match, err);
    for (int c = 0; c < k; c++) {
        partner[c] = -1;
        moved[c] = NAN;
    }
    if (!err->status && measure_distances(batch, by_old, cost, err) == RFM_OK &&
        rfm_match(fewer, more, cost, match, err) == RFM_OK) {
        for (int r = 0; r < fewer; r++) {
            const int c = by_old ? match[r] : r;
            const double far = sqrt(cost[(size_t)r * (size_t)more + (size_t)match[r]]);
            partner[c] = by_old ? r : match[r];
            moved[c] = far > least ? far : 0;
        }
    }
    free(cost);
    free(match);
    return err->status;
}

static bool is_taken(const rfm_model *model, const int *partner, const char *name)
{
    for (int c = 0; c < model->k; c++)
        if (partner[c] >= 0 && strcmp(model->names[c], name) == 0)
            return true;
    return false;
}

static rfm_status rename_segment(rfm_model *model, int c, const char *name, rfm_error *err)
{
    char *copy = rfm_copy_string(name, err);
    if (copy) {
        free(model->names[c]);
        model->names[c] = copy;
    }
    return err->status;
}

/* A segment without a partner gets an id that was never used, and its name, unless another keeps that, from the rules.
 */
static rfm_status name_new_segment(rfm_model *model, const int *partner, int c, int32_t id, rfm_error *err)
{
    rfm_text name = {0};
    model->segment_ids[c] = id;
    if (!is_taken(model, partner, model->names[c]))
        return RFM_OK;
    rfm_text_addf(&name, "%s (new %d)", model->names[c], (int)id);
    if (rfm_text_check(&name, err) == RFM_OK)
        rename_segment(model, c, name.bytes, err);
    rfm_text_free(&name);
    return err->status;
}

/* What names all customers names no part of them, and the other way round: a segment keeps its number then, and gets
 * its name by the rules. */
static rfm_status take_identities(rfm_batch *batch, const int *partner, rfm_error *err)
{
    rfm_model *model = &batch->model;
    const rfm_model *previous = &batch->previous;
    const bool keeps_names = (model->k == 1) == (previous->k == 1);
    int32_t next = 0;
    for (int o = 0; o < previous->k; o++)
        next = previous->segment_ids[o] >= next ? previous->segment_ids[o] + 1 : next;
    for (int c = 0; c < model->k && !err->status; c++) {
        if (partner[c] < 0)
            continue;
        model->segment_ids[c] = previous->segment_ids[partner[c]];
        if (keeps_names)
            rename_segment(model, c, previous->names[partner[c]], err);
    }
    for (int c = 0; c < model->k && !err->status; c++)
        if (partner[c] < 0)
            name_new_segment(model, partner, c, next++, err);
    return err->status;
}

/* ---- drift ------------------------------------------------------------------------------------------------------ */

/* Collective. How many customers of this batch the old model has in each of its segments, by the new segment they are
 * in. flows: [old k][new k]. */
static rfm_status count_flows(rfm_batch *batch, int64_t *flows, rfm_error *err)
{
    const rfm_model *previous = &batch->previous;
    const size_t n = batch->frame.n, d = (size_t)batch->frame.d, k = (size_t)batch->model.k;
    double *scaled = rfm_alloc(n, d * sizeof *scaled, err);
    int32_t *labels = rfm_alloc(n, sizeof *labels, err);
    if (!err->status) {
        const rfm_centroids centroids = {&previous->grid, previous->k, previous->centroids};
        const rfm_rows rows = {n, scaled, NULL};
        rfm_scaling_apply(&previous->scaling, n, batch->frame.values, scaled);
        rfm_kmeans_label(&centroids, &rows, labels, NULL, err);
    }
    for (size_t i = 0; !err->status && i < n; i++)
        flows[(size_t)labels[i] * k + (size_t)batch->labels[i]]++;
    free(scaled);
    free(labels);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK)
        rfm_comm_reduce_i64(batch->comm, RFM_SUM, flows, (size_t)previous->k * k);
    return err->status;
}

static void report_flows(const rfm_batch *batch, const int64_t *flows)
{
    const bool has_room = (int64_t)batch->previous.k * batch->model.k <= FLOW_CELLS;
    const rfm_model *model = &batch->model, *previous = &batch->previous;
    int64_t changed = 0;
    for (int o = 0; o < previous->k; o++) {
        char key[64];
        const int64_t *row = flows + (size_t)o * (size_t)model->k;
        for (int c = 0; c < model->k; c++)
            changed += model->segment_ids[c] == previous->segment_ids[o] ? 0 : row[c];
        snprintf(key, sizeof key, "drift.names.%d", (int)previous->segment_ids[o]);
        rfm_report_text(batch->run, key, previous->names[o]);
        snprintf(key, sizeof key, "drift.flows.%d", (int)previous->segment_ids[o]);
        if (has_room)
            rfm_report_integers(batch->run, key, row, (size_t)model->k);
    }
    rfm_report_integer(batch->run, "drift.n_changed", changed);
    rfm_report_number(batch->run, "drift.share_changed", (double)changed / (double)batch->frame.n_global);
    rfm_log(RFM_LOG_INFO, "drift: %.2f %% of the customers are in another segment than the previous model puts them",
            100 * (double)changed / (double)batch->frame.n_global);
}

/* Collective. */
static rfm_status report_shifts(rfm_batch *batch, rfm_error *err)
{
    const rfm_model *previous = &batch->previous;
    double *shares = rfm_alloc((size_t)previous->d, RFM_PROFILE_BINS * sizeof *shares, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK &&
        rfm_profile_shares(batch->comm, &batch->frame, previous->profile_cuts, shares, err) == RFM_OK) {
        for (int j = 0; j < previous->d; j++) {
            char key[320];
            const size_t at = (size_t)j * RFM_PROFILE_BINS;
            snprintf(key, sizeof key, "drift.stability_index.%.200s", previous->features[j]);
            rfm_report_number(batch->run, key, rfm_profile_shift(previous->profile_shares + at, shares + at));
        }
    }
    free(shares);
    return err->status;
}

rfm_status identity_report(rfm_batch *batch, rfm_error *err)
{
    const size_t k = (size_t)batch->model.k, m = (size_t)batch->previous.k;
    if (m == 0)
        return RFM_OK;
    int64_t *flows = rfm_alloc(m, k * sizeof *flows, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK && count_flows(batch, flows, err) == RFM_OK) {
        int64_t *ids = rfm_alloc(k, sizeof *ids, err);
        for (size_t c = 0; ids && c < k; c++)
            ids[c] = batch->model.segment_ids[c];
        rfm_comm_agree(batch->comm, err);
        if (err->status == RFM_OK) {
            rfm_report_integers(batch->run, "drift.segments", ids, k);
            rfm_report_numbers(batch->run, "drift.moved", batch->moved, k);
            report_flows(batch, flows);
            report_shifts(batch, err);
        }
        free(ids);
    }
    free(flows);
    return err->status;
}

rfm_status identity_keep(rfm_batch *batch, rfm_error *err)
{
    if (batch->previous.k == 0)
        return RFM_OK;
    int *partner = rfm_alloc((size_t)batch->model.k, sizeof *partner, err);
    batch->moved = rfm_alloc((size_t)batch->model.k, sizeof *batch->moved, err);
    if (!err->status && find_partners(batch, partner, batch->moved, err) == RFM_OK)
        take_identities(batch, partner, err);
    free(partner);
    return err->status;
}
