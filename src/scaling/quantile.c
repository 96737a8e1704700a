/* Quantiles over all ranks by exact selection: a radix search on keys that order as the doubles do. Knows no columns.
 */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "rfmpi/scaling.h"

/* Digits of a key, highest first: five of 11 bits and one of 9. */
enum { DIGIT_BITS = 11, BINS = 1 << DIGIT_BITS, PASSES = 6, KEY_BITS = 64 };

/* The order statistic at rank `target`, while its key is being found. */
typedef struct search {
    int64_t target; /* rank among the values whose keys begin with prefix */
    uint64_t prefix;
    int like; /* which of the prefixes it is */
} search;

/* -0 becomes 0. Of what is no number there is none. */
static uint64_t key_of(double value)
{
    uint64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double value_of(uint64_t key)
{
    const uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Bits below those that passes 0..pass decide. */
static int bits_below(int pass)
{
    const int below = KEY_BITS - (pass + 1) * DIGIT_BITS;
    return below > 0 ? below : 0;
}

static int digit_bits(int pass)
{
    const int above = pass * DIGIT_BITS;
    return KEY_BITS - above < DIGIT_BITS ? KEY_BITS - above : DIGIT_BITS;
}

/* The keys that are sought among, and what each counts for: a stretch for each thread. */
typedef struct keyed {
    uint64_t *keys;
    int64_t *weights; /* NULL: 1 each */
    int threads;
    struct stretch {
        size_t from, n;
    } * stretches;
} keyed;

/* The prefixes that are sought in a pass, each once, and where to look for one by its last digit. */
typedef struct prefixes {
    int n;
    uint64_t *values;
    int first[BINS]; /* no prefix of that digit comes before it; n: there is none */
} prefixes;

static inline int find_prefix(const prefixes *of, uint64_t value)
{
    int i = of->first[value & (BINS - 1)];
    while (i < of->n && of->values[i] != value)
        i++;
    return i;
}

/* histograms: of each prefix, zeroed. Keys that have none of them are not looked at again, unless they have weights,
 * which are wanted later on. */
static void count_digits(const keyed *of, int thread, const prefixes *wanted, int pass, int64_t *histograms)
{
    const int below = bits_below(pass), bits = digit_bits(pass);
    const uint64_t mask = (UINT64_C(1) << bits) - 1;
    struct stretch *own = &of->stretches[thread];
    uint64_t *keys = of->keys + own->from;
    const int64_t *weights = of->weights ? of->weights + own->from : NULL;
    size_t kept = 0;
    for (size_t i = 0; i < own->n; i++) {
        const uint64_t key = keys[i];
        const int prefix = pass == 0 ? 0 : find_prefix(wanted, key >> (below + bits));
        if (prefix == wanted->n)
            continue;
        histograms[(size_t)prefix * BINS + (key >> below & mask)] += weights ? weights[i] : 1;
        if (!weights)
            keys[kept++] = key;
    }
    if (!weights)
        own->n = kept;
}

/* Move a search one digit down. */
static void descend(search *one, const int64_t *histogram, int pass)
{
    uint64_t digit = 0;
    while (one->target >= histogram[digit])
        one->target -= histogram[digit++];
    one->prefix = one->prefix << digit_bits(pass) | digit;
}

/* Which searches have the same prefix, and so one histogram. */
static void list_prefixes(search *searches, int n, prefixes *wanted)
{
    wanted->n = 0;
    for (int i = 0; i < n; i++) {
        int p = 0;
        while (p < wanted->n && wanted->values[p] != searches[i].prefix)
            p++;
        searches[i].like = p;
        if (p == wanted->n)
            wanted->values[wanted->n++] = searches[i].prefix;
    }
    for (int digit = 0; digit < BINS; digit++)
        wanted->first[digit] = wanted->n;
    for (int p = wanted->n - 1; p >= 0; p--)
        wanted->first[wanted->values[p] & (BINS - 1)] = p;
}

/* Collective. histograms: [threads][n_searches * BINS]. */
static void select_keys(rfm_comm *comm, const keyed *of, search *searches, int n_searches, prefixes *wanted,
                        int64_t *histograms)
{
    const size_t stride = (size_t)n_searches * BINS;
    for (int pass = 0; pass < PASSES; pass++) {
        list_prefixes(searches, n_searches, wanted);
        const size_t used = (size_t)wanted->n * BINS;
#pragma omp parallel for num_threads(of->threads) schedule(static, 1)
        for (int t = 0; t < of->threads; t++) {
            memset(histograms + (size_t)t * stride, 0, used * sizeof *histograms);
            count_digits(of, t, wanted, pass, histograms + (size_t)t * stride);
        }
        for (size_t t = 1; t < (size_t)of->threads; t++)
            for (size_t i = 0; i < used; i++)
                histograms[i] += histograms[t * stride + i];
        rfm_comm_reduce_i64(comm, RFM_SUM, histograms, used);
        for (int i = 0; i < n_searches; i++)
            descend(&searches[i], histograms + (size_t)searches[i].like * BINS, pass);
    }
}

/* Between ranks `low` and `low` + 1 of n values: (n - 1) p. */
static double position(int64_t n, double probability, int64_t *low)
{
    const double at = (double)(n - 1) * probability;
    *low = (int64_t)floor(at);
    if (*low > n - 1)
        *low = n - 1;
    return at - (double)*low;
}

/* What is looked for, with the room it takes. */
typedef struct selection {
    rfm_comm *comm;
    keyed of;
    int64_t n, total; /* of all ranks: values, and what they weigh */
    search *searches; /* two for each quantile: the values below and above it */
    prefixes wanted;
    int64_t *histograms; /* [threads][n_searches * BINS] */
} selection;

/* ---- all weights equal ------------------------------------------------------------------------------------------ */

static void aim(selection *s, int n_quantiles, const double *probabilities)
{
    for (size_t q = 0; q < (size_t)n_quantiles; q++) {
        int64_t low;
        position(s->n, probabilities[q], &low);
        s->searches[2 * q] = (search){.target = low};
        s->searches[2 * q + 1] = (search){.target = low + 1 < s->n ? low + 1 : low};
    }
}

static void interpolate(const selection *s, int n_quantiles, const double *probabilities, double *quantiles)
{
    for (size_t q = 0; q < (size_t)n_quantiles; q++) {
        int64_t low;
        const double fraction = position(s->n, probabilities[q], &low);
        const double a = value_of(s->searches[2 * q].prefix), b = value_of(s->searches[2 * q + 1].prefix);
        quantiles[q] = a + (b - a) * fraction;
    }
}

/* ---- weights that differ ---------------------------------------------------------------------------------------- */

/* The window of a quantile in cumulated weight, in units: of one mean weight, from W - w times p on. */
typedef struct window {
    double from, to, width;
    int64_t first, last; /* the units it begins and ends in */
} window;

static window find_window(const selection *s, double probability)
{
    window w = {.width = (double)s->total / (double)s->n};
    w.from = ((double)s->total - w.width) * probability;
    w.to = w.from + w.width;
    w.first = (int64_t)floor(w.from);
    w.last = (int64_t)ceil(w.to) - 1;
    w.last = w.last < s->total ? w.last : s->total - 1;
    w.first = w.first < w.last ? w.first : w.last;
    return w;
}

static void aim_at_windows(selection *s, int n_quantiles, const double *probabilities)
{
    for (size_t q = 0; q < (size_t)n_quantiles; q++) {
        const window w = find_window(s, probabilities[q]);
        s->searches[2 * q] = (search){.target = w.first};
        s->searches[2 * q + 1] = (search){.target = w.last};
    }
}

/* Collective. The sum of weight times distance from the lower end over the values between the ends; these are counted
 * whole, for the window begins in the lower end's weight and ends in the upper one's. */
static double sum_between(const selection *s, uint64_t low, uint64_t high)
{
    const double least = value_of(low);
    const int exponent = rfm_quantum_exponent(value_of(high) - least);
    rfm_i128 sum = 0;
    for (int t = 0; t < s->of.threads; t++) {
        const struct stretch *own = &s->of.stretches[t];
        for (size_t i = own->from; i < own->from + own->n; i++)
            if (s->of.keys[i] > low && s->of.keys[i] < high)
                sum += s->of.weights[i] * rfm_quantum_round(value_of(s->of.keys[i]) - least, exponent);
    }
    rfm_comm_sum_i128(s->comm, &sum, 1);
    return rfm_quantum_value(sum, exponent);
}

/* Collective. */
static void average_windows(const selection *s, int n_quantiles, const double *probabilities, double *quantiles)
{
    for (size_t q = 0; q < (size_t)n_quantiles; q++) {
        const search *low = &s->searches[2 * q], *high = low + 1;
        const double a = value_of(low->prefix), range = value_of(high->prefix) - a;
        const window w = find_window(s, probabilities[q]);
        const double rest = w.to - (double)(w.last - high->target); /* of the window, in the upper end's weight */
        quantiles[q] = a;
        if (range > 0 && isfinite(range))
            quantiles[q] += (sum_between(s, low->prefix, high->prefix) + range * (rest > 0 ? rest : 0)) / w.width;
        else
            quantiles[q] += range;
    }
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

/* What is no value, or weighs nothing, is left out. */
static void fill_keys(const keyed *of, int thread, const rfm_column *column)
{
    const size_t t = (size_t)thread, threads = (size_t)of->threads, n = column->n;
    const size_t from = n / threads * t + (t < n % threads ? t : n % threads),
                 to = from + n / threads + (t < n % threads);
    size_t at = from;
    for (size_t i = from; i < to; i++) {
        const double value = column->values[i * column->stride];
        if (isnan(value) || (column->weights && column->weights[i] == 0))
            continue;
        if (of->weights)
            of->weights[at] = column->weights[i];
        of->keys[at++] = key_of(value);
    }
    of->stretches[t] = (struct stretch){from, at - from};
}

static rfm_status prepare(selection *s, const rfm_column *column, size_t n_searches, rfm_error *err)
{
    s->of.threads = omp_get_max_threads();
    s->of.keys = rfm_alloc(column->n, sizeof *s->of.keys, err);
    if (column->weights)
        s->of.weights = rfm_alloc(column->n, sizeof *s->of.weights, err);
    s->of.stretches = rfm_alloc((size_t)s->of.threads, sizeof *s->of.stretches, err);
    s->searches = rfm_alloc(n_searches, sizeof *s->searches, err);
    s->wanted.values = rfm_alloc(n_searches, sizeof *s->wanted.values, err);
    s->histograms = rfm_alloc((size_t)s->of.threads * n_searches, BINS * sizeof *s->histograms, err);
    if (err->status == RFM_OK) {
#pragma omp parallel for num_threads(s->of.threads) schedule(static, 1)
        for (int t = 0; t < s->of.threads; t++)
            fill_keys(&s->of, t, column);
    }
    return rfm_comm_agree(s->comm, err);
}

static void count_all(selection *s)
{
    int64_t sums[2] = {0, 0};
    for (int t = 0; t < s->of.threads; t++) {
        const struct stretch *own = &s->of.stretches[t];
        sums[0] += (int64_t)own->n;
        for (size_t i = own->from; s->of.weights && i < own->from + own->n; i++)
            sums[1] += s->of.weights[i];
    }
    rfm_comm_reduce_i64(s->comm, RFM_SUM, sums, 2);
    s->n = sums[0];
    s->total = sums[1];
}

rfm_status rfm_quantiles(rfm_comm *comm, const rfm_column *column, int n_quantiles, const double *probabilities,
                         double *quantiles, rfm_error *err)
{
    selection s = {.comm = comm};
    if (prepare(&s, column, 2 * (size_t)n_quantiles, err) != RFM_OK)
        goto done;
    count_all(&s);
    for (int q = 0; q < n_quantiles; q++)
        quantiles[q] = 0;
    if (s.n > 0) {
        (column->weights ? aim_at_windows : aim)(&s, n_quantiles, probabilities);
        select_keys(comm, &s.of, s.searches, 2 * n_quantiles, &s.wanted, s.histograms);
        (column->weights ? average_windows : interpolate)(&s, n_quantiles, probabilities, quantiles);
    }
done:
    free(s.of.keys);
    free(s.of.weights);
    free(s.of.stretches);
    free(s.searches);
    free(s.wanted.values);
    free(s.histograms);
    return err->status;
}
