/* deduper_spill: held events on disk, as runs of all pieces, past a budget or on a shelf. */
#include "deduper.h"

#include "exchange.h"

#include <stdlib.h>
#include <string.h>

void rfm_deduper_limit(rfm_deduper *deduper, size_t memory_bytes, const char *directory)
{
    deduper->memory_bytes = memory_bytes;
    deduper->directory = directory;
}

int64_t rfm_deduper_spilled_bytes(const rfm_deduper *deduper)
{
    return deduper->spilled_bytes;
}

size_t rfm_deduper_bytes_on_disk(const rfm_deduper *deduper)
{
    size_t bytes = 0;
    for (size_t r = 0; r < deduper->n_runs; r++)
        for (size_t p = 0; p < deduper->runs[r].n_pieces; p++)
            bytes += deduper->runs[r].places[p].words.n_bytes + deduper->runs[r].places[p].bytes.n_bytes;
    return bytes;
}

/* ---- out -------------------------------------------------------------------------------------------------------- */

static rfm_held_run *start_run(rfm_deduper *deduper, const rfm_scratch *file, size_t n_pieces, rfm_error *err)
{
    if (rfm_reserve(&deduper->runs, &deduper->capacity, deduper->n_runs + 1, sizeof *deduper->runs, err))
        return NULL;
    rfm_held_run *run = &deduper->runs[deduper->n_runs];
    *run = (rfm_held_run){.file = file, .n_pieces = n_pieces};
    run->places = rfm_alloc(n_pieces, sizeof *run->places, err);
    if (!run->places)
        return NULL;
    deduper->n_runs++;
    return run;
}

static rfm_status write_held(rfm_scratch *to, const rfm_held *held, rfm_held_place *place, rfm_error *err)
{
    place->n = held->n;
    if (rfm_scratch_write(to, held->words, held->n * held->shape.width * sizeof *held->words, &place->words, err))
        return err->status;
    return rfm_scratch_write(to, held->bytes, held->n_bytes, &place->bytes, err);
}

/* All that is in memory, with what runs from number `first` on have. */
static rfm_status write_pieces(rfm_deduper *deduper, size_t first, rfm_scratch *to, rfm_held_place *places,
                               rfm_error *err)
{
    rfm_held held = {.shape = deduper->pieces[0].shape};
    for (size_t p = 0; p < deduper->n_pieces && !err->status; p++) {
        held.n = held.n_bytes = 0;
        if (rfm_deduper_take(deduper, first, p, &held, err) == RFM_OK)
            write_held(to, &held, &places[p], err);
    }
    rfm_held_free(&held);
    deduper->held_bytes = 0;
    return err->status;
}

rfm_status rfm_deduper_spill(rfm_deduper *deduper, rfm_error *err)
{
    if (deduper->memory_bytes == 0 || deduper->held_bytes <= deduper->memory_bytes)
        return RFM_OK;
    if (!deduper->scratch.path && rfm_scratch_open(&deduper->scratch, deduper->directory, err))
        return err->status;
    const int64_t before = deduper->scratch.n_bytes;
    rfm_held_run *run = start_run(deduper, &deduper->scratch, deduper->n_pieces, err);
    if (run)
        write_pieces(deduper, deduper->n_runs, &deduper->scratch, run->places, err);
    deduper->spilled_bytes += deduper->scratch.n_bytes - before;
    return err->status;
}

/* ---- back ------------------------------------------------------------------------------------------------------- */

static rfm_status read_place(const rfm_held_run *run, size_t piece, rfm_held *to, rfm_error *err)
{
    const rfm_held_place *from = &run->places[piece];
    if (rfm_held_reserve(to, from->n, from->bytes.n_bytes, err) ||
        rfm_scratch_read(run->file, &from->words, to->words + to->n * to->shape.width, err) ||
        rfm_scratch_read(run->file, &from->bytes, to->bytes + to->n_bytes, err))
        return err->status;
    to->n += from->n;
    to->n_bytes += from->bytes.n_bytes;
    return RFM_OK;
}

/* What is of a piece of the deduper among these, which are of another piece. */
static rfm_status pick(const rfm_deduper *deduper, size_t piece, const rfm_held *from, rfm_held *to, rfm_error *err)
{
    const char *id = from->bytes;
    for (size_t i = 0; i < from->n; i++) {
        const size_t length = rfm_held_id_bytes(from, i);
        const uint64_t *record = rfm_held_record(from, i);
        if (rfm_piece_of(record[RFM_HELD_KEY_HIGH], deduper->n_pieces) == piece && rfm_held_move(to, record, id, err))
            return err->status;
        id += length;
    }
    return RFM_OK;
}

/* The run's first piece with keys of this one or later ones. */
static size_t first_piece(const rfm_deduper *deduper, const rfm_held_run *run, size_t piece)
{
    return (size_t)((rfm_u128)piece * run->n_pieces / deduper->n_pieces);
}

static rfm_status read_other_pieces(const rfm_deduper *deduper, const rfm_held_run *run, size_t piece, rfm_held *to,
                                    rfm_error *err)
{
    rfm_held whole = {.shape = to->shape};
    for (size_t q = first_piece(deduper, run, piece);
         q < run->n_pieces && q <= first_piece(deduper, run, piece + 1) && !err->status; q++) {
        whole.n = whole.n_bytes = 0;
        if (read_place(run, q, &whole, err) == RFM_OK)
            pick(deduper, piece, &whole, to, err);
    }
    rfm_held_free(&whole);
    return err->status;
}

