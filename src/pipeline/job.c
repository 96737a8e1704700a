/* The typed job: from the configuration (and, for predict, the model) to what each module is given.
 */
#include "batch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* ---- input ------------------------------------------------------------------------------------------------------ */

static rfm_status read_amount(const rfm_config *config, rfm_roles *roles, rfm_error *err)
{
    const rfm_node *amount = rfm_config_tree(config, "input.columns.amount");
    if (!amount)
        return RFM_OK;
    if (amount->kind == RFM_NODE_SCALAR) {
        roles->amount[roles->n_amount++] = amount->text;
        return RFM_OK;
    }
    if (amount->kind != RFM_NODE_LIST || amount->n_items < 1 || amount->n_items > 2)
        return rfm_node_fail(amount, err,
                             "input.columns.amount is one column, or a list of the two whose product it is");
    for (size_t i = 0; i < amount->n_items; i++) {
        if (amount->items[i].kind != RFM_NODE_SCALAR)
            return rfm_node_fail(&amount->items[i], err, "input.columns.amount names columns");
        roles->amount[roles->n_amount++] = amount->items[i].text;
    }
    return RFM_OK;
}

rfm_status job_read_roles(const rfm_config *config, rfm_roles *roles, rfm_error *err)
{
    roles->event = rfm_config_string(config, "input.columns.event");
    roles->session = rfm_config_string(config, "input.columns.session");
    roles->order = rfm_config_string(config, "input.columns.order");
    roles->product = rfm_config_string(config, "input.columns.product");
    roles->category = rfm_config_string(config, "input.columns.category");
    roles->decimals = (int)rfm_config_integer(config, "input.decimals");
    return read_amount(config, roles, err);
}

static void list_mapped(rfm_job *job)
{
    const char *const columns[MAX_MAPPED] = {
        job->input.customer, job->input.time,  job->roles.event,   job->roles.amount[0], job->roles.amount[1],
        job->roles.session,  job->roles.order, job->roles.product, job->roles.category,
    };
    for (size_t i = 0; i < MAX_MAPPED; i++)
        if (columns[i])
            job->mapped[job->input.n_mapped++] = columns[i];
    job->input.mapped = job->mapped;
}

static void read_dedupe(const rfm_config *config, rfm_input *input)
{
    const char *dedupe = rfm_config_string(config, "input.dedupe");
    input->dedupe = strcmp(dedupe, "none") == 0  ? RFM_DEDUPE_NONE
                    : strcmp(dedupe, "row") == 0 ? RFM_DEDUPE_ROW
                                                 : RFM_DEDUPE_COLUMN;
    input->dedupe_column = input->dedupe == RFM_DEDUPE_COLUMN ? dedupe : NULL;
}

static rfm_status demand(const char *key, const char *value, rfm_error *err)
{
    return value ? RFM_OK
                 : rfm_fail(err, RFM_USAGE, "%s is not set: add it to the job file, or --set %s=...", key, key);
}

static rfm_status read_input(rfm_batch *batch, rfm_error *err)
{
    const rfm_config *config = batch->config;
    rfm_job *job = &batch->job;
    rfm_input *input = &job->input;
    input->customer = rfm_config_string(config, "input.columns.customer");
    input->time = rfm_config_string(config, "input.columns.time");
    input->event = job->roles.event;
    input->id_kind = strcmp(rfm_config_string(config, "input.id"), "integer") == 0 ? RFM_ID_INTEGER : RFM_ID_TEXT;
    input->zone = job->zone;
    input->decimals = job->roles.decimals;
    input->as_of_us = job->as_of_rule.keep_until_us;
    read_dedupe(config, input);
    list_mapped(job);
    rfm_features_input(job->features, input);
    const rfm_node *rows = rfm_config_tree(config, "input.rows");
    if (demand("input.columns.customer", input->customer, err) != RFM_OK ||
        demand("input.columns.time", input->time, err) != RFM_OK || job_read_dialect(config, input, err) != RFM_OK ||
        (rows && rfm_rules_parse(rows, &job->rules, &job->n_rules, err) != RFM_OK))
        return err->status;
    input->rules = job->rules;
    input->n_rules = job->n_rules;
    return RFM_OK;
}

