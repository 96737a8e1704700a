/* A fit: seedings and loops, the best of them, its order, and the labels once more. Knows nothing of how either works.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "seeding.h"

rfm_kmeans_options rfm_kmeans_defaults(void)
{
    return (rfm_kmeans_options){.k = 8,
                                .seed = 1,
                                .restarts = 1,
                                .seeding = RFM_SEEDING_PARALLEL,
                                .max_iterations = 300,
                                .tolerance = 1e-4,
                                .oversampling = 2,
                                .rounds = 5,
                                .algorithm = RFM_ALGORITHM_AUTO,
                                .order_column = -1};
}

void rfm_clustering_free(rfm_clustering *clustering)
{
    if (!clustering)
        return;
    free(clustering->centroids);
    free(clustering->sizes);
    free(clustering->weights);
    free(clustering->labels);
    free(clustering->trace);
    memset(clustering, 0, sizeof *clustering);
}

static rfm_status check_given(const rfm_matrix *matrix, const rfm_kmeans_options *options, rfm_error *err)
{
    size_t n = (size_t)options->k * (size_t)matrix->d;
    if (!options->given)
        return rfm_fail(err, RFM_USAGE, "no starting centroids were given");
    for (size_t i = 0; i < n; i++)
        if (!(fabs(options->given[i]) <= DBL_MAX))
            return rfm_fail(err, RFM_DATA, "starting centroid %zu, column %zu: %g is not a finite number",
                            i / (size_t)matrix->d, i % (size_t)matrix->d, options->given[i]);
    return RFM_OK;
}

/* The grid has seen to it for rows without weights. */
static rfm_status check_weights(const rfm_matrix *matrix, rfm_error *err)
{
    const rfm_weights *weights = &matrix->weights;
    const double most = (double)weights->total * fmax(weights->unit, 1);
    if (!weights->units && weights->unit <= 1)
        return RFM_OK;
    for (int j = 0; j < matrix->d; j++) {
        double range = (double)(matrix->grid->high[j] - matrix->grid->low[j]) * matrix->grid->step[j];
        if (!(range * range * matrix->d * most <= DBL_MAX))
            return rfm_fail(err, RFM_DATA,
                            "column %d: values %g apart with weights of %g in all have squared distances beyond "
                            "double precision; scale them",
                            j, range, (double)weights->total * weights->unit);
    }
    return RFM_OK;
}

static rfm_status check_options(const rfm_matrix *matrix, const rfm_kmeans_options *options, rfm_error *err)
{
    if (options->k < 1)
        return rfm_fail(err, RFM_USAGE, "k is %d; at least one cluster is needed", options->k);
    if (options->restarts < 1 || options->max_iterations < 1)
        return rfm_fail(err, RFM_USAGE, "restarts (%d) and iterations (%d) must be at least 1", options->restarts,
                        options->max_iterations);
    if (!(options->tolerance >= 0 && options->tolerance <= DBL_MAX))
        return rfm_fail(err, RFM_USAGE, "the tolerance is %g; it must be 0 or more", options->tolerance);
    if (options->rounds < 0 || !(options->oversampling > 0 && options->oversampling <= 1e6))
        return rfm_fail(err, RFM_USAGE,
                        "k-means|| with %d rounds and oversampling %g; rounds must be 0 or more and "
                        "oversampling between 0 and 1e6",
                        options->rounds, options->oversampling);
    if (options->order_column >= matrix->d)
        return rfm_fail(err, RFM_USAGE, "clusters cannot be ordered by column %d of %d", options->order_column,
                        matrix->d);
    if (matrix->n_global < 1)
        return rfm_fail(err, RFM_DATA, "there are no rows to cluster");
    if (check_weights(matrix, err) != RFM_OK)
        return err->status;
    return options->seeding == RFM_SEEDING_GIVEN ? check_given(matrix, options, err) : RFM_OK;
}

/* ---- a fit under way -------------------------------------------------------------------------------------------- */

static void free_fit(rfm_fit *fit)
{
    rfm_course_free(&fit->course);
    rfm_course_free(&fit->best);
    free(fit->search.failed);
}

static rfm_status init_fit(rfm_work *work, const rfm_kmeans_options *options, rfm_fit *fit, rfm_error *err)
{
    *fit = (rfm_fit){.work = work, .options = options};
    rfm_course_init(work, &fit->course, err);
    rfm_course_init(work, &fit->best, err);
    fit->search.failed = rfm_alloc((size_t)options->k, sizeof *fit->search.failed, err);
    return rfm_comm_agree(work->comm, err);
}

static rfm_status seed(rfm_seeder *seeder, rfm_fit *fit, rfm_error *err)
{
    double start = rfm_clock_s();
    int k = 0;
    if (rfm_seeder_run(seeder, fit->restart, &k, fit->course.centroids, err) == RFM_OK)
        rfm_course_begin(&fit->course, k);
    fit->effort.seconds_seed += rfm_clock_s() - start;
    return err->status;
}

