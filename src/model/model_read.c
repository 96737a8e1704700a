/* model.h5 -> a model, on every rank. Believes nothing: every size, kind and number is checked before it is used. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "model_file.h"

typedef struct reader_of_models {
    rfm_comm *comm;
    rfm_h5 *file;
    const char *path;
    rfm_error *err;
} reader_of_models;

static bool fail(const reader_of_models *r, const char *what)
{
    rfm_fail(r->err, RFM_DATA, "%s: not a sound model: %s", r->path, what);
    return false;
}

/* ---- one value -------------------------------------------------------------------------------------------------- */

static bool get_integer(const reader_of_models *r, const char *name, int64_t low, int64_t high, int64_t *value)
{
    if (rfm_h5_get_integer(r->file, "/", name, value, r->err) != RFM_OK)
        return false;
    return (*value >= low && *value <= high) || fail(r, name);
}

static bool get_text(const reader_of_models *r, const char *name, char **text)
{
    return rfm_h5_get_text(r->file, "/", name, text, r->err) == RFM_OK;
}

/* ---- arrays ----------------------------------------------------------------------------------------------------- */

/* rows x columns as expected, for every rank; NULL when not. */
static void *get_array(const reader_of_models *r, const char *name, rfm_h5_type type, int64_t rows, int64_t columns)
{
    rfm_h5_shape shape;
    bool found = false;
    if (rfm_h5_shape_of(r->file, name, &shape, &found, r->err) != RFM_OK)
        return NULL;
    if (!found || shape.rows != rows || shape.columns != columns || shape.type == RFM_H5_BYTES) {
        fail(r, name);
        return NULL;
    }
    void *values = rfm_alloc((size_t)rows * (size_t)columns, sizeof(double), r->err);
    if (rfm_comm_agree(r->comm, r->err) == RFM_OK)
        rfm_h5_read(r->file, name, type, 0, (size_t)rows, values, r->err);
    if (r->err->status == RFM_OK)
        return values;
    free(values);
    return NULL;
}

static bool get_numbers(const reader_of_models *r, const char *name, int64_t rows, int64_t columns, double **values)
{
    *values = get_array(r, name, RFM_H5_F64, rows, columns);
    for (int64_t i = 0; *values && i < rows * columns; i++)
        if (!isfinite((*values)[i]))
            return fail(r, name);
    return *values != NULL;
}

/* Numbers that a model need not have; *values is NULL then. */
static bool get_optional(const reader_of_models *r, const char *name, int64_t rows, double **values)
{
    rfm_h5_shape shape;
    bool found = false;
    if (rfm_h5_shape_of(r->file, name, &shape, &found, r->err) != RFM_OK)
        return false;
    return !found || get_numbers(r, name, rows, 1, values);
}

static bool get_names(const reader_of_models *r, const char *name, int expected, char ***names)
{
    size_t n = 0;
    if (rfm_h5_read_names(r->file, name, names, &n, r->err) != RFM_OK)
        return false;
    if (n == (size_t)expected)
        return true;
    rfm_names_free(*names, n);
    *names = NULL;
    return fail(r, name);
}

/* ---- parts ------------------------------------------------------------------------------------------------------ */

/* The format first: a newer one may have laid out all else differently. */
static bool check_format(const reader_of_models *r)
{
    char *format = NULL;
    bool found = false;
    int64_t version = 0;
    if (rfm_h5_has(r->file, "/", "format", &found, r->err) != RFM_OK)
        return false;
    if (!found)
        return fail(r, "it was not written by rfmpi");
    if (!get_text(r, "format", &format))
        return false;
    const bool known = strcmp(format, RFM_MODEL_FORMAT) == 0;
    free(format);
    if (!known)
        return fail(r, "it is another kind of file");
    if (!get_integer(r, "version", 1, INT64_MAX, &version))
        return false;
    if (version > RFM_MODEL_VERSION)
        rfm_fail(r->err, RFM_DATA, "%s: a model of format %" PRId64 "; this program knows up to %d: use a newer rfmpi",
                 r->path, version, (int)RFM_MODEL_VERSION);
    if (version < RFM_MODEL_OLDEST)
        rfm_fail(r->err, RFM_DATA, "%s: a model of format %" PRId64 ", from an older rfmpi: fit it again", r->path,
                 version);
    return r->err->status == RFM_OK;
}

static bool read_scale(const reader_of_models *r, rfm_scale *scale)
{
    char *name = NULL;
    if (!get_text(r, "scale", &name))
        return false;
    int found = RFM_SCALE_STANDARD;
    while (found <= RFM_SCALE_NONE && strcmp(rfm_scale_name((rfm_scale)found), name) != 0)
        found++;
    free(name);
    *scale = (rfm_scale)found;
    return found <= RFM_SCALE_NONE || fail(r, "scale");
}

