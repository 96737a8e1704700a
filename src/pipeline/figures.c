/* Stage figures: figures.json, what the report draws of the segments: aggregates and a drawn sample, no ids. */
#include "batch.h"

#include <math.h>

/* ---- words of JSON ---------------------------------------------------------------------------------------------- */

static void add_named(rfm_text *json, const char *name, double value)
{
    rfm_text_addf(json, ", \"%s\": ", name);
    rfm_json_add_number(json, value);
}

static void add_numbers(rfm_text *json, const double *values, size_t n)
{
    rfm_text_adds(json, "[");
    for (size_t i = 0; i < n; i++) {
        rfm_text_adds(json, i > 0 ? ", " : "");
        rfm_json_add_number(json, values[i]);
    }
    rfm_text_adds(json, "]");
}

/* A member that is a list of numbers, one every `stride`. */
static void add_list(rfm_text *json, const char *name, const double *values, size_t n, size_t stride)
{
    rfm_text_addf(json, ", \"%s\": [", name);
    for (size_t i = 0; i < n; i++) {
        rfm_text_adds(json, i > 0 ? ", " : "");
        rfm_json_add_number(json, values[i * stride]);
    }
    rfm_text_adds(json, "]");
}

/* ---- segments and features -------------------------------------------------------------------------------------- */

static void add_centroid(const rfm_model *model, int c, int d, rfm_text *json)
{
    rfm_text_adds(json, ", \"centroid\": [");
    for (int j = 0; j < d; j++) {
        rfm_text_adds(json, j > 0 ? ", " : "");
        rfm_json_add_number(json, rfm_model_centroid(model, c, j));
    }
    rfm_text_adds(json, "]");
}

static void add_segment(const rfm_batch *batch, const rfm_portrait *of, const rfm_revenue *revenue, int s,
                        rfm_text *json)
{
    const rfm_model *model = &batch->model;
    const size_t c = (size_t)of->labels[s], d = (size_t)of->d, at = (size_t)s * d;
    const bool weighted = batch->frame.weights.unit > 0, has_revenue = revenue->column >= 0;
    rfm_text_addf(json, "{\"id\": %d, \"label\": %zu, \"name\": ", (int)model->segment_ids[c], c);
    rfm_json_add_string(json, model->names[c]);
    rfm_text_addf(json, ", \"customers\": %lld", (long long)batch->sizes[c]);
    add_named(json, "share", of->shares[s]);
    add_named(json, "weight", weighted ? batch->weights[c] : NAN);
    add_named(json, "revenue", has_revenue ? revenue->sums[c] : NAN);
    add_named(json, "revenue_share", has_revenue ? revenue->shares[c] : NAN);
    add_centroid(model, (int)c, of->d, json);
    add_list(json, "median", of->quartiles + at * 3 + 1, d, 3);
    add_list(json, "mean", of->means + at, d, 1);
    add_list(json, "standing", of->standings + at, d, 1);
    rfm_text_adds(json, "}");
}

static void add_feature(const rfm_batch *batch, const rfm_portrait *of, int j, rfm_text *json)
{
    const rfm_portrait_feature *feature = &of->features[j];
    const double *q = feature->quantiles;
    rfm_text_adds(json, "{\"name\": ");
    rfm_json_add_string(json, batch->frame.names[j]);
    rfm_text_adds(json, ", \"unit\": ");
    rfm_json_add_string(json, batch->frame.units && batch->frame.units[j] ? batch->frame.units[j] : "");
    rfm_text_addf(json, ", \"axis\": \"%s\"", feature->logarithmic ? "log1p" : "linear");
    add_named(json, "min", feature->least);
    add_named(json, "max", feature->greatest);
    add_named(json, "mean", feature->mean);
    add_named(json, "median", q[RFM_P50]);
    add_named(json, "p05", q[RFM_P05]);
    add_named(json, "p25", q[RFM_P25]);
    add_named(json, "p75", q[RFM_P75]);
    add_named(json, "p95", q[RFM_P95]);
    add_list(json, "edges", feature->edges, (size_t)feature->n_bins + 1, 1);
    for (int what = 0; what < 2; what++) {
        rfm_text_adds(json, what == 0 ? ",\n   \"counts\": [" : ",\n   \"quartiles\": [");
        for (int s = 0; s < of->k; s++) {
            const size_t at = (size_t)s * (size_t)of->d + (size_t)j;
            rfm_text_adds(json, s > 0 ? ", " : "");
            if (what == 0)
                add_numbers(json, of->counts + at * RFM_PORTRAIT_BINS, (size_t)feature->n_bins);
            else
                add_numbers(json, of->quartiles + at * 3, 3);
        }
        rfm_text_adds(json, "]");
    }
    rfm_text_adds(json, "}");
}