static rfm_status run_restart(rfm_seeder *seeder, rfm_fit *fit, rfm_error *err)
{
    rfm_course *course = &fit->course;
    if (course->k == 0 && seed(seeder, fit, err) != RFM_OK)
        return err->status;
    snprintf(fit->work->doing, sizeof fit->work->doing, "start %d of %d", fit->restart + 1, fit->options->restarts);
    if (rfm_lloyd_run(fit->work, fit->options, 0, course, err) != RFM_OK)
        return err->status;
    fit->effort.seconds_iterate += course->seconds;
    fit->effort.iterations += course->iterations;
    rfm_log(RFM_LOG_DEBUG, "k-means: restart %d: %d clusters, %d iterations%s, inertia %.10g", fit->restart, course->k,
            course->iterations, course->converged ? "" : " (not converged)", course->inertia);
    if (fit->restart == 0 || course->inertia < fit->best.inertia) {
        rfm_course before = fit->best;
        fit->best = *course;
        *course = before;
        fit->effort.restart = fit->restart;
    }
    rfm_course_begin(course, 0);
    return RFM_OK;
}

static rfm_status run_restarts(rfm_fit *fit, rfm_error *err)
{
    int restarts = fit->options->seeding == RFM_SEEDING_GIVEN ? 1 : fit->options->restarts;
    rfm_seeder seeder = {0};
    if (rfm_seeder_init(fit->work, fit->options, &seeder, err) == RFM_OK)
        for (; err->status == RFM_OK && fit->restart < restarts; fit->restart++)
            run_restart(&seeder, fit, err);
    rfm_seeder_free(&seeder);
    return err->status;
}

static bool searches(const rfm_kmeans_options *options)
{
    if (options->search == RFM_SEARCH_AUTO)
        return options->seeding != RFM_SEEDING_GIVEN;
    return options->search == RFM_SEARCH_SPLIT_MERGE;
}

/* From the best restart on, whose labels and sums are made again. */
static rfm_status search_on(rfm_fit *fit, rfm_error *err)
{
    double start = rfm_clock_s();
    rfm_sums_pass(fit->work, fit->best.k, fit->best.centroids);
    rfm_search_run(fit->work, fit->options, &fit->search, &fit->best, &fit->course, &fit->effort.iterations_search,
                   err);
    fit->effort.seconds_search += rfm_clock_s() - start;
    return err->status;
}

/* From wherever the fit is to its best centroids. */
static rfm_status run_phases(rfm_fit *fit, rfm_error *err)
{
    if (fit->phase == RFM_PHASE_RESTARTS) {
        if (run_restarts(fit, err) != RFM_OK)
            return err->status;
        fit->phase = searches(fit->options) ? RFM_PHASE_SEARCH : RFM_PHASE_DONE;
    }
    if (fit->phase == RFM_PHASE_SEARCH) {
        if (search_on(fit, err) != RFM_OK)
            return err->status;
        fit->phase = RFM_PHASE_DONE;
    }
    return RFM_OK;
}

/* ---- its result ------------------------------------------------------------------------------------------------- */

static rfm_status allocate_result(const rfm_fit *fit, rfm_clustering *clustering, rfm_error *err)
{
    size_t k = (size_t)fit->best.k, d = (size_t)fit->work->matrix->d;
    clustering->k = fit->best.k;
    clustering->d = fit->work->matrix->d;
    clustering->centroids = rfm_alloc(k, d * sizeof *clustering->centroids, err);
    clustering->sizes = rfm_alloc(k, sizeof *clustering->sizes, err);
    clustering->weights = rfm_alloc(k, sizeof *clustering->weights, err);
    return rfm_comm_agree(fit->work->comm, err);
}

/* The order wants sizes, and the sizes of the best restart are known only when its labels are made again. */
static void count_sizes(const rfm_fit *fit, double *key)
{
    rfm_sums_pass(fit->work, fit->best.k, fit->best.centroids);
    for (int c = 0; c < fit->best.k; c++)
        key[c] = (double)rfm_sums_count(&fit->work->sums, c);
}

static rfm_status put_in_order(const rfm_fit *fit, rfm_clustering *clustering, rfm_error *err)
{
    const size_t k = (size_t)fit->best.k, d = (size_t)fit->work->matrix->d;
    const int column = fit->options->order_column;
    double *key = rfm_alloc(k, sizeof *key, err);
    int32_t *rank = rfm_alloc(k, sizeof *rank, err);
    if (rfm_comm_agree(fit->work->comm, err) != RFM_OK)
        goto done;
    if (column < 0)
        count_sizes(fit, key);
    for (size_t c = 0; column >= 0 && c < k; c++)
        key[c] = fit->best.centroids[c * d + (size_t)column];
    rfm_order_clusters((int)k, (int)d, fit->best.centroids, key, rank);
    for (size_t c = 0; c < k; c++)
        memcpy(clustering->centroids + c * d, fit->best.centroids + (size_t)rank[c] * d,
               d * sizeof *clustering->centroids);
done:
    free(key);
    free(rank);
    return err->status;
}