/* ---- features and as-of ----------------------------------------------------------------------------------------- */

/* predict takes the definitions of the model, and as_of from the job where it says one, else the model's rule; a model
 * fitted to a features.h5 has none, and the job's default serves. */
static rfm_status read_features(rfm_batch *batch, rfm_error *err)
{
    rfm_job *job = &batch->job;
    const rfm_config *config = batch->config;
    if (job->source == SOURCE_MATRIX)
        return RFM_OK;
    if (job_read_roles(config, &job->roles, err) != RFM_OK)
        return err->status;
    job->as_of_text = rfm_config_string(config, "features.as_of");
    if (job->task == RFM_TASK_PREDICT) {
        if (batch->model.definitions[0] == '\0')
            return rfm_fail(err, RFM_USAGE,
                            "the model was fitted to a bare matrix and defines no features: "
                            "predict takes an HDF5 matrix "
                            "(--set input.features=...) with it");
        if (!rfm_config_given(config, "features.as_of") && batch->model.as_of_rule[0] != '\0')
            job->as_of_text = batch->model.as_of_rule;
        if (strcmp(job->zone_name, batch->model.timezone) != 0)
            return rfm_config_fail(config, "input.timezone", err,
                                   "the model counts days in %s; input.timezone must be the same",
                                   batch->model.timezone);
        rfm_features_restore(batch->model.definitions, job->source == SOURCE_EVENTS ? &job->roles : NULL,
                             &job->features, err);
    } else {
        rfm_features_parse(rfm_config_tree(config, "features.list"), rfm_config_tree(config, "features.population"),
                           &job->roles, &job->features, err);
    }
    rfm_error bad = {0};
    if (err->status == RFM_OK && rfm_as_of_parse(job->as_of_text, job->zone, &job->as_of_rule, &bad) != RFM_OK)
        rfm_config_fail(config, "features.as_of", err, "%s", bad.message);
    return err->status;
}

/* ---- k-means ---------------------------------------------------------------------------------------------------- */

static rfm_status read_init(const rfm_config *config, rfm_job *job, rfm_error *err)
{
    rfm_kmeans_options *options = &job->kmeans;
    const char *init = rfm_config_string(config, "cluster.init");
    job->starts_from_previous = strcmp(init, "previous") == 0;
    if (strcmp(init, "k-means||") == 0)
        options->seeding = RFM_SEEDING_PARALLEL;
    else if (strcmp(init, "k-means++") == 0)
        options->seeding = RFM_SEEDING_PLUSPLUS;
    else if (strcmp(init, "random") == 0)
        options->seeding = RFM_SEEDING_RANDOM;
    else if (job->starts_from_previous || (strncmp(init, "file:", 5) == 0 && init[5] != '\0'))
        options->seeding = RFM_SEEDING_GIVEN;
    else
        return rfm_config_fail(
            config, "cluster.init", err,
            "cluster.init is \"k-means||\", \"k-means++\", \"random\", \"previous\" or \"file:PATH\", not '%s'", init);
    return RFM_OK;
}

/* What is wrong with names is said before any work is done: a list is counted, rules name a centroid made up for it. */
static rfm_status check_names(const rfm_config *config, int k, rfm_error *err)
{
    static const char *const features[] = {"recency_days", "frequency", "monetary"};
    static const double centroid[] = {1, 1, 1};
    const rfm_node *names = rfm_config_tree(config, "cluster.names");
    char **one = NULL;
    if (!names)
        return RFM_OK;
    if (names->kind == RFM_NODE_LIST && names->n_items > 0 && names->items[0].kind == RFM_NODE_SCALAR)
        return names->n_items >= (size_t)k
                   ? RFM_OK
                   : rfm_node_fail(names, err, "cluster.names has %zu names for %d clusters", names->n_items, k);
    if (rfm_segment_names(names, 1, 3, features, centroid, &one, err) == RFM_OK && one)
        free(one[0]);
    free(one);
    return err->status;
}

