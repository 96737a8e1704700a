/* Progress: a fit that is stopped anywhere and taken up by ranks that share the rows in another way ends with the same
 * bits as one that was left alone. What was kept and is damaged is refused. */
#include "samples.h"

#include <stdlib.h>
#include <string.h>

/* Lets `patience` iterations and steps of seeding pass, then wishes. What was kept last is here. */
typedef struct keeper {
    int patience, n_kept;
    rfm_wish after;
    int rank; /* who wishes; -1: all */
    bool fails;
    rfm_text bytes;
} keeper;

static rfm_wish wish(void *context)
{
    keeper *self = context;
    const bool mine = self->rank < 0 || self->rank == rfm_comm_rank(comm);
    return self->patience-- > 0 || !mine ? RFM_WISH_NOTHING : self->after;
}

static rfm_status keep(void *context, const rfm_text *bytes, bool stops, rfm_error *err)
{
    keeper *self = context;
    assert_true(stops == (self->after == RFM_WISH_STOP));
    if (self->fails)
        return rfm_fail(err, RFM_IO, "the disk is full");
    self->bytes.length = 0;
    rfm_text_add(&self->bytes, bytes->bytes, bytes->length);
    assert_false(self->bytes.failed);
    self->n_kept++;
    return RFM_OK;
}

/* Rank 0's for all: they differ by seconds alone. */
static void share(rfm_text *bytes)
{
    int64_t length = (int64_t)bytes->length;
    rfm_comm_bcast(comm, 0, &length, sizeof length);
    assert_int_equal(length, bytes->length);
    rfm_comm_bcast(comm, 0, bytes->bytes, bytes->length);
}

static rfm_progress *open_progress(keeper *self, const test_trial *trial, const rfm_text *from)
{
    const rfm_keeper interface = {self, wish, keep};
    rfm_progress *progress = NULL;
    rfm_error err = {0};
    rfm_progress_open(&interface, &trial->matrix, from->bytes, from->length, &progress, &err);
    assert_fine(&err);
    return progress;
}

/* One start in the middle of others: true when it came to the end, with *hash; else *kept is what it left. */
static bool start(const test_sample *sample, int way, rfm_kmeans_options options, keeper *self, rfm_text *kept,
                  uint64_t *hash)
{
    test_trial trial;
    rfm_error err = {0};
    trial_make(sample, way, &trial);
    options.progress = open_progress(self, &trial, kept);
    trial_fit(sample, &options, &trial, &err);
    rfm_progress_close(options.progress);
    const bool done = err.status == RFM_OK;
    if (done)
        *hash = trial_hash(&trial, sample->n);
    else
        assert_failed(&err, RFM_STOPPED, "stopped on request");
    trial_free(&trial);
    if (self->n_kept > 0) {
        share(&self->bytes);
        rfm_text_free(kept);
        *kept = self->bytes;
        self->bytes = (rfm_text){0};
    }
    return done;
}

static uint64_t run_alone(const test_sample *sample, const rfm_kmeans_options *options)
{
    test_trial trial;
    trial_run(sample, 1, options, &trial);
    uint64_t hash = trial_hash(&trial, sample->n);
    trial_free(&trial);
    return hash;
}

/* Stopped after none, `step`, twice `step` ... iterations or steps of seeding, over and over until it is done: a
 * seeding is no longer than the longest. Returns how often. */
static int run_in_pieces(const test_sample *sample, const rfm_kmeans_options *options, int step, uint64_t *hash)
{
    enum { LONGEST = 12 };
    rfm_text kept = {0};
    int n = 0;
    for (bool done = false; !done; n++) {
        keeper self = {
            .patience = step * (n % (LONGEST + 1)), .after = RFM_WISH_STOP, .rank = n % (rfm_comm_size(comm) + 1) - 1};
        done = start(sample, n % WAYS, *options, &self, &kept, hash);
        rfm_text_free(&self.bytes);
        assert_true(n < 1000);
    }
    rfm_text_free(&kept);
    return n - 1;
}

static rfm_kmeans_options ask(int k, rfm_seeding seeding, int restarts)
{
    rfm_kmeans_options options = rfm_kmeans_defaults();
    options.k = k;
    options.seeding = seeding;
    options.restarts = restarts;
    options.tolerance = 0;
    return options;
}

static void a_fit_in_pieces_ends_with_the_same_bits(void **state)
{
    (void)state;
    static const test_kind kinds[] = {KIND_CLUSTERED, KIND_EVEN, KIND_DUPLICATE, KIND_OFFSET};
    for (uint64_t i = 0; i < some(12); i++) {
        test_sample sample = sample_make(kinds[i % 4], i, 200 + 100 * (size_t)(i % 3), 1 + (int)(i % 4));
        rfm_kmeans_options options = ask(3 + (int)(i % 7), (rfm_seeding)(i % 3), 1 + (int)(i % 3));
        options.seed = i;
        const uint64_t alone = run_alone(&sample, &options);
        for (int step = 1; step <= 9; step += 4) {
            uint64_t hash = 0;
            int stops = run_in_pieces(&sample, &options, step, &hash);
            assert_int_equal(hash, alone);
            assert_true(stops > 0 || step > 1 || kinds[i % 4] == KIND_DUPLICATE);
        }
        sample_free(&sample);
    }
}

