/* rounds: when what was read is kept for a later start, what that is, and how it comes back.
 *
 * A round is Local: what a rank has read since its last one, as customers (or, with dedupe, as events) in the order of
 * their hash, and a ledger of which parts of which files that was. Events fold in any order, so rounds of any ranks
 * and starts add up, and the next start reads what none of them has.
 *
 *     body   the shelf of table or deduper        meta   | bytes of ledger 8 | ledger | index of the shelf |
 */
#include "pass.h"

#include <string.h>

static const double SHARE = 50;    /* the time of a start is this many times what its rounds cost */
static const double COSTS = 2.5;   /* times its writing, at most: it is read back and merged */
static const double SOON_S = 15;   /* what takes no longer has no need of being given up for a stop */
static const double LOOK_S = 0.02; /* between two looks for a request to stop */
static const char WHAT[] = "a checkpoint of what was read; output.checkpoint: 0 makes none";

/* ---- when ------------------------------------------------------------------------------------------------------- */

static const char *look(rfm_pass *pass)
{
    rfm_round_keeper *keeper = &pass->keeper;
    if (!keeper->reason)
        keeper->reason = stop_reason(pass->batch);
    return keeper->reason;
}

static bool asks_to_stop(void *context)
{
    rfm_pass *pass = context;
    return look(pass) || pass->keeper.failed || pass->keeper.stops;
}

static bool is_to_stop(rfm_pass *pass, double now_s)
{
    rfm_round_keeper *keeper = &pass->keeper;
    if (!keeper->stops && now_s - keeper->looked_s >= LOOK_S) {
        keeper->looked_s = now_s;
        keeper->stops = rfm_comm_bell(pass->batch->comm, asks_to_stop(pass));
    }
    return keeper->stops;
}

/* What comes behind reading, merging above all, takes about as long as what is merged has cost. Nobody knows that of
 * rounds of an earlier start, and of a base. Of two rounds in ten minutes this spares one. */
bool rounds_want_rest(const rfm_pass *pass)
{
    const rfm_round_keeper *keeper = &pass->keeper;
    const bool is_long = keeper->n_earlier > 0 || pass->batch->base.n > 0 || keeper->spent_s >= SOON_S;
    return keeper->least_s > 0 && pass->kept.portions.n > 0 && is_long;
}

/* With this one, and the one that the rest may be. */
static bool are_worth_it(const rfm_round_keeper *keeper, double now_s)
{
    return SHARE * (keeper->spent_s + 2 * keeper->cost_s) <= now_s - keeper->began_s;
}

bool rounds_are_due(void *context)
{
    rfm_pass *pass = context;
    rfm_round_keeper *keeper = &pass->keeper;
    const double now_s = rfm_clock_s();
    switch (trial_look(&pass->batch->stop.trial)) {
    case TRIAL_STOP:
        keeper->reason = "RFMPI_TRIAL";
        keeper->looked_s = 0;
        break;
    case TRIAL_KEEP:
        return true;
    case TRIAL_NOTHING:
        break;
    }
    return is_to_stop(pass, now_s) ||
           (keeper->least_s > 0 && now_s - keeper->last_s >= keeper->least_s && are_worth_it(keeper, now_s));
}

bool rounds_meet(rfm_pass *pass, const rfm_error *err)
{
    pass->keeper.failed = err->status != RFM_OK;
    /* What was agreed on before stays: the bell has been silent since. */
    pass->keeper.stops |= rfm_comm_meet(pass->batch->comm, asks_to_stop, pass);
    return !pass->keeper.stops;
}

/* Not worth the run; all that is lost is time. */
static void pass_over(rfm_round_keeper *keeper, rfm_error *failed, const char *what)
{
    rfm_error_context(failed, "%s", what);
    if (!keeper->useless.status)
        keeper->useless = *failed;
}

