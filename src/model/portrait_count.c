/* Sums and histograms of each segment, in one pass over the rows. Sums are those of values rounded to a power of two
 * that is the column's own; a bin is found by the leading bits of a value, and then by its edges. */
#include "portrait.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Leading bits of a key that orders as doubles do: sign, exponent and a sixteenth of a doubling. */
enum { LEADING_BITS = 16, N_LEADING = 1 << LEADING_BITS };

/* The bins of a feature: of each value that leading bits begin with, the first that may hold it. */
typedef struct finder {
    const double *edges;
    int last;
    uint8_t *first; /* [N_LEADING] */
} finder;

static size_t leading_bits(double value)
{
    uint64_t bits;
    value += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    bits = bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
    return bits >> (64 - LEADING_BITS);
}

/* Every value with larger leading bits than an edge's lies above the edge. */
static void fill_finder(const rfm_portrait_feature *feature, finder *to)
{
    int bin = 0;
    to->edges = feature->edges;
    to->last = feature->n_bins - 1;
    for (size_t leading = 0; leading < N_LEADING; leading++) {
        while (bin < to->last && leading > leading_bits(to->edges[bin + 1]))
            bin++;
        to->first[leading] = (uint8_t)bin;
    }
}

static inline int find_bin(const finder *in, double value)
{
    int bin = in->first[leading_bits(value)];
    while (bin < in->last && value >= in->edges[bin + 1])
        bin++;
    return bin;
}

/* Of one thread, and then of all; each [slots] or [slots * d]. */
typedef struct tally {
    int64_t *weights;
    rfm_i128 *sums;
    int64_t *counts; /* [slots * d * RFM_PORTRAIT_BINS] */
} tally;

/* What the values of a column are rounded to: a power of two such that the largest stays below 2^51 of them. */
typedef struct quantum {
    int exponent;
    double per_unit; /* 2^-exponent */
} quantum;

typedef struct counting {
    const rfm_sitter *of;
    quantum *quanta; /* [d] */
    finder *finders;
    uint8_t *first; /* of all finders */
    tally *tallies; /* [threads] */
} counting;

static quantum quantum_of(double largest)
{
    enum { SPARE_BITS = 11, LEAST = -1000 };
    const int exponent = rfm_quantum_exponent(largest) + SPARE_BITS, kept = exponent < LEAST ? LEAST : exponent;
    return (quantum){kept, ldexp(1, -kept)};
}

/* The nearest whole number of |x| < 2^51, ties to even. */
static inline int64_t round_to(const quantum *q, double x)
{
    const double large = 0x1.8p52;
    return (int64_t)((x * q->per_unit + large) - large);
}

static void count_row(const counting *c, size_t i, tally *into)
{
    const rfm_sitter *of = c->of;
    const size_t d = (size_t)of->d, slot = (size_t)of->slot_of[of->labels[i]];
    const int64_t weight = rfm_sitter_weight(of, i);
    const double *row = of->frame->values + i * (size_t)of->frame->d;
    if (weight == 0)
        return;
    into->weights[slot] += weight;
    for (size_t j = 0; j < d; j++) {
        const size_t at = slot * d + j;
        into->sums[at] += (rfm_i128)weight * round_to(&c->quanta[j], row[j]);
        into->counts[at * RFM_PORTRAIT_BINS + (size_t)find_bin(&c->finders[j], row[j])] += weight;
    }
}

static void count_rows(const counting *c)
{
#pragma omp parallel for num_threads(c->of->threads) schedule(static, 1)
    for (int t = 0; t < c->of->threads; t++) {
        size_t from, to;
        rfm_sitter_share(c->of, t, &from, &to);
        for (size_t i = from; i < to; i++)
            count_row(c, i, &c->tallies[t]);
    }
}

static void add_tally(const rfm_sitter *of, const tally *from, tally *to)
{
    const size_t slots = rfm_sitter_slots(of), cells = slots * (size_t)of->d;
    for (size_t i = 0; i < slots; i++)
        to->weights[i] += from->weights[i];
    for (size_t i = 0; i < cells; i++)
        to->sums[i] += from->sums[i];
    for (size_t i = 0; i < cells * RFM_PORTRAIT_BINS; i++)
        to->counts[i] += from->counts[i];
}

