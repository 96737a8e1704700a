/* Stage ingest: event files -> each owner's customers. Reads shards, folds them, settles
 * duplicates, brings customers to their owners and folds all onto an earlier state. */
#include "pass.h"

#include <string.h>

static void pass_free(rfm_pass *pass)
{
    rfm_plan_free(&pass->plan);
    rfm_table_close(pass->table);
    rfm_deduper_close(pass->deduper);
    rfm_ledger_free(&pass->kept);
    rfm_ledger_free(&pass->fresh);
    rfm_rejects_free(&pass->relayed);
    rounds_close(pass);
    free(pass->quoted);
    *pass = (rfm_pass){.batch = pass->batch};
}

static rfm_status fold(void *table, const rfm_events *events, rfm_error *err)
{
    return rfm_table_fold(table, events, err);
}

static rfm_status hold(void *deduper, const rfm_events *events, rfm_error *err)
{
    return rfm_deduper_add(deduper, events, err);
}

static void limit_memory(const rfm_batch *batch, const rfm_pass *pass)
{
    const char *scratch = scratch_directory(batch);
    if (pass->table)
        rfm_table_limit(pass->table, batch->job.memory_bytes, scratch);
    if (pass->deduper)
        rfm_deduper_limit(pass->deduper, batch->job.memory_bytes, scratch);
}

/* Collective. What earlier starts have read is in it. *twice: it is of no use, see rounds_open. */
static rfm_status pass_init(rfm_batch *batch, rfm_pass *pass, bool *twice, rfm_error *err)
{
    const rfm_input *input = &batch->job.input;
    pass->batch = batch;
    pass->quoted = rfm_alloc(batch->files.n, sizeof *pass->quoted, err);
    rfm_table_open(&batch->layout, input->id_kind, rfm_comm_size(batch->comm), &pass->table, err);
    if (input->dedupe != RFM_DEDUPE_NONE)
        rfm_deduper_open(input, rfm_comm_size(batch->comm), &pass->deduper, err);
    limit_memory(batch, pass);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK && rounds_open(pass, twice, err) == RFM_OK && !*twice)
        rfm_plan_make(&batch->files, rfm_comm_size(batch->comm), &pass->plan, err);
    return rfm_comm_agree(batch->comm, err);
}

/* Local: this rank's shards. */
static rfm_status read_shards(rfm_pass *pass, const rfm_reading *how, rfm_error *err)
{
    const int rank = rfm_comm_rank(pass->batch->comm);
    const rfm_plan *plan = &pass->plan;
    rfm_watch watch;
    watch_open(pass, &watch);
    for (size_t i = 0; i < plan->n && err->status == RFM_OK; i++) {
        if (plan->shards[i].rank != rank || plan->shards[i].relayed)
            continue;
        /* Small shards have no pause of their own. */
        if (pass->fresh.portions.n > 0 && rounds_are_due(pass) && rounds_pause(pass, err) != RFM_OK)
            break;
        rfm_shard_result result = {0};
        rfm_reading reading = *how;
        reading.shard = &plan->shards[i];
        reading.result = &result;
        reading.watch = watch_show;
        reading.watcher = &watch;
        rfm_shard_read(&reading, err);
        if (result.quoted_line_ends) {
            pass->quoted[plan->shards[i].file] = 1;
            break;
        }
    }
    return err->status;
}

/* Collective. Files in which any rank met a quoted line end are for one rank from now on. */
static bool mark_whole(rfm_batch *batch, rfm_pass *pass)
{
    bool any = false;
    rfm_comm_reduce_i64(batch->comm, RFM_MAX, pass->quoted, batch->files.n);
    for (size_t i = 0; i < batch->files.n; i++) {
        if (!pass->quoted[i])
            continue;
        rfm_log(RFM_LOG_INFO, "%s has line ends inside quotes, or very long rows: one rank reads it whole",
                batch->files.files[i].path);
        batch->files.files[i].whole = true;
        any = true;
    }
    return any;
}

