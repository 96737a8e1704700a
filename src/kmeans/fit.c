/* A fit: seedings and loops, the best of them, its order, and the labels once more. Knows nothing of how either works.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "search.h"
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
    return options->seeding == RFM_SEEDING_GIVEN ? check_given(matrix, options, err) : RFM_OK;
}

/* The restart in hand and the best so far, side by side. */
typedef struct contest {
    int k, best_k;
    double *centroids, *best_centroids; /* [options k * d] */
    rfm_outcome outcome, best;
} contest;

static void swap_best(contest *runs)
{
    double *centroids = runs->centroids;
    rfm_outcome outcome = runs->outcome;
    runs->centroids = runs->best_centroids;
    runs->best_centroids = centroids;
    runs->outcome = runs->best;
    runs->best = outcome;
    runs->best_k = runs->k;
}

static rfm_status run_restart(rfm_seeder *seeder, int restart, contest *runs, rfm_clustering *clustering,
                              rfm_error *err)
{
    double start = rfm_clock_s();
    if (rfm_seeder_run(seeder, restart, &runs->k, runs->centroids, err) != RFM_OK)
        return err->status;
    double seeded = rfm_clock_s();
    clustering->seconds_seed += seeded - start;
    if (rfm_lloyd_run(seeder->work, seeder->options, 0, &runs->k, runs->centroids, &runs->outcome, err) != RFM_OK)
        return err->status;
    clustering->seconds_iterate += rfm_clock_s() - seeded;
    clustering->iterations_total += runs->outcome.iterations;
    rfm_log(RFM_LOG_DEBUG, "k-means: restart %d: %d clusters, %d iterations%s, inertia %.10g", restart, runs->k,
            runs->outcome.iterations, runs->outcome.converged ? "" : " (not converged)", runs->outcome.inertia);
    if (restart == 0 || runs->outcome.inertia < runs->best.inertia) {
        clustering->restart = restart;
        swap_best(runs);
    }
    return RFM_OK;
}

