/* Quantiles over all ranks by exact selection: a radix search on keys that order as the doubles do. Knows no columns.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rfmpi/scaling.h"

/* Digits of a key, highest first: five of 11 bits and one of 9. */
enum { DIGIT_BITS = 11, BINS = 1 << DIGIT_BITS, PASSES = 6, KEY_BITS = 64 };

/* The order statistic at rank `target`, while its key is being found. */
typedef struct search {
    int64_t target; /* rank among the values whose keys begin with prefix */
    uint64_t prefix;
    int like; /* an earlier search with the same prefix: its histogram serves, or -1 */
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

/* The keys that are sought among, and what each counts for. */
typedef struct keyed {
    uint64_t *keys;
    int64_t *weights; /* NULL: 1 each */
    size_t n;
} keyed;

static void count_digits(const keyed *of, const search *wanted, int pass, int64_t *histogram)
{
    const int below = bits_below(pass), bits = digit_bits(pass);
    const uint64_t mask = (UINT64_C(1) << bits) - 1;
    memset(histogram, 0, BINS * sizeof *histogram);
    for (size_t i = 0; i < of->n; i++)
        if (pass == 0 || of->keys[i] >> (below + bits) == wanted->prefix)
            histogram[of->keys[i] >> below & mask] += of->weights ? of->weights[i] : 1;
}

/* Move a search one digit down. */
static void descend(search *one, const int64_t *histogram, int pass)
{
    uint64_t digit = 0;
    while (one->target >= histogram[digit])
        one->target -= histogram[digit++];
    one->prefix = one->prefix << digit_bits(pass) | digit;
}

static void find_likeness(search *searches, int n)
{
    for (int i = 0; i < n; i++) {
        searches[i].like = -1;
        for (int j = 0; j < i && searches[i].like < 0; j++)
            if (searches[j].prefix == searches[i].prefix)
                searches[i].like = j;
    }
}

/* Collective. histograms: one for each search. */
static void select_keys(rfm_comm *comm, const keyed *of, search *searches, int n_searches, int64_t *histograms)
{
    for (int pass = 0; pass < PASSES; pass++) {
        find_likeness(searches, n_searches);
        for (int i = 0; i < n_searches; i++) {
            if (searches[i].like >= 0)
                continue;
            int64_t *histogram = histograms + (size_t)i * BINS;
            count_digits(of, &searches[i], pass, histogram);
            rfm_comm_reduce_i64(comm, RFM_SUM, histogram, BINS);
        }
        for (int i = 0; i < n_searches; i++)
            descend(&searches[i], histograms + (size_t)(searches[i].like < 0 ? i : searches[i].like) * BINS, pass);
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
    int64_t n, total;    /* of all ranks: values, and what they weigh */
    search *searches;    /* two for each quantile: the values below and above it */
    int64_t *histograms; /* [n_searches * BINS] */
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
    for (size_t i = 0; i < s->of.n; i++)
        if (s->of.keys[i] > low && s->of.keys[i] < high)
            sum += s->of.weights[i] * rfm_quantum_round(value_of(s->of.keys[i]) - least, exponent);
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
static void fill_keys(keyed *of, const rfm_column *column)
{
    for (size_t i = 0; i < column->n; i++) {
        const double value = column->values[i * column->stride];
        if (isnan(value) || (column->weights && column->weights[i] == 0))
            continue;
        if (of->weights)
            of->weights[of->n] = column->weights[i];
        of->keys[of->n++] = key_of(value);
    }
}

static rfm_status prepare(selection *s, const rfm_column *column, size_t n_searches, rfm_error *err)
{
    s->of.keys = rfm_alloc(column->n, sizeof *s->of.keys, err);
    if (column->weights)
        s->of.weights = rfm_alloc(column->n, sizeof *s->of.weights, err);
    s->searches = rfm_alloc(n_searches, sizeof *s->searches, err);
    s->histograms = rfm_alloc(n_searches, BINS * sizeof *s->histograms, err);
    if (err->status == RFM_OK)
        fill_keys(&s->of, column);
    return rfm_comm_agree(s->comm, err);
}

static void count_all(selection *s)
{
    int64_t sums[2] = {(int64_t)s->of.n, 0};
    for (size_t i = 0; s->of.weights && i < s->of.n; i++)
        sums[1] += s->of.weights[i];
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
        select_keys(comm, &s.of, s.searches, 2 * n_quantiles, s.histograms);
        (column->weights ? average_windows : interpolate)(&s, n_quantiles, probabilities, quantiles);
    }
done:
    free(s.of.keys);
    free(s.of.weights);
    free(s.searches);
    free(s.histograms);
    return err->status;
}
