/* relay: a compressed file that is more than one rank's share is decoded by one rank and parsed by all of its node.
 *
 * The ranks of a node share a ring of slots, each of which holds a block of whole rows. A rank that decodes fills the
 * next slot, and parses while there is none free; the others parse. Who parses what is a matter of timing, and of no
 * consequence: customers merge in any order, and each block is a portion of its own, with its count of lines. When all
 * is to stop, a rank leaves after the block it has; blocks that nobody has taken are as if they had never been decoded.
 *
 *   turn of the slot of block s (of the ring's own count), n slots:
 *       2s: to be filled with block s -> 2s + 1: to be parsed -> 2(s + n): to be filled with block s + n
 */
#include "batch.h"
#include "pass.h"

#include <stdatomic.h>
#include <time.h>

enum { ROOM = 256 << 10, SLOTS_PER_RANK = 4, LINE = 64 };

typedef struct slot {
    _Alignas(LINE) _Atomic uint64_t turn;
    size_t shard; /* of the plan */
    rfm_block block;
    char bytes[ROOM + RFM_BLOCK_PADDING];
} slot;

typedef struct ring {
    _Alignas(LINE) _Atomic uint64_t next_fill;
    _Alignas(LINE) _Atomic uint64_t next_parse;
    _Alignas(LINE) _Atomic int64_t n_producing; /* ranks that have something to decode */
    _Atomic int64_t n_bytes;                    /* of the files that are decoded here */
    _Atomic bool stopped; /* somebody failed, or a file must be read by one rank: all is for nothing */
} ring;

/* What this rank knows of a relayed file. */
typedef struct relayed {
    size_t shard;
    rfm_rejects rejects; /* since the last round */
    rfm_shard_result result;
    rfm_block_reader *reader; /* NULL before its first block */
    rfm_reading reading;
    rfm_shard range; /* of the plan */
    int64_t n_file;  /* bytes of the file that the last block parsed here came to */
} relayed;

typedef struct relay {
    rfm_batch *batch;
    rfm_pass *pass;
    const rfm_reading *how;
    rfm_shared shared;
    ring *ring;
    slot *slots;
    uint64_t n_slots;
    relayed *files;
    size_t n_files;
    bool leaves; /* this rank, since all is to stop */
} relay;

/* Waiting in a loop would take from the rank that decodes what the two share of a core; the ring holds some
 * milliseconds of work. */
static void rest(void)
{
    const struct timespec moment = {.tv_nsec = 20000};
    nanosleep(&moment, NULL);
}

/* ---- the ring --------------------------------------------------------------------------------------------------- */

static slot *slot_of(const relay *r, uint64_t turn)
{
    return &r->slots[turn % r->n_slots];
}

/* Take the next number of a counter if its slot is that far. */
static slot *claim(const relay *r, _Atomic uint64_t *counter, uint64_t parsed, uint64_t *number)
{
    *number = atomic_load(counter);
    slot *next = slot_of(r, *number);
    if (atomic_load_explicit(&next->turn, memory_order_acquire) != 2 * *number + parsed)
        return NULL;
    return atomic_compare_exchange_strong(counter, number, *number + 1) ? next : NULL;
}

static void hand_on(slot *filled, uint64_t turn)
{
    atomic_store_explicit(&filled->turn, turn, memory_order_release);
}

static bool is_stopped(const relay *r)
{
    return atomic_load(&r->ring->stopped);
}

static void stop_all(relay *r)
{
    atomic_store(&r->ring->stopped, true);
}

/* All that was to be decoded is decoded, and somebody has taken it. */
static bool is_used_up(const relay *r)
{
    const bool decoded = atomic_load(&r->ring->n_producing) == 0;
    return decoded && atomic_load(&r->ring->next_parse) == atomic_load(&r->ring->next_fill);
}

/* A file that cannot be cut: everything is read again, and that file by one rank. */
static void give_up(relay *r, size_t file)
{
    r->pass->quoted[file] = 1;
    stop_all(r);
}

/* ---- parsing ---------------------------------------------------------------------------------------------------- */

static relayed *file_of(const relay *r, size_t shard)
{
    size_t i = 0;
    while (r->files[i].shard != shard)
        i++;
    return &r->files[i];
}

static rfm_status open_reader(const relay *r, relayed *file, rfm_error *err)
{
    file->range = r->pass->plan.shards[file->shard];
    file->reading = *r->how;
    file->reading.shard = &file->range;
    file->reading.rejects = &file->rejects;
    file->reading.result = &file->result;
    file->rejects.cap = r->how->rejects->cap;
    return rfm_block_reader_open(&file->reading, &file->reader, err);
}

