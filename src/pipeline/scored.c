/* What the scores of a batch's customers come to: how many have which, and what they are worth. Sums are of integers,
 * so that nothing depends on who has which customers. */
#include "batch.h"

#include <math.h>

/* ---- counting --------------------------------------------------------------------------------------------------- */

static size_t squared(int bins)
{
    return (size_t)bins * (size_t)bins;
}

static size_t count_counts(const rfm_scored *scored)
{
    const size_t bins = (size_t)scored->bins, k = (size_t)scored->k;
    return RFM_N_MEASURES * bins + bins * bins + RFM_CLASSIC_SEGMENTS * k + RFM_N_MEASURES * k;
}

static rfm_status open_scored(const rfm_batch *batch, rfm_scored *scored, rfm_error *err)
{
    const rfm_model *model = &batch->model;
    const size_t bins = (size_t)model->scores.bins, k = (size_t)model->k;
    *scored = (rfm_scored){.bins = model->scores.bins, .k = model->k};
    scored->counts = rfm_alloc(count_counts(scored), sizeof *scored->counts, err);
    scored->money = rfm_alloc(bins * bins + RFM_CLASSIC_SEGMENTS, sizeof *scored->money, err);
    if (err->status != RFM_OK)
        return err->status;
    scored->taken = scored->counts;
    scored->heat = scored->taken + RFM_N_MEASURES * bins;
    scored->cross = scored->heat + bins * bins;
    scored->sums = scored->cross + RFM_CLASSIC_SEGMENTS * k;
    return RFM_OK;
}

void scored_free(rfm_scored *scored)
{
    free(scored->counts);
    free(scored->money);
    *scored = (rfm_scored){0};
}

static void count_customer(const rfm_batch *batch, size_t row, rfm_scored *scored)
{
    const rfm_scores *scores = &batch->model.scores;
    const double *values = batch->frame.values + row * (size_t)batch->frame.d;
    const size_t bins = (size_t)scored->bins, k = (size_t)scored->k, label = (size_t)batch->labels[row];
    int own[RFM_N_MEASURES];
    const size_t segment = (size_t)rfm_scores_of(scores, values, own);
    const size_t cell = (size_t)(own[RFM_RECENCY] - 1) * bins + (size_t)(own[RFM_FREQUENCY] - 1);
    const rfm_i128 money = rfm_quantum_round(values[scores->columns[RFM_MONETARY]], scored->exponent);
    for (size_t m = 0; m < RFM_N_MEASURES; m++) {
        scored->taken[m * bins + (size_t)(own[m] - 1)]++;
        scored->sums[label * RFM_N_MEASURES + m] += own[m];
    }
    scored->heat[cell]++;
    scored->cross[segment * k + label]++;
    scored->money[cell] += money;
    scored->money[bins * bins + segment] += money;
}

/* Fewer scores than bins are told: somebody may look for the others. */
static void log_empty(const rfm_scored *scored)
{
    for (int m = 0; m < RFM_N_MEASURES; m++) {
        int n = 0;
        for (int b = 0; b < scored->bins; b++)
            n += scored->taken[m * scored->bins + b] > 0;
        if (n < scored->bins)
            rfm_log(RFM_LOG_INFO, "scores: %d of %d occur for %s, since equal values have equal scores", n,
                    scored->bins, rfm_measure_name(m));
    }
}

rfm_status scored_make(rfm_batch *batch, rfm_scored *scored, rfm_error *err)
{
    *scored = (rfm_scored){0};
    if (batch->model.scores.bins == 0)
        return RFM_OK;
    open_scored(batch, scored, err);
    if (rfm_comm_agree(batch->comm, err) != RFM_OK)
        return err->status;
    scored->exponent = column_exponent(batch, batch->model.scores.columns[RFM_MONETARY]);
    for (size_t i = 0; i < batch->frame.n; i++)
        count_customer(batch, i, scored);
    rfm_comm_reduce_i64(batch->comm, RFM_SUM, scored->counts, count_counts(scored));
    rfm_comm_sum_i128(batch->comm, scored->money, squared(scored->bins) + RFM_CLASSIC_SEGMENTS);
    log_empty(scored);
    return RFM_OK;
}

int scored_most(const rfm_scored *scored, int label)
{
    int most = 0;
    for (int s = 1; s < RFM_CLASSIC_SEGMENTS; s++)
        if (scored->cross[s * scored->k + label] > scored->cross[most * scored->k + label])
            most = s;
    return most;
}

