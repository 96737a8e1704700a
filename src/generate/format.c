/* format: rows of text, and the chain of gzip members they are packed in.
 *
 * A member holds at most a fixed number of bytes of one slice and one part, so the bytes do not
 * depend on the ranks. Texts are copied, never printed: this is the loop that decides the speed.
 */
#include "format.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBER_BYTES = 1 << 18, FAST_LEVEL = 1, TIME_BYTES = 23, DAY_S = 86400 };
enum { KIND_BYTES = 10, ROW_BYTES = TIME_BYTES + KIND_BYTES + RFM_PRODUCT_TEXT_BYTES + RFM_TAIL_BYTES };

static const char header[] = "event_time,event_type,product_id,category_id,category_code,brand,price,"
                             "user_id,user_session\n";

static char *put(char *at, const char *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

/* "2019-10-01 00:00:00 UTC": the date once a slice, the rest whenever the second changes. */
static void put_date(char *time, int32_t day)
{
    char text[RFM_NUMBER_BYTES];
    rfm_time_format_utc(day * RFM_DAY_US, text);
    memcpy(time, text, 10);
    memcpy(time + 10, " 00:00:00 UTC", 13);
}

static void put_second(char *time, uint32_t second)
{
    uint32_t parts[3] = {second / 3600, second / 60 % 60, second % 60};
    for (int i = 0; i < 3; i++) {
        time[11 + 3 * i] = (char)('0' + parts[i] / 10);
        time[12 + 3 * i] = (char)('0' + parts[i] % 10);
    }
}

static char *put_row(char *at, const char *time, const rfm_catalogue *catalogue, const rfm_session *session,
                     const rfm_shop_event *event)
{
    static const struct {
        const char *text;
        size_t length;
    } kinds[] = {{",view,", 6}, {",cart,", 6}, {",purchase,", 10}};
    const rfm_product *product = &catalogue->products[event->product];
    at = put(at, time, TIME_BYTES);
    at = put(at, kinds[event->kind].text, kinds[event->kind].length);
    at = put(at, catalogue->text.bytes + product->at, product->length);
    return put(at, session->tail, session->tail_length);
}

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static int64_t first_of_part(const rfm_generate_options *options, int64_t part)
{
    return part * options->events / options->parts;
}

static int64_t part_of(const rfm_generate_options *options, int64_t event)
{
    int64_t part = event * options->parts / options->events;
    while (first_of_part(options, part + 1) <= event)
        part++;
    return part;
}

static rfm_status make_room(const rfm_generate_options *options, int64_t first, size_t n_events, rfm_sheet *sheet,
                            rfm_error *err)
{
    size_t n_pieces = 0;
    if (n_events > 0)
        n_pieces = (size_t)(part_of(options, first + (int64_t)n_events - 1) - part_of(options, first) + 1);
    rfm_reserve(&sheet->pieces, &sheet->piece_capacity, n_pieces, sizeof *sheet->pieces, err);
    size_t bytes = n_events * ROW_BYTES + n_pieces * sizeof header;
    rfm_reserve(&sheet->text, &sheet->text_capacity, bytes, 1, err);
    return err->status;
}

static void write_rows(const rfm_world *world, int64_t number, const rfm_slice *slice, rfm_sheet *sheet)
{
    const rfm_generate_options *options = world->options;
    int64_t event = world->schedule.events[number], next_part = event;
    int64_t start_s = number * world->schedule.slice_s;
    uint32_t of_day = (uint32_t)(start_s % DAY_S), second = UINT32_MAX;
    char time[TIME_BYTES], *at = sheet->text;
    put_date(time, options->start_day + (int32_t)(start_s / DAY_S));
    rfm_piece *piece = NULL;
    for (size_t i = 0; i < slice->n_events; i++, event++) {
        const rfm_shop_event *what = &slice->events[i];
        if (event == next_part) {
            piece = &sheet->pieces[sheet->n_pieces++];
            *piece = (rfm_piece){.file = part_of(options, event), .bytes = at};
            next_part = first_of_part(options, piece->file + 1);
            if (event == first_of_part(options, piece->file))
                at = put(at, header, sizeof header - 1);
        }
        if (what->second != second) {
            second = what->second;
            put_second(time, of_day + second);
        }
        at = put_row(at, time, &world->catalogue, &slice->sessions[what->session], what);
        piece->n_bytes = (size_t)(at - piece->bytes);
    }
}

/* ---- gzip ------------------------------------------------------------------------------------------------------- */

static rfm_status pack_room(rfm_sheet *sheet, rfm_error *err)
{
    if (sheet->compressor == NULL)
        sheet->compressor = libdeflate_alloc_compressor(FAST_LEVEL);
    if (sheet->compressor == NULL)
        return rfm_fail(err, RFM_NO_MEMORY, "out of memory for a compressor; use fewer ranks on a node");
    size_t member = libdeflate_gzip_compress_bound(sheet->compressor, MEMBER_BYTES), n_members = 0;
    for (size_t i = 0; i < sheet->n_pieces; i++)
        n_members += sheet->pieces[i].n_bytes / MEMBER_BYTES + 1;
    return rfm_reserve(&sheet->packed, &sheet->packed_capacity, n_members * member, 1, err);
}

static void pack_piece(rfm_sheet *sheet, rfm_piece *piece, char **at)
{
    char *begin = *at, *end = sheet->packed + sheet->packed_capacity;
    for (size_t done = 0; done < piece->n_bytes; done += MEMBER_BYTES) {
        size_t left = piece->n_bytes - done, length = left < MEMBER_BYTES ? left : MEMBER_BYTES;
        size_t packed =
            libdeflate_gzip_compress(sheet->compressor, piece->bytes + done, length, *at, (size_t)(end - *at));
        rfm_assert(packed > 0);
        *at += packed;
    }
    piece->bytes = begin;
    piece->n_bytes = (size_t)(*at - begin);
}

static rfm_status pack(rfm_sheet *sheet, rfm_error *err)
{
    if (pack_room(sheet, err) != RFM_OK)
        return err->status;
    char *at = sheet->packed;
    for (size_t i = 0; i < sheet->n_pieces; i++)
        pack_piece(sheet, &sheet->pieces[i], &at);
    return RFM_OK;
}

rfm_status rfm_sheet_fill(const rfm_world *world, int64_t number, const rfm_slice *slice, rfm_sheet *sheet,
                          rfm_error *err)
{
    sheet->n_pieces = 0;
    if (slice->n_events == 0)
        return RFM_OK;
    int64_t first = world->schedule.events[number];
    if (make_room(world->options, first, slice->n_events, sheet, err) != RFM_OK)
        return err->status;
    write_rows(world, number, slice, sheet);
    return world->options->gzip ? pack(sheet, err) : RFM_OK;
}

void rfm_sheet_free(rfm_sheet *sheet)
{
    free(sheet->text);
    free(sheet->packed);
    free(sheet->pieces);
    libdeflate_free_compressor(sheet->compressor);
    memset(sheet, 0, sizeof *sheet);
}
