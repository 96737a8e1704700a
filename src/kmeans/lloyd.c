/* The loop: assign, sum, mend empty clusters, move the centroids, until nothing moves. Every rank holds the same sums
 * and does the same arithmetic on them. Knows neither how rows are assigned nor where the first centroids came from. */
#include <stdlib.h>

#include "work.h"

enum { PATIENCE = 20 };

static bool has_empty(const rfm_sums *sums, int k)
{
    for (int c = 0; c < k; c++)
        if (rfm_sums_count(sums, c) == 0)
            return true;
    return false;
}

/* The centroids become means; returns the sum of their squared shifts. */
static double move_centroids(const rfm_work *work, int k, double *mean, double *centroids)
{
    size_t d = (size_t)work->matrix->d;
    double shift = 0;
    for (int c = 0; c < k; c++) {
        rfm_sums_mean(&work->sums, work->matrix->grid->step, c, mean);
        for (size_t j = 0; j < d; j++) {
            double difference = mean[j] - centroids[(size_t)c * d + j];
            shift += difference * difference;
            centroids[(size_t)c * d + j] = mean[j];
        }
    }
    return shift;
}

/* The only growth in the loop, at the same iteration on all ranks. */
static rfm_status grow_trace(rfm_work *work, rfm_outcome *outcome, rfm_error *err)
{
    if ((size_t)outcome->iterations < outcome->trace_capacity)
        return RFM_OK;
    rfm_reserve(&outcome->trace, &outcome->trace_capacity, (size_t)outcome->iterations + 64, sizeof *outcome->trace,
                err);
    return rfm_comm_agree(work->comm, err);
}

static void iterate(rfm_work *work, int *k, double *mean, double *centroids, double least_shift, rfm_outcome *outcome)
{
    int64_t changed = rfm_sums_pass(work, *k, centroids);
    if (has_empty(&work->sums, *k))
        changed += rfm_refill_clusters(work, k, centroids);
    double inertia = rfm_inertia_value(&work->sums, *k, work->squares, work->matrix->grid->step, NULL);
    double shift = move_centroids(work, *k, mean, centroids);
    outcome->trace[outcome->iterations++] = inertia;
    outcome->inertia = inertia;
    outcome->settled = changed == 0;
    outcome->converged = changed == 0 || shift <= least_shift;
    rfm_log(RFM_LOG_DEBUG, "k-means: iteration %d: inertia %.10g, %lld rows changed, shift %.3g", outcome->iterations,
            inertia, (long long)changed, shift);
}

/* At the pace of the last iteration so many more would not do. */
static bool is_out_of_reach(const rfm_outcome *outcome, double target)
{
    const int n = outcome->iterations;
    return target > 0 && n > 1 &&
           outcome->inertia - target > PATIENCE * (outcome->trace[n - 2] - outcome->trace[n - 1]);
}

rfm_status rfm_lloyd_run(rfm_work *work, const rfm_kmeans_options *options, double target, int *k, double *centroids,
                         rfm_outcome *outcome, rfm_error *err)
{
    double least_shift = options->tolerance > 0 ? options->tolerance * rfm_inertia_variance(work) : -1;
    double *mean = rfm_alloc((size_t)work->matrix->d, sizeof *mean, err);
    outcome->iterations = 0;
    outcome->converged = outcome->settled = false;
    work->fresh = true;
    work->summed = false;
    for (size_t i = 0; i < work->matrix->n; i++)
        work->labels[i] = -1;
    if (rfm_comm_agree(work->comm, err) != RFM_OK)
        goto done;
    while (!outcome->converged && outcome->iterations < options->max_iterations) {
        if (grow_trace(work, outcome, err) != RFM_OK)
            goto done;
        iterate(work, k, mean, centroids, least_shift, outcome);
        if (is_out_of_reach(outcome, target))
            goto done;
    }
    if (!outcome->settled) {
        rfm_sums_pass(work, *k, centroids);
        outcome->inertia = rfm_inertia_value(&work->sums, *k, work->squares, work->matrix->grid->step, centroids);
    }
done:
    free(mean);
    return err->status;
}