static rfm_status read_kmeans(const rfm_config *config, rfm_job *job, rfm_error *err)
{
    static const char *const algorithms[] = {[RFM_ALGORITHM_AUTO] = "auto",
                                             [RFM_ALGORITHM_FUSED] = "fused",
                                             [RFM_ALGORITHM_GEMM] = "gemm",
                                             [RFM_ALGORITHM_BOUNDS] = "bounds",
                                             [RFM_ALGORITHM_DEFINITION] = "definition"};
    static const char *const searches[] = {
        [RFM_SEARCH_AUTO] = "auto", [RFM_SEARCH_SPLIT_MERGE] = "split-merge", [RFM_SEARCH_NONE] = "none"};
    static const char *const scales[] = {[RFM_SCALE_STANDARD] = "standard",
                                         [RFM_SCALE_ROBUST] = "robust",
                                         [RFM_SCALE_MINMAX] = "minmax",
                                         [RFM_SCALE_NONE] = "none"};
    static const char *const missing[] = {[RFM_MISSING_ERROR] = "error",
                                          [RFM_MISSING_ZERO] = "zero",
                                          [RFM_MISSING_MEAN] = "mean",
                                          [RFM_MISSING_MEDIAN] = "median"};
    rfm_kmeans_options *options = &job->kmeans;
    *options = rfm_kmeans_defaults();
    job->n_ks = rfm_config_counts(config, "cluster.k", job->ks, RFM_COUNTS_MOST);
    options->k = (int)job->ks[job->n_ks - 1];
    options->seed = (uint64_t)rfm_config_integer(config, "cluster.seed");
    options->restarts = (int)rfm_config_integer(config, "cluster.restarts");
    options->max_iterations = (int)rfm_config_integer(config, "cluster.max_iterations");
    options->tolerance = rfm_config_number(config, "cluster.tolerance");
    options->rounds = (int)rfm_config_integer(config, "cluster.rounds");
    options->oversampling = rfm_config_number(config, "cluster.oversampling");
    for (int i = 0; i <= (int)RFM_ALGORITHM_DEFINITION; i++)
        if (strcmp(rfm_config_string(config, "cluster.algorithm"), algorithms[i]) == 0)
            options->algorithm = (rfm_algorithm)i;
    for (int i = 0; i <= (int)RFM_SEARCH_NONE; i++)
        if (strcmp(rfm_config_string(config, "cluster.search"), searches[i]) == 0)
            options->search = (rfm_search)i;
    for (int i = 0; i < 4; i++)
        if (strcmp(rfm_config_string(config, "cluster.scale"), scales[i]) == 0)
            job->scale = (rfm_scale)i;
    for (int i = 0; i < 4; i++)
        if (strcmp(rfm_config_string(config, "cluster.missing"), missing[i]) == 0)
            job->missing = (rfm_missing)i;
    if (job->task != RFM_TASK_PREDICT && check_names(config, options->k, err) != RFM_OK)
        return err->status;
    if (job->task != RFM_TASK_PREDICT && scores_read(config, &job->scores, err) != RFM_OK)
        return err->status;
    if (read_init(config, job, err) == RFM_OK && options->seeding == RFM_SEEDING_GIVEN && job->n_ks > 1)
        rfm_config_fail(config, "cluster.k", err, "given centroids are those of one number of clusters");
    return err->status;
}

/* Local. Hash of a small file. */
static rfm_status read_hash(const char *path, char **text, rfm_error *err)
{
    rfm_text bytes = {0};
    char block[65536];
    FILE *file = fopen(path, "rb");
    if (!file && errno == ENOENT)
        return rfm_fail(err, RFM_DATA, "%s: there is no such file", path);
    if (!file)
        return rfm_fail_errno(err, errno, "cannot read %s", path);
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        rfm_text_add(&bytes, block, n);
    if (ferror(file))
        rfm_fail_errno(err, errno, "cannot read %s", path);
    fclose(file);
    if (rfm_text_check(&bytes, err) == RFM_OK) {
        const rfm_hash128 hash = rfm_hash128_of(bytes.bytes, bytes.length);
        char hex[33];
        snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)hash.high, (unsigned long long)hash.low);
        *text = rfm_copy_string(hex, err);
    }
    rfm_text_free(&bytes);
    return err->status;
}

