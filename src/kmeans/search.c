/* Local search by splitting and merging (in the manner of SMEM: Ueda et al., Neural Computation 2000).
 *
 * The loop moves centroids, but none from where there are too many to where one is missing. A change does: the two
 * clusters whose union costs least become one, and the cluster that gains most by it becomes two. The loop runs from
 * there, and the change stays if the inertia has fallen. Several changes that look good are tried together first, then
 * fewer; when a single one fails, its split is tried with the next merge, until a change has succeeded. The search ends
 * when MOST_FAILURES trials in a row have failed, or nothing is left to try.
 *
 * What is tried depends on a sample of the rows, what stays on all of them. Both are the same at any number of ranks.
 */
#include "search.h"

#include "definition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FAILURES = 6, MOST_CLUSTERS = 4096 };

static const double MOST_STEPS = 1e10; /* k^2 d for the merges; a round of more takes many seconds */

static const double WORTH = 1e-9; /* of the inertia, that it has to fall */

/* Merge one and other, and split the cluster that gains. */
typedef struct change {
    int split, one, other;
    double value; /* what it seems to lower the inertia by */
} change;

typedef struct merge {
    double cost;
    int one, other;
} merge;

typedef struct search {
    rfm_work *work;
    const rfm_kmeans_options *options;
    rfm_split split;
    int *partner;  /* [k] which cluster it costs least to merge c with */
    double *cost;  /* [k] and what that costs */
    merge *merges; /* [n_merges] the cheapest first */
    int n_merges;
    bool *taken;     /* [k] by a change of this trial */
    change *changes; /* [k] */
    rfm_searching *at;
    rfm_course *best, *trial;
} search;

static void close_search(search *self)
{
    rfm_split_free(&self->split);
    free(self->partner);
    free(self->cost);
    free(self->merges);
    free(self->taken);
    free(self->changes);
}

/* Round 0 is the sample's: rows are in it for their draws, which say nothing about those of the rounds that follow. */
static uint64_t stream_of(const search *self, uint32_t round)
{
    const rfm_purpose purpose = {.use = RFM_RANDOM_SPLIT, .k = (uint32_t)self->options->k, .round = round};
    return rfm_random_stream(self->options->seed, purpose);
}

static rfm_status open_search(search *self, int k, rfm_error *err)
{
    size_t n = (size_t)k;
    self->partner = rfm_alloc(n, sizeof *self->partner, err);
    self->cost = rfm_alloc(n, sizeof *self->cost, err);
    self->merges = rfm_alloc(n, sizeof *self->merges, err);
    self->taken = rfm_alloc(n, sizeof *self->taken, err);
    self->changes = rfm_alloc(n, sizeof *self->changes, err);
    if (rfm_comm_agree(self->work->comm, err))
        return err->status;
    return rfm_split_init(self->work, stream_of(self, 0), k, &self->split, err);
}

/* ---- proposals -------------------------------------------------------------------------------------------------- */

static void find_partners(search *self, int k, const double *centroids)
{
    const int d = self->work->matrix->d;
    for (int a = 0; a < k; a++)
        self->cost[a] = HUGE_VAL;
    for (int a = 0; a < k; a++) {
        for (int b = a + 1; b < k; b++) {
            double n = (double)rfm_sums_count(&self->work->sums, a), m = (double)rfm_sums_count(&self->work->sums, b);
            double apart =
                rfm_definition_distance(d, centroids + (size_t)a * (size_t)d, centroids + (size_t)b * (size_t)d);
            double cost = n * m / (n + m) * apart;
            if (cost < self->cost[a]) {
                self->cost[a] = cost;
                self->partner[a] = b;
            }
            if (cost < self->cost[b]) {
                self->cost[b] = cost;
                self->partner[b] = a;
            }
        }
    }
}

/* The merges, the cheapest first. Of two clusters that are each other's partner the first counts. */
static int compare_merges(const void *a, const void *b)
{
    const merge *x = a, *y = b;
    if (x->cost < y->cost || x->cost > y->cost)
        return x->cost < y->cost ? -1 : 1;
    return (x->one > y->one) - (x->one < y->one);
}

static void order_merges(search *self, int k)
{
    self->n_merges = 0;
    for (int a = 0; a < k; a++) {
        const int b = self->partner[a];
        if (self->partner[b] != a || a < b)
            self->merges[self->n_merges++] = (merge){self->cost[a], a, b};
    }
    qsort(self->merges, (size_t)self->n_merges, sizeof *self->merges, compare_merges);
}

/* The cheapest merge that is free, does not touch c and has not failed with its split; NULL: none. */
static const merge *find_merge(const search *self, int c)
{
    int skip = self->at->failed[c];
    for (int m = 0; m < self->n_merges; m++) {
        const merge *next = &self->merges[m];
        if (next->one != c && next->other != c && !self->taken[next->one] && !self->taken[next->other] && skip-- == 0)
            return next;
    }
    return NULL;
}

/* What looks best of all splits, each with the merge it would be paid with. */
static change find_change(const search *self, int k)
{
    change best = {.split = -1};
    for (int c = 0; c < k; c++) {
        if (self->taken[c] || !(self->split.gain[c] > 0))
            continue;
        const merge *with = find_merge(self, c);
        double value = with ? self->split.gain[c] - with->cost : 0;
        if (with && (best.split < 0 || value > best.value))
            best = (change){c, with->one, with->other, value};
    }
    return best;
}

