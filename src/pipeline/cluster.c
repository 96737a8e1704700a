/* Stages cluster and label: features -> scaled matrix -> model -> a label for every customer. */
#include "batch.h"

#include <string.h>

static int find_feature(const rfm_frame *frame, const char *name)
{
    for (int j = 0; j < frame->d; j++)
        if (strcmp(frame->names[j], name) == 0)
            return j;
    return -1;
}

static rfm_status check_given(const rfm_batch *batch, rfm_error *err)
{
    const rfm_job *job = &batch->job;
    if (!job->given || job->given_d == batch->frame.d)
        return RFM_OK;
    return rfm_fail(err, RFM_USAGE, "the centroids of cluster.init have %d columns, the features %d", job->given_d,
                    batch->frame.d);
}

/* Local. Where cluster.init says so, the segments of the previous model, under the scaling of these customers. */
static rfm_status start_from_previous(rfm_batch *batch, rfm_error *err)
{
    rfm_job *job = &batch->job;
    const rfm_model *previous = &batch->previous;
    const size_t k = (size_t)previous->k;
    if (!job->starts_from_previous)
        return RFM_OK;
    job->given = rfm_alloc(k, (size_t)previous->d * sizeof *job->given, err);
    if (job->given)
        rfm_scaling_apply(&batch->model.scaling, k, previous->centroids_original, job->given);
    job->given_d = previous->d;
    job->kmeans.given = job->given;
    return err->status;
}

/* ---- filling the model: Local, the same on every rank ----------------------------------------------------------- */

static char **copy_names(char *const *names, int n, rfm_error *err)
{
    char **copy = rfm_alloc((size_t)n, sizeof *copy, err);
    for (int i = 0; copy && i < n; i++)
        copy[i] = rfm_copy_string(names[i], err);
    return copy;
}

static void *copy_array(const void *from, size_t n, size_t size, rfm_error *err)
{
    void *copy = rfm_alloc(n, size, err);
    if (copy && n > 0)
        memcpy(copy, from, n * size);
    return copy;
}

static rfm_status describe_origin(rfm_batch *batch, rfm_error *err)
{
    rfm_model *model = &batch->model;
    const rfm_job *job = &batch->job;
    rfm_text definitions = {0};
    if (job->features)
        rfm_features_print(job->features, &definitions, err);
    model->definitions = rfm_copy_string(definitions.bytes ? definitions.bytes : "", err);
    model->as_of_rule = rfm_copy_string(job->source == SOURCE_MATRIX ? "" : job->as_of_text, err);
    model->timezone = rfm_copy_string(rfm_config_string(batch->config, "input.timezone"), err);
    model->as_of = batch->as_of;
    rfm_text_free(&definitions);
    return err->status;
}

static void place_centroids(rfm_model *model)
{
    for (int c = 0; c < model->k; c++)
        for (int j = 0; j < model->d; j++) {
            const size_t at = (size_t)c * (size_t)model->d + (size_t)j;
            model->centroids_scaled[at] = model->grid.offset[j] + model->centroids[at];
            model->centroids_original[at] = rfm_scaling_invert(&model->scaling, j, model->centroids_scaled[at]);
        }
}

static rfm_status fill_model(rfm_batch *batch, const rfm_clustering *clustering, rfm_error *err)
{
    rfm_model *model = &batch->model;
    const size_t k = (size_t)clustering->k, values = k * (size_t)batch->frame.d;
    model->d = batch->frame.d;
    model->k = clustering->k;
    model->features = copy_names(batch->frame.names, model->d, err);
    model->centroids = copy_array(clustering->centroids, values, sizeof(double), err);
    model->centroids_scaled = rfm_alloc(values, sizeof(double), err);
    model->centroids_original = rfm_alloc(values, sizeof(double), err);
    model->sizes = copy_array(clustering->sizes, k, sizeof(int64_t), err);
    if (batch->frame.weights.unit > 0)
        model->weights = copy_array(clustering->weights, k, sizeof(double), err);
    model->segment_ids = rfm_alloc(k, sizeof(int32_t), err);
    model->trace = copy_array(clustering->trace, (size_t)clustering->iterations, sizeof(double), err);
    model->inertia = clustering->inertia;
    model->iterations = clustering->iterations;
    model->seed = batch->job.kmeans.seed;
    if (describe_origin(batch, err) != RFM_OK)
        return err->status;
    for (int c = 0; c < model->k; c++)
        model->segment_ids[c] = c;
    place_centroids(model);
    if (rfm_segment_names(rfm_config_tree(batch->config, "cluster.names"), model->k, model->d,
                          (const char *const *)model->features, model->centroids_original, &model->names,
                          err) != RFM_OK)
        return err->status;
    return identity_keep(batch, err);
}