/* Only rank 0 speaks. */
void rounds_tell(rfm_pass *pass)
{
    rfm_comm *comm = pass->batch->comm;
    rfm_error *told = &pass->keeper.useless;
    int64_t lowest = told->status ? rfm_comm_rank(comm) : rfm_comm_size(comm), n = told->status != RFM_OK;
    rfm_comm_reduce_i64(comm, RFM_MIN, &lowest, 1);
    rfm_comm_reduce_i64(comm, RFM_SUM, &n, 1);
    if (n == 0)
        return;
    rfm_comm_bcast(comm, (int)lowest, told, sizeof *told);
    rfm_log(RFM_LOG_WARN, "%s (%lld of %d ranks)", told->message, (long long)n, rfm_comm_size(comm));
    *told = (rfm_error){0};
}

/* ---- out -------------------------------------------------------------------------------------------------------- */

/* Files that one rank must read whole, which may have shown only while reading: once is enough. */
static rfm_status note_whole_files(rfm_pass *pass, rfm_error *err)
{
    const rfm_files *files = &pass->batch->files;
    for (size_t i = 0; i < files->n && !pass->keeper.whole_noted && err->status == RFM_OK; i++)
        if (files->files[i].whole)
            rfm_portions_add(&pass->fresh.portions, (rfm_portion){.file = (int64_t)i, .whole = 1}, err);
    pass->keeper.whole_noted = true;
    return err->status;
}

/* What it will take. Rejects that came by relay stay apart: those that are kept must not depend on whether there
 * was room. */
static rfm_status measure_ledger(rfm_pass *pass, size_t *n_bytes, rfm_error *err)
{
    rfm_text bytes = {0};
    rfm_rejects_pack(&pass->relayed, &bytes);
    if (note_whole_files(pass, err) == RFM_OK)
        rfm_ledger_pack(&pass->fresh, &bytes, err);
    *n_bytes = sizeof(uint64_t) + bytes.length;
    rfm_text_free(&bytes);
    return err->status;
}

static rfm_status pack_ledger(rfm_pass *pass, rfm_text *meta, rfm_error *err)
{
    uint64_t n_bytes = 0;
    rfm_text_add(meta, &n_bytes, sizeof n_bytes);
    if (rfm_rejects_move(&pass->fresh.rejects, &pass->relayed, err) != RFM_OK ||
        rfm_ledger_pack(&pass->fresh, meta, err) != RFM_OK)
        return err->status;
    n_bytes = meta->length - sizeof n_bytes;
    memcpy(meta->bytes, &n_bytes, sizeof n_bytes);
    return RFM_OK;
}

static rfm_status write_round(rfm_pass *pass, rfm_text *meta, rfm_error *err)
{
    rfm_round_keeper *keeper = &pass->keeper;
    keeper->shelf = (rfm_scratch){.path = keeper->rounds.path,
                                  .what = WHAT,
                                  .file = keeper->rounds.file,
                                  .n_bytes = rfm_rounds_body(&keeper->rounds),
                                  .limit = keeper->rounds.limit};
    if (pack_ledger(pass, meta, err) != RFM_OK)
        return err->status;
    if (pass->deduper)
        rfm_deduper_shelve(pass->deduper, &keeper->shelf, meta, err);
    else
        rfm_table_shelve(pass->table, &keeper->shelf, meta, err);
    return err->status ? err->status : rfm_rounds_append(&keeper->rounds, keeper->shelf.n_bytes, meta, err);
}

static rfm_status make_room(rfm_pass *pass, size_t ledger, rfm_error *err)
{
    rfm_round_keeper *keeper = &pass->keeper;
    size_t index;
    const size_t body = pass->deduper ? rfm_deduper_unshelved_bytes(pass->deduper, &index)
                                      : rfm_table_unshelved_bytes(pass->table, &index);
    if (!keeper->rounds.path && rfm_rounds_create(pass->batch->run, &keeper->origin, &keeper->rounds, err) != RFM_OK)
        return err->status;
    /* Repeats may go on the way, and then less is written: whoever is about to stop tries what there is. */
    return keeper->stops ? RFM_OK : rfm_rounds_reserve(&keeper->rounds, body, ledger + index, err);
}

/* To what is in rounds: of 600 of them there are no more rejects than of one. */
static rfm_status add_kept(rfm_pass *pass, rfm_ledger *ledger, rfm_error *err)
{
    rfm_ledger_move(&pass->kept, ledger, err);
    rejects_cut(&pass->kept.rejects);
    return err->status;
}