/* All that was parsed here is with the sink, and its rejects are in the pass. */
static rfm_status hand_in(relay *r, rfm_error *err)
{
    for (size_t i = 0; i < r->n_files && err->status == RFM_OK; i++) {
        relayed *file = &r->files[i];
        if (rfm_block_reader_flush(file->reader, err) == RFM_OK)
            rfm_rejects_move(&r->pass->relayed, &file->rejects, err);
        file->rejects.cap = r->how->rejects->cap;
    }
    return err->status;
}

/* Between two blocks. */
static rfm_status pause_when_due(relay *r, rfm_error *err)
{
    if (err->status || is_stopped(r) || r->leaves || !rounds_are_due(r->pass))
        return err->status;
    r->leaves = r->pass->keeper.stops;
    return r->leaves || hand_in(r, err) ? err->status : rounds_keep(r->pass, err);
}

/* This rank, at least: it has not failed, and asks at every step whether it is time to stop, or for a round. */
static bool goes_on(relay *r, rfm_error *err)
{
    return pause_when_due(r, err) == RFM_OK && !is_stopped(r) && !r->leaves;
}

/* For who watches: how far the files are, by the blocks that came here. */
static void show(relay *r, relayed *file, const rfm_block *block)
{
    int64_t n_bytes = 0;
    if (block->n_file > file->n_file)
        file->n_file = block->n_file;
    for (size_t i = 0; i < r->n_files; i++)
        n_bytes += r->files[i].n_file;
    rfm_meter_show((double)n_bytes / 1e6, NULL);
}

/* false: there is nothing to parse now. */
static bool parse_one(relay *r, rfm_error *err)
{
    uint64_t number;
    slot *full = claim(r, &r->ring->next_parse, 1, &number);
    if (!full)
        return false;
    relayed *file = file_of(r, full->shard);
    if (file->reader || open_reader(r, file, err) == RFM_OK)
        rfm_block_read(file->reader, &full->block, full->bytes, err);
    show(r, file, &full->block);
    if (file->result.quoted_line_ends)
        give_up(r, file->range.file);
    hand_on(full, 2 * (number + r->n_slots));
    return true;
}

/* ---- decoding --------------------------------------------------------------------------------------------------- */

/* A slot to fill; parses while all are full. NULL: there is no point in going on. */
static slot *wait_for_room(relay *r, uint64_t *number, rfm_error *err)
{
    slot *empty = NULL;
    while (goes_on(r, err) && !(empty = claim(r, &r->ring->next_fill, 0, number)))
        if (!parse_one(r, err))
            rest();
    return empty;
}

/* Read by an earlier start. */
static bool is_done(const rfm_file *file, const rfm_block *block)
{
    rfm_interval gap;
    return block->n > 0 && !(rfm_file_gap(file, block->at, &gap) && gap.begin < block->at + (int64_t)block->n);
}

/* The next block of which something is left to read; the last that was done where this rank is to go no further. */
static rfm_status decode_next(relay *r, const rfm_file *file, rfm_decoder *decoder, slot *empty, bool *too_long,
                              rfm_error *err)
{
    do
        rfm_decoder_next(decoder, empty->bytes, ROOM, &empty->block, too_long, err);
    while (err->status == RFM_OK && is_done(file, &empty->block) && goes_on(r, err));
    return err->status;
}

/* Behind the last row. */
static rfm_status note_end(relay *r, size_t index, int64_t at, rfm_error *err)
{
    rfm_interval gap;
    r->how->tally->n_bytes += r->batch->files.files[index].size_bytes;
    if (!rfm_file_gap(&r->batch->files.files[index], at, &gap))
        return RFM_OK;
    return rfm_portions_add(r->how->portions, (rfm_portion){.file = (int64_t)index, .begin = at, .end = RFM_TEXT_END},
                            err);
}

