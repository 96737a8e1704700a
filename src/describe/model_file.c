/* model_file: what a model holds: how values are scaled, where the segments lie, what they were made from. */
#include "describe.h"
#include "rfmpi/model.h"

#include <stdlib.h>

static const char *name_scale(rfm_scale scale)
{
    static const char *const names[] = {[RFM_SCALE_STANDARD] = "standard",
                                        [RFM_SCALE_ROBUST] = "robust",
                                        [RFM_SCALE_MINMAX] = "minmax",
                                        [RFM_SCALE_NONE] = "none"};
    return names[scale];
}

/* "log1p, clip 0.5 .. 12" */
static json_t *tell_steps(const rfm_scaling *scaling, int j)
{
    rfm_text text = {0};
    for (int i = 0; i < scaling->columns[j].n_steps; i++) {
        const rfm_scaling_step *step = &scaling->columns[j].steps[i];
        rfm_text_adds(&text, i > 0 ? ", " : "");
        if (step->kind == RFM_TRANSFORM_CLIP)
            rfm_text_addf(&text, "clip %g .. %g", step->low, step->high);
        else
            rfm_text_adds(&text, step->kind == RFM_TRANSFORM_LOG1P ? "log1p" : "sqrt");
    }
    json_t *steps = text_of(text.length > 0 && !text.failed ? text.bytes : "");
    rfm_text_free(&text);
    return steps;
}

static json_t *tell_features(const rfm_model *model)
{
    json_t *table = json_array();
    for (int j = 0; j < model->d; j++) {
        json_t *row = json_object();
        fact_text(row, "name", model->features[j]);
        fact_put(row, "transforms", tell_steps(&model->scaling, j));
        fact_number(row, "center", model->scaling.columns[j].center);
        fact_number(row, "scale", model->scaling.columns[j].scale);
        if (model->fills)
            fact_number(row, "missing", model->fills[j]);
        json_array_append_new(table, row);
    }
    return table;
}

static json_t *tell_segments(const rfm_model *model)
{
    json_t *table = json_array();
    for (int c = 0; c < model->k; c++) {
        json_t *row = json_object();
        fact_integer(row, "id", model->segment_ids[c]);
        fact_text(row, "name", model->names[c]);
        fact_integer(row, "size", model->sizes[c]);
        if (model->weights)
            fact_number(row, "weight", model->weights[c]);
        json_t *centroid = json_object();
        for (int j = 0; j < model->d; j++)
            fact_number(centroid, model->features[j],
                        model->centroids_original[(size_t)c * (size_t)model->d + (size_t)j]);
        fact_put(row, "centroid", centroid);
        json_array_append_new(table, row);
    }
    return table;
}

static void tell_model(const rfm_model *model, json_t *facts)
{
    fact_text(facts, "kind", "model");
    if (model->definitions[0] != '\0') {
        fact_text(facts, "definitions", model->definitions);
        fact_text(facts, "as_of_rule", model->as_of_rule);
        fact_text(facts, "timezone", model->timezone);
        fact_time(facts, "as_of", model->as_of.us);
    }
    fact_integer(facts, "k", model->k);
    fact_integer(facts, "d", model->d);
    fact_integer(facts, "seed", (int64_t)model->seed);
    fact_text(facts, "scale", name_scale(model->scaling.kind));
    fact_put(facts, "features", tell_features(model));
    fact_put(facts, "segments", tell_segments(model));
    fact_number(facts, "inertia", model->inertia);
    fact_integer(facts, "iterations", model->iterations);
}

rfm_status describe_model(rfm_comm *comm, const char *path, json_t *facts, rfm_error *err)
{
    rfm_model model = {0};
    if (rfm_model_read(comm, path, &model, err) == RFM_OK)
        tell_model(&model, facts);
    rfm_model_free(&model);
    return err->status;
}
