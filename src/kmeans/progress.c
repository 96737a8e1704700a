/* Progress of fits as bytes, the same on all ranks but for the seconds, and of use to any number of ranks:
 *
 *     magic | rows of all ranks | columns | fits | fit ... ; a fit: k | seed | length | content
 *
 * Finished fits stay, for a sweep has many. One function says what a fit's content is, for writing and for reading.
 * Knows nothing of files. */
#include "progress.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t MAGIC = INT64_C(0x3173746966504652); /* "RFPfits1" on a little-endian machine */
static const int64_t STOP = INT64_C(1) << 32;             /* in a word that also counts who wishes to keep */

typedef struct record {
    int64_t k, seed;
    rfm_text content;
} record;

struct rfm_progress {
    rfm_keeper keeper;
    int64_t n_global, d;
    record *records;
    size_t n, capacity;
    rfm_fit *fit; /* in hand */
};

/* ---- a tape: written to its end, or read from its start --------------------------------------------------------- */

typedef struct tape {
    rfm_text *out; /* NULL: reading */
    const char *in;
    size_t left;
    bool broken; /* while reading: too short, or holds what cannot be */
} tape;

static void pass(tape *self, void *bytes, size_t n)
{
    if (n == 0) /* of an array that may not be there */
        return;
    if (self->out) {
        rfm_text_add(self->out, bytes, n);
    } else if (self->broken || n > self->left) {
        self->broken = true;
    } else {
        memcpy(bytes, self->in, n);
        self->in += n;
        self->left -= n;
    }
}

/* An integer within limits. */
static void pass_integer(tape *self, int64_t *value, int64_t least, int64_t most)
{
    pass(self, value, sizeof *value);
    rfm_assert(!self->out || (*value >= least && *value <= most));
    self->broken = self->broken || *value < least || *value > most;
}

static void pass_int(tape *self, int *value, int least, int most)
{
    int64_t wide = *value;
    pass_integer(self, &wide, least, most);
    *value = self->broken ? least : (int)wide;
}

static void pass_boolean(tape *self, bool *value)
{
    int wide = *value;
    pass_int(self, &wide, 0, 1);
    *value = wide != 0;
}

static void pass_numbers(tape *self, double *values, size_t n)
{
    pass(self, values, n * sizeof *values);
    for (size_t i = 0; !self->broken && i < n; i++)
        self->broken = !(fabs(values[i]) <= DBL_MAX);
}

/* ---- what a fit is at ------------------------------------------------------------------------------------------- */

static rfm_status pass_course(tape *self, const rfm_fit *fit, rfm_course *course, rfm_error *err)
{
    pass_int(self, &course->k, 0, fit->options->k);
    pass_int(self, &course->iterations, 0, fit->options->max_iterations);
    pass_boolean(self, &course->converged);
    pass_boolean(self, &course->settled);
    pass_numbers(self, &course->inertia, 1);
    pass_numbers(self, &course->seconds, 1);
    const size_t n = (size_t)course->iterations, words = (size_t)course->k * (size_t)fit->work->matrix->d;
    if (self->broken || (!self->out && n > self->left / sizeof(double))) {
        self->broken = true;
        return RFM_OK;
    }
    if (rfm_reserve(&course->trace, &course->trace_capacity, n, sizeof *course->trace, err))
        return err->status;
    pass_numbers(self, course->trace, n);
    pass_numbers(self, course->centroids, words);
    pass_numbers(self, course->before, words);
    return RFM_OK;
}

static void pass_search(tape *self, const rfm_fit *fit, rfm_searching *search)
{
    const int k = fit->best.k;
    pass_integer(self, &search->round, 0, UINT32_MAX);
    pass_integer(self, &search->found, 0, search->round);
    pass_int(self, &search->most, 0, k);
    pass_int(self, &search->failures, 0, INT_MAX);
    for (int c = 0; c < k; c++)
        pass_int(self, &search->failed[c], 0, INT_MAX);
}

