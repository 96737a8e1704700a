/* rejects: rows that could not be read, counted by reason; some are kept for people to look at.
 * Knows no rules: it is told.
 */
#include <stdlib.h>
#include <string.h>

#include "refuse.h"

enum { TEXT_BYTES = 60 };

const char *rfm_reason_name(rfm_reason reason)
{
    static const char *const names[RFM_N_REASONS] = {
        [RFM_REASON_FIELDS] = "fields", [RFM_REASON_QUOTE] = "quote",   [RFM_REASON_CUSTOMER] = "customer",
        [RFM_REASON_TIME] = "time",     [RFM_REASON_NUMBER] = "number", [RFM_REASON_BYTES] = "bytes",
    };
    rfm_assert((unsigned)reason < RFM_N_REASONS);
    return names[reason];
}

void rfm_rejects_free(rfm_rejects *rejects)
{
    for (size_t i = 0; i < rejects->n_kept; i++) {
        free(rejects->kept[i].detail);
        free(rejects->kept[i].row);
    }
    free(rejects->kept);
    *rejects = (rfm_rejects){0};
}

bool rfm_rejects_keeps(const rfm_rejects *rejects, rfm_reason reason)
{
    return (uint64_t)rejects->count[reason] < rejects->cap;
}

/* At most `most` of n bytes, without half a UTF-8 character at the end. */
static size_t clip(const char *bytes, size_t n, size_t most)
{
    if (n <= most)
        return n;
    while (most > 0 && ((unsigned char)bytes[most] & 0xC0) == 0x80)
        most--;
    return most;
}

/* Text as a string: what is kept is read by people and by programs that stop at a NUL. */
static void add_clipped(rfm_text *text, rfm_field field, size_t most)
{
    const size_t from = text->length, n = clip(field.bytes, field.length, most);
    rfm_text_add(text, field.bytes, n);
    for (size_t i = from; i < text->length; i++)
        if (text->bytes[i] == '\0')
            text->bytes[i] = '?';
}

static void add_word(rfm_text *text, const char *word)
{
    if (word)
        rfm_text_addf(text, "%s%s", text->length > 0 ? " " : "", word);
}

static void describe(rfm_text *text, const rfm_refusal *refusal)
{
    add_word(text, refusal->before);
    add_word(text, refusal->name);
    if (refusal->text) {
        add_word(text, "'");
        add_clipped(text, *refusal->text, TEXT_BYTES);
        rfm_text_adds(text, refusal->text->length > TEXT_BYTES ? "...'" : "'");
    }
    add_word(text, refusal->after);
}

rfm_status rfm_rejects_add(rfm_rejects *rejects, rfm_reject place, const rfm_refusal *refusal, rfm_field row,
                           rfm_error *err)
{
    rfm_text detail = {0}, shown = {0};
    const bool keeps = rfm_rejects_keeps(rejects, refusal->reason);
    rejects->count[refusal->reason]++;
    if (!keeps)
        return RFM_OK;
    describe(&detail, refusal);
    rfm_text_adds(&shown, "");
    add_clipped(&shown, row, RFM_REFUSED_ROW_BYTES);
    if (rfm_text_check(&detail, err) != RFM_OK || rfm_text_check(&shown, err) != RFM_OK)
        goto failed;
    if (rfm_reserve(&rejects->kept, &rejects->capacity, rejects->n_kept + 1, sizeof *rejects->kept, err) != RFM_OK)
        goto failed;
    place.reason = refusal->reason;
    place.detail = detail.bytes;
    place.row = shown.bytes;
    rejects->kept[rejects->n_kept++] = place;
    return RFM_OK;
failed:
    rfm_text_free(&detail);
    rfm_text_free(&shown);
    return err->status;
}

rfm_status rfm_rejects_move(rfm_rejects *into, rfm_rejects *from, rfm_error *err)
{
    if (rfm_reserve(&into->kept, &into->capacity, into->n_kept + from->n_kept, sizeof *into->kept, err) != RFM_OK)
        return err->status;
    for (int i = 0; i < RFM_N_REASONS; i++)
        into->count[i] += from->count[i];
    for (size_t i = 0; i < from->n_kept; i++)
        into->kept[into->n_kept++] = from->kept[i];
    from->n_kept = 0;
    rfm_rejects_free(from);
    return RFM_OK;
}

