/* The first reading of columns: extremes, each small whole number, the leading bits of all others. One pass over the
 * rows for all columns, and one reduction of what occurs. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "select.h"

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static inline bool is_whole(double x)
{
    return fabs(x) < 0x1p31 && x == (double)(int32_t)x;
}

static const uint64_t TRAILING = (UINT64_C(1) << RFM_TRAILING_BITS) - 1;

static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline void count_other(double x, int64_t weight, rfm_tally *into)
{
    const uint64_t key = rfm_key_of(x), bin = key >> RFM_TRAILING_BITS;
    into->others[bin] += weight;
    into->highest[bin] = larger(into->highest[bin], (int64_t)(key & TRAILING) + 1);
    into->lowest[bin] = larger(into->lowest[bin], (int64_t)(TRAILING + 1 - (key & TRAILING)));
    into->least = x < into->least ? x : into->least;
    into->negated = -x < into->negated ? -x : into->negated;
}

static inline void count_value(double x, int64_t weight, rfm_tally *into)
{
    if (x >= 0 && x < RFM_SMALL && x == (double)(int32_t)x) {
        into->counts.n++;
        into->counts.small[(int32_t)x] += weight;
    } else if (!isnan(x)) {
        into->counts.n++;
        into->counts.broken += !is_whole(x);
        count_other(x, weight, into);
    }
}

static void count_rows(const rfm_columns *of, size_t from, size_t to, rfm_tally *tallies)
{
    for (size_t i = from; i < to; i++) {
        const double *row = of->values + i * of->stride;
        const int64_t weight = of->weights ? of->weights[i] : 1;
        for (int c = 0; c < of->n_columns && weight > 0; c++)
            count_value(row[of->columns[c]], weight, &tallies[c]);
    }
}

/* ---- of all threads and ranks ----------------------------------------------------------------------------------- */

/* Bins from the first to the last that anything of the others lies in; none: first > last. */
static void find_bins(const rfm_tally *of, size_t *first, size_t *last)
{
    const bool none = of->least > -of->negated;
    *first = none ? 1 : rfm_key_of(of->least) >> RFM_TRAILING_BITS;
    *last = none ? 0 : rfm_key_of(-of->negated) >> RFM_TRAILING_BITS;
}

static void join(const rfm_tally *more, rfm_tally *to)
{
    size_t first, last;
    find_bins(more, &first, &last);
    for (size_t b = first; b <= last; b++) {
        to->others[b] += more->others[b];
        to->highest[b] = larger(to->highest[b], more->highest[b]);
        to->lowest[b] = larger(to->lowest[b], more->lowest[b]);
    }
    to->least = more->least < to->least ? more->least : to->least;
    to->negated = more->negated < to->negated ? more->negated : to->negated;
    to->counts.n += more->counts.n;
    to->counts.broken += more->counts.broken;
    for (int x = 0; x < RFM_SMALL; x++)
        to->counts.small[x] += more->counts.small[x];
}

/* Collective. */
static void join_ranks(rfm_comm *comm, rfm_tally *tallies, size_t n_columns)
{
    double ends[2 * RFM_GROUP];
    for (size_t c = 0; c < n_columns; c++) {
        ends[2 * c] = tallies[c].least;
        ends[2 * c + 1] = tallies[c].negated;
    }
    rfm_comm_reduce_f64(comm, RFM_MIN, ends, 2 * n_columns);
    for (size_t c = 0; c < n_columns; c++) {
        rfm_tally *tally = &tallies[c];
        size_t first, last;
        tally->least = ends[2 * c];
        tally->negated = ends[2 * c + 1];
        find_bins(tally, &first, &last);
        rfm_comm_reduce_i64(comm, RFM_SUM, &tally->counts.n, sizeof tally->counts / sizeof(int64_t));
        if (first > last)
            continue;
        rfm_comm_reduce_i64(comm, RFM_SUM, tally->others + first, last - first + 1);
        rfm_comm_reduce_i64(comm, RFM_MAX, tally->highest + first, last - first + 1);
        rfm_comm_reduce_i64(comm, RFM_MAX, tally->lowest + first, last - first + 1);
    }
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

void rfm_tally_free(rfm_tally *tallies, int n)
{
    for (int i = 0; tallies && i < n; i++) {
        free(tallies[i].others);
        free(tallies[i].highest);
        free(tallies[i].lowest);
    }
    free(tallies);
}

static rfm_tally *open_tallies(int n, rfm_error *err)
{
    rfm_tally *tallies = rfm_alloc((size_t)n, sizeof *tallies, err);
    for (int i = 0; tallies && i < n; i++) {
        tallies[i].least = tallies[i].negated = HUGE_VAL;
        tallies[i].others = rfm_alloc(RFM_LEADING, sizeof(int64_t), err);
        tallies[i].highest = rfm_alloc(RFM_LEADING, sizeof(int64_t), err);
        tallies[i].lowest = rfm_alloc(RFM_LEADING, sizeof(int64_t), err);
    }
    return tallies;
}

rfm_status rfm_tally_make(rfm_comm *comm, const rfm_columns *of, rfm_tally **tallies, rfm_error *err)
{
    const int threads = omp_get_max_threads(), columns = of->n_columns;
    rfm_tally *own = open_tallies(threads * columns, err);
    *tallies = open_tallies(columns, err);
    if (rfm_comm_agree(comm, err) == RFM_OK) {
        rfm_assert(own != NULL && *tallies != NULL);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
        for (int t = 0; t < threads; t++) {
            size_t from, to;
            rfm_thread_rows(of->n, t, threads, &from, &to);
            count_rows(of, from, to, own + (size_t)t * (size_t)columns);
        }
        for (int i = 0; i < threads * columns; i++)
            join(&own[i], &(*tallies)[i % columns]);
        join_ranks(comm, *tallies, (size_t)columns);
    }
    rfm_tally_free(own, threads * columns);
    return err->status;
}

rfm_column_survey rfm_tally_survey(const rfm_tally *tally)
{
    rfm_column_survey survey = {{tally->least, -tally->negated, 0}, tally->counts.n, tally->counts.broken == 0};
    size_t first, last;
    find_bins(tally, &first, &last);
    for (size_t b = first; b <= last; b++)
        survey.spread.total += tally->others[b];
    for (int x = 0; x < RFM_SMALL; x++) {
        if (tally->counts.small[x] == 0)
            continue;
        survey.spread.total += tally->counts.small[x];
        survey.spread.least = x < survey.spread.least ? x : survey.spread.least;
        survey.spread.greatest = x > survey.spread.greatest ? x : survey.spread.greatest;
    }
    return survey;
}
