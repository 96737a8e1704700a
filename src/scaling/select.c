/* The second reading: values that share leading bits with what is sought are kept, and their digits decide. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "select.h"

/* Digits of what is behind the leading bits, highest first: four of 11 bits and one of 4. */
enum { DIGIT_BITS = 11, BINS = 1 << DIGIT_BITS, PASSES = 5 };

/* ---- memory ----------------------------------------------------------------------------------------------------- */

/* What was kept of the columns before `to`. */
static void drop(rfm_selection *s, int to)
{
    for (int i = 0; s->hauls && i < to * s->threads; i++) {
        free(s->hauls[i].keys);
        free(s->hauls[i].weights);
        s->hauls[i] = (rfm_haul){0};
    }
}

void rfm_selection_close(rfm_selection *s)
{
    rfm_tally_free(s->tallies, s->of.n_columns);
    drop(s, s->of.n_columns);
    free(s->hauls);
    free(s->searches);
    free(s->wanted);
    free(s->prefixes.first);
    free(s->prefixes.values);
    free(s->histograms);
}

rfm_status rfm_selection_open(rfm_comm *comm, const rfm_columns *of, int n_searches, rfm_selection *s, rfm_error *err)
{
    const size_t columns = (size_t)of->n_columns, searches = (size_t)n_searches;
    *s = (rfm_selection){.comm = comm, .of = *of, .threads = omp_get_max_threads(), .n_searches = n_searches};
    rfm_assert(of->n_columns <= RFM_GROUP);
    s->searches = rfm_alloc(columns, searches * sizeof *s->searches, err);
    s->wanted = rfm_alloc(columns, RFM_LEADING * sizeof *s->wanted, err);
    s->hauls = rfm_alloc(columns, (size_t)s->threads * sizeof *s->hauls, err);
    s->prefixes.first = rfm_alloc(BINS, sizeof *s->prefixes.first, err);
    s->prefixes.values = rfm_alloc(searches, sizeof *s->prefixes.values, err);
    s->histograms = rfm_alloc((size_t)s->threads * searches, BINS * sizeof *s->histograms, err);
    if (rfm_tally_make(comm, of, &s->tallies, err) == RFM_OK)
        for (int c = 0; c < of->n_columns; c++)
            s->surveys[c] = rfm_tally_survey(&s->tallies[c]);
    return err->status;
}

/* ---- what the first reading tells ------------------------------------------------------------------------------- */

static size_t leading_bits(double value)
{
    return rfm_key_of(value) >> RFM_TRAILING_BITS;
}

/* The weight of a bin; *x, at first the least small number that may lie in it, then lies behind it. */
static int64_t weight_of_bin(const rfm_tally *of, size_t bin, int *x)
{
    int64_t weight = of->others[bin];
    while (*x < RFM_SMALL && leading_bits(*x) <= bin)
        weight += of->counts.small[(*x)++];
    return weight;
}

/* Finds the bin, and the target in it. */
static size_t find_bin(const rfm_tally *of, double least, rfm_search *one)
{
    size_t bin = leading_bits(least);
    int x = 0;
    for (int64_t weight; one->target >= (weight = weight_of_bin(of, bin, &x)); bin++)
        one->target -= weight;
    one->prefix = bin;
    return bin;
}

/* The least small number that may lie in a bin. */
static int first_small(size_t bin)
{
    int x = 0;
    while (x < RFM_SMALL && leading_bits(x) < bin)
        x++;
    return x;
}

/* Where there are only small whole numbers in the bin that was found, or one value that is none, it is known. */
static rfm_search settle(const rfm_tally *of, rfm_search one)
{
    const size_t bin = one.prefix;
    int x = first_small(bin), behind = x;
    const bool has_small = weight_of_bin(of, bin, &behind) > of->others[bin];
    const int64_t one_value = of->highest[bin] + of->lowest[bin] - (INT64_C(1) << RFM_TRAILING_BITS);
    if (of->others[bin] == 0) {
        for (; one.target >= of->counts.small[x]; x++)
            one.target -= of->counts.small[x];
        one.prefix = rfm_key_of(x);
        one.settled = true;
    } else if (!has_small && one_value == 1) {
        one.prefix = bin << RFM_TRAILING_BITS | (uint64_t)(of->highest[bin] - 1);
        one.settled = true;
    }
    return one;
}

