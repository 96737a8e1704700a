/* The fit of one number of clusters; or of several over one matrix, their quality, and the choice among them. */
#include "batch.h"

#include <math.h>
#include <string.h>

/* A number of clusters that was tried. Numbers only: labels are kept of the best alone. */
typedef struct candidate {
    int64_t k;
    double inertia, silhouette, silhouette_error, squared_silhouette, davies_bouldin, calinski_harabasz, stability;
} candidate;

typedef struct sweep {
    rfm_batch *batch;
    const rfm_matrix *matrix;
    candidate *tried; /* [n_ks] */
    size_t n, best;
    rfm_clustering clustering; /* of the best */
    rfm_quality quality;
} sweep;

/* Collective. The mean agreement of the labels with those of other starts. */
static rfm_status measure_stability(const sweep *s, const rfm_clustering *fit, rfm_kmeans_options options,
                                    double *stability, rfm_error *err)
{
    const int64_t trials = rfm_config_integer(s->batch->config, "cluster.trials");
    const rfm_labelling mine = {fit->k, fit->labels};
    double sum = 0;
    for (int64_t t = 0; t < trials && !err->status; t++) {
        rfm_clustering other;
        double index = 0;
        options.seed++;
        if (rfm_kmeans_fit(s->batch->comm, s->matrix, &options, &other, err) == RFM_OK) {
            const rfm_labelling theirs = {other.k, other.labels};
            rfm_kmeans_agreement(s->batch->comm, s->matrix->n, &mine, &theirs, &index, err);
        }
        rfm_clustering_free(&other);
        sum += index;
    }
    *stability = trials > 0 ? sum / (double)trials : 0;
    return err->status;
}

/* Of a single k too where it is to be chosen by that: somebody compares it with others that were fitted elsewhere. */
static bool wants_stability(const rfm_batch *batch)
{
    return batch->job.n_ks > 1 || strcmp(rfm_config_string(batch->config, "cluster.choose"), "stability") == 0;
}

/* Larger is better. */
static double score_of(const rfm_batch *batch, const candidate *of)
{
    const char *rule = rfm_config_string(batch->config, "cluster.choose");
    if (strcmp(rule, "davies-bouldin") == 0)
        return of->k > 1 ? -of->davies_bouldin : -HUGE_VAL;
    if (strcmp(rule, "calinski-harabasz") == 0)
        return of->calinski_harabasz;
    return strcmp(rule, "stability") == 0 ? of->stability : of->silhouette;
}

static void keep(sweep *s, rfm_clustering *fit, rfm_quality *quality)
{
    rfm_clustering_free(&s->clustering);
    rfm_quality_free(&s->quality);
    s->clustering = *fit;
    s->quality = *quality;
    s->best = s->n;
    *fit = (rfm_clustering){0};
    *quality = (rfm_quality){0};
}

static rfm_status measure(const sweep *s, const rfm_clustering *fit, rfm_quality *quality, rfm_error *err)
{
    return rfm_kmeans_quality(s->batch->comm, s->matrix, fit, s->batch->job.kmeans.seed, quality, err);
}

/* Collective. */
static rfm_status try_one(sweep *s, int64_t k, rfm_error *err)
{
    rfm_kmeans_options options = s->batch->job.kmeans;
    rfm_clustering fit = {0};
    rfm_quality quality = {0};
    double stability = 0;
    options.k = (int)k;
    if (rfm_kmeans_fit(s->batch->comm, s->matrix, &options, &fit, err) == RFM_OK &&
        measure(s, &fit, &quality, err) == RFM_OK && wants_stability(s->batch))
        measure_stability(s, &fit, options, &stability, err);
    if (err->status == RFM_OK) {
        s->tried[s->n] = (candidate){k,
                                     fit.inertia,
                                     quality.silhouette,
                                     quality.silhouette_error,
                                     quality.squared_silhouette,
                                     quality.davies_bouldin,
                                     quality.calinski_harabasz,
                                     stability};
        if (s->n == 0 || score_of(s->batch, &s->tried[s->n]) > score_of(s->batch, &s->tried[s->best]))
            keep(s, &fit, &quality);
        s->n++;
    }
    rfm_clustering_free(&fit);
    rfm_quality_free(&quality);
    return err->status;
}

