/* rejects/: the rows refused, of all ranks, in the order of files and lines; and the limit on their
 * number. */
#include "batch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* What a kept reject is while it travels: followed by its detail and its row. */
typedef struct packed_reject {
    int64_t file, line, reason;
    int64_t detail_bytes, row_bytes;
} packed_reject;

static rfm_status pack_rejects(const rfm_rejects *rejects, rfm_text *bytes, rfm_error *err)
{
    for (size_t i = 0; i < rejects->n_kept; i++) {
        const rfm_reject *reject = &rejects->kept[i];
        const packed_reject parcel = {(int64_t)reject->file, reject->line, reject->reason,
                                      (int64_t)strlen(reject->detail) + 1, (int64_t)strlen(reject->row) + 1};
        rfm_text_add(bytes, &parcel, sizeof parcel);
        rfm_text_add(bytes, reject->detail, (size_t)parcel.detail_bytes);
        rfm_text_add(bytes, reject->row, (size_t)parcel.row_bytes);
    }
    return rfm_text_check(bytes, err);
}

/* A reject of any rank, pointing into the gathered bytes. */
typedef struct rfm_gathered {
    packed_reject parcel;
    const char *detail, *row;
} rfm_gathered;

static rfm_status unpack_rejects(const char *bytes, size_t n_bytes, rfm_gathered **list, size_t *n, rfm_error *err)
{
    size_t capacity = 0;
    for (size_t at = 0; at < n_bytes;) {
        if (rfm_reserve(list, &capacity, *n + 1, sizeof **list, err) != RFM_OK)
            return err->status;
        rfm_gathered *next = &(*list)[(*n)++];
        memcpy(&next->parcel, bytes + at, sizeof next->parcel);
        next->detail = bytes + at + sizeof next->parcel;
        next->row = next->detail + next->parcel.detail_bytes;
        at += sizeof next->parcel + (size_t)(next->parcel.detail_bytes + next->parcel.row_bytes);
    }
    return RFM_OK;
}

static int by_place(const void *left, const void *right)
{
    const packed_reject *a = &((const rfm_gathered *)left)->parcel, *b = &((const rfm_gathered *)right)->parcel;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a->line != b->line ? (a->line < b->line ? -1 : 1) : 0;
}

static void pack_gathered(const rfm_gathered *reject, rfm_text *bytes)
{
    rfm_text_add(bytes, &reject->parcel, sizeof reject->parcel);
    rfm_text_add(bytes, reject->detail, (size_t)reject->parcel.detail_bytes);
    rfm_text_add(bytes, reject->row, (size_t)reject->parcel.row_bytes);
}

/* What ranks have together, and of each reason no more than are shown: the first of all are among the first of some. */
static rfm_status keep_first(void *context, rfm_text *bytes, rfm_error *err)
{
    (void)context;
    int64_t kept[RFM_N_REASONS] = {0};
    rfm_text shorter = {0};
    rfm_gathered *list = NULL;
    size_t n = 0;
    if (unpack_rejects(bytes->bytes, bytes->length, &list, &n, err) == RFM_OK) {
        if (n > 0)
            qsort(list, n, sizeof *list, by_place);
        for (size_t i = 0; i < n; i++)
            if (kept[list[i].parcel.reason]++ < REJECTS_KEPT)
                pack_gathered(&list[i], &shorter);
        rfm_text_check(&shorter, err);
    }
    free(list);
    rfm_text_free(bytes);
    *bytes = shorter;
    return err->status;
}

static void print_rejects(const rfm_batch *batch, const rfm_gathered *list, size_t n, rfm_text *csv)
{
    const bool mask = rfm_config_boolean(batch->config, "output.mask");
    rfm_text_adds(csv, "file,line,reason,detail,row\n");
    for (size_t i = 0; i < n; i++) {
        const packed_reject *parcel = &list[i].parcel;
        rfm_csv_add(csv, batch->files.files[parcel->file].path, strlen(batch->files.files[parcel->file].path));
        rfm_text_addf(csv, ",%lld,%s,", (long long)parcel->line, rfm_reason_name((rfm_reason)parcel->reason));
        if (!mask)
            rfm_csv_add(csv, list[i].detail, strlen(list[i].detail));
        rfm_text_adds(csv, ",");
        if (!mask)
            rfm_csv_add(csv, list[i].row, strlen(list[i].row));
        rfm_text_adds(csv, "\n");
    }
}