/* Also all that lies between, of which a sum may be wanted. */
static void want(rfm_selection *s, int column, size_t from, size_t to)
{
    uint8_t *wanted = s->wanted + (size_t)column * RFM_LEADING;
    int x = first_small(from);
    for (size_t bin = from; bin <= to; bin++) {
        const int64_t weight = weight_of_bin(&s->tallies[column], bin, &x);
        s->kept[column] += wanted[bin] ? 0 : weight;
        wanted[bin] = 1;
    }
}

void rfm_selection_settle(rfm_selection *s, int column)
{
    rfm_search *searches = rfm_selection_searches(s, column);
    const rfm_tally *tally = &s->tallies[column];
    const double least = s->surveys[column].spread.least;
    for (int i = 0; i < s->n_searches; i += 2) {
        const size_t from = find_bin(tally, least, &searches[i]), to = find_bin(tally, least, &searches[i + 1]);
        const rfm_search low = settle(tally, searches[i]), high = settle(tally, searches[i + 1]);
        if (low.settled && high.settled && low.prefix == high.prefix) {
            searches[i] = low;
            searches[i + 1] = high;
        } else {
            want(s, column, from, to);
        }
    }
}

/* ---- the second reading ----------------------------------------------------------------------------------------- */

static rfm_status keep_key(rfm_haul *into, uint64_t key, const int64_t *weight, rfm_error *err)
{
    if (rfm_reserve(&into->keys, &into->capacity, into->n + 1, sizeof *into->keys, err) != RFM_OK ||
        (weight &&
         rfm_reserve(&into->weights, &into->weights_capacity, into->n + 1, sizeof *into->weights, err) != RFM_OK))
        return err->status;
    if (weight)
        into->weights[into->n] = *weight;
    into->keys[into->n++] = key;
    return RFM_OK;
}

/* Local. Of one thread's rows, the columns in `which`. */
static rfm_status keep_rows(const rfm_selection *s, int thread, const int *which, int n_columns, rfm_error *err)
{
    size_t from, to;
    rfm_thread_rows(s->of.n, thread, s->threads, &from, &to);
    for (size_t i = from; i < to; i++) {
        const double *row = s->of.values + i * s->of.stride;
        const int64_t *weight = s->of.weights ? s->of.weights + i : NULL;
        for (int w = 0; w < n_columns && !(weight && *weight == 0); w++) {
            const int c = which[w];
            const double value = row[s->of.columns[c]];
            const uint64_t key = rfm_key_of(value);
            if (s->wanted[(size_t)c * RFM_LEADING + (key >> RFM_TRAILING_BITS)] && !isnan(value) &&
                keep_key(&s->hauls[c * s->threads + thread], key, weight, err) != RFM_OK)
                return err->status;
        }
    }
    return RFM_OK;
}

/* Columns from `from` on that are to be kept, until they have as much as one column; returns before which it ends. */
static int choose_columns(const rfm_selection *s, int from, int *which, int *n)
{
    int64_t kept = 0;
    int c = from;
    *n = 0;
    for (; c < s->of.n_columns && (kept == 0 || kept + s->kept[c] <= s->surveys[c].spread.total); c++) {
        kept += s->kept[c];
        if (s->kept[c] > 0)
            which[(*n)++] = c;
    }
    return c;
}

rfm_status rfm_selection_keep(rfm_selection *s, int from, int *to, rfm_error *err)
{
    int which[RFM_GROUP], n;
    rfm_error *failed = rfm_alloc((size_t)s->threads, sizeof *failed, err);
    drop(s, from);
    *to = choose_columns(s, from, which, &n);
#pragma omp parallel for num_threads(s->threads) schedule(static, 1)
    for (int t = 0; t < s->threads; t++)
        if (failed && n > 0)
            keep_rows(s, t, which, n, &failed[t]);
    for (int t = 0; failed && t < s->threads; t++)
        if (failed[t].status != RFM_OK)
            *err = failed[t];
    free(failed);
    return rfm_comm_agree(s->comm, err);
}

/* ---- digits ----------------------------------------------------------------------------------------------------- */

/* Bits below those that passes 0..pass decide. */
static int bits_below(int pass)
{
    const int below = RFM_TRAILING_BITS - (pass + 1) * DIGIT_BITS;
    return below > 0 ? below : 0;
}

