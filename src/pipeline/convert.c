/* convert: event files to event tables. Knows which rank converts which file, and when the tables get their names; what
 * is in them is ingest's.
 */
#include "batch.h"
#include "staging.h"

#include <string.h>
#include <sys/stat.h>

typedef struct conversion {
    rfm_batch *batch; /* comm, config and files */
    staging staging;
    int *owners;                 /* [files.n]: the rank that converts it */
    char **paths, **temporaries; /* [files.n]: in the end, and until all are whole */
    int64_t n_rows;              /* of this rank, without those left out */
    rfm_left_out left_out;
    int64_t first_left_out; /* the file where this rank left out its first row */
} conversion;

/* ---- who converts what ------------------------------------------------------------------------------------------ */

typedef struct weight {
    int64_t cost;
    size_t file;
} weight;

static int64_t cost_of(const rfm_files *files, size_t file)
{
    const rfm_file *f = &files->files[file];
    return rfm_shard_cost(files, &(rfm_shard){.file = file, .end = f->n_rows > 0 ? f->n_rows : f->size_bytes});
}

static int by_weight(const void *left, const void *right)
{
    const weight *a = left, *b = right;
    if (a->cost != b->cost)
        return a->cost > b->cost ? -1 : 1;
    return a->file < b->file ? -1 : 1;
}

/* The dearest file first, each to the rank that has the least to do. Local, and the same on all ranks. */
static rfm_status share_out(conversion *c, rfm_error *err)
{
    const rfm_files *files = &c->batch->files;
    const int size = rfm_comm_size(c->batch->comm);
    weight *weights = rfm_alloc(files->n, sizeof *weights, err);
    int64_t *load = rfm_alloc((size_t)size, sizeof *load, err);
    c->owners = rfm_alloc(files->n, sizeof *c->owners, err);
    for (size_t i = 0; err->status == RFM_OK && i < files->n; i++)
        weights[i] = (weight){cost_of(files, i), i};
    if (err->status == RFM_OK)
        qsort(weights, files->n, sizeof *weights, by_weight);
    for (size_t i = 0; err->status == RFM_OK && i < files->n; i++) {
        int least = 0;
        for (int rank = 1; rank < size; rank++)
            least = load[rank] < load[least] ? rank : least;
        load[least] += weights[i].cost;
        c->owners[weights[i].file] = least;
    }
    free(weights);
    free(load);
    return err->status;
}

