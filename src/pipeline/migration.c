/* Which customers went where: those of the previous run, whose features.h5 lies beside its model, and those of this
 * one, joined by id. The old ones are put into segments anew by the old model, from the features they had then.
 *
 * What is known of a customer is one number, its label and its segment of the classic grid; an old one travels with it
 * to the rank that owns the id. Of the old run no more than that is kept.
 */
#include "batch.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A customer's number: label * NUMBERS + segment of the classic grid, or NO_SEGMENT. */
enum { NO_SEGMENT = RFM_CLASSIC_SEGMENTS, NUMBERS = 16 };

/* ---- where they are --------------------------------------------------------------------------------------------- */

/* Why there is nothing to join. */
typedef enum lack { LACKS_NOTHING, LACKS_FILE, LACKS_OTHER_RUN, LACKS_IDS, LACKS_OWN_IDS } lack;

static void add_folder(const char *path, rfm_text *text)
{
    const char *slash = strrchr(path, '/');
    if (slash)
        rfm_text_add(text, path, (size_t)(slash - path) + (slash == path));
    else
        rfm_text_adds(text, ".");
}

/* Rank 0. A run that is made anew from itself has no customers of before. */
static lack look(const rfm_batch *batch, const char *path)
{
    struct stat old, own;
    if (access(path, F_OK) != 0)
        return LACKS_FILE;
    const bool same = stat(path, &old) == 0 && stat(rfm_run_path(batch->run, "features.h5"), &own) == 0 &&
                      old.st_dev == own.st_dev && old.st_ino == own.st_ino;
    return same ? LACKS_OTHER_RUN : LACKS_NOTHING;
}

/* Collective. What the ids in the file are; LACKS_IDS: there are none. */
static rfm_status look_at_ids(rfm_batch *batch, const char *path, lack *lacking, rfm_error *err)
{
    rfm_h5 *file = NULL;
    rfm_h5_shape shape = {0};
    bool found = false;
    if (rfm_h5_open(batch->comm, path, &file, err) == RFM_OK)
        rfm_h5_shape_of(file, "/customers/id", &shape, &found, err);
    rfm_h5_close(file, err);
    if (err->status != RFM_OK)
        return err->status;
    const rfm_id_kind kind = shape.type == RFM_H5_BYTES ? RFM_ID_TEXT : RFM_ID_INTEGER;
    if (!found)
        *lacking = LACKS_IDS;
    else if (kind != batch->frame.ids.kind)
        rfm_fail(err, RFM_USAGE,
                 "%s: customer ids are %s there and %s here (input.id): they cannot be joined; a copy of the model "
                 "alone, in another directory, as cluster.previous does without",
                 path, kind == RFM_ID_TEXT ? "texts" : "integers", kind == RFM_ID_TEXT ? "integers" : "texts");
    return err->status;
}

/* Collective. path: of the old customers. */
static rfm_status find_customers(rfm_batch *batch, rfm_text *path, lack *lacking, rfm_error *err)
{
    *lacking = LACKS_NOTHING;
    add_folder(batch->job.previous_path, path);
    rfm_text_adds(path, "/features.h5");
    rfm_text_check(path, err);
    if (rfm_comm_agree(batch->comm, err) != RFM_OK)
        return err->status;
    if (rfm_comm_rank(batch->comm) == 0)
        *lacking = batch->frame.has_ids ? look(batch, path->bytes) : LACKS_OWN_IDS;
    rfm_comm_bcast(batch->comm, 0, lacking, sizeof *lacking);
    return *lacking == LACKS_NOTHING ? look_at_ids(batch, path->bytes, lacking, err) : RFM_OK;
}

static void log_lack(lack lacking, const char *path)
{
    static const char *const reasons[] = {[LACKS_FILE] = "there is no such file",
                                          [LACKS_OTHER_RUN] = "it is this run's own",
                                          [LACKS_IDS] = "it has no customer ids",
                                          [LACKS_OWN_IDS] = "these customers have no ids"};
    rfm_log(RFM_LOG_INFO, "no migration from the customers of %s: %s", path, reasons[lacking]);
}

