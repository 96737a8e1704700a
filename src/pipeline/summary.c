/* What is left of a run for machines: run.json. */
#include "batch.h"

#include <string.h>

/* ---- run.json --------------------------------------------------------------------------------------------------- */

static void report_hash(rfm_run *run, const char *key, rfm_hash128 hash)
{
    char hex[33];
    snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)hash.high, (unsigned long long)hash.low);
    rfm_report_text(run, key, hex);
}

static rfm_status report_digest(rfm_batch *batch, rfm_error *err)
{
    rfm_digest digest = {0};
    if (rfm_digest_make(batch->comm, &batch->frame, batch->labels ? &batch->model : NULL, batch->labels, &digest,
                        err) != RFM_OK)
        return err->status;
    report_hash(batch->run, "digest", digest.whole);
    report_hash(batch->run, "digest_parts.customers", digest.customers);
    report_hash(batch->run, "digest_parts.features", digest.features);
    report_hash(batch->run, "digest_parts.scaling", digest.scaling);
    report_hash(batch->run, "digest_parts.centroids", digest.centroids);
    report_hash(batch->run, "digest_parts.names", digest.names);
    return RFM_OK;
}

static void report_time(rfm_run *run, const char *key, int64_t us)
{
    char text[RFM_NUMBER_BYTES];
    rfm_time_format_utc(us, text);
    rfm_report_text(run, key, text);
}

/* Sums over ranks, and the rank that had most to say. */
static void report_traffic(rfm_batch *batch)
{
    const rfm_traffic traffic = rfm_comm_traffic(batch->comm);
    int64_t sums[] = {traffic.n_messages, traffic.message_bytes, traffic.n_collectives, traffic.collective_bytes};
    static const char *const keys[] = {"n_messages", "message_bytes", "n_collectives", "collective_bytes"};
    enum { N = sizeof keys / sizeof keys[0] };
    int64_t most[N];
    memcpy(most, sums, sizeof most);
    rfm_comm_reduce_i64(batch->comm, RFM_SUM, sums, N);
    rfm_comm_reduce_i64(batch->comm, RFM_MAX, most, N);
    for (int i = 0; i < N; i++) {
        char key[64];
        snprintf(key, sizeof key, "traffic.%s", keys[i]);
        rfm_report_integer(batch->run, key, sums[i]);
        snprintf(key, sizeof key, "traffic.%s_max", keys[i]);
        rfm_report_integer(batch->run, key, most[i]);
    }
}

/* ---- JSON text of what has a shape of its own ------------------------------------------------------------------- */

static void print_json(const rfm_node *node, rfm_text *json)
{
    if (node->kind == RFM_NODE_SCALAR) {
        rfm_json_add_string(json, node->text);
        return;
    }
    const bool map = node->kind == RFM_NODE_MAP;
    rfm_text_adds(json, map ? "{" : "[");
    for (size_t i = 0; i < node->n_items; i++) {
        rfm_text_adds(json, i > 0 ? "," : "");
        if (map) {
            rfm_json_add_string(json, node->items[i].key);
            rfm_text_adds(json, ":");
        }
        print_json(&node->items[i], json);
    }
    rfm_text_adds(json, map ? "}" : "]");
}

/* Local. A report entry from JSON text. */
static void report_json(rfm_run *run, const char *key, rfm_text *json)
{
    rfm_report_json(run, key, json->failed ? NULL : json->bytes);
    rfm_text_free(json);
}

/* Shortened where a run has very many files; the count says so. */
static void report_inputs(const rfm_batch *batch)
{
    enum { MOST = 1000 };
    rfm_text json = {0};
    int64_t bytes = 0;
    rfm_text_adds(&json, "[");
    for (size_t i = 0; i < batch->files.n; i++) {
        bytes += batch->files.files[i].size_bytes;
        if (i >= MOST)
            continue;
        rfm_text_adds(&json, i > 0 ? ",{\"path\":" : "{\"path\":");
        rfm_json_add_string(&json, batch->files.files[i].path);
        rfm_text_addf(&json, ",\"bytes\":%lld}", (long long)batch->files.files[i].size_bytes);
    }
    rfm_text_adds(&json, "]");
    rfm_report_integer(batch->run, "input.n_files", (int64_t)batch->files.n);
    rfm_report_integer(batch->run, "input.bytes", bytes);
    report_json(batch->run, "input.files", &json);
}

/* Of those whose keys begin so. */
static void report_options(const rfm_batch *batch, const char *section)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < n; i++) {
        const rfm_node *node = rfm_config_tree(batch->config, options[i].key);
        if (!node || strncmp(options[i].key, section, strlen(section)) != 0)
            continue;
        rfm_text value = {0};
        char key[128];
        snprintf(key, sizeof key, "options.%s", options[i].key);
        print_json(node, &value);
        report_json(batch->run, key, &value);
    }
}

void report_page_options(rfm_batch *batch)
{
    rfm_report_json(batch->run, "options.report", "{}");
    report_options(batch, "report.");
}

static void report_segments(const rfm_batch *batch)
{
    const rfm_model *model = &batch->model;
    rfm_report_remove(batch->run, "segments"); /* of an earlier start, which may have had others */
    for (int c = 0; c < model->k; c++) {
        char key[64];
        snprintf(key, sizeof key, "segments.%d.name", (int)model->segment_ids[c]);
        rfm_report_text(batch->run, key, model->names[c]);
        snprintf(key, sizeof key, "segments.%d.size", (int)model->segment_ids[c]);
        rfm_report_integer(batch->run, key, batch->sizes[c]);
        snprintf(key, sizeof key, "segments.%d.weight", (int)model->segment_ids[c]);
        if (batch->frame.weights.unit > 0)
            rfm_report_number(batch->run, key, batch->weights[c]);
    }
}

const char *task_name(rfm_task task)
{
    static const char *const names[] = {[RFM_TASK_PREPARE] = "prepare",
                                        [RFM_TASK_TRAIN] = "train",
                                        [RFM_TASK_PREDICT] = "predict",
                                        [RFM_TASK_RUN] = "run"};
    return names[task];
}

rfm_status report_finish(rfm_batch *batch, rfm_error *err)
{
    rfm_run *run = batch->run;
    if (report_digest(batch, err) != RFM_OK)
        return err->status;
    rfm_report_text(run, "version", RFMPI_VERSION);
    rfm_report_text(run, "command", task_name(batch->job.task));
    rfm_report_integer(run, "ranks", rfm_comm_size(batch->comm));
    rfm_report_integer(run, "threads", rfm_kmeans_threads());
    rfm_report_integer(run, "n_customers", batch->frame.n_global);
    rfm_report_remove(run, "weight");
    if (batch->frame.weights.unit > 0)
        rfm_report_number(run, "weight", (double)batch->frame.weights.total * batch->frame.weights.unit);
    rfm_report_integer(run, "n_features", batch->frame.d);
    if (batch->job.source != SOURCE_MATRIX)
        report_time(run, "as_of", batch->as_of.us);
    report_inputs(batch);
    rfm_report_json(run, "options", "{}"); /* one that has a value no more goes */
    report_options(batch, "");
    if (batch->labels)
        report_segments(batch);
    report_memory(batch);
    report_traffic(batch);
    report_time(run, "finished", rfm_clock_wall_us());
    rfm_report_number(run, "seconds", rfm_clock_s() - batch->start_s);
    rfm_report_text(run, "status", "done");
    return rfm_report_save(run, err);
}