static rfm_status pass_fit(tape *self, rfm_fit *fit, rfm_error *err)
{
    int phase = (int)fit->phase, restarts = fit->options->restarts;
    pass_int(self, &phase, RFM_PHASE_RESTARTS, RFM_PHASE_DONE);
    pass_int(self, &fit->restart, 0, restarts);
    pass_int(self, &fit->effort.restart, 0, restarts);
    pass_numbers(self, &fit->effort.seconds_seed, 1);
    pass_numbers(self, &fit->effort.seconds_iterate, 1);
    pass_numbers(self, &fit->effort.seconds_search, 1);
    pass_integer(self, &fit->effort.iterations, 0, INT64_MAX);
    pass_integer(self, &fit->effort.iterations_search, 0, INT64_MAX);
    fit->phase = (rfm_phase)phase;
    if (pass_course(self, fit, &fit->best, err))
        return err->status;
    if (!self->broken && fit->phase != RFM_PHASE_DONE && pass_course(self, fit, &fit->course, err))
        return err->status;
    if (!self->broken && fit->phase == RFM_PHASE_SEARCH)
        pass_search(self, fit, &fit->search);
    self->broken = self->broken || (fit->phase != RFM_PHASE_RESTARTS && fit->best.k < 1);
    return RFM_OK;
}

/* ---- the fits --------------------------------------------------------------------------------------------------- */

void rfm_progress_close(rfm_progress *progress)
{
    if (!progress)
        return;
    for (size_t i = 0; i < progress->n; i++)
        rfm_text_free(&progress->records[i].content);
    free(progress->records);
    free(progress);
}

static record *add_record(rfm_progress *self, int64_t k, int64_t seed, rfm_error *err)
{
    if (rfm_reserve(&self->records, &self->capacity, self->n + 1, sizeof *self->records, err))
        return NULL;
    self->records[self->n] = (record){.k = k, .seed = seed};
    return &self->records[self->n++];
}

static rfm_status read_record(rfm_progress *self, tape *from, rfm_error *err)
{
    int64_t k, seed, length = 0;
    pass_integer(from, &k, 1, INT_MAX);
    pass_integer(from, &seed, INT64_MIN, INT64_MAX);
    pass_integer(from, &length, 0, INT64_MAX);
    from->broken = from->broken || (uint64_t)length > from->left;
    record *fresh = from->broken ? NULL : add_record(self, k, seed, err);
    if (!fresh)
        return err->status;
    rfm_text_add(&fresh->content, from->in, (size_t)length);
    from->in += length;
    from->left -= (size_t)length;
    return rfm_text_check(&fresh->content, err);
}

static rfm_status read_all(rfm_progress *self, const void *bytes, size_t n_bytes, rfm_error *err)
{
    tape from = {.in = bytes, .left = n_bytes};
    int64_t magic, n_global, d, n = 0;
    pass_integer(&from, &magic, MAGIC, MAGIC);
    pass_integer(&from, &n_global, self->n_global, self->n_global);
    pass_integer(&from, &d, self->d, self->d);
    pass_integer(&from, &n, 0, INT64_MAX);
    for (int64_t i = 0; i < n && !from.broken && !err->status; i++)
        read_record(self, &from, err);
    if (!err->status && (from.broken || from.left > 0))
        rfm_fail(err, RFM_DATA, "the progress of another fit, or damaged");
    return err->status;
}

rfm_status rfm_progress_open(const rfm_keeper *keeper, const rfm_matrix *matrix, const void *bytes, size_t n_bytes,
                             rfm_progress **progress, rfm_error *err)
{
    rfm_progress *self = rfm_alloc(1, sizeof *self, err);
    *progress = NULL;
    if (!self)
        return err->status;
    *self = (rfm_progress){.keeper = *keeper, .n_global = matrix->n_global, .d = matrix->d};
    if (bytes && read_all(self, bytes, n_bytes, err)) {
        rfm_progress_close(self);
        return err->status;
    }
    *progress = self;
    return RFM_OK;
}

static record *find_record(rfm_progress *self, const rfm_kmeans_options *options)
{
    for (size_t i = 0; i < self->n; i++)
        if (self->records[i].k == options->k && self->records[i].seed == (int64_t)options->seed)
            return &self->records[i];
    return NULL;
}