/* A file that has to be read again, and all others with it. */
static bool is_in_vain(const rfm_pass *pass)
{
    for (size_t i = 0; i < pass->batch->files.n; i++)
        if (pass->quoted[i])
            return true;
    return false;
}

/* Local. */
static rfm_status read_mine(rfm_pass *pass, const rfm_reading *how, rfm_error *err)
{
    if (!is_in_vain(pass) && !pass->keeper.stops)
        read_shards(pass, how, err);
    if (err->status == RFM_STOPPED) /* between two rows: nothing has failed */
        *err = (rfm_error){0};
    return err->status;
}

/* Collective. Some ranks have a reason, and the lowest of them says so. */
static rfm_status end_stopped(rfm_comm *comm, const char *reason, const char *what, rfm_error *err)
{
    if (err->status == RFM_OK && (reason || rfm_comm_rank(comm) == rfm_comm_size(comm) - 1))
        rfm_fail(err, RFM_STOPPED, "stopped on request (%s) while %s: run it again to go on",
                 reason ? reason : "of another rank", what);
    return rfm_comm_agree(comm, err);
}

/* Collective. That the content of a file is broken may show long behind the place, as with the checksum at the end of
 * what is compressed: what was read of it is not to be trusted, and rounds do not tell which that is. */
static void drop_if_broken(rfm_pass *pass, const rfm_error *err)
{
    int64_t broken = err->status == RFM_DATA;
    rfm_error ignored = {0};
    rfm_comm_reduce_i64(pass->batch->comm, RFM_MAX, &broken, 1);
    if (broken)
        rounds_drop(pass, &ignored);
}

/* Collective. Everything that was read is in rounds; what a rank met a quoted line end in is of no use. Where a rank
 * has failed that is what is told, whatever became of the rounds of others. */