/* Collective. Where the values of the training customers lie, for those who look back. */
static rfm_status fill_profile(rfm_batch *batch, rfm_error *err)
{
    rfm_model *model = &batch->model;
    model->profile_cuts = rfm_alloc((size_t)model->d, RFM_PROFILE_CUTS * sizeof(double), err);
    model->profile_shares = rfm_alloc((size_t)model->d, RFM_PROFILE_BINS * sizeof(double), err);
    if (rfm_comm_agree(batch->comm, err) != RFM_OK ||
        rfm_profile_cuts(batch->comm, &batch->frame, model->profile_cuts, err) != RFM_OK)
        return err->status;
    return rfm_profile_shares(batch->comm, &batch->frame, model->profile_cuts, model->profile_shares, err);
}

/* ---- missing values --------------------------------------------------------------------------------------------- */

static void report_missing(const rfm_batch *batch, const int64_t *counts)
{
    const rfm_frame *frame = &batch->frame;
    int64_t n = 0;
    int columns = 0;
    for (int j = 0; j < frame->d; j++) {
        char key[320];
        snprintf(key, sizeof key, "missing.%.200s", frame->names[j]);
        if (counts[j] > 0)
            rfm_report_integer(batch->run, key, counts[j]);
        n += counts[j];
        columns += counts[j] > 0;
    }
    if (n > 0)
        rfm_log(RFM_LOG_INFO, "%lld missing values in %d columns were filled in", (long long)n, columns);
}

/* Collective. Puts in what the model has for them; run.json tells how many there were of each column. */
static rfm_status fill_missing(rfm_batch *batch, rfm_error *err)
{
    const size_t d = (size_t)batch->frame.d;
    if (!batch->model.fills)
        return RFM_OK;
    int64_t *counts = rfm_alloc(d, sizeof *counts, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK) {
        rfm_missing_fill(batch->model.fills, &batch->frame, counts);
        rfm_comm_reduce_i64(batch->comm, RFM_SUM, counts, d);
        report_missing(batch, counts);
    }
    free(counts);
    return err->status;
}

/* ---- cluster ---------------------------------------------------------------------------------------------------- */

static void report_fit(rfm_batch *batch, const rfm_clustering *fit)
{
    rfm_report_integer(batch->run, "cluster.k", fit->k);
    rfm_report_integer(batch->run, "cluster.iterations", fit->iterations);
    rfm_report_number(batch->run, "cluster.inertia", fit->inertia);
    rfm_report_boolean(batch->run, "cluster.converged", fit->converged);
    rfm_report_integer(batch->run, "cluster.restart", fit->restart);
    rfm_report_integer(batch->run, "cluster.iterations_total", fit->iterations_total);
    rfm_report_integer(batch->run, "cluster.iterations_search", fit->iterations_search);
    rfm_report_text(batch->run, "cluster.algorithm", fit->algorithm);
    rfm_report_numbers(batch->run, "cluster.trace", fit->trace, (size_t)fit->iterations);
    double seconds[3] = {fit->seconds_seed, fit->seconds_iterate, fit->seconds_search};
    rfm_comm_reduce_f64(batch->comm, RFM_MAX, seconds, 3);
    rfm_report_number(batch->run, "cluster.seconds_seed", seconds[0]);
    rfm_report_number(batch->run, "cluster.seconds_search", seconds[2]);
    rfm_report_number(batch->run, "cluster.seconds_fit", seconds[0] + seconds[1] + seconds[2]);
    rfm_report_number(batch->run, "cluster.seconds_per_iteration",
                      fit->iterations_total > 0 ? seconds[1] / (double)fit->iterations_total : 0);
}

/* Labels, sizes and weights change hands. */
static rfm_status take_labels(rfm_batch *batch, const rfm_matrix *matrix, rfm_clustering *clustering, rfm_error *err)
{
    batch->squared_distances = rfm_alloc(matrix->n, sizeof *batch->squared_distances, err);
    if (!batch->squared_distances)
        return err->status;
    rfm_kmeans_distances(matrix, clustering, batch->squared_distances);
    batch->labels = clustering->labels;
    batch->sizes = clustering->sizes;
    batch->weights = clustering->weights;
    clustering->labels = NULL;
    clustering->sizes = NULL;
    clustering->weights = NULL;
    return RFM_OK;
}

/* Collective. The features, scaled, on a grid. */
static rfm_status make_matrix(rfm_batch *batch, rfm_matrix *matrix, rfm_error *err)
{
    const rfm_frame *frame = &batch->frame;
    rfm_model *model = &batch->model;
    double *scaled = NULL;
    if (rfm_scaling_fit(batch->comm, frame, batch->job.features, batch->job.scale, &model->scaling, &scaled, err) ==
        RFM_OK)
        start_from_previous(batch, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK &&
        rfm_grid_fit(batch->comm, frame->n, frame->d, scaled, (const char *const *)frame->names, &model->grid, err) ==
            RFM_OK)
        rfm_matrix_init(batch->comm, &model->grid, frame->n, scaled, frame->has_ids ? frame->ids.hash : NULL, matrix,
                        err);
    rfm_matrix_weigh(matrix, &frame->weights);
    free(scaled);
    return err->status;
}