rfm_status rfm_progress_take_up(rfm_progress *progress, rfm_fit *fit, rfm_error *err)
{
    if (!progress)
        return RFM_OK;
    const record *known = find_record(progress, fit->options);
    tape from = {.in = known ? known->content.bytes : NULL, .left = known ? known->content.length : 0};
    if (known && pass_fit(&from, fit, err) == RFM_OK && (from.broken || from.left > 0))
        rfm_fail(err, RFM_DATA, "the progress of %d clusters is damaged", fit->options->k);
    if (rfm_comm_agree(fit->work->comm, err) != RFM_OK)
        return err->status;
    progress->fit = fit;
    if (known) {
        const int64_t n = fit->effort.iterations + fit->effort.iterations_search + fit->course.iterations;
        rfm_log(RFM_LOG_INFO, "k-means: %d clusters: going on after %lld iterations", fit->options->k, (long long)n);
    }
    return RFM_OK;
}

/* The record of the fit in hand, as it is now. */
static rfm_status note(rfm_progress *self, rfm_error *err)
{
    const rfm_kmeans_options *options = self->fit->options;
    record *own = find_record(self, options);
    if (!own)
        own = add_record(self, options->k, (int64_t)options->seed, err);
    if (!own)
        return err->status;
    tape to = {.out = &own->content};
    own->content.length = 0;
    pass_fit(&to, self->fit, err);
    return err->status ? err->status : rfm_text_check(&own->content, err);
}

rfm_status rfm_progress_leave(rfm_progress *progress, rfm_fit *fit, rfm_error *err)
{
    if (!progress || progress->fit != fit)
        return err->status;
    if (err->status == RFM_OK)
        note(progress, err);
    progress->fit = NULL;
    return err->status;
}

/* ---- wishes ----------------------------------------------------------------------------------------------------- */

int64_t rfm_progress_wish(const rfm_progress *progress)
{
    const rfm_wish wish = progress->keeper.wish(progress->keeper.context);
    return wish == RFM_WISH_STOP ? STOP : wish == RFM_WISH_KEEP ? 1 : 0;
}

static rfm_status write_all(rfm_progress *self, rfm_text *text, rfm_error *err)
{
    tape to = {.out = text};
    int64_t magic = MAGIC, n = (int64_t)self->n;
    if (note(self, err))
        return err->status;
    n = (int64_t)self->n;
    pass(&to, &magic, sizeof magic);
    pass(&to, &self->n_global, sizeof self->n_global);
    pass(&to, &self->d, sizeof self->d);
    pass(&to, &n, sizeof n);
    for (size_t i = 0; i < self->n; i++) {
        int64_t length = (int64_t)self->records[i].content.length;
        pass(&to, &self->records[i].k, sizeof(int64_t));
        pass(&to, &self->records[i].seed, sizeof(int64_t));
        pass(&to, &length, sizeof length);
        pass(&to, self->records[i].content.bytes, (size_t)length);
    }
    return rfm_text_check(text, err);
}

static rfm_status keep(const rfm_work *work, rfm_error *err)
{
    rfm_progress *self = work->progress;
    rfm_text bytes = {0};
    const bool stops = work->wishes >= STOP;
    write_all(self, &bytes, err);
    if (rfm_comm_agree(work->comm, err) == RFM_OK)
        self->keeper.keep(self->keeper.context, &bytes, stops, err);
    rfm_text_free(&bytes);
    if (stops && err->status == RFM_OK)
        rfm_fail(err, RFM_STOPPED, "stopped on request in the fit of %d clusters, which is kept: run it again to go on",
                 self->fit->options->k);
    return err->status;
}

rfm_status rfm_progress_heed(const rfm_work *work, rfm_error *err)
{
    const bool wished = work->progress && work->wishes != 0;
    return wished && work->progress->fit->course.labelled ? keep(work, err) : RFM_OK;
}

rfm_status rfm_progress_heed_seeding(rfm_work *work, rfm_error *err)
{
    if (!work->progress)
        return RFM_OK;
    work->wishes = rfm_progress_wish(work->progress);
    rfm_comm_reduce_i64(work->comm, RFM_SUM, &work->wishes, 1);
    return work->wishes != 0 ? keep(work, err) : RFM_OK;
}