static rfm_status end_early(rfm_pass *pass, rfm_error *err)
{
    rfm_comm *comm = pass->batch->comm;
    rfm_error lost = {0};
    if (err->status == RFM_OK && !is_in_vain(pass))
        rounds_keep(pass, &lost);
    drop_if_broken(pass, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        return err->status;
    if (rfm_comm_agree(comm, &lost) != RFM_OK) {
        *err = lost;
        return err->status;
    }
    rounds_tell(pass);
    return end_stopped(comm, pass->keeper.reason, "reading", err);
}

static rfm_status read_once(rfm_batch *batch, rfm_pass *pass, bool *again, rfm_error *err)
{
    if (pass_init(batch, pass, again, err) != RFM_OK || *again)
        return err->status;
    const rfm_pause pause = {pass, rounds_are_due, rounds_pause};
    const rfm_reading how = {.input = &batch->job.input,
                             .files = &batch->files,
                             .sink = pass->deduper ? hold : fold,
                             .context = pass->deduper ? (void *)pass->deduper : (void *)pass->table,
                             .tally = &pass->fresh.tally,
                             .rejects = &pass->fresh.rejects,
                             .portions = &pass->fresh.portions,
                             .pause = &pause};
    if (relay_files(batch, pass, &how, err) == RFM_OK)
        read_mine(pass, &how, err);
    if (!rounds_meet(pass, err))
        return end_early(pass, err);
    if (rfm_comm_agree(batch->comm, err) == RFM_OK && mark_whole(batch, pass)) {
        *again = true;
        rounds_drop(pass, err);
    }
    return err->status;
}

/* Collective. The rest becomes a round too, where any rank wants that: then nothing that comes until the state is
 * published has to be finished before a stop. Where there are no rounds, reading took less than the time to the first,
 * and the rest of the stage a part of that. */
static rfm_status keep_rest(rfm_batch *batch, rfm_pass *pass, rfm_error *err)
{
    int64_t wanted = rounds_want_rest(pass);
    rfm_comm_reduce_i64(batch->comm, RFM_MAX, &wanted, 1);
    batch->safe = wanted;
    if (batch->safe)
        rounds_keep(pass, err);
    int64_t n_left = (int64_t)pass->fresh.portions.n; /* for want of room */
    if (err->status == RFM_OK && rfm_rejects_move(&pass->fresh.rejects, &pass->relayed, err) == RFM_OK)
        rfm_ledger_move(&pass->kept, &pass->fresh, err);
    rfm_comm_reduce_i64(batch->comm, RFM_MAX, &n_left, 1);
    batch->safe = batch->safe && n_left == 0;
    rounds_tell(pass);
    return rfm_comm_agree(batch->comm, err);
}

static rfm_status read_all(rfm_batch *batch, rfm_pass *pass, rfm_error *err)
{
    bool again = false;
    while (read_once(batch, pass, &again, err) == RFM_OK && again) {
        again = false;
        pass_free(pass);
    }
    return err->status ? err->status : keep_rest(batch, pass, err);
}

/* ---- what the files gave, as counts ----------------------------------------------------------------------------- */

enum { N_ROWS, N_EVENTS, N_FILTERED, N_AFTER_AS_OF, N_DUPLICATES, N_TOLD };

/* What there is none of is not told, but that nothing was rejected. */
static void tell_rows(const int64_t counts[N_TOLD], int64_t n_rejected)
{
    static const char *const words[N_TOLD] = {
        [N_FILTERED] = "filtered", [N_AFTER_AS_OF] = "after as_of", [N_DUPLICATES] = "duplicates"};
    rfm_text line = {0};
    rfm_text_addf(&line, "read     %lld rows: %lld events, %lld rejected", (long long)counts[N_ROWS],
                  (long long)counts[N_EVENTS], (long long)n_rejected);
    for (int i = N_FILTERED; i < N_TOLD; i++)
        if (counts[i] > 0)
            rfm_text_addf(&line, ", %lld %s", (long long)counts[i], words[i]);
    if (!line.failed)
        rfm_log(RFM_LOG_INFO, "%s", line.bytes);
    rfm_text_free(&line);
}

static void report_tally(rfm_batch *batch, const rfm_ledger *ledger, int64_t n_duplicates)
{
    const rfm_tally *local = &ledger->tally;
    int64_t counts[N_TOLD] = {local->n_rows, local->n_events - n_duplicates, local->n_filtered, local->n_after_as_of,
                              n_duplicates};
    static const char *const keys[N_TOLD] = {"n_rows", "n_events", "n_filtered", "n_after_as_of", "n_duplicates"};
    int64_t by_reason[RFM_N_REASONS], n_rejected = 0, n_bytes = 0;
    memcpy(by_reason, ledger->rejects.count, sizeof by_reason);
    rfm_comm_reduce_i64(batch->comm, RFM_SUM, counts, N_TOLD);
    rfm_comm_reduce_i64(batch->comm, RFM_SUM, by_reason, RFM_N_REASONS);
    for (int i = 0; i < N_TOLD; i++)
        rfm_report_integer(batch->run, keys[i], counts[i]);
    for (size_t i = 0; i < batch->files.n; i++)
        n_bytes += batch->files.files[i].size_bytes;
    rfm_report_integer(batch->run, "n_bytes", n_bytes);
    for (int i = 0; i < RFM_N_REASONS; i++) {
        char key[64];
        snprintf(key, sizeof key, "rejected.%s", rfm_reason_name((rfm_reason)i));
        rfm_report_integer(batch->run, key, by_reason[i]);
        n_rejected += by_reason[i];
    }
    rfm_report_integer(batch->run, "n_rejected", n_rejected);
    tell_rows(counts, n_rejected);
}

static void report_spilled(rfm_batch *batch, const rfm_pass *pass)
{
    int64_t bytes = rfm_table_spilled_bytes(pass->table);
    if (pass->deduper)
        bytes += rfm_deduper_spilled_bytes(pass->deduper);
    rfm_comm_reduce_i64(batch->comm, RFM_SUM, &bytes, 1);
    rfm_report_integer(batch->run, "spilled_bytes", bytes);
    if (bytes > 0)
        rfm_log(RFM_LOG_INFO, "spilled  %.0f MiB past input.memory", (double)bytes / 1048576);
}

static rfm_extent extent_of(const rfm_tally *tally)
{
    return (rfm_extent){.n_events = tally->n_events,
                        .earliest_us = tally->earliest_us,
                        .newest_us = tally->newest_us,
                        .n_with_time_of_day = tally->n_with_time_of_day,
                        .n_after_as_of = tally->n_after_as_of};
}

/* Collective. The rows that were read become this rank's frozen state; base keys decide duplicates
 * too. */
static rfm_status settle(rfm_batch *batch, rfm_pass *pass, const rfm_keys *base, rfm_error *err)
{
    batch->state.extent = extent_of(&pass->kept.tally);
    batch->bytes_read = pass->kept.tally.n_bytes - pass->n_bytes_before;
    int64_t n_duplicates = 0;
    if (pass->deduper) {
        rfm_survivors survivors;
        if (rfm_deduper_resolve(batch->comm, pass->deduper, base, fold, pass->table, &survivors, err) != RFM_OK)
            return err->status;
        batch->keys = survivors.keys;
        n_duplicates = survivors.n_duplicates;
        survivors.extent.n_with_time_of_day = pass->kept.tally.n_with_time_of_day;
        survivors.extent.n_after_as_of = pass->kept.tally.n_after_as_of;
        batch->state.extent = survivors.extent;
    }
    report_tally(batch, &pass->kept, n_duplicates);
    report_spilled(batch, pass);
    return rfm_table_settle(batch->comm, pass->table, 0, &batch->state, err);
}

/* Local: fold the new state onto the base. */
static rfm_status merge_base(rfm_batch *batch, rfm_state *base, rfm_error *err)
{
    rfm_state merged = {0};
    if (rfm_state_merge(base, &batch->state, &merged, err) == RFM_OK) {
        rfm_state_free(&batch->state);
        batch->state = merged;
    }
    return err->status;
}

static rfm_status check_any_events(const rfm_batch *batch, rfm_error *err)
{
    if (batch->state.extent.n_events > 0)
        return RFM_OK;
    return rfm_fail(err, RFM_DATA,
                    "no events in the input: %zu file%s, and no row was kept; look at input.rows, "
                    "features.as_of and rejects/",
                    batch->files.n, batch->files.n == 1 ? "" : "s");
}

/* ---- provenance ------------------------------------------------------------------------------------------------- */

static bool asks_to_stop(void *batch)
{
    return stop_reason(batch) != NULL;
}

static bool is_to_stop(void *context)
{
    rfm_batch *batch = context;
    return rfm_comm_bell(batch->comm, asks_to_stop(batch));
}

static rfm_status stop(void *batch, rfm_error *err)
{
    (void)batch;
    return rfm_fail(err, RFM_STOPPED, "stopped on request");
}

/* Collective. Every start reads all there is to read, so a request is heard meanwhile. */
static rfm_status hash_inputs(rfm_batch *batch, rfm_i128 *sums, rfm_error *err)
{
    rfm_comm *comm = batch->comm;
    const rfm_pause pause = {batch, is_to_stop, stop};
    if (sums)
        rfm_files_content(&batch->files, rfm_comm_rank(comm), rfm_comm_size(comm), &pause, sums, err);
    if (err->status == RFM_STOPPED)
        *err = (rfm_error){0};
    if (rfm_comm_meet(comm, asks_to_stop, batch))
        return end_stopped(comm, stop_reason(batch), "inputs were hashed", err);
    return rfm_comm_agree(comm, err);
}

/* Collective. A line a file: size, hash of the content, name. Rank r hashes every size-th block of
 * each file. */
static rfm_status list_inputs(rfm_batch *batch, rfm_text *lines, rfm_error *err)
{
    rfm_i128 *sums = rfm_alloc(batch->files.n, sizeof *sums, err);
    if (hash_inputs(batch, sums, err) == RFM_OK && sums) {
        rfm_comm_sum_i128(batch->comm, sums, batch->files.n);
        for (size_t i = 0; i < batch->files.n; i++)
            rfm_text_addf(lines, "%lld %016llx%016llx %s\n", (long long)batch->files.files[i].size_bytes,
                          (unsigned long long)((rfm_u128)sums[i] >> 64), (unsigned long long)sums[i],
                          batch->files.files[i].path);
        rfm_text_check(lines, err);
        rfm_comm_agree(batch->comm, err);
    }
    free(sums);
    return err->status;
}

static rfm_status make_provenance(rfm_batch *batch, rfm_error *err)
{
    rfm_text inputs = {0}, settings = {0};
    if (list_inputs(batch, &inputs, err) == RFM_OK) {
        make_settings(batch->config, &settings, err);
        batch->provenance.settings = settings.bytes ? rfm_copy_string(settings.bytes, err) : NULL;
        batch->provenance.inputs = rfm_copy_string(inputs.bytes ? inputs.bytes : "", err);
        batch->provenance.as_of_us = batch->job.as_of_rule.keep_until_us;
        rfm_comm_agree(batch->comm, err);
    }
    rfm_text_free(&inputs);
    rfm_text_free(&settings);
    return err->status;
}

/* ---- the stage -------------------------------------------------------------------------------------------------- */

static rfm_status ingest_events(rfm_batch *batch, rfm_pass *pass, rfm_error *err)
{
    const bool onto = batch->base.n > 0;
    const bool keep = rfm_config_boolean(batch->config, "output.state");
    rfm_state base = {0};
    rfm_keys base_keys = {0};
    if (keep || onto || rfm_customers_regroup(rfm_comm_size(batch->comm)))
        rfm_layout_keep_values(&batch->layout);
    if ((keep || onto) && make_provenance(batch, err) != RFM_OK)
        goto done;
    if (onto && onto_read(batch, &base, &base_keys, err) != RFM_OK)
        goto done;
    stop_heed(batch, false);
    if (read_all(batch, pass, err) != RFM_OK || rejects_publish(batch, &pass->kept, err) != RFM_OK)
        goto done;
    stop_heed(batch, batch->safe);
    if (settle(batch, pass, onto ? &base_keys : NULL, err) != RFM_OK)
        goto done;
    if (onto)
        merge_base(batch, &base, err);
    if (rfm_comm_agree(batch->comm, err) != RFM_OK || check_any_events(batch, err) != RFM_OK)
        goto done;
    if (keep)
        rfm_state_write(batch->comm, rfm_run_temporary(batch->run, "state.h5"), batch->job.stripe_bytes, &batch->state,
                        batch->job.input.dedupe == RFM_DEDUPE_NONE ? NULL : &batch->keys, &batch->provenance, err);
done:
    rfm_state_free(&base);
    rfm_keys_free(&base_keys);
    return err->status;
}

rfm_status ingest_make(rfm_batch *batch, rfm_error *err)
{
    if (batch->job.source == SOURCE_MATRIX)
        return RFM_OK;
    if (batch->job.source == SOURCE_STATE)
        return ingest_load(batch, err);
    rfm_pass pass = {.batch = batch};
    ingest_events(batch, &pass, err);
    /* Where there will be a state.h5, the rounds are about to go. */
    if (err->status == RFM_STOPPED || (err->status == RFM_OK && !rfm_config_boolean(batch->config, "output.state")))
        rounds_sync(&pass, err);
    pass_free(&pass);
    return err->status;
}

rfm_status ingest_load(rfm_batch *batch, rfm_error *err)
{
    const char *path =
        batch->job.source == SOURCE_STATE ? batch->files.files[0].path : rfm_run_path(batch->run, "state.h5");
    rfm_provenance provenance = {0};
    rfm_layout_keep_values(&batch->layout);
    if (rfm_state_read(batch->comm, path, &batch->layout, &batch->state, NULL, &provenance, err) == RFM_OK &&
        batch->job.source == SOURCE_STATE && check_zone(batch->job.zone_name, &provenance, path, err) == RFM_OK)
        check_as_of(&batch->job.as_of_rule, &batch->state.extent, &provenance, path, err);
    rfm_provenance_free(&provenance);
    return err->status;
}