static rfm_status run_restarts(rfm_work *work, const rfm_kmeans_options *options, contest *runs,
                               rfm_clustering *clustering, rfm_error *err)
{
    size_t k = (size_t)options->k, d = (size_t)work->matrix->d;
    int restarts = options->seeding == RFM_SEEDING_GIVEN ? 1 : options->restarts;
    rfm_seeder seeder = {0};
    runs->centroids = rfm_alloc(k, d * sizeof *runs->centroids, err);
    runs->best_centroids = rfm_alloc(k, d * sizeof *runs->best_centroids, err);
    if (rfm_comm_agree(work->comm, err) == RFM_OK)
        rfm_seeder_init(work, options, &seeder, err);
    for (int restart = 0; err->status == RFM_OK && restart < restarts; restart++)
        run_restart(&seeder, restart, runs, clustering, err);
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
static rfm_status search_on(rfm_work *work, const rfm_kmeans_options *options, contest *runs,
                            rfm_clustering *clustering, rfm_error *err)
{
    double start = rfm_clock_s();
    if (!searches(options))
        return RFM_OK;
    rfm_sums_pass(work, runs->best_k, runs->best_centroids);
    rfm_search_run(work, options, &runs->best_k, runs->best_centroids, &runs->best, &clustering->iterations_search,
                   err);
    clustering->seconds_search += rfm_clock_s() - start;
    return err->status;
}

static rfm_status allocate_result(const rfm_work *work, const contest *runs, rfm_clustering *clustering, rfm_error *err)
{
    size_t k = (size_t)runs->best_k, d = (size_t)work->matrix->d;
    clustering->k = runs->best_k;
    clustering->d = work->matrix->d;
    clustering->centroids = rfm_alloc(k, d * sizeof *clustering->centroids, err);
    clustering->sizes = rfm_alloc(k, sizeof *clustering->sizes, err);
    return err->status;
}

/* The order wants sizes, and the sizes of the best restart are known only when its labels are made again. */
static void count_sizes(rfm_work *work, const contest *runs, double *key)
{
    rfm_sums_pass(work, runs->best_k, runs->best_centroids);
    for (int c = 0; c < runs->best_k; c++)
        key[c] = (double)rfm_sums_count(&work->sums, c);
}

static rfm_status put_in_order(rfm_work *work, const contest *runs, int column, rfm_clustering *clustering,
                               rfm_error *err)
{
    size_t k = (size_t)runs->best_k, d = (size_t)work->matrix->d;
    double *key = rfm_alloc(k, sizeof *key, err);
    int32_t *rank = rfm_alloc(k, sizeof *rank, err);
    if (rfm_comm_agree(work->comm, err) != RFM_OK)
        goto done;
    if (column < 0)
        count_sizes(work, runs, key);
    for (size_t c = 0; column >= 0 && c < k; c++)
        key[c] = runs->best_centroids[c * d + (size_t)column];
    rfm_order_clusters((int)k, (int)d, runs->best_centroids, key, rank);
    for (size_t c = 0; c < k; c++)
        memcpy(clustering->centroids + c * d, runs->best_centroids + (size_t)rank[c] * d,
               d * sizeof *clustering->centroids);
done:
    free(key);
    free(rank);
    return err->status;
}

/* Labels once more in the final order, and what follows from them. The arrays of work and runs change hands. */
static void finish(rfm_work *work, contest *runs, rfm_clustering *clustering)
{
    rfm_sums_pass(work, clustering->k, clustering->centroids);
    for (int c = 0; c < clustering->k; c++)
        clustering->sizes[c] = rfm_sums_count(&work->sums, c);
    clustering->inertia =
        rfm_inertia_value(&work->sums, clustering->k, work->squares, work->matrix->grid->step, clustering->centroids);
    clustering->labels = work->labels;
    work->labels = NULL;
    clustering->iterations = runs->best.iterations;
    clustering->converged = runs->best.converged;
    clustering->trace = runs->best.trace;
    runs->best.trace = NULL;
    snprintf(clustering->algorithm, sizeof clustering->algorithm, "%s", work->assigner->name);
}

static void report(const rfm_clustering *clustering, const rfm_kmeans_options *options)
{
    if (clustering->k < options->k)
        rfm_log(RFM_LOG_WARN, "k-means: %d clusters instead of %d: there are not enough distinct rows", clustering->k,
                options->k);
    rfm_log(RFM_LOG_INFO, "k-means: %d clusters, inertia %.10g, %d iterations of restart %d, %s", clustering->k,
            clustering->inertia, clustering->iterations, clustering->restart,
            clustering->converged ? "converged" : "stopped at the limit");
}

rfm_status rfm_kmeans_fit(rfm_comm *comm, const rfm_matrix *matrix, const rfm_kmeans_options *options,
                          rfm_clustering *clustering, rfm_error *err)
{
    rfm_work work = {0};
    contest runs = {0};
    memset(clustering, 0, sizeof *clustering);
    check_options(matrix, options, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        goto done;
    if (rfm_work_init(comm, matrix, options->algorithm, options->k, &work, err) != RFM_OK ||
        run_restarts(&work, options, &runs, clustering, err) != RFM_OK ||
        search_on(&work, options, &runs, clustering, err) != RFM_OK)
        goto done;
    allocate_result(&work, &runs, clustering, err);
    if (rfm_comm_agree(comm, err) != RFM_OK ||
        put_in_order(&work, &runs, options->order_column, clustering, err) != RFM_OK)
        goto done;
    finish(&work, &runs, clustering);
    report(clustering, options);
done:
    free(runs.centroids);
    free(runs.best_centroids);
    free(runs.outcome.trace);
    free(runs.best.trace);
    rfm_work_free(&work);
    if (err->status != RFM_OK)
        rfm_clustering_free(clustering);
    return err->status;
}
