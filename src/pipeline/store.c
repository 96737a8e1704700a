/* The last stage: finished results go elsewhere. Rank 0 alone does it, and sees files only. */
#include "batch.h"

#include "rfmpi/upload.h"

#include <string.h>

bool store_is_wanted(const rfm_config *config)
{
    return strcmp(rfm_config_string(config, "store.to"), "files") != 0 || rfm_config_string(config, "store.dir");
}

static bool is_stopped(void *context)
{
    return stop_reason(context) != NULL;
}

static rfm_upload_options read_options(const rfm_config *config)
{
    return (rfm_upload_options){.to = rfm_config_string(config, "store.to"),
                                .dir = rfm_config_string(config, "store.dir"),
                                .table = rfm_config_string(config, "store.table"),
                                .model_table = rfm_config_string(config, "store.model_table"),
                                .mode = rfm_config_string(config, "store.mode"),
                                .stage = rfm_config_string(config, "store.stage"),
                                .copy = rfm_config_string(config, "store.copy"),
                                .create = rfm_config_boolean(config, "store.create"),
                                .local_stage = rfm_config_boolean(config, "store.local_stage"),
                                .parallel = (int)rfm_config_integer(config, "store.parallel"),
                                .retry_s = rfm_config_number(config, "store.retry"),
                                .ca_file = rfm_config_string(config, "store.ca_file"),
                                .crl_file = rfm_config_string(config, "store.crl_file"),
                                .proxy = rfm_config_string(config, "store.proxy"),
                                .connection = rfm_config_string(config, "store.connection"),
                                .credentials = rfm_config_string(config, "store.credentials"),
                                .anew = rfm_config_boolean(config, "output.force")};
}

/* Rank 0. */
static void report(rfm_batch *batch, const rfm_upload_options *options, const rfm_upload_outcome *outcome,
                   double seconds, rfm_text *text)
{
    rfm_run *run = batch->run;
    if (outcome->already) {
        rfm_text_addf(text, "%lld customers are in %s already: nothing to do\n", (long long)outcome->n_rows,
                      outcome->where);
        return;
    }
    rfm_text_addf(text, "%lld customers stored in %s (%s)\n", (long long)outcome->n_rows, outcome->where,
                  strcmp(options->to, "files") == 0 ? "a copy" : options->mode);
    rfm_report_text(run, "store.to", options->to);
    rfm_report_text(run, "store.where", outcome->where);
    rfm_report_integer(run, "store.n_rows", outcome->n_rows);
    rfm_report_integer(run, "store.n_parts", outcome->n_parts);
    rfm_report_integer(run, "store.bytes", outcome->n_bytes);
    rfm_report_number(run, "store.seconds", seconds);
    if (*outcome->query_id)
        rfm_report_text(run, "store.query_id", outcome->query_id);
}

/* ---- many uploaders --------------------------------------------------------------------------------------------- */

/* Collective: each rank its share; *sent, on all, what is through. */
static rfm_status carry_out(rfm_batch *batch, const char *order, bool *sent, size_t n_parts, rfm_error *err)
{
    rfm_upload_options options = read_options(batch->config);
    int64_t *flags = rfm_alloc(n_parts, sizeof *flags, err);
    bool *own = rfm_alloc(n_parts, sizeof *own, err);
    options.stopped = is_stopped;
    options.context = batch;
    if (rfm_comm_agree(batch->comm, err) == RFM_OK) {
        rfm_error failed = {0};
        rfm_upload_order_run(&options, order, rfm_comm_rank(batch->comm), rfm_comm_size(batch->comm), own, &failed);
        for (size_t i = 0; i < n_parts; i++)
            flags[i] = own[i];
        rfm_comm_rest(batch->comm);
        rfm_comm_reduce_i64(batch->comm, RFM_MAX, flags, n_parts);
        for (size_t i = 0; sent && i < n_parts; i++)
            sent[i] = flags[i] != 0;
        *err = failed;
        rfm_comm_agree(batch->comm, err);
    }
    free(flags);
    free(own);
    return err->status;
}

static rfm_status share_order(rfm_batch *batch, void **order, size_t *n_bytes, rfm_error *err)
{
    rfm_comm_rest(batch->comm); /* the others may have waited for long */
    return rfm_comm_share(batch->comm, 0, order, n_bytes, err);
}

/* Rank 0, while the others wait for orders. */
static rfm_status order_all(void *context, const char *order, bool *sent, size_t n_parts, rfm_error *err)
{
    void *bytes = (void *)(uintptr_t)order; /* only read on the root */
    size_t n_bytes = strlen(order) + 1;
    if (share_order(context, &bytes, &n_bytes, err) != RFM_OK)
        return err->status;
    return carry_out(context, order, sent, n_parts, err);
}

/* The others, until there is an empty one. What fails is known to all, and rank 0 says what comes of it. */
static void follow_orders(rfm_batch *batch)
{
    for (;;) {
        rfm_error err = {0};
        void *order = NULL;
        size_t n_bytes = 0;
        if (share_order(batch, &order, &n_bytes, &err) != RFM_OK || n_bytes == 0) {
            free(order);
            return;
        }
        carry_out(batch, order, NULL, rfm_upload_order_parts(order), &err);
        explicit_bzero(order, n_bytes);
        free(order);
    }
}

