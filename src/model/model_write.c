/* A model -> model.h5. Rank 0's is written; the others only take part. */
#include <stdlib.h>
#include <string.h>

#include "model_file.h"

rfm_status rfm_steps_init(rfm_steps *steps, int d, rfm_error *err)
{
    const size_t n = (size_t)d;
    steps->n = rfm_alloc(n, sizeof *steps->n, err);
    steps->kind = rfm_alloc(n, RFM_MAX_TRANSFORMS * sizeof *steps->kind, err);
    steps->low = rfm_alloc(n, RFM_MAX_TRANSFORMS * sizeof *steps->low, err);
    steps->high = rfm_alloc(n, RFM_MAX_TRANSFORMS * sizeof *steps->high, err);
    steps->center = rfm_alloc(n, sizeof *steps->center, err);
    steps->scale = rfm_alloc(n, sizeof *steps->scale, err);
    return err->status;
}

void rfm_steps_free(rfm_steps *steps)
{
    free(steps->n);
    free(steps->kind);
    free(steps->low);
    free(steps->high);
    free(steps->center);
    free(steps->scale);
    *steps = (rfm_steps){0};
}

typedef struct writer {
    rfm_comm *comm;
    rfm_h5 *file;
    const rfm_model *model; /* rank 0's, else an empty one */
    rfm_error *err;
} writer;

/* rows x columns of rank 0. */
static bool put(const writer *w, const char *name, rfm_h5_type type, int rows, int columns, const void *values)
{
    const bool first = rfm_comm_rank(w->comm) == 0;
    const rfm_h5_shape shape = {.type = type, .columns = columns, .matrix = columns > 1};
    return rfm_h5_write(w->file, name, &shape, first ? (size_t)rows : 0, values, w->err) == RFM_OK;
}

static bool put_matrix(const writer *w, const char *name, int rows, int columns, const double *values)
{
    const bool first = rfm_comm_rank(w->comm) == 0;
    const rfm_h5_shape shape = {.type = RFM_H5_F64, .columns = columns, .matrix = true};
    return rfm_h5_write(w->file, name, &shape, first ? (size_t)rows : 0, values, w->err) == RFM_OK;
}

static bool put_names(const writer *w, const char *name, char *const *names, int n)
{
    return rfm_h5_write_names(w->file, name, (const char *const *)names, (size_t)n, w->err) == RFM_OK;
}

/* Attributes are written by all ranks alike: rank 0's text goes round first. */
static bool put_text(const writer *w, const char *name, const char *text)
{
    void *bytes = (void *)text;
    size_t n = text ? strlen(text) + 1 : 0;
    if (rfm_comm_share(w->comm, 0, &bytes, &n, w->err) != RFM_OK)
        return false;
    rfm_h5_put_text(w->file, "/", name, bytes, w->err);
    if (rfm_comm_rank(w->comm) != 0)
        free(bytes);
    return w->err->status == RFM_OK;
}

static bool put_integer(const writer *w, const char *name, int64_t value)
{
    rfm_comm_bcast(w->comm, 0, &value, sizeof value);
    return rfm_h5_put_integer(w->file, "/", name, value, w->err) == RFM_OK;
}

static bool put_number(const writer *w, const char *name, double value)
{
    rfm_comm_bcast(w->comm, 0, &value, sizeof value);
    return rfm_h5_put_number(w->file, "/", name, value, w->err) == RFM_OK;
}

static bool write_attributes(const writer *w)
{
    const rfm_model *m = w->model;
    char as_of[RFM_NUMBER_BYTES];
    int64_t seed;
    rfm_time_format_utc(m->as_of.us, as_of);
    memcpy(&seed, &m->seed, sizeof seed);
    return put_text(w, "format", RFM_MODEL_FORMAT) && put_integer(w, "version", RFM_MODEL_VERSION) &&
           put_integer(w, "k", m->k) && put_integer(w, "d", m->d) &&
           put_text(w, "scale", rfm_scale_name(m->scaling.kind)) && put_text(w, "as_of_rule", m->as_of_rule) &&
           put_text(w, "timezone", m->timezone) && put_text(w, "as_of", as_of) &&
           put_integer(w, "as_of_us", m->as_of.us) && put_integer(w, "as_of_day", m->as_of.day) &&
           put_integer(w, "span_us", m->as_of.span_us) && put_number(w, "inertia", m->inertia) &&
           put_integer(w, "iterations", m->iterations) && put_integer(w, "seed", seed);
}

/* What not every model has: rank 0's decides. */
static bool put_optional(const writer *w, const char *name, int n, const double *values)
{
    bool has = values != NULL;
    rfm_comm_bcast(w->comm, 0, &has, sizeof has);
    return !has || put(w, name, RFM_H5_F64, n, 1, values);
}