static int digit_bits(int pass)
{
    const int left = RFM_TRAILING_BITS - pass * DIGIT_BITS;
    return left < DIGIT_BITS ? left : DIGIT_BITS;
}

static inline int find_prefix(const struct rfm_prefixes *of, uint64_t value)
{
    int i = of->first[value & (BINS - 1)];
    while (i < of->n && of->values[i] != value)
        i++;
    return i;
}

/* histograms: of each prefix, zeroed. Keys that have none of them are not looked at again, unless they have weights,
 * which are wanted later on. */
static void count_digits(const struct rfm_prefixes *wanted, int pass, rfm_haul *own, int64_t *histograms)
{
    const int below = bits_below(pass), bits = digit_bits(pass);
    const uint64_t mask = (UINT64_C(1) << bits) - 1;
    size_t kept = 0;
    for (size_t i = 0; i < own->n; i++) {
        const uint64_t key = own->keys[i];
        const int prefix = find_prefix(wanted, key >> (below + bits));
        if (prefix == wanted->n)
            continue;
        histograms[(size_t)prefix * BINS + (key >> below & mask)] += own->weights ? own->weights[i] : 1;
        if (!own->weights)
            own->keys[kept++] = key;
    }
    if (!own->weights)
        own->n = kept;
}

/* Move a search one digit down. */
static void descend(rfm_search *one, const int64_t *histogram, int pass)
{
    uint64_t digit = 0;
    while (one->target >= histogram[digit])
        one->target -= histogram[digit++];
    one->prefix = one->prefix << digit_bits(pass) | digit;
}

/* Which searches have the same prefix, and so one histogram. */
static void list_prefixes(rfm_search *searches, int n, struct rfm_prefixes *wanted)
{
    wanted->n = 0;
    for (int i = 0; i < n; i++) {
        int p = 0;
        while (p < wanted->n && wanted->values[p] != searches[i].prefix)
            p++;
        searches[i].like = p;
        if (p == wanted->n && !searches[i].settled)
            wanted->values[wanted->n++] = searches[i].prefix;
    }
    for (int digit = 0; digit < BINS; digit++)
        wanted->first[digit] = wanted->n;
    for (int p = wanted->n - 1; p >= 0; p--)
        wanted->first[wanted->values[p] & (BINS - 1)] = p;
}

void rfm_selection_finish(rfm_selection *s, int column)
{
    rfm_search *searches = rfm_selection_searches(s, column);
    const size_t stride = (size_t)s->n_searches * BINS;
    for (int pass = 0; pass < PASSES && s->kept[column] > 0; pass++) {
        list_prefixes(searches, s->n_searches, &s->prefixes);
        const size_t used = (size_t)s->prefixes.n * BINS;
#pragma omp parallel for num_threads(s->threads) schedule(static, 1)
        for (int t = 0; t < s->threads; t++) {
            memset(s->histograms + (size_t)t * stride, 0, used * sizeof *s->histograms);
            count_digits(&s->prefixes, pass, &s->hauls[column * s->threads + t], s->histograms + (size_t)t * stride);
        }
        for (size_t t = 1; t < (size_t)s->threads; t++)
            for (size_t i = 0; i < used; i++)
                s->histograms[i] += s->histograms[t * stride + i];
        rfm_comm_reduce_i64(s->comm, RFM_SUM, s->histograms, used);
        for (int i = 0; i < s->n_searches; i++)
            if (!searches[i].settled)
                descend(&searches[i], s->histograms + (size_t)searches[i].like * BINS, pass);
    }
    for (int i = 0; i < s->n_searches; i++)
        searches[i].settled = true;
}

double rfm_selection_sum_between(const rfm_selection *s, int column, uint64_t low, uint64_t high)
{
    const double least = rfm_key_value(low);
    const int exponent = rfm_quantum_exponent(rfm_key_value(high) - least);
    rfm_i128 sum = 0;
    for (int t = 0; t < s->threads; t++) {
        const rfm_haul *own = &s->hauls[column * s->threads + t];
        for (size_t i = 0; i < own->n; i++)
            if (own->keys[i] > low && own->keys[i] < high)
                sum += own->weights[i] * rfm_quantum_round(rfm_key_value(own->keys[i]) - least, exponent);
    }
    rfm_comm_sum_i128(s->comm, &sum, 1);
    return rfm_quantum_value(sum, exponent);
}
