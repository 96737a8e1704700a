/* rejects/: the rows refused, of all ranks, in the order of files and lines; and the limit on their
 * number. */
#include "batch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* ---- of all ranks, on rank 0 ------------------------------------------------------------------------------------ */

static int by_place(const void *left, const void *right)
{
    const rfm_reject *a = left, *b = right;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

void rejects_cut(rfm_rejects *all)
{
    int64_t n_of[RFM_N_REASONS] = {0};
    size_t n = 0;
    if (all->n_kept > 0)
        qsort(all->kept, all->n_kept, sizeof *all->kept, by_place);
    for (size_t i = 0; i < all->n_kept; i++) {
        const rfm_reject reject = all->kept[i];
        if (n_of[reject.reason]++ < REJECTS_KEPT) {
            all->kept[i] = all->kept[n];
            all->kept[n++] = reject;
        }
    }
    rfm_rejects rest = {.kept = all->kept + n, .n_kept = all->n_kept - n};
    for (size_t i = 0; i < rest.n_kept; i++) {
        free(rest.kept[i].detail);
        free(rest.kept[i].row);
    }
    all->n_kept = n;
}

/* With its length in front, so that several may follow each other. */
static rfm_status put_rejects(const rfm_rejects *rejects, rfm_text *bytes, rfm_error *err)
{
    rfm_text packed = {0};
    rfm_rejects_pack(rejects, &packed);
    const uint64_t n = packed.length;
    rfm_text_add(bytes, &n, sizeof n);
    rfm_text_add(bytes, packed.bytes, n);
    rfm_text_check(&packed, err);
    rfm_text_free(&packed);
    return err->status ? err->status : rfm_text_check(bytes, err);
}

static rfm_status take_rejects(const rfm_text *bytes, size_t n_files, rfm_rejects *all, rfm_error *err)
{
    for (size_t at = 0; at < bytes->length && err->status == RFM_OK;) {
        uint64_t n;
        memcpy(&n, bytes->bytes + at, sizeof n);
        rfm_rejects_unpack(bytes->bytes + at + sizeof n, n, n_files, all, err);
        at += sizeof n + n;
    }
    rejects_cut(all);
    return err->status;
}

/* What ranks have together, and of each reason no more than are shown: the first of all are among the first of some. */
static rfm_status keep_first(void *files, rfm_text *bytes, rfm_error *err)
{
    rfm_rejects some = {0};
    rfm_text shorter = {0};
    if (take_rejects(bytes, ((const rfm_files *)files)->n, &some, err) == RFM_OK)
        put_rejects(&some, &shorter, err);
    rfm_rejects_free(&some);
    rfm_text_free(bytes);
    *bytes = shorter;
    return err->status;
}

/* Collective. `all` is empty but on rank 0. */
static rfm_status gather_rejects(rfm_batch *batch, const rfm_rejects *mine, rfm_rejects *all, rfm_error *err)
{
    rfm_text bytes = {0};
    if (put_rejects(mine, &bytes, err) == RFM_OK)
        keep_first(&batch->files, &bytes, err);
    if (rfm_comm_collect(batch->comm, &bytes, keep_first, &batch->files, err) == RFM_OK)
        take_rejects(&bytes, batch->files.n, all, err);
    rfm_text_free(&bytes);
    return rfm_comm_agree(batch->comm, err);
}

/* ---- lines within portions become lines within files ------------------------------------------------------------ */

/* Each place once. */
static size_t list_places(const rfm_rejects *all, rfm_line_count *places)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n_kept; i++) {
        const rfm_line_count place = {(int64_t)all->kept[i].file, all->kept[i].begin, 0};
        if (n == 0 || places[n - 1].file != place.file || places[n - 1].begin != place.begin)
            places[n++] = place;
    }
    return n;
}

static void number_rejects(rfm_rejects *all, const rfm_line_count *places)
{
    for (size_t i = 0, p = 0; i < all->n_kept; i++) {
        rfm_reject *reject = &all->kept[i];
        while (places[p].file != (int64_t)reject->file || places[p].begin != reject->begin)
            p++;
        reject->line += places[p].n_lines;
    }
}

/* Collective. Every rank knows the lines of what it read. */
static rfm_status count_lines(rfm_batch *batch, const rfm_portions *portions, rfm_line_count *places, size_t n,
                              rfm_error *err)
{
    int64_t *n_lines = rfm_alloc(n, sizeof *n_lines, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK && n_lines) {
        rfm_portions_count(portions, places, n);
        for (size_t i = 0; i < n; i++)
            n_lines[i] = places[i].n_lines;
        rfm_comm_reduce_i64(batch->comm, RFM_SUM, n_lines, n);
        for (size_t i = 0; i < n; i++)
            places[i].n_lines = n_lines[i];
        rfm_line_counts_sum(places, n);
    }
    free(n_lines);
    return err->status;
}