rfm_status migration_check(rfm_batch *batch, rfm_error *err)
{
    rfm_text path = {0};
    lack lacking;
    if (batch->previous.k > 0)
        find_customers(batch, &path, &lacking, err);
    rfm_text_free(&path);
    return err->status;
}

/* ---- numbers of customers --------------------------------------------------------------------------------------- */

static int64_t segment_of(const rfm_model *model, const double *values)
{
    int own[RFM_N_MEASURES];
    return model->scores.bins > 0 ? rfm_scores_of(&model->scores, values, own) : NO_SEGMENT;
}

/* The old model was made for these. */
static rfm_status check_features(const rfm_model *model, const rfm_frame *frame, const char *path, rfm_error *err)
{
    bool same = frame->d == model->d;
    for (int j = 0; same && j < frame->d; j++)
        same = strcmp(frame->names[j], model->features[j]) == 0;
    return same ? RFM_OK
                : rfm_fail(err, RFM_USAGE,
                           "%s has other features than the model beside it: it is not that run's; a copy of the model "
                           "alone, in another directory, as cluster.previous does without",
                           path);
}

static rfm_status fill_in(const rfm_model *model, rfm_frame *frame, const char *path, rfm_error *err)
{
    const size_t d = (size_t)frame->d;
    int64_t *counts = rfm_alloc(d, sizeof *counts, err);
    if (counts && model->fills)
        rfm_missing_fill(model->fills, frame, counts);
    free(counts);
    for (size_t i = 0; !err->status && i < frame->n * d; i++) {
        const int64_t row = frame->first + (int64_t)(i / d);
        if (!isfinite(frame->values[i]))
            rfm_fail(err, RFM_DATA, "%s: row %lld (from 0) has a value that is not a finite number", path,
                     (long long)row);
    }
    return err->status;
}

/* Local. Their values are used up. */
static rfm_status number_old(const rfm_model *model, rfm_frame *frame, int64_t *numbers, rfm_error *err)
{
    const rfm_centroids centroids = {&model->grid, model->k, model->centroids};
    const rfm_rows rows = {frame->n, frame->values, NULL};
    int32_t *labels = rfm_alloc(frame->n, sizeof *labels, err);
    if (!labels)
        return err->status;
    for (size_t i = 0; i < frame->n; i++)
        numbers[i] = segment_of(model, frame->values + i * (size_t)frame->d);
    rfm_scaling_apply(&model->scaling, frame->n, frame->values, frame->values);
    if (rfm_kmeans_label(&centroids, &rows, labels, NULL, err) == RFM_OK)
        for (size_t i = 0; i < frame->n; i++)
            numbers[i] += (int64_t)labels[i] * NUMBERS;
    free(labels);
    return err->status;
}

/* Collective. On their owners. */
static rfm_status read_old(rfm_batch *batch, const char *path, rfm_labelled *old, rfm_error *err)
{
    rfm_frame frame;
    if (rfm_frame_read(batch->comm, path, &frame, NULL, NULL, err) != RFM_OK)
        return err->status;
    old->numbers = rfm_alloc(frame.n, sizeof *old->numbers, err);
    if (old->numbers && check_features(&batch->previous, &frame, path, err) == RFM_OK &&
        fill_in(&batch->previous, &frame, path, err) == RFM_OK)
        number_old(&batch->previous, &frame, old->numbers, err);
    old->ids = frame.ids;
    frame.ids = (rfm_ids){0};
    rfm_frame_free(&frame);
    if (rfm_comm_agree(batch->comm, err) != RFM_OK)
        return err->status;
    return rfm_labelled_settle(batch->comm, old, err);
}

static rfm_status copy_ids(const rfm_ids *ids, rfm_ids *copy, rfm_error *err)
{
    size_t *all = rfm_alloc(ids->n, sizeof *all, err);
    for (size_t i = 0; all && i < ids->n; i++)
        all[i] = i;
    if (all)
        rfm_ids_pick(ids, all, ids->n, copy, err);
    free(all);
    return err->status;
}