/* ---- run.json --------------------------------------------------------------------------------------------------- */

/* Where there are no customers there is no mean. */
static void print_means(const rfm_scored *scored, rfm_text *json)
{
    const size_t bins = (size_t)scored->bins;
    rfm_text_adds(json, "[");
    for (size_t i = 0; i < bins * bins; i++) {
        const double n = (double)scored->heat[i];
        rfm_text_adds(json, i == 0 ? "[" : i % bins == 0 ? "],[" : ",");
        rfm_json_add_number(json, n > 0 ? ldexp(rfm_i128_to_double(scored->money[i]) / n, scored->exponent) : NAN);
    }
    rfm_text_adds(json, "]]");
}

static double share_of(rfm_i128 part, rfm_i128 whole)
{
    return whole > 0 ? rfm_i128_to_double(part) / rfm_i128_to_double(whole) : NAN;
}

static void print_classic(const rfm_batch *batch, const rfm_scored *scored, rfm_text *json)
{
    const rfm_i128 *money = scored->money + squared(scored->bins);
    const bool is_revenue = revenue_column(batch) >= 0;
    rfm_i128 all = 0;
    for (int s = 0; s < RFM_CLASSIC_SEGMENTS; s++)
        all += money[s];
    for (int s = 0; s < RFM_CLASSIC_SEGMENTS; s++) {
        int64_t n = 0;
        for (int c = 0; c < scored->k; c++)
            n += scored->cross[s * scored->k + c];
        rfm_text_adds(json, s == 0 ? "[{\"name\":" : "},{\"name\":");
        rfm_json_add_string(json, rfm_classic_name(s));
        rfm_text_addf(json, ",\"customers\":%lld,\"share\":", (long long)n);
        rfm_json_add_number(json, (double)n / (double)batch->frame.n_global);
        rfm_text_adds(json, ",\"revenue\":");
        rfm_json_add_number(json, is_revenue ? rfm_quantum_value(money[s], scored->exponent) : NAN);
        rfm_text_adds(json, ",\"revenue_share\":");
        rfm_json_add_number(json, is_revenue ? share_of(money[s], all) : NAN);
    }
    rfm_text_adds(json, "}]");
}

static void report_measures(rfm_batch *batch, const rfm_scored *scored)
{
    const rfm_scores *scores = &batch->model.scores;
    const size_t bins = (size_t)scored->bins;
    bool learnt = true;
    for (int m = 0; m < RFM_N_MEASURES; m++) {
        char key[64];
        const int64_t *taken = scored->taken + (size_t)m * bins;
        int64_t n = 0;
        for (size_t b = 0; b < bins; b++)
            n += taken[b] > 0;
        snprintf(key, sizeof key, "scores.features.%s", rfm_measure_name(m));
        rfm_report_text(batch->run, key, batch->model.features[scores->columns[m]]);
        snprintf(key, sizeof key, "scores.cuts.%s", rfm_measure_name(m));
        rfm_report_numbers(batch->run, key, scores->cuts[m], bins - 1);
        snprintf(key, sizeof key, "scores.occurring.%s", rfm_measure_name(m));
        rfm_report_integer(batch->run, key, n);
        snprintf(key, sizeof key, "scores.customers.%s", rfm_measure_name(m));
        rfm_report_integers(batch->run, key, taken, bins);
        learnt &= scores->learnt[m];
    }
    rfm_report_integer(batch->run, "scores.bins", scored->bins);
    rfm_report_boolean(batch->run, "scores.learnt", learnt);
}

static void report(rfm_run *run, const char *key, rfm_text *json)
{
    rfm_report_json(run, key, json->failed ? NULL : json->bytes);
    rfm_text_free(json);
}

void scored_report(rfm_batch *batch, const rfm_scored *scored)
{
    rfm_text heat = {0}, means = {0}, classic = {0}, cross = {0};
    if (scored->bins == 0)
        return;
    report_measures(batch, scored);
    rfm_json_add_counts(&heat, scored->heat, (size_t)scored->bins, (size_t)scored->bins);
    report(batch->run, "scores.heat.customers", &heat);
    print_means(scored, &means);
    report(batch->run, "scores.heat.monetary", &means);
    print_classic(batch, scored, &classic);
    report(batch->run, "scores.grid", &classic);
    rfm_json_add_counts(&cross, scored->cross, RFM_CLASSIC_SEGMENTS, (size_t)scored->k);
    report(batch->run, "scores.cross", &cross);
}
