/* Scores of recency, frequency and monetary value: what the job says of them, and what is learnt from the customers of
 * a fit. Knows no segments. */
#include "batch.h"

#include <string.h>

/* What the job calls a measure's feature and its cuts. */
static const struct {
    const char *feature, *cuts;
} KEYS[RFM_N_MEASURES] = {[RFM_RECENCY] = {"scores.recency", "scores.cuts.recency"},
                          [RFM_FREQUENCY] = {"scores.frequency", "scores.cuts.frequency"},
                          [RFM_MONETARY] = {"scores.monetary", "scores.cuts.monetary"}};

/* ---- the job ---------------------------------------------------------------------------------------------------- */

static rfm_status parse_cuts(const rfm_node *list, const char *key, double *cuts, rfm_error *err)
{
    for (size_t i = 0; i < list->n_items; i++) {
        const rfm_node *item = &list->items[i];
        if (rfm_node_number(item, key, &cuts[i], err) != RFM_OK)
            return err->status;
        if (i > 0 && !(cuts[i] > cuts[i - 1]))
            return rfm_node_fail(item, err, "%s: cut points ascend: %.60s is not above %.60s", key, item->text,
                                 item[-1].text);
    }
    return RFM_OK;
}

static rfm_status read_cuts(const rfm_config *config, const char *key, int bins, double **cuts, rfm_error *err)
{
    const rfm_node *list = rfm_config_tree(config, key);
    if (!list)
        return RFM_OK;
    if (bins == 0)
        return rfm_node_fail(list, err, "%s: there are no scores to cut, since scores.bins is 0", key);
    if (list->kind != RFM_NODE_LIST)
        return rfm_node_fail(list, err, "%s: must be a list of ascending numbers, [10, 20.5, 40]", key);
    if (list->n_items != (size_t)bins - 1)
        return rfm_node_fail(list, err, "%s: has %zu cut points; between %d bins (scores.bins) there are %d", key,
                             list->n_items, bins, bins - 1);
    *cuts = rfm_alloc(list->n_items, sizeof **cuts, err);
    return *cuts ? parse_cuts(list, key, *cuts, err) : err->status;
}

rfm_status scores_read(const rfm_config *config, rfm_scores *scores, rfm_error *err)
{
    scores->bins = (int)rfm_config_integer(config, "scores.bins");
    for (int m = 0; m < RFM_N_MEASURES && err->status == RFM_OK; m++) {
        read_cuts(config, KEYS[m].cuts, scores->bins, &scores->cuts[m], err);
        scores->learnt[m] = !scores->cuts[m];
    }
    return err->status;
}

/* ---- their features --------------------------------------------------------------------------------------------- */

/* Those of the list, until customers have them; -1: there is none of that name. */
static int find_feature(const rfm_batch *batch, const char *name)
{
    const rfm_features *list = batch->job.features;
    const bool computed = batch->frame.names != NULL;
    const int n = computed ? batch->frame.d : list ? rfm_features_n(list) : 0;
    for (int j = 0; j < n; j++)
        if (strcmp(computed ? batch->frame.names[j] : rfm_features_name(list, j), name) == 0)
            return j;
    return -1;
}

/* A feature that the job names is one that it has. */
rfm_status scores_check(const rfm_batch *batch, rfm_error *err)
{
    for (int m = 0; m < RFM_N_MEASURES && batch->job.scores.bins > 0; m++) {
        const char *key = KEYS[m].feature, *name = rfm_config_string(batch->config, key);
        if (rfm_config_given(batch->config, key) && find_feature(batch, name) < 0)
            return rfm_config_fail(batch->config, key, err, "%s: there is no feature '%.200s'", key, name);
    }
    return RFM_OK;
}

static bool is_asked_for(const rfm_config *config)
{
    bool asked = rfm_config_given(config, "scores.bins");
    for (int m = 0; m < RFM_N_MEASURES; m++)
        asked |= rfm_config_given(config, KEYS[m].cuts) || rfm_config_given(config, KEYS[m].feature);
    return asked;
}

/* Whether the batch has all three features. */
static bool find_columns(const rfm_batch *batch, int columns[RFM_N_MEASURES])
{
    for (int m = 0; m < RFM_N_MEASURES; m++) {
        const char *name = rfm_config_string(batch->config, KEYS[m].feature);
        columns[m] = find_feature(batch, name);
        if (columns[m] >= 0)
            continue;
        rfm_log(is_asked_for(batch->config) ? RFM_LOG_WARN : RFM_LOG_DEBUG,
                "no scores: there is no feature '%s' (%s says which one it is)", name, KEYS[m].feature);
        return false;
    }
    return true;
}

rfm_status scores_learn(rfm_batch *batch, rfm_error *err)
{
    rfm_scores *scores = &batch->model.scores;
    if (batch->job.scores.bins == 0 || !find_columns(batch, batch->job.scores.columns))
        return RFM_OK;
    *scores = batch->job.scores; /* with the cuts */
    batch->job.scores = (rfm_scores){0};
    return rfm_scores_learn(batch->comm, &batch->frame, scores, err);
}