/* Changes that do not touch each other, the best first; returns how many. The first is tried however it looks, for
 * the loop goes on from it; the others have to look good. */
static int find_changes(search *self, int k, int most)
{
    int n = 0;
    memset(self->taken, 0, (size_t)k * sizeof *self->taken);
    while (n < most) {
        const change next = find_change(self, k);
        if (next.split < 0 || (n > 0 && !(next.value > 0)))
            break;
        self->changes[n++] = next;
        self->taken[next.split] = self->taken[next.one] = self->taken[next.other] = true;
    }
    return n;
}

static void apply(const search *self, const change *what)
{
    const int d = self->work->matrix->d;
    double *centroids = self->trial->centroids;
    double n = (double)rfm_sums_count(&self->work->sums, what->one);
    double m = (double)rfm_sums_count(&self->work->sums, what->other);
    double *one = centroids + (size_t)what->one * (size_t)d, *other = centroids + (size_t)what->other * (size_t)d;
    double *split = centroids + (size_t)what->split * (size_t)d;
    for (int j = 0; j < d; j++) {
        one[j] = (n * one[j] + m * other[j]) / (n + m);
        other[j] = rfm_split_half(&self->split, d, what->split, 0)[j];
        split[j] = rfm_split_half(&self->split, d, what->split, 1)[j];
    }
}

/* ---- trials ----------------------------------------------------------------------------------------------------- */

/* From the labels and sums of the best. */
static void look(search *self)
{
    find_partners(self, self->best->k, self->best->centroids);
    order_merges(self, self->best->k);
    rfm_split_find(self->work, &self->split, self->best->k, self->best->centroids,
                   stream_of(self, (uint32_t)self->at->found + 1));
}

static void begin_trial(search *self, int n)
{
    const size_t words = (size_t)self->best->k * (size_t)self->work->matrix->d;
    memcpy(self->trial->centroids, self->best->centroids, words * sizeof *self->trial->centroids);
    for (int i = 0; i < n; i++)
        apply(self, &self->changes[i]);
    rfm_course_begin(self->trial, self->best->k);
}

/* The loop from the centroids with n changes, unless that has been begun by an earlier start. *better: the inertia has
 * fallen, and the trial is now the best. */
static rfm_status try_changes(search *self, int n, bool *better, rfm_error *err)
{
    const int k = self->best->k;
    const double target = self->best->inertia * (1 - WORTH);
    if (self->trial->k == 0)
        begin_trial(self, n);
    snprintf(self->work->doing, sizeof self->work->doing, "trial %lld of the search", (long long)self->at->round + 1);
    if (rfm_lloyd_run(self->work, self->options, target, self->trial, err))
        return err->status;
    *better = self->trial->k == k && self->trial->inertia < target;
    rfm_log(RFM_LOG_DEBUG, "k-means: search: %d of %d clusters split and others merged: inertia %.10g, %s", n, k,
            self->trial->inertia, *better ? "better" : "no better");
    if (*better) {
        rfm_course before = *self->best;
        *self->best = *self->trial;
        *self->trial = before;
    } else { /* labels and sums are those of the trial */
        rfm_sums_pass(self->work, k, self->best->centroids);
    }
    return RFM_OK;
}

/* What a trial of n changes has taught. */
static void learn(search *self, int n, bool better)
{
    rfm_searching *at = self->at;
    rfm_course_begin(self->trial, 0);
    at->round++;
    if (better) {
        memset(at->failed, 0, (size_t)self->best->k * sizeof *at->failed);
        at->failures = 0;
        at->found = at->round;
    } else if (n == 1) {
        at->failed[self->changes[0].split]++;
        at->failures++;
    } else {
        at->most = n / 2;
    }
}

static rfm_status improve(search *self, int64_t *n_iterations, rfm_error *err)
{
    bool stale = true;
    while (self->at->failures < MOST_FAILURES) {
        if (stale)
            look(self);
        int n = find_changes(self, self->best->k, self->at->most);
        if (n == 0)
            return RFM_OK;
        if (try_changes(self, n, &stale, err))
            return err->status;
        *n_iterations += stale ? self->best->iterations : self->trial->iterations;
        learn(self, n, stale);
    }
    return RFM_OK;
}

rfm_status rfm_search_run(rfm_work *work, const rfm_kmeans_options *options, rfm_searching *at, rfm_course *best,
                          rfm_course *trial, int64_t *n_iterations, rfm_error *err)
{
    search self = {.work = work, .options = options, .at = at, .best = best, .trial = trial};
    if (best->k < 3) /* two and one more: there are no others */
        return RFM_OK;
    if (best->k > MOST_CLUSTERS || (double)best->k * best->k * work->matrix->d > MOST_STEPS) {
        rfm_log(RFM_LOG_WARN, "k-means: no search behind the iterations: %d clusters of %d columns are too many for it",
                best->k, work->matrix->d);
        return RFM_OK;
    }
    if (at->most == 0)
        at->most = best->k;
    if (open_search(&self, best->k, err) == RFM_OK)
        improve(&self, n_iterations, err);
    close_search(&self);
    return err->status;
}
