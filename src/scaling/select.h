/* select: order statistics of a few columns of a matrix over all ranks, exactly. Private to scaling.
 *
 *   - survey.c: a first reading counts small whole numbers each, and the leading bits of all others
 *   - select.c: a second one keeps the values that share leading bits with what is sought; their digits decide
 *
 * Values become keys, whole numbers that order as the doubles do.
 */
#ifndef RFMPI_SCALING_SELECT_H
#define RFMPI_SCALING_SELECT_H

#include <string.h>

#include "rfmpi/scaling.h"

enum {
    RFM_GROUP = 8,         /* columns that are read together: of a row, a cache line */
    RFM_SMALL = 1024,      /* whole numbers from 0 on that are counted each: most columns are counts and days */
    RFM_LEADING_BITS = 16, /* of a key: sign, exponent and a sixteenth of a doubling */
    RFM_LEADING = 1 << RFM_LEADING_BITS,
    RFM_TRAILING_BITS = 64 - RFM_LEADING_BITS
};

/* -0 becomes 0. Of what is no number there is none. */
static inline uint64_t rfm_key_of(double value)
{
    uint64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static inline double rfm_key_value(uint64_t key)
{
    const uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* This rank's rows of a thread, from `from` to before `to`: the same in both readings. */
static inline void rfm_thread_rows(size_t n, int thread, int threads, size_t *from, size_t *to)
{
    const size_t part = n / (size_t)threads;
    *from = part * (size_t)thread;
    *to = thread + 1 < threads ? *from + part : n;
}

/* ---- the first reading ------------------------------------------------------------------------------------------ */

/* Of one column. */
typedef struct rfm_tally {
    struct rfm_counts {
        int64_t n;      /* values that count */
        int64_t broken; /* of them no whole numbers below 2^31 */
        int64_t small[RFM_SMALL];
    } counts;
    double least, negated; /* of the others; negated: of the least -x */
    int64_t *others;       /* [RFM_LEADING] what is no small whole number, by leading bits */

    /* [RFM_LEADING] the ends of each bin, by trailing bits; 0: it is empty. */
    int64_t *highest; /* plus 1 */
    int64_t *lowest;  /* subtracted from 2^RFM_TRAILING_BITS */
} rfm_tally;

/* Collective. tallies: [n_columns] of all ranks; small and others are weights. */
rfm_status rfm_tally_make(rfm_comm *comm, const rfm_columns *of, rfm_tally **tallies, rfm_error *err);
void rfm_tally_free(rfm_tally *tallies, int n_columns);

rfm_column_survey rfm_tally_survey(const rfm_tally *tally);

/* ---- the second ------------------------------------------------------------------------------------------------- */

/* The value at rank `target` by weight, while its key is being found. */
typedef struct rfm_search {
    int64_t target;  /* among the values whose keys begin with prefix */
    uint64_t prefix; /* settled: the key */
    bool settled;
    int like; /* which of the prefixes it is */
} rfm_search;

/* Keys that one thread keeps of one column. */
typedef struct rfm_haul {
    size_t n, capacity, weights_capacity;
    uint64_t *keys;
    int64_t *weights; /* unless each is 1 */
} rfm_haul;

typedef struct rfm_selection {
    rfm_comm *comm;
    rfm_columns of; /* of at most RFM_GROUP columns */
    int threads, n_searches;
    rfm_tally *tallies;
    rfm_column_survey surveys[RFM_GROUP];
    int64_t kept[RFM_GROUP]; /* weight of all that will be kept; 0: all is settled */
    rfm_search *searches;    /* [n_columns][n_searches] in pairs, low and high, that the caller aims */
    uint8_t *wanted;         /* [n_columns][RFM_LEADING] */
    rfm_haul *hauls;         /* [n_columns][threads] */
    struct rfm_prefixes {    /* sought in a pass, each once, and where to look for one by its last digit */
        int n, *first;       /* no prefix of that digit comes before it; n: there is none */
        uint64_t *values;    /* [n_searches] */
    } prefixes;
    int64_t *histograms; /* [threads][n_searches] of digits */
} rfm_selection;

/* Collective. The first reading; after it, the caller aims. */
rfm_status rfm_selection_open(rfm_comm *comm, const rfm_columns *of, int n_searches, rfm_selection *selection,
                              rfm_error *err);
void rfm_selection_close(rfm_selection *selection);

static inline rfm_search *rfm_selection_searches(const rfm_selection *s, int column)
{
    return s->searches + (size_t)column * (size_t)s->n_searches;
}

/* Local. What the first reading tells of a column's searches. */
void rfm_selection_settle(rfm_selection *selection, int column);

/* Collective. The second reading, of columns from `from` on; *to: before which it ends, so that no more is kept than
 * one column has. */
rfm_status rfm_selection_keep(rfm_selection *selection, int from, int *to, rfm_error *err);

/* Collective. Settles all searches of a column that was kept. */
void rfm_selection_finish(rfm_selection *selection, int column);

/* Collective. The sum of weight times distance from `low` over all values between the keys of a pair of searches. */
double rfm_selection_sum_between(const rfm_selection *selection, int column, uint64_t low, uint64_t high);

#endif
