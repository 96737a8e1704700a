/* Reading run.json and figures.json. */
#include "facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "rfmpi figures 1"

/* ---- values ------------------------------------------------------------------------------------------------------ */

double number_at(const rfm_json *list, size_t i)
{
    return rfm_json_number(rfm_json_item(list, i));
}

static double number_of(const rfm_json *object, const char *key)
{
    return rfm_json_number(rfm_json_find(object, key));
}

double run_number(const facts *all, const char *path)
{
    return number_of(all->run, path);
}

const char *run_text(const facts *all, const char *path)
{
    return rfm_json_text(rfm_json_find(all->run, path));
}

const rfm_json *run_value(const facts *all, const char *path)
{
    return rfm_json_find(all->run, path);
}

const char *run_segment_name(const facts *all, const char *id)
{
    char path[64];
    snprintf(path, sizeof path, "segments.%s.name", id);
    return run_text(all, path);
}

const segment *segment_of_label(const facts *all, size_t label)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->segments[i].label == label)
            return &all->segments[i];
    return NULL;
}

bool is_weighted(const facts *all)
{
    return all->n > 0 && !isnan(all->segments[0].weight);
}

/* ---- rows of numbers --------------------------------------------------------------------------------------------- */

/* Takes the next n of the numbers and fills them from a list. */
static const double *take_row(double **at, const rfm_json *list, size_t n)
{
    double *row = *at;
    for (size_t i = 0; i < n; i++)
        row[i] = number_at(list, i);
    *at += n;
    return row;
}

static const double *take_rows(double **at, const rfm_json *lists, size_t n, size_t width)
{
    double *rows = *at;
    for (size_t i = 0; i < n; i++)
        take_row(at, rfm_json_item(lists, i), width);
    return rows;
}

static size_t count_numbers(const facts *all)
{
    const size_t n = all->n, d = all->d;
    return n * d * 4 + d * (N_BINS + 1 + n * (N_BINS + 3)) + 2 * d + 2 * n + 3 * all->n_sample;
}

/* ---- parts of the file ------------------------------------------------------------------------------------------- */

static void read_segment(facts *all, const rfm_json *from, segment *to, double **at)
{
    const double id = number_of(from, "id"), label = number_of(from, "label");
    if (id >= 0 && id < 1e15)
        snprintf(to->id, sizeof to->id, "%.0f", id);
    to->label = label >= 0 && label < 1e9 ? (size_t)label : SIZE_MAX;
    to->name = rfm_json_text(rfm_json_find(from, "name"));
    to->customers = number_of(from, "customers");
    to->share = number_of(from, "share");
    to->weight = number_of(from, "weight");
    to->revenue = number_of(from, "revenue");
    to->revenue_share = number_of(from, "revenue_share");
    to->centroid = take_row(at, rfm_json_find(from, "centroid"), all->d);
    to->median = take_row(at, rfm_json_find(from, "median"), all->d);
    to->mean = take_row(at, rfm_json_find(from, "mean"), all->d);
    to->standing = take_row(at, rfm_json_find(from, "standing"), all->d);
}

static const char *text_of(const rfm_json *object, const char *key)
{
    const char *text = rfm_json_text(rfm_json_find(object, key));
    return text ? text : "";
}

/* Edges as far as they ascend. */
static size_t count_bins(const double *edges)
{
    size_t n = 0;
    while (n < N_BINS && isfinite(edges[0]) && isfinite(edges[n + 1]) && edges[n + 1] > edges[n])
        n++;
    return n;
}

static void read_feature(const facts *all, const rfm_json *from, feature *to, double **at)
{
    to->name = text_of(from, "name");
    to->unit = text_of(from, "unit");
    to->is_log = strcmp(text_of(from, "axis"), "log1p") == 0;
    to->mean = number_of(from, "mean");
    to->median = number_of(from, "median");
    to->edges = take_row(at, rfm_json_find(from, "edges"), N_BINS + 1);
    to->n_bins = count_bins(to->edges);
    to->counts = take_rows(at, rfm_json_find(from, "counts"), all->n, N_BINS);
    to->quartiles = take_rows(at, rfm_json_find(from, "quartiles"), all->n, 3);
}