static rfm_status open_counting(const rfm_sitter *of, const rfm_portrait *portrait, counting *c, rfm_error *err)
{
    const size_t slots = rfm_sitter_slots(of), d = (size_t)of->d;
    *c = (counting){.of = of};
    c->quanta = rfm_alloc(d, sizeof *c->quanta, err);
    c->finders = rfm_alloc(d, sizeof *c->finders, err);
    c->first = rfm_alloc(d, N_LEADING, err);
    c->tallies = rfm_alloc((size_t)of->threads, sizeof *c->tallies, err);
    for (int t = 0; c->tallies && t < of->threads; t++) {
        c->tallies[t].weights = rfm_alloc(slots, sizeof(int64_t), err);
        c->tallies[t].sums = rfm_alloc(slots * d, sizeof(rfm_i128), err);
        c->tallies[t].counts = rfm_alloc(slots * d, RFM_PORTRAIT_BINS * sizeof(int64_t), err);
    }
    for (size_t j = 0; err->status == RFM_OK && j < d; j++) {
        const rfm_portrait_feature *feature = &portrait->features[j];
        const double least = fabs(feature->least), greatest = fabs(feature->greatest);
        c->quanta[j] = quantum_of(least > greatest ? least : greatest);
        c->finders[j].first = c->first + j * N_LEADING;
        fill_finder(feature, &c->finders[j]);
    }
    return err->status;
}

static void close_counting(counting *c)
{
    for (int t = 0; c->tallies && t < c->of->threads; t++) {
        free(c->tallies[t].weights);
        free(c->tallies[t].sums);
        free(c->tallies[t].counts);
    }
    free(c->quanta);
    free(c->finders);
    free(c->first);
    free(c->tallies);
}

/* The sum in 128 bits, the division and the power of two each round once. */
static double mean_of(rfm_i128 sum, int64_t weight, int exponent)
{
    return weight > 0 ? ldexp(rfm_i128_to_double(sum) / (double)weight, exponent) : NAN;
}

/* What all ranks have counted together. */
static void tell(const counting *c, const tally *all, rfm_portrait *portrait)
{
    const rfm_sitter *of = c->of;
    const size_t d = (size_t)of->d, slots = rfm_sitter_slots(of);
    const double total = (double)rfm_sitter_total(of), unit = rfm_sitter_unit(of);
    for (size_t s = 0; s < (size_t)of->k; s++) {
        portrait->shares[s] = (double)all->weights[s] / total;
        for (size_t j = 0; j < d; j++)
            portrait->means[s * d + j] = mean_of(all->sums[s * d + j], all->weights[s], c->quanta[j].exponent);
    }
    for (size_t i = 0; i < (size_t)of->k * d * RFM_PORTRAIT_BINS; i++)
        portrait->counts[i] = (double)all->counts[i] * unit;
    for (size_t j = 0; j < d; j++) {
        rfm_i128 sum = 0;
        for (size_t s = 0; s < slots; s++)
            sum += all->sums[s * d + j];
        portrait->features[j].mean = mean_of(sum, rfm_sitter_total(of), c->quanta[j].exponent);
    }
}

rfm_status rfm_portrait_count(const rfm_sitter *of, rfm_portrait *portrait, rfm_error *err)
{
    counting c;
    open_counting(of, portrait, &c, err);
    if (rfm_comm_agree(of->comm, err) == RFM_OK) {
        const size_t slots = rfm_sitter_slots(of), cells = slots * (size_t)of->d;
        tally *all = &c.tallies[0];
        count_rows(&c);
        for (int t = 1; t < of->threads; t++)
            add_tally(of, &c.tallies[t], all);
        rfm_comm_reduce_i64(of->comm, RFM_SUM, all->weights, slots);
        rfm_comm_sum_i128(of->comm, all->sums, cells);
        rfm_comm_reduce_i64(of->comm, RFM_SUM, all->counts, cells * RFM_PORTRAIT_BINS);
        tell(&c, all, portrait);
    }
    close_counting(&c);
    return err->status;
}