static bool read_attributes(const reader_of_models *r, rfm_model *model)
{
    int64_t k, d, day, iterations, seed;
    if (!get_integer(r, "k", 1, RFM_MODEL_MAX_K, &k) || !get_integer(r, "d", 1, RFM_MODEL_MAX_D, &d) ||
        !get_integer(r, "iterations", 0, INT32_MAX, &iterations) || !read_scale(r, &model->scaling.kind) ||
        !get_integer(r, "as_of_us", INT64_MIN, INT64_MAX, &model->as_of.us) ||
        !get_integer(r, "as_of_day", INT32_MIN, INT32_MAX, &day) ||
        !get_integer(r, "span_us", INT64_MIN, INT64_MAX, &model->as_of.span_us) ||
        !get_integer(r, "seed", INT64_MIN, INT64_MAX, &seed) || !get_text(r, "as_of_rule", &model->as_of_rule) ||
        !get_text(r, "timezone", &model->timezone) ||
        rfm_h5_get_number(r->file, "/", "inertia", &model->inertia, r->err) != RFM_OK)
        return false;
    if (k * d > RFM_MODEL_MAX_VALUES)
        return fail(r, "k x d");
    model->k = (int)k;
    model->d = (int)d;
    model->as_of.day = (int32_t)day;
    model->iterations = (int)iterations;
    memcpy(&model->seed, &seed, sizeof seed);
    return true;
}

static bool read_centroids(const reader_of_models *r, rfm_model *m)
{
    char **definitions = NULL;
    if (!get_numbers(r, "/centroids", m->k, m->d, &m->centroids_scaled) ||
        !get_numbers(r, "/model/positions", m->k, m->d, &m->centroids) ||
        !get_numbers(r, "/model/centroids_original", m->k, m->d, &m->centroids_original) ||
        !get_numbers(r, "/model/trace", m->iterations, 1, &m->trace) ||
        !get_numbers(r, "/model/profile_cuts", m->d, RFM_PROFILE_CUTS, &m->profile_cuts) ||
        !get_numbers(r, "/model/profile_shares", m->d, RFM_PROFILE_BINS, &m->profile_shares) ||
        !get_optional(r, "/model/weights", m->k, &m->weights) || !get_optional(r, "/model/fills", m->d, &m->fills) ||
        !(m->sizes = get_array(r, "/model/sizes", RFM_H5_I64, m->k, 1)) ||
        !(m->segment_ids = get_array(r, "/model/segment_ids", RFM_H5_I32, m->k, 1)) ||
        !get_names(r, "/model/names", m->k, &m->names) || !get_names(r, "/model/features", m->d, &m->features) ||
        !get_names(r, "/model/definitions", 1, &definitions))
        return false;
    m->definitions = definitions[0];
    free(definitions);
    for (int c = 0; c < m->k; c++)
        if (m->sizes[c] < 0 || m->segment_ids[c] < 0 || (m->weights && !(m->weights[c] >= 0)))
            return fail(r, "/model/sizes, /model/weights or /model/segment_ids");
    return true;
}

static bool is_power_of_two(double x)
{
    int exponent;
    return x >= 0x1p-1022 && frexp(x, &exponent) * 2 <= 1;
}

static bool read_grid(const reader_of_models *r, rfm_grid *grid, int d)
{
    grid->d = d;
    if (!get_numbers(r, "/model/offset", d, 1, &grid->offset) || !get_numbers(r, "/model/step", d, 1, &grid->step) ||
        !(grid->low = get_array(r, "/model/low", RFM_H5_I64, d, 1)) ||
        !(grid->high = get_array(r, "/model/high", RFM_H5_I64, d, 1)))
        return false;
    static const int64_t most = INT64_C(1) << 30;
    for (int j = 0; j < d; j++)
        if (!is_power_of_two(grid->step[j]) || grid->low[j] < -most || grid->high[j] > most ||
            grid->low[j] > grid->high[j])
            return fail(r, "its grid");
    return true;
}

static bool is_sound_step(const rfm_steps *steps, size_t at)
{
    const int32_t kind = steps->kind[at];
    return kind >= RFM_TRANSFORM_LOG1P && kind <= RFM_TRANSFORM_CLIP && steps->low[at] <= steps->high[at];
}

static bool spread_steps(const rfm_steps *steps, rfm_scaling *scaling)
{
    for (int j = 0; j < scaling->d; j++) {
        struct rfm_scaling_column *column = &scaling->columns[j];
        if (steps->n[j] < 0 || steps->n[j] > RFM_MAX_TRANSFORMS || !(steps->scale[j] > 0))
            return false;
        column->n_steps = steps->n[j];
        column->center = steps->center[j];
        column->scale = steps->scale[j];
        for (int s = 0; s < column->n_steps; s++) {
            const size_t at = (size_t)j * RFM_MAX_TRANSFORMS + (size_t)s;
            if (!is_sound_step(steps, at))
                return false;
            column->steps[s] = (rfm_scaling_step){
                .kind = (rfm_transform_kind)steps->kind[at], .low = steps->low[at], .high = steps->high[at]};
        }
    }
    return true;
}