/* Collective. Customers that were computed from events are where they belong: then their ids are borrowed. */
static rfm_status list_new(rfm_batch *batch, rfm_labelled *new, bool *borrowed, rfm_error *err)
{
    const rfm_frame *frame = &batch->frame;
    *borrowed = rfm_ids_are_settled(batch->comm, &frame->ids);
    new->numbers = rfm_alloc(frame->n, sizeof *new->numbers, err);
    for (size_t i = 0; new->numbers &&i < frame->n; i++)
        new->numbers[i] =
            (int64_t)batch->labels[i] * NUMBERS + segment_of(&batch->model, frame->values + i * (size_t)frame->d);
    if (*borrowed)
        new->ids = frame->ids;
    else
        copy_ids(&frame->ids, &new->ids, err);
    if (rfm_comm_agree(batch->comm, err) != RFM_OK || *borrowed)
        return err->status;
    return rfm_labelled_settle(batch->comm, new, err);
}

/* ---- the join --------------------------------------------------------------------------------------------------- */

/* Customers by where they were and where they are; the last row has those that were nowhere, the last column those that
 * are nowhere. */
typedef struct table {
    size_t from, to;
    int64_t *counts; /* [(from + 1) * (to + 1)] */
} table;

static rfm_status open_table(size_t from, size_t to, table *t, rfm_error *err)
{
    *t = (table){from, to, rfm_alloc((from + 1) * (to + 1), sizeof *t->counts, err)};
    return err->status;
}

/* -1: nowhere. */
static void count(table *t, int64_t from, int64_t to)
{
    const size_t row = from < 0 ? t->from : (size_t)from, column = to < 0 ? t->to : (size_t)to;
    t->counts[row * (t->to + 1) + column]++;
}

static void count_both(table *segments, table *classic, int64_t from, int64_t to)
{
    count(segments, from < 0 ? -1 : from / NUMBERS, to < 0 ? -1 : to / NUMBERS);
    if (classic->counts)
        count(classic, from < 0 ? -1 : from % NUMBERS, to < 0 ? -1 : to % NUMBERS);
}

static void join(const rfm_labelled *old, const rfm_labelled *new, table *segments, table *classic)
{
    for (size_t i = 0, j = 0; i < old->ids.n || j < new->ids.n;) {
        const int order = i == old->ids.n ? 1 : j == new->ids.n ? -1 : rfm_ids_compare(&old->ids, i, &new->ids, j);
        count_both(segments, classic, order <= 0 ? old->numbers[i] : -1, order >= 0 ? new->numbers[j] : -1);
        i += order <= 0;
        j += order >= 0;
    }
}

static void reduce(rfm_comm *comm, table *t)
{
    if (t->counts)
        rfm_comm_reduce_i64(comm, RFM_SUM, t->counts, (t->from + 1) * (t->to + 1));
}

/* ---- run.json --------------------------------------------------------------------------------------------------- */

static void report(rfm_run *run, const char *section, const char *name, rfm_text *json)
{
    char key[64];
    snprintf(key, sizeof key, "%s.%s", section, name);
    rfm_report_json(run, key, json->failed ? NULL : json->bytes);
    rfm_text_free(json);
}

/* n numbers, one in `stride`. */
static void report_line(rfm_run *run, const char *section, const char *name, const int64_t *counts, size_t n,
                        size_t stride)
{
    rfm_text json = {0};
    for (size_t i = 0; i < n; i++)
        rfm_text_addf(&json, i > 0 ? ",%lld" : "[%lld", (long long)counts[i * stride]);
    rfm_text_adds(&json, "]");
    report(run, section, name, &json);
}

static void report_cells(rfm_run *run, const char *section, const table *t)
{
    rfm_text json = {0};
    for (size_t r = 0; r < t->from; r++)
        for (size_t c = 0; c < t->to; c++)
            rfm_text_addf(&json,
                          c > 0   ? ",%lld"
                          : r > 0 ? "],[%lld"
                                  : "[[%lld",
                          (long long)t->counts[r * (t->to + 1) + c]);
    rfm_text_adds(&json, "]]");
    report(run, section, "customers", &json);
}

static void report_table(rfm_run *run, const char *section, const table *t)
{
    const size_t columns = t->to + 1;
    if (t->from * t->to <= FLOW_CELLS)
        report_cells(run, section, t);
    report_line(run, section, "arrived", t->counts + t->from * columns, t->to, 1);
    report_line(run, section, "left", t->counts + t->to, t->from, columns);
}

