/* What a product is made from: the inputs as they are on disk and the options that decide it. */
#include "batch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Rank 0. */
static rfm_status list_files(rfm_batch *batch, rfm_text *packed, rfm_error *err)
{
    const rfm_node *paths = rfm_config_tree(batch->config, "input.paths");
    const char **patterns = rfm_alloc(paths->n_items, sizeof *patterns, err);
    for (size_t i = 0; patterns && i < paths->n_items; i++)
        patterns[i] = paths->items[i].text;
    if (patterns && rfm_files_list(&batch->job.input, patterns, paths->n_items, &batch->files, err) == RFM_OK)
        rfm_files_pack(&batch->files, packed, err);
    free(patterns);
    return err->status;
}

/* Local. What the ranks found in the files, rank by rank, takes the place of what was listed. */
static rfm_status join_files(rfm_files *files, const char *bytes, const size_t *offsets, int n_ranks, rfm_error *err)
{
    rfm_files known = {.files = rfm_alloc(files->n, sizeof *known.files, err)};
    for (int r = 0; r < n_ranks && !err->status; r++) {
        rfm_files part = {0};
        if (rfm_files_unpack(bytes + offsets[r], offsets[r + 1] - offsets[r], &part, err) == RFM_OK) {
            rfm_assert(known.n + part.n <= files->n);
            for (size_t i = 0; i < part.n; i++)
                known.files[known.n++] = part.files[i];
            free(part.files);
        }
    }
    rfm_files_free(files);
    *files = known;
    return err->status;
}

/* Collective. Each rank looks into a share of the files: of 10^5 of them one rank would do nothing else for minutes. */
static rfm_status look_into_files(rfm_batch *batch, rfm_error *err)
{
    const int rank = rfm_comm_rank(batch->comm), n_ranks = rfm_comm_size(batch->comm);
    const size_t n = batch->files.n, first = n * (size_t)rank / (size_t)n_ranks;
    const size_t end = n * ((size_t)rank + 1) / (size_t)n_ranks;
    const rfm_files own = {batch->files.files + first, end - first};
    rfm_text packed = {0};
    void *all = NULL;
    size_t *offsets = NULL;
    if (rfm_files_look_into(&batch->job.input, &batch->files, first, end, err) == RFM_OK)
        rfm_files_pack(&own, &packed, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK &&
        rfm_comm_allgather_bytes(batch->comm, packed.bytes, packed.length, &all, &offsets, err) == RFM_OK) {
        join_files(&batch->files, all, offsets, n_ranks, err);
        rfm_comm_agree(batch->comm, err);
    }
    rfm_text_free(&packed);
    free(all);
    free(offsets);
    return err->status;
}

/* Files by pattern on rank 0 only, so that all ranks speak of the same ones. */
rfm_status find_event_files(rfm_batch *batch, rfm_error *err)
{
    rfm_text packed = {0};
    void *bytes = NULL;
    size_t n_bytes = 0;
    if (rfm_comm_rank(batch->comm) == 0) {
        list_files(batch, &packed, err);
        bytes = packed.bytes;
        n_bytes = packed.length;
    }
    if (rfm_comm_agree(batch->comm, err) != RFM_OK)
        goto done;
    if (rfm_comm_share(batch->comm, 0, &bytes, &n_bytes, err) != RFM_OK)
        goto done;
    if (rfm_comm_rank(batch->comm) != 0) {
        rfm_files_unpack(bytes, n_bytes, &batch->files, err);
        free(bytes);
    }
    if (rfm_comm_agree(batch->comm, err) == RFM_OK)
        look_into_files(batch, err);
done:
    rfm_text_free(&packed);
    return err->status;
}

/* Collective. One HDF5 file, listed like an event file: dir/name, or dir itself where name is NULL. */
static rfm_status find_file(rfm_comm *comm, const char *dir, const char *name, rfm_files *files, rfm_error *err)
{
    rfm_text path = {0};
    struct stat at;
    int64_t facts[2] = {0, 0};
    rfm_text_adds(&path, dir);
    if (name)
        rfm_text_addf(&path, "/%s", name);
    if (rfm_text_check(&path, err) == RFM_OK && rfm_comm_rank(comm) == 0) {
        if (stat(path.bytes, &at) != 0)
            rfm_fail(err, RFM_DATA, "%s: %s", path.bytes, strerror(errno));
        else if (!S_ISREG(at.st_mode))
            rfm_fail(err, RFM_DATA, "%s is not a file", path.bytes);
        else {
            facts[0] = (int64_t)at.st_size;
            facts[1] = (int64_t)at.st_mtim.tv_sec * 1000000 + at.st_mtim.tv_nsec / 1000;
        }
    }
    if (err->status == RFM_OK)
        files->files = rfm_alloc(1, sizeof *files->files, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        rfm_comm_bcast(comm, 0, facts, sizeof facts);
        files->n = 1;
        files->files[0] = (rfm_file){.path = path.bytes, .size_bytes = facts[0], .modified_us = facts[1]};
        path = (rfm_text){0};
    }
    rfm_text_free(&path);
    return err->status;
}