static void read_projection(facts *all, const rfm_json *from, double **at)
{
    const rfm_json *explained = rfm_json_find(from, "explained");
    all->has_projection = rfm_json_is_list(rfm_json_find(from, "centroids"));
    for (size_t i = 0; i < 2; i++)
        all->explained[i] = number_at(explained, i);
    all->loadings = take_rows(at, rfm_json_find(from, "loadings"), 2, all->d);
    all->centroids = take_rows(at, rfm_json_find(from, "centroids"), all->n, 2);
    all->sample = take_rows(at, rfm_json_find(from, "sample"), all->n_sample, 3);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static rfm_status read_figures(facts *all, rfm_error *err)
{
    const rfm_json *segments = rfm_json_find(all->figures, "segments");
    const rfm_json *features = rfm_json_find(all->figures, "features");
    const rfm_json *projection = rfm_json_find(all->figures, "projection");
    all->n = rfm_json_is_list(segments) ? least(rfm_json_count(segments), SEGMENTS_MOST) : 0;
    all->d = rfm_json_is_list(features) ? least(rfm_json_count(features), FEATURES_MOST) : 0;
    all->n_sample = least(rfm_json_count(rfm_json_find(projection, "sample")), SAMPLE_MOST);
    all->n_customers = number_of(all->figures, "n_customers");
    all->n_segments = number_of(all->figures, "n_segments");
    all->quartiles_of = number_of(all->figures, "quartiles_of");
    all->has_revenue = rfm_json_text(rfm_json_find(all->figures, "money")) != NULL;
    all->looked_at = number_of(all->figures, "standings_of");
    double *at = all->numbers = rfm_alloc(count_numbers(all), sizeof *all->numbers, err);
    if (!at)
        return err->status;
    for (size_t i = 0; i < all->n; i++)
        read_segment(all, rfm_json_item(segments, i), &all->segments[i], &at);
    for (size_t j = 0; j < all->d; j++)
        read_feature(all, rfm_json_item(features, j), &all->features[j], &at);
    read_projection(all, projection, &at);
    return RFM_OK;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static rfm_json *load(const char *dir, const char *name, rfm_error *err)
{
    char *path = rfm_folder_path(dir, name, err);
    rfm_json *root = path ? rfm_json_load(path, err) : NULL;
    free(path);
    return root;
}

/* Why a directory cannot be reported of. */
static rfm_status check(const facts *all, const char *dir, rfm_error *err)
{
    const char *command = all->run ? run_text(all, "command") : NULL;
    const char *format = rfm_json_text(rfm_json_find(all->figures, "format"));
    if (!all->run)
        return rfm_fail(err, RFM_USAGE, "%s: there is no run.json: is this the directory of a run?", dir);
    if (!all->figures && command && strcmp(command, "prepare") == 0)
        return rfm_fail(err, RFM_USAGE,
                        "%s: it holds features and no segments, which is what a report tells of: run train with this "
                        "output.dir first",
                        dir);
    if (!all->figures)
        return rfm_fail(err, RFM_USAGE,
                        "%s: there is no figures.json, which train, predict and run leave at their end: run it again",
                        dir);
    if (!format || strcmp(format, FORMAT) != 0)
        return rfm_fail(err, RFM_DATA,
                        "%s/figures.json: its format is '%.40s', not '" FORMAT "': use the rfmpi that wrote it", dir,
                        format ? format : "");
    return RFM_OK;
}

rfm_status facts_read(const char *dir, facts *all, rfm_error *err)
{
    all->run = load(dir, "run.json", err);
    all->figures = err->status ? NULL : load(dir, "figures.json", err);
    if (!err->status && check(all, dir, err) == RFM_OK)
        read_figures(all, err);
    if (!err->status && (all->n == 0 || all->d == 0))
        rfm_fail(err, RFM_DATA, "%s/figures.json: it names no segments or no features: run it again with --force", dir);
    return err->status;
}

void facts_free(facts *all)
{
    rfm_json_free(all->run);
    rfm_json_free(all->figures);
    free(all->numbers);
    *all = (facts){0};
}