/* Collective. The same on all ranks, by which a product remembers the file. Rank 0 reads it. */
static rfm_status hash_file(rfm_comm *comm, const char *path, char **text, rfm_error *err)
{
    size_t n_bytes = 0;
    void *bytes = NULL;
    if (rfm_comm_rank(comm) == 0 && read_hash(path, text, err) == RFM_OK) {
        bytes = *text;
        n_bytes = strlen(*text) + 1;
    }
    if (rfm_comm_agree(comm, err) == RFM_OK && rfm_comm_share(comm, 0, &bytes, &n_bytes, err) == RFM_OK)
        *text = bytes;
    return err->status;
}

/* The starting centroids of cluster.init: file:PATH. Collective. */
static rfm_status read_given(rfm_batch *batch, rfm_error *err)
{
    rfm_kmeans_options *options = &batch->job.kmeans;
    if (options->seeding != RFM_SEEDING_GIVEN || batch->job.starts_from_previous)
        return RFM_OK;
    const char *path = rfm_config_string(batch->config, "cluster.init") + strlen("file:");
    rfm_h5 *file = NULL;
    rfm_h5_shape shape = {0};
    bool found = false;
    if (hash_file(batch->comm, path, &batch->job.given_hash, err) == RFM_OK &&
        rfm_h5_open(batch->comm, path, &file, err) == RFM_OK)
        rfm_h5_shape_of(file, "/centroids", &shape, &found, err);
    if (err->status == RFM_OK && !found)
        rfm_fail(err, RFM_DATA, "%s: no dataset /centroids (k x d)", path);
    if (err->status == RFM_OK && (shape.rows != options->k || shape.columns < 1))
        rfm_fail(err, RFM_USAGE, "%s: /centroids has %lld rows, cluster.k is %d", path, (long long)shape.rows,
                 options->k);
    if (err->status == RFM_OK)
        batch->job.given = rfm_alloc((size_t)shape.rows * (size_t)shape.columns, sizeof(double), err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK)
        rfm_h5_read(file, "/centroids", RFM_H5_F64, 0, (size_t)shape.rows, batch->job.given, err);
    rfm_h5_close(file, err);
    options->given = batch->job.given;
    batch->job.given_d = (int)shape.columns;
    options->restarts = 1;
    return err->status;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static rfm_status choose_source(const rfm_config *config, rfm_job *job, rfm_error *err)
{
    const rfm_node *paths = rfm_config_tree(config, "input.paths");
    const char *features = rfm_config_string(config, "input.features"), *run = rfm_config_string(config, "input.run");
    const bool events = paths && paths->n_items > 0;
    if (events + !!features + !!run != 1)
        return rfm_fail(err, RFM_USAGE,
                        events || features || run
                            ? "input.paths, input.features and input.run exclude each other: leave one"
                            : "nothing to read: name a job file (\"rfmpi init FILE\" writes one for event files), or "
                              "set input.paths (event files), input.features (an HDF5 matrix) or input.run (a run "
                              "directory)");
    job->source = events ? SOURCE_EVENTS : run ? SOURCE_STATE : SOURCE_MATRIX;
    if (rfm_config_string(config, "input.onto") && job->source != SOURCE_EVENTS)
        return rfm_fail(err, RFM_USAGE, "--onto folds event files onto a state: set input.paths");
    return demand("output.dir", rfm_config_string(config, "output.dir"), err);
}

/* Collective. *hash: of the file's content, by which products remember it. */
static rfm_status load_model(rfm_comm *comm, const char *path, char **hash, rfm_model *model, rfm_error *err)
{
    if (hash_file(comm, path, hash, err) != RFM_OK)
        return err->status;
    return rfm_model_read(comm, path, model, err);
}

static rfm_status read_model(rfm_batch *batch, rfm_error *err)
{
    if (batch->job.task != RFM_TASK_PREDICT)
        return RFM_OK;
    const char *path = rfm_config_string(batch->config, "predict.model");
    if (!path)
        return rfm_fail(err, RFM_USAGE, "predict needs a model: --model RUN_DIR/model.h5");
    return load_model(batch->comm, path, &batch->model_hash, &batch->model, err);
}

/* Collective. A run directory stands for the model in it; rank 0 looks. */
static rfm_status find_previous(rfm_batch *batch, const char *given, rfm_error *err)
{
    rfm_text path = {0};
    struct stat at;
    bool is_run = rfm_comm_rank(batch->comm) == 0 && stat(given, &at) == 0 && S_ISDIR(at.st_mode);
    rfm_comm_bcast(batch->comm, 0, &is_run, sizeof is_run);
    rfm_text_addf(&path, "%s%s", given, is_run ? "/model.h5" : "");
    rfm_text_check(&path, err);
    batch->job.previous_path = path.bytes;
    return rfm_comm_agree(batch->comm, err);
}

static rfm_status read_previous(rfm_batch *batch, rfm_error *err)
{
    const char *path = rfm_config_string(batch->config, "cluster.previous");
    const bool starts = batch->job.starts_from_previous;
    if ((!path && !starts) || (batch->job.task != RFM_TASK_TRAIN && batch->job.task != RFM_TASK_RUN))
        return RFM_OK;
    if (!path)
        return rfm_config_fail(batch->config, "cluster.init", err,
                               "cluster.init: previous needs a previous model: --previous RUN_DIR");
    if (find_previous(batch, path, err) == RFM_OK &&
        load_model(batch->comm, batch->job.previous_path, &batch->job.previous_hash, &batch->previous, err) == RFM_OK &&
        starts && batch->previous.k != batch->job.kmeans.k)
        rfm_config_fail(batch->config, "cluster.k", err,
                        "%s has %d segments, and cluster.init: previous starts with them all: cluster.k cannot be %d",
                        path, batch->previous.k, batch->job.kmeans.k);
    return err->status;
}

/* predict of a run directory reads no times: its days are the model's, unless the job says other ones. */
static rfm_status open_zone(rfm_batch *batch, rfm_error *err)
{
    rfm_job *job = &batch->job;
    const bool of_model = job->task == RFM_TASK_PREDICT && job->source == SOURCE_STATE;
    job->zone_name = of_model && !rfm_config_given(batch->config, "input.timezone")
                         ? batch->model.timezone
                         : rfm_config_string(batch->config, "input.timezone");
    return rfm_zone_open(job->zone_name, &job->zone, err);
}

static rfm_status check_output(const rfm_config *config, rfm_error *err)
{
    if (!rfm_config_boolean(config, "output.parquet") || rfm_parts_may_be_parquet())
        return RFM_OK;
    return rfm_config_fail(config, "output.parquet", err,
                           "this rfmpi was built without Parquet: run jobs/install.sh build, where PyPI can be "
                           "reached, and build it again");
}

rfm_status job_init(rfm_batch *batch, rfm_task task, rfm_error *err)
{
    rfm_job *job = &batch->job;
    job->task = task;
    job->as_of_rule.keep_until_us = INT64_MAX;
    if (check_output(batch->config, err) != RFM_OK || choose_source(batch->config, job, err) != RFM_OK ||
        read_model(batch, err) != RFM_OK)
        return err->status;
    open_zone(batch, err);
    if (err->status == RFM_OK && read_features(batch, err) == RFM_OK && job->source == SOURCE_EVENTS)
        read_input(batch, err);
    if (err->status == RFM_OK && memory_budget(batch->config, &job->memory_bytes, err) == RFM_OK &&
        stripe_size(batch->config, &job->stripe_bytes, err) == RFM_OK)
        read_kmeans(batch->config, job, err);
    if (err->status == RFM_OK && spreadsheet_check(batch->config, err) == RFM_OK && job->features)
        scores_check(batch, err);
    if (err->status == RFM_OK && job->features) {
        int n = 0;
        const rfm_aggregate *aggregates = rfm_features_aggregates(job->features, &n);
        rfm_layout_init(&batch->layout, aggregates, n, err);
    }
    if (rfm_comm_agree(batch->comm, err) != RFM_OK)
        return err->status;
    if (read_given(batch, err) != RFM_OK)
        return err->status;
    return read_previous(batch, err);
}

void job_free(rfm_job *job)
{
    rfm_features_close(job->features);
    rfm_rules_free(job->rules, job->n_rules);
    rfm_zone_close(job->zone);
    free(job->given);
    free(job->given_hash);
    free(job->previous_hash);
    free(job->previous_path);
    rfm_scores_free(&job->scores);
}