static rfm_status read_back(const rfm_deduper *deduper, size_t first, size_t piece, rfm_held *to, rfm_error *err)
{
    for (size_t r = first; r < deduper->n_runs && !err->status; r++) {
        const rfm_held_run *run = &deduper->runs[r];
        if (run->n_pieces == deduper->n_pieces)
            read_place(run, piece, to, err);
        else
            read_other_pieces(deduper, run, piece, to, err);
    }
    return err->status;
}

rfm_status rfm_deduper_take(rfm_deduper *deduper, size_t first, size_t piece, rfm_held *to, rfm_error *err)
{
    rfm_held *from = &deduper->pieces[piece];
    const size_t width = to->shape.width;
    if (read_back(deduper, first, piece, to, err) || rfm_held_reserve(to, from->n, from->n_bytes, err))
        return err->status;
    if (from->n > 0)
        memcpy(to->words + to->n * width, from->words, from->n * width * sizeof *to->words);
    if (from->n_bytes > 0)
        memcpy(to->bytes + to->n_bytes, from->bytes, from->n_bytes);
    to->n += from->n;
    to->n_bytes += from->n_bytes;
    rfm_held_free(from);
    return RFM_OK;
}

void rfm_deduper_end_runs(rfm_deduper *deduper, size_t first)
{
    for (size_t r = first; r < deduper->n_runs; r++)
        free(deduper->runs[r].places);
    rfm_scratch_close(&deduper->scratch);
    deduper->n_runs = first < deduper->n_runs ? first : deduper->n_runs;
    deduper->n_shelved = deduper->n_shelved < first ? deduper->n_shelved : first;
}

/* ---- shelves ----------------------------------------------------------------------------------------------------
 *
 *     index   | pieces | words, bytes, n of piece 0, 1, ... |
 */

size_t rfm_deduper_unshelved_bytes(const rfm_deduper *deduper, size_t *index_bytes)
{
    *index_bytes = sizeof(uint64_t) + deduper->n_pieces * sizeof(rfm_held_place);
    return deduper->held_bytes + (size_t)deduper->scratch.n_bytes;
}

rfm_status rfm_deduper_shelve(rfm_deduper *deduper, rfm_scratch *shelf, rfm_text *index, rfm_error *err)
{
    const uint64_t n_pieces = deduper->n_pieces;
    rfm_held_place *places = rfm_alloc(n_pieces, sizeof *places, err);
    if (places && write_pieces(deduper, deduper->n_shelved, shelf, places, err) == RFM_OK) {
        rfm_deduper_end_runs(deduper, deduper->n_shelved);
        rfm_held_run *run = start_run(deduper, shelf, n_pieces, err);
        if (run) {
            memcpy(run->places, places, n_pieces * sizeof *places);
            deduper->n_shelved = deduper->n_runs;
        }
        rfm_text_add(index, &n_pieces, sizeof n_pieces);
        rfm_text_add(index, places, n_pieces * sizeof *places);
    }
    free(places);
    return err->status ? err->status : rfm_text_check(index, err);
}

static bool is_sound(const rfm_held *held)
{
    size_t n_bytes = 0;
    for (size_t i = 0; i < held->n; i++)
        n_bytes += rfm_held_id_bytes(held, i);
    return n_bytes == held->n_bytes;
}

/* Read once, so that nothing is built on what is not there. */
static rfm_status check_run(const rfm_deduper *deduper, const rfm_held_run *run, rfm_error *err)
{
    rfm_held held = {.shape = deduper->pieces[0].shape};
    for (size_t p = 0; p < run->n_pieces && !err->status; p++) {
        const rfm_held_place *place = &run->places[p];
        held.n = held.n_bytes = 0;
        if (rfm_scratch_check(run->file, &place->words, 1, err) || rfm_scratch_check(run->file, &place->bytes, 1, err))
            break;
        const size_t record = held.shape.width * sizeof *held.words;
        const bool fits = place->words.n_bytes % record == 0 && place->words.n_bytes / record == place->n;
        if (!fits || (read_place(run, p, &held, err) == RFM_OK && !is_sound(&held)))
            rfm_fail(err, RFM_DATA, "%s: no events", run->file->path);
    }
    rfm_held_free(&held);
    return err->status;
}

rfm_status rfm_deduper_unshelve(rfm_deduper *deduper, const rfm_scratch *shelf, const char *index, size_t n_bytes,
                                rfm_error *err)
{
    const uint64_t n_pieces = rfm_scratch_index(index, n_bytes, sizeof(rfm_held_place));
    rfm_assert(deduper->n_runs == deduper->n_shelved);
    if (n_pieces == 0)
        return rfm_fail(err, RFM_DATA, "%s: no index", shelf->path);
    rfm_held_run *run = start_run(deduper, shelf, n_pieces, err);
    if (!run)
        return err->status;
    memcpy(run->places, index + sizeof n_pieces, n_pieces * sizeof *run->places);
    if (check_run(deduper, run, err) != RFM_OK)
        free(deduper->runs[--deduper->n_runs].places);
    deduper->n_shelved = deduper->n_runs;
    return err->status;
}