static bool write_centroids(const writer *w)
{
    const rfm_model *m = w->model;
    int d = m->d;
    rfm_comm_bcast(w->comm, 0, &d, sizeof d);
    return put_matrix(w, "/centroids", m->k, d, m->centroids_scaled) &&
           put_matrix(w, "/model/positions", m->k, d, m->centroids) &&
           put_matrix(w, "/model/centroids_original", m->k, d, m->centroids_original) &&
           put(w, "/model/sizes", RFM_H5_I64, m->k, 1, m->sizes) &&
           put_optional(w, "/model/weights", m->k, m->weights) && put_optional(w, "/model/fills", d, m->fills) &&
           put(w, "/model/segment_ids", RFM_H5_I32, m->k, 1, m->segment_ids) &&
           put_matrix(w, "/model/profile_cuts", d, RFM_PROFILE_CUTS, m->profile_cuts) &&
           put_matrix(w, "/model/profile_shares", d, RFM_PROFILE_BINS, m->profile_shares) &&
           put_names(w, "/model/names", m->names, m->k) && put_names(w, "/model/features", m->features, m->d) &&
           put_names(w, "/model/definitions", &m->definitions, 1) &&
           put(w, "/model/trace", RFM_H5_F64, m->iterations, 1, m->trace);
}

static bool write_grid(const writer *w)
{
    const rfm_grid *grid = &w->model->grid;
    return put(w, "/model/offset", RFM_H5_F64, grid->d, 1, grid->offset) &&
           put(w, "/model/step", RFM_H5_F64, grid->d, 1, grid->step) &&
           put(w, "/model/low", RFM_H5_I64, grid->d, 1, grid->low) &&
           put(w, "/model/high", RFM_H5_I64, grid->d, 1, grid->high);
}

/* Optional: rank 0's decides. */
static bool write_scores(const writer *w)
{
    const rfm_scores *scores = &w->model->scores;
    char *features[RFM_N_MEASURES] = {NULL};
    int32_t learnt[RFM_N_MEASURES] = {0};
    int bins = scores->bins;
    rfm_comm_bcast(w->comm, 0, &bins, sizeof bins);
    for (int m = 0; bins > 0 && m < RFM_N_MEASURES; m++) {
        if (!put(w, rfm_model_cuts[m], RFM_H5_F64, bins - 1, 1, scores->cuts[m]))
            return false;
        features[m] = scores->bins > 0 ? w->model->features[scores->columns[m]] : NULL;
        learnt[m] = scores->learnt[m];
    }
    return bins == 0 || (put_names(w, "/model/scores/features", features, scores->bins > 0 ? RFM_N_MEASURES : 0) &&
                         put(w, "/model/scores/learnt", RFM_H5_I32, RFM_N_MEASURES, 1, learnt));
}

static void gather_steps(const rfm_scaling *scaling, rfm_steps *steps)
{
    for (int j = 0; j < scaling->d; j++) {
        const struct rfm_scaling_column *column = &scaling->columns[j];
        steps->n[j] = column->n_steps;
        steps->center[j] = column->center;
        steps->scale[j] = column->scale;
        for (int s = 0; s < column->n_steps; s++) {
            const size_t at = (size_t)j * RFM_MAX_TRANSFORMS + (size_t)s;
            steps->kind[at] = (int32_t)column->steps[s].kind;
            steps->low[at] = column->steps[s].low;
            steps->high[at] = column->steps[s].high;
        }
    }
}

static bool write_hash(const writer *w)
{
    char hash[RFM_MODEL_HASH_BYTES] = "";
    if (rfm_comm_rank(w->comm) == 0)
        rfm_model_hash(w->model, hash, w->err);
    return rfm_comm_agree(w->comm, w->err) == RFM_OK && put_text(w, "hash", hash);
}

static void write_scaling(const writer *w)
{
    const int d = w->model->scaling.d;
    rfm_steps steps = {0};
    if (rfm_steps_init(&steps, d, w->err) == RFM_OK)
        gather_steps(&w->model->scaling, &steps);
    if (rfm_comm_agree(w->comm, w->err) == RFM_OK && put(w, "/model/scaling/center", RFM_H5_F64, d, 1, steps.center) &&
        put(w, "/model/scaling/scale", RFM_H5_F64, d, 1, steps.scale) &&
        put(w, "/model/scaling/n_steps", RFM_H5_I32, d, 1, steps.n) &&
        put(w, "/model/scaling/kind", RFM_H5_I32, d, RFM_MAX_TRANSFORMS, steps.kind) &&
        put(w, "/model/scaling/low", RFM_H5_F64, d, RFM_MAX_TRANSFORMS, steps.low))
        put(w, "/model/scaling/high", RFM_H5_F64, d, RFM_MAX_TRANSFORMS, steps.high);
    rfm_steps_free(&steps);
}

rfm_status rfm_model_write(rfm_comm *comm, const char *path, const rfm_model *model, rfm_error *err)
{
    writer w = {.comm = comm, .model = model, .err = err};
    if (rfm_h5_create(comm, path, &w.file, err) == RFM_OK && write_attributes(&w) && write_centroids(&w) &&
        write_grid(&w) && write_scores(&w) && write_hash(&w))
        write_scaling(&w);
    rfm_h5_close(w.file, err);
    return err->status;
}