static rfm_status move_ledger(rfm_pass *pass, rfm_error *err)
{
    add_kept(pass, &pass->fresh, err);
    pass->fresh.rejects.cap = pass->relayed.cap = REJECTS_KEPT;
    return err->status;
}

rfm_status rounds_keep(rfm_pass *pass, rfm_error *err)
{
    rfm_round_keeper *keeper = &pass->keeper;
    rfm_kept *kept = &pass->batch->kept;
    const double start_s = rfm_clock_s();
    rfm_text meta = {0};
    rfm_error failed = {0};
    size_t ledger = 0;
    if (pass->fresh.portions.n == 0)
        return RFM_OK;
    /* The last one was on its way to the disk while events were read. */
    if (rfm_rounds_sync(&keeper->rounds, err) != RFM_OK)
        return err->status;
    const double synced_s = rfm_clock_s();
    /* What fails here costs nothing but the way back, and the next one may find room. */
    const int64_t before = keeper->rounds.end;
    if (measure_ledger(pass, &ledger, err) == RFM_OK && make_room(pass, ledger, &failed) != RFM_OK && keeper->stops)
        rfm_fail(err, failed.status, "stopped without a checkpoint: %s", failed.message);
    else if (failed.status)
        pass_over(keeper, &failed, "no checkpoint");
    else if (err->status == RFM_OK && write_round(pass, &meta, err) == RFM_OK && move_ledger(pass, err) == RFM_OK) {
        kept->n_written++;
        kept->n_bytes += keeper->rounds.end - before;
    }
    rfm_text_free(&meta);
    keeper->last_s = rfm_clock_s();
    keeper->cost_s = synced_s - start_s + COSTS * (keeper->last_s - synced_s);
    keeper->spent_s += keeper->cost_s;
    kept->seconds += keeper->last_s - start_s;
    return err->status;
}

rfm_status rounds_sync(rfm_pass *pass, rfm_error *err)
{
    rfm_error lost = {0};
    stop_heed(pass->batch, false); /* the same request would be told again */
    rfm_rounds_sync(&pass->keeper.rounds, &lost);
    if (rfm_comm_agree(pass->batch->comm, &lost) != RFM_OK) {
        rfm_error_context(&lost, "stopped without a checkpoint");
        *err = lost;
    }
    return err->status;
}

rfm_status rounds_pause(void *context, rfm_error *err)
{
    rfm_pass *pass = context;
    if (pass->keeper.stops)
        return rfm_fail(err, RFM_STOPPED, "stopped on request");
    return rounds_keep(pass, err);
}

/* ---- back ------------------------------------------------------------------------------------------------------- */

/* Of one round. What cannot be used is as if it were not there. */
static rfm_status take_round(rfm_pass *pass, const rfm_scratch *shelf, const rfm_text *meta, rfm_error *err)
{
    rfm_ledger ledger = {0};
    rfm_error useless = {0};
    uint64_t n_bytes = 0;
    if (meta->length >= sizeof n_bytes)
        memcpy(&n_bytes, meta->bytes, sizeof n_bytes);
    if (meta->length < sizeof n_bytes || n_bytes > meta->length - sizeof n_bytes)
        rfm_fail(&useless, RFM_DATA, "no ledger");
    const char *at = meta->bytes + sizeof n_bytes;
    if (!useless.status)
        rfm_ledger_unpack(at, n_bytes, &pass->batch->files, &ledger, &useless);
    const size_t n_index = meta->length - sizeof n_bytes - n_bytes;
    if (!useless.status && pass->deduper)
        rfm_deduper_unshelve(pass->deduper, shelf, at + n_bytes, n_index, &useless);
    else if (!useless.status)
        rfm_table_unshelve(pass->table, shelf, at + n_bytes, n_index, &useless);
    if (!useless.status)
        add_kept(pass, &ledger, err);
    else if (useless.status == RFM_NO_MEMORY)
        *err = useless;
    else
        pass_over(&pass->keeper, &useless, "a checkpoint is damaged, and not used");
    rfm_ledger_free(&ledger);
    return err->status;
}