static void keeping_changes_nothing_and_goes_on(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_CLUSTERED, 5, 500, 3);
    rfm_kmeans_options options = ask(8, RFM_SEEDING_PLUSPLUS, 2);
    keeper self = {.after = RFM_WISH_KEEP, .rank = 0};
    rfm_text kept = {0};
    uint64_t hash = 0;
    assert_true(start(&sample, 1, options, &self, &kept, &hash));
    assert_int_equal(hash, run_alone(&sample, &options));
    assert_true(self.n_kept > 3);
    rfm_text_free(&kept);
    sample_free(&sample);
}

/* A finished fit is read, not made again: it asks for nothing on its way. */
static void finished_fits_are_remembered(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_CLUSTERED, 6, 400, 2);
    rfm_kmeans_options options = ask(5, RFM_SEEDING_PARALLEL, 2), next = ask(6, RFM_SEEDING_PARALLEL, 1);
    keeper first = {.after = RFM_WISH_NOTHING, .rank = -1}, second = {.after = RFM_WISH_STOP, .rank = -1};
    rfm_text none = {0};
    rfm_error err = {0};
    test_trial trial, again;
    trial_make(&sample, 1, &trial);
    options.progress = next.progress = open_progress(&first, &trial, &none);
    trial_fit(&sample, &options, &trial, &err);
    const uint64_t hash = trial_hash(&trial, sample.n);
    trial_free(&trial);
    trial_make(&sample, 1, &trial);
    first.after = RFM_WISH_STOP;
    first.patience = 1;
    trial_fit(&sample, &next, &trial, &err);
    assert_failed(&err, RFM_STOPPED, "6 clusters");
    rfm_progress_close(options.progress);
    share(&first.bytes);
    trial_make(&sample, 2, &again);
    options.progress = open_progress(&second, &again, &first.bytes);
    trial_fit(&sample, &options, &again, &err);
    assert_fine(&err);
    assert_int_equal(trial_hash(&again, sample.n), hash);
    rfm_progress_close(options.progress);
    trial_free(&trial);
    trial_free(&again);
    rfm_text_free(&first.bytes);
    sample_free(&sample);
}

static rfm_text keep_one(const test_sample *sample, const rfm_kmeans_options *options, int patience)
{
    rfm_text kept = {0};
    uint64_t hash;
    keeper self = {.patience = patience, .after = RFM_WISH_STOP, .rank = -1};
    assert_false(start(sample, 1, *options, &self, &kept, &hash));
    return kept;
}

/* Every byte changed, every end cut off: an error or a fit, never more than that. */
static void what_is_damaged_is_refused(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_CLUSTERED, 7, 60, 2);
    rfm_kmeans_options options = ask(4, RFM_SEEDING_PLUSPLUS, 2);
    options.max_iterations = 20;
    rfm_text kept = keep_one(&sample, &options, 6);
    int refused = 0;
    for (size_t i = 0; i<2 * kept.length; i += rfm_comm_size(comm)> 1 ? 7 : 1) {
        keeper self = {.patience = 1000000};
        rfm_text bytes = {0};
        rfm_error err = {0};
        test_trial trial;
        rfm_text_add(&bytes, kept.bytes, kept.length);
        if (i < kept.length)
            bytes.bytes[i] = (char)(bytes.bytes[i] ^ (1 << i % 8));
        else
            bytes.length = i - kept.length;
        trial_make(&sample, 1, &trial);
        const rfm_keeper interface = {&self, wish, keep};
        if (rfm_progress_open(&interface, &trial.matrix, bytes.bytes, bytes.length, &options.progress, &err) == RFM_OK)
            trial_fit(&sample, &options, &trial, &err);
        if (err.status != RFM_OK) {
            assert_int_equal(err.status, RFM_DATA);
            refused++;
        }
        rfm_progress_close(options.progress);
        options.progress = NULL;
        trial_free(&trial);
        rfm_text_free(&bytes);
    }
    assert_true(refused > 0);
    rfm_text_free(&kept);
    sample_free(&sample);
}

static void a_keeper_that_fails_ends_the_fit(void **state)
{
    (void)state;
    test_sample sample = sample_make(KIND_CLUSTERED, 8, 100, 2);
    rfm_kmeans_options options = ask(4, RFM_SEEDING_PLUSPLUS, 1);
    keeper self = {.patience = 1, .after = RFM_WISH_STOP, .rank = -1, .fails = true};
    rfm_text none = {0};
    rfm_error err = {0};
    test_trial trial;
    trial_make(&sample, 1, &trial);
    options.progress = open_progress(&self, &trial, &none);
    trial_fit(&sample, &options, &trial, &err);
    assert_failed(&err, RFM_IO, "the disk is full");
    rfm_progress_close(options.progress);
    trial_free(&trial);
    sample_free(&sample);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fit_in_pieces_ends_with_the_same_bits),
        cmocka_unit_test(keeping_changes_nothing_and_goes_on),
        cmocka_unit_test(finished_fits_are_remembered),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(a_keeper_that_fails_ends_the_fit),
    };
    return run_session(argc, argv, tests, sizeof tests / sizeof *tests);
}