/* Collective. */
static rfm_status fit(rfm_batch *batch, rfm_error *err)
{
    rfm_kmeans_options *options = &batch->job.kmeans;
    rfm_matrix matrix = {0};
    rfm_clustering clustering = {0};
    rfm_checkpoint *checkpoint = NULL;
    options->order_column = find_feature(&batch->frame, "monetary");
    const bool made = make_matrix(batch, &matrix, err) == RFM_OK;
    stop_heed(batch, false); /* the fit has its own way, with a checkpoint */
    if (made && checkpoint_open(batch, &matrix, &checkpoint, err) == RFM_OK &&
        sweep_fit(batch, &matrix, &clustering, err) == RFM_OK) {
        stop_heed(batch, true);
        if (fill_model(batch, &clustering, err) == RFM_OK)
            take_labels(batch, &matrix, &clustering, err);
        if (rfm_comm_agree(batch->comm, err) == RFM_OK)
            report_fit(batch, &clustering);
    }
    checkpoint_close(checkpoint);
    rfm_matrix_free(&matrix);
    rfm_clustering_free(&clustering);
    return err->status;
}

rfm_status cluster_make(rfm_batch *batch, rfm_error *err)
{
    if (check_given(batch, err) == RFM_OK && spreadsheet_fits(batch, err) == RFM_OK &&
        scores_check(batch, err) == RFM_OK)
        identity_check(batch, err);
    if (rfm_comm_agree(batch->comm, err) != RFM_OK || migration_check(batch, err) != RFM_OK ||
        rfm_missing_fit(batch->comm, &batch->frame, batch->job.missing, &batch->model.fills, err) != RFM_OK ||
        fill_missing(batch, err) != RFM_OK || scores_learn(batch, err) != RFM_OK || fit(batch, err) != RFM_OK ||
        fill_profile(batch, err) != RFM_OK || identity_report(batch, err) != RFM_OK)
        return err->status;
    return rfm_model_write(batch->comm, rfm_run_temporary(batch->run, "model.h5"), &batch->model, err);
}

/* ---- label ------------------------------------------------------------------------------------------------------ */

static rfm_status check_features(const rfm_batch *batch, rfm_error *err)
{
    const rfm_frame *frame = &batch->frame;
    const rfm_model *model = &batch->model;
    if (frame->d != model->d)
        return rfm_fail(err, RFM_USAGE, "the model has %d features, %s %d", model->d,
                        batch->job.source == SOURCE_MATRIX ? batch->files.files[0].path : "the input", frame->d);
    for (int j = 0; j < frame->d; j++)
        if (strcmp(frame->names[j], model->features[j]) != 0)
            return rfm_fail(err, RFM_USAGE, "feature %d is '%s' in the model and '%s' in the input", j + 1,
                            model->features[j], frame->names[j]);
    return RFM_OK;
}

static rfm_status alloc_labels(rfm_batch *batch, rfm_error *err)
{
    batch->labels = rfm_alloc(batch->frame.n, sizeof *batch->labels, err);
    batch->squared_distances = rfm_alloc(batch->frame.n, sizeof *batch->squared_distances, err);
    batch->sizes = rfm_alloc((size_t)batch->model.k, sizeof *batch->sizes, err);
    batch->weights = rfm_alloc((size_t)batch->model.k, sizeof *batch->weights, err);
    return err->status;
}

/* Collective. Labels, distances, sizes and inertia of the scaled rows by the model's centroids. */
static rfm_status apply_model(rfm_batch *batch, const double *scaled, double *inertia, rfm_error *err)
{
    const rfm_centroids centroids = {&batch->model.grid, batch->model.k, batch->model.centroids};
    const rfm_rows rows = {batch->frame.n, scaled, &batch->frame.weights};
    if (alloc_labels(batch, err) == RFM_OK)
        rfm_kmeans_label(&centroids, &rows, batch->labels, batch->squared_distances, err);
    if (rfm_comm_agree(batch->comm, err) != RFM_OK)
        return err->status;
    const rfm_sizes sizes = {batch->sizes, batch->weights};
    return rfm_kmeans_inertia(batch->comm, &centroids, &rows, batch->labels, inertia, &sizes, err);
}

rfm_status label_make(rfm_batch *batch, rfm_error *err)
{
    double *scaled = NULL, inertia = 0;
    if (check_features(batch, err) == RFM_OK && spreadsheet_fits(batch, err) == RFM_OK)
        scaled = rfm_alloc(batch->frame.n * (size_t)batch->frame.d, sizeof *scaled, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK && fill_missing(batch, err) == RFM_OK) {
        rfm_scaling_apply(&batch->model.scaling, batch->frame.n, batch->frame.values, scaled);
        apply_model(batch, scaled, &inertia, err);
    }
    free(scaled);
    if (err->status != RFM_OK)
        return err->status;
    rfm_report_integer(batch->run, "cluster.k", batch->model.k);
    rfm_report_number(batch->run, "cluster.inertia", inertia);
    return RFM_OK;
}

rfm_status cluster_load(rfm_batch *batch, rfm_error *err)
{
    if (rfm_model_read(batch->comm, rfm_run_path(batch->run, "model.h5"), &batch->model, err) != RFM_OK)
        return err->status;
    return label_make(batch, err);
}