/* All rounds of one that is open; *any: there are some. */
static rfm_status take_rounds(rfm_pass *pass, rfm_rounds *rounds, rfm_scratch *shelf, bool *any, rfm_error *err)
{
    rfm_text meta = {0};
    rfm_error torn = {0};
    bool found = true;
    *any = false;
    while (err->status == RFM_OK && rfm_rounds_next(rounds, &meta, &found, &torn) == RFM_OK && found) {
        shelf->n_bytes = rounds->end;
        *any = true;
        if (look(pass))
            rfm_fail(err, RFM_STOPPED, "stopped on request (%s) while rounds were read: run it again to go on",
                     pass->keeper.reason);
        else
            take_round(pass, shelf, &meta, err);
    }
    if (torn.status == RFM_NO_MEMORY)
        *err = torn;
    else if (torn.status)
        pass_over(&pass->keeper, &torn, "a checkpoint is damaged");
    rfm_text_free(&meta);
    return err->status;
}

/* Where it has rounds it stays, for table and deduper to read from. */
static rfm_status take_region(rfm_pass *pass, const rfm_rounds_place *place, rfm_error *err)
{
    rfm_round_keeper *keeper = &pass->keeper;
    rfm_rounds *rounds = &keeper->earlier[keeper->n_earlier];
    rfm_scratch *shelf = &keeper->shelves[keeper->n_earlier];
    rfm_error useless = {0};
    bool any;
    if (rfm_rounds_open(place, &keeper->origin, rounds, &useless) == RFM_NO_MEMORY)
        return rfm_fail(err, useless.status, "%s", useless.message);
    if (useless.status) {
        pass_over(keeper, &useless, "a checkpoint is not used");
        return RFM_OK;
    }
    *shelf = (rfm_scratch){.path = rounds->path, .what = WHAT, .file = rounds->file};
    take_rounds(pass, rounds, shelf, &any, err);
    if (any)
        keeper->n_earlier++;
    any ? rfm_rounds_rest(rounds) : rfm_rounds_close(rounds);
    shelf->file = rounds->file;
    return err->status;
}

static rfm_status take_regions(rfm_pass *pass, const rfm_rounds_place *places, size_t n, rfm_error *err)
{
    pass->keeper.earlier = rfm_alloc(n, sizeof *pass->keeper.earlier, err);
    pass->keeper.shelves = rfm_alloc(n, sizeof *pass->keeper.shelves, err);
    for (size_t i = 0; i < n && err->status == RFM_OK; i++)
        take_region(pass, &places[i], err);
    return err->status;
}

static rfm_portions portions_in(const rfm_text *bytes)
{
    return (rfm_portions){.list = (rfm_portion *)(void *)bytes->bytes, .n = bytes->length / sizeof(rfm_portion)};
}

/* Rounds go on where others ended, so that of 10^8 of them a few portions a file are left. */
static rfm_status join_portions(void *unused, rfm_text *bytes, rfm_error *err)
{
    rfm_portions portions = portions_in(bytes);
    (void)unused;
    rfm_portions_join(&portions);
    bytes->length = portions.n * sizeof *portions.list;
    return err->status;
}

/* Collective. What all ranks have taken comes to all; the caller frees. */
static rfm_status gather_portions(rfm_comm *comm, const rfm_portions *mine, rfm_text *bytes, rfm_error *err)
{
    rfm_text_add(bytes, mine->list, mine->n * sizeof *mine->list);
    if (rfm_text_check(bytes, err) == RFM_OK)
        join_portions(NULL, bytes, err);
    if (rfm_comm_collect(comm, bytes, join_portions, NULL, err) != RFM_OK)
        return err->status;
    if (rfm_comm_rank(comm) != 0)
        rfm_text_free(bytes);
    void *all = bytes->bytes;
    if (rfm_comm_share(comm, 0, &all, &bytes->length, err) == RFM_OK)
        bytes->bytes = all;
    return err->status;
}

/* Collective. What any rank has taken is done for all. *twice: rounds contradict each other. */
static rfm_status mark_done(rfm_pass *pass, bool *twice, rfm_error *err)
{
    rfm_comm *comm = pass->batch->comm;
    rfm_text bytes = {0};
    rfm_error apart = {0};
    if (gather_portions(comm, &pass->kept.portions, &bytes, err) == RFM_OK) {
        rfm_portions portions = portions_in(&bytes);
        rfm_files_mark(&pass->batch->files, &portions, &apart);
    }
    *twice = apart.status == RFM_DATA;
    if (*twice)
        rfm_log(RFM_LOG_WARN, "%s: %s; nothing of it is used", rfm_run_path(pass->batch->run, RFM_ROUNDS),
                apart.message);
    else if (apart.status)
        *err = apart;
    rfm_text_free(&bytes);
    return rfm_comm_agree(comm, err);
}