/* ---- what is told ----------------------------------------------------------------------------------------------- */

static void report_quality(const rfm_batch *batch, const rfm_quality *of)
{
    rfm_report_number(batch->run, "quality.silhouette", of->silhouette);
    rfm_report_number(batch->run, "quality.silhouette_error", of->silhouette_error);
    rfm_report_integer(batch->run, "quality.silhouette_rows", of->silhouette_rows);
    rfm_report_numbers(batch->run, "quality.silhouettes", of->silhouettes, (size_t)of->k);
    rfm_report_number(batch->run, "quality.squared_silhouette", of->squared_silhouette);
    rfm_report_number(batch->run, "quality.davies_bouldin", of->davies_bouldin);
    rfm_report_number(batch->run, "quality.calinski_harabasz", of->calinski_harabasz);
    rfm_report_number(batch->run, "quality.seconds", of->seconds);
    rfm_log(RFM_LOG_INFO, "quality: silhouette %.4f%s, Davies-Bouldin %.4f, Calinski-Harabasz %.4g", of->silhouette,
            of->silhouette_error > 0 ? " (of a sample)" : "", of->davies_bouldin, of->calinski_harabasz);
}

/* One measure of all that was tried; it lies `offset` bytes into each. */
static void report_column(const sweep *s, const char *key, size_t offset, double *column)
{
    for (size_t i = 0; i < s->n; i++)
        memcpy(&column[i], (const char *)&s->tried[i] + offset, sizeof *column);
    rfm_report_numbers(s->batch->run, key, column, s->n);
}

static rfm_status report_sweep(const sweep *s, rfm_error *err)
{
    double *column = rfm_alloc(s->n, sizeof *column, err);
    if (!column)
        return err->status;
    rfm_report_integers(s->batch->run, "sweep.k", s->batch->job.ks, s->n);
    report_column(s, "sweep.inertia", offsetof(candidate, inertia), column);
    report_column(s, "sweep.silhouette", offsetof(candidate, silhouette), column);
    report_column(s, "sweep.silhouette_error", offsetof(candidate, silhouette_error), column);
    report_column(s, "sweep.squared_silhouette", offsetof(candidate, squared_silhouette), column);
    report_column(s, "sweep.davies_bouldin", offsetof(candidate, davies_bouldin), column);
    report_column(s, "sweep.calinski_harabasz", offsetof(candidate, calinski_harabasz), column);
    report_column(s, "sweep.stability", offsetof(candidate, stability), column);
    free(column);
    for (size_t i = 0; i < s->n; i++)
        rfm_log(RFM_LOG_INFO, "sweep: k %lld: inertia %.6g, silhouette %.4f, Davies-Bouldin %.4f, stability %.3f%s",
                (long long)s->tried[i].k, s->tried[i].inertia, s->tried[i].silhouette, s->tried[i].davies_bouldin,
                s->tried[i].stability, i == s->best ? "  <- chosen" : "");
    rfm_log(RFM_LOG_INFO, "sweep: chosen by %s", rfm_config_string(s->batch->config, "cluster.choose"));
    return RFM_OK;
}

rfm_status sweep_fit(rfm_batch *batch, const rfm_matrix *matrix, rfm_clustering *clustering, rfm_error *err)
{
    sweep s = {.batch = batch, .matrix = matrix};
    *clustering = (rfm_clustering){0};
    s.tried = rfm_alloc(batch->job.n_ks, sizeof *s.tried, err);
    rfm_comm_agree(batch->comm, err);
    for (size_t i = 0; i < batch->job.n_ks && err->status == RFM_OK; i++)
        try_one(&s, batch->job.ks[i], err);
    if (err->status == RFM_OK && batch->job.n_ks > 1)
        report_sweep(&s, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK) {
        if (s.clustering.k > 1)
            report_quality(batch, &s.quality);
        if (wants_stability(batch))
            rfm_report_number(batch->run, "quality.stability", s.tried[s.best].stability);
        *clustering = s.clustering;
        s.clustering = (rfm_clustering){0};
    }
    rfm_clustering_free(&s.clustering);
    rfm_quality_free(&s.quality);
    free(s.tried);
    return err->status;
}
