/* ledger: what reading gave besides events, as bytes for a later start, and what of the files is done by that.
 *
 *   tally | n | portions | counts of rejects by reason | n | file begin line reason detail row | ...
 */
#include <stdlib.h>
#include <string.h>

#include "format.h"

/* ---- done, and left to read ------------------------------------------------------------------------------------- */

/* What shards of a file count: rows of columns, bytes of text. */
static int64_t end_of(const rfm_file *file)
{
    const rfm_format_traits *traits = rfm_format_traits_of(file->format);
    if (traits->columnar)
        return file->n_rows;
    return traits->codec && file->size_bytes > 0 ? RFM_TEXT_END : file->size_bytes;
}

bool rfm_file_gap(const rfm_file *file, int64_t from, rfm_interval *gap)
{
    size_t low = 0, high = file->n_done; /* the first that ends behind `from` */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (file->done[middle].end > from)
            high = middle;
        else
            low = middle + 1;
    }
    if (low < file->n_done && file->done[low].begin <= from)
        from = file->done[low++].end;
    *gap = (rfm_interval){from, low < file->n_done ? file->done[low].begin : end_of(file)};
    return gap->begin < gap->end;
}

/* Of two that begin together the shorter one first: an empty one then touches what begins where it lies. */
static int by_place(const void *left, const void *right)
{
    const rfm_portion *a = left, *b = right;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

static void sort(rfm_portions *portions)
{
    if (portions->n > 0)
        qsort(portions->list, portions->n, sizeof *portions->list, by_place);
}

/* Ascending portions; those that touch become one. */
static rfm_status mark(rfm_file *file, const rfm_portion *done, size_t n, rfm_error *err)
{
    file->done = rfm_alloc(n, sizeof *file->done, err);
    for (size_t i = 0; file->done && i < n; i++) {
        rfm_interval *last = file->n_done > 0 ? &file->done[file->n_done - 1] : NULL;
        file->whole |= done[i].whole != 0;
        if (done[i].begin == done[i].end)
            continue;
        if (last && done[i].begin < last->end)
            return rfm_fail(err, RFM_DATA, "%s: rows from %lld on were read twice", file->path,
                            (long long)done[i].begin);
        if (last && done[i].begin == last->end)
            last->end = done[i].end;
        else
            file->done[file->n_done++] = (rfm_interval){done[i].begin, done[i].end};
    }
    return err->status;
}

rfm_status rfm_files_mark(rfm_files *files, rfm_portions *done, rfm_error *err)
{
    for (size_t i = 0; i < files->n; i++) {
        free(files->files[i].done);
        files->files[i].done = NULL;
        files->files[i].n_done = 0;
    }
    sort(done);
    for (size_t i = 0, end; i < done->n && err->status == RFM_OK; i = end) {
        for (end = i; end < done->n && done->list[end].file == done->list[i].file;)
            end++;
        mark(&files->files[done->list[i].file], done->list + i, end - i, err);
    }
    return err->status;
}

/* ---- portions --------------------------------------------------------------------------------------------------- */

void rfm_portions_free(rfm_portions *portions)
{
    free(portions->list);
    *portions = (rfm_portions){0};
}

rfm_status rfm_portions_add(rfm_portions *portions, rfm_portion portion, rfm_error *err)
{
    if (rfm_reserve(&portions->list, &portions->capacity, portions->n + 1, sizeof *portions->list, err) == RFM_OK)
        portions->list[portions->n++] = portion;
    return err->status;
}

/* `next` comes behind `last`, and the two are one portion: nothing lies between them, and no row in both. */
static bool touches(const rfm_portion *last, const rfm_portion *next)
{
    const bool empty = next->begin == next->end;
    return next->file == last->file && (next->begin == last->end || (empty && next->begin < last->end));
}

void rfm_portions_join(rfm_portions *portions)
{
    rfm_portion *list = portions->list;
    size_t n = 0;
    sort(portions);
    for (size_t i = 0; i < portions->n; i++) {
        if (n == 0 || !touches(&list[n - 1], &list[i])) {
            list[n++] = list[i];
            continue;
        }
        rfm_portion *last = &list[n - 1];
        last->end = list[i].end > last->end ? list[i].end : last->end;
        last->whole |= list[i].whole;
    }
    portions->n = n;
}

/* The first count whose place is behind where the portion begins. */
static size_t first_behind(const rfm_portion *portion, const rfm_line_count *counts, size_t n)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const rfm_line_count *count = &counts[middle];
        if (count->file > portion->file || (count->file == portion->file && count->begin > portion->begin))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void rfm_portions_count(const rfm_portions *portions, rfm_line_count *counts, size_t n)
{
    for (size_t i = 0; i < portions->n; i++) {
        const rfm_portion *portion = &portions->list[i];
        const size_t c = first_behind(portion, counts, n);
        if (c < n && counts[c].file == portion->file)
            counts[c].n_lines += portion->n_lines;
    }
}

void rfm_line_counts_sum(rfm_line_count *counts, size_t n)
{
    for (size_t c = 1; c < n; c++)
        if (counts[c].file == counts[c - 1].file)
            counts[c].n_lines += counts[c - 1].n_lines;
}

/* ---- ledgers --------------------------------------------------------------------------------------------------- */

void rfm_tally_merge(rfm_tally *into, const rfm_tally *from)
{
    if (from->n_events > 0 && (into->n_events == 0 || from->earliest_us < into->earliest_us))
        into->earliest_us = from->earliest_us;
    if (from->n_events > 0 && (into->n_events == 0 || from->newest_us > into->newest_us))
        into->newest_us = from->newest_us;
    into->n_rows += from->n_rows;
    into->n_events += from->n_events;
    into->n_filtered += from->n_filtered;
    into->n_after_as_of += from->n_after_as_of;
    into->n_with_time_of_day += from->n_with_time_of_day;
    into->n_bytes += from->n_bytes;
}

void rfm_ledger_free(rfm_ledger *ledger)
{
    rfm_rejects_free(&ledger->rejects);
    rfm_portions_free(&ledger->portions);
    ledger->tally = (rfm_tally){0};
}

rfm_status rfm_ledger_move(rfm_ledger *into, rfm_ledger *from, rfm_error *err)
{
    rfm_portions *to = &into->portions;
    const size_t n = from->portions.n;
    if (rfm_reserve(&to->list, &to->capacity, to->n + n, sizeof *to->list, err) != RFM_OK ||
        rfm_rejects_move(&into->rejects, &from->rejects, err) != RFM_OK)
        return err->status;
    if (n > 0)
        memcpy(to->list + to->n, from->portions.list, n * sizeof *to->list);
    to->n += n;
    rfm_tally_merge(&into->tally, &from->tally);
    rfm_ledger_free(from);
    return RFM_OK;
}

rfm_status rfm_ledger_pack(const rfm_ledger *ledger, rfm_text *bytes, rfm_error *err)
{
    const uint64_t n = ledger->portions.n;
    rfm_text_add(bytes, &ledger->tally, sizeof ledger->tally);
    rfm_text_add(bytes, &n, sizeof n);
    rfm_text_add(bytes, ledger->portions.list, n * sizeof *ledger->portions.list);
    rfm_rejects_pack(&ledger->rejects, bytes);
    return rfm_text_check(bytes, err);
}

static bool is_sound_tally(const rfm_tally *tally)
{
    return tally->n_rows >= 0 && tally->n_events >= 0 && tally->n_filtered >= 0 && tally->n_after_as_of >= 0 &&
           tally->n_with_time_of_day >= 0;
}

static bool fits(const rfm_portion *portion, const rfm_files *files)
{
    return portion->file >= 0 && (uint64_t)portion->file < files->n && portion->begin >= 0 &&
           portion->begin <= portion->end && portion->end <= end_of(&files->files[portion->file]) &&
           portion->n_lines >= 0 && (portion->whole == 0 || portion->whole == 1);
}

static rfm_status fail_unpacking(rfm_error *err)
{
    return rfm_fail(err, RFM_DATA, "no ledger of these files");
}

rfm_status rfm_ledger_unpack(const char *bytes, size_t n_bytes, const rfm_files *files, rfm_ledger *ledger,
                             rfm_error *err)
{
    rfm_tally tally;
    uint64_t n;
    const size_t head = sizeof tally + sizeof n;
    if (n_bytes < head)
        return fail_unpacking(err);
    memcpy(&tally, bytes, sizeof tally);
    memcpy(&n, bytes + sizeof tally, sizeof n);
    if (n > (n_bytes - head) / sizeof(rfm_portion) || !is_sound_tally(&tally))
        return fail_unpacking(err);
    for (uint64_t i = 0; i < n; i++) {
        rfm_portion portion;
        memcpy(&portion, bytes + head + i * sizeof portion, sizeof portion);
        if (!fits(&portion, files))
            return fail_unpacking(err);
        if (rfm_portions_add(&ledger->portions, portion, err) != RFM_OK)
            return err->status;
    }
    rfm_tally_merge(&ledger->tally, &tally);
    const size_t at = head + n * sizeof(rfm_portion);
    return rfm_rejects_unpack(bytes + at, n_bytes - at, files->n, &ledger->rejects, err);
}
