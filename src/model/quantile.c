/* Quantiles over all ranks by exact selection: a radix search on keys that order as the doubles do. Knows no columns.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rfmpi/model.h"

/* Digits of a key, highest first: five of 11 bits and one of 9. */
enum { DIGIT_BITS = 11, BINS = 1 << DIGIT_BITS, PASSES = 6, KEY_BITS = 64 };

/* The order statistic at rank `target`, while its key is being found. */
typedef struct search {
    int64_t target; /* rank among the values whose keys begin with prefix */
    uint64_t prefix;
    int like; /* an earlier search with the same prefix: its histogram serves, or -1 */
} search;

/* -0 becomes 0. Not a number does not occur. */
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

static void count_digits(const uint64_t *keys, size_t n, const search *wanted, int pass, int64_t *histogram)
{
    const int below = bits_below(pass), bits = digit_bits(pass);
    const uint64_t mask = (UINT64_C(1) << bits) - 1;
    memset(histogram, 0, BINS * sizeof *histogram);
    for (size_t i = 0; i < n; i++)
        if (pass == 0 || keys[i] >> (below + bits) == wanted->prefix)
            histogram[keys[i] >> below & mask]++;
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
static void select_keys(rfm_comm *comm, const uint64_t *keys, size_t n, search *searches, int n_searches,
                        int64_t *histograms)
{
    for (int pass = 0; pass < PASSES; pass++) {
        find_likeness(searches, n_searches);
        for (int i = 0; i < n_searches; i++) {
            if (searches[i].like >= 0)
                continue;
            int64_t *histogram = histograms + (size_t)i * BINS;
            count_digits(keys, n, &searches[i], pass, histogram);
            rfm_comm_reduce_i64(comm, RFM_SUM, histogram, BINS);
        }
        for (int i = 0; i < n_searches; i++)
            descend(&searches[i], histograms + (size_t)(searches[i].like < 0 ? i : searches[i].like) * BINS, pass);
    }
}

/* Position among the sorted values: (N - 1) p, between ranks `low` and `low` + 1. */
static double position(int64_t n_global, double probability, int64_t *low)
{
    const double at = (double)(n_global - 1) * probability;
    *low = (int64_t)floor(at);
    if (*low > n_global - 1)
        *low = n_global - 1;
    return at - (double)*low;
}

/* What is looked for, with the room it takes. */
typedef struct selection {
    uint64_t *keys;
    size_t n;
    int64_t n_global;
    search *searches; /* two for each quantile: the values below and above it */
    int64_t *histograms;
} selection;

static void aim(selection *s, int n_quantiles, const double *probabilities)
{
    for (size_t q = 0; q < (size_t)n_quantiles; q++) {
        int64_t low;
        position(s->n_global, probabilities[q], &low);
        s->searches[2 * q] = (search){.target = low};
        s->searches[2 * q + 1] = (search){.target = low + 1 < s->n_global ? low + 1 : low};
    }
}

static void interpolate(const selection *s, int n_quantiles, const double *probabilities, double *quantiles)
{
    for (size_t q = 0; q < (size_t)n_quantiles; q++) {
        int64_t low;
        const double fraction = position(s->n_global, probabilities[q], &low);
        const double a = value_of(s->searches[2 * q].prefix), b = value_of(s->searches[2 * q + 1].prefix);
        quantiles[q] = a + (b - a) * fraction;
    }
}

static rfm_status prepare(selection *s, const rfm_column *column, size_t n_searches, rfm_error *err)
{
    s->n = column->n;
    s->n_global = (int64_t)column->n;
    s->keys = rfm_alloc(column->n, sizeof *s->keys, err);
    s->searches = rfm_alloc(n_searches, sizeof *s->searches, err);
    s->histograms = rfm_alloc(n_searches, BINS * sizeof *s->histograms, err);
    for (size_t i = 0; s->keys && i < column->n; i++)
        s->keys[i] = key_of(column->values[i * column->stride]);
    return err->status;
}

rfm_status rfm_quantiles(rfm_comm *comm, const rfm_column *column, int n_quantiles, const double *probabilities,
                         double *quantiles, rfm_error *err)
{
    selection s = {0};
    prepare(&s, column, 2 * (size_t)n_quantiles, err);
    if (rfm_comm_agree(comm, err) != RFM_OK)
        goto done;
    rfm_comm_reduce_i64(comm, RFM_SUM, &s.n_global, 1);
    for (int q = 0; q < n_quantiles; q++)
        quantiles[q] = 0;
    if (s.n_global > 0) {
        aim(&s, n_quantiles, probabilities);
        select_keys(comm, s.keys, s.n, s.searches, 2 * n_quantiles, s.histograms);
        interpolate(&s, n_quantiles, probabilities, quantiles);
    }
done:
    free(s.keys);
    free(s.searches);
    free(s.histograms);
    return err->status;
}