static void report_taken(rfm_pass *pass)
{
    int64_t n_rows = pass->kept.tally.n_rows;
    pass->n_bytes_before = pass->kept.tally.n_bytes;
    rounds_tell(pass);
    rfm_comm_reduce_i64(pass->batch->comm, RFM_SUM, &n_rows, 1);
    rfm_report_integer(pass->batch->run, "checkpoints.rows_resumed", n_rows);
    rfm_log(RFM_LOG_INFO, "going on  after %lld rows that an earlier start has read", (long long)n_rows);
}

static rfm_status take_earlier(rfm_pass *pass, bool *twice, rfm_error *err)
{
    rfm_batch *batch = pass->batch;
    rfm_rounds_place *places = NULL;
    size_t n = 0;
    if (rfm_rounds_list(batch->run, &places, &n, err) == RFM_OK) {
        take_regions(pass, places, n, err);
        if (rfm_comm_agree(batch->comm, err) == RFM_OK && mark_done(pass, twice, err) == RFM_OK && !*twice)
            report_taken(pass);
    }
    rfm_rounds_list_free(&places, &n);
    return err->status;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static rfm_status make_rounds_origin(rfm_pass *pass, rfm_error *err)
{
    const rfm_batch *batch = pass->batch;
    const bool state = rfm_config_boolean(batch->config, "output.state");
    const bool groups = rfm_customers_regroup(rfm_comm_size(batch->comm));
    make_unfinished_origin(batch, UP_TO_STATE, &pass->keeper.origin, err);
    /* Without it values are counted that state.h5, or a group of ranks, would have to have. */
    if (err->status == RFM_OK &&
        rfm_origin_add(&pass->keeper.origin, "output.state", state ? "true" : "false", err) == RFM_OK && !state)
        rfm_origin_add(&pass->keeper.origin, "number of ranks",
                       groups ? "so high that they form groups" : "below that of groups", err);
    return err->status;
}

rfm_status rounds_open(rfm_pass *pass, bool *twice, rfm_error *err)
{
    rfm_batch *batch = pass->batch;
    bool present = false;
    *twice = false;
    pass->keeper.least_s = rfm_config_number(batch->config, "output.checkpoint");
    pass->fresh.rejects.cap = pass->relayed.cap = REJECTS_KEPT;
    pass->keeper.rounds.file = -1;
    make_rounds_origin(pass, err);
    if (rfm_comm_agree(batch->comm, err) != RFM_OK ||
        rfm_run_find(batch->run, RFM_ROUNDS, &pass->keeper.origin, batch->force, &present, err) != RFM_OK)
        return err->status;
    if (present)
        take_earlier(pass, twice, err);
    if (err->status == RFM_OK && (!present || *twice))
        rounds_drop(pass, err);
    pass->keeper.began_s = pass->keeper.last_s = rfm_clock_s();
    return err->status;
}

rfm_status rounds_drop(rfm_pass *pass, rfm_error *err)
{
    rfm_run *run = pass->batch->run;
    rfm_files_mark(&pass->batch->files, &(rfm_portions){0}, err); /* which cannot fail */
    if (rfm_run_drop(run, RFM_ROUNDS, err) == RFM_OK)
        rfm_run_note(run, RFM_ROUNDS, &pass->keeper.origin, err);
    return err->status;
}

void rounds_close(rfm_pass *pass)
{
    rfm_round_keeper *keeper = &pass->keeper;
    rfm_rounds_close(&keeper->rounds);
    for (size_t i = 0; i < keeper->n_earlier; i++)
        rfm_rounds_close(&keeper->earlier[i]);
    free(keeper->earlier);
    free(keeper->shelves);
    rfm_origin_free(&keeper->origin);
    *keeper = (rfm_round_keeper){0};
}