static void end_orders(rfm_batch *batch)
{
    rfm_error err = {0};
    void *none = NULL;
    size_t n_bytes = 0;
    share_order(batch, &none, &n_bytes, &err);
}

/* Rank 0: results that are whole. */
static rfm_status check_run(rfm_batch *batch, rfm_error *err)
{
    char *status = NULL;
    if (rfm_report_read(rfm_run_dir(batch->run), "status", &status, err) == RFM_OK &&
        !(status && strcmp(status, "done") == 0))
        rfm_fail(err, RFM_USAGE, "%s: the run is not finished (%s): finish it first", rfm_run_dir(batch->run),
                 status ? status : "it has not begun");
    free(status);
    return err->status;
}

rfm_status store_results(rfm_batch *batch, rfm_text *text, rfm_error *err)
{
    const double start = rfm_clock_s();
    const bool all =
        strcmp(rfm_config_string(batch->config, "store.uploaders"), "all") == 0 && rfm_comm_size(batch->comm) > 1;
    rfm_comm_stage(batch->comm, "store");
    if (rfm_comm_rank(batch->comm) == 0 && check_run(batch, err) == RFM_OK) {
        rfm_upload_options options = read_options(batch->config);
        rfm_upload_outcome outcome;
        const rfm_upload_helpers helpers = {order_all, batch};
        options.stopped = is_stopped;
        options.context = batch;
        options.helpers = all ? &helpers : NULL;
        if (rfm_upload_run(&options, rfm_run_dir(batch->run), &outcome, err) == RFM_OK)
            report(batch, &options, &outcome, rfm_clock_s() - start, text);
    }
    rfm_upload_forget();
    if (all)
        rfm_comm_rank(batch->comm) == 0 ? end_orders(batch) : follow_orders(batch);
    rfm_comm_rest(batch->comm);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK)
        rfm_report_save(batch->run, err);
    return err->status;
}

/* Local. Rank 0: a directory that is none must not be made. */
static rfm_status look_first(const rfm_comm *comm, const char *run_dir, rfm_error *err)
{
    char *status = NULL;
    if (rfm_comm_rank(comm) == 0)
        rfm_report_read(run_dir, "status", &status, err);
    free(status);
    return err->status;
}

rfm_status rfm_pipeline_store(rfm_comm *comm, const rfm_config *config, const char *run_dir, rfm_text *text,
                              rfm_error *err)
{
    rfm_batch batch = {.comm = comm, .config = config, .start_s = rfm_clock_s()};
    rfm_comm_stage(comm, "start");
    look_first(comm, run_dir, err);
    if (rfm_comm_agree(comm, err) == RFM_OK && rfm_run_open(comm, run_dir, &batch.run, err) == RFM_OK) {
        site_begin(&batch, "store");
        stop_open(&batch, err);
        if (rfm_comm_agree(comm, err) == RFM_OK)
            store_results(&batch, text, err);
        rfm_trail_end(batch.run, err);
        stop_close(&batch);
    }
    rfm_text_free(&batch.site);
    rfm_run_close(batch.run);
    return err->status;
}

rfm_status rfm_pipeline_store_check(rfm_comm *comm, const rfm_config *config, rfm_text *text, rfm_error *err)
{
    rfm_comm_stage(comm, "store");
    if (rfm_comm_rank(comm) == 0) {
        const rfm_upload_options options = read_options(config);
        rfm_upload_check(&options, text, err);
    }
    rfm_upload_forget();
    rfm_comm_rest(comm);
    return rfm_comm_agree(comm, err);
}

/* Local. Rank 0. */
static void unload(rfm_batch *batch, rfm_text *text, rfm_error *err)
{
    const rfm_config *config = batch->config;
    rfm_upload_options options = read_options(config);
    options.stopped = is_stopped;
    options.context = batch;
    const rfm_unload_options wanted = {.table = rfm_config_string(config, "unload.table"),
                                       .query = rfm_config_string(config, "unload.query"),
                                       .dir = rfm_config_string(config, "unload.dir"),
                                       .format = rfm_config_string(config, "unload.format"),
                                       .time_column = rfm_config_string(config, "unload.time_column"),
                                       .after = rfm_config_string(config, "unload.after"),
                                       .file_bytes = rfm_config_integer(config, "unload.file_bytes")};
    rfm_unload_outcome outcome;
    if (rfm_unload_run(&options, &wanted, &outcome, err) == RFM_OK)
        rfm_text_addf(text, "%lld rows in %lld files in %s%s%s%s\n", (long long)outcome.n_rows,
                      (long long)outcome.n_files, wanted.dir, *outcome.until ? ", up to " : "", outcome.until,
                      outcome.already ? ": they were there already" : "");
}

rfm_status rfm_pipeline_unload(rfm_comm *comm, const rfm_config *config, rfm_text *text, rfm_error *err)
{
    rfm_batch batch = {.comm = comm, .config = config, .start_s = rfm_clock_s()};
    rfm_comm_stage(comm, "unload");
    stop_open(&batch, err);
    if (rfm_comm_agree(comm, err) == RFM_OK && rfm_comm_rank(comm) == 0)
        unload(&batch, text, err);
    rfm_upload_forget();
    rfm_comm_rest(comm);
    stop_close(&batch);
    return rfm_comm_agree(comm, err);
}