static void report_names(rfm_run *run, const char *side, const rfm_model *model)
{
    char name[32];
    rfm_text names = {0}, ids = {0};
    for (int c = 0; c < model->k; c++) {
        rfm_text_adds(&names, c > 0 ? "," : "[");
        rfm_json_add_string(&names, model->names[c]);
        rfm_text_addf(&ids, c > 0 ? ",%d" : "[%d", (int)model->segment_ids[c]);
    }
    rfm_text_adds(&names, "]");
    rfm_text_adds(&ids, "]");
    snprintf(name, sizeof name, "names_%s", side);
    report(run, "migration", name, &names);
    snprintf(name, sizeof name, "ids_%s", side);
    report(run, "migration", name, &ids);
}

/* In all: who is in both runs, who of them is in another segment, who came and who left. */
static void report_sums(const rfm_batch *batch, const table *t)
{
    const rfm_model *old = &batch->previous, *new = &batch->model;
    int64_t both = 0, moved = 0, arrived = 0, left = 0;
    for (size_t r = 0; r < t->from; r++) {
        const int64_t *row = t->counts + r * (t->to + 1);
        for (size_t c = 0; c < t->to; c++) {
            both += row[c];
            moved += old->segment_ids[r] == new->segment_ids[c] ? 0 : row[c];
        }
        left += row[t->to];
    }
    for (size_t c = 0; c < t->to; c++)
        arrived += t->counts[t->from * (t->to + 1) + c];
    rfm_report_integer(batch->run, "migration.n_both", both);
    rfm_report_integer(batch->run, "migration.n_moved", moved);
    rfm_log(RFM_LOG_INFO,
            "migration: %lld customers of the previous run are still there, %.2f %% of them in another segment; "
            "%lld arrived, %lld left",
            (long long)both, both > 0 ? 100 * (double)moved / (double)both : 0.0, (long long)arrived, (long long)left);
}

static void report_all(rfm_batch *batch, const table *segments, const table *classic)
{
    rfm_text dir = {0}, json = {0};
    add_folder(batch->job.previous_path, &dir);
    rfm_json_add_string(&json, dir.bytes ? dir.bytes : "");
    json.failed |= dir.failed;
    report(batch->run, "migration", "from", &json);
    report_names(batch->run, "from", &batch->previous);
    report_names(batch->run, "to", &batch->model);
    report_table(batch->run, "migration", segments);
    if (classic->counts)
        report_table(batch->run, "migration.scores", classic);
    report_sums(batch, segments);
    rfm_text_free(&dir);
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

/* Collective. */
static rfm_status join_runs(rfm_batch *batch, const char *path, rfm_error *err)
{
    const bool scored = batch->previous.scores.bins > 0 && batch->model.scores.bins > 0;
    rfm_labelled old = {0}, new = {0};
    table segments = {0}, classic = {0};
    bool borrowed = false;
    open_table((size_t)batch->previous.k, (size_t)batch->model.k, &segments, err);
    if (scored)
        open_table(RFM_CLASSIC_SEGMENTS, RFM_CLASSIC_SEGMENTS, &classic, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK && read_old(batch, path, &old, err) == RFM_OK &&
        list_new(batch, &new, &borrowed, err) == RFM_OK) {
        join(&old, &new, &segments, &classic);
        reduce(batch->comm, &segments);
        reduce(batch->comm, &classic);
        if (rfm_comm_rank(batch->comm) == 0)
            report_all(batch, &segments, &classic);
    }
    if (borrowed)
        new.ids = (rfm_ids){0};
    rfm_labelled_free(&old);
    rfm_labelled_free(&new);
    free(segments.counts);
    free(classic.counts);
    return err->status;
}

rfm_status migration_report(rfm_batch *batch, rfm_error *err)
{
    rfm_text path = {0};
    lack lacking;
    if (batch->previous.k > 0 && find_customers(batch, &path, &lacking, err) == RFM_OK)
        lacking == LACKS_NOTHING ? join_runs(batch, path.bytes, err) : log_lack(lacking, path.bytes);
    rfm_text_free(&path);
    return err->status;
}