/* ---- as bytes --------------------------------------------------------------------------------------------------- */

/* Followed by its detail and its row, each with a NUL. */
typedef struct packed {
    int64_t file, begin, line, reason;
    uint64_t detail_bytes, row_bytes;
} packed;

void rfm_rejects_pack(const rfm_rejects *rejects, rfm_text *bytes)
{
    const uint64_t n = rejects->n_kept;
    rfm_text_add(bytes, rejects->count, sizeof rejects->count);
    rfm_text_add(bytes, &n, sizeof n);
    for (size_t i = 0; i < n; i++) {
        const rfm_reject *reject = &rejects->kept[i];
        const packed parcel = {(int64_t)reject->file,      reject->begin,          reject->line, reject->reason,
                               strlen(reject->detail) + 1, strlen(reject->row) + 1};
        rfm_text_add(bytes, &parcel, sizeof parcel);
        rfm_text_add(bytes, reject->detail, parcel.detail_bytes);
        rfm_text_add(bytes, reject->row, parcel.row_bytes);
    }
}

static bool is_text(const char *bytes, uint64_t n)
{
    return n > 0 && memchr(bytes, '\0', n) == bytes + n - 1;
}

/* The bytes of one reject; 0 where there is none. */
static size_t take_parcel(const char *bytes, size_t n_bytes, size_t n_files, packed *parcel)
{
    if (n_bytes < sizeof *parcel)
        return 0;
    memcpy(parcel, bytes, sizeof *parcel);
    const size_t left = n_bytes - sizeof *parcel;
    if (parcel->file < 0 || (uint64_t)parcel->file >= n_files || parcel->begin < 0 || parcel->line < 1 ||
        parcel->reason < 0 || parcel->reason >= RFM_N_REASONS || parcel->detail_bytes > left ||
        parcel->row_bytes > left - parcel->detail_bytes)
        return 0;
    const char *detail = bytes + sizeof *parcel, *row = detail + parcel->detail_bytes;
    if (!is_text(detail, parcel->detail_bytes) || !is_text(row, parcel->row_bytes))
        return 0;
    return sizeof *parcel + parcel->detail_bytes + parcel->row_bytes;
}

static rfm_status keep(rfm_rejects *rejects, const packed *parcel, const char *texts, rfm_error *err)
{
    rfm_reject reject = {.file = (size_t)parcel->file,
                         .begin = parcel->begin,
                         .line = parcel->line,
                         .reason = (rfm_reason)parcel->reason,
                         .detail = rfm_copy_string(texts, err),
                         .row = rfm_copy_string(texts + parcel->detail_bytes, err)};
    if (err->status == RFM_OK &&
        rfm_reserve(&rejects->kept, &rejects->capacity, rejects->n_kept + 1, sizeof *rejects->kept, err) == RFM_OK) {
        rejects->kept[rejects->n_kept++] = reject;
        return RFM_OK;
    }
    free(reject.detail);
    free(reject.row);
    return err->status;
}

rfm_status rfm_rejects_unpack(const char *bytes, size_t n_bytes, size_t n_files, rfm_rejects *rejects, rfm_error *err)
{
    int64_t count[RFM_N_REASONS];
    uint64_t n;
    size_t at = sizeof count + sizeof n;
    if (n_bytes < at)
        return rfm_fail(err, RFM_DATA, "no list of rejects");
    memcpy(count, bytes, sizeof count);
    memcpy(&n, bytes + sizeof count, sizeof n);
    for (int r = 0; r < RFM_N_REASONS; r++) {
        if (count[r] < 0)
            return rfm_fail(err, RFM_DATA, "no list of rejects");
        rejects->count[r] += count[r];
    }
    for (uint64_t i = 0; i < n && err->status == RFM_OK; i++) {
        packed parcel;
        const size_t size = take_parcel(bytes + at, n_bytes - at, n_files, &parcel);
        if (size == 0)
            return rfm_fail(err, RFM_DATA, "no list of rejects");
        keep(rejects, &parcel, bytes + at + sizeof parcel, err);
        at += size;
    }
    if (err->status == RFM_OK && at != n_bytes)
        rfm_fail(err, RFM_DATA, "no list of rejects");
    return err->status;
}