static bool is_mine(const conversion *c, size_t file)
{
    return c->owners && c->owners[file] == rfm_comm_rank(c->batch->comm);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static char *name_table(const conversion *c, const char *folder, size_t file, rfm_error *err)
{
    const char *path = c->batch->files.files[file].path, *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    rfm_text text = {0};
    rfm_text_addf(&text, "%s/", folder);
    rfm_text_add(&text, name, rfm_format_stem(name));
    rfm_text_adds(&text, ".h5");
    if (rfm_text_check(&text, err) != RFM_OK)
        rfm_text_free(&text);
    return text.bytes;
}

typedef struct table_name {
    const char *path;
    size_t file;
} table_name;

static int by_path(const void *left, const void *right)
{
    const table_name *a = left, *b = right;
    const int order = strcmp(a->path, b->path);
    return order != 0 ? order : a->file < b->file ? -1 : 1;
}

static rfm_status check_distinct(const conversion *c, rfm_error *err)
{
    const rfm_files *files = &c->batch->files;
    table_name *names = rfm_alloc(files->n, sizeof *names, err);
    for (size_t i = 0; names && i < files->n; i++)
        names[i] = (table_name){c->paths[i], i};
    if (names)
        qsort(names, files->n, sizeof *names, by_path);
    for (size_t i = 1; names && i < files->n; i++)
        if (strcmp(names[i - 1].path, names[i].path) == 0)
            rfm_fail(err, RFM_USAGE, "%s and %s would both be %s: convert them to different directories",
                     files->files[names[i - 1].file].path, files->files[names[i].file].path, names[i].path);
    free(names);
    return err->status;
}

static size_t count_there(const conversion *c, const char **first)
{
    struct stat at;
    size_t n = 0;
    for (size_t i = 0; i < c->batch->files.n; i++)
        if (lstat(c->paths[i], &at) == 0 && n++ == 0)
            *first = c->paths[i];
    return n;
}

/* Rank 0. What an earlier start of this command had made whole gets its names, and may be all there is to do; what it
 * had only begun goes. What is there otherwise stays: it may be an input. */
static rfm_status begin(conversion *c, bool *finished, rfm_error *err)
{
    const char *first = NULL;
    if (staging_enter(&c->staging, err) != RFM_OK)
        return err->status;
    const bool committed = staging_is_committed(&c->staging);
    if (committed && staging_publish(&c->staging, err) != RFM_OK)
        return err->status;
    const size_t n = count_there(c, &first);
    *finished = committed && n == c->batch->files.n;
    if (*finished)
        return RFM_OK;
    if (n > 0)
        return rfm_fail(err, RFM_USAGE, "%s is there already: remove it, or name another directory", first);
    return staging_begin(&c->staging, err);
}

static rfm_status name_tables(conversion *c, const char *out, rfm_error *err)
{
    const size_t n = c->batch->files.n;
    rfm_origin origin = {0};
    rfm_hash128 hash;
    if (make_origin(c->batch, UP_TO_STATE, &origin, err) == RFM_OK && rfm_origin_hash(&origin, &hash, err) == RFM_OK)
        staging_init(&c->staging, out, hash, err);
    rfm_origin_free(&origin);
    c->paths = rfm_alloc(n, sizeof *c->paths, err);
    c->temporaries = rfm_alloc(n, sizeof *c->temporaries, err);
    for (size_t i = 0; err->status == RFM_OK && i < n; i++) {
        c->paths[i] = name_table(c, out, i, err);
        c->temporaries[i] = name_table(c, c->staging.making, i, err);
    }
    return err->status;
}

/* Collective. *finished: by an earlier start. */
static rfm_status prepare(conversion *c, const char *out, bool *finished, rfm_error *err)
{
    rfm_comm *comm = c->batch->comm;
    if (name_tables(c, out, err) == RFM_OK && share_out(c, err) == RFM_OK && check_distinct(c, err) == RFM_OK &&
        rfm_comm_rank(comm) == 0)
        begin(c, finished, err);
    rfm_comm_bcast(comm, 0, finished, sizeof *finished);
    return rfm_comm_agree(comm, err);
}

/* ---- work ------------------------------------------------------------------------------------------------------- */

static double megabytes_of_mine(const conversion *c, size_t n_files)
{
    double bytes = 0;
    for (size_t i = 0; i < n_files; i++)
        bytes += is_mine(c, i) ? (double)c->batch->files.files[i].size_bytes : 0;
    return bytes / 1e6;
}

/* Local. */
static rfm_status convert_mine(conversion *c, rfm_error *err)
{
    const rfm_files *files = &c->batch->files;
    c->first_left_out = (int64_t)files->n;
    rfm_meter_open("convert", "MB", megabytes_of_mine(c, files->n), 0);
    for (size_t i = 0; i < files->n; i++) {
        int64_t n_rows = 0;
        if (!is_mine(c, i))
            continue;
        if (rfm_file_convert(&c->batch->job.input, &files->files[i], c->temporaries[i], &n_rows, &c->left_out, err) !=
            RFM_OK)
            break;
        c->n_rows += n_rows;
        if (c->left_out.n > 0 && c->first_left_out == (int64_t)files->n)
            c->first_left_out = (int64_t)i;
        rfm_meter_show(megabytes_of_mine(c, i + 1), "of rank 0's files");
    }
    rfm_meter_close();
    return err->status;
}

/* Rows left out are told, and too many of them are an error. Collective. */
static rfm_status check_left_out(conversion *c, rfm_error *err)
{
    rfm_comm *comm = c->batch->comm;
    int64_t first = c->first_left_out, counts[2] = {c->n_rows, c->left_out.n};
    void *bytes = c->left_out.first.bytes;
    size_t n_bytes = c->left_out.first.length + 1;
    rfm_assert(c->owners);
    rfm_comm_reduce_i64(comm, RFM_SUM, counts, 2);
    rfm_comm_reduce_i64(comm, RFM_MIN, &first, 1);
    rfm_log(RFM_LOG_INFO, "convert  %zu files, %lld rows", c->batch->files.n, (long long)counts[0]);
    if (counts[1] == 0 || rfm_comm_share(comm, c->owners[first], &bytes, &n_bytes, err) != RFM_OK)
        return err->status;
    const int64_t n_rows = counts[0] + counts[1];
    const double limit = rfm_config_number(c->batch->config, "input.max_rejected");
    if ((double)counts[1] <= limit * (double)n_rows)
        rfm_log(RFM_LOG_WARN, "%lld of %lld rows are none and left out; the first: %s", (long long)counts[1],
                (long long)n_rows, (const char *)bytes);
    else if (rfm_comm_rank(comm) == 0)
        rfm_fail(err, RFM_DATA, "%lld of %lld rows are none, more than input.max_rejected allows (%g); the first: %s",
                 (long long)counts[1], (long long)n_rows, limit, (const char *)bytes);
    if (rfm_comm_rank(comm) != c->owners[first])
        free(bytes);
    return rfm_comm_agree(comm, err);
}

/* The tables are on the disk; they get their names, and those are brought there too. Collective. */
static rfm_status publish(conversion *c, rfm_error *err)
{
    rfm_comm *comm = c->batch->comm;
    if (rfm_comm_rank(comm) == 0)
        staging_commit(&c->staging, err);
    if (rfm_comm_agree(comm, err) == RFM_OK && rfm_comm_rank(comm) == 0)
        staging_publish(&c->staging, err);
    return rfm_comm_agree(comm, err);
}

static void free_conversion(conversion *c)
{
    for (size_t i = 0; i < c->batch->files.n; i++) {
        if (c->paths)
            free(c->paths[i]);
        if (c->temporaries)
            free(c->temporaries[i]);
    }
    free(c->paths);
    free(c->temporaries);
    free(c->owners);
    staging_free(&c->staging);
    rfm_text_free(&c->left_out.first);
}

static rfm_status convert_files(rfm_batch *batch, const char *out, rfm_error *err)
{
    conversion c = {.batch = batch, .staging.lock_file = -1};
    bool finished = false;
    if (prepare(&c, out, &finished, err) == RFM_OK && finished)
        rfm_log(RFM_LOG_INFO, "convert  %zu files: an earlier start had made their tables", batch->files.n);
    if (err->status == RFM_OK && !finished) {
        convert_mine(&c, err);
        if (rfm_comm_agree(batch->comm, err) == RFM_OK && check_left_out(&c, err) == RFM_OK)
            publish(&c, err);
    }
    if (err->status && c.staging.lock_file >= 0) /* else it may be another's */
        staging_drop(&c.staging);
    staging_leave(&c.staging);
    free_conversion(&c);
    return err->status;
}

rfm_status rfm_pipeline_convert(rfm_comm *comm, const rfm_config *config, const char *out, rfm_error *err)
{
    rfm_batch batch = {.comm = comm, .config = config};
    rfm_comm_stage(comm, "convert");
    job_read_dialect(config, &batch.job.input, err);
    if (rfm_comm_agree(comm, err) == RFM_OK && find_event_files(&batch, err) == RFM_OK)
        convert_files(&batch, out, err);
    rfm_files_free(&batch.files);
    return err->status;
}