/* Collective. */
static rfm_status find_lines(rfm_batch *batch, const rfm_portions *portions, rfm_rejects *all, rfm_error *err)
{
    rfm_line_count *places = rfm_alloc(all->n_kept, sizeof *places, err);
    void *bytes = places;
    size_t n_bytes = places ? list_places(all, places) * sizeof *places : 0;
    if (rfm_comm_rank(batch->comm) != 0) {
        free(places);
        places = bytes = NULL;
    }
    if (rfm_comm_agree(batch->comm, err) == RFM_OK && rfm_comm_share(batch->comm, 0, &bytes, &n_bytes, err) == RFM_OK) {
        places = bytes;
        if (count_lines(batch, portions, places, n_bytes / sizeof *places, err) == RFM_OK)
            number_rejects(all, places);
    }
    free(places);
    return err->status;
}

/* ---- rejects/ --------------------------------------------------------------------------------------------------- */

static void print_rejects(const rfm_batch *batch, const rfm_rejects *all, rfm_text *csv)
{
    const bool mask = rfm_config_boolean(batch->config, "output.mask");
    rfm_text_adds(csv, "file,line,reason,detail,row\n");
    for (size_t i = 0; i < all->n_kept; i++) {
        const rfm_reject *reject = &all->kept[i];
        const char *path = batch->files.files[reject->file].path;
        rfm_csv_add(csv, path, strlen(path));
        rfm_text_addf(csv, ",%lld,%s,", (long long)reject->line, rfm_reason_name(reject->reason));
        if (!mask)
            rfm_csv_add(csv, reject->detail, strlen(reject->detail));
        rfm_text_adds(csv, ",");
        if (!mask)
            rfm_csv_add(csv, reject->row, strlen(reject->row));
        rfm_text_adds(csv, "\n");
    }
}

/* For a message. */
static void describe_first(const rfm_batch *batch, const rfm_rejects *all, rfm_text *first)
{
    if (all->n_kept == 0)
        return;
    const rfm_reject *reject = &all->kept[0];
    const bool mask = rfm_config_boolean(batch->config, "output.mask");
    rfm_text_addf(first, "%s: line %lld: %s", batch->files.files[reject->file].path, (long long)reject->line,
                  mask ? rfm_reason_name(reject->reason) : reject->detail);
}

/* Collective. */
static rfm_status check_limit(rfm_batch *batch, const rfm_ledger *ledger, const char *first, rfm_error *err)
{
    int64_t counts[2] = {ledger->tally.n_rows, 0};
    for (int i = 0; i < RFM_N_REASONS; i++)
        counts[1] += ledger->rejects.count[i];
    rfm_comm_reduce_i64(batch->comm, RFM_SUM, counts, 2);
    const double limit = rfm_config_number(batch->config, "input.max_rejected");
    if (counts[1] == 0)
        return RFM_OK;
    if ((double)counts[1] <= limit * (double)counts[0]) {
        rfm_log(RFM_LOG_WARN, "%lld of %lld rows rejected; the first: %s (%s)", (long long)counts[1],
                (long long)counts[0], first, rfm_run_path(batch->run, "rejects"));
        return RFM_OK;
    }
    if (rfm_comm_rank(batch->comm) == 0)
        rfm_fail(err, RFM_DATA,
                 "%lld of %lld rows rejected, more than input.max_rejected allows (%g); the first: "
                 "%s; see %s",
                 (long long)counts[1], (long long)counts[0], limit, first, rfm_run_path(batch->run, "rejects"));
    return rfm_comm_agree(batch->comm, err);
}

/* Local, rank 0. */
static rfm_status write_directory(const char *dir, const rfm_text *csv, rfm_error *err)
{
    rfm_text path = {0};
    rfm_text_addf(&path, "%s/rejects.csv", dir);
    if (rfm_text_check(&path, err) == RFM_OK && mkdir(dir, 0700) != 0)
        rfm_fail_errno(err, errno, "cannot make %s", dir);
    if (err->status == RFM_OK)
        rfm_file_write(path.bytes, csv, err);
    rfm_text_free(&path);
    return err->status;
}

/* Collective. */
static rfm_status write_rejects(rfm_batch *batch, const rfm_rejects *all, rfm_error *err)
{
    rfm_origin origin = {0};
    rfm_text csv = {0};
    make_origin(batch, RFM_DECIDES_STATE, &origin, err);
    print_rejects(batch, all, &csv);
    if (rfm_text_check(&csv, err) == RFM_OK && rfm_comm_rank(batch->comm) == 0)
        write_directory(rfm_run_temporary(batch->run, "rejects"), &csv, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK)
        rfm_run_publish(batch->run, "rejects", &origin, err);
    rfm_origin_free(&origin);
    rfm_text_free(&csv);
    return err->status;
}

rfm_status rejects_publish(rfm_batch *batch, const rfm_ledger *ledger, rfm_error *err)
{
    rfm_rejects all = {0};
    rfm_text first = {0};
    if (gather_rejects(batch, &ledger->rejects, &all, err) == RFM_OK &&
        find_lines(batch, &ledger->portions, &all, err) == RFM_OK) {
        describe_first(batch, &all, &first);
        rfm_text_adds(&first, "");
        rfm_text_check(&first, err);
        if (rfm_comm_agree(batch->comm, err) == RFM_OK && write_rejects(batch, &all, err) == RFM_OK)
            check_limit(batch, ledger, first.bytes, err);
    }
    rfm_rejects_free(&all);
    rfm_text_free(&first);
    return err->status;
}