rfm_status find_inputs(rfm_batch *batch, rfm_error *err)
{
    const rfm_config *config = batch->config;
    const char *onto = rfm_config_string(config, "input.onto");
    if (onto && find_file(batch->comm, onto, "state.h5", &batch->base, err) != RFM_OK)
        return err->status;
    if (batch->job.source == SOURCE_EVENTS)
        return find_event_files(batch, err);
    if (batch->job.source == SOURCE_MATRIX)
        return find_file(batch->comm, rfm_config_string(config, "input.features"), NULL, &batch->files, err);
    return find_file(batch->comm, rfm_config_string(config, "input.run"), "state.h5", &batch->files, err);
}

/* ---- origin ----------------------------------------------------------------------------------------------------- */

static void print_file(const rfm_file *file, rfm_text *text)
{
    rfm_text_addf(text, "%s\n%lld bytes, changed %lld us\n", file->path, (long long)file->size_bytes,
                  (long long)file->modified_us);
}

/* One key for all inputs, by path, size and time of change: a run may have 10^5 of them. */
static void add_inputs(const rfm_batch *batch, rfm_origin *origin, rfm_error *err)
{
    rfm_text list = {0};
    char value[96];
    for (size_t i = 0; i < batch->files.n; i++)
        print_file(&batch->files.files[i], &list);
    if (batch->base.n > 0)
        print_file(&batch->base.files[0], &list);
    if (rfm_text_check(&list, err) == RFM_OK) {
        snprintf(value, sizeof value, "%zu file%s with hash %016llx", batch->files.n, batch->files.n == 1 ? "" : "s",
                 (unsigned long long)rfm_hash64(list.bytes, list.length));
        rfm_origin_add(origin, "input files", value, err);
    }
    rfm_text_free(&list);
}

static void add_option(const rfm_config *config, const rfm_option *option, rfm_origin *origin, rfm_error *err)
{
    const rfm_node *node = rfm_config_tree(config, option->key);
    rfm_text value = {0};
    if (node)
        rfm_node_print(node, &value);
    else
        rfm_text_adds(&value, "unset");
    if (rfm_text_check(&value, err) == RFM_OK)
        rfm_origin_add(origin, option->key, value.bytes, err);
    rfm_text_free(&value);
}

rfm_status make_origin(const rfm_batch *batch, unsigned decides, rfm_origin *origin, rfm_error *err)
{
    size_t n;
    const rfm_option *options = rfm_options(&n);
    for (size_t i = 0; i < n && err->status == RFM_OK; i++)
        if (options[i].decides & decides)
            add_option(batch->config, &options[i], origin, err);
    if (err->status == RFM_OK && batch->model_hash)
        rfm_origin_add(origin, "content of predict.model", batch->model_hash, err);
    if (err->status == RFM_OK && batch->job.previous_hash && decides & RFM_DECIDES_MODEL)
        rfm_origin_add(origin, "content of cluster.previous", batch->job.previous_hash, err);
    if (err->status == RFM_OK && batch->job.given_hash && decides & RFM_DECIDES_MODEL)
        rfm_origin_add(origin, "content of cluster.init", batch->job.given_hash, err);
    add_inputs(batch, origin, err);
    return err->status;
}

/* The version of rounds, of checkpoints of a fit, and of all that is in them: another one where what was written before
 * cannot be taken up. It is a key of the origin so that a program of another version neither misreads what lies there
 * nor takes it for damage: it says so, and throws nothing away unless it is told to. */
static const char CHECKPOINTS[] = "1";

rfm_status make_unfinished_origin(const rfm_batch *batch, unsigned decides, rfm_origin *origin, rfm_error *err)
{
    if (rfm_origin_add(origin, "version of checkpoints", CHECKPOINTS, err) == RFM_OK)
        make_origin(batch, decides, origin, err);
    return err->status;
}

rfm_status make_settings(const rfm_config *config, rfm_text *settings, rfm_error *err)
{
    static const char *const keys[] = {"input.timezone",
                                       "input.decimals",
                                       "input.id",
                                       "input.columns.customer",
                                       "input.columns.time",
                                       "input.columns.event",
                                       "input.columns.amount",
                                       "input.columns.session",
                                       "input.columns.order",
                                       "input.columns.product",
                                       "input.columns.category",
                                       "input.rows",
                                       "input.dedupe"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const rfm_node *node = rfm_config_tree(config, keys[i]);
        rfm_text_addf(settings, "%s: ", keys[i]);
        if (node)
            rfm_node_print(node, settings);
        rfm_text_adds(settings, "\n");
    }
    return rfm_text_check(settings, err);
}