static bool read_scaling(const reader_of_models *r, rfm_scaling *scaling, int d)
{
    rfm_steps steps = {0};
    scaling->columns = rfm_alloc((size_t)d, sizeof *scaling->columns, r->err);
    if (rfm_comm_agree(r->comm, r->err) != RFM_OK)
        return false;
    scaling->d = d;
    if (get_numbers(r, "/model/scaling/center", d, 1, &steps.center) &&
        get_numbers(r, "/model/scaling/scale", d, 1, &steps.scale) &&
        get_numbers(r, "/model/scaling/low", d, RFM_MAX_TRANSFORMS, &steps.low) &&
        get_numbers(r, "/model/scaling/high", d, RFM_MAX_TRANSFORMS, &steps.high) &&
        (steps.n = get_array(r, "/model/scaling/n_steps", RFM_H5_I32, d, 1)) &&
        (steps.kind = get_array(r, "/model/scaling/kind", RFM_H5_I32, d, RFM_MAX_TRANSFORMS)) &&
        !spread_steps(&steps, scaling))
        fail(r, "its scaling");
    rfm_steps_free(&steps);
    return r->err->status == RFM_OK;
}

static int find_feature(const rfm_model *m, const char *name)
{
    int j = 0;
    while (j < m->d && strcmp(m->features[j], name) != 0)
        j++;
    return j;
}

static bool is_ascending(const double *cuts, int n)
{
    for (int i = 1; i < n; i++)
        if (cuts[i] < cuts[i - 1])
            return false;
    return true;
}

static bool read_measures(const reader_of_models *r, rfm_model *m)
{
    char **features = NULL;
    int32_t *learnt = get_array(r, "/model/scores/learnt", RFM_H5_I32, RFM_N_MEASURES, 1);
    bool sound = learnt && get_names(r, "/model/scores/features", RFM_N_MEASURES, &features);
    for (int i = 0; sound && i < RFM_N_MEASURES; i++) {
        m->scores.columns[i] = find_feature(m, features[i]);
        m->scores.learnt[i] = learnt[i] != 0;
        sound = m->scores.columns[i] < m->d && is_ascending(m->scores.cuts[i], m->scores.bins - 1);
    }
    rfm_names_free(features, RFM_N_MEASURES);
    free(learnt);
    return sound || (r->err->status == RFM_OK && fail(r, "its scores"));
}

/* Optional. */
static bool read_scores(const reader_of_models *r, rfm_model *m)
{
    rfm_h5_shape shape;
    bool found = false;
    if (rfm_h5_shape_of(r->file, rfm_model_cuts[0], &shape, &found, r->err) != RFM_OK)
        return false;
    if (!found)
        return true;
    if (shape.rows >= RFM_SCORE_BINS_MOST)
        return fail(r, "its scores");
    for (int i = 0; i < RFM_N_MEASURES; i++)
        if (!get_numbers(r, rfm_model_cuts[i], shape.rows, 1, &m->scores.cuts[i]))
            return false;
    m->scores.bins = (int)shape.rows + 1;
    return read_measures(r, m);
}

static bool check_hash(const reader_of_models *r, const rfm_model *model)
{
    char *written = NULL, hash[RFM_MODEL_HASH_BYTES];
    if (!get_text(r, "hash", &written))
        return false;
    rfm_model_hash(model, hash, r->err);
    const bool same = r->err->status == RFM_OK && strcmp(written, hash) == 0;
    free(written);
    if (rfm_comm_agree(r->comm, r->err) != RFM_OK)
        return false;
    return same || fail(r, "its content is not what was written: take it from where it came, or train it again");
}

rfm_status rfm_model_read(rfm_comm *comm, const char *path, rfm_model *model, rfm_error *err)
{
    reader_of_models r = {.comm = comm, .path = path, .err = err};
    *model = (rfm_model){0};
    if (rfm_h5_open(comm, path, &r.file, err) != RFM_OK)
        return err->status;
    if (check_format(&r) && read_attributes(&r, model) && read_centroids(&r, model) &&
        read_grid(&r, &model->grid, model->d) && read_scores(&r, model) && read_scaling(&r, &model->scaling, model->d))
        check_hash(&r, model);
    rfm_h5_close(r.file, err);
    if (err->status != RFM_OK)
        rfm_model_free(model);
    return err->status;
}