/* ---- projection ------------------------------------------------------------------------------------------------- */

/* A drawing needs no more digits. */
static void add_point(rfm_text *json, const rfm_portrait_point *point, bool sampled)
{
    rfm_text_addf(json, "[%.4g, %.4g", point->x + 0.0, point->y + 0.0);
    if (sampled)
        rfm_text_addf(json, ", %d", point->segment);
    rfm_text_adds(json, "]");
}

static void add_points(rfm_text *json, const rfm_portrait_point *points, size_t n, bool sampled)
{
    for (size_t i = 0; i < n; i++) {
        rfm_text_adds(json, i > 0 ? ", " : "");
        add_point(json, &points[i], sampled);
    }
}

static void add_projection(const rfm_portrait *of, size_t columns, rfm_text *json)
{
    rfm_text_addf(json, "{\"customers\": %lld", (long long)of->n_looked_at);
    add_list(json, "explained", of->explained, 2, 1);
    rfm_text_adds(json, ",\n  \"loadings\": [");
    add_numbers(json, of->loadings, columns);
    rfm_text_adds(json, ", ");
    add_numbers(json, of->loadings + columns, columns);
    rfm_text_adds(json, "],\n  \"centroids\": [");
    add_points(json, of->centroids, (size_t)of->k, false);
    rfm_text_adds(json, "],\n  \"sample\": [");
    add_points(json, of->points, of->n_points, true);
    rfm_text_adds(json, "]}");
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void add_figures(const rfm_batch *batch, const rfm_portrait *of, const rfm_revenue *revenue, rfm_text *json)
{
    rfm_text_addf(json,
                  "{\"format\": \"rfmpi figures 1\", \"n_customers\": %lld, \"n_segments\": %d, \"n_features\": %d",
                  (long long)batch->frame.n_global, batch->model.k, batch->frame.d);
    rfm_text_addf(json, ", \"quartiles_of\": %d, \"standings_of\": %lld, \"money\": ", RFM_PORTRAIT_QUARTILES,
                  (long long)of->n_looked_at);
    if (revenue->column >= 0)
        rfm_json_add_string(json, batch->frame.names[revenue->column]);
    else
        rfm_text_adds(json, "null");
    rfm_text_adds(json, ",\n \"segments\": [");
    for (int s = 0; s < of->k; s++) {
        rfm_text_adds(json, s > 0 ? ",\n  " : "\n  ");
        add_segment(batch, of, revenue, s, json);
    }
    rfm_text_adds(json, "],\n \"features\": [");
    for (int j = 0; j < of->d; j++) {
        rfm_text_adds(json, j > 0 ? ",\n  " : "\n  ");
        add_feature(batch, of, j, json);
    }
    rfm_text_adds(json, "],\n \"projection\": ");
    if (of->has_components)
        add_projection(of, (size_t)batch->frame.d, json);
    else
        rfm_text_adds(json, "null");
    rfm_text_adds(json, "}\n");
}

rfm_status figures_make(rfm_batch *batch, rfm_error *err)
{
    rfm_portrait portrait = {0};
    rfm_revenue revenue;
    rfm_text json = {0};
    if (revenue_measure(batch, &revenue, err) == RFM_OK &&
        rfm_portrait_make(batch->comm, &batch->frame, &batch->model, batch->labels, batch->sizes, &portrait, err) ==
            RFM_OK &&
        rfm_comm_rank(batch->comm) == 0) {
        add_figures(batch, &portrait, &revenue, &json);
        if (rfm_text_check(&json, err) == RFM_OK)
            rfm_file_write(rfm_run_temporary(batch->run, "figures.json"), &json, err);
    }
    rfm_text_free(&json);
    rfm_portrait_free(&portrait);
    revenue_free(&revenue);
    return rfm_comm_agree(batch->comm, err);
}