/* A file with a row that has no room in a slot is given up here, and read by one rank. */
static rfm_status decode_file(relay *r, size_t shard, rfm_error *err)
{
    const size_t index = r->pass->plan.shards[shard].file;
    const rfm_file *file = &r->batch->files.files[index];
    rfm_decoder *decoder = NULL;
    bool too_long = false;
    bool ended = rfm_decoder_open(r->how->input, file, &decoder, err) != RFM_OK;
    while (!ended) {
        uint64_t number;
        slot *empty = wait_for_room(r, &number, err);
        if (!empty)
            break;
        decode_next(r, file, decoder, empty, &too_long, err);
        const bool leaves = is_done(file, &empty->block);
        ended = err->status != RFM_OK || empty->block.n == 0 || leaves;
        show(r, file_of(r, shard), &empty->block);
        if (ended && !err->status && !too_long && !leaves)
            note_end(r, index, empty->block.at, err);
        if (ended)
            empty->block.n = 0; /* it is handed on all the same: its turn was claimed */
        empty->shard = shard;
        hand_on(empty, 2 * number + 1);
    }
    if (too_long)
        give_up(r, index);
    rfm_decoder_close(decoder);
    return err->status;
}

static rfm_status decode_mine(relay *r, rfm_error *err)
{
    const rfm_plan *plan = &r->pass->plan;
    const int rank = rfm_comm_rank(r->batch->comm);
    for (size_t i = 0; i < plan->n && goes_on(r, err); i++)
        if (plan->shards[i].relayed && plan->shards[i].rank == rank)
            decode_file(r, i, err);
    return err->status;
}

/* Local: no rank waits for one that has failed. */
static rfm_status work(relay *r, rfm_error *err)
{
    decode_mine(r, err);
    if (err->status != RFM_OK)
        stop_all(r);
    atomic_fetch_sub(&r->ring->n_producing, 1);
    while (goes_on(r, err) && !is_used_up(r))
        if (!parse_one(r, err))
            rest();
    if (err->status == RFM_OK) /* what was parsed here is noted as read, and may become a round */
        hand_in(r, err);
    if (err->status != RFM_OK)
        stop_all(r);
    return err->status;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static rfm_status list_files(relay *r, rfm_error *err)
{
    const rfm_plan *plan = &r->pass->plan;
    for (size_t i = 0; i < plan->n; i++)
        r->n_files += plan->shards[i].relayed;
    r->files = rfm_alloc(r->n_files, sizeof *r->files, err);
    for (size_t i = 0, n = 0; r->files && i < plan->n; i++)
        if (plan->shards[i].relayed)
            r->files[n++].shard = i;
    return err->status;
}

/* Collective. Every rank begins as one that decodes, so that nobody sees the end before all are there. */
static rfm_status open_ring(relay *r, rfm_error *err)
{
    const size_t bytes = SLOTS_PER_RANK * sizeof(slot) + sizeof(ring);
    const rfm_plan *plan = &r->pass->plan;
    if (rfm_comm_shared_open(r->batch->comm, bytes, &r->shared, err) != RFM_OK)
        return err->status;
    r->ring = r->shared.bytes;
    r->slots = (slot *)((char *)r->shared.bytes + sizeof(ring));
    r->n_slots = SLOTS_PER_RANK * (uint64_t)r->shared.size;
    if (r->shared.rank == 0) {
        for (uint64_t s = 0; s < r->n_slots; s++)
            atomic_store(&r->slots[s].turn, 2 * s);
        atomic_store(&r->ring->n_producing, r->shared.size);
    }
    for (size_t i = 0; i < plan->n; i++)
        if (plan->shards[i].relayed && plan->shards[i].rank == rfm_comm_rank(r->batch->comm))
            atomic_fetch_add(&r->ring->n_bytes, plan->shards[i].end);
    rfm_comm_barrier(r->batch->comm);
    rfm_meter_open("ingest", "MB", (double)atomic_load(&r->ring->n_bytes) / 1e6, 0);
    return RFM_OK;
}

static void close_relay(relay *r)
{
    for (size_t i = 0; r->files && i < r->n_files; i++) {
        rfm_block_reader_close(r->files[i].reader);
        rfm_rejects_free(&r->files[i].rejects);
    }
    free(r->files);
}

rfm_status relay_files(rfm_batch *batch, rfm_pass *pass, const rfm_reading *how, rfm_error *err)
{
    relay r = {.batch = batch, .pass = pass, .how = how};
    list_files(&r, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK && r.n_files > 0 && open_ring(&r, err) == RFM_OK) {
        work(&r, err);
        /* So that all ranks know whether there is a point in going on: a failure stays its rank's alone, for the others
         * to keep what they have. */
        rounds_meet(pass, err);
        rfm_comm_reduce_i64(batch->comm, RFM_MAX, pass->quoted, batch->files.n);
        rfm_comm_shared_close(batch->comm, &r.shared);
    }
    close_relay(&r);
    return err->status;
}