/* On rank 0: the text of rejects.csv, and the first reject for the message. */
static rfm_status join_rejects(const rfm_batch *batch, const rfm_text *bytes, rfm_text *csv, rfm_text *first,
                               rfm_error *err)
{
    rfm_gathered *list = NULL;
    size_t n = 0;
    if (unpack_rejects(bytes->bytes, bytes->length, &list, &n, err) == RFM_OK) {
        print_rejects(batch, list, n, csv);
        if (n > 0)
            rfm_text_addf(first, "%s: line %lld: %s", batch->files.files[list[0].parcel.file].path,
                          (long long)list[0].parcel.line,
                          rfm_config_boolean(batch->config, "output.mask")
                              ? rfm_reason_name((rfm_reason)list[0].parcel.reason)
                              : list[0].detail);
        rfm_text_check(first, err);
        rfm_text_check(csv, err);
    }
    free(list);
    return err->status;
}

/* Collective. */
static rfm_status check_limit(rfm_batch *batch, const rfm_tally *tally, const rfm_rejects *rejects,
                              const rfm_text *first, rfm_error *err)
{
    int64_t counts[2] = {tally->n_rows, 0};
    for (int i = 0; i < RFM_N_REASONS; i++)
        counts[1] += rejects->count[i];
    rfm_comm_reduce_i64(batch->comm, RFM_SUM, counts, 2);
    const double limit = rfm_config_number(batch->config, "input.max_rejected");
    if (counts[1] == 0)
        return RFM_OK;
    if ((double)counts[1] <= limit * (double)counts[0]) {
        rfm_log(RFM_LOG_WARN, "%lld of %lld rows rejected; the first: %s (%s)", (long long)counts[1],
                (long long)counts[0], first->bytes ? first->bytes : "", rfm_run_path(batch->run, "rejects"));
        return RFM_OK;
    }
    if (rfm_comm_rank(batch->comm) == 0)
        rfm_fail(err, RFM_DATA,
                 "%lld of %lld rows rejected, more than input.max_rejected allows (%g); the first: "
                 "%s; see %s",
                 (long long)counts[1], (long long)counts[0], limit, first->bytes ? first->bytes : "",
                 rfm_run_path(batch->run, "rejects"));
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
static rfm_status write_rejects(rfm_batch *batch, const rfm_text *csv, rfm_error *err)
{
    rfm_origin origin = {0};
    make_origin(batch, RFM_DECIDES_STATE, &origin, err);
    if (err->status == RFM_OK && rfm_comm_rank(batch->comm) == 0)
        write_directory(rfm_run_temporary(batch->run, "rejects"), csv, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK)
        rfm_run_publish(batch->run, "rejects", &origin, err);
    rfm_origin_free(&origin);
    return err->status;
}

rfm_status rejects_publish(rfm_batch *batch, rfm_rejects *rejects, const rfm_plan *plan, int64_t *n_lines,
                           const rfm_tally *tally, rfm_error *err)
{
    rfm_text kept = {0}, csv = {0}, first = {0};
    rfm_comm_reduce_i64(batch->comm, RFM_SUM, n_lines, plan->n);
    rfm_rejects_number(rejects, plan, n_lines);
    if (pack_rejects(rejects, &kept, err) == RFM_OK)
        keep_first(NULL, &kept, err);
    if (rfm_comm_collect(batch->comm, &kept, keep_first, NULL, err) != RFM_OK)
        goto done;
    if (rfm_comm_rank(batch->comm) == 0)
        join_rejects(batch, &kept, &csv, &first, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK && write_rejects(batch, &csv, err) == RFM_OK)
        check_limit(batch, tally, rejects, &first, err);
done:
    rfm_text_free(&kept);
    rfm_text_free(&csv);
    rfm_text_free(&first);
    return err->status;
}