static void measure_sizes(const rfm_work *work, rfm_clustering *clustering)
{
    for (int c = 0; c < clustering->k; c++) {
        const int64_t n = rfm_sums_count(&work->sums, c);
        clustering->sizes[c] = work->sums.weighted ? 0 : n;
        clustering->weights[c] = (double)n * work->matrix->weights.unit;
    }
    if (!work->sums.weighted)
        return;
    for (size_t i = 0; i < work->matrix->n; i++)
        clustering->sizes[work->labels[i]]++;
    rfm_comm_reduce_i64(work->comm, RFM_SUM, clustering->sizes, (size_t)clustering->k);
}

/* Until here inertia is by weights in their unit, so that no unit can make a difference. */
static void apply_unit(double unit, rfm_clustering *clustering)
{
    clustering->inertia *= unit;
    for (int i = 0; i < clustering->iterations; i++)
        clustering->trace[i] *= unit;
}

/* Labels once more in the final order, and what follows from them. The arrays of the fit change hands. */
static void finish(rfm_fit *fit, rfm_clustering *clustering)
{
    rfm_work *work = fit->work;
    rfm_sums_pass(work, clustering->k, clustering->centroids);
    measure_sizes(work, clustering);
    clustering->inertia = rfm_inertia_of(work, clustering->k, clustering->centroids);
    clustering->labels = work->labels;
    work->labels = NULL;
    clustering->iterations = fit->best.iterations;
    clustering->converged = fit->best.converged;
    clustering->trace = fit->best.trace;
    fit->best.trace = NULL;
    apply_unit(work->matrix->weights.unit, clustering);
    clustering->restart = fit->effort.restart;
    clustering->seconds_seed = fit->effort.seconds_seed;
    clustering->seconds_iterate = fit->effort.seconds_iterate;
    clustering->seconds_search = fit->effort.seconds_search;
    clustering->iterations_total = fit->effort.iterations;
    clustering->iterations_search = fit->effort.iterations_search;
    snprintf(clustering->algorithm, sizeof clustering->algorithm, "%s", work->assigner->name);
}

static void report(const rfm_clustering *clustering, const rfm_kmeans_options *options)
{
    if (clustering->k < options->k)
        rfm_log(RFM_LOG_WARN, "k-means: %d clusters instead of %d: there are not enough distinct rows", clustering->k,
                options->k);
    char of[32] = ""; /* the lines of a run have room on a terminal of 80 columns */
    if (options->restarts > 1)
        snprintf(of, sizeof of, " of restart %d", clustering->restart);
    rfm_log(RFM_LOG_INFO, "k-means: %d clusters, inertia %.10g, %d iterations%s, %s", clustering->k,
            clustering->inertia, clustering->iterations, of,
            clustering->converged ? "converged" : "stopped at the limit");
}

static rfm_status fit_from(rfm_fit *fit, rfm_clustering *clustering, rfm_error *err)
{
    rfm_progress *progress = fit->options->progress;
    rfm_meter_open("cluster", "iterations", 0, 0);
    if (rfm_progress_take_up(progress, fit, err) == RFM_OK)
        run_phases(fit, err);
    rfm_meter_close();
    rfm_progress_leave(progress, fit, err);
    if (rfm_comm_agree(fit->work->comm, err) == RFM_OK && allocate_result(fit, clustering, err) == RFM_OK &&
        put_in_order(fit, clustering, err) == RFM_OK)
        finish(fit, clustering);
    return err->status;
}

rfm_status rfm_kmeans_fit(rfm_comm *comm, const rfm_matrix *matrix, const rfm_kmeans_options *options,
                          rfm_clustering *clustering, rfm_error *err)
{
    rfm_work work = {0};
    rfm_fit fit = {0};
    memset(clustering, 0, sizeof *clustering);
    check_options(matrix, options, err);
    if (rfm_comm_agree(comm, err) == RFM_OK && rfm_work_init(comm, matrix, options, &work, err) == RFM_OK &&
        init_fit(&work, options, &fit, err) == RFM_OK && fit_from(&fit, clustering, err) == RFM_OK)
        report(clustering, options);
    free_fit(&fit);
    rfm_work_free(&work);
    if (err->status != RFM_OK)
        rfm_clustering_free(clustering);
    return err->status;
}
