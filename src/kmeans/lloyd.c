/* The loop: assign, sum, mend empty clusters, move the centroids, until nothing moves. Every rank holds the same sums
 * and does the same arithmetic on them. Knows neither how rows are assigned nor where the first centroids came from. */
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE = 20 };

rfm_status rfm_course_init(const rfm_work *work, rfm_course *course, rfm_error *err)
{
    size_t k = (size_t)work->k_most, d = (size_t)work->matrix->d;
    *course = (rfm_course){0};
    course->centroids = rfm_alloc(k, d * sizeof *course->centroids, err);
    course->before = rfm_alloc(k, d * sizeof *course->before, err);
    return err->status;
}

void rfm_course_free(rfm_course *course)
{
    free(course->centroids);
    free(course->before);
    free(course->trace);
    *course = (rfm_course){0};
}

void rfm_course_begin(rfm_course *course, int k)
{
    course->k = k;
    course->iterations = 0;
    course->converged = course->settled = course->labelled = false;
    course->seconds = 0;
}

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
static rfm_status grow_trace(rfm_work *work, rfm_course *course, rfm_error *err)
{
    if ((size_t)course->iterations < course->trace_capacity)
        return RFM_OK;
    rfm_reserve(&course->trace, &course->trace_capacity, (size_t)course->iterations + 64, sizeof *course->trace, err);
    return rfm_comm_agree(work->comm, err);
}

/* For who watches. When it will have converged nobody knows, only when it will be stopped. */
static void show(rfm_work *work, const rfm_kmeans_options *options, const rfm_course *course)
{
    const int n = course->iterations;
    const double before = n > 1 ? course->trace[n - 2] : course->inertia;
    const double less = before > 0 ? 100 * (before - course->inertia) / before : 0;
    const double most_s = ceil(course->seconds / n * (options->max_iterations - n));
    rfm_meter_show((double)++work->n_iterations,
                   "%d clusters, %s, iteration %d, %.0f s left at most, inertia %.6g (%.2g %% less)", course->k,
                   work->doing, n, most_s, course->inertia, less);
}

static void iterate(rfm_work *work, double *mean, double least_shift, rfm_course *course)
{
    const size_t words = (size_t)course->k * (size_t)work->matrix->d;
    memcpy(course->before, course->centroids, words * sizeof *course->before);
    int64_t changed = rfm_sums_pass(work, course->k, course->centroids);
    course->labelled = !has_empty(&work->sums, course->k);
    if (!course->labelled)
        changed += rfm_refill_clusters(work, &course->k, course->centroids);
    course->inertia = rfm_inertia_of(work, course->k, NULL);
    double shift = move_centroids(work, course->k, mean, course->centroids);
    course->trace[course->iterations++] = course->inertia;
    course->settled = changed == 0;
    course->converged = changed == 0 || shift <= least_shift;
    rfm_log(RFM_LOG_DEBUG, "k-means: iteration %d: inertia %.10g, %lld rows changed, shift %.3g", course->iterations,
            course->inertia, (long long)changed, shift);
}

/* At the pace of the last iteration so many more would not do. */
static bool is_out_of_reach(const rfm_course *course, double target)
{
    const int n = course->iterations;
    return target > 0 && n > 1 && course->inertia - target > PATIENCE * (course->trace[n - 2] - course->trace[n - 1]);
}

/* Nothing is known of the rows; but of a course that was kept their labels, by the centroids that gave them. */
static void label_rows(rfm_work *work, const rfm_course *course)
{
    work->fresh = true;
    work->summed = false;
    for (size_t i = 0; i < work->matrix->n; i++)
        work->labels[i] = -1;
    if (course->iterations > 0)
        rfm_sums_pass(work, course->k, course->before);
}

rfm_status rfm_lloyd_run(rfm_work *work, const rfm_kmeans_options *options, double target, rfm_course *course,
                         rfm_error *err)
{
    double least_shift = options->tolerance > 0 ? options->tolerance * rfm_inertia_variance(work) : -1;
    double *mean = rfm_alloc((size_t)work->matrix->d, sizeof *mean, err), last = rfm_clock_s();
    if (rfm_comm_agree(work->comm, err) != RFM_OK)
        goto done;
    label_rows(work, course);
    while (!course->converged && course->iterations < options->max_iterations) {
        if (grow_trace(work, course, err) != RFM_OK)
            goto done;
        iterate(work, mean, least_shift, course);
        course->seconds += rfm_clock_s() - last;
        last = rfm_clock_s();
        show(work, options, course);
        if (is_out_of_reach(course, target) || rfm_progress_heed(work, err) != RFM_OK)
            goto done;
    }
    if (!course->settled) {
        rfm_sums_pass(work, course->k, course->centroids);
        course->inertia = rfm_inertia_of(work, course->k, course->centroids);
    }
    course->seconds += rfm_clock_s() - last;
done:
    free(mean);
    return err->status;
}
